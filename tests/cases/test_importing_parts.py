"""The parts of a workbook beside its rows: a few KiB of them cannot keep a process busy, and what matters is read."""

import contextlib
import io
import time
import zipfile
from pathlib import Path

import pytest

from cases import flat
from cases.flat import parts as known
from tests.cases.files import with_part, workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRINGS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
SHEET = "xl/worksheets/sheet1.xml"


def parts(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def base():
    """A workbook that shares its texts."""
    content = workbook(cases=[["case_number"], ["A-1"]])
    types = parts(content)["[Content_Types].xml"]
    told = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{STRINGS}"/></Types>'
    content = with_part(content, "[Content_Types].xml", types.replace("</Types>", told))
    return with_part(content, "xl/sharedStrings.xml", f'<sst xmlns="{MAIN}"></sst>')


def changed(part, old, new):
    content = base()
    text = parts(content)[part]
    assert old in text
    return with_part(content, part, text.replace(old, new, 1))


def stuffed(part, place, tag, mib):
    """A workbook with so many MiB of a tag before a place of a part."""
    return changed(part, place, tag * (mib * 2**20 // len(tag)) + place)


@pytest.mark.parametrize(
    ("part", "place", "tag", "mib"),
    [
        ("xl/styles.xml", "</cellXfs>", "<xf/>", 9),
        ("xl/styles.xml", "</fonts>", "<font/>", 1),
        pytest.param("xl/sharedStrings.xml", "</sst>", "<si/>", 30, marks=pytest.mark.nightly),
        ("xl/sharedStrings.xml", "</sst>", "<si><t>x</t></si>", 30),
        ("xl/sharedStrings.xml", "</sst>", "<x/>", 30),
        ("xl/workbook.xml", "<calcPr", "<definedNames><definedName/></definedNames>", 30),
        ("xl/workbook.xml", "</sheets>", '<sheet name="x" sheetId="1" r:id="rId1"/>', 1),
        ("xl/_rels/workbook.xml.rels", "</Relationships>", "<Relationship/>", 30),
        ("docProps/core.xml", "</cp:coreProperties>", "<x/>", 30),
        (SHEET, "<sheetData>", '<cols><col min="1"/></cols>', 60),
        (SHEET, "<pageMargins", '<mergeCell ref="A1"/>', 60),
        (SHEET, "</row>", "<x/>", 30),
        (SHEET, "</sheetData>", "<row/>", 60),
    ],
)
def test_a_bomb_beside_the_rows_takes_little_time(part, place, tag, mib):
    """18 KiB of formats took openpyxl alone 26 s and 1.3 GiB."""
    content = stuffed(part, place, tag, mib)
    assert len(content) < 2**18
    begun = time.process_time()

    with contextlib.suppress(flat.UnreadableFile):  # what is never looked at does no harm
        list(flat.read(content).lines())

    assert time.process_time() - begun < 10  # ten million empty rows take five on a slow processor


@pytest.mark.parametrize(
    ("part", "place"),
    [("xl/styles.xml", "</cellXfs>"), ("xl/workbook.xml", "</sheets>"), (SHEET, "<pageMargins")],
)
def test_what_no_file_of_cases_needs_is_refused_in_a_sentence(part, place):
    with pytest.raises(flat.UnreadableFile, match="more formats, names or other things"):
        flat.read(stuffed(part, place, "<x/>", 3))


def test_a_sheet_cannot_be_read_again_and_again():
    with pytest.raises(flat.UnreadableFile, match="more formats, names or other things"):
        flat.read(
            changed("xl/workbook.xml", "</sheets>", '<sheet name="x" sheetId="9" r:id="rId1"/></sheets>')
        )


def test_a_row_beyond_all_rows_is_refused():
    with pytest.raises(flat.UnreadableFile, match="more formats, names or other things"):
        flat.read(changed(SHEET, '<row r="2">', '<row r="99999999999">'))


def test_shared_texts_are_read_with_their_formatted_runs():
    content = changed(
        SHEET, '<c r="A2" t="inlineStr"><is><t>A-1</t></is></c>', '<c r="A2" t="s"><v>1</v></c>'
    )
    runs = "<r><rPr><b/></rPr><t>A-</t></r><r><t>7</t></r><rPh sb='0' eb='1'><t>no</t></rPh>"
    texts = f'<sst xmlns="{MAIN}"><si><t>x</t></si><si>{runs}</si></sst>'

    (line,) = flat.read(with_part(content, "xl/sharedStrings.xml", texts)).lines()

    assert line.case_number == "A-7"


def test_a_document_type_is_refused_in_any_encoding():
    said = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "b">]><sst xmlns="{MAIN}"></sst>'

    with pytest.raises(flat.UnreadableFile, match="document type definition"):
        flat.read(with_part(base(), "xl/sharedStrings.xml", said.encode("utf-16")))


def test_the_limits_are_those_of_the_guide():
    guide = (Path(__file__).parents[2] / "docs/import.md").read_text(encoding="utf-8")

    assert f"| {known.MAX_TEXTS:,}; {known.MAX_SHEETS} |" in guide
    assert f"| {known.MAX_WHOLE_BYTES >> 20} MiB, {known.MAX_TAGS:,} tags |" in guide
