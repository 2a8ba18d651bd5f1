"""Read named columns of a CSV file strictly: the first cell that cannot be right stops with its place.

Nothing is guessed, dropped or coerced. Messages name row, line and column and never repeat the cell.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

# float() would also take "1_000", "nan", "inf" and digits of other scripts.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


class ColumnError(ValueError):
    """The file cannot be used as it is; the message names the place and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its cells without outer blanks, and the line of the file each row ends on."""

    name: str
    cells: Sequence[str]
    lines: Sequence[int]

    def refuse(self, row: int, reason: str) -> NoReturn:
        """Raise for a row counted from 0; people read rows counted from 1 after the header."""
        raise ColumnError(f'Row {row + 1} (line {self.lines[row]}), column "{self.name}": {reason}.')

    def labels(self) -> list[str]:
        """Give the cells as text; an empty one is refused."""
        if "" in self.cells:
            self.refuse(self.cells.index(""), "the cell is empty; fill it in or remove the row")
        return list(self.cells)

    def numbers(self) -> list[float]:
        """Give the cells as finite numbers."""
        for row, cell in enumerate(self.labels()):
            if not is_number(cell):
                self.refuse(row, "is not a number; write it like 365 or 365.25")
        return [float(cell) for cell in self.cells]


def is_number(text: str) -> bool:
    """Tell whether this is a finite decimal number in plain ASCII."""
    return bool(_NUMBER.fullmatch(text)) and math.isfinite(float(text))


def read(path: Path, names: Sequence[str]) -> dict[str, Column]:
    """Read the named columns of a UTF-8 CSV file with a header line. Raises ColumnError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = [name.strip() for name in next(rows, [])]
            wanted = {name: _position(header, name) for name in names}
            lines, cells = _records(rows, len(header), list(wanted.values()))
    except OSError as error:
        raise ColumnError(f"{path} cannot be read: {error.strerror}. Check the path.") from error
    except UnicodeDecodeError as error:
        raise ColumnError(f"{path} is not UTF-8 text. Save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise ColumnError(
            f"{path}, line {rows.line_num}: not valid CSV ({error}). Check the quotes."
        ) from error
    if not lines:
        raise ColumnError(f"{path} has no rows below its header.")
    return {name: Column(name=name, cells=cells[at], lines=lines) for name, at in wanted.items()}


def _position(header: list[str], name: str) -> int:
    count = header.count(name)
    if count == 1:
        return header.index(name)
    if count > 1:
        raise ColumnError(f'Column "{name}" appears {count} times in the header; keep one.')
    found = ", ".join(f'"{column}"' for column in header if not is_number(column)) or "no names"
    raise ColumnError(
        f'There is no column "{name}"; the header line (line 1, separated by commas) has {found}.'
    )


def _records(rows: Any, width: int, kept: list[int]) -> tuple[list[int], dict[int, list[str]]]:
    lines: list[int] = []
    cells: dict[int, list[str]] = {position: [] for position in kept}
    for record in rows:
        if not record:  # a blank line, as many programs leave at the end
            continue
        lines.append(rows.line_num)
        if len(record) != width:
            place = f"Row {len(lines)} (line {rows.line_num})"
            raise ColumnError(
                f"{place} has {len(record)} cells where the header has {width}; check the commas."
            )
        for position, column in cells.items():
            column.append(record[position].strip())
    return lines, cells
