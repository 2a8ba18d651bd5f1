"""Files as centers send them: what can be read is read exactly, and whatever cannot is told with row and remedy."""

import io
import struct
import time
import tracemalloc
import zipfile
from datetime import date, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from cases import dictionary, flat, synthesis
from cases.document import DocumentError
from cases.flat import UnreadableFile, limited, tables, template, workbooks
from cases.flat.columns import column_names
from cases.flat.tables import MAX_COLUMNS, MAX_ROWS
from tests.cases.files import documents, faults, flattened, saved, table, with_part, workbook

HEAD = ("case_number", "patient.sex", "operations.1.blood_loss_ml", "tumor.segments", "follow_ups.1.visit_on")


def one(column, value):
    """What a file with one case says in one column, as plain values."""
    return flat.read(table(("case_number", column), ("A-1", value)))


def value_of(column, cell):
    (document,) = documents(table(("case_number", column), ("A-1", cell)))
    form, _, name = column.partition(".")
    return getattr(getattr(document, form), name)


def refused(content):
    with pytest.raises(UnreadableFile) as found:
        flat.read(content)
    return str(found.value)


# --- what is read -------------------------------------------------------------------------------------


def test_every_field_of_the_dictionary_has_a_column_and_every_column_a_field():
    paths = {entry.path.replace(".N.", ".1.").replace(".M.", ".1.") for entry in dictionary.entries()}

    assert set(column_names()) == paths
    assert len(column_names()) == len(paths)


def test_documents_survive_the_flat_form():
    """Whatever the registry can hold of a synthetic case comes back from a CSV file unchanged."""
    made = list(synthesis.documents(150))

    assert documents(flattened(made)) == made


def test_a_workbook_with_sheets_says_the_same_as_numbered_columns():
    numbered = table(
        ("case_number", "operations.1.operation_type", "operations.1.reconstruction.diameter_mm",
         "operations.1.veins.1.vein", "operations.1.veins.2.vein", "operations.2.operation_type",
         "operations.2.veins.1.vein", "follow_ups.1.visit_on", "follow_ups.2.visit_on"),
        ("A-1", "index_resection", "20", "left_renal", "right_renal", "metastasectomy", "iliac", "2016", "2017-05"),
    )  # fmt: skip
    in_sheets = workbook(
        cases=[["case_number"], ["A-1"]],
        follow_ups=[["case_number", "number", "visit_on"], ["A-1", 2, "2017-05"], ["A-1", 1, 2016]],
        operations=[
            ["case_number", "operation_type", "reconstruction.diameter_mm"],
            ["A-1", "index_resection", 20],
            ["A-1", "metastasectomy", None],
        ],
        veins=[
            ["case_number", "operation", "vein"],
            ["A-1", None, "left_renal"],
            ["A-1", 2, "iliac"],
            ["A-1", 1, "right_renal"],
        ],
    )

    assert documents(in_sheets) == documents(numbered)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
def test_utf8_with_any_separator_is_read(delimiter, mark):
    content = mark + table(
        ("case_number", "note"), ("Å-1", 'Größe, Ω; "x"\nzweite Zeile'), delimiter=delimiter
    )

    (line,) = flat.read(content).lines()

    assert line.case_number == "Å-1"
    assert [cell.value for cell in line.cells] == ['Größe, Ω; "x"\nzweite Zeile']


@pytest.mark.parametrize("reason", ["NK", "ND", "NA", "NR"])
def test_a_reason_in_place_of_a_value_is_a_reason(reason):
    (document,) = documents(table(HEAD, ("A-1", reason, reason, reason, reason)))

    assert document.patient.missing == {"sex": reason}
    assert document.operations[0].missing == {"blood_loss_ml": reason}
    assert document.tumor.missing == {"segments": reason}
    assert document.follow_ups[0].missing == {"visit_on": reason}


@pytest.mark.parametrize("country", ["NA", "NR"])
def test_namibia_and_nauru_are_countries(country):
    """ISO 3166-1 alpha-2: NA is Namibia, NR is Nauru."""
    assert value_of("patient.country_residence", country) == country


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("patient.sex", " female\u00a0", "female"),
        ("presentation.height_cm", "170.5", 170.5),
        ("presentation.height_cm", "170", 170.0),
        ("presentation.asa", "3.0", 3),
        ("presentation.diabetes", "Yes", True),
        ("presentation.diabetes", "0", False),
        ("tumor.segments", "infrarenal | interrenal", frozenset({"infrarenal", "interrenal"})),
        ("presentation.symptoms", "mass", frozenset({"mass"})),
    ],
)
def test_cells_are_read_as_people_write_them(column, cell, value):
    assert value_of(column, cell) == value


