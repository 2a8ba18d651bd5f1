"""What happened to a row, told to people: who, when, by which door, why, and what is different since."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext, gettext_lazy

from registry.audit import history_of
from registry.models import User

UTC = "UTC"
DOORS = {
    "admin": gettext_lazy("web pages"),
    "api": gettext_lazy("API"),
    "import": gettext_lazy("file import"),
    "literature": gettext_lazy("published cases"),
    "reconstruction": gettext_lazy("published aggregates"),
    "synthetic": gettext_lazy("case generator"),
    "assess": gettext_lazy("reading of the rulebooks"),
    "task": gettext_lazy("background job"),
    "command": gettext_lazy("command on the server"),
    "mail": gettext_lazy("link in a mail"),
    "vault": gettext_lazy("identity vault"),
    "migration": gettext_lazy("new release"),
}
# What the registry itself gives as reason, kept in English; what a person gave stays as it was written.
REASONS = {
    "as found after the migration": gettext_lazy("as found after the migration"),
    "erasure": gettext_lazy("erasure"),
    "appoint": gettext_lazy("appoint"),
    "restore drill": gettext_lazy("restore drill"),
    "sandbox made": gettext_lazy("sandbox made"),
    "export of the list": gettext_lazy("export of the list"),
    "follow-up recorded": gettext_lazy("follow-up recorded"),
    "follow-up offered": gettext_lazy("follow-up offered"),
    "follow-up accepted": gettext_lazy("follow-up accepted"),
    "the patient withdrew consent": gettext_lazy("the patient withdrew consent"),
    "no consent is recorded any more": gettext_lazy("no consent is recorded any more"),
    "key revoked": gettext_lazy("key revoked"),
    "key rotated": gettext_lazy("key rotated"),
    "new key": gettext_lazy("new key"),
    "invited": gettext_lazy("invited"),
    "password set by a link": gettext_lazy("password set by a link"),
    "own account": gettext_lazy("own account"),
    "second factor set up": gettext_lazy("second factor set up"),
    "second factor removed": gettext_lazy("second factor removed"),
    "passkey added": gettext_lazy("passkey added"),
    "passkey removed": gettext_lazy("passkey removed"),
    "not used": gettext_lazy("not used"),
    "identity provider linked": gettext_lazy("identity provider linked"),
    "own subscription": gettext_lazy("own subscription"),
    "by the link in a mail": gettext_lazy("by the link in a mail"),
    "came back": gettext_lazy("came back"),
    "export for research": gettext_lazy("export for research"),
    "identity recorded": gettext_lazy("identity recorded"),
    "identity removed": gettext_lazy("identity removed"),
    "compared with other centers": gettext_lazy("compared with other centers"),
    "kept long enough": gettext_lazy("kept long enough"),
}
OF_A_FILE = re.compile(r"file ([0-9a-f]{12})")
DONE = {
    "insert": gettext_lazy("added"),
    "update": gettext_lazy("changed"),
    "delete": gettext_lazy("removed"),
}


@dataclass(frozen=True, kw_only=True)
class Story:
    """The events of one thing that people know by one name, oldest first."""

    name: str
    events: Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field, before and after; an empty text where there was nothing to have it."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """What became of one thing."""

    what: str
    done: str
    fields: tuple[Difference, ...] = ()
    note: str = ""
    is_whole: bool = False  # it came or went with all it says: nobody wants to read that first


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Who did something, when, by which door and why."""

    at: datetime
    by: str
    door: str
    reason: str
    zone: str = UTC

    @property
    def when(self) -> str:
        """The minute, where the patient is."""
        return f"{self.at.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Everything that changed at once."""

    stamp: Stamp
    changes: tuple[Change, ...]


# --- who, when, by which door ----------------------------------------------------------------------------------------


def stamps(
    events: Iterable[tuple[datetime, dict[str, Any] | None]],
    zone: str = UTC,
    names: dict[int | None, str] | None = None,
) -> list[Stamp]:
    """Tell of moments with their contexts; the names of all people in one query, unless they are given."""
    found = [(at, context or {}) for at, context in events]
    names = people(context.get("user") for _, context in found) if names is None else names
    return [
        Stamp(
            at=at,
            by=names.get(context.get("user"), gettext("the registry itself")),
            door=door_in_words(context.get("door", "")),
            reason=reason_in_words(context.get("reason", "")),
            zone=zone,
        )
        for at, context in found
    ]


