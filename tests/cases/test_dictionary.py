"""The data dictionary says what the doors do."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from cases import dictionary
from cases.dictionary.redcap import REDCAP_COLUMNS, data_dictionary
from cases.document import DocumentError, parse
from cases.models import FORMS, OperationForm, Patient
from registry.fields import Coded, CodedSet, Digest, Flag, Measurement, PartialDateField, clinical_fields

ROOT = Path(__file__).parents[2]
SCHEMA = Draft202012Validator(dictionary.json_schema(), format_checker=FormatChecker())


def accepted(document):
    try:
        parse(document)
    except DocumentError:
        return False
    return True


# --- JSON Schema and parser: the same verdict --------------------------------------------------------


def values_of(field):
    """Right and wrong values of a field.

    Left out are the two things a schema cannot say: the number of decimals, and the limits in another unit.
    """
    wrong = ["", "x", 3.0, "NK", [], {}, True, 3, -1, 1.25, "2020-13", "a\x00b", ["none", "zzz"], 10**12]
    if isinstance(field, Coded):
        right = list(field.codes)
    elif isinstance(field, CodedSet):
        codes = list(field.codes)
        right = [[codes[0]], codes[-2:], [codes[-1], codes[-1]], codes]
    elif isinstance(field, Measurement):
        low, high = (type(limit)(limit) for limit in field.possible)
        right = [low, high, (low + high) // 2, low - 1, high + 1]
        right += [{"value": low, "unit": unit} for unit in (field.unit, "1", "furlong")]
        right += [
            {"value": low},
            {"value": str(low), "unit": field.unit},
            {"value": low, "unit": [field.unit]},
        ]
        wrong.remove(1.25)
    elif isinstance(field, PartialDateField):
        right = [
            "2020",
            "2020-02",
            "2020-02-29",
            "2021-02-29",
            "1899",
            "2100-01-01",
            "20200101",
            "2020-02-29\n",
        ]
    elif isinstance(field, Flag):
        right = [True, False, 1, "true"]
    elif isinstance(field, Digest):
        right = ["0" * 32, "f" * 64, "f" * 65, "0" * 31, "F" * 32, "g" * 32, "0" * 32 + "\n"]
    else:
        right = ["a", "a b", " a", "a\nb", "\u0104", "x" * field.max_length, "x" * (field.max_length + 1)]
    return st.sampled_from([*right, None]) | st.sampled_from(wrong)


def form_of(model, **inner):
    fields = {field.name: values_of(field) for field in clinical_fields(model)}
    names = st.sampled_from([*fields, "unknown"])
    form = st.fixed_dictionaries(
        {},
        optional={
            "missing": st.dictionaries(names, st.sampled_from(["NK", "ND", "NA", "NR", "nk"]), max_size=2)
        },
    )
    some = st.sets(st.sampled_from(list(fields)), max_size=3).flatmap(
        lambda chosen: st.fixed_dictionaries({name: fields[name] for name in chosen})
    )
    contained = st.fixed_dictionaries({}, optional=inner)
    whole = st.builds(lambda *parts: {k: v for part in parts for k, v in part.items()}, form, some, contained)
    whole |= st.sampled_from([None, [], {}, "x", {"unknown": 1}])
    return st.lists(whole, max_size=2) | st.just(None) if model.repeats else whole


INNER = {model.name: form_of(model) for model in FORMS if issubclass(model, OperationForm)}
OUTER = {
    model.name: form_of(model, **(INNER if model.name == "operations" else {}))
    for model in (Patient, *FORMS)
    if model.name not in INNER
}
OWN = {
    "case_number": st.sampled_from(
        ["A-1", "1", "", " A", "A ", "A\t1", "a b", "x" * 40, "x" * 41, 7, None, "A\n"]
    ),
    "citation": st.sampled_from(["", "Paper", "x" * 401, "a\nb", None]),
    "note": st.sampled_from(["", "Note", "x" * 1001, "a\x1fb", 1]),
    "center": st.just("NORTH"),
}
ONE_FORM = st.sampled_from([*OUTER, *OWN]).flatmap(
    lambda name: st.fixed_dictionaries({name: {**OUTER, **OWN}[name]})
)


@settings(max_examples=1500, deadline=None)
@given(part=ONE_FORM)
def test_schema_and_parser_give_the_same_verdict(part):
    document = {"case_number": "A-1", **part}

    assert SCHEMA.is_valid(document) == accepted(document)


@pytest.mark.parametrize("model", [Patient, *FORMS], ids=lambda model: model.name)
def test_every_single_value_of_every_field_gets_the_same_verdict(model):
    """Not by chance: each field with each code, each limit and each wrong value."""
    for field in clinical_fields(model):
        for value in candidates(field):
            form = {field.name: value}
            form = [form] if model.repeats else form
            if issubclass(model, OperationForm):
                document = {"case_number": "A-1", "operations": [{model.name: form}]}
            else:
                document = {"case_number": "A-1", model.name: form}

            assert SCHEMA.is_valid(document) == accepted(document), (field.name, value)


def candidates(field):
    pools = []
    values_of(field).validate()
    for branch in values_of(field).branches:
        pools += list(branch.elements)
    return pools


def test_the_schema_itself_is_a_schema():
    Draft202012Validator.check_schema(dictionary.json_schema())


def test_decimals_are_the_parser_s_alone():
    """10.25 cm has too many decimals: the schema, which cannot say it, names the number in x-decimals."""
    document = {"case_number": "A-1", "presentation": {"height_cm": 170.25}}

    assert SCHEMA.is_valid(document)
    assert not accepted(document)
    assert (
        dictionary.json_schema()["properties"]["presentation"]["properties"]["height_cm"]["x-decimals"] == 1
    )


# --- REDCap -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def redcap():
    return list(csv.DictReader(io.StringIO(data_dictionary())))


def test_redcap_has_its_eighteen_columns_and_unique_variables(redcap):
    """Columns in the order of REDCap's own export of a dictionary."""
    names = [row["Variable / Field Name"] for row in redcap]

    assert tuple(redcap[0]) == REDCAP_COLUMNS
    assert len(REDCAP_COLUMNS) == 18
    assert len(set(names)) == len(names)
    assert all(name.isascii() and name.replace("_", "").isalnum() and name.islower() for name in names)


