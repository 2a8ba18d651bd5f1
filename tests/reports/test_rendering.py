"""The files of a report: every number as CSV, every figure as SVG, both sizes of paper."""

import csv
import io
import json
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile
from dataclasses import replace

import pytest

from reports import documents, drawings, numbers, rendering
from reports.content import to_json
from tests.reports.handmade import founding_content


@pytest.fixture(scope="module")
def content():
    return founding_content()


@pytest.fixture
def rows(content):
    return list(csv.DictReader(io.StringIO(rendering.made("report.csv", content).decode())))


def _at(plain, pointer):
    """Follow a JSON Pointer (RFC 6901)."""
    for step in pointer.split("/")[1:]:
        plain = plain[int(step)] if isinstance(plain, list) else plain[step]
    return plain


def _numbers(plain, pointer=""):
    """Every number of the JSON and where it stands, but for how many decimals are printed."""
    if isinstance(plain, dict):
        for name, value in plain.items():
            yield from () if name == "decimals" else _numbers(value, f"{pointer}/{name}")
    elif isinstance(plain, list):
        for place, value in enumerate(plain):
            yield from _numbers(value, f"{pointer}/{place}")
    elif isinstance(plain, int | float) and not isinstance(plain, bool):
        yield pointer


def test_csv_has_every_number_of_the_json_at_its_pointer(content, rows):
    plain = json.loads(to_json(content))

    assert [row["pointer"] for row in rows if row["value"]] == list(_numbers(plain))
    assert all(float(row["value"]) == _at(plain, row["pointer"]) for row in rows if row["value"])


def test_csv_names_what_is_counted(rows):
    said = {(row["part"], row["measure"]): row["value"] for row in rows}

    # the founding abstract: 87.5% alive at 12 months; operating time 160 to 320 minutes
    assert said["survival > Overall survival > estimates > 12 months", "survival"] == "0.875"
    assert said["operations > Operating time, min", "range_low"] == "160.0"
    assert said["operations > Operating time, min", "range_high"] == "320.0"


def test_csv_says_why_a_number_is_withheld():
    line = numbers.Number("/patients/0/lines/0/value/n", "patients > Sex > Women", "n", "", "<5")

    assert line in set(numbers.numbers(_withheld()))


def _withheld():
    content = founding_content()
    sex = content.patients[0]
    women = replace(sex.lines[0], value=replace(sex.lines[0].value, n=None, hidden="<5"))
    assert (sex.heading, women.label) == ("Sex", "Women")
    return replace(content, patients=(replace(sex, lines=(women, *sex.lines[1:])), *content.patients[1:]))


def test_every_figure_is_in_the_archive_and_dated_with_the_cut(content):
    packed = rendering.made("figures.zip", content)
    documents.forget()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == len(drawings.drawn(content)) > 0
        assert archive.namelist()[0] == "figure-1-survival.svg"
        for entry in archive.infolist():
            assert entry.date_time[:3] == (content.as_of.year, content.as_of.month, content.as_of.day)
            assert ElementTree.fromstring(archive.read(entry)).tag == "{http://www.w3.org/2000/svg}svg"

    assert rendering.made("figures.zip", content) == packed


@pytest.mark.parametrize(
    ("name", "size"),
    # ISO 216 and ANSI/ASME Y14.1, in points of 1/72 inch
    [("report.pdf", "595.276 x 841.89 pts (A4)"), ("report-letter.pdf", "612 x 792 pts (letter)")],
)
def test_both_papers(content, tmp_path, name, size):
    rendering.write(content, tmp_path)
    found = subprocess.run(["pdfinfo", tmp_path / name], capture_output=True, text=True, check=True).stdout

    assert size in found
    assert "Tagged:          yes" in found


def test_all_documents_are_written(content, tmp_path):
    names = rendering.write(content, tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert all((tmp_path / name).read_bytes() == rendering.made(name, content) for name in names)
