"""The tumor before the operation: which segments it fills, how it grows, which veins it enters, where thrombus lies."""

from collections.abc import Iterable, Iterator
from math import pi, sin, sqrt
from typing import Any

from cases.drawing.anatomy import BRANCHES, CONFLUENCE, ILIAC, LEFT, RIGHT, SPANS, TOP, Branch
from cases.drawing.ink import filled, ink
from cases.drawing.shapes import Element, Point, at, node, smooth
from cases.vocabulary import (
    LEVEL_OF_SEGMENT,
    Growth,
    HepaticVein,
    Thrombus,
    ThrombusSite,
    Vein,
    VeinInvolvement,
)

MARGIN = 4  # from the border of a segment to the tumor in it
TAIL = 40  # a thrombus of which only the side is known
VEIN_OF = {
    HepaticVein.RIGHT: Vein.HEPATIC_RIGHT,
    HepaticVein.MIDDLE: Vein.HEPATIC_MIDDLE,
    HepaticVein.LEFT: Vein.HEPATIC_LEFT,
    HepaticVein.ACCESSORY: Vein.ACCESSORY_HEPATIC,
}
VEINS_OF_SITE = {
    ThrombusSite.RENAL_LEFT: (Vein.LEFT_RENAL,),
    ThrombusSite.RENAL_RIGHT: (Vein.RIGHT_RENAL,),
    ThrombusSite.HEPATIC: (Vein.HEPATIC_RIGHT, Vein.HEPATIC_MIDDLE, Vein.HEPATIC_LEFT),
}


def runs(segments: Iterable[str]) -> list[tuple[float, float]]:
    """The heights that neighbouring segments cover together, cranial to caudal."""
    found: list[tuple[float, float]] = []
    for segment, (top, bottom) in SPANS.items():
        if segment not in segments:
            continue
        if found and found[-1][1] == top:
            found[-1] = (found[-1][0], bottom)
        else:
            found.append((top, bottom))
    return found


def segments_of_level(level: str | None) -> frozenset[str]:
    """The segments of one of the three levels, for a publication that names none."""
    return frozenset(segment for segment, its in LEVEL_OF_SEGMENT.items() if its == level)


# --- the tumor ----------------------------------------------------------------------------------------------------


def mass(tumor: Any, prefix: str) -> Iterator[Element]:
    """The tumor, with what of it lies in the veins that enter."""
    fill = filled(prefix, "tumor")
    if not tumor.segments:
        faint = ink("tumor-edge", fill=fill, fill_opacity=0.35, stroke_dasharray="3 3")
        for top, bottom in runs(segments_of_level(tumor.reported_level)):
            yield node("path", d=in_lumen(top + MARGIN, bottom - MARGIN), **faint)
        return
    yield from _in_branches(tumor, fill)
    dashes = None if tumor.growth_pattern else "3 3"
    edge = ink("tumor-edge", fill=fill, stroke_dasharray=dashes)
    for top, bottom in runs(tumor.segments):
        shapes = _shapes(tumor.growth_pattern, top + MARGIN, bottom - MARGIN)
        yield node("g", *shapes, **edge)


def _shapes(growth: str | None, top: float, bottom: float) -> Iterator[Element]:
    """Inside the lumen, on the outside of both walls, or through them."""
    if growth == Growth.EXTRAVASAL:
        yield node("path", d=_on_wall(top, bottom, -1))
        yield node("path", d=_on_wall(top, bottom, 1))
        return
    if growth == Growth.MIXED:
        left = [(x + _back(y, top, bottom), y) for x, y in _bulge(top, bottom, -1)]
        right = [(x - _back(y, top, bottom), y) for x, y in _bulge(top, bottom, 1)]
        yield node("path", d=smooth([*left, *reversed(right)]))
        for wall in (LEFT, RIGHT):
            line = f"M{at(wall.at(top + 8), top + 8)}{wall.path(top + 8, bottom - 8)}"
            yield node("path", d=line, **ink("through"))
        return
    yield node("path", d=in_lumen(top, bottom))


def in_lumen(top: float, bottom: float, gap: float = 3.0, lobes: float = 1.5) -> str:
    """A mass that fills the lumen and is rounded at both ends, lobed like a tumor or straight like a thrombus."""
    heights = _heights(top, bottom)
    left = [(LEFT.at(y) + gap + _back(y, top, bottom) + lobes * (1 + sin(y / 7.5)), y) for y in heights]
    right = [
        (RIGHT.at(y) - gap - _back(y, top, bottom) - lobes * (1 + sin(y / 7.5 + 2.1)), y) for y in heights
    ]
    return smooth([*right, *reversed(left)])


