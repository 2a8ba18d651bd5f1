"""Who changed what, when and why: database triggers write one event per row, however the row was changed.

The events lie in tables that the application's role can only read (walls.py). An unchanged update makes no
event.
"""

import json
import unicodedata
import uuid
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

import pghistory
from django.db import models
from django.utils.translation import gettext
from pghistory.models import Event

from registry.database.session import holding, lasting, sight

if TYPE_CHECKING:
    from registry.models import User

Model = TypeVar("Model", bound=models.Model)

LONGEST_REASON = 200  # characters of a reason that a person gives


class AuditEvent(Event):
    """What every event says of itself; the columns of the changed row follow."""

    pgh_id = models.BigAutoField(primary_key=True)

    class Meta:
        abstract = True


def audited(model: type[Model]) -> type[Model]:
    """Record every insert, update and delete of this model's rows."""
    return audited_except()(model)


def audited_except(*fields: str) -> Callable[[type[Model]], type[Model]]:
    """Record changes but for some fields: those that are secret, or that change with every use."""

    def decorate(model: type[Model]) -> type[Model]:
        return pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            exclude=list(fields) or None,
            base_model=AuditEvent,
            model_name=f"{model.__name__}Event",
            obj_field=pghistory.ObjForeignKey(related_name="events"),
            attrs=_without_index(model),
            meta={"default_permissions": (), "verbose_name": f"{model._meta.verbose_name} event"},
        )(model)

    return decorate


def _without_index(model: type[models.Model]) -> dict[str, models.Field]:
    """Events are looked up by row or by case, never by center: an index on that would only slow each write down."""
    center = next((field for field in model._meta.local_fields if field.name == "center"), None)
    if center is None:
        return {}
    plain: dict[str, Any] = {
        "related_name": "+",
        "related_query_name": "+",
        "db_constraint": False,
        "db_index": False,
    }
    return {"center": models.ForeignKey("registry.Center", models.DO_NOTHING, null=center.null, **plain)}


def wrong_reason(reason: str) -> str:
    """Say why what a person gives as reason cannot be kept; empty when it can. The same at every door."""
    if is_line(reason, LONGEST_REASON):
        return ""
    return gettext("Write the reason as one line of at most {n} characters.").format(n=LONGEST_REASON)


def is_line(text: str, longest: int) -> bool:
    """Whether a text is one line, of letters that can be seen and blanks between them."""
    return len(text) <= longest and all(
        letter.isprintable() or unicodedata.category(letter) == "Zs" for letter in text
    )


def because(
    *, door: str, by: "User | None" = None, reason: str = "", centers: Iterable[int] | None = None
) -> AbstractContextManager[None]:
    """Say through which door, by whom and why rows change in this block: by ORM, raw SQL or COPY.

    With `centers`, the block sees these centers and no others, as in `access.scope`.
    """
    seen = {} if centers is None else sight(centers)
    return holding(**_context(door=door, by=by, reason=reason), **seen)


def by_machine(*, door: str, reason: str) -> AbstractContextManager[None]:
    """Say it for a whole task, across its transactions; `because` within it says more for a while."""
    return lasting(**_context(door=door, by=None, reason=reason))


def _context(*, door: str, by: "User | None", reason: str) -> dict[str, str]:
    said = {"door": door, "user": by.pk if by else None, "reason": reason}
    return {"pghistory__context_id": str(uuid.uuid4()), "pghistory__context_metadata": json.dumps(said)}


def whole_trail() -> AbstractContextManager[None]:
    """See the events of all centers and of none: to verify them, or for the auditor of the whole registry."""
    return holding(app__whole_trail="yes")


def history_of(row: models.Model) -> models.QuerySet:
    """List the events of one row, oldest first; take the row from a scoped query, its events hold the same."""
    return type(row).pgh_event_model.objects.filter(pgh_obj=row.pk).order_by("pgh_id")  # type: ignore[attr-defined]
