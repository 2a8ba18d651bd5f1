"""Which algorithm is in force, and how it changes: a draft is read over the whole registry before a second person acts.

Thresholds are data of a version; predicates are code, reviewed where the code is. A change of either makes every
deviation stale that it touches (cases/review.py), and old assessments stay readable under their version.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext

from cases import document as documents
from cases.models import AlgorithmPreview, AlgorithmVersion, Case, PreviewedChange
from cases.models.algorithm import LONGEST_NOTE
from cases.rulebook import engine
from cases.rulebook import thresholds as kinds
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.engine import Finding, Rulebook
from cases.vocabulary import GRAVEST_FIRST, Severity, Source, Verdict
from registry import access, audit, bell, clock, jobs
from registry.access import Action

if TYPE_CHECKING:
    from registry.models import User

logger = logging.getLogger(__name__)

CHUNK = 1000
NAME = re.compile(r"[\w.-]{1,20}")  # never a plus: what follows it names the rules of the code
State = AlgorithmVersion.State
Numbers = Mapping[str, Mapping[str, float]]
SEVEREST_FIRST = (Severity.SENTINEL, Severity.MAJOR, Severity.MINOR, Severity.INFO)


def active() -> Rulebook:
    """The algorithm in force, compiled once a process."""
    row = (
        AlgorithmVersion.objects.filter(state=State.ACTIVE)
        .only("version", "base", "valid_from", "thresholds")
        .first()
    )
    return ALGORITHM if row is None else rulebook(row)


def rulebook(row: AlgorithmVersion) -> Rulebook:
    """The rules under this version; the code's own version stands beside it once the code has moved on."""
    moved = "" if row.base == ALGORITHM.version else f"+{ALGORITHM.version}"
    numbers = tuple((rule, tuple(sorted(values.items()))) for rule, values in sorted(_fitting(row).items()))
    return _revised(row.version + moved, row.valid_from, numbers, tuple(left_out(row)))


def named(version: str) -> Rulebook:
    """The rules under the version that an assessment names; those of the code where nothing is kept of it."""
    row = None
    if version != ALGORITHM.version:
        row = AlgorithmVersion.objects.filter(version=version.partition("+")[0]).first()
    return ALGORITHM if row is None else rulebook(row)


@lru_cache(maxsize=8)
def _revised(version: str, valid_from: date, numbers: Any, left: tuple[str, ...]) -> Rulebook:
    if left:
        logger.warning("algorithm_numbers_left_out version=%s left_out=%s", version, ",".join(left))
    values = {rule: dict(of_rule) for rule, of_rule in numbers}
    return ALGORITHM.revised(version=version, valid_from=valid_from, values=values)


def _fitting(row: AlgorithmVersion) -> dict[str, dict[str, float]]:
    """The numbers of a version that the code's rules still have."""
    return {
        rule.id: kinds.fitting(rule.thresholds, row.thresholds[rule.id])
        for rule in ALGORITHM.rules
        if rule.id in row.thresholds
    }


def left_out(row: AlgorithmVersion) -> list[str]:
    """The numbers of a version that the code's rules no longer have, or have as another kind: they do not count."""
    kept = _fitting(row)
    return [
        f"{rule}.{name}"
        for rule, values in sorted(row.thresholds.items())
        for name in sorted(values)
        if name not in kept.get(rule, {})
    ]


# --- drafts ----------------------------------------------------------------------------------------------------------


def draft(*, version: str, valid_from: date, note: str, thresholds: Numbers, by: User) -> AlgorithmVersion:
    """Draft a version with numbers that are not those of the code; ValidationError names the field that is wrong."""
    access.require(by, Action.MANAGE_ALGORITHM, None)
    version, note = version.strip(), note.strip()
    taken = gettext("This version is there already; give the new one another name.")
    wrong = {}
    if not NAME.fullmatch(version):
        wrong["version"] = gettext(
            "Give the version a name of 1 to 20 letters, digits, points and hyphens, such as 2027.1."
        )
    elif version == ALGORITHM.version or AlgorithmVersion.objects.filter(version=version).exists():
        wrong["version"] = taken
    if not note:
        wrong["note"] = gettext("Say what changes and why, with the source.")
    elif len(note) > LONGEST_NOTE:
        told = gettext("This has {length} characters; shorten it to {most}.")
        wrong["note"] = told.format(length=len(note), most=LONGEST_NOTE)
    kept = _differing(thresholds)
    if not wrong and kept == _numbers(active()):
        wrong["thresholds"] = gettext("Change at least one number: this is the version in force.")
    if wrong:
        raise ValidationError(wrong)
    drafted = AlgorithmVersion(
        version=version,
        base=ALGORITHM.version,
        thresholds=kept,
        valid_from=valid_from,
        note=note,
        made_by=by,
    )
    try:
        with audit.because(door=Source.ADMIN, by=by, reason=gettext("algorithm drafted")):
            drafted.save(force_insert=True)
    except IntegrityError:  # somebody else gave one this name since we looked
        raise ValidationError({"version": taken}) from None
    return drafted


