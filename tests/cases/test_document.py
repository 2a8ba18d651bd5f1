"""The case document: strict in, the same out, and every error in its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.document import FIELDS, CaseDocument, DocumentError, dump, parse
from cases.models import FORMS

NAMES = [*CaseDocument.__dataclass_fields__, *(name for known in FIELDS.values() for name in known)]
WHOLE = {
    "case_number": "A-1",
    "note": "seen twice",
    "patient": {"born_on": "1960-05", "sex": "female", "missing": {"country_residence": "NK"}},
    "tumor": {"segments": ["infrarenal", "interrenal"], "growth_pattern": "mixed", "max_diameter_mm": 90},
    "operations": [
        {
            "operation_type": "index_resection",
            "operated_on": "2015-03-02",
            "approach": ["chevron"],
            "bypass": ["none"],
            "reconstruction": {"ivc_method": "tube_graft", "material": "ptfe", "diameter_mm": 20.5},
            "veins": [
                {"vein": "left_renal", "handling": "reimplanted_graft"},
                {"vein": "right_renal", "handling": "preserved"},
            ],
        },
        {"operation_type": "metastasectomy", "operated_on": "2017"},
    ],
    "follow_ups": [{"visit_on": "2016", "vital_status": "alive"}],
}


def problems_of(raw):
    with pytest.raises(DocumentError) as caught:
        parse(raw)
    return {problem.pointer: problem for problem in caught.value.problems}


def test_what_goes_out_comes_in_as_the_same_document():
    document = parse(WHOLE)

    assert dump(document) == WHOLE
    assert parse(json.dumps(dump(document))) == document


def test_a_document_cannot_be_changed():
    with pytest.raises(AttributeError):
        parse(WHOLE).tumor.growth_pattern = "mixed"


def test_sets_go_out_in_the_order_of_the_vocabulary():
    document = parse({"case_number": "1", "tumor": {"segments": ["retrohepatic", "suprarenal"]}})

    assert dump(document)["tumor"]["segments"] == ["suprarenal", "retrohepatic"]


def test_every_error_is_told_at_once_with_its_place():
    found = problems_of(
        {
            "case_number": "1",
            "patient": {"sex": "f", "born_on": "1860"},
            "operations": [
                {"skin_to_skin_min": 5},
                {"veins": [{"vein": "aorta"}], "operated_on": "2015-02-31"},
            ],
            "follow_ups": {},
        }
    )

    assert {pointer: problem.code for pointer, problem in found.items()} == {
        "/patient/sex": "unknown_code",
        "/patient/born_on": "not_a_date",
        "/operations/0/skin_to_skin_min": "out_of_range",
        "/operations/1/veins/0/vein": "unknown_code",
        "/operations/1/operated_on": "not_a_date",
        "/follow_ups": "wrong_shape",
    }


def test_an_error_names_the_field_and_what_to_do():
    found = problems_of({"case_number": "1", "operations": [{"skin_to_skin_min": 5}]})

    assert found["/operations/0/skin_to_skin_min"].message == (
        "Operating time (operations.1.skin_to_skin_min) must be a whole number from 20 to 2160 min."
    )


@pytest.mark.parametrize("rows", [{"follow_ups": [{"missing": None}]}, {"patient": {"missing": 1}}])
def test_reasons_for_absence_are_an_object_wherever_they_stand(rows):
    (problem,) = problems_of({"case_number": "1", **rows}).values()

    assert problem.pointer.endswith("/missing")
    assert problem.message.endswith("missing must be an object.")


def test_a_form_has_at_most_200_rows():
    found = problems_of({"case_number": "1", "follow_ups": [{}] * 201})

    assert found["/follow_ups"].message == "follow_ups must have at most 200 rows."
    assert len(parse({"case_number": "1", "follow_ups": [{}] * 200}).follow_ups) == 200


def test_an_unknown_field_is_refused_and_the_nearest_is_named():
    found = problems_of({"case_number": "1", "tumor": {"growth": "mixed"}, "smoker": True})

    assert found["/tumor/growth"].message == (
        "tumor.growth is not a field of the form 'tumor'; did you mean 'growth_pattern'?"
    )
    assert found["/smoker"].code == "unknown_field"


def test_a_bare_level_number_is_no_segment():
    assert "/tumor/segments" in problems_of({"case_number": "1", "tumor": {"segments": ["II"]}})
    assert "/tumor/level" in problems_of({"case_number": "1", "tumor": {"level": 2}})


@pytest.mark.parametrize("codes", [[], ["none", "venovenous"], ["venovenous", "steam"]])
def test_a_set_is_never_empty_and_none_stands_alone(codes):
    assert "/operations/0/bypass" in problems_of({"case_number": "1", "operations": [{"bypass": codes}]})


@pytest.mark.parametrize(
    ("raw", "pointer", "code"),
    [
        ({"missing": {"sex": "because"}}, "/patient/missing/sex", "unknown_reason"),
        ({"missing": {"shoe": "NK"}}, "/patient/missing/shoe", "unknown_field"),
        ({"sex": "female", "missing": {"sex": "NK"}}, "/patient/missing/sex", "value_and_reason"),
    ],
)
def test_a_reason_for_absence_needs_an_empty_field_of_the_form(raw, pointer, code):
    assert problems_of({"case_number": "1", "patient": raw})[pointer].code == code


def test_all_reasons_for_absence_that_are_pointless_are_told_at_once():
    raw = {"sex": "female", "born_on": "1960", "missing": {"sex": "NK", "shoe": "NK", "born_on": "NA"}}
    found = problems_of({"case_number": "1", "patient": raw})

    assert {pointer: problem.code for pointer, problem in found.items()} == {
        "/patient/missing/sex": "value_and_reason",
        "/patient/missing/shoe": "unknown_field",
        "/patient/missing/born_on": "value_and_reason",
    }


@pytest.mark.parametrize(
    "text", ['{"a":', "[]", '{"case_number": "1", "note": "\\u0000"}', '{"case_number": NaN}', "1"]
)
def test_what_is_not_a_document_is_refused_not_repaired(text):
    assert problems_of(text)


@pytest.mark.parametrize("value", ["215", 215.5, True, float("nan"), 10**30])
def test_numbers_are_never_coerced(value):
    assert problems_of({"case_number": "1", "operations": [{"skin_to_skin_min": value}]})


@pytest.mark.parametrize("value", ["two\nlines", "two\r\nlines", "a\ttab", "\x00", "end\n"])
def test_a_text_is_one_line_at_every_door(value):
    (problem,) = problems_of(
        {"case_number": "1", "operations": [{"reconstruction": {"brand": value}}]}
    ).values()

    assert problem.message.endswith(" must be a text of 1 to 60 characters on one line.")


@pytest.mark.parametrize("value", ["٢٠١٥", "2015-1", "15.03.2015", "2015-02-30", "9999", "2015-03-02\n"])
def test_dates_are_iso_and_real(value):
    assert problems_of({"case_number": "1", "diagnosis": {"diagnosis_on": value}})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*NAMES, "x", "vein", "missing"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_no_input_breaks_the_parser(raw):
    try:
        assert dump(parse(raw))["case_number"]
    except DocumentError as error:
        assert all(problem.message.endswith((".", "?")) for problem in error.problems)


def test_every_form_has_its_place_in_the_document():
    names = set(parse({"case_number": "1"}).__dataclass_fields__) | {"reconstruction", "veins"}

    assert {form.name for form in FORMS} <= names
