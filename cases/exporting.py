"""The list of cases as a file: what the list shows and no more, written to disk row by row, and noted.

A text that begins like a formula is written so that no spreadsheet program computes it (`registry/formulas.py`).
"""

from __future__ import annotations

import csv
import io
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext
from openpyxl import Workbook

from cases.models import Case
from cases.models.work import ListExport
from cases.vocabulary import Source
from registry import access, audit
from registry.access import Action
from registry.dates import PartialDate
from registry.formulas import guarded, text_cell

if TYPE_CHECKING:
    from registry.models import User

logger = logging.getLogger(__name__)

# Title of the column, and where its value comes from; the list annotates the last three but one.
COLUMNS = {
    "case_number": "case_number",
    "center": "center__code",
    "registry_id": "patient__registry_id",
    "status": "status",
    "source": "source",
    "resected_on": "resected_on",
    "level": "observation__level",
    "last_contact_on": "observation__last_contact_on",
    "open_deviations": "deviations_open",
    "open_queries": "queries_open",
    "updated_at": "updated_at",
}
PRECISION = "observation__last_contact_precision"  # of the last contact, which is written as recorded
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST_ROWS = {"csv": 200_000, "xlsx": 50_000}
CHUNK = 2_000
# Typed into the search, it may be anything; that there was a search is enough.
NOT_NOTED = {"q"}


class TooManyRowsError(Exception):
    """More cases than a file of this kind takes; the message says what to do."""


def centers_of(user: Any) -> tuple[int, ...]:
    """The centers whose cases this person may take out."""
    return access.centers_of(user, Action.EXPORT)


def export(
    cases: QuerySet[Case], *, format: ListExport.Format, by: User, narrowed_to: Mapping[str, str]
) -> IO[bytes]:
    """Write these cases, of the centers where the person may export, into a temporary file, and note it by center.

    `cases` come annotated as the list shows them. PermissionDenied if the person may export nowhere.
    """
    centers = centers_of(by)
    if not centers:
        raise PermissionDenied(gettext("You may not export cases."))
    # A case that may not be used any more has no observation, and is taken out by nobody.
    chosen = cases.filter(center__in=centers, observation__isnull=False)
    most = MOST_ROWS[format]
    if chosen.order_by()[most : most + 1].exists():
        told = gettext(
            "This list has more than {most} cases, too many for this kind of file. Narrow it, or take CSV."
        )
        raise TooManyRowsError(told.format(most=most))
    counted: Counter[int] = Counter()
    rows = _rows(chosen, counted)
    file: Any = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    (_write_csv if format == ListExport.Format.CSV else _write_xlsx)(file, rows)
    file.seek(0)
    _note(counted, format=format, by=by, narrowed_to=narrowed_to)
    return file


def _rows(cases: QuerySet[Case], counted: Counter[int]) -> Iterator[list[Any]]:
    found = cases.values_list("center_id", PRECISION, *COLUMNS.values()).iterator(chunk_size=CHUNK)
    for center_id, precision, *values in found:
        counted[center_id] += 1
        row = dict(zip(COLUMNS, values, strict=True))
        if on := row["last_contact_on"]:
            row["last_contact_on"] = PartialDate.ending(on, precision)
        yield [_plain(value) for value in row.values()]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, int):
        return value
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)


def _write_csv(file: IO[bytes], rows: Iterable[list[Any]]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")  # the mark tells Excel that it is UTF-8
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([guarded(value) if isinstance(value, str) else value for value in row] for row in rows)
    text.flush()
    text.detach()


def _write_xlsx(file: IO[bytes], rows: Iterable[list[Any]]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("cases")
    sheet.append(list(COLUMNS))
    for row in rows:
        sheet.append([text_cell(sheet, value) if isinstance(value, str) else value for value in row])
    book.save(file)


def _note(
    counted: Counter[int], *, format: ListExport.Format, by: User, narrowed_to: Mapping[str, str]
) -> None:
    filters = {name: "" if name in NOT_NOTED else value for name, value in narrowed_to.items()}
    with transaction.atomic(), audit.because(door=Source.ADMIN, by=by, reason="export of the list"):
        ListExport.objects.bulk_create(
            ListExport(center_id=center_id, by=by, format=format, rows=rows, filters=filters)
            for center_id, rows in sorted(counted.items())
        )
    total, names = counted.total(), ",".join(sorted(filters)) or "none"
    logger.info("cases exported user=%s format=%s rows=%s filters=%s", by.pk, format, total, names)
