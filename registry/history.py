"""What happened to a row, told to people: who, when, through which door, why, and what is different since."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext

from registry.audit import history_of
from registry.models import User

SHOWN_AT_MOST = 80


@dataclass(frozen=True, kw_only=True)
class Story:
    """The events of one thing that people know by one name, oldest first."""

    name: str
    events: Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What became of one thing."""

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
    """Tell the history of one row, or of several, newest first."""
    return told([Story(name=str(row), events=list(history_of(row))) for row in rows])


def told(stories: Iterable[Story]) -> list[Entry]:
    """Group what happened in one transaction, and leave out what no person would see as a change."""
    groups: dict[Any, list[tuple[Any, Change]]] = {}
    for story in stories:
        before = None
        for event in story.events:
            if change := _change(story.name, before, event):
                groups.setdefault(event.pgh_context_id or event.pgh_created_at, []).append((event, change))
            before = event
    people = _names([members[0][0] for members in groups.values()])
    found = [_entry(members, people) for members in groups.values()]
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def _change(name: str, before: Any, after: Any) -> Change | None:
    if after.pgh_label == "delete":
        return Change(what=name, done=gettext("removed"))
    if before is None:
        return Change(what=name, done=gettext("added"))
    fields = _different(before, after)
    return Change(what=name, done=gettext("changed"), fields=fields) if fields else None


def _different(before: Any, after: Any) -> tuple[tuple[str, str, str], ...]:
    columns = (field for field in after.pgh_tracked_model._meta.local_fields if not field.primary_key)
    pairs = (
        (c.verbose_name, getattr(before, c.attname, None), getattr(after, c.attname, None)) for c in columns
    )
    return tuple((str(name), _text(old), _text(new)) for name, old, new in pairs if old != new)


def _text(value: Any) -> str:
    if value in (None, "", {}, []):
        return gettext("nothing")
    if isinstance(value, frozenset):
        value = ", ".join(sorted(value))
    text = str(value)
    return text if len(text) <= SHOWN_AT_MOST else text[: SHOWN_AT_MOST - 1] + "…"


def _entry(members: list[tuple[Any, Change]], people: dict[int, str]) -> Entry:
    event = members[0][0]
    context = event.pgh_context or {}
    return Entry(
        at=event.pgh_created_at,
        by=people.get(context.get("user") or 0, gettext("the registry itself")),
        door=context.get("door") or gettext("no door"),
        reason=context.get("reason", ""),
        changes=tuple(change for _, change in members),
    )


def _names(events: list[Any]) -> dict[int, str]:
    ids = {int(user) for event in events if (user := (event.pgh_context or {}).get("user"))}
    return {user.pk: user.get_full_name() or user.username for user in User.objects.filter(pk__in=ids)}
