"""What the rulebooks say of cases, kept: assessments that stay, deviations and data queries that open and close.

A finding's row lives as long as its case. It opens when the finding appears, is answered by its center and decided by
a second person (cases/answering.py). It goes back to open when it now rests on other values or another rule or weighs
differently, closes by itself when corrected data no longer call for it, and opens again when it comes back. No answer
and no decision is ever erased.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from cases import document as documents
from cases import duplicates, observations, store, versions
from cases.models import Assessment, AssessmentRun, Case, DataQuery, Deviation
from cases.models.review import ANSWERS, DECISIONS, HISTORIC, ReviewItem
from cases.rulebook import engine
from cases.rulebook.engine import Rulebook
from cases.rulebook.findings import deviation
from cases.rulebook.validity import VALIDITY
from cases.vocabulary import Answer, Decision, ReviewState, Severity, Verdict
from registry import access, audit, clock, jobs

CHUNK = 1000  # cases in a transaction
PART = 5000  # cases in a run: a large center has several, which keep several workers busy
ASSESSMENT_COLUMNS = tuple(
    f.attname for f in Assessment._meta.local_fields if f.attname != "id" and not f.generated
)
ITEM_COLUMNS = tuple(f.attname for f in Deviation._meta.local_fields if f.attname != "id")
# What a person must see; `info` is counted in reports and never put before anybody.
SHOWN = frozenset({Severity.MAJOR, Severity.MINOR, Severity.SENTINEL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A saved case with what the validity rulebook said of it."""

    case_id: int
    center_id: int
    patient_id: int
    source: str
    version: int
    document: Any
    validity: Any
    is_new: bool = False  # so nothing was ever said of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassessed:
    """How many cases were read, and of how many something new was said."""

    read: int
    changed: int


def reassess(case_ids: Iterable[int], *, as_of: date) -> Reassessed:
    """Read both rulebooks again over stored cases of the present scope, all at once, and renew their observations.

    The cases are held until what was said of them is stored, so that it is not said of an older version.
    """
    ids = sorted(set(case_ids))
    with audit.because(door="assess"):
        algorithm = versions.active()
        list(Case.objects.filter(pk__in=ids).order_by("pk").select_for_update().values_list("pk"))
        stored = documents.load(ids)
        judged = [
            Judged(
                case_id=case.id,
                center_id=case.center_id,
                patient_id=case.patient_id,
                source=case.source,
                version=case.version,
                document=case.document,
                validity=engine.read(VALIDITY, case.document, as_of),
            )
            for case in stored
        ]
        observations.renew(stored)
        with store.ahead():
            said = record(judged, algorithm=algorithm, as_of=as_of, now=clock.now())
    return Reassessed(read=len(judged), changed=said.changed)


def start_runs(days: Mapping[int, date]) -> list[AssessmentRun]:
    """Ask for a reading of the cases of these centers, by id, for their days; returns the runs that are to do.

    A large center has several runs, so that workers can share it. A reading that is under way is taken up: what it has
    done is not asked for again. But what was asked for another day, or under an algorithm that is no longer in force,
    is replaced, and its cases are all read again.
    """
    with audit.because(door="assess", centers=days):
        version = versions.active().version
        runs = AssessmentRun.objects.filter(center_id__in=days).order_by("pk")
        to_do = runs.filter(state__in=jobs.OPEN)
        stale = [
            run.pk for run in to_do if (run.as_of, run.algorithm_version) != (days[run.center_id], version)
        ]
        to_do.filter(pk__in=stale).update(
            state=AssessmentRun.State.REPLACED, leased_until=None, finished_at=Now()
        )
        if under_way := set(to_do.values_list("center_id", flat=True)):
            done = runs.filter(
                state=AssessmentRun.State.DONE, algorithm_version=version, as_of__in=days.values()
            )
            under_way |= {run.center_id for run in done if run.as_of == days[run.center_id]}
        asked = [
            AssessmentRun(
                center_id=center_id,
                as_of=days[center_id],
                algorithm_version=version,
                after_case_id=after,
                last_case_id=after,
                up_to_case_id=up_to,
            )
            for center_id, after, up_to in _parts(sorted(days.keys() - under_way))
        ]
        AssessmentRun.objects.bulk_create(asked, ignore_conflicts=True)
        return list(to_do.all())


