"""Looking through the whole trail: every link, every event, every row against its newest event.

All digests are computed again by statements that come from here; no function that the database keeps is believed. What
is wrong is named by table and number, and nothing is repaired.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils.translation import gettext

from registry import access
from registry.audit import whole_trail
from registry.chain.arms import READINGS, READINGS_KEPT, Arm, arms, payload, quoted
from registry.chain.heads import Head
from registry.chain.models import AuditCheck, Fault
from registry.chain.sealing import BACKDATED, SAID, SAME_TEXT, SETTLED
from registry.database.session import holding

LINKS = "registry_auditlink"
LOWEST = -(2**63)
AT_ONCE = 10_000  # links
KEPT = 1_000  # of what is wrong; the rest is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: number is that of an event, or of a row or link where the kind speaks of one."""

    kind: Fault
    table: str
    number: int

    def __str__(self) -> str:
        return f"{self.table} {self.number}: {self.kind.label}"


@dataclass(kw_only=True)
class Result:
    """What was found."""

    head: Head | None = None
    links: int = 0
    unsealed: int = 0
    erased: int = 0
    unreadable: int = (
        0  # events whose columns a migration removed: their order is checked, their content is not
    )
    found: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.found == 0

    def add(self, problems: Iterable[Problem]) -> None:
        """Count what is wrong, and keep the first of it."""
        for problem in problems:
            self.found += 1
            if len(self.problems) < KEPT:
                self.problems.append(problem)

    def sentence(self) -> str:
        """Say it in a line."""
        said = gettext("{links} events in the chain, {unsealed} not yet sealed, {erased} erased.").format(
            links=self.links, unsealed=self.unsealed, erased=self.erased
        )
        wrong = gettext("Wrong: {n}.").format(n=self.found) if self.found else gettext("Nothing is wrong.")
        return f"{said} {wrong}"


Progress = Callable[[int], Any]


def verify(heads: Iterable[Head] = (), *, progress: Progress = lambda _: None) -> Result:
    """Look through all of it. `heads` were kept elsewhere: without one nobody can tell a chain that was made anew."""
    result = Result()
    with access.everywhere(), whole_trail(), holding(**SAME_TEXT):
        forms = {form: (table, columns) for form, table, columns in _fetch(FORMS)}
        _walk(result, forms, progress)
        result.add(_ends())
        for arm in arms():
            result.unsealed += _unsealed(arm, result)
            if arm.table != READINGS:
                result.add(_rows(arm))
        result.add(_other_heads(heads))
    return result


def check() -> AuditCheck | None:
    """Look through all of it and note the result."""
    return note(verify())


def note(result: Result) -> AuditCheck | None:
    """Keep what was found for the page of the auditor and for monitors; nothing before the first seal."""
    if result.head is None:
        return None
    return AuditCheck.objects.create(
        sequence=result.head.sequence,
        link=result.head.digest,
        found=result.found,
        first=[[one.table, one.number, one.kind.value] for one in result.problems[:50]],
    )


# --- links and the events they speak of ------------------------------------------------------------------------------

FORMS = 'SELECT id, "table", columns FROM registry_auditform'
NEXT = f"""
  SELECT l.sequence, l.form_id, l.event_id, l.link, l.at, l.salt IS NULL, {SAID}
  FROM registry_auditlink l LEFT JOIN registry_auditform f ON f.id = l.form_id
  WHERE l.sequence > %s ORDER BY l.sequence LIMIT {AT_ONCE}
"""  # nosec B608  # names of ours
OF_FORM = """
  SELECT l.event_id, CASE
    WHEN l.salt IS NULL THEN CASE WHEN {explained} AND e.{key} IS NULL THEN 'erased' ELSE 'unexplained' END
    WHEN e.{key} IS NULL THEN 'deleted' ELSE 'changed' END
  FROM registry_auditlink l LEFT JOIN {table} e ON e.{key} = l.event_id
  WHERE l.form_id = %s AND l.sequence BETWEEN %s AND %s
    AND (e.{key} IS NULL OR l.salt IS NULL OR {differs})
"""
EXPLAINED = """EXISTS (
    SELECT FROM registry_erasure r WHERE r."table" = '{name}' AND r.event_id = l.event_id
  )"""
