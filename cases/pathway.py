"""The algorithm as a path: its rules in the order of care, with what was done and what each rule said of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext, gettext_lazy, ngettext

from cases.phrases import answer, label, margin
from cases.rulebook import retelling
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.engine import Rulebook
from cases.vocabulary import Decision, OperationType, ReviewState, Severity, Verdict

# The rules of each phase. A new rule belongs into one of them; a test asks for it.
PHASES: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("diagnosis", gettext_lazy("Diagnosis"), ("L-03", "L-23")),
    ("staging", gettext_lazy("Staging"), ("S-01", "S-02", "L-01", "L-01b", "L-04", "L-05")),
    ("mdt", gettext_lazy("Tumor board"), ("L-02", "L-18", "L-19", "L-22")),
    ("approach", gettext_lazy("Approach"), ("S-03", "S-04", "L-06", "L-07")),
    ("dissection", gettext_lazy("Dissection"), ("S-05", "S-06", "S-07")),
    ("resection", gettext_lazy("Resection"), ("S-08", "S-08b", "L-08", "S-16", "L-17", "L-24")),
    (
        "reconstruction",
        gettext_lazy("Reconstruction"),
        ("S-09", "L-09", "S-10", "L-13", "S-11", "S-12", "L-10", "S-13", "L-11", "L-12"),
    ),
    ("early", gettext_lazy("Early outcome"), ("S-14", "S-15", "L-21", "L-14", "L-15")),
    ("follow_up", gettext_lazy("Follow-up"), ("S-17", "L-20", "L-16", "L-25")),
)


class State(StrEnum):
    """What became of a rule, with the sign that is drawn for it."""

    CONCORDANT = "concordant"
    DEVIATION = "deviation"
    EXPLAINED = "explained"  # by the center
    JUSTIFIED = "justified"  # a second person accepted the explanation
    NOTE = "note"  # differs, but only for information
    NOT_ASSESSABLE = "not_assessable"
    NOT_APPLICABLE = "not_applicable"


WORDS: dict[State, Any] = {
    State.CONCORDANT: gettext_lazy("concordant"),
    State.DEVIATION: gettext_lazy("deviation"),
    State.EXPLAINED: gettext_lazy("explained"),
    State.JUSTIFIED: gettext_lazy("justified"),
    State.NOTE: gettext_lazy("differs, for information"),
    State.NOT_ASSESSABLE: gettext_lazy("not assessable"),
    State.NOT_APPLICABLE: gettext_lazy("not applicable"),
}


HOW_FAR = (State.DEVIATION, State.EXPLAINED, State.JUSTIFIED)
SENTINEL_WORDS: dict[State, Any] = {
    State.DEVIATION: gettext_lazy("sentinel event"),
    State.EXPLAINED: gettext_lazy("sentinel event, explained"),
    State.JUSTIFIED: gettext_lazy("sentinel event, reviewed"),
}


def place_of(rule_id: str, book: Rulebook = ALGORITHM) -> dict[str, Any]:
    """The title of a rule, and the phase of care that it belongs to."""
    phase = next((name for name, _, rules in PHASES if rule_id in rules), None)
    return {"title": retelling.title(rule_id, book), "phase": phase}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One rule on the path."""

    rule: str
    title: str
    state: State
    word: str
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One phase of care: what was done, the rules that apply, and those that do not."""

    name: str
    title: str
    done: str
    steps: list[Step] = field(default_factory=list)
    idle: list[Step] = field(default_factory=list)


def pathway(
    document: Any,
    findings: Iterable[Mapping[str, Any]],
    deviations: Iterable[Any] = (),
    book: Rulebook = ALGORITHM,
) -> list[Phase]:
    """Lay out what the algorithm, under the version that `book` is, said of a case, and people to its deviations."""
    said = {str(finding["rule"]): finding for finding in findings}
    answered = _answered(deviations)
    phases = []
    for name, title, rules in PHASES:
        steps = [_step(said[rule], answered.get(rule), book) for rule in rules if rule in said]
        phases.append(
            Phase(
                name=name,
                title=str(title),
                done=DONE[name](document),
                steps=[step for step in steps if step.state != State.NOT_APPLICABLE],
                idle=[step for step in steps if step.state == State.NOT_APPLICABLE],
            )
        )
    return phases


def _answered(deviations: Iterable[Any]) -> dict[str, State]:
    """What people made of each rule's deviations; a rule that deviates at several places is as far as the last."""
    reached: dict[str, State] = {}
    for one in deviations:
        state = State.DEVIATION
        if one.state == ReviewState.ANSWERED:
            state = State.EXPLAINED
        elif one.state == ReviewState.DECIDED and one.decision == Decision.ACCEPTED:
            state = State.JUSTIFIED
        before = reached.get(one.rule_id, State.JUSTIFIED)
        reached[one.rule_id] = min(state, before, key=HOW_FAR.index)
    return reached


