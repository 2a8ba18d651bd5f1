"""Numbers over HTTP: 22 and 22.0 alike; other units converted where the dictionary lists them, else refused by name."""

import pytest

from cases import dictionary, document
from cases.models import Case
from registry import access
from tests.cases.examples import resected
from tests.clients import machine

pytestmark = pytest.mark.django_db

CASES = "/api/v1/cases/"


@pytest.fixture
def script(north, alice):
    return machine(north, alice)


def sent(form, name, value):
    """The smallest case with one answer."""
    if form == "operations":
        made = document.dump(resected(operation={name: None}))
        made["operations"][0][name] = value
        return made
    if form in ("follow_ups", "imaging"):
        return {"case_number": "A-1", form: [{name: value}]}
    return {"case_number": "A-1", form: {name: value}}


def kept(answer, form, name):
    found = answer.json()["document"][form]
    return (found[0] if isinstance(found, list) else found)[name]


# By hand: 1.2 x 88.4 = 106.08; 0.8 x 17.104 = 13.6832; 12.5 x 10; 3.6 x 10; 1.75 x 100; 12.3 x 10; 1.5 x 1000;
# 3.5 x 60; 2.2 x 10; 203 / 10.
CONVERTED = [
    ("presentation", "creatinine_preop_umol_l", 1.2, "mg/dL", 106.1),
    ("discharge", "creatinine_discharge_umol_l", 1.2, "mg/dL", 106.1),
    ("follow_ups", "creatinine_umol_l", 1, "mg/dL", 88.4),
    ("presentation", "bilirubin_preop_umol_l", 0.8, "mg/dL", 13.7),
    ("presentation", "hemoglobin_preop_g_l", 12.5, "g/dL", 125),
    ("presentation", "albumin_preop_g_l", 3.6, "g/dL", 36),
    ("presentation", "height_cm", 1.75, "m", 175),
    ("presentation", "height_cm", 1803, "mm", 180.3),
    ("tumor", "max_diameter_mm", 12.3, "cm", 123),
    ("operations", "blood_loss_ml", 1.5, "L", 1500),
    ("operations", "skin_to_skin_min", 3.5, "h", 210),
    ("imaging", "ivc_diameter_caudal_mm", 2.2, "cm", 22),
    ("presentation", "creatinine_preop_umol_l", 106.1, "umol/L", 106.1),
    ("presentation", "weight_kg", 70, "kg", 70),
]


@pytest.mark.parametrize(("form", "name", "value", "unit", "stored"), CONVERTED)
def test_another_unit_is_converted(script, form, name, value, unit, stored):
    answer = script.post(CASES, sent(form, name, {"value": value, "unit": unit}))

    assert (answer.status_code, kept(answer, form, name)) == (201, stored)


def test_a_case_sent_in_another_unit_is_the_same_case(script):
    script.post(CASES, sent("presentation", "height_cm", 175))

    again = script.post(CASES, sent("presentation", "height_cm", {"value": 1.75, "unit": "m"}))

    assert (again.status_code, again.json()["verdict"]) == (200, "unchanged")


@pytest.mark.parametrize(
    ("form", "name", "value"), [("operations", "blood_loss_ml", 300), ("presentation", "height_cm", 170)]
)
def test_a_whole_number_may_be_written_with_a_point(script, form, name, value):
    first = script.post(CASES, sent(form, name, float(value)))
    again = script.post(CASES, sent(form, name, value))

    assert (first.status_code, again.json()["verdict"]) == (201, "unchanged")


REFUSED = {
    "a unit of another kind": {"value": 170, "unit": "kg"},
    "a unit that nobody listed": {"value": 67, "unit": "[in_i]"},
    "a unit in other letters": {"value": 1.7, "unit": "M"},
    "no unit": {"value": 170},
    "more than anybody can measure": {"value": 2.3e109, "unit": "m"},
    "no value": {"unit": "cm"},
    "a value as text": {"value": "170", "unit": "cm"},
    "a value that is true": {"value": True, "unit": "cm"},
    "a unit as a list": {"value": 170, "unit": ["cm"]},
    "more than a quantity": {"value": 170, "unit": "cm", "system": "http://unitsofmeasure.org"},
    "a list": [170],
    "nothing of it": {},
    "too large in another unit": {"value": 17, "unit": "m"},
    "too many decimals in its own unit": {"value": 170.25, "unit": "cm"},
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_a_quantity_that_cannot_be_read_is_refused_with_its_place(script, value):
    answer = script.post(CASES, sent("presentation", "height_cm", value))

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (422, "/presentation/height_cm")
    with access.everywhere():
        assert not Case.objects.exists()


def test_an_unknown_unit_is_answered_with_those_that_are_taken(script):
    answer = script.post(CASES, sent("presentation", "creatinine_preop_umol_l", {"value": 1, "unit": "g/L"}))

    assert answer.json()["errors"][0] == {
        "pointer": "/presentation/creatinine_preop_umol_l",
        "code": "unknown_unit",
        "message": "Creatinine before the operation (presentation.creatinine_preop_umol_l) is taken in one of"
        " these units: umol/L, mg/dL.",
        "severity": "error",
    }


def test_what_is_only_counted_has_no_unit(script):
    answer = script.post(CASES, sent("operations", "rbc_units", {"value": 2, "unit": "1"}))

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "wrong_type")


def test_the_dictionary_lists_the_units_with_their_factors():
    forms = dictionary.json_schema()["properties"]
    said = forms["presentation"]["properties"]["creatinine_preop_umol_l"]

    assert said["x-units"] == {"umol/L": 1.0, "mg/dL": 88.4}
    assert said["anyOf"][1]["properties"]["unit"] == {"enum": ["umol/L", "mg/dL"]}