# Of readings one erasure explains all up to it that were old enough at the time.
OLD_READING = f"""EXISTS (
    SELECT FROM registry_erasure r WHERE r."table" = '{READINGS}' AND r.event_id >= l.event_id
    AND l.at < r.erased_at - interval '{READINGS_KEPT}'
  )"""  # nosec B608  # names of ours
DIFFERS = "l.digest <> sha256(l.salt || convert_to({payload}, 'UTF8'))"


def _walk(result: Result, forms: dict[int, tuple[str, list[str]]], progress: Progress) -> None:
    by_table = {arm.table: arm for arm in arms()}
    place, previous, after = 0, b"", LOWEST
    while rows := _fetch(NEXT, [after]):
        for sequence, form, event, link, at, _, said in rows:
            table = forms.get(form, (LINKS, []))[0]
            if sequence > place + 1:
                result.add([Problem(kind=Fault.LINK_DELETED, table=LINKS, number=sequence)])
            elif hashlib.sha256(previous + said.encode()).digest() != bytes(link):
                result.add([Problem(kind=Fault.LINK_CHANGED, table=table, number=event)])
            place, previous = sequence, bytes(link)
            result.head = Head(sequence=sequence, digest=previous, at=at)
        result.links += len(rows)
        for form in sorted({row[1] for row in rows} & forms.keys()):
            table, columns = forms[form]
            if arm := by_table.get(table):
                _contents(result, arm, tuple(columns), [form, rows[0][0], rows[-1][0]])
        after = rows[-1][0]
        progress(len(rows))


def _contents(result: Result, arm: Arm, columns: tuple[str, ...], where: list[int]) -> None:
    is_readable = set(columns) <= set(arm.columns)
    differs = DIFFERS.format(payload=payload(columns)) if is_readable else "FALSE"
    explained = OLD_READING if arm.table == READINGS else EXPLAINED.format(name=arm.table)
    sql = OF_FORM.format(key=quoted(arm.key), table=quoted(arm.table), explained=explained, differs=differs)
    for event, kind in _fetch(sql, where):
        if kind == "erased":
            result.erased += 1
        else:
            result.add([Problem(kind=Fault(kind), table=arm.table, number=event)])
    if not is_readable:
        (counted,) = _fetch(
            f"SELECT count(*) FROM {LINKS} WHERE form_id = %s AND sequence BETWEEN %s AND %s",  # nosec B608  # names of ours
            where,
        )
        result.unreadable += counted[0]


# --- events that no link speaks of -----------------------------------------------------------------------------------

UNLINKED = """
  WITH seal AS (SELECT * FROM registry_auditseal ORDER BY id DESC LIMIT 1), settled AS ({settled}),
  unlinked AS (
    SELECT e.{key} AS number, e.{key} <= (seal.reached ->> '{name}')::bigint AND NOT coalesce(
      e.{key} > coalesce((settled.reached ->> '{name}')::bigint, {lowest}) AND NOT {backdated}, FALSE) AS is_late
    FROM {table} e LEFT JOIN seal ON TRUE LEFT JOIN settled ON TRUE
    WHERE NOT EXISTS (
      SELECT FROM registry_auditlink l WHERE l.event_id = e.{key}
      AND l.form_id = ANY (ARRAY(SELECT id FROM registry_auditform WHERE "table" = '{name}'))
    )
  )
  SELECT count(*) FILTER (WHERE is_late IS NOT TRUE), array_agg(number ORDER BY number) FILTER (WHERE is_late)
  FROM unlinked
"""


def _unsealed(arm: Arm, result: Result) -> int:
    """Count what the next seal will take, and name what it will never take."""
    sql = UNLINKED.format(
        settled=SETTLED,
        key=quoted(arm.key),
        name=arm.table,
        table=quoted(arm.table),
        lowest=LOWEST,
        backdated=BACKDATED.format(newest="seal.newest"),
    )
    ((waiting, late),) = _fetch(sql)
    result.add(Problem(kind=Fault.INSERTED, table=arm.table, number=number) for number in late or ())
    return int(waiting)


