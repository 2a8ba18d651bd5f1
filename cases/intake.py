"""The one door: every case of the registry is written here, whoever sends it and however many at once.

Permission, validity, the rows, the survival observation, both rulebooks' findings and the audit trail belong to one
transaction: a case is saved with all that follows from it, or not at all. Drafts always save, what cannot be true
never does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from django.db import IntegrityError
from django.utils import timezone

from cases import endpoints, pseudonym, review, store
from cases.document import (
    FIELDS,
    OPERATION_FORMS,
    OUTER_FORMS,
    TYPES,
    CaseDocument,
    Problem,
    StoredCase,
    load,
)
from cases.models import Case, Form, Patient, SurvivalObservation
from cases.rulebook import completeness, engine
from cases.rulebook.validity import VALIDITY
from cases.vocabulary import Source, Status
from registry import access, audit
from registry.access import Action

if TYPE_CHECKING:
    from registry.models import Center, User

Mode = Literal["each", "atomic"]

CASE_COLUMNS = (
    "id",
    "center_id",
    "patient_id",
    "case_number",
    "status",
    "source",
    "citation",
    "note",
    "version",
    "created_at",
    "updated_at",
)
PATIENT_COLUMNS = ("id", "center_id", "registry_id", "missing", *FIELDS[TYPES[Patient]])
OBSERVATION_COLUMNS = tuple(f.attname for f in SurvivalObservation._meta.local_fields)
ATTEMPTS = 3
ACTION_AT_DOOR = {Source.IMPORT: Action.IMPORT_CASES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A document on its way in; `if_version` is the version its author read, for corrections."""

    document: CaseDocument  # type: ignore[valid-type]
    if_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one document: its verdict, and the problems found (errors refuse, queries only ask)."""

    case_number: str
    verdict: Literal["new", "changed", "unchanged", "rejected"]
    case_id: int | None = None
    version: int | None = None
    problems: list[Problem] = field(default_factory=list)


class _NothingToKeep(Exception):  # noqa: N818 (it is no error)
    """Leaves the transaction of a dry run, or of an atomic batch with a rejected case, without a trace."""


def today_at(center: Center) -> date:
    """The center's own calendar day: 'not in the future' is judged where the patient is."""
    return timezone.now().astimezone(ZoneInfo(center.timezone)).date()


def save_case(
    submission: Submission,
    *,
    center: Center,
    by: User | None,
    source: str,
    reason: str = "",
    as_of: date | None = None,
) -> Receipt:
    """Save one case; see `save_cases`."""
    return save_cases([submission], center=center, by=by, source=source, reason=reason, as_of=as_of)[0]


def save_cases(
    submissions: Sequence[Submission],
    *,
    center: Center,
    by: User | None,
    source: str,
    door: str = "",
    reason: str = "",
    as_of: date | None = None,
    mode: Mode = "each",
    dry_run: bool = False,
) -> list[Receipt]:
    """Save cases of one center in one transaction and answer for each, in order.

    `each` saves the good and rejects the rest; `atomic` saves all or none. A case is known by its case number:
    new ones are added, those that differ are changed, equal ones are left alone, so sending twice is safe.
    `by` is None only for an operator at the server's shell. PermissionDenied if the person may not record here.
    """
    if by is not None:
        access.require(by, ACTION_AT_DOOR.get(Source(source), Action.RECORD), center)
    for attempt in range(ATTEMPTS):
        batch = _Batch(submissions, center=center, source=source, as_of=as_of or today_at(center))
        try:
            with _opened(center, door or source, by, reason):
                batch.compare()
                if dry_run or (mode == "atomic" and batch.rejected):
                    raise _NothingToKeep
                batch.write()
        except _NothingToKeep:
            return batch.receipts() if dry_run else batch.receipts_of_nothing()
        except IntegrityError:
            # Somebody else saved the same case number between our look and our write (or, once in a
            # lifetime, drew the same pseudonym): look again, and now find it.
            if attempt == ATTEMPTS - 1:
                raise
        else:
            break
    return batch.receipts()


@contextmanager
def _opened(center: Center, door: str, by: User | None, reason: str) -> Iterator[None]:
    """One transaction that sees this center alone and says who writes, through which door and why."""
    with access.scope([center.pk]), audit.because(door=door, by=by, reason=reason):
        yield