def _differing(thresholds: Numbers) -> dict[str, dict[str, float]]:
    """The numbers that are not those of the code; ValidationError for what no rule declares or cannot be."""
    try:
        revised = ALGORITHM.revised(version="?", valid_from=None, values=thresholds)
    except ValueError as error:
        raise ValidationError({"thresholds": str(error)}) from None
    if wrong := dict(_upside_down(revised)):
        raise ValidationError(wrong)
    return _numbers(revised)


def _upside_down(book: Rulebook) -> Iterator[tuple[str, str]]:
    """The thresholds above the upper end of their range, which no case could meet, and what to do."""
    for rule in book.rules:
        labels = {one.name: one.label for one in rule.thresholds}
        for one in rule.thresholds:
            if one.up_to and one.value > rule.numbers[one.up_to]:
                told = gettext("This is above “{upper}” of the same rule; lower it or raise that one.")
                yield f"{rule.id}.{one.name}", told.format(upper=gettext(labels[one.up_to]))


def _numbers(book: Rulebook) -> dict[str, dict[str, float]]:
    """The numbers of a version that are not those of the code."""
    found: dict[str, dict[str, float]] = {}
    for own, declared in zip(book.rules, ALGORITHM.rules, strict=True):
        other = {name: value for name, value in own.numbers.items() if value != declared.numbers[name]}
        if other:
            found[own.id] = other
    return found


def withdraw(row: AlgorithmVersion, *, by: User) -> None:
    """Set a draft aside that is not wanted."""
    access.require(by, Action.MANAGE_ALGORITHM, None)
    with audit.because(door=Source.ADMIN, by=by, reason=gettext("algorithm withdrawn")), transaction.atomic():
        _held_draft(row)
        AlgorithmVersion.objects.filter(pk=row.pk).update(state=State.WITHDRAWN)


def activate(row: AlgorithmVersion, *, by: User) -> None:
    """Put a draft in force, by a second person who could see what it does: its preview is there and up to date.

    All cases are then read again under it.
    """
    access.require(by, Action.MANAGE_ALGORITHM, None)
    with (
        audit.because(door=Source.ADMIN, by=by, reason=gettext("algorithm put in force")),
        transaction.atomic(),
    ):
        held = _held_draft(row)
        if held.made_by_id == by.pk:
            raise _refused(
                gettext("Nothing was changed: you drafted this version, so another person activates it.")
            )
        if held.base != ALGORITHM.version:
            raise _refused(
                gettext(
                    "Nothing was changed: the rules in the code are newer than this draft. Draft it again."
                )
            )
        if held.valid_from > clock.now().date():
            told = gettext("Nothing was changed: this version is valid from {day}; put it in force then.")
            raise _refused(told.format(day=held.valid_from))
        now_active = active()
        seen = held.previews.filter(state=AlgorithmPreview.State.DONE, against=now_active.version)
        if not seen.exists():
            raise _refused(
                gettext("Nothing was changed: first let the preview against the version in force finish.")
            )
        AlgorithmVersion.objects.filter(state=State.ACTIVE).update(state=State.RETIRED)
        held.state, held.activated_by, held.activated_at = State.ACTIVE, by, clock.now()
        held.save(update_fields=["state", "activated_by", "activated_at"])
    bell.ring("cases.tasks.reassess_all")


def _held_draft(row: AlgorithmVersion) -> AlgorithmVersion:
    """The row as it is now, if it is still a draft; no other version changes until the end of the transaction."""
    rows = {one.pk: one for one in AlgorithmVersion.objects.order_by("pk").select_for_update()}
    held = rows[row.pk]
    if held.state != State.DRAFT:
        raise _refused(gettext("Nothing was changed: this version is no draft any more."))
    return held


def _refused(told: str) -> ValidationError:
    return ValidationError({NON_FIELD_ERRORS: told})


# --- what a draft would change ---------------------------------------------------------------------------------------


def start_preview(row: AlgorithmVersion, *, by: User) -> AlgorithmPreview:
    """Ask for a preview of a draft; one that is still to do is taken up, not doubled.

    But one against a version that is no longer in force is replaced.
    """
    access.require(by, Action.MANAGE_ALGORITHM, None)
    if row.state != State.DRAFT:
        raise _refused(gettext("Nothing was changed: this version is no draft any more."))
    with access.everywhere():
        stale = row.previews.filter(state__in=jobs.OPEN).exclude(against=active().version)
        stale.update(state=AlgorithmPreview.State.REPLACED, leased_until=None, finished_at=Now())
        preview = _asked(row)
    bell.ring("cases.tasks.preview_algorithm", preview.pk)
    return preview