# --- rows against their newest event ---------------------------------------------------------------------------------

ROWS = """
  WITH told AS (
    SELECT pgh_id, pgh_obj_id, pgh_label, sha256(convert_to({said}, 'UTF8')) AS said FROM {events} e
    WHERE NOT EXISTS (SELECT FROM registry_erasure r WHERE r."table" = '{name}' AND r.row_id = e.pgh_obj_id)
  ), ordered AS (
    SELECT *, lag(said) OVER of_row AS said_before, lag(pgh_label) OVER of_row AS label_before,
      lead(pgh_id) OVER of_row IS NULL AS is_newest
    FROM told WINDOW of_row AS (PARTITION BY pgh_obj_id ORDER BY pgh_id)
  ), newest AS (SELECT * FROM ordered WHERE is_newest)
  SELECT * FROM (
    SELECT CASE
      WHEN newest.pgh_id IS NULL THEN 'row_inserted'
      WHEN newest.pgh_label = 'delete' THEN CASE
        WHEN e.{pk} IS NOT NULL THEN 'row_inserted' WHEN newest.label_before = 'delete' THEN 'repeated' END
      WHEN e.{pk} IS NULL THEN 'row_deleted'
      WHEN newest.said <> sha256(convert_to({said}, 'UTF8')) THEN 'row_changed'
      WHEN newest.pgh_label = 'update' AND newest.said = newest.said_before THEN 'repeated'
      WHEN newest.pgh_label = 'insert' AND newest.label_before <> 'delete' THEN 'repeated'
    END AS kind, e.{pk} AS row, newest.pgh_obj_id AS row_told, newest.pgh_id AS event
    FROM {rows} e FULL JOIN newest ON newest.pgh_obj_id = e.{pk}
    WHERE e.{pk} IS NULL OR NOT EXISTS (
      SELECT FROM registry_erasure r WHERE r."table" = '{name}' AND r.row_id = e.{pk}
    )
  ) judged WHERE kind IS NOT NULL
"""


def _rows(arm: Arm) -> Iterator[Problem]:
    tracked = arm.model.pgh_tracked_model  # type: ignore[attr-defined]
    names = {str(one.column) for one in tracked._meta.local_concrete_fields}
    sql = ROWS.format(
        said=payload(tuple(name for name in arm.columns if name in names)),
        events=quoted(arm.table),
        name=arm.table,
        rows=quoted(tracked._meta.db_table),
        pk=quoted(tracked._meta.pk.column),
    )
    for kind, row, row_told, event in _fetch(sql):
        number = event if kind == Fault.REPEATED else row if row is not None else row_told
        table = arm.table if kind == Fault.REPEATED else tracked._meta.db_table
        yield Problem(kind=Fault(kind), table=table, number=number)


# --- the end, and what was known of it before ------------------------------------------------------------------------

CUT = """
  SELECT sequence FROM registry_auditseal
  WHERE sequence > coalesce((SELECT max(sequence) FROM registry_auditlink), 0) ORDER BY sequence DESC LIMIT 1
"""
EARLIER = """
  SELECT c.sequence FROM registry_auditcheck c LEFT JOIN registry_auditlink l ON l.sequence = c.sequence
  WHERE l.link IS DISTINCT FROM c.link ORDER BY c.id
"""


def _ends() -> Iterator[Problem]:
    for (sequence,) in _fetch(CUT):
        yield Problem(kind=Fault.CUT_OFF, table=LINKS, number=sequence)
    for (sequence,) in _fetch(EARLIER):
        yield Problem(kind=Fault.OTHER_HEAD, table=LINKS, number=sequence)


def _other_heads(heads: Iterable[Head]) -> Iterator[Problem]:
    for head in heads:
        found = _fetch("SELECT link FROM registry_auditlink WHERE sequence = %s", [head.sequence])
        if not found:
            yield Problem(kind=Fault.CUT_OFF, table=LINKS, number=head.sequence)
        elif bytes(found[0][0]) != head.digest:
            yield Problem(kind=Fault.OTHER_HEAD, table=LINKS, number=head.sequence)


def _fetch(sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(parameters) or None)
        return cursor.fetchall()