class _Batch:
    """The work on one batch: compare with what is stored, judge, write."""

    def __init__(self, submissions: Sequence[Submission], *, center: Center, source: str, as_of: date):
        self.center, self.source, self.as_of = center, source, as_of
        self.submissions = submissions
        self.now: datetime = timezone.now()
        self.problems: list[list[Problem]] = [[] for _ in submissions]
        self.verdicts: list[Any] = ["new"] * len(submissions)
        self.stored: list[StoredCase | None] = [None] * len(submissions)
        self.case_ids: list[int | None] = [None] * len(submissions)
        self.readings: list[Any] = [None] * len(submissions)
        self.rejected = False

    # --- judging ---------------------------------------------------------------------------------

    def compare(self) -> None:
        """Lock what is stored under these numbers, and give each document its verdict."""
        numbers = [s.document.case_number for s in self.submissions]
        repeated = {number for number, n in Counter(numbers).items() if n > 1}
        locked = (
            Case.objects.filter(center=self.center, case_number__in=set(numbers))
            .order_by("pk")
            .select_for_update()
        )
        stored = {case.document.case_number: case for case in load(locked.values_list("pk", flat=True))}
        for i, submission in enumerate(self.submissions):
            document = submission.document
            before = self.stored[i] = stored.get(document.case_number)
            if document.case_number in repeated:
                self._reject(
                    i,
                    "repeated_case_number",
                    "/case_number",
                    "case_number stands more than once in this batch; send each case once.",
                )
            elif before is not None and before.document == document and self._fresh(i, before):
                self.verdicts[i], self.case_ids[i] = "unchanged", before.id
            else:
                self._judge(i, before)

    def _fresh(self, i: int, before: StoredCase) -> bool:
        wanted = self.submissions[i].if_version
        return wanted is None or wanted == before.version

    def _judge(self, i: int, before: StoredCase | None) -> None:
        if before is not None:
            self.verdicts[i] = "changed"
            if before.status == Status.LOCKED:
                self._reject(i, "locked", "", "The case is locked; ask the data manager to unlock it.")
            elif not self._fresh(i, before):
                self._reject(
                    i,
                    "stale_version",
                    "",
                    f"The case is now at version {before.version}; read it again and repeat your change.",
                )
        reading = engine.read(VALIDITY, self.submissions[i].document, self.as_of)
        self.readings[i] = reading
        self.problems[i] += [
            Problem(pointer=f.pointer, code=f.rule_id, message=f.sentence, severity="error")
            for f in reading.errors
        ]
        self.problems[i] += [
            Problem(pointer=f.pointer, code=f.rule_id, message=f.sentence, severity="query")
            for f in reading.queries
        ]
        if reading.errors:
            self.verdicts[i], self.rejected = "rejected", True

    def _reject(self, i: int, code: str, pointer: str, message: str) -> None:
        self.problems[i].append(Problem(pointer=pointer, code=code, message=message))
        self.verdicts[i], self.rejected = "rejected", True

    # --- writing ---------------------------------------------------------------------------------

    def write(self) -> None:
        """Write every new and changed case, and all that follows from it."""
        todo = [i for i, verdict in enumerate(self.verdicts) if verdict in ("new", "changed")]
        if not todo:
            return
        new = [i for i in todo if self.stored[i] is None]
        case_ids, patient_ids = store.next_ids(Case, len(new)), store.next_ids(Patient, len(new))
        person = {i: (patient_ids[k], pseudonym.draw()) for k, i in enumerate(new)}
        for k, i in enumerate(new):
            self.case_ids[i] = case_ids[k]
        for i in todo:
            if (before := self.stored[i]) is not None:
                self.case_ids[i] = before.id
                person[i] = (before.patient_id, before.registry_id)
        store.write(
            Patient,
            PATIENT_COLUMNS,
            [self._patient_row(i, *person[i]) for i in todo],
            key=["id"],
            kept=["registry_id"],
        )
        store.write(
            Case,
            CASE_COLUMNS,
            [self._case_row(i, person[i][0]) for i in todo],
            key=["id"],
            kept=["created_at", "source"],
        )
        self._write_forms(todo)
        store.write(
            SurvivalObservation,
            OBSERVATION_COLUMNS,
            [self._observation_row(i) for i in todo],
            key=["case_id"],
        )
        review.record(
            [
                review.Judged(
                    case_id=self.case_ids[i],  # type: ignore[arg-type]
                    center_id=self.center.pk,
                    version=self._version(i),
                    document=self.submissions[i].document,
                    validity=self.readings[i],
                )
                for i in todo
            ],
            as_of=self.as_of,
            now=self.now,
        )

    def _version(self, i: int) -> int:
        before = self.stored[i]
        return before.version + 1 if before else 1

    def _patient_row(self, i: int, patient_id: int, registry_id: str) -> dict[str, Any]:
        form = self.submissions[i].document.patient
        known = _values(form) if form is not None else {"missing": {}}
        return {"id": patient_id, "center_id": self.center.pk, "registry_id": registry_id, **known}

    def _case_row(self, i: int, patient_id: int) -> dict[str, Any]:
        document = self.submissions[i].document
        return {
            "id": self.case_ids[i],
            "center_id": self.center.pk,
            "patient_id": patient_id,
            "case_number": document.case_number,
            "status": Status.DRAFT if completeness.missing_answers(document) else Status.COMPLETE,
            "source": self.source,
            "citation": document.citation,
            "note": document.note,
            "version": self._version(i),
            "created_at": self.now,
            "updated_at": self.now,
        }

    def _observation_row(self, i: int) -> dict[str, Any]:
        document = self.submissions[i].document
        before = self.stored[i]
        source = before.source if before else self.source
        return {
            "case_id": self.case_ids[i],
            "center_id": self.center.pk,
            "source": source,
            **endpoints.strata(document),
            **endpoints.columns(endpoints.observe(document, published=source == Source.LITERATURE)),
        }

    def _write_forms(self, todo: list[int]) -> None:
        changed = [i for i in todo if self.stored[i] is not None]
        for model in OUTER_FORMS:
            rows: list[dict[str, Any]] = []
            counts: dict[int, int] = {}
            for i in todo:
                forms = _rows_of(self.submissions[i].document, model)
                counts[self.case_ids[i]] = len(forms)  # type: ignore[index]
                rows += [self._form_row(i, position, form) for position, form in enumerate(forms)]
            self._replace(model, rows, {self.case_ids[i]: counts[self.case_ids[i]] for i in changed})  # type: ignore[index,misc]
        for model in OPERATION_FORMS:
            inner: list[dict[str, Any]] = []
            totals: Counter[int] = Counter()
            for i in todo:
                for place, operation in enumerate(self.submissions[i].document.operations):
                    for form in _rows_of(operation, model):
                        position = totals[self.case_ids[i]] if model.repeats else place  # type: ignore[index]
                        inner.append({**self._form_row(i, position, form), "operation_position": place})
                        totals[self.case_ids[i]] = position + 1  # type: ignore[index]
            self._replace(
                model,
                inner,
                {self.case_ids[i]: totals[self.case_ids[i]] for i in changed},
                sparse=not model.repeats,
            )  # type: ignore[index,misc]

    def _form_row(self, i: int, position: int, form: Any) -> dict[str, Any]:
        return {
            "case_id": self.case_ids[i],
            "center_id": self.center.pk,
            "position": position,
            **_values(form),
        }

    def _replace(
        self, model: type[Form], rows: list[dict[str, Any]], counts: dict[int, int], *, sparse: bool = False
    ) -> None:
        if counts:
            # A form that exists for some operations only leaves gaps: its rows are put in anew.
            store.delete_beyond(model, dict.fromkeys(counts, 0) if sparse else counts)
        place = ["operation_position"] if model in OPERATION_FORMS else []
        columns = ["case_id", "center_id", "position", *place, "missing", *FIELDS[TYPES[model]]]
        store.write(model, columns, rows, key=["case_id", "position"] if counts else [])

    # --- answering -------------------------------------------------------------------------------

    def receipts(self) -> list[Receipt]:
        return [self._receipt(i, verdict) for i, verdict in enumerate(self.verdicts)]

    def receipts_of_nothing(self) -> list[Receipt]:
        """An atomic batch with a rejected case: the good ones say why they were not saved."""
        aside = Problem(
            pointer="",
            code="batch_rejected",
            message="Not saved, because another case of this batch was rejected.",
        )
        for i, verdict in enumerate(self.verdicts):
            if verdict in ("new", "changed"):
                self.problems[i] = [aside, *self.problems[i]]
                self.verdicts[i] = "rejected"
        return self.receipts()

    def _receipt(self, i: int, verdict: Any) -> Receipt:
        saved = verdict in ("new", "changed")
        before = self.stored[i]
        return Receipt(
            case_number=self.submissions[i].document.case_number,
            verdict=verdict,
            case_id=self.case_ids[i] or (before.id if before else None),
            version=self._version(i) if saved else (before.version if before else None),
            problems=self.problems[i],
        )


def _rows_of(holder: Any, model: type[Form]) -> tuple[Any, ...]:
    value = getattr(holder, model.name)
    if model.repeats:
        return value
    return () if value is None else (value,)


def _values(form: Any) -> dict[str, Any]:
    """The known values of a form, with its reasons for absence."""
    known = {name: value for name in FIELDS[type(form)] if (value := getattr(form, name)) is not None}
    return {"missing": form.missing, **known}


def lock(case_ids: Sequence[int], *, by: User, center: Center, locked: bool) -> None:
    """Lock complete cases of a center against changes, or unlock them."""
    access.require(by, Action.MANAGE_CENTER, center)
    wanted, present = (Status.LOCKED, Status.COMPLETE) if locked else (Status.COMPLETE, Status.LOCKED)
    with _opened(center, Source.ADMIN, by, "lock" if locked else "unlock"):
        Case.objects.filter(pk__in=list(case_ids), center=center, status=present).update(
            status=wanted, updated_at=timezone.now()
        )