def _asked(row: AlgorithmVersion) -> AlgorithmPreview:
    """The preview of a draft that is to do."""
    try:
        with transaction.atomic():
            return AlgorithmPreview.objects.create(
                draft=row,
                against=active().version,
                as_of=clock.now().date(),
                cases_total=Case.objects.count(),
            )
    except IntegrityError:
        return row.previews.get(state__in=jobs.OPEN)


def carry_out_preview(
    preview_id: int, *, progress: Callable[[int], None] = lambda n: None
) -> AlgorithmPreview:
    """Read the draft and the version in force over all cases, chunk by chunk, each in a transaction of its own.

    Only the rules whose numbers differ are read. A preview that another worker holds, or that is finished, is left
    alone; one that was cut off goes on where it was; and one against a version that is no longer in force is replaced
    by another, which is asked for.
    """
    with access.everywhere():
        claimed = jobs.claim(AlgorithmPreview, preview_id)
        preview = AlgorithmPreview.objects.select_related("draft").get(pk=preview_id)
        in_force = active()
        books = _only_differing(in_force, rulebook(preview.draft))
    if not claimed:
        return preview
    ours = AlgorithmPreview.objects.filter(pk=preview_id, state=AlgorithmPreview.State.RUNNING)
    with jobs.attempt(AlgorithmPreview, preview_id, ours):
        while preview.state in jobs.OPEN:
            read = preview.cases_read
            preview = _read_on(preview_id, in_force, books)
            progress(preview.cases_read - read)
    return preview


def _read_on(preview_id: int, in_force: Rulebook, books: tuple[Rulebook, Rulebook]) -> AlgorithmPreview:
    """Read the next cases of a preview, or finish it, all in one transaction.

    Its row is held meanwhile, and looked at only then: two workers never read the same chunk.
    """
    with access.everywhere():
        preview = AlgorithmPreview.objects.select_for_update().get(pk=preview_id)
        if preview.state not in jobs.OPEN:
            return preview
        if not preview.against == in_force.version == active().version:
            preview.state = AlgorithmPreview.State.REPLACED
            jobs.finish(AlgorithmPreview, preview_id, preview.state)
            if preview.draft.state == State.DRAFT:
                bell.ring("cases.tasks.preview_algorithm", _asked(preview.draft).pk)
            return preview
        cases = Case.objects.filter(pk__gt=preview.last_case_id).order_by("pk")
        if ids := list(cases.values_list("pk", flat=True)[:CHUNK]):
            changes = [change for case in documents.load(ids) for change in _changes(case, *books, preview)]
            PreviewedChange.objects.bulk_create(changes)
            preview.last_case_id, preview.cases_read = ids[-1], preview.cases_read + len(ids)
            preview.cases_changed += len({change.case_id for change in changes})
            AlgorithmPreview.objects.filter(pk=preview_id).update(
                last_case_id=preview.last_case_id,
                cases_read=preview.cases_read,
                cases_changed=preview.cases_changed,
                leased_until=jobs.lease(),
                attempts=min(preview.attempts, 1),  # it got on: what went wrong lies behind it
            )
        else:
            jobs.finish(AlgorithmPreview, preview_id)
            preview.state = AlgorithmPreview.State.DONE
    return preview


def _only_differing(old: Rulebook, new: Rulebook) -> tuple[Rulebook, Rulebook]:
    """Both versions with only those rules that do not have the same numbers in both."""
    pairs = [(o, n) for o, n in zip(old.rules, new.rules, strict=True) if o.numbers != n.numbers]
    return replace(old, rules=tuple(o for o, _ in pairs)), replace(new, rules=tuple(n for _, n in pairs))


def _changes(case: Any, old: Rulebook, new: Rulebook, preview: AlgorithmPreview) -> Iterable[PreviewedChange]:
    before, after = (
        _gravest(engine.read(book, case.document, preview.as_of).findings) for book in (old, new)
    )
    for rule_id in after:
        was, now = before[rule_id], after[rule_id]
        if _weight(was) != _weight(now):
            yield PreviewedChange(
                preview=preview,
                case_id=case.id,
                center_id=case.center_id,
                rule_id=rule_id,
                before=was.verdict,
                severity_before=_weight(was)[1],
                after=now.verdict,
                severity_after=_weight(now)[1],
                sentence=now.stored_sentence,
            )


def _weight(finding: Finding) -> tuple[str, str]:
    """Its verdict, and of a deviation how much it matters."""
    return finding.verdict, finding.severity if finding.verdict == Verdict.DEVIATION else ""


def _gravest(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Of each rule its gravest finding."""
    found: dict[str, Finding] = {}
    for finding in findings:
        if finding.rule_id not in found or _rank(finding) < _rank(found[finding.rule_id]):
            found[finding.rule_id] = finding
    return found


def _rank(finding: Finding) -> tuple[int, int]:
    return GRAVEST_FIRST.index(Verdict(finding.verdict)), SEVEREST_FIRST.index(Severity(finding.severity))
