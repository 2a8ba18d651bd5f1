"""A center's own columns: which field they may hold, what is chosen, and that messages keep the center's names."""

import pytest
from django.utils import translation

from cases import flat, importing, tasks
from cases.flat import matching
from cases.flat.matching import groups, lettered, suggested
from cases.importing import mapping
from registry import access
from tests.cases.files import table, workbook
from tests.cases.imports import checked, recheck, rows, stored, uploaded

OWN = ("Fallnummer", "Geschlecht", "Blutverlust (ml)", "Station")
FIELDS = {
    "Fallnummer": "case_number",
    "Geschlecht": "patient.sex",
    "Blutverlust (ml)": "operations.1.blood_loss_ml",
    "Station": "",
}


def read(content, fields, **options):
    return list(flat.read(content, fields=fields, **options).lines())


# --- in whose language ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["en", "uk"])
def test_the_first_reader_decides_nothing_for_the_others(first):
    for cached in (matching._groups, matching._names):
        cached.cache_clear()
    with translation.override(first):
        suggested(["x"])
        groups()

    def titles(language):
        with translation.override(language):
            return {field.title for group in groups() for field in group.fields} | {g.title for g in groups()}

    assert {"Height [cm] · presentation.height_cm", "Patient"} <= titles("en")
    assert {"Зріст [cm] · presentation.height_cm", "Пацієнт"} <= titles("uk")
    for language in ("en", "uk"):
        with translation.override(language):
            assert suggested(["Height", "Стать"]) == ["presentation.height_cm", "patient.sex"]


def test_numbers_of_rows_give_way_to_letters():
    assert lettered("operations.2.veins.11.vein") == ("operations.N.veins.M.vein", [2, 11])
    assert lettered("patient.sex") == ("patient.sex", [])


# --- what a column may hold -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("case_number", "case_number"),
        ("Case number", "case_number"),
        ("patient.sex", "patient.sex"),
        ("Sex", "patient.sex"),
        ("patient sex", "patient.sex"),
        ("Patient: Sex", "patient.sex"),
        ("BORN_ON", "patient.born_on"),
        ("Height", "presentation.height_cm"),
        ("Blood loss (ml)", "operations.1.blood_loss_ml"),
        ("tumour.segments", "tumor.segments"),
        ("follow_ups.3.visit_on", "follow_ups.3.visit_on"),
        ("follow_up_3_visit_on", "follow_ups.3.visit_on"),
        ("Vital status 2", "follow_ups.2.vital_status"),
        ("operations.2.veins.1.vein", "operations.2.veins.1.vein"),
        ("Station", ""),
        ("Hospital id", ""),
        ("row", ""),
        ("problems", ""),
        ("Sex 2", ""),
        ("Vital status 999", ""),
    ],
)
def test_a_column_is_recognized_by_its_name_or_label_or_nearly_so(column, field):
    assert suggested([column]) == [field]


def test_a_field_is_proposed_for_one_column_alone():
    assert suggested(["Sex", "patient.sex", "sex"]) == ["", "patient.sex", ""]


def test_columns_of_a_sheet_of_a_form_are_recognized_in_that_form():
    assert suggested(["Case number", "visit_on", "Number", "patient.sex"], "follow_ups") == [
        "case_number",
        "visit_on",
        "number",
        "",
    ]


def test_the_fields_to_choose_from_are_those_that_a_file_can_hold():
    for sheet in ("", "follow_ups", "veins", "operations"):
        offered = [field.numbered(1) for group in groups(sheet) for field in group.fields]

        assert suggested(offered, sheet) == offered


@pytest.mark.django_db
def test_what_was_chosen_last_time_is_proposed_for_the_same_columns(north, south, alice, bob):
    content = table(OWN, ("A-1", "female", "300", "4 West"))
    checked(content, north, alice, fields=FIELDS)

    again, shorter = uploaded(content, north, alice), uploaded(table(OWN[:2], ("A-1", "x")), north, alice)
    foreign = uploaded(content, south, bob)

    assert proposed(again) == FIELDS
    assert proposed(shorter) == {"Fallnummer": "", "Geschlecht": ""}
    assert proposed(foreign)["Geschlecht"] == ""


def proposed(batch):
    with access.scope([batch.center_id]):
        return mapping.proposed(batch)[0]


# --- what is wrong with a choice ------------------------------------------------------------------------------------


def mistakes(header, fields):
    heads = flat.heads(table(header))
    return [
        (m.column, m.message) for m in mapping.mistakes(heads, {"": dict(zip(header, fields, strict=True))})
    ]