def _parts(center_ids: list[int]) -> Iterator[tuple[int, int, int | None]]:
    """After which case each part of the centers' cases begins, and with which it ends; the last one never does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT center_id, id FROM (SELECT center_id, id, row_number() OVER (PARTITION BY center_id ORDER BY id)"
            " FROM cases_case WHERE center_id = ANY(%s)) AS numbered WHERE row_number %% %s = 0 ORDER BY id",
            [center_ids, PART],
        )
        ends: dict[int, list[int]] = {center_id: [] for center_id in center_ids}
        for center_id, last in cursor.fetchall():
            ends[center_id].append(last)
    for center_id, lasts in ends.items():
        for after, up_to in zip([0, *lasts], [*lasts, None], strict=True):
            yield center_id, after, up_to


def carry_out(run_id: int, center_id: int) -> AssessmentRun:
    """Carry out a run, chunk by chunk, each in a transaction of its own with its progress.

    A run that another worker holds, or that is finished, is left alone; one that was cut off goes on where it was.
    """
    with access.scope([center_id]):
        if not jobs.claim(AssessmentRun, run_id):
            return AssessmentRun.objects.get(pk=run_id)
    ours = AssessmentRun.objects.filter(pk=run_id, state=AssessmentRun.State.RUNNING)
    with jobs.attempt(AssessmentRun, run_id, ours):
        while _read_on(run_id, center_id).state in jobs.OPEN:
            pass
    with access.scope([center_id]):
        return AssessmentRun.objects.get(pk=run_id)


def work_off(*, until: Callable[[], bool] = lambda: False) -> None:
    """Carry out every run that is to do, whatever its lease says, beside whoever else does so; or stop between chunks.

    This is for an operator, who starts it again when a worker is gone and does not wait for its lease to end. A run
    that another worker is still at is read by both in turn.
    """
    while not until():
        with access.everywhere():
            run = jobs.take_over(AssessmentRun)
        if run is None:
            return
        while not until() and _read_on(run.pk, run.center_id).state in jobs.OPEN:
            pass


def _read_on(run_id: int, center_id: int) -> AssessmentRun:
    """Read the next cases of a run, or finish it, all in one transaction.

    The run's row is held meanwhile, and looked at only then: two workers never read the same chunk, one that dies lets
    go of it, and one whose run was replaced finds that out.
    """
    with access.scope([center_id]):
        run = AssessmentRun.objects.select_for_update().get(pk=run_id)
        if run.state not in jobs.OPEN:
            return run
        cases = Case.objects.filter(center_id=center_id, pk__gt=run.last_case_id).order_by("pk")
        if run.up_to_case_id is not None:
            cases = cases.filter(pk__lte=run.up_to_case_id)
        if ids := list(cases.values_list("pk", flat=True)[:CHUNK]):
            seen = reassess(ids, as_of=run.as_of)
            run.last_case_id, run.cases_read = ids[-1], run.cases_read + seen.read
            run.cases_changed += seen.changed
            AssessmentRun.objects.filter(pk=run_id).update(
                last_case_id=run.last_case_id,
                cases_read=run.cases_read,
                cases_changed=run.cases_changed,
                leased_until=jobs.lease(),
                attempts=min(run.attempts, 1),  # it got on: what went wrong lies behind it
            )
        else:
            jobs.finish(AssessmentRun, run_id)
            run.state = AssessmentRun.State.DONE
    return run


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """How many assessments said something new, and which cases have data queries."""

    changed: int
    asked: frozenset[int]


def record(judged: Sequence[Judged], *, algorithm: Rulebook, as_of: date, now: datetime) -> Recorded:
    """Store what both rulebooks say of these cases."""
    assessed = [(case, engine.read(algorithm, case.document, as_of)) for case in judged]
    changed = _store_assessments(assessed, version=algorithm.version, as_of=as_of, now=now)
    deviations = [
        _item(case, finding, algorithm.version, now)
        for case, reading in assessed
        for finding in reading.deviations
        if finding.severity in SHOWN
    ]
    queries = [
        _item(case, finding, VALIDITY.version, now) for case in judged for finding in case.validity.queries
    ]
    suspected = duplicates.suspected(judged)
    queries += [
        _duplicate(case, suspected[case.case_id], now) for case in judged if case.case_id in suspected
    ]
    known = [case.case_id for case in judged if not case.is_new]
    _settle(Deviation, known, deviations, now)
    _settle(DataQuery, known, queries, now)
    return Recorded(changed=changed, asked=frozenset(query["case_id"] for query in queries))


def _store_assessments(
    assessed: list[tuple[Judged, Any]], *, version: str, as_of: date, now: datetime
) -> int:
    """Add an assessment where the verdicts, the case's version or the algorithm's are not those of the current one."""
    said = [(case, reading.as_json()) for case, reading in assessed]
    digests = [hashlib.sha256(store.as_json(findings).encode()).hexdigest() for _, findings in said]
    columns = ("case_id", "digest", "case_version", "algorithm_version")
    current = Assessment.objects.current().filter(
        case_id__in=[case.case_id for case, _ in assessed if not case.is_new]
    )
    known = {case_id: what for case_id, *what in current.values_list(*columns)}
    rows = []
    for (case, findings), digest in zip(said, digests, strict=True):
        if known.get(case.case_id) != [digest, case.version, version]:
            rows.append(
                {
                    "case_id": case.case_id,
                    "center_id": case.center_id,
                    "algorithm_version": version,
                    "case_version": case.version,
                    "as_of": as_of,
                    "assessed_at": now,
                    "digest": digest,
                    "is_current": True,
                    "findings": findings,
                }
            )
    replaced = [row["case_id"] for row in rows if row["case_id"] in known]
    if replaced:
        Assessment.objects.current().filter(case_id__in=replaced).update(is_current=False)
    store.write(Assessment, ASSESSMENT_COLUMNS, rows)
    return len(rows)


def _item(case: Judged, finding: Any, version: str, now: datetime) -> dict[str, Any]:
    return {
        "case_id": case.case_id,
        "center_id": case.center_id,
        "rule_id": finding.rule_id,
        "pointer": finding.pointer,
        "rulebook_version": version,
        "severity": finding.severity,
        "sentence": finding.stored_sentence,
        "values": dict(finding.values),
        "rule_terms": {**finding.rule_terms, **({HISTORIC: True} if finding.historical else {})},
        "opened_at": now,
        "waiting_since": now,
        "closed_at": None,
        **dict.fromkeys((*ANSWERS, *DECISIONS)),
        **(HISTORICAL if finding.historical and finding.severity != Severity.SENTINEL else NEW),
    }


def _duplicate(case: Judged, twins: list[str], now: datetime) -> dict[str, Any]:
    """The query for a case that may be another's patient (X-56)."""
    rule = VALIDITY.rule(duplicates.RULE_ID)
    finding = engine.Finding(
        rule_id=rule.id,
        version=VALIDITY.version,
        verdict=Verdict.DEVIATION,
        severity=Severity.QUERY,
        pointer="/patient",
        values={"case_number": twins},
        missing=(),
        said=partial(deviation, rule, {}),
        rule_terms=rule.terms,
    )
    return _item(case, finding, VALIDITY.version, now)