@pytest.mark.parametrize(
    "cell", ["1e3", "+5", "5.", ".5", "\u0661\u0662", "1" * 4500, "0x10", "1_000", "nan", "inf"]
)
def test_numbers_are_digits_and_a_point_and_nothing_else(cell):
    with pytest.raises(DocumentError) as refusal:
        value_of("discharge.icu_days", cell)

    assert refusal.value.problems[0].code == "wrong_type"


def test_cells_of_a_workbook_keep_their_meaning():
    content = workbook(
        cases=[
            ["case_number", "patient.born_on", "diagnosis.diagnosis_on", "presentation.height_cm", "presentation.ckd",
             "discharge.icu_days", "consent.signed_on"],
            [17, 1960, datetime(2015, 3, 2), 170.5, True, 3.0, date(2015, 3, 1)],
        ]
    )  # fmt: skip

    (document,) = documents(content)

    assert document.case_number == "17"
    assert str(document.patient.born_on) == "1960"
    assert str(document.diagnosis.diagnosis_on) == "2015-03-02"
    assert document.presentation.height_cm == 170.5
    assert document.presentation.ckd is True
    assert document.discharge.icu_days == 3
    assert str(document.consent.signed_on) == "2015-03-01"


def test_dates_of_both_epochs_are_the_days_that_were_entered():
    """Workbooks of old Macintosh programs count days from 1904."""
    for epoch in (WINDOWS_EPOCH, MAC_EPOCH):
        book = Workbook()
        book.epoch = epoch
        for row in (["case_number", "diagnosis.diagnosis_on"], ["A-1", date(2015, 3, 2)]):
            book.active.append(row)

        (document,) = documents(saved(book))

        assert str(document.diagnosis.diagnosis_on) == "2015-03-02"


def test_hidden_rows_count_and_merged_cells_keep_their_first():
    book = Workbook()
    for row in (["case_number", "patient.sex"], ["A-1", "male"], ["A-2", "female"], ["A-3", None]):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.active.merge_cells("B3:B4")

    sexes = [document.patient and document.patient.sex for document in documents(saved(book))]

    assert sexes == ["male", "female", None]


def test_remarks_below_the_header_and_empty_rows_are_skipped_and_numbers_kept():
    content = b"case_number,patient.sex\r\n# yours,code\r\n,\r\nA-1,female\r\n\r\n#B-2,male\r\n"

    rows = [(line.row, line.case_number) for line in flat.read(content).lines()]

    assert rows == [(4, "A-1"), (6, "#B-2")]


# --- the template -------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [template.workbook(), template.table().encode()], ids=["xlsx", "csv"])
def test_the_template_is_an_import_file_without_cases(made):
    file = flat.read(made)

    assert list(file.lines()) == []


def test_the_template_offers_every_field_and_the_codes():
    book = load_workbook(io.BytesIO(template.workbook()))
    offered = 0
    for name in book.sheetnames:
        if name not in ("guide", "codes"):
            offered += sum(
                cell.value not in ("case_number", "number", "operation", "note") for cell in book[name][1]
            )

    assert offered == len(list(dictionary.entries()))
    sexes = next(v for v in book["cases"].data_validations.dataValidation if "$" in v.formula1)
    assert sexes.type == "list"
    first, last = sexes.formula1.removeprefix("codes!").replace("$", "").split(":")
    codes = [cell[0].value for cell in book["codes"][first:last]]
    assert codes == ["female", "male", "other", "unknown", "NK", "ND", "NA", "NR"]


def test_a_filled_template_is_read():
    book = load_workbook(io.BytesIO(template.workbook()))
    names = [cell.value for cell in book["cases"][1]]
    book["cases"].append(
        ["A-1" if name == "case_number" else "male" if name == "patient.sex" else None for name in names]
    )
    book["recurrences"].append(["A-1", None, "2017"])

    (document,) = documents(saved(book))

    assert document.patient.sex == "male"
    assert str(document.recurrences[0].detected_on) == "2017"


