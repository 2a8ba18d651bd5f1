"""The path through the algorithm: every rule has its phase, every verdict its word."""

from datetime import date

import pytest

from cases.models import Deviation
from cases.pathway import PHASES, State, pathway
from cases.rulebook import engine
from cases.rulebook.algorithm import ALGORITHM
from tests.cases.examples import draft, resected

DAY = date(2026, 1, 1)


def path(document, deviations=()):
    findings = [finding.as_json() for finding in engine.read(ALGORITHM, document, DAY).findings]
    return pathway(document, findings, deviations)


def steps(document, *deviations):
    return {step.rule: step for phase in path(document, deviations) for step in (*phase.steps, *phase.idle)}


def said(rule, state="answered", decision=""):
    """A deviation as people left it."""
    return Deviation(rule_id=rule, state=state, answer="emergency", decision=decision)


def test_every_rule_of_the_algorithm_has_one_phase():
    placed = [rule for _, _, rules in PHASES for rule in rules]

    assert sorted(placed) == sorted(rule.id for rule in ALGORITHM.rules)


def test_the_phases_follow_the_course_of_care():
    assert [phase.title for phase in path(resected())] == [
        "Diagnosis",
        "Staging",
        "Tumor board",
        "Approach",
        "Dissection",
        "Resection",
        "Reconstruction",
        "Early outcome",
        "Follow-up",
    ]


@pytest.mark.parametrize(
    ("operation", "rule", "state", "word"),
    [
        ({"approach": ["chevron"]}, "S-04", State.CONCORDANT, "concordant"),
        ({"approach": ["median_laparotomy"]}, "S-04", State.DEVIATION, "deviation"),
        ({"skin_to_skin_min": 600}, "S-16", State.NOTE, "differs, for information"),
        ({"exposure_steps": None}, "S-05", State.NOT_ASSESSABLE, "not assessable"),
        ({}, "S-06", State.NOT_APPLICABLE, "not applicable"),
    ],
)
def test_each_verdict_has_its_word(operation, rule, state, word):
    given = {name: value for name, value in operation.items() if value is not None}
    step = steps(resected(operation=given))[rule]

    assert (step.state, step.word) == (state, word)


@pytest.mark.parametrize(
    ("answers", "state", "word"),
    [
        ([("answered", "")], State.EXPLAINED, "explained"),
        ([("decided", "accepted")], State.JUSTIFIED, "justified"),
        ([("decided", "not_accepted")], State.DEVIATION, "deviation"),
        ([("open", "data_wrong")], State.DEVIATION, "deviation"),
        ([("decided", "accepted"), ("answered", "")], State.EXPLAINED, "explained"),
        ([("open", ""), ("decided", "accepted")], State.DEVIATION, "deviation"),
    ],
)
def test_a_deviation_is_justified_when_every_explanation_of_it_was_accepted(answers, state, word):
    document = resected(operation={"approach": ["median_laparotomy"]})
    step = steps(document, *(said("S-04", *answer) for answer in answers))["S-04"]

    assert (step.state, step.word) == (state, word)


def test_a_sentinel_event_is_not_called_a_deviation():
    document = resected(
        complications=[{"type": "pe", "onset_on": "2015-03-04", "clavien_dindo": "II"}],
        death={"died_on": "2015-04-01"},
    )

    assert steps(document)["S-14"].word == "sentinel event"
    assert steps(document, said("S-14"))["S-14"].word == "sentinel event, explained"
    assert steps(document, said("S-14", "decided", "accepted"))["S-14"].word == "sentinel event, reviewed"


def test_what_does_not_apply_stands_apart():
    dissection = next(phase for phase in path(resected()) if phase.name == "dissection")

    assert [step.rule for step in dissection.idle] == ["S-06", "S-07"]
    assert [step.rule for step in dissection.steps] == ["S-05"]


def test_each_phase_says_what_was_done():
    done = {
        phase.name: phase.done
        for phase in path(
            resected(
                diagnosis={"diagnosis_on": "2015-01", "diagnosis_basis": "biopsy"},
                mdt_meetings=[{"held_on": "2015-02", "decision": "surgery"}],
                pathology=[{"margin": "R0"}],
                follow_ups=[{"visit_on": "2016"}],
            )
        )
    }

    assert done == {
        "diagnosis": "2015-01; biopsy",
        "staging": "mixed",
        "mdt": "2015-02 surgery",
        "approach": "bilateral subcostal (Chevron)",
        "dissection": "",
        "resection": "circumferential (circular); R0",
        "reconstruction": "tube graft; PTFE, not specified further; 20 mm",
        "early": "",
        "follow_up": "1 visit",
    }


def test_a_margin_without_a_finding_says_that_it_is_the_margin():
    phases = path(resected(pathology=[{"margin": "RX"}]))

    done = next(phase.done for phase in phases if phase.name == "resection")
    assert done == "circumferential (circular); margin cannot be assessed"


def test_a_case_without_operation_and_without_assessment_is_still_a_path():
    phases = pathway(draft(), (), ())

    assert [phase.steps for phase in phases] == [[]] * 9
    assert next(phase.done for phase in phases if phase.name == "approach") == "no index resection"
