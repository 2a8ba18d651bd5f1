"""The work on a batch of cases: compare them with what is stored, judge them, write them table by table.

One case or thousands take the same number of statements. Only `cases/intake.py` calls this, inside its transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from django.utils.translation import gettext

from cases import consents, duty, erasure_log, observations, pseudonym, review, store, versions
from cases.document import StoredCase, load
from cases.forms import FIELDS, OPERATION_FORMS, OUTER_FORMS, TYPES, CaseDocument
from cases.models import Case, DataQuery, Form, Patient, Tombstone, Transfer
from cases.problems import Problem
from cases.rulebook import completeness, engine
from cases.rulebook.validity import VALIDITY
from cases.vocabulary import ReviewState, Status
from registry import clock

if TYPE_CHECKING:
    from registry.models import Center

Verdict = Literal["new", "changed", "unchanged", "rejected"]

CASE_COLUMNS = (
    *("id", "center_id", "patient_id", "case_number", "status", "source", "citation", "note", "version"),
    *("created_at", "updated_at"),
)
PATIENT_COLUMNS = ("id", "center_id", "registry_id", "missing", *FIELDS[TYPES[Patient]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A document on its way in; `if_version` is the version its author read, for corrections."""

    document: CaseDocument  # type: ignore[valid-type]
    if_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one document: its verdict, and the problems found (errors refuse, queries only ask)."""

    case_number: str
    verdict: Verdict
    case_id: int | None = None
    version: int | None = None
    problems: list[Problem] = field(default_factory=list)
    new: Case | None = None  # a new case as it was stored, with patient and center
    is_asked: bool = True  # whether data queries may stand

    @property
    def errors(self) -> list[Problem]:
        """What refused it."""
        return [problem for problem in self.problems if problem.severity == "error"]


@dataclass(slots=True, kw_only=True)
class Item:
    """One submission on its way through the batch, and what is found out about it."""

    submission: Submission
    verdict: Verdict = "new"
    problems: list[Problem] = field(default_factory=list)
    stored: StoredCase | None = None
    case_id: int | None = None
    patient_id: int | None = None
    registry_id: str = ""
    reading: Any = None
    new: Case | None = None
    is_asked: bool = True

    @property
    def document(self) -> Any:
        return self.submission.document

    @property
    def is_to_write(self) -> bool:
        return self.verdict in ("new", "changed")

    @property
    def stored_version(self) -> int | None:
        return self.stored.version if self.stored else None

    @property
    def version(self) -> int:
        """The version that writing it makes."""
        return self.stored.version + 1 if self.stored else 1

    @property
    def is_fresh(self) -> bool:
        """Whether its author has seen what is stored."""
        return self.submission.if_version in (None, self.stored_version)

    def find(self, stored: StoredCase) -> None:
        self.stored, self.case_id = stored, stored.id
        self.patient_id, self.registry_id = stored.patient_id, stored.registry_id

    def reject(self, code: str, message: str, pointer: str = "") -> None:
        self.problems.append(Problem(pointer=pointer, code=code, message=message))
        self.verdict = "rejected"


# --- judging -------------------------------------------------------------------------------------------


def judge(
    items: Sequence[Item], *, center: Center, reason: str, as_of: date, under: Transfer | None = None
) -> None:
    """Lock what is stored under these case numbers, and give each item its verdict and its problems.

    Under a transfer only the case of that, and only what follow-up adds.
    """
    numbers = Counter(item.document.case_number for item in items)
    locked = (
        Case.objects.filter(center=center, case_number__in=list(numbers)).order_by("pk").select_for_update()
    )
    stored = {case.document.case_number: case for case in load(locked.values_list("pk", flat=True))}
    erased = _erased([number for number in numbers if number not in stored], center)
    for item in items:
        number = item.document.case_number
        if under is not None and not _is_follow_up(item, stored.get(number), under):
            item.reject("only_follow_up", duty.only_follow_up())
            continue
        if numbers[number] > 1:
            item.problems.append(repeated_number())
            item.verdict = "rejected"
            continue
        if number in stored:
            item.find(stored[number])
            item.verdict = "changed"
            if item.is_fresh and stored[number].document == item.document:
                item.verdict = "unchanged"
                continue
            _compare(item, stored[number], reason)
        elif number in erased:
            said = gettext(
                "The patient of this case had it erased: nothing may be recorded under its number again."
            )
            item.reject("erased", said, "/case_number")
            continue
        _read(item, as_of)


def _is_follow_up(item: Item, stored: StoredCase | None, under: Transfer) -> bool:
    """Whether a document adds follow-up to the case of a transfer; one that is stale is told so instead."""
    if stored is None or stored.id != under.case_id:
        return False
    is_stale = item.submission.if_version not in (None, stored.version)
    return is_stale or duty.only_adds(stored.document, item.document)


def _erased(numbers: list[str], center: Center) -> set[str]:
    """Which of these case numbers, none of which is stored, belonged to a case that was erased."""
    if not numbers:
        return set()
    named = {digest: number for number in numbers for digest in erasure_log.number_digests(center.pk, number)}
    stones = Tombstone.objects.filter(center=center, number_digest__in=list(named))
    return {named[digest] for digest in stones.values_list("number_digest", flat=True)}


def withdrawn() -> str:
    """Why nothing is recorded any more, where the patient withdrew consent."""
    return gettext(
        "The patient withdrew consent: nothing more is recorded. A withdrawal that was entered by mistake is taken back"
        " by the center's lead, on the page of the case under Consent."
    )


def withdrawing_elsewhere() -> str:
    """Where a withdrawal is recorded: with the answers of a case it would end nothing, and nobody would say why."""
    return gettext(
        "A withdrawal is not recorded together with other answers: the center's lead or a data manager carries it out,"
        " on the page of the case under Consent."
    )


def repeated_number() -> Problem:
    """What is wrong with each of several cases of one number."""
    said = gettext("case_number stands more than once in this batch; send each case once.")
    return Problem(pointer="/case_number", code="repeated_case_number", message=said)


def _compare(item: Item, stored: StoredCase, reason: str) -> None:
    if consents.is_withdrawn(stored.document):
        item.reject("withdrawn", withdrawn(), "/consent/basis")
    elif consents.is_withdrawn(item.document):
        item.reject("withdrawal", withdrawing_elsewhere(), "/consent/basis")
    elif stored.status == Status.LOCKED:
        item.reject("locked", gettext("The case is locked; ask the data manager to unlock it."))
    elif not item.is_fresh:
        said = gettext("The case is now at version {version}; read it again and repeat your change.")
        item.reject("stale_version", said.format(version=stored.version))
    elif stored.status == Status.COMPLETE and not reason.strip():
        item.reject("reason_required", gettext("The case is complete: say why it changes."), "/reason")


def _read(item: Item, as_of: date) -> None:
    item.reading = engine.read(VALIDITY, item.document, as_of)
    for severity, findings in (("error", item.reading.errors), ("query", item.reading.queries)):
        item.problems += [
            Problem(pointer=f.pointer, code=f.rule_id, message=f.sentence, severity=severity)
            for f in findings
        ]
    if item.reading.errors:
        item.verdict = "rejected"


# --- writing -------------------------------------------------------------------------------------------


def write(items: Sequence[Item], *, center: Center, source: str, as_of: date) -> None:
    """Write every new and changed case, and all that follows from it."""
    to_write = [item for item in items if item.is_to_write]
    if not to_write:
        return
    now, algorithm = clock.now(), versions.active()
    _give_ids([item for item in to_write if item.stored is None])
    with store.ahead():
        key = ["id"] if any(item.stored for item in to_write) else []
        people = [_patient_row(item, center) for item in to_write]
        store.write(Patient, PATIENT_COLUMNS, people, key=key, kept=["registry_id"])
        cases = [_case_row(item, center, source, now) for item in to_write]
        store.write(Case, CASE_COLUMNS, cases, key=key, kept=["created_at", "source"])
        for model in OUTER_FORMS:
            _write_form(model, to_write, center)
        for model in OPERATION_FORMS:
            _write_operation_form(model, to_write, center)
        observed = {item.case_id or 0: _observation_row(item, center, source) for item in to_write}
        observations.write(observed, are_new=not key)
        judged = [_judged(item, center, source) for item in to_write]
        said = review.record(judged, algorithm=algorithm, as_of=as_of, now=now)
    for item, row in zip(to_write, cases, strict=True):
        if item.stored is None:
            patient = Patient(id=item.patient_id, registry_id=item.registry_id, center=center)
            item.new = Case(**row, patient=patient, center=center)
            item.is_asked = item.case_id in said.asked
    _ask_once([item for item in to_write if item.stored])


def _ask_once(items: list[Item]) -> None:
    """Leave out of the answer what was confirmed before on the same values: it is not asked again."""
    if not items:
        return
    said = (ReviewState.ANSWERED, ReviewState.DECIDED)
    rows = DataQuery.objects.filter(case_id__in=[item.case_id for item in items], state__in=said)
    confirmed = set(rows.values_list("case_id", "rule_id", "pointer"))
    for item in items:
        item.problems = [p for p in item.problems if (item.case_id, p.code, p.pointer) not in confirmed]


def _give_ids(new: list[Item]) -> None:
    for item, (case_id, patient_id) in zip(new, store.next_ids(len(new), Case, Patient), strict=True):
        item.case_id, item.patient_id, item.registry_id = case_id, patient_id, pseudonym.draw()


def _patient_row(item: Item, center: Center) -> dict[str, Any]:
    form = item.document.patient
    known = _values(form) if form is not None else {"missing": {}}
    return {"id": item.patient_id, "center_id": center.pk, "registry_id": item.registry_id, **known}


def _case_row(item: Item, center: Center, source: str, now: datetime) -> dict[str, Any]:
    document = item.document
    return {
        "id": item.case_id,
        "center_id": center.pk,
        "patient_id": item.patient_id,
        "case_number": document.case_number,
        "status": Status.COMPLETE if completeness.is_complete(document) else Status.DRAFT,
        "source": source,
        "citation": document.citation,
        "note": document.note,
        "version": item.version,
        "created_at": now,
        "updated_at": now,
    }


def _observation_row(item: Item, center: Center, source: str) -> dict[str, Any] | None:
    return observations.row(
        item.document,
        case_id=item.case_id,
        center_id=center.pk,
        source=item.stored.source if item.stored else source,
        is_counted_elsewhere=item.stored is not None and item.stored.is_counted_elsewhere,
    )


def _judged(item: Item, center: Center, source: str) -> review.Judged:
    return review.Judged(
        case_id=item.case_id or 0,
        center_id=center.pk,
        patient_id=item.patient_id or 0,
        source=item.stored.source if item.stored else source,
        version=item.version,
        document=item.document,
        validity=item.reading,
        is_new=item.stored is None,
    )


# --- forms -----------------------------------------------------------------------------------------------


def _write_form(model: type[Form], items: list[Item], center: Center) -> None:
    rows = [
        _form_row(item, center, place, form)
        for item in items
        for place, form in enumerate(_forms(item.document, model))
    ]
    _replace(model, rows, items)


def _write_operation_form(model: type[Form], items: list[Item], center: Center) -> None:
    """Write a form of operations; one that an operation has once stands at that operation's position."""
    rows = []
    for item in items:
        position = 0
        for place, operation in enumerate(item.document.operations):
            position = position if model.repeats else place
            for form in _forms(operation, model):
                rows.append({**_form_row(item, center, position, form), "operation_position": place})
                position += 1
    _replace(model, rows, items)


def _replace(model: type[Form], rows: list[dict[str, Any]], items: list[Item]) -> None:
    """Write rows of a form; of cases that were there before, also remove what is no longer in the document."""
    stored = [item.stored.id for item in items if item.stored]
    if stored:
        store.delete_others(model, stored, rows)
    place = ["operation_position"] if model in OPERATION_FORMS else []
    columns = ["case_id", "center_id", "position", *place, "missing", *FIELDS[TYPES[model]]]
    store.write(model, columns, rows, key=["case_id", "position"] if stored else [])


def _forms(holder: Any, model: type[Form]) -> tuple[Any, ...]:
    value = getattr(holder, model.name)
    if model.repeats:
        return value
    return () if value is None else (value,)


def _form_row(item: Item, center: Center, position: int, form: Any) -> dict[str, Any]:
    return {"case_id": item.case_id, "center_id": center.pk, "position": position, **_values(form)}


def _values(form: Any) -> dict[str, Any]:
    """The known values of a form, with its reasons for absence."""
    known = {name: value for name in FIELDS[type(form)] if (value := getattr(form, name)) is not None}
    return {"missing": form.missing, **known}
