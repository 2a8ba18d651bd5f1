"""The history of a case for everybody who may read the case: who changed what, when, by which door, and why.

Newest first, what was saved at once together, in words. `?field=/operations/0/blood_loss_ml` is the history of one
answer. A row is known by its place: when rows came or went before it, the history says so and guesses nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from cases import telling, trail
from cases.admin import answer_history
from cases.admin.changes import changes, title
from cases.models import Case
from cases.trail import TABLE_OF, Event, Group
from registry.history import Entry, Stamp, door_in_words, people, stamps

if TYPE_CHECKING:
    from cases.admin.case import CaseAdmin

Names = dict[int | None, str]
SAVES_PER_PAGE, ANSWERS_PER_PAGE = 20, 50


# --- the pages -------------------------------------------------------------------------------------------------------


def view(admin: "CaseAdmin", request: HttpRequest, case: Case) -> HttpResponse:
    """Answer with the history of the case, or with that of one answer."""
    pointer = request.GET.get("field", "")
    shown = _of_answer(request, case, pointer) if pointer else _of_case(request, case)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "original": case,
        "zone": case.center.timezone,
        **shown,
    }
    template = "cases/admin/history_part.html" if "part" in request.GET else "cases/admin/history.html"
    return TemplateResponse(request, template, context)


def _of_case(request: HttpRequest, case: Case) -> dict[str, Any]:
    groups = trail.groups(case)
    names = people((group.context or {}).get("user") for group in groups)
    filters = _filters(groups, names, request)
    chosen = {one.name: one.chosen for one in filters}
    kept = [group for group in groups if _is_wanted(group, **chosen)]
    page = Paginator(kept, SAVES_PER_PAGE).get_page(request.GET.get("page"))
    found = trail.events(case, page)
    shown = [one for one in found if chosen["form"] in ("", one.model._meta.model_name)]
    return {
        "title": gettext("History of case {number}").format(number=case.case_number),
        "filters": filters,
        "is_filtered": any(chosen.values()),
        "entries": _entries(list(page), shown, case.center.timezone, names),
        "page": page,
        "query": urlencode({name: value for name, value in chosen.items() if value}),
    }


def _of_answer(request: HttpRequest, case: Case, pointer: str) -> dict[str, Any]:
    place = answer_history.find(case, pointer)
    told = [one for one in trail.answers(case, place.model, place.position) if place.differs(one)]
    page = Paginator(told, ANSWERS_PER_PAGE).get_page(request.GET.get("page"))
    marks = stamps(((one.at, one.context) for one in page), case.center.timezone)
    return {
        "title": gettext("History of {field}").format(field=place.label),
        "place": telling.place(pointer.rpartition("/")[0]),
        "entries": [
            Entry(stamp=stamp, changes=(place.change(one),)) for stamp, one in zip(marks, page, strict=True)
        ],
        "page": page,
        "query": urlencode({"field": pointer}),
    }


def _entries(groups: list[Group], events: list[Event], zone: str, names: Names) -> list[Entry]:
    told = changes(events)
    marks = stamps(((group.at, group.context) for group in groups), zone, names)
    return [
        Entry(stamp=stamp, changes=tuple(told.get(group.key, ())))
        for stamp, group in zip(marks, groups, strict=True)
    ]


def saves(case: Case, since: int, until: int) -> list[Stamp]:
    """Who saved the versions after one and up to another, newest first."""
    events = Case.pgh_event_model.objects.filter(  # type: ignore[attr-defined]
        pgh_obj=case.pk, version__gt=since, version__lte=until
    ).order_by("-pgh_id")
    return stamps(events.values_list("pgh_created_at", "pgh_context"), case.center.timezone)


# --- filters ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One way to see less, with what there is to choose from."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str


def _filters(groups: list[Group], names: Names, request: HttpRequest) -> list[Filter]:
    """By form, by person and by door: what occurs in this history."""
    tables = {table for group in groups for table in group.tables}
    forms = [(name, title(model)) for name, model in TABLE_OF.items() if name in tables]
    doors = {(group.context or {}).get("door", "") for group in groups} - {""}
    given = (
        ("form", gettext("Form"), forms),
        ("person", gettext("Person"), sorted(((str(pk), name) for pk, name in names.items()), key=_second)),
        ("door", gettext("Way in"), sorted(((door, door_in_words(door)) for door in doors), key=_second)),
    )
    found = []
    for name, label, options in given:
        asked = request.GET.get(name, "")
        chosen = asked if asked in dict(options) else ""
        found.append(Filter(name=name, label=label, options=options, chosen=chosen))
    return found


def _second(pair: tuple[str, str]) -> str:
    return pair[1]


def _is_wanted(group: Group, *, form: str, person: str, door: str) -> bool:
    context = group.context or {}
    return (
        (not form or form in group.tables)
        and (not person or str(context.get("user")) == person)
        and (not door or context.get("door") == door)
    )
