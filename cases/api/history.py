"""The history of a case as data: who, when, by which door, why, and each answer before and after at its JSON Pointer.

What was saved at once stands together, the newest first. A row that came or went is one change with all it says. Rows
are known by their place, as on the page of the history: when one went, those behind it moved up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from types import SimpleNamespace
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from cases import trail
from cases.api import openapi_reading
from cases.api.views import CaseView
from cases.models import Case, ContactAttempt, DataQuery, OperationForm, Patient
from cases.rulebook import retelling
from cases.trail import FINDINGS, Event, Group
from registry.access import Action
from registry.api.pages import PAGING, bounded
from registry.chain import reading
from registry.fields import clinical_fields
from registry.history import people, reason_in_words

SAVES, MOST_SAVES, MOST_EVER = 20, 100, 10**9
TEXTS = ("citation", "note")
FINDING = ("pointer", "severity", "state", *trail.SAID)
ATTEMPT = ("tried_on", "contact_type", "outcome", "note")
Starts = dict[
    tuple[str, str, bool], dict[int, int]
]  # save, form, afterwards? -> operation -> its first position


class CaseHistory(CaseView):
    """What was changed in a case, and by whom."""

    needs = {"GET": Action.READ}
    parameters = PAGING

    @extend_schema(**openapi_reading.HISTORY)
    def get(self, request: Request, pk: int) -> Response:
        """Read the history, the newest save first; whoever may read the case may."""
        case = self.case(request, pk)
        reading.of_case(case, by=request.user, door="api", form="history")
        asked = request.query_params
        size = bounded("page_size", asked.get("page_size", str(SAVES)), MOST_SAVES)
        groups = trail.groups(case)
        # Saves are numbered from the first on: new ones shift no page.
        until = bounded("cursor", asked["cursor"], MOST_EVER) if "cursor" in asked else len(groups) + 1
        older = groups[max(0, len(groups) + 1 - until) :]
        first = len(older)
        following = first - size + 1 if first > size else None
        address = request.build_absolute_uri()
        return Response(
            {
                "next": following and replace_query_param(address, "cursor", following),
                "results": _entries(case, older[:size], first),
            }
        )


def _entries(case: Case, groups: list[Group], first: int) -> list[dict[str, Any]]:
    events: dict[str, list[Event]] = {}
    for event in trail.events(case, groups):
        events.setdefault(event.key, []).append(event)
    names = people((group.context or {}).get("user") for group in groups)
    starts = _starts(case, (event for found in events.values() for event in found))
    return [
        {
            "number": first - place,
            "at": group.at,
            **_stamp(group.context or {}, names),
            **_told(events.get(group.key, []), starts),
        }
        for place, group in enumerate(groups)
    ]


def _stamp(context: dict[str, Any], names: dict[int | None, str]) -> dict[str, Any]:
    """Nobody stands where the registry itself did it."""
    return {
        "by": names.get(context.get("user")),
        "door": context.get("door", ""),
        "reason": reason_in_words(context.get("reason", "")),
    }


def _told(events: list[Event], starts: Starts) -> dict[str, Any]:
    own = next((event.after for event in events if event.model is Case), {})
    return {
        "version": own.get("version"),
        "status": own.get("status"),
        "changes": [change for event in events for change in _changes(event, starts)],
        "findings": [_finding(event) for event in events if event.model in FINDINGS],
        "contacts": [
            {name: event.after[name] for name in ATTEMPT} for event in events if event.model is ContactAttempt
        ],
    }


def _finding(event: Event) -> dict[str, Any]:
    return {
        "kind": "query" if event.model is DataQuery else "deviation",
        "code": event.after["rule_id"],
        "message": retelling.of_item(SimpleNamespace(**event.after)),
        "was": (event.before or {}).get("state"),
        **{name: event.after[name] for name in FINDING},
    }


# --- answers ---------------------------------------------------------------------------------------------------------


def _changes(event: Event, starts: Starts) -> Iterator[dict[str, Any]]:
    if event.model in FINDINGS or event.model is ContactAttempt:
        return
    if event.model is Case:
        before = {} if event.label == "insert" else event.before or {}
        yield from _differing("", _texts(before), _texts(event.after))
        return
    where = _pointer(event, starts)
    if event.label == "update":
        yield from _differing(where, _answers(event.model, event.before), _answers(event.model, event.after))
    elif (said := _row(event)) or event.model.repeats:  # of a list, an empty row is a row, too
        came = event.label == "insert"
        yield {"pointer": where, "old": None if came else said, "new": said if came else None}


def _differing(where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield {"pointer": f"{where}/{name}", "old": old.get(name), "new": new.get(name)}


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in TEXTS if row.get(name)}


def _answers(model: Any, row: dict[str, Any] | None) -> dict[str, Any]:
    """The answers of a row and the reasons for those that are absent, by where they stand in its form."""
    row = row or {"missing": {}}
    known = {field.name: row.get(field.name) for field in clinical_fields(model)}
    reasons = {f"missing/{name}": reason for name, reason in row["missing"].items()}
    return {name: value for name, value in known.items() if value is not None} | reasons


def _row(event: Event) -> dict[str, Any]:
    """A whole row as it stands in the document, without the forms inside it."""
    said = {name: v for name, v in _answers(event.model, event.after).items() if "/" not in name}
    return said | ({"missing": reasons} if (reasons := event.after["missing"]) else {})


# --- places ----------------------------------------------------------------------------------------------------------


def _pointer(event: Event, starts: Starts) -> str:
    model, row = event.model, event.after
    if model is Patient or not (model.repeats or issubclass(model, OperationForm)):
        return f"/{model.name}"
    if not issubclass(model, OperationForm):
        return f"/{model.name}/{row['position']}"
    operation = row["operation_position"]
    where = f"/operations/{operation}/{model.name}"
    if not model.repeats:
        return where
    begins = starts[event.key, model.name, event.label != "delete"]
    return f"{where}/{row['position'] - begins[operation]}"


def _starts(case: Case, events: Iterable[Event]) -> Starts:
    """Where the rows of each operation began, before and after each save: one query for each such form."""
    found: Starts = {}
    for model in {event.model for event in events}:
        if not (issubclass(model, OperationForm) and model.repeats):
            continue
        rows: dict[int, tuple[int, int]] = {}
        for key, members in groupby(trail.inner_rows(case, model), lambda moved: moved.key):
            found[key, model.name, False] = _begins(rows)
            for moved in members:
                rows[moved.row] = (moved.operation, moved.position)
                if moved.label == "delete":
                    del rows[moved.row]
            found[key, model.name, True] = _begins(rows)
    return found


def _begins(rows: dict[int, tuple[int, int]]) -> dict[int, int]:
    begins: dict[int, int] = {}
    for operation, position in rows.values():
        begins[operation] = min(position, begins.get(operation, position))
    return begins
