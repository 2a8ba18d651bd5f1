"""What a case lacks to be complete: required answers, reasons, forms, conditional fields."""

import pytest

from cases.document import FIELDS, dump, parse
from cases.forms import OPERATION_FORMS, TYPES
from cases.models import Operation
from cases.rulebook import completeness, engine
from cases.rulebook.validity import VALIDITY
from registry.fields import ANY, Flag, meets
from tests.cases import examples
from tests.cases.rulebook_reading import AS_OF, case, operated, rebuilt

REASONS = ("NK", "ND", "NA")


def lacking(**forms):
    return {answer.pointer for answer in completeness.missing_answers(case(**forms))}


@pytest.fixture
def complete():
    """An operated case with a value for every R and a value or a reason for every C."""
    return dump(examples.complete())


def test_a_case_with_every_answer_or_a_reason_is_complete(complete):
    assert [a.sentence for a in completeness.missing_answers(parse(complete))] == []


def test_an_empty_case_lacks_the_forms_of_every_case():
    assert lacking() == {"/patient", "/consent", "/presentation", "/diagnosis", "/imaging", "/tumor"}


def test_a_resected_case_also_lacks_what_follows_an_operation():
    assert lacking(**operated(operation={"resection_type": "circumferential"})) >= {
        "/pathology",
        "/discharge",
        "/follow_ups",
        "/operations/0/reconstruction",
    }


def test_after_a_death_no_follow_up_is_asked():
    assert "/follow_ups" not in lacking(**operated(death={"died_on": "2020-03-11"}))


def test_an_exploration_asks_for_no_reconstruction():
    found = lacking(operations=[{"operation_type": "exploration_only", "resection_type": "none"}])

    assert "/operations/0/reconstruction" not in found
    assert "/pathology" not in found


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_completes_c_and_not_r(reason):
    found = lacking(presentation={"missing": {"asa": reason}}, tumor={"missing": {"growth_pattern": reason}})

    assert "/presentation/asa" not in found
    assert "/tumor/growth_pattern" in found


def test_not_yet_recorded_is_no_reason():
    assert "/presentation/asa" in lacking(presentation={"missing": {"asa": "NR"}})


@pytest.mark.parametrize(
    ("method", "asked"),
    [
        ("tube_graft", {"material", "diameter_mm", "length_mm", "ringed", "av_fistula"}),
        ("patch", {"material", "av_fistula"}),
        ("ligation", {"no_reconstruction_reason", "av_fistula"}),
        ("primary_closure", {"av_fistula"}),
    ],
)
def test_fields_that_hang_on_another_answer_are_asked_only_then(method, asked):
    """X-22, X-23 and X-24: a tube needs material and diameter, a patch its material, a ligation its reason."""
    at = "/operations/0/reconstruction/"

    assert {p.removeprefix(at) for p in lacking(**rebuilt(ivc_method=method)) if p.startswith(at)} == asked


def test_a_flag_makes_its_field_asked():
    assert "/tumor/metastasis_sites" in lacking(tumor={"metastasis_at_diagnosis": True})
    assert "/tumor/metastasis_sites" not in lacking(tumor={"metastasis_at_diagnosis": False})


def conditions():
    for fields in FIELDS.values():
        for field in fields.values():
            if field.only_if:
                yield field, fields, *field.only_if
    for model in OPERATION_FORMS:
        yield model, FIELDS[TYPES[Operation]], *model.only_if


@pytest.mark.parametrize(
    ("what", "fields", "decides", "codes"), list(conditions()), ids=lambda x: getattr(x, "name", "")
)
def test_every_condition_names_an_answer_and_its_codes(what, fields, decides, codes):
    if decides.startswith("/"):
        # completeness reads the form alone, so the case's own texts decide for optional fields only
        assert (what.need, decides, codes) == ("O", "/citation", ANY)
        return
    allowed = (
        {"true", "false"} if isinstance(fields[decides], Flag) else set(getattr(fields[decides], "codes", ()))
    )

    assert codes <= allowed


@pytest.mark.parametrize(
    ("answer", "codes", "applies"),
    [
        (None, {"a"}, False),
        ("a", {"a", "b"}, True),
        ("c", {"a", "b"}, False),
        (True, {"true"}, True),
        (False, {"true"}, False),
        (frozenset({"a", "c"}), {"a"}, True),
        (frozenset({"c"}), {"a"}, False),
        (0, set(), True),
        (None, set(), False),
        ("", set(), False),
    ],
)
def test_a_condition_is_met_by_one_of_its_codes_or_by_any_answer(answer, codes, applies):
    assert meets(answer, frozenset(codes)) is applies


def test_both_renal_veins_are_asked_when_the_interrenal_segment_was_resected():
    forms = operated(operation={"resected_segments": ["interrenal"], "veins": [{"vein": "left_renal"}]})

    answers = completeness.missing_answers(case(**forms))

    assert [a.label for a in answers if "renal vein" in a.sentence] == ["Both renal veins accounted for"]
    assert not [f for f in engine.read(VALIDITY, case(**forms), AS_OF).findings if f.rule_id == "X-37"]


def test_a_graft_asks_for_an_antithrombotic_row_unless_the_patient_died():
    assert "/antithrombotics" in lacking(**rebuilt(ivc_method="tube_graft"))
    assert "/antithrombotics" not in lacking(**rebuilt(ivc_method="primary_closure"))
    assert "/antithrombotics" not in lacking(
        **rebuilt(ivc_method="tube_graft"), discharge={"discharge_to": "died"}
    )


def test_a_complication_that_is_said_to_exist_must_be_there():
    assert "/complications" in lacking(**operated(discharge={"no_complication_90d": False}))
    assert "/complications" not in lacking(**operated(discharge={"no_complication_90d": True}))
