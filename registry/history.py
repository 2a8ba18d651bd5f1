"""What happened to a row, told to people: who, when, through which door, why, and what is different since."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from registry.audit import history_of
from registry.models import User

DONE = {"insert": "added", "update": "changed", "delete": "removed"}
SHOWN_AT_MOST = 80


@dataclass(frozen=True, kw_only=True)
class Change:
    """What one event did to one row."""

    what: str
    done: str
    fields: tuple[tuple[str, str, str], ...] = ()  # name, before, after


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Everything that changed at once, and the reason that was given."""

    at: datetime
    by: str
    door: str
    reason: str
    changes: tuple[Change, ...]


def entries(rows: Iterable[models.Model]) -> list[Entry]:
    """Tell the history of one row, or of the rows of one thing, newest first."""
    return told([(str(row), list(history_of(row))) for row in rows])


def told(stories: Iterable[tuple[str, list[Any]]]) -> list[Entry]:
    """Group the events of several rows, each with its name and oldest first, by what happened at once."""
    groups: dict[Any, list[tuple[str, Any, Any]]] = {}
    for name, events in stories:
        before = None
        for event in events:
            groups.setdefault(event.pgh_context_id or event.pgh_created_at, []).append((name, before, event))
            before = event
    people = _names([members[0][2] for members in groups.values()])
    found = [_entry(members, people) for members in groups.values()]
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def _entry(members: list[tuple[str, Any, Any]], people: dict[int, str]) -> Entry:
    first = members[0][2]
    context = first.pgh_context or {}
    return Entry(
        at=first.pgh_created_at,
        by=people.get(context.get("user"), "the registry itself"),
        door=context.get("door", "no door"),
        reason=context.get("reason", ""),
        changes=tuple(
            Change(
                what=name, done=DONE.get(event.pgh_label, event.pgh_label), fields=_different(before, event)
            )
            for name, before, event in members
        ),
    )


def _different(before: Any, after: Any) -> tuple[tuple[str, str, str], ...]:
    if before is None or after.pgh_label != "update":
        return ()
    columns = (field for field in after._meta.local_fields if not field.name.startswith("pgh_"))
    pairs = ((c.verbose_name, getattr(before, c.attname), getattr(after, c.attname)) for c in columns)
    return tuple((str(name), _text(old), _text(new)) for name, old, new in pairs if old != new)


def _text(value: Any) -> str:
    if value in (None, "", {}, []):
        return "nothing"
    if isinstance(value, frozenset):
        value = ", ".join(sorted(value))
    text = str(value)
    return text if len(text) <= SHOWN_AT_MOST else text[: SHOWN_AT_MOST - 1] + "…"


def _names(events: list[Any]) -> dict[int, str]:
    ids = {(event.pgh_context or {}).get("user") for event in events} - {None}
    return {user.pk: user.get_full_name() or user.username for user in User.objects.filter(pk__in=ids)}