# --- files that cannot be taken -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b" \r\n\r\n", "The file is empty"),
        ("case_number\nA-1\n".encode("utf-16"), "looks like UTF-16"),
        ("case_number\nA-1\n".encode("utf-16-be"), "looks like UTF-16"),
        ("case_number,note\nA-1,Привет\n".encode("cp1251"), "line 2 holds the byte 0xCF; it looks like windows-1251"),
        ("case_number,note\nA-1,café\n".encode("cp1252"), "line 2 holds the byte 0xE9; it looks like windows-1252"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x02" + bytes(600), "neither text nor an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old .xls workbook or protected by a password"),
        (b"PK\x03\x04" + b"x" * 200, "The workbook is damaged"),
        (b"case_number,patient.sx\nA-1,female\n", "'patient.sx' is not a column, did you mean 'patient.sex'?"),
        (b"case_number,follow_up.3.visit_on\n", "did you mean 'follow_ups.3.visit_on'?"),
        (b"case_number,follow_ups.visit_on\n", "'follow_ups.visit_on' is not a column, did you mean"),
        (b"case_number,follow_ups.0.visit_on\n", "is not a column"),
        (b"case_number,operations.1.veins.vein\n", "is not a column"),
        ("case_number,pаtient.sex\n".encode(), "did you mean 'patient.sex'?"),
        (b"case_number,hospital_id\n", "'hospital_id' is not a column"),
        (b"patient.sex\nfemale\n", "no column 'case_number'"),
        (b"case_number,patient.sex,patient.sex\n", "Columns B and C are both named 'patient.sex' (row 1)"),
        (b"case_number,,patient.sex\n", "Column B has no name in row 1"),
        (b'case_number,note\nA-1,"open\nA-2,x\n', "Row 2 is not well-formed CSV"),
        (b'case_number,note\nA-1,"a" b\n', "Row 2 is not well-formed CSV"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_taken_is_refused_in_a_sentence(content, said):
    sentence = refused(content)

    assert said in sentence
    assert sentence.endswith((".", "?"))


def test_too_many_rows_and_columns_are_refused():
    many_columns = table(("case_number", *(f"follow_ups.{n}.visit_on" for n in range(MAX_COLUMNS))))
    many_rows = b"case_number\n" + b"A\n" * (MAX_ROWS + 1)

    assert f"more than {MAX_COLUMNS}" in refused(many_columns)
    assert f"more than {MAX_ROWS} rows" in refused(many_rows)


def test_sheets_that_are_no_forms_are_refused():
    said = refused(workbook(cases=[["case_number"], ["A-1"]], Tabelle2=[["x"], [1]]))

    assert "The sheet 'Tabelle2' is not named after a form" in said
    assert "follow_ups" in said


def test_macros_passwords_and_document_types_are_refused():
    good = workbook(cases=[["case_number"], ["A-1"]])
    entities = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'

    assert "contains macros" in refused(with_part(good, "xl/vbaProject.bin", b"x"))
    assert "document type definition" in refused(with_part(good, "xl/worksheets/sheet1.xml", entities))
    assert "protected by a password" in refused(encrypted(good))


def encrypted(content):
    """Set the flag of encryption in every entry of the archive's directory."""
    data, at = bytearray(content), 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 8] |= 1
        at += 4
    return bytes(data)


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml", "xl/styles.xml"]
)
def test_a_damaged_part_is_refused(part):
    good = workbook(cases=[["case_number"], ["A-1"]])

    assert "damaged" in refused(with_part(good, part, "<broken"))


