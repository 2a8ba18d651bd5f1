"""Bad files through the browser: refused, or read, with plain sentences; none breaks a page or is half imported."""

import io
import random
import zipfile
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from cases import tasks
from cases.flat import template
from cases.models import Case, ImportBatch
from registry import access
from tests.cases.files import saved, table, with_part, workbook
from tests.cases.imports import now, rows
from tests.cases.test_importing_files import bomb, encrypted
from tests.clients import browser
from tests.pages import filled, text

pytestmark = pytest.mark.django_db

PLAIN = "case_number,patient.sex,note\nA-1,female,Müller Привет\n"
GOOD_BOOK = workbook(cases=[["case_number", "patient.sex"], ["A-1", "female"]])
ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
EXTERNAL = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>'


def book(fill, title="cases"):
    made = Workbook()
    made.active.title = title
    made.active.append(["case_number", "patient.born_on", "note", "operations.1.blood_loss_ml"])
    fill(made)
    return saved(made)


def of_1904(made):
    made.epoch = CALENDAR_MAC_1904
    made.active.append(["A-1", date(1951, 3, 2), "x", 300])


def hidden(made):
    made.active.append(["A-1", "1951", "x", 300])
    made.active.row_dimensions[2].hidden = True
    made.create_sheet("secret").sheet_state = "hidden"


def merged(made):
    made.active.append(["A-1", "1951", "x", 300])
    made.active.merge_cells("B2:C2")