def test_two_columns_cannot_hold_one_field():
    ((column, said),) = mistakes(("nr", "a", "b"), ("case_number", "patient.sex", "patient.sex"))

    assert column == 2
    assert said == "Columns 'a' and 'b' both lead to 'patient.sex'. Keep one of them."


def test_a_column_must_hold_the_case_number():
    assert mistakes(("nr", "a"), ("", "patient.sex")) == [
        (None, "No column holds the case number. Choose the one that says whose each row is.")
    ]


@pytest.mark.parametrize("field", ["patient.sx", "follow_ups.0.visit_on", "follow_ups.N.visit_on", "x" * 500])
def test_a_field_that_is_not_there_is_named(field):
    ((column, said),) = mistakes(("nr", "a"), ("case_number", field))

    assert column == 1
    assert said.startswith(f"There is no field '{field[:60]}'")


def test_a_file_of_left_out_columns_has_no_case_number():
    with pytest.raises(flat.UnreadableFile, match="no column 'case_number'"):
        read(table(("a",)), {"": {"a": ""}})


# --- reading through the choice -------------------------------------------------------------------------------------


def test_columns_are_read_as_the_fields_that_were_chosen():
    content = table(OWN, ("A-1", "female", "300", "4 West"))

    (line,) = read(content, {"": FIELDS})

    assert line.case_number == "A-1"
    assert [(cell.column, flat.dotted(cell.steps), cell.value) for cell in line.cells] == [
        ("Blutverlust (ml)", "operations.1.blood_loss_ml", 300),
        ("Geschlecht", "patient.sex", "female"),
    ]


@pytest.mark.django_db
def test_every_message_names_the_row_and_the_column_of_the_file(north, alice):
    content = table(
        OWN,
        ("A-1", "femal", "300", ""),
        ("", "female", "300", ""),
        ("A-3", "female", "12,5", ""),
        ("A-4", "female", "300", ""),
        ("A-4", "female", "300", ""),
    )

    told = rows(checked(content, north, alice, fields=FIELDS))

    assert [[(p["row"], p["column"], p["code"]) for p in row.problems] for row in told] == [
        [(2, "Geschlecht", "unknown_code")],
        [(3, "Fallnummer", "required")],
        [(4, "Blutverlust (ml)", "decimal_comma")],
        [(5, "Fallnummer", "repeated_case_number")],
        [(6, "Fallnummer", "repeated_case_number")],
    ]


@pytest.mark.django_db
def test_the_column_of_centers_keeps_its_name(north, alice):
    content = table(("case_number", "Klinik"), ("A-1", "NORTH"), ("A-2", "SOUTH"))

    told = rows(checked(content, north, alice, fields={"Klinik": "center"}))

    assert [[(p["column"], p["code"]) for p in row.problems] for row in told] == [
        [],
        [("Klinik", "foreign_center")],
    ]


@pytest.mark.django_db
def test_sheets_of_forms_are_read_through_the_choice_and_others_left_out(north, alice):
    content = workbook(
        Patienten=[["Nr", "Sex"], ["A-1", "female"]],
        follow_ups=[["Nr", "Datum"], ["A-1", "2016-03"], ["A-1", "2017-03"]],
        Legende=[["Code"], ["female"]],
    )
    batch = uploaded(content, north, alice, "cases.xlsx")
    fields = {
        "Patienten": {"Nr": "case_number", "Sex": "patient.sex"},
        "follow_ups": {"Nr": "case_number", "Datum": "visit_on"},
        "Legende": {},
    }
    with access.scope([north.pk]):
        assert importing.check(batch, fields=fields, blank_erases=False, by=alice, seen_round=0)
    tasks.import_batch(batch.pk)

    (row,) = rows(batch)
    assert row.verdict == "new"
    assert dict(zip(row.columns, row.values, strict=True)) == {
        "patient.sex": [None, "female"],
        "follow_ups.1.visit_on": [None, "2016-03"],
        "follow_ups.2.visit_on": [None, "2017-03"],
    }
    assert stored(north) == {}


def test_a_sheet_of_a_form_without_any_chosen_column_is_left_out():
    content = workbook(cases=[["case_number"], ["A-1"]], follow_ups=[["Nr"], ["A-1"]])

    (line,) = read(content, {"follow_ups": {"Nr": ""}})

    assert not line.cells


@pytest.mark.django_db
def test_columns_are_chosen_again_after_a_check(north, alice):
    batch = checked(table(("case_number", "Sex"), ("A-1", "femal")), north, alice)
    assert [row.verdict for row in rows(batch)] == ["rejected"]
    with access.scope([north.pk]):
        assert importing.reopen(batch, by=alice, seen_round=batch.round)
        batch.refresh_from_db()
    recheck(batch, alice, fields={"Sex": ""})

    assert [row.verdict for row in rows(batch)] == ["new"]