def _step(finding: Mapping[str, Any], answered: State | None, book: Rulebook) -> Step:
    rule, state = str(finding["rule"]), _state(finding, answered)
    word = str(WORDS[state])
    if finding.get("severity") == Severity.SENTINEL and state in HOW_FAR:
        word = str(SENTINEL_WORDS[state])
    return Step(
        rule=rule,
        title=retelling.title(rule, book),
        state=state,
        word=word,
        sentence=retelling.of_finding(finding, book),
    )


def _state(finding: Mapping[str, Any], answered: State | None) -> State:
    verdict = finding["verdict"]
    if verdict != Verdict.DEVIATION:
        return State(verdict)
    if finding.get("severity") == Severity.INFO:
        return State.NOTE
    return answered or State.DEVIATION


# --- what was done, in a line ---------------------------------------------------------------------------------------


def _line(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _diagnosis(document: Any) -> str:
    form = document.diagnosis
    return _line(answer(form, "diagnosis_on"), answer(form, "diagnosis_basis"))


def _staging(document: Any) -> str:
    form = document.tumor
    stage = document.clinical_stage
    tnm = " ".join(
        answer(form, name).partition(":")[0] for name in ("c_t", "c_n", "c_m") if answer(form, name)
    )
    return _line(
        answer(form, "growth_pattern"), tnm, gettext("stage {stage}").format(stage=stage) if stage else ""
    )


def _mdt(document: Any) -> str:
    return _line(*(_line_of(meeting) for meeting in document.mdt_meetings[:3]))


def _line_of(meeting: Any) -> str:
    return " ".join(filter(None, [answer(meeting, "held_on"), answer(meeting, "decision")]))


def _approach(document: Any) -> str:
    index = document.index
    if index is None:
        kinds = [answer(operation, "operation_type") for operation in document.operations]
        none = gettext("no {operation}").format(
            operation=label(OperationType, OperationType.INDEX_RESECTION).lower()
        )
        return _line(none, *kinds)
    return _line(answer(index, "approach"), answer(index, "urgency"))


def _dissection(document: Any) -> str:
    index = document.index
    pringle = gettext("Pringle maneuver") if index and index.pringle_used else ""
    return _line(answer(index, "exposure_steps"), pringle, _unless_none(index, "vascular_exclusion"))


def _unless_none(form: Any, name: str) -> str:
    value = getattr(form, name, None) if form is not None else None
    return "" if value in (None, "none", frozenset({"none"})) else answer(form, name)


def _resection(document: Any) -> str:
    return _line(answer(document.index, "resection_type"), margin(document.specimen))


def _reconstruction(document: Any) -> str:
    form = document.reconstruction
    return _line(answer(form, "ivc_method"), answer(form, "material"), answer(form, "diameter_mm"))


def _early(document: Any) -> str:
    grade = document.highest_clavien_dindo
    if grade:
        return gettext("highest grade {grade}").format(grade=grade)
    none = document.discharge is not None and document.discharge.no_complication_90d
    return gettext("no complication within 90 days") if none else ""


def _follow_up(document: Any) -> str:
    visits = len(document.follow_ups)
    return ngettext("{n} visit", "{n} visits", visits).format(n=visits) if visits else ""


DONE = {
    "diagnosis": _diagnosis,
    "staging": _staging,
    "mdt": _mdt,
    "approach": _approach,
    "dissection": _dissection,
    "resection": _resection,
    "reconstruction": _reconstruction,
    "early": _early,
    "follow_up": _follow_up,
}