def people(ids: Iterable[int | None]) -> dict[int | None, str]:
    """The names of people by id."""
    wanted = {pk for pk in ids if pk}
    return {
        user.pk: user.get_full_name() or user.username
        for user in (User.objects.filter(pk__in=wanted) if wanted else ())
    }


def door_in_words(door: str) -> str:
    """The way in which a change came; without one it was made at the database itself."""
    return str(DOORS.get(door, door)) or gettext("no known door")


def reason_in_words(reason: str) -> str:
    """Why something changed, in the language of whoever reads it as far as the registry said it."""
    if found := OF_A_FILE.fullmatch(reason):
        return gettext("file {digest}").format(digest=found[1])
    return str(REASONS.get(reason, reason))


# --- rows of any model -----------------------------------------------------------------------------------------------


def entries(rows: Iterable[models.Model]) -> list[Entry]:
    """Tell the history of one row, or of several, newest first."""
    return told([Story(name=str(row), events=list(history_of(row))) for row in rows])


def told(stories: Iterable[Story]) -> list[Entry]:
    """Group what happened in one transaction, and leave out what no person would see as a change."""
    groups: dict[Any, list[tuple[Any, Change]]] = {}
    words = Words()
    for story in stories:
        before = None
        for event in story.events:
            if change := change_of(story.name, before, event, words):
                groups.setdefault(event.pgh_context_id or event.pgh_created_at, []).append((event, change))
            before = event
    firsts = [members[0][0] for members in groups.values()]
    marks = stamps((event.pgh_created_at, event.pgh_context) for event in firsts)
    found = [
        Entry(stamp=stamp, changes=tuple(change for _, change in members))
        for stamp, members in zip(marks, groups.values(), strict=True)
    ]
    return sorted(found, key=lambda entry: entry.stamp.at, reverse=True)


def change_of(name: str, before: Any, after: Any, words: "Words") -> Change | None:
    """What an event says of a row that had this event before; nothing if no person would see a change."""
    if after.pgh_label == "delete":
        return Change(what=name, done=str(DONE["delete"]))
    if before is None:  # an update is the first event of what stood there before the trail began
        return Change(what=name, done=str(DONE["insert" if after.pgh_label == "insert" else "update"]))
    fields = tuple(_different(before, after, words))
    return Change(what=name, done=str(DONE["update"]), fields=fields) if fields else None


def _different(before: Any, after: Any, words: "Words") -> Iterator[Difference]:
    for column in after.pgh_tracked_model._meta.local_fields:
        old, new = getattr(before, column.attname, None), getattr(after, column.attname, None)
        if not column.primary_key and old != new:
            name = capitalized(column.verbose_name)
            yield Difference(name=name, before=words.of(column, old), after=words.of(column, new))


def capitalized(name: Any) -> str:
    """A name as it begins a line; capital letters in it stay."""
    text = str(name)
    return text[:1].upper() + text[1:]


@dataclass
class Words:
    """Values as people read them; a row that is pointed at is looked up once."""

    known: dict[tuple[type[models.Model], Any], str] = field(default_factory=dict)

    def of(self, column: Any, value: Any) -> str:
        """One value of a field."""
        if value in (None, "", {}, []):
            return gettext("nothing")
        if isinstance(value, bool):
            return gettext("Yes") if value else gettext("No")
        if isinstance(value, datetime):
            return f"{value.astimezone(ZoneInfo(UTC)):%Y-%m-%d %H:%M} UTC"
        if column.is_relation:
            return self._pointed_at(column.related_model, value)
        if isinstance(column, models.JSONField):
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
        labels = dict(getattr(column, "base_field", column).flatchoices)
        codes = sorted(value) if isinstance(value, frozenset | list) else [value]
        return ", ".join(str(labels.get(code, code)) for code in codes)

    def _pointed_at(self, model: type[models.Model], pk: Any) -> str:
        if (model, pk) not in self.known:
            row = model._base_manager.filter(pk=pk).first()
            self.known[model, pk] = f"#{pk}" if row is None else str(row)
        return self.known[model, pk]
