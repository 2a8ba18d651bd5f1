"""Links of the chain told to people: who, when, by which way, why, and each field before and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext

from cases.admin import trail_filters
from cases.models import Case
from registry.chain.arms import READINGS
from registry.chain.models import Read
from registry.history import Change, Words, change_of, door_in_words, people, reason_in_words
from registry.models import AuditForm, AuditLink, Center, Erasure


@dataclass(frozen=True, kw_only=True)
class Line:
    """One event as it stands on the page and in the file."""

    sequence: int
    at: Any
    by: str
    door: str
    center: str
    case_id: int | None
    case_number: str
    table: str
    done: str
    reason: str
    change: Change | None
    note: str

    @property
    def when(self) -> str:
        """The second, UTC."""
        return f"{self.at:%Y-%m-%d %H:%M:%S}"


def lines(links: Iterable[AuditLink]) -> list[Line]:
    """Tell these links, in their order; each table takes two queries, however many events there are of it."""
    chosen = list(links)
    forms = dict(AuditForm.objects.values_list("pk", "table")) if chosen else {}
    centers = dict(Center.objects.values_list("pk", "code")) if chosen else {}
    names = people(link.by_id for link in chosen)
    cases = {link.case_id for link in chosen if link.case_id}
    numbers = dict(Case.objects.filter(pk__in=cases).values_list("pk", "case_number")) if cases else {}
    kinds, tables, words = trail_filters.kinds(), trail_filters.tables(), Words()
    events = _events((forms.get(link.form_id, ""), link.event_id) for link in chosen)
    erased = _erased(chosen, forms, events)
    told = []
    for link in chosen:
        table = forms.get(link.form_id, "")
        event, before = events.get((table, link.event_id), (None, None))
        is_reading = table == READINGS
        context = {} if is_reading or event is None else event.pgh_context or {}
        told.append(
            Line(
                sequence=link.sequence,
                at=link.at,
                by=names.get(link.by_id, gettext("the registry itself")),
                door=door_in_words(link.door),
                center=centers.get(link.center_id, ""),
                case_id=link.case_id if link.case_id in numbers else None,
                case_number=numbers.get(link.case_id, ""),
                table=tables.get(table, table),
                done=kinds.get(link.label, link.label),
                reason=erased.get((table, link.event_id)) or reason_in_words(context.get("reason", "")),
                change=None if is_reading or event is None else change_of("", before, event, words),
                note=_read(event) if is_reading and event is not None else _gone(event),
            )
        )
    return told


def _gone(event: Any) -> str:
    return gettext("The content of this event is no longer there.") if event is None else ""


def _read(reading: Any) -> str:
    what = [str(Read(reading.what).label), f"#{reading.number}" if reading.number else "", reading.note]
    return " · ".join([*filter(None, what), *([f"× {reading.count}"] if reading.count != 1 else [])])


def _events(wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], tuple[Any, Any]]:
    """The events with the one before of the same row."""
    by_table = defaultdict(list)
    for table, pk in wanted:
        if table:
            by_table[table].append(pk)
    found: dict[tuple[str, int], tuple[Any, Any]] = {}
    for table, pks in by_table.items():
        model: Any = trail_filters.model_of(table)
        if table == READINGS:
            found |= {(table, one.pk): (one, None) for one in model._base_manager.filter(pk__in=pks)}
            continue
        earlier = model._base_manager.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id"))
        rows = list(
            model._base_manager.filter(pk__in=pks).annotate(
                before=Subquery(earlier.order_by("-pgh_id").values("pgh_id")[:1])
            )
        )
        befores = model._base_manager.in_bulk([row.before for row in rows if row.before])
        found |= {(table, row.pk): (row, befores.get(row.before)) for row in rows}
    return found


def _erased(
    links: list[AuditLink], forms: dict[int, str], events: dict[tuple[str, int], Any]
) -> dict[tuple[str, int], str]:
    missing = {(forms.get(link.form_id, ""), link.event_id) for link in links} - events.keys()
    if not missing:
        return {}
    rows = Erasure.objects.filter(event_id__in=[pk for _, pk in missing])
    return {(row.table, row.event_id): row.reason for row in rows}
