"""What became of each vein that entered the cava: sewn to it or to a graft, tied, lost with its organ."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cases.drawing.anatomy import BRANCHES, CONFLUENCE, ILIAC, SPANS, TOP, Branch
from cases.drawing.ink import ink
from cases.drawing.repair import WHOLE, Repair, knot
from cases.drawing.shapes import Element, node
from cases.drawing.vessel import inner, outer
from cases.vocabulary import Handling, Organ, Segment, Vein

KIDNEY_OF = {Vein.LEFT_RENAL: Organ.LEFT_KIDNEY, Vein.RIGHT_RENAL: Organ.RIGHT_KIDNEY}
# Small veins are drawn as lost only where the record says so; of the others, a gap in the record is shown.
SMALL = frozenset({Vein.RIGHT_ADRENAL, Vein.ACCESSORY_HEPATIC})
LOST = frozenset({Handling.WITH_NEPHRECTOMY, Handling.AUTOTRANSPLANT})


def lost_kidneys(operation: Any) -> frozenset[str]:
    """The kidneys that are no longer in their place."""
    gone = {kidney for vein, kidney in KIDNEY_OF.items() if operation.handling_of.get(vein) in LOST}
    return frozenset(gone) | (operation.organs_resected or frozenset())


def is_displaced(vein: str, operation: Any, repair: Repair) -> bool:
    """Whether something became of the vein that the picture shows: it was dealt with, or lost its place."""
    how = operation.handling_of.get(vein)
    if how is None and vein in SMALL:
        return False
    return how not in WHOLE or repair.covers(BRANCHES[vein].mouth[1])


def branches(operation: Any, repair: Repair) -> Iterator[Element]:
    """Draw each vein of which something became."""
    for vein, branch in BRANCHES.items():
        if is_displaced(vein, operation, repair):
            yield from _branch(branch, operation.handling_of.get(vein), repair)


def _branch(branch: Branch, how: str | None, repair: Repair) -> Iterator[Element]:
    if how in LOST:
        yield node("path", d=branch.path(), **ink("ghost"))
        if how == Handling.AUTOTRANSPLANT:
            yield from _moved_kidney(branch)
    elif how == Handling.LIGATED or how in WHOLE:
        yield from _cut_short(branch, is_tied=how == Handling.LIGATED)
    else:
        led = _led(branch, how, repair)
        yield outer(led)
        yield inner(led)
        if how == Handling.INTERPOSITION:
            yield node("path", d=led.path(0.45, 0.98), **ink("limb-wall", stroke_width=branch.width + 0.5))
            yield node("path", d=led.path(0.45, 0.98), **ink("limb", stroke_width=branch.width - 2.5))
            yield from knot(led, 0.45, "sewn")
        yield from knot(led, 1.0, "sewn")


def _cut_short(branch: Branch, *, is_tied: bool) -> Iterator[Element]:
    """A vein that ends before the cava: tied, or of which no more is recorded."""
    yield outer(branch, 0.0, 0.6)
    yield inner(branch, 0.0, 0.6)
    yield node("path", d=branch.path(0.66, 1.0), **ink("ghost"))
    if is_tied:
        yield from knot(branch, 0.56, "tied")


def _led(branch: Branch, how: str | None, repair: Repair) -> Branch:
    """The vein as it runs now, up to the wall that it was sewn to."""
    side = -1 if branch.is_on_the_left else 1
    y, near = branch.mouth[1], branch.near
    if how == Handling.RECONSTRUCTED_ATRIUM:
        y = SPANS[Segment.INTRACARDIAL][1] - 14
        x = repair.wall(y, side)
        return replace(branch, bend=(x + side * 34, 180), near=(x + side * 26, y + 4), mouth=(x, y))
    if how == Handling.REIMPLANTED_IVC and repair.gap and repair.covers(y):
        top, bottom = repair.gap
        up = y - top <= bottom - y or bottom > CONFLUENCE - 16
        y = max(TOP + 30, top - 14) if up else bottom + 14
        near = (repair.wall(y, side) + side * 14, y)
    return replace(branch, near=near, mouth=(repair.wall(y, side), y))


def _moved_kidney(branch: Branch) -> Iterator[Element]:
    """A kidney in the iliac fossa of its own side, drained by the iliac vein."""
    side = -1 if branch.is_on_the_left else 1
    x, mouth = 124 + side * 88, ILIAC["left" if side < 0 else "right"].point(0.3)
    start, bend, near = (x - side * 10, 468), (x - side * 24, 472), (mouth[0] + side * 8, mouth[1] - 18)
    yield node("ellipse", cx=x, cy=464, rx=15, ry=24, **ink("kidney"))
    vein = Branch(start, bend, near, mouth, 9, Segment.INFRARENAL)
    yield outer(vein)
    yield inner(vein)
    yield from knot(vein, 0.97, "sewn")
