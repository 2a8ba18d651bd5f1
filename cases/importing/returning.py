"""The rejected rows of a file, as a file: to be corrected and uploaded again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from cases.flat.returned import Kept, csv_file, workbook_file
from cases.importing import mapping, posted
from cases.models import ImportBatch, ImportRow
from registry.api.ndjson import NDJSON

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
READ_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file to download."""

    name: str
    content_type: str
    content: bytes


def rejected_rows(batch: ImportBatch) -> Attachment | None:
    """Make the file, of the kind that came; None when no rows are kept, or none any more."""
    if batch.format == ImportBatch.Format.DOCUMENTS:
        return rejected_documents(batch)
    heads = mapping.heads_of(batch)
    if not heads or not _rows(batch).exists():
        return None
    stem = PurePath(batch.file_name).stem or "cases"
    waiting = _kept(batch, [head.name for head in heads])
    if heads[0].separator:
        return Attachment(
            name=f"{stem}-rejected.csv", content_type="text/csv", content=csv_file(heads[0], waiting)
        )
    return Attachment(
        name=f"{stem}-rejected.xlsx", content_type=WORKBOOK, content=workbook_file(heads, waiting)
    )


def rejected_documents(batch: ImportBatch) -> Attachment | None:
    """Make the file of documents, one a line; None when none are kept, or none any more."""
    if not _rows(batch).exists():
        return None
    content = "".join(posted.rejected_lines(batch)).encode()
    return Attachment(name=f"import-{batch.pk}-rejected.ndjson", content_type=NDJSON, content=content)


def _rows(batch: ImportBatch) -> Any:
    return ImportRow.objects.filter(batch=batch, verdict=ImportRow.Verdict.REJECTED).exclude(cells=[])


def _kept(batch: ImportBatch, sheets: list[str]) -> Iterator[Kept]:
    """Each row of each rejected case, with what is wrong in it; what is in no row stands at the first."""
    for row in _rows(batch).order_by("position").iterator(READ_AT_ONCE):
        places = [(number, at) for number, at, _ in row.cells]
        said: dict[tuple[int, int], list[str]] = {}
        for problem in row.problems:
            sheet = sheets.index(problem["sheet"]) if problem["sheet"] in sheets[1:] else 0
            place = (sheet, problem["row"])
            told = f"{problem['column']}: {problem['message']}" if problem["column"] else problem["message"]
            said.setdefault(place if place in places else places[0], []).append(told)
        for number, at, cells in row.cells:
            yield Kept(sheet=number, number=at, cells=cells, problems="\n".join(said.get((number, at), ())))