def test_a_cut_off_workbook_is_refused():
    good = workbook(cases=[["case_number"], ["A-1"]])

    for end in range(100, len(good) - 1, len(good) // 20):
        assert "damaged" in refused(good[:end])


def test_repeated_parts_are_refused():
    out = io.BytesIO(workbook(cases=[["case_number"], ["A-1"]]))
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("xl/workbook.xml", "<x/>")

    assert "repeated parts" in refused(out.getvalue())


@cache
def bomb(mib, prefix=""):
    """A workbook whose sheet unfolds to so many MiB of empty cells."""
    space = (
        f'xmlns{":" + prefix if prefix else ""}="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    )
    p = f"{prefix}:" if prefix else ""
    row = f"<{p}row>" + f'<{p}c t="n"/>' * 1000 + f"</{p}row>"
    rows = row * (mib * 2**20 // len(row))
    sheet = f"<{p}worksheet {space}><{p}sheetData>{rows}</{p}sheetData></{p}worksheet>"
    return with_part(workbook(cases=[["case_number"]]), "xl/worksheets/sheet1.xml", sheet)


@pytest.mark.parametrize(("mib", "prefix"), [(40, ""), (120, ""), (400, ""), (90, "x")])
def test_a_workbook_bomb_is_refused_soon(mib, prefix):
    """A file of 156 KiB took openpyxl alone 448 MiB and 58 s (measured for the threat model)."""
    content = bomb(mib, prefix)
    assert len(content) < 3 * 2**20
    begun = time.process_time()

    said = refused(content)

    assert "Delete" in said
    assert time.process_time() - begun < 30


def test_a_workbook_bomb_takes_little_memory():
    content = bomb(400)
    tracemalloc.start()

    refused(content)

    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


def test_sizes_that_the_archive_claims_are_not_believed():
    """The index of the archive says 10 bytes; the bytes themselves say otherwise."""
    content = bytearray(bomb(120))
    at = content.rfind(b"PK\x01\x02")
    struct.pack_into("<I", content, at + 24, 10)

    assert refused(bytes(content))


def test_ghost_rows_and_columns_of_a_workbook_do_no_harm_or_are_named():
    ghost_row = Workbook()
    ghost_row.active.title = "cases"
    ghost_row.active.append(["case_number"])
    ghost_row.active.append(["A-1"])
    ghost_row.active["A1048576"] = ""
    ghost_column = Workbook()
    ghost_column.active.append(["case_number"])
    ghost_column.active["XFD2"] = "x"

    assert [line.case_number for line in flat.read(saved(ghost_row)).lines()] == ["A-1"]
    assert "reaches too far (row 2, column XFD)" in refused(saved(ghost_column))


def test_the_limits_are_those_of_the_guide():
    guide = (Path(__file__).parents[2] / "docs/import.md").read_text(encoding="utf-8")

    for limit in (
        f"| file | {tables.MAX_FILE_BYTES >> 20} MiB |",
        f"| rows | {tables.MAX_ROWS:,} |",
        f"| columns | {tables.MAX_COLUMNS:,} |",
        f"| characters in a cell | {tables.MAX_CELL:,} |",
        f"| {workbooks.MAX_ENTRIES}, {workbooks.MAX_UNFOLDED_BYTES >> 20} MiB, {workbooks.MAX_CELLS:,} |",
    ):
        assert limit in guide


# --- rows that cannot be taken ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("presentation.height_cm", "170,5", "decimal_comma"),
        ("operations.1.blood_loss_ml", "1 200", "thousands"),
        ("operations.1.blood_loss_ml", "1'200", "thousands"),
        ("operations.1.blood_loss_ml", "1,200", "decimal_comma"),
        ("tumor.segments", "infrarenal;interrenal", "separator"),
        ("tumor.segments", "infrarenal, interrenal", "separator"),
        ("note", "x" * 10_000_000, "too_long"),
        ("patient.sex", "x" * 10_000_000, "too_long"),
        ("operations.1.blood_loss_ml", "1" * 10_000_000, "too_long"),
        ("follow_ups.2.visit_on", "2016", "gap"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_cell_that_cannot_be_read_names_row_column_and_remedy(column, cell, code):
    content = table(("case_number", column), ("A-1", ""), ("A-2", cell))

    assert faults(content) == [(3, column, code)]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("=A1", "formula"),
        ("#N/A", "error_cell"),
        (datetime(2015, 3, 2, 10, 30), "date_with_time"),
        (42065, "date_serial"),
        (42065.5, "date_serial"),
        (-1, "date_serial"),
    ],
)
def test_cells_of_a_workbook_that_mean_something_else_are_named(cell, code):
    content = workbook(cases=[["case_number", "diagnosis.diagnosis_on"], ["A-1", cell]])

    assert faults(content) == [(2, "diagnosis.diagnosis_on", code)]


def test_a_text_that_became_a_date_is_named():
    """Spreadsheet programs turn the case number 3-15 into a day in March."""
    content = workbook(
        cases=[["case_number", "note"], [datetime(2026, 3, 15), "x"], ["A-1", date(2026, 3, 15)]]
    )

    found = [fault for line in flat.read(content).lines() for fault in line.faults]

    assert [(fault.row, fault.column, fault.code) for fault in found] == [
        (2, "case_number", "required"),
        (3, "note", "date_in_text"),
    ]
    assert "such as 3-15" in found[0].message


def test_extra_sheets_cannot_serve_two_centers_with_one_number():
    content = workbook(
        cases=[["case_number", "center"], ["A-1", "NORTH"], ["A-1", "SOUTH"], ["A-2", "SOUTH"]],
        follow_ups=[["case_number", "visit_on"], ["A-1", "2016"]],
    )

    assert [fault[0] for fault in faults(content)] == [2, 3]


def test_a_number_that_lost_digits_is_named():
    content = workbook(cases=[["case_number", "note"], ["A-1", 12345678901234567890]])

    assert faults(content) == [(2, "note", "digits_lost")]


def test_a_shifted_row_is_rejected_alone():
    content = b"case_number,patient.sex\nA-1,female\nA-2,female,x\nA-3\nA-4,male\n"

    assert faults(content) == [(3, "", "ragged_row"), (4, "", "ragged_row")]


def test_a_value_beside_the_named_columns_of_a_workbook_is_rejected():
    content = workbook(cases=[["case_number", "patient.sex"], ["A-1", "female", None, "lost"]])

    assert faults(content) == [(2, "", "ragged_row")]


def test_repeated_and_missing_case_numbers_reject_every_row_they_touch():
    content = table(("case_number", "note"), ("A-1", "a"), ("A-2", "b"), ("", "c"), ("A-1", "d"))

    assert faults(content) == [
        (2, "case_number", "repeated_case_number"),
        (4, "case_number", "required"),
        (5, "case_number", "repeated_case_number"),
    ]


def test_the_same_number_in_two_centers_is_two_cases():
    content = table(("case_number", "center"), ("A-1", "NORTH"), ("A-1", "SOUTH"))

    assert faults(content) == []


def test_rows_of_form_sheets_are_told_apart():
    content = workbook(
        cases=[["case_number"], ["A-1"]],
        follow_ups=[
            ["case_number", "number", "visit_on"],
            ["A-1", 1, "2016"],
            ["A-1", 1, "2017"],
            ["A-1", "first", "2018"],
            ["Z-9", 1, "2016"],
        ],
        tumor=[["case_number", "growth_pattern"], ["A-1", "mixed"], ["A-1", "mixed"]],
    )

    found = [(f.sheet, f.row, f.code) for line in flat.read(content).lines() for f in line.faults]

    assert found == [
        ("follow_ups", 3, "repeated_row"),
        ("follow_ups", 4, "not_a_position"),
        ("tumor", 3, "repeated_row"),
        ("follow_ups", 5, "unknown_case"),
    ]


# --- anything else ------------------------------------------------------------------------------------


def read_or_refused(content):
    try:
        list(flat.read(content).lines())
    except UnreadableFile as refusal:
        return str(refusal)
    return True


def read_here_or_refused(content):
    """Without the process around the reader, which would take minutes here: test_importing_limits.py has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limited, "sheets", workbooks.sheets)
        return read_or_refused(content)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: b"case_number,note\nA-1," + tail))
def test_any_bytes_are_read_or_refused(content):
    assert read_or_refused(content)


PLAIN = workbook(
    cases=[["case_number", "patient.sex"], ["A-1", "male"]], follow_ups=[["case_number"], ["A-1"]]
)
PARTS = {
    name: zipfile.ZipFile(io.BytesIO(PLAIN)).read(name)
    for name in zipfile.ZipFile(io.BytesIO(PLAIN)).namelist()
}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(PLAIN) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_any_mutation_of_a_workbook_is_read_or_refused(changes):
    mutated = bytearray(PLAIN)
    for at, byte in changes:
        mutated[at] = byte

    assert read_here_or_refused(bytes(mutated))


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(sorted(PARTS)),
    st.floats(0, 0.999),
    st.integers(0, 40),
    st.sampled_from([b"", b"<", b"9", b"x", b'"', b"/>"]),
)
def test_any_mutation_of_its_parts_is_read_or_refused(part, place, width, instead):
    text = PARTS[part]
    at = int(place * len(text))

    assert read_here_or_refused(with_part(PLAIN, part, text[:at] + instead + text[at + width :]))
