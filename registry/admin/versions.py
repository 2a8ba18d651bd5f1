"""Two people, one form: whoever saves later saves nothing over what somebody else saved meanwhile, unless knowingly.

Each page carries, signed, the values that its form and the rows inside it were drawn with. On the way back they are
compared with what is stored, under a lock. Where somebody else changed what is about to be written, nothing is saved:
the form comes back with the value before, theirs and one's own, and with the values of now to be compared next time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.forms import BaseInlineFormSet, BaseModelForm
from django.forms.models import _get_foreign_key
from django.utils.translation import gettext

from registry.history import Words

DRAWN = "drawn"  # the field of the page
SALT = "registry.admin.versions"
Values = dict[str, Any]


def seal(forms: Iterable[BaseModelForm]) -> str:
    """The values of all rows that a page was drawn with, for a hidden field."""
    rows = {_name(form): _stored(form) for form in forms if form.instance.pk is not None}
    return signing.dumps(rows, salt=SALT, compress=True)


def unseal(data: Mapping[str, Any]) -> dict[str, Values] | None:
    """What a page was drawn with; None when it does not say so, or when somebody wrote it who is not the registry."""
    try:
        drawn: dict[str, Values] = signing.loads(data.get(DRAWN, ""), salt=SALT)
    except signing.BadSignature:
        return None
    return drawn


def is_as_drawn(form: BaseModelForm, data: Mapping[str, Any]) -> bool:
    """Tell whether a row is still what the page showed of it."""
    return (unseal(data) or {}).get(_name(form)) == _stored(form)


def hold(row: models.Model, inlines: Iterable[type[models.Model]]) -> None:
    """Keep others from saving this row, and the rows inside its page, until this transaction ends."""
    holder = type(row)
    list(holder._base_manager.filter(pk=row.pk).select_for_update().values_list("pk"))
    for model in inlines:
        inside = {_get_foreign_key(holder, model).name: row.pk}  # type: ignore[no-untyped-call]
        list(model._base_manager.filter(**inside).order_by("pk").select_for_update().values_list("pk"))


class Watching(BaseModelForm):
    """A form of the admin that knows what it was drawn with."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk is None:
            return cleaned
        drawn = unseal(self.data)
        if drawn is None:
            self.add_error(None, gettext("Nothing was saved: look at the values below, then save again."))
            return cleaned
        overtaken = dict(_overtaken(self, drawn.get(_name(self), {})))
        for name, told in overtaken.items():
            self.add_error(name, told)
        if overtaken:
            self.add_error(None, _nothing_saved())
        return cleaned


class WatchingRows(BaseInlineFormSet):
    """Rows inside a page that know what they were drawn with."""

    def clean(self) -> None:
        super().clean()
        self.watch()

    def watch(self) -> None:
        """Refuse what would change back, or remove unseen, what somebody else saved."""
        drawn, told = unseal(self.data), []
        for form in self.initial_forms if drawn is not None else ():
            is_going = self.can_delete and self._should_delete_form(form)  # type: ignore[attr-defined]
            if form.instance.pk is None and not is_going:
                told.append(_gone())
                continue
            overtaken = dict(_overtaken(form, (drawn or {}).get(_name(form), {}), whole=is_going))
            for name, sentence in overtaken.items():
                form.add_error(name, sentence)
            if overtaken:
                told.append(
                    f"{form.instance}: {' '.join(overtaken.values())}" if is_going else _nothing_saved()
                )
        if told:
            raise ValidationError(list(dict.fromkeys(told)))


def _name(form: Any) -> str:
    return f"{form._meta.model._meta.label_lower}:{form.instance.pk}"


def _stored(form: Any) -> Values:
    """What the row holds in the fields that the form can write, as JSON can hold it."""
    names = [name for name, field in form.fields.items() if name in form.initial and not field.disabled]
    stored: Values = json.loads(
        json.dumps({name: form.initial[name] for name in names}, cls=DjangoJSONEncoder)
    )
    return stored


def _overtaken(form: Any, drawn: Values, *, whole: bool = False) -> Iterator[tuple[str, str]]:
    """The fields that somebody else changed and that saving would change back, or a whole row that would go."""
    words = Words()
    for name, theirs in _stored(form).items():
        if name not in drawn or drawn[name] == theirs or not (whole or name in form.changed_data):
            continue
        column = form._meta.model._meta.get_field(name)
        said = gettext("Somebody else changed this from “{before}” to “{theirs}” while you were editing.")
        said = said.format(before=words.of(column, drawn[name]), theirs=words.of(column, theirs))
        if not whole:
            here = gettext("Here stands “{mine}”: correct it, or save again to keep it.")
            said = f"{said} {here.format(mine=_mine(form, name, column, words))}"
        yield name, said


def _mine(form: Any, name: str, column: Any, words: Words) -> str:
    value = form.cleaned_data.get(name, form[name].value())
    return str(value) if isinstance(value, models.Model) else words.of(column, value)


def _nothing_saved() -> str:
    return gettext("Nothing was saved: somebody else changed this meanwhile. Compare the values below.")


def _gone() -> str:
    return gettext(
        "Somebody else removed a row meanwhile. Mark it for deletion and save again; to have it back, add it anew."
    )