def test_redcap_has_every_field_once(redcap):
    operations_of_inner_forms = sum(issubclass(model, OperationForm) for model in FORMS)

    assert len(redcap) == 1 + operations_of_inner_forms + len(list(dictionary.entries()))


def test_redcap_choices_read_back_as_the_codes(redcap):
    sex = next(row for row in redcap if row["Variable / Field Name"] == "sex")
    choices = sex["Choices, Calculations, OR Slider Labels"].split(" | ")

    assert [choice.split(", ")[0] for choice in choices] == ["female", "male", "other", "unknown"]
    assert sex["Field Type"] == "dropdown"


def test_redcap_branching_names_existing_variables_and_choices(redcap):
    by_name = {row["Variable / Field Name"]: row for row in redcap}
    branched = [row for row in redcap if row["Branching Logic (Show field only if...)"]]
    assert branched
    for row in branched:
        for condition in row["Branching Logic (Show field only if...)"].split(" or "):
            if condition.endswith("] <> ''"):
                assert condition.removesuffix("] <> ''").lstrip("[") in by_name
                continue
            name, _, code = condition.partition("] = ")
            name, _, of_set = name.lstrip("[").partition("(")
            asked = by_name[name]
            if of_set:
                assert (asked["Field Type"], code) == ("checkbox", "'1'")
                code = of_set.rstrip(")")
            choices = asked["Choices, Calculations, OR Slider Labels"].split(" | ")
            codes = (
                {choice.split(", ")[0] for choice in choices}
                if asked["Field Type"] != "yesno"
                else {"0", "1"}
            )
            assert code.strip("'") in codes


def test_redcap_limits_are_the_possible_ranges(redcap):
    age = next(row for row in redcap if row["Variable / Field Name"] == "age_at_resection_years")

    assert age["Text Validation Type OR Show Slider Number"] == "integer"
    assert (age["Text Validation Min"], age["Text Validation Max"]) == ("0", "120")


# --- Markdown and the command ------------------------------------------------------------------------


def test_the_committed_page_is_up_to_date():
    assert (ROOT / "docs/dictionary.md").read_text() == dictionary.FORMATS["markdown"]()


@pytest.mark.parametrize("format", dictionary.FORMATS)
def test_the_command_needs_no_database(format):
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "PATH": ""}
    found = subprocess.run(
        [sys.executable, "manage.py", "dictionary", "--format", format],
        cwd=ROOT,
        env=nowhere,
        capture_output=True,
        text=True,
    )

    assert found.returncode == 0, found.stderr
    assert found.stdout == dictionary.FORMATS[format]()