def _back(y: float, top: float, bottom: float) -> float:
    """How far the end of a mass stays back from the wall."""
    reach = min(16.0, (bottom - top) / 2)
    near = min(y - top, bottom - y, reach) / reach
    return (RIGHT.at(y) - LEFT.at(y)) * 0.42 * (1 - sqrt(1 - (1 - near) ** 2))


def _bulge(top: float, bottom: float, side: int) -> list[Point]:
    """The outer border of a mass beyond one wall (-1 is the left of the picture)."""
    wall = LEFT if side < 0 else RIGHT
    most = min(27 if side < 0 else 18, (bottom - top) * 0.55)
    border = []
    for y in _heights(top, bottom):
        t = (y - top) / (bottom - top)
        lobes = 1 + 0.11 * sin(y / 7.0 + 2 * side)
        border.append((wall.at(y) + side * (most * sin(pi * t) ** 0.6 * lobes), y))
    return border


def _on_wall(top: float, bottom: float, side: int) -> str:
    """A mass on the outside of one wall: its border, and back along the wall."""
    wall, border = (LEFT if side < 0 else RIGHT), _bulge(top, bottom, side)
    return smooth([*border, *((wall.at(y) + side, y) for _, y in reversed(border[1:-1]))])


def _heights(top: float, bottom: float) -> list[float]:
    """Heights close together at both ends, where a mass is rounded."""
    ends = [0.0, 0.6, 2.2, 5.0, 9.0]
    middle_from, middle_to = top + 14, bottom - 14
    count = max(1, round((middle_to - middle_from) / 7))
    middle = [middle_from + (middle_to - middle_from) * i / count for i in range(count + 1)]
    return [*(top + e for e in ends), *middle, *(bottom - e for e in reversed(ends))]


def _in_branches(tumor: Any, fill: str) -> Iterator[Element]:
    for vein, answer in (
        (Vein.LEFT_RENAL, tumor.renal_vein_left_involved),
        (Vein.RIGHT_RENAL, tumor.renal_vein_right_involved),
    ):
        if answer in (VeinInvolvement.OSTIUM, VeinInvolvement.LUMEN):
            begin = 0.72 if answer == VeinInvolvement.OSTIUM else 0.28
            yield from plug(BRANCHES[vein], begin, fill, "tumor")
    for code in sorted((tumor.hepatic_veins_involved or frozenset()) & VEIN_OF.keys()):
        yield from plug(BRANCHES[VEIN_OF[code]], 0.45, fill, "tumor")
    if tumor.extends_to_iliac_veins:
        for branch in ILIAC.values():
            yield from plug(branch, 0.35, fill, "tumor")


def plug(branch: Branch, begin: float, fill: str, kind: str) -> Iterator[Element]:
    """Fill a vein from a point on its way up to its mouth."""
    line = branch.path(begin, 1.0)
    width = branch.width - 2.6
    yield node("path", d=line, **ink(f"{kind}-edge", stroke_width=width, stroke_linecap="round"))
    yield node(
        "path", d=line, fill="none", stroke=fill, stroke_width=max(1.6, width - 2.4), stroke_linecap="round"
    )


# --- thrombus -----------------------------------------------------------------------------------------------------


def thrombus(tumor: Any, prefix: str) -> Iterator[Element]:
    """Bland thrombus where it is recorded, or a tail on the side that is."""
    fill = filled(prefix, "thrombus")
    sites = tumor.bland_thrombus_extent or frozenset()
    spans = runs(sites - (tumor.segments or frozenset())) if sites else _tails(tumor)
    for top, bottom in spans:
        shape = in_lumen(top + 2, bottom - 2, gap=2.4, lobes=0)
        yield node("path", d=shape, **ink("thrombus-edge", fill=fill))
    if ThrombusSite.ILIAC in sites:
        for branch in ILIAC.values():
            yield from plug(branch, 0.15, fill, "thrombus")
    for site, veins in VEINS_OF_SITE.items():
        if site in sites:
            for vein in veins:
                yield from plug(BRANCHES[vein], 0.25, fill, "thrombus")


def _tails(tumor: Any) -> list[tuple[float, float]]:
    covered = runs(tumor.segments or segments_of_level(tumor.reported_level))
    if not covered or tumor.bland_thrombus in (None, Thrombus.NONE):
        return []
    tails = []
    top, bottom = covered[0][0], covered[-1][1]
    if tumor.bland_thrombus in (Thrombus.ABOVE_TUMOR, Thrombus.BOTH) and top > TOP:
        tails.append((max(TOP + 6, top - TAIL), top + 3))
    if tumor.bland_thrombus in (Thrombus.BELOW_TUMOR, Thrombus.BOTH) and bottom < CONFLUENCE:
        tails.append((bottom - 3, min(CONFLUENCE, bottom + TAIL)))
    return tails