# What is not taken at all, and a piece of what is said then.
REFUSED = {
    "empty": (b"", "The file is empty"),
    "blank": (b" \r\n\t\r\n", "The file is empty"),
    "utf-16": (PLAIN.encode("utf-16"), "UTF-16"),
    "utf-16-le without mark": (PLAIN.encode("utf-16-le"), "UTF-16"),
    "cp1251": ("case_number,note\nA-1,Привет\n".encode("cp1251"), "windows-1251"),
    "cp1252": ("case_number,note\nA-1,café\n".encode("cp1252"), "windows-1252"),
    "lines of two encodings": (PLAIN.encode() + "A-2,male,café\n".encode("cp1252"), "line 3"),
    "nul": (b"case_number,note\n" + b"A,x\n" * 1000 + b"B,\x00\n", "binary"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "neither text nor"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "neither text nor"),
    "program": (b"\x7fELF\x02\x01\x01" + bytes(64), "neither text nor"),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old .xls"),
    "repeated header": (b"case_number,note,note\n", "both named 'note'"),
    "nameless column": (b"case_number,,note\n", "Column B has no name"),
    "nameless header": (b",,\nA-1,x,y\n", "Row 1 is empty"),
    "too many columns": (table(("case_number", *(f"c{n}" for n in range(2001)))), "more than 2000"),
    "16,384 columns": (table(tuple(f"c{n}" for n in range(16_384))), "more than 2000"),
    "header of 10 MB": (b"x" * 10_000_000 + b",x\n", "a name of 10000000 characters"),
    "not a zip": (b"PK\x03\x04" + b"x" * 500, "damaged"),
    "cut off": (GOOD_BOOK[: len(GOOD_BOOK) // 2], "damaged"),
    "another zip": (with_part(b"PK\x05\x06" + bytes(18), "readme.txt", "x"), "damaged"),
    "macros": (with_part(GOOD_BOOK, "xl/vbaProject.bin", "x"), "macros"),
    "password": (encrypted(GOOD_BOOK), "password"),
    "billion laughs": (
        with_part(GOOD_BOOK, "xl/worksheets/sheet1.xml", ENTITIES),
        "document type definition",
    ),
    "external entity": (
        with_part(GOOD_BOOK, "xl/worksheets/sheet1.xml", EXTERNAL),
        "document type definition",
    ),
    "bomb of 400 MiB": (lambda: bomb(400), "Delete"),
    "no sheets": (saved(Workbook()), "no sheet with column names"),
    "template of nothing": (b"PK\x03\x04", "damaged"),
}

# What is looked at row by row.
READ = {
    "utf-8 with mark": PLAIN.encode("utf-8-sig"),
    "semicolons": PLAIN.replace(",", ";").encode(),
    "tabs": PLAIN.replace(",", "\t").encode(),
    "mac line ends": PLAIN.replace("\n", "\r").encode(),
    "only a header": b"case_number\n",
    "no header": b"A-1,female\nA-2,male\n",
    "template": template.table().encode(),
    "template workbook": template.workbook(),
    "line breaks in cells": b'case_number,note\nA-1,"two\nlines"\nA-2,"a ""b"" c"\n',
    "ragged": b"case_number,note\nA-1\nA-2,x,y,z\n\nA-3,x\n",
    "open quote late": b"case_number,note\n" + b"A,x\n" * 150 + b'B,"open\n',
    "look-alike header": "case_number,pаtient.sex\nA-1,female\n".encode(),
    "blanks that cannot be seen": "\ufeffcase_number\u200b,\u00a0note\u2060\nA-1\u00a0,x\u200b\n".encode(),
    "decimal comma and thousands": b"case_number;operations.1.blood_loss_ml\nA-1;12,5\nA-2;1 200\nA-3;1.200,5\n",
    "lost zeros and digits": table(("case_number", "note"), ("007", "x"), ("1.23457E+15", "x"), ("1E5", "y")),
    "wrong dates": table(
        ("case_number", "patient.born_on"),
        *(
            (f"A-{n}", d)
            for n, d in enumerate(
                ["02/03/1951", "31.12.1951", "1951-02-30", "29.02.1900", "18688", "9999", "٢٠١٥"]
            )
        ),
    ),
    "a cell of 1,000,000": table(("case_number", "note"), ("A-1", "x" * 1_000_000), ("A-2", "x")),
    "a number of 1,000,000": table(("case_number", "note"), ("9" * 1_000_000, "x")),
    "control characters": b"case_number,note\nA\x07-1,x\x1b[31m\nA-2,\x7f\n",
    "half a character": b"case_number,note\nA-1,\xf0\x9f\x98\x80\n",
    "right to left": "case_number,note\nA-\u202e1,\u202egnp.exe\n".encode(),
    "formulas": table(
        ("case_number", "note"), ("=1+1", '=HYPERLINK("http://x")'), ("@A1", "+1"), ("-1", "-x")
    ),
    "html": table(("<b>", "note"), ("<script>", "<img src=x onerror=alert(1)>")),
    "sql": table(("case_number", "note"), ("'; DROP TABLE cases_case; --", "%s %(x)s {0} {n}")),
    "braces": table(("{0}", "{n}", "%(x)s"), ("{0.__class__}", "{limit}", "%s")),
    "case numbers twice": b"case_number\nA-1\nA-1\nA-1\n",
    "too many rows": b"case_number\n" + b"A\n" * 100_001,
    "csv called xlsx": PLAIN.encode(),
    "workbook called csv": GOOD_BOOK,
    "dates of 1904": book(of_1904),
    "hidden": book(hidden),
    "merged": book(merged),
    "formula and error cells": book(lambda b: b.active.append(["A-1", "=TODAY()", "#REF!", "=1/0"])),
    "serial dates": book(lambda b: b.active.append(["A-1", 18688, 42, 1e300])),
    "far cells": book(lambda b: b.active.cell(1_048_576, 1, "A-1")),
    "foreign sheets": workbook(Tabelle1=[["Nr"], ["A-1"]], Tabelle2=[["x"], ["y"]], Tabelle3=[["x"]]),
    "external links": with_part(GOOD_BOOK, "xl/externalLinks/externalLink1.xml", "<externalLink/>"),
}


def journey(client, center, content, name="cases.csv"):
    """The pages of a file as far as it goes, its first column as the case number where none is."""
    answer = client.post(
        "/admin/cases/importbatch/add/", {"center": center.pk, "file": SimpleUploadedFile(name, content)}
    )
    if answer.status_code != 302:
        return answer
    page = answer["Location"]
    columns = client.get(page)
    form = filled(columns, "columns")
    if ["case_number"] not in form.values():
        form["field-0-0"] = ["case_number"]
    asked = client.post(page, {**form, "do": "check"})
    if asked.status_code != 302:
        return asked
    with access.scope([center.pk]):
        batch = ImportBatch.objects.get()
    tasks.import_batch(batch.pk)
    return client.get(page)


def cases_of(center):
    with access.scope([center.pk]):
        return Case.objects.filter(center=center).count()


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_file_of_cases_is_refused_in_a_sentence(alice, north, kind):
    content, said = REFUSED[kind]
    content = content() if callable(content) else content

    answer = journey(browser(alice), north, content, "cases.xlsx" if content[:2] == b"PK" else "cases.csv")

    assert answer.status_code in (422, 200)
    told = text(answer)
    assert "The file was not taken." in told or "The file could not be taken" in told
    assert said in told
    assert cases_of(north) == 0


@pytest.mark.parametrize("kind", READ)
def test_what_can_be_read_is_judged_row_by_row_and_imported_or_handed_back(alice, north, kind):
    client = browser(alice)
    answer = journey(client, north, READ[kind], "cases.xlsx" if kind == "csv called xlsx" else "cases.csv")

    with access.scope([north.pk]):
        batch = ImportBatch.objects.get()
    assert answer.status_code == 200
    assert cases_of(north) == 0, "a check saves nothing"
    if batch.state == "rejected":
        assert batch.verdicts["refused"][-1] in ".?"
        return
    assert batch.state == "checked"
    counts = batch.verdicts["counts"]
    assert sum(counts.values()) == len(rows(batch))
    for row in rows(batch):
        assert all(problem["message"][-1] in ".?)" and problem["row"] for problem in row.problems)
        assert row.problems or row.verdict != "rejected"

    client.post(f"/admin/cases/importbatch/{batch.pk}/change/", {"do": "import", "round": batch.round})
    tasks.import_batch(batch.pk)
    back = client.get(f"/admin/cases/importbatch/{batch.pk}/rejected/")

    assert now(batch).verdicts["counts"] == counts
    assert back.status_code == (200 if counts["rejected"] else 404)
    assert cases_of(north) == counts["new"]


def test_a_sheet_that_does_not_say_whose_its_rows_are_comes_back(alice, north):
    content = workbook(cases=[["case_number"], ["A-1"]], follow_ups=[["visit_on"], ["2016"]])

    answer = journey(browser(alice), north, content)

    assert answer.status_code == 422
    assert "No column of the sheet 'follow_ups' holds the case number." in text(answer)


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_file_is_refused_or_judged(alice, north, seed):
    """A few bytes of a good file, changed at random (the seed says which)."""
    chance = random.Random(seed)
    content = bytearray(GOOD_BOOK if seed % 2 else PLAIN.encode() * 3)
    for _ in range(chance.randint(1, 6)):
        content[chance.randrange(len(content))] = chance.randrange(256)

    answer = journey(browser(alice), north, bytes(content))

    assert answer.status_code in (200, 422)
    assert cases_of(north) == 0


def test_a_part_of_the_archive_that_is_too_large_is_refused_by_its_bytes(alice, north):
    out = io.BytesIO(GOOD_BOOK)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/picture.bin", bytes(120 * 2**20))

    told = text(journey(browser(alice), north, out.getvalue(), "cases.xlsx"))
    # counted to its bound, or on a slow machine ended before that by the limit of the process
    assert "unfolds to more than" in told or "takes more memory or time" in told
