"""Shares with their intervals as dots and lines, one row a rule, one's own beside others': an SVG for a page. Pure.

Colors are those of the style sheet; shape tells the two sides apart as well. Labels are short, so that the plot stays
readable on a telephone, where it is as wide as its own units.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT = 360, 52, 346
ROW, GAP, TOP = 22, 20, 22
TICKS = (0, 25, 50, 75, 100)


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A share with its interval, if it has one, and the same in words; `kind` is "own" or "others"."""

    kind: str
    share: float
    lower: float | None
    upper: float | None
    told: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One rule."""

    label: str
    address: str
    dots: tuple[Dot, ...]


def plot(groups: Sequence[tuple[str, Sequence[Row]]], *, title: str) -> str:
    """Draw rows under the heading of their group; what has no dot keeps an empty row, so that nothing seems missing."""
    height = TOP + sum(GAP + ROW * len(rows) for _, rows in groups) + 6
    parts = [
        f'<svg class="dots" viewBox="0 0 {WIDTH} {height}" role="group" aria-label="{escape(title)}">',
        *_axis(height),
    ]
    y = TOP
    for heading, rows in groups:
        parts.append(f'<text class="dots-head" x="0" y="{y + 14}">{escape(heading)}</text>')
        y += GAP
        for row in rows:
            parts += _row(row, y + ROW / 2)
            y += ROW
    return "".join([*parts, "</svg>"])


def _axis(height: int) -> Iterable[str]:
    for tick in TICKS:
        x = _x(tick / 100)
        yield f'<line class="dots-grid" x1="{x}" x2="{x}" y1="{TOP - 4}" y2="{height}"/>'
        yield f'<text class="dots-tick" x="{x}" y="12" aria-hidden="true">{tick}%</text>'


def _row(row: Row, y: float) -> Iterable[str]:
    yield f'<a href="{escape(row.address)}"><text class="dots-label" x="0" y="{y + 4}">{escape(row.label)}</text></a>'
    step = 5 if len(row.dots) > 1 else 0
    for place, dot in enumerate(row.dots):
        at = y - step + 2 * step * place
        x = _x(dot.share)
        yield f'<g class="dots-{dot.kind}" role="img" aria-label="{escape(dot.told)}"><title>{escape(dot.told)}</title>'
        if dot.lower is not None and dot.upper is not None:
            yield f'<line x1="{_x(dot.lower)}" x2="{_x(dot.upper)}" y1="{at}" y2="{at}"/>'
        if dot.kind == "own":
            yield f'<circle cx="{x}" cy="{at}" r="3.5"/></g>'
        else:
            yield f'<rect x="{round(x - 3, 1)}" y="{at - 3}" width="6" height="6"/></g>'


def _x(share: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * share, 1)
