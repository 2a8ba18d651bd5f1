"""Rejected rows come back as a file like the one that was sent: cells as they were, nothing computed."""

import csv
import io
from datetime import date, datetime, time, timedelta

import pytest
from openpyxl import Workbook, load_workbook

from cases import flat, importing
from registry import access
from registry.formulas import guarded, unguarded
from tests.cases.files import saved, table, workbook
from tests.cases.imports import checked, committed, rows, stored

FORMULAS = [
    "=1+1",
    '=HYPERLINK("http://x")',
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1+1",
    "－1",
    "＠SUM(A1)",
    "'=1",
    "''=1",
    "-",
]


@pytest.mark.parametrize("text", [*FORMULAS, "plain", "'plain'", "", "'", "''", "1'2", "a=b"])
def test_a_guarded_text_comes_back_as_it_was(text):
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_would_be_computed_is_guarded(text):
    assert guarded(text)[0] == "'"
    assert guarded(text)[1:] == text


@pytest.mark.parametrize("text", ["-5", "+5", "-5.25", "-1,5", "2012-05-03", "plain", ""])
def test_numbers_and_other_texts_are_not_guarded(text):
    assert guarded(text) == text


def returned(batch):
    with access.scope([batch.center_id]):
        attachment = importing.rejected_rows(batch)
    return attachment and attachment.content


def csv_rows(content, delimiter=","):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter))


@pytest.mark.django_db
def test_only_rejected_rows_come_back_with_number_and_problems_and_cells_as_they_were(north, alice):
    content = table(
        ("Nr", "Sex", "Station"),
        ("A-1", "female", "4 West"),
        ("A-2", "femal", " 4  West "),
        ("A-3", "m", ""),
        delimiter=";",
    )

    batch = checked(content, north, alice, fields={"Nr": "case_number"})

    header, *back = csv_rows(returned(batch), ";")
    assert header == ["row", "problems", "Nr", "Sex", "Station"]
    assert [row[:1] + row[2:] for row in back] == [["3", "A-2", "femal", " 4  West "], ["4", "A-3", "m", ""]]
    assert all(row[1].startswith("Sex: Sex (patient.sex) must be one of") for row in back)


@pytest.mark.django_db
@pytest.mark.parametrize("text", FORMULAS)
def test_formula_text_in_a_csv_file_comes_back_safe_and_is_read_again_as_it_was(north, alice, text):
    content = table(
        ("case_number", "note", "patient.sex", "=1+1"), (f"A{text}"[:40].strip(), text, "x", text)
    )

    back = returned(checked(content, north, alice))

    header, row = csv_rows(back)
    assert header[-1] == "'=1+1"
    assert row[3] == row[5] == (text if text[0] == "'" else f"'{text}")
    (line,) = flat.read(back, fields={"": {"=1+1": ""}}).lines()
    assert [cell.value for cell in line.cells if cell.column == "note"] == [unguarded(text).strip()]


@pytest.mark.django_db
def test_formulas_of_a_workbook_come_back_as_texts(north, alice):
    content = workbook(
        cases=[["case_number", "note", "patient.sex"], ["A-1", "=1+1", "x"], ["A-2", "@SUM(A1)", "x"]]
    )

    back = returned(checked(content, north, alice, name="cases.xlsx"))

    sheet = load_workbook(io.BytesIO(back))["cases"]
    assert [(cell.value, cell.data_type) for cell in sheet["D"][1:]] == [("=1+1", "s"), ("@SUM(A1)", "s")]


@pytest.mark.django_db
def test_cells_of_a_workbook_keep_their_kind(north, alice):
    book = Workbook()
    book.active.title = "cases"
    values = [
        date(2015, 3, 2),
        datetime(2015, 3, 2, 8, 30),
        time(8, 30),
        timedelta(days=2),
        12.5,
        300,
        True,
        None,
        "NK",
    ]
    book.active.append(["case_number", "patient.sex", *(f"c{n}" for n in range(len(values)))])
    book.active.append(["A-1", "x", *values])

    back = returned(checked(saved(book), north, alice, name="cases.xlsx"))

    row = [cell.value for cell in load_workbook(io.BytesIO(back))["cases"][2]]
    assert row[4:] == [datetime(2015, 3, 2), *values[1:]]


@pytest.mark.django_db
def test_rows_of_all_sheets_of_a_rejected_case_come_back(north, alice):
    content = workbook(
        cases=[["case_number", "patient.sex"], ["A-1", "female"], ["A-2", "male"]],
        follow_ups=[
            ["case_number", "visit_on"],
            ["A-1", "2016"],
            ["A-2", "2016-13"],
            ["A-2", "2017"],
            ["A-9", "2018"],
        ],
    )

    book = load_workbook(io.BytesIO(returned(checked(content, north, alice, name="cases.xlsx"))))

    assert [[cell.value for cell in row] for row in book["cases"]][1:] == [[3, None, "A-2", "male"]]
    back = [[cell.value for cell in row] for row in book["follow_ups"]][1:]
    assert [[row[0], *row[2:]] for row in back] == [
        [3, "A-2", "2016-13"],
        [4, "A-2", "2017"],
        [5, "A-9", "2018"],
    ]
    assert "must be a date" in back[0][1]
    assert not back[1][1]
    assert "No row of the first sheet has this case number" in back[2][1]


@pytest.mark.django_db
def test_a_shifted_row_comes_back_with_all_its_cells(north, alice):
    content = b"case_number,patient.sex\nA-1,female,x,y\nA-2\n"

    _, longer, shorter = csv_rows(returned(checked(content, north, alice)))

    assert longer[2:] == ["A-1", "female", "x", "y"]
    assert shorter[2:] == ["A-2"]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_corrected_file_is_taken_and_its_added_columns_are_not_read(north, alice, kind):
    given = [["case_number", "patient.sex"], ["A-1", "female"], ["A-2", "femal"]]
    content = table(*given) if kind == "csv" else workbook(cases=given)
    batch = checked(content, north, alice, name=f"cases.{kind}")
    committed(batch, alice)
    back = returned(batch)
    if kind == "csv":
        corrected = back.replace(b"femal\r", b"female\r")
    else:
        book = load_workbook(io.BytesIO(back))
        book["cases"]["D2"] = "female"
        corrected = saved(book)

    committed(checked(corrected, north, alice, name=f"again.{kind}"), alice)

    assert {number: case.document.patient.sex for number, case in stored(north).items()} == {
        "A-1": "female",
        "A-2": "female",
    }


@pytest.mark.django_db
def test_without_rejected_rows_there_is_nothing_to_return(north, alice):
    assert returned(checked(b"case_number\nA-1\n", north, alice)) is None


@pytest.mark.django_db
def test_what_the_database_cannot_hold_is_replaced(north, alice):
    batch = checked(
        table(("case_number", "patient.sex"), ("A-1", "x" * 10_000), ("A\x0b2", "x\x01y")), north, alice
    )

    assert [row.verdict for row in rows(batch)] == ["rejected", "rejected"]
    assert returned(batch)
