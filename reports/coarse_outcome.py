"""What readers outside see of the short-term outcome. Pure."""

from __future__ import annotations

from dataclasses import replace

from reports import remarks
from reports.content import Group, Line, Share
from reports.small_numbers import COMPLEMENT, is_small

MINOR = frozenset(remarks.GRADE.format(grade=grade) for grade in ("I", "II"))
OF_MAJOR = frozenset({remarks.FAILED_TO_RESCUE, remarks.NO_MAJOR})  # lines that count major complications


def short_term(groups: tuple[Group, ...], graded: Group | None, threshold: int) -> tuple[Group, ...]:
    """Withhold the sum of the major grades where one of them is small, and the days of the upper quartile."""
    lines = graded.lines[1:] if graded else ()
    major = [line.value.n for line in lines if line.label not in MINOR and isinstance(line.value, Share)]
    is_exposed = any(is_small(n, threshold) for n in major)
    return tuple(
        replace(
            group,
            lines=tuple(map(_withheld, group.lines)) if is_exposed else group.lines,
            note=remarks.TEXTBOOK if _is_textbook(group) else group.note,
        )
        for group in groups
    )


def _withheld(line: Line) -> Line:
    """The sum of small counts can leave each of them a single value."""
    return replace(line, value=Share(n=None, of=None, hidden=COMPLEMENT)) if line.label in OF_MAJOR else line


def _is_textbook(group: Group) -> bool:
    return any(line.label == remarks.NO_MAJOR for line in group.lines)
