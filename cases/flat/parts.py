"""The parts of a workbook, read no further than an import needs: strings, styles, names of sheets, rows.

openpyxl makes several objects of every tag that it meets, so a few KiB of tags can keep it busy for minutes. Parts that
it reads whole are bounded together; texts and rows are walked one by one, and what stands beside them is passed over.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._reader import ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from cases.flat.tables import UnreadableFile

# Of all that is read whole (formats, names, relations), and of what stands beside the rows of a sheet.
MAX_WHOLE_BYTES = 2 * 2**20
MAX_TAGS = 100_000
MAX_SHEETS = 200
MAX_TEXTS = 1_000_000
MAX_SHEET_ROWS = 2**20  # no spreadsheet program has more
_TEXT, _PLAIN, _RUN = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("si", "t", "r"))


def overgrown() -> UnreadableFile:
    """Refuse what no file of cases needs."""
    return UnreadableFile(
        gettext(
            "The workbook holds more formats, names or other things beside its rows than a file of cases needs. "
            "Copy its values into the template, or send CSV."
        )
    )


class _Archive(zipfile.ZipFile):
    """An archive of which little can be read whole, however often and under whatever name."""

    bytes = tags = 0

    def read(self, name: Any, pwd: Any = None) -> Any:
        """Read a part whole."""
        with self.open(name) as part:
            content = part.read(MAX_WHOLE_BYTES + 1)
        self.bytes += len(content)
        self.tags += content.count(b"<")
        if self.bytes > MAX_WHOLE_BYTES or self.tags > 2 * MAX_TAGS:  # each begins and ends
            raise overgrown()
        return content


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A sheet: its name, and where it lies in the archive."""

    title: str
    path: str


class Book(ExcelReader):
    """A workbook, opened: its sheets, and what their cells refer to."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), read_only=True, keep_links=False)
        self.archive = _Archive(io.BytesIO(content))
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        if len(self.parser.sheets) > MAX_SHEETS:
            raise overgrown()
        apply_stylesheet(self.archive, self.wb)
        self.read_worksheets()

    def read_strings(self) -> None:
        """Read the texts that cells share."""
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            with self.archive.open(part.PartName[1:]) as source:
                self.shared_strings = list(_texts(source))

    def read_worksheets(self) -> None:
        """Leave the sheets alone: openpyxl would walk through each that does not say how large it is."""

    @property
    def sheets(self) -> list[Part]:
        """Its sheets, without charts; each is a part of its own."""
        found = [
            Part(title=sheet.name, path=rel.target)
            for sheet, rel in self.parser.find_sheets()
            if rel.target in self.valid_files and "chartsheet" not in rel.Type
        ]
        if len({sheet.path for sheet in found}) < len(found):
            raise overgrown()
        return found

    def rows(self, sheet: Part, last: int | None) -> Iterator[tuple[int, list[Any]]]:
        """Walk the rows of a sheet up to the last that is asked for: the number and the cells of each, as parsed."""
        with self.archive.open(sheet.path) as source:
            parser = WorkSheetParser(
                source,
                self.shared_strings,
                epoch=self.wb.epoch,
                date_formats=self.wb._date_formats,
                timedelta_formats=self.wb._timedelta_formats,
            )
            for count, element in enumerate(_each(ROW_TAG, source), start=1):
                number, cells = parser.parse_row(element)
                if max(count, number) > MAX_SHEET_ROWS:
                    raise overgrown()
                if last is not None and number > last:
                    return
                yield number, cells


def _texts(source: Any) -> Iterator[str]:
    for count, element in enumerate(_each(_TEXT, source), start=1):
        if count > MAX_TEXTS:
            raise overgrown()
        told = [element.findtext(_PLAIN), *(run.findtext(_PLAIN) for run in element.iterfind(_RUN))]
        yield "".join(text for text in told if text).replace("x005F_", "")  # as openpyxl has it


def _each(tag: str, source: Any) -> Iterator[Any]:
    """Walk the elements of a name; what stands beside them is counted."""
    beside = since = 0
    for _, element in iterparse(source):
        since += 1
        if element.tag == tag:
            beside += since - sum(1 for _ in element.iter())
            since = 0
            yield element
            element.clear()
        if beside + since > MAX_TAGS:
            raise overgrown()
