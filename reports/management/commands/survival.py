"""manage.py survival FILE.csv: the survival of any CSV of patients, as JSON or a table. No database."""

from __future__ import annotations

import json
import math
from argparse import ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser

from reports import csv_columns, survival_summary, survival_text
from reports.csv_columns import Column, ColumnError
from reports.survival import CONF_TYPES, LifeTable, LifeTableError
from reports.survival_summary import Request


class Command(BaseCommand):
    """Survival, its tests and competing risks of the patients in a CSV file."""

    help = "Estimate survival from a CSV file with one patient per row. Touches no database."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the columns to read and what to estimate."""
        add = parser.add_argument
        add("file", type=Path, help="CSV file, UTF-8, comma separated, with a header line")
        add("--time", required=True, metavar="COL", help="days from the operation to event or last contact")
        add("--event", required=True, metavar="COL", help="0 = censored, 1 = event, or a cause code")
        add("--entry", metavar="COL", help="day from which the patient was observed (late entry)")
        add("--group", metavar="COL", help="compare these groups")
        add("--strata", metavar="COL", help="stratify the tests by this column")
        add("--cause-codes", type=_codes, default=(1,), metavar="1,2", help="causes that compete")
        add("--conf-type", choices=CONF_TYPES, default="log-log", help="how the limits are made")
        add("--level", type=_share, default=0.95, help="confidence level")
        add("--at", type=_time, nargs="+", default=[], metavar="T", help="survival at these times")
        add(
            "--quantiles", type=_share, nargs="+", default=[0.25, 0.5, 0.75], metavar="P", help="0.5 = median"
        )
        add("--tau", type=_time, nargs="+", default=[], metavar="T", help="mean survival up to these times")
        add("--conditional", type=_pair, nargs="+", default=[], metavar="S:T", help="S(T) given alive at S")
        add("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, estimate, print; exit 2 when the file cannot be right."""
        request = Request(
            conf_type=options["conf_type"],
            level=options["level"],
            at=tuple(options["at"]),
            quantiles=tuple(options["quantiles"]),
            tau=tuple(options["tau"]),
            conditional=tuple(options["conditional"]),
        )
        try:
            strata = _life_tables(options)
        except ColumnError as error:
            raise CommandError(str(error), returncode=2) from error
        for note in survival_summary.notes(strata):
            self.stderr.write(note)
        summary = survival_summary.summarize(strata, options["cause_codes"], request)
        if options["json"]:
            self.stdout.write(json.dumps(summary, allow_nan=False))
        else:
            self.stdout.write(survival_text.as_text(strata, summary))


def _life_tables(options: dict[str, Any]) -> list[LifeTable]:
    """One table per stratum, all with the same groups in ascending order."""
    roles = {role: options[role] for role in ("time", "event", "entry", "group", "strata") if options[role]}
    columns = csv_columns.read(options["file"], list(dict.fromkeys(roles.values())))
    by_role = {role: columns[name] for role, name in roles.items()}
    rows = len(by_role["time"].cells)
    groups, group = _labels(by_role.get("group"), rows)
    strata, stratum = _labels(by_role.get("strata"), rows)
    try:
        table = LifeTable.from_arrays(
            np.array(by_role["time"].numbers()),
            np.array(_causes(by_role["event"], options["cause_codes"])),
            group=stratum * len(groups) + group,
            groups=[(s, g) for s in strata for g in groups],
            entry=np.array(by_role["entry"].numbers()) if "entry" in by_role else None,
            causes=len(options["cause_codes"]),
        )
    except LifeTableError as error:
        if error.row is None or error.field not in by_role:
            raise
        by_role[error.field].refuse(error.row, error.reason)
    return [table.select([(s, g) for g in groups]).relabel(_group_of) for s in strata]


def _group_of(label: Any) -> Any:
    return label[1]


def _labels(column: Column | None, rows: int) -> tuple[list[str], Any]:
    """The distinct labels in ascending order, as numbers where all are, and each row's position in them."""
    if column is None:
        return ["all"], np.zeros(rows, np.int64)
    labels = column.labels()
    distinct = sorted(set(labels))
    if all(csv_columns.is_number(label) for label in distinct):
        distinct.sort(key=float)
    position = {label: i for i, label in enumerate(distinct)}
    return distinct, np.array([position[label] for label in labels], np.int64)


def _causes(column: Column, codes: Sequence[int]) -> list[int]:
    """0 for censored, else the position of the cause code, from 1."""
    meaning = {0: 0} | {code: number for number, code in enumerate(codes, start=1)}
    numbers = column.numbers()
    for row, number in enumerate(numbers):
        if number not in meaning:
            known = ", ".join(str(code) for code in codes)
            column.refuse(
                row,
                f"is not 0 (censored) or {known}; correct it, or name all causes, as in --cause-codes 1,2",
            )
    return [meaning[int(number)] for number in numbers]


def _time(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ArgumentTypeError(f"{text!r} is not a time; give a number from 0 up, such as 365.25")
    return value


def _share(text: str) -> float:
    value = _time(text)
    if not 0 < value < 1:
        raise ArgumentTypeError(f"{text!r} does not lie between 0 and 1; give a share such as 0.5")
    return value


def _pair(text: str) -> tuple[float, float]:
    since, _, until = text.partition(":")
    pair = _time(since), _time(until)
    if not pair[0] < pair[1]:
        raise ArgumentTypeError(f"{text!r} must be S:T with S before T, such as 365.25:1826.25")
    return pair


def _codes(text: str) -> tuple[int, ...]:
    codes = tuple(int(code) if code.strip().isdecimal() else 0 for code in text.split(","))
    if 0 in codes or len(set(codes)) < len(codes):
        raise ArgumentTypeError(f"{text!r} must be different whole numbers from 1 up, such as 1,2")
    return codes