# What a finding begins with. An operation that is older than the rule is explained by that, and nobody is asked; a
# sentinel event is to be looked at whenever it was.
NEW = {"state": ReviewState.OPEN, "answer": "", "answer_text": "", "decision": "", "decision_text": ""}
HISTORICAL = {
    **NEW,
    "state": ReviewState.DECIDED,
    "answer": Answer.HISTORICAL_CASE,
    "decision": Decision.ACCEPTED,
}
# The sentence may be worded anew: an answer is given to what was found, to how much that matters, and to a rule of
# before or after the operation. One that turns out to be older than the rule asks nobody again.
ANSWERED = "(stored.answered_by_id IS NOT NULL OR stored.decided_by_id IS NOT NULL)"
STILL_ANSWERED = (
    f"{ANSWERED} AND stored.state IN ('{ReviewState.ANSWERED}', '{ReviewState.DECIDED}')"
    " AND stored.values = excluded.values AND stored.severity = excluded.severity"
    # nothing is known of answers to earlier releases
    " AND (stored.rule_terms IN ('{}', excluded.rule_terms)"
    f" OR stored.rule_terms || '{{\"{HISTORIC}\": true}}' = excluded.rule_terms)"
    f" AND NOT (stored.answer = '{Answer.HISTORICAL_CASE}' AND excluded.rule_terms->>'{HISTORIC}' IS NULL)"
)
ON_READING_AGAIN = {
    **{
        name: f"CASE WHEN {ANSWERED} THEN stored.{name} ELSE excluded.{name} END"
        for name in (*ANSWERS, *DECISIONS)
    },
    "state": f"CASE WHEN {STILL_ANSWERED} THEN stored.state WHEN {ANSWERED} THEN '{ReviewState.OPEN}'"
    " ELSE excluded.state END",
    "waiting_since": f"CASE WHEN stored.state = '{ReviewState.OPEN}' OR {STILL_ANSWERED} OR stored.state ="
    " excluded.state THEN stored.waiting_since ELSE excluded.waiting_since END",
}


def _settle(model: type[ReviewItem], known: list[int], found: list[dict[str, Any]], now: datetime) -> None:
    """Open what was found, unless it was answered as it stands; of the cases known before, close what was not found."""
    store.write(
        model,
        ITEM_COLUMNS,
        found,
        key=["case_id", "rule_id", "pointer"] if known else [],
        kept=["opened_at"],
        instead=ON_READING_AGAIN,
    )
    if not known:
        return
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} item SET state = %s, closed_at = %s"  # nosec B608  # a table of ours
            " WHERE item.case_id = ANY(%s::bigint[]) AND item.state <> %s AND NOT EXISTS"
            " (SELECT FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS f(case_id, rule_id, pointer)"
            " WHERE f.case_id = item.case_id AND f.rule_id = item.rule_id AND f.pointer = item.pointer)",
            [
                ReviewState.CLOSED,
                now,
                known,
                ReviewState.CLOSED,
                [row["case_id"] for row in found],
                [row["rule_id"] for row in found],
                [row["pointer"] for row in found],
            ],
        )
