"""Empty cells: they change nothing, and erase what is stored only when somebody asked for it."""

import pytest

from cases import flat, intake
from cases.document import dump, parse
from tests.cases.examples import resected
from tests.cases.files import table, workbook
from tests.cases.imports import checked, committed, rows, stored


def laid(content, case, **options):
    """A case after the one line of a file was laid over it."""
    (line,) = flat.read(content, blank_erases=True, **options).lines()
    raw = {"case_number": line.case_number, **case}
    assert not [*flat.lay(line.cells, raw), *line.faults]
    parse(raw)
    return {name: value for name, value in raw.items() if name != "case_number"}


def one(**cells):
    names = [name.replace("__", ".") for name in cells]
    return table(("case_number", *names), ("A-1", *cells.values()))


def test_an_empty_cell_erases_an_answer():
    assert laid(one(patient__sex="", patient__born_on="1951"), {"patient": {"sex": "female"}}) == {
        "patient": {"born_on": "1951"}
    }


def test_an_empty_cell_erases_a_reason():
    case = {"patient": {"sex": "female", "missing": {"born_on": "NK"}}}

    assert laid(one(patient__born_on=""), case) == {"patient": {"sex": "female"}}


def test_blanks_that_cannot_be_seen_are_empty():
    assert laid(one(patient__sex=" \u00a0\u200b"), {"patient": {"sex": "female", "born_on": "1951"}}) == {
        "patient": {"born_on": "1951"}
    }


def test_the_texts_of_a_case_are_erased():
    assert laid(one(note="", citation=""), {"note": "old", "citation": "old"}) == {}


def test_a_form_that_says_nothing_any_more_is_gone():
    case = {"consent": {"basis": "written"}, "operations": [{"reconstruction": {"material": "ptfe"}}]}
    content = one(consent__basis="", operations__1__reconstruction__material="")

    assert laid(content, case) == {}


def test_rows_of_a_form_are_erased_from_the_end_alone_so_that_the_others_keep_their_numbers():
    visits = [{"visit_on": "2016"}, {"visit_on": "2017"}, {"visit_on": "2018"}]

    assert laid(one(follow_ups__3__visit_on=""), {"follow_ups": visits}) == {"follow_ups": visits[:2]}
    assert laid(one(follow_ups__1__visit_on=""), {"follow_ups": visits}) == {"follow_ups": [{}, *visits[1:]]}


def test_a_row_that_holds_something_else_stays():
    case = {"follow_ups": [{"visit_on": "2016", "vital_status": "alive"}]}

    assert laid(one(follow_ups__1__visit_on=""), case) == {"follow_ups": [{"vital_status": "alive"}]}


def test_where_nothing_is_nothing_is_erased_and_no_row_is_made():
    assert (
        laid(one(follow_ups__9__visit_on="", operations__2__veins__3__vein="", consent__basis=""), {}) == {}
    )


def test_columns_that_are_left_out_or_absent_erase_nothing():
    case = {"patient": {"sex": "female", "born_on": "1951"}}

    assert laid(one(patient__sex=""), case, fields={"": {"patient.sex": ""}}) == case


def test_an_empty_cell_in_the_sheet_of_a_form_erases():
    content = workbook(
        cases=[["case_number"], ["A-1"]],
        follow_ups=[["case_number", "visit_on", "vital_status"], ["A-1", None, "dead"]],
    )

    assert laid(content, {"follow_ups": [{"visit_on": "2016", "vital_status": "alive"}]}) == {
        "follow_ups": [{"vital_status": "dead"}]
    }


@pytest.mark.django_db
def test_unless_asked_empty_cells_change_nothing(north, alice):
    known(north, alice)

    batch = checked(one(patient__sex="", note="new"), north, alice)

    assert [(row.columns, row.erases) for row in rows(batch)] == [(["note"], 0)]


@pytest.mark.django_db
def test_what_empty_cells_erase_is_shown_counted_and_done(north, alice):
    known(north, alice)

    batch = checked(one(patient__sex="", patient__born_on=""), north, alice, blank_erases=True)
    (row,) = rows(batch)
    assert (row.verdict, row.erases, batch.verdicts["erased"]) == ("changed", 2, 2)
    assert row.values == [["1960-05", None], ["female", None]]
    committed(batch, alice)

    assert "patient" not in dump(stored(north)["A-1"].document)


@pytest.mark.django_db
def test_a_case_keeps_its_number(north, alice):
    known(north, alice)

    batch = checked(table(("case_number", "note"), ("", "x")), north, alice, blank_erases=True)

    assert [row.verdict for row in rows(batch)] == ["rejected"]
    assert list(stored(north)) == ["A-1"]


def known(center, by):
    intake.save_case(intake.Submission(document=resected("A-1")), center=center, by=by, source="admin")
