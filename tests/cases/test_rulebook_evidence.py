"""What a finding rests on: its values in words, and where in the document each can be corrected."""

from datetime import date

import pytest

from cases import synthesis
from cases.rulebook import engine
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.evidence import Evidence, evidence
from cases.rulebook.validity import VALIDITY
from tests.cases.examples import draft, resected

TODAY = date(2026, 1, 1)


def of(rulebook, rule_id, document):
    """The evidence of the first deviation from the rule."""
    found = next(f for f in engine.read(rulebook, document, TODAY).deviations if f.rule_id == rule_id)
    return evidence(rulebook, rule_id, found.pointer, found.values, document)


def test_a_value_has_its_unit_and_its_place():
    document = resected(operation={"blood_loss_ml": 6000, "rbc_units": 0})

    assert of(VALIDITY, "X-36", document) == [
        Evidence(label="Blood loss", value="6000 mL", pointers=("/operations/0/blood_loss_ml",)),
        Evidence(label="Red-cell units", value="0", pointers=("/operations/0/rbc_units",)),
    ]


def test_what_was_not_recorded_is_said_and_can_be_found():
    kept = {"resected_segments": ["supradiaphragmatic"], "approach": ["chevron"]}

    told = evidence(VALIDITY, "X-32", "/operations/0/approach", kept, resected())

    assert told[-1] == Evidence(
        label="Steps of exposure", value="not recorded", pointers=("/operations/0/exposure_steps",)
    )


def test_a_fact_that_was_worked_out_leads_to_all_that_it_was_worked_out_from():
    document = resected(operation={"bypass": ["cardiopulmonary"]})

    facts = {fact.label: fact for fact in of(VALIDITY, "X-33", document)}

    assert facts["Bypass"].pointers == ("/operations/0/bypass",)


def test_the_row_that_is_gone_leaves_the_values():
    kept = {"blood_loss_ml": 6000, "rbc_units": 0}

    told = evidence(VALIDITY, "X-36", "/operations/0/blood_loss_ml", kept, draft())

    assert [(fact.value, fact.pointers) for fact in told] == [("6000 mL", ()), ("0", ())]


def test_values_of_no_rule_are_told_as_they_are():
    kept = {"case_number": ["A-1", "A-3"]}

    assert evidence(VALIDITY, "X-56", "/patient", kept, draft()) == [
        Evidence(label="case number", value="A-1, A-3")
    ]
    assert evidence(VALIDITY, "Z-99", "", {}, draft()) == []


@pytest.mark.parametrize("rulebook", [ALGORITHM, VALIDITY], ids=lambda book: book.name)
def test_every_finding_has_evidence_that_leads_somewhere(rulebook):
    for document in synthesis.documents(60):
        for found in engine.read(rulebook, document, TODAY).deviations:
            told = evidence(rulebook, found.rule_id, found.pointer, found.values, document)

            assert any(fact.pointers for fact in told), found
            assert {fact.value for fact in told} - {"not recorded"} or found.missing, found
