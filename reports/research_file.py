"""The file of an export for research: a zip with the rows as CSV and Parquet, their dictionary and how they were made.

Equal rows give equal bytes: they stand in the order of their pseudonyms, and nothing tells when the file was written.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cases import vocabulary as v
from reports.deidentified import ANY, MERGED, RARE, UNKNOWN

Kind = Literal["text", "days", "yes_no"]
MOMENT = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can tell


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its name, what it holds, and the vocabulary of its codes. `source` is where it comes from."""

    name: str
    meaning: str
    kind: Kind = "text"
    codes: type[v.Vocabulary] | None = None
    source: str = ""


COLUMNS = (
    Column(name="patient", meaning="Pseudonym, of this export alone"),
    Column(name="center", meaning=f"A center under a name of this export alone, or {MERGED}"),
    Column(
        name="age_band", meaning=f"Age at resection, years: bands of 5 or 10, 0-59, 60+, {UNKNOWN} or {ANY}"
    ),
    Column(name="sex", meaning=f"Sex by the administrative record, or {UNKNOWN}", codes=v.Sex),
    Column(name="year", meaning=f"Year of the resection, a period of five, or {ANY}"),
    Column(
        name="procedure", meaning=f"Resection + reconstruction of the vena cava, resection alone, or {ANY}"
    ),
    Column(name="level", meaning="Most cranial level of the tumor", codes=v.Level, source="level"),
    Column(name="segment", meaning="Most cranial segment of the tumor", codes=v.Segment, source="segment"),
    Column(name="size", meaning="T1 to T4 by largest diameter", source="size"),
    Column(name="growth_pattern", meaning="Growth", codes=v.Growth, source="growth_pattern"),
    Column(name="margin", meaning="Margin of the specimen", codes=v.Margin, source="margin"),
    Column(name="grade", meaning="FNCLCC grade", codes=v.Grade, source="grade"),
    Column(name="material", meaning="Material of graft or patch", codes=v.Material, source="material"),
    Column(name="asa", meaning="ASA physical status, 1 to 5", source="case__presentation_rows__asa"),
    Column(
        name="made_disease_free",
        meaning="All visible tumor resected with margin R0 or R1, and no metastasis at diagnosis",
        kind="yes_no",
        source="made_disease_free",
    ),
    Column(
        name="days_from_diagnosis",
        meaning="From the diagnosis to the resection",
        kind="days",
        source="days_from_diagnosis",
    ),
    Column(name="followed_days", meaning="Last day known alive", kind="days", source="followed_days"),
    Column(name="death_days", meaning="Death; empty while alive", kind="days", source="death_days"),
    Column(
        name="death_is_dated",
        meaning="The day of death is known to the day",
        kind="yes_no",
        source="death_is_dated",
    ),
    Column(
        name="death_cause", meaning="Category of the cause of death", codes=v.DeathCause, source="death_cause"
    ),
    Column(name="recurrence_days", meaning="First recurrence", kind="days", source="recurrence_days"),
    Column(
        name="recurrence_kind",
        meaning="Kind of the first recurrence",
        codes=v.RecurrenceKind,
        source="recurrence_kind",
    ),
    Column(
        name="local_recurrence_days",
        meaning="First local recurrence",
        kind="days",
        source="local_recurrence_days",
    ),
    Column(
        name="distant_metastasis_days",
        meaning="First distant metastasis",
        kind="days",
        source="distant_metastasis_days",
    ),
    Column(
        name="graft_occlusion_days",
        meaning="Graft first found thrombosed or occluded",
        kind="days",
        source="graft_occlusion_days",
    ),
    Column(
        name="graft_removal_days",
        meaning="Graft first found removed",
        kind="days",
        source="graft_removal_days",
    ),
)
CATEGORIES = tuple(one.name for one in COLUMNS if one.kind == "text" and one.source)
UNITS: dict[Kind, str] = {"text": "", "days": "days from the resection", "yes_no": "yes or no"}


def written(rows: Sequence[Mapping[str, Any]], *, about: Mapping[str, Any]) -> bytes:
    """Pack the rows with all that explains them; `about` says how they were made."""
    ordered = sorted(rows, key=lambda row: str(row["patient"]))
    parts = {
        "about.json": json.dumps(about, indent=2, sort_keys=True, ensure_ascii=False).encode(),
        "dictionary.csv": _dictionary(),
        "patients.csv": _csv(
            [one.name for one in COLUMNS], [[_told(row[c.name]) for c in COLUMNS] for row in ordered]
        ),
        "patients.parquet": _parquet(ordered),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            file.writestr(entry, content)
    return packed.getvalue()


def _told(value: Any) -> str:
    if value is None:
        return ""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _csv(head: list[str], rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode()


def _dictionary() -> bytes:
    rows = [[one.name, one.meaning, UNITS[one.kind], "; ".join(_codes(one))] for one in COLUMNS]
    return _csv(["column", "meaning", "unit", "codes"], rows)


def _codes(column: Column) -> list[str]:
    codes = [] if column.codes is None else [f"{one.value}: {one.english}" for one in column.codes]
    return [*codes, f"{RARE}: too rare to be told"] if column.name in CATEGORIES else codes


def _parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    import pyarrow  # heavy, and only ever needed here
    import pyarrow.parquet

    types = {"text": pyarrow.string(), "days": pyarrow.int32(), "yes_no": pyarrow.bool_()}
    schema = pyarrow.schema([(one.name, types[one.kind]) for one in COLUMNS])
    table = pyarrow.Table.from_pylist([{c.name: row[c.name] for c in COLUMNS} for row in rows], schema=schema)
    packed = io.BytesIO()
    pyarrow.parquet.write_table(table, packed)
    return packed.getvalue()
