"""The vena cava after the operation: what was cut out, and what took its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cases.drawing.anatomy import BRANCHES, CONFLUENCE, ILIAC, LEFT, RIGHT, SPANS, TOP, Branch, center, slab
from cases.drawing.ink import ink
from cases.drawing.shapes import Element, at, node
from cases.drawing.tumor import runs
from cases.drawing.vessel import borders, inner, outer, vein
from cases.vocabulary import GRAFTS, AnastomosisSite, Handling, IvcMethod, ResectionType, Segment

NATIVE_MM = 25.0  # what the vein is drawn for; native diameters are 20 to 30 mm (Pantoja 2020)
NATIVE_HALF = 21.0
USUAL_MM = 20.0  # a graft whose diameter is not recorded
FLARE = 12.0  # over which a graft widens to the vein
FLOOR = SPANS[Segment.INTRACARDIAL][1] - 8  # of the atrium; nothing is sewn higher
WHOLE = frozenset({None, Handling.PRESERVED, Handling.NOT_EXPOSED})
Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Repair:
    """Where an operation changed the vein."""

    cut: list[Span]  # the heights of the segments that were resected
    gap: Span | None  # the heights between which the vein is no longer there
    method: str | None
    half: float  # half the width of a graft
    ringed: bool

    @property
    def is_graft(self) -> bool:
        """Whether a tube took the place of the vein."""
        return self.method in GRAFTS and self.gap is not None

    def covers(self, y: float) -> bool:
        """Tell whether the native vein is missing at this height."""
        return self.gap is not None and self.gap[0] < y < self.gap[1]

    def wall(self, y: float, side: int) -> float:
        """The wall that a vein is sewn to at this height, -1 on the left of the picture."""
        if self.is_graft and self.covers(y):
            return self.axis(y) + side * self.half
        return (LEFT if side < 0 else RIGHT).at(y)

    def axis(self, y: float) -> float:
        """The middle of the graft."""
        assert self.gap is not None
        top, bottom = self.gap
        return center(top) + (center(bottom) - center(top)) * (y - top) / (bottom - top)


def repair_of(operation: Any) -> Repair:
    """Work out where the vein was replaced or left out; nowhere when the record does not say."""
    form = operation.reconstruction
    method = form.ivc_method if form else None
    resected = operation.resected_segments or frozenset()
    cut = runs(resected)
    open_circle = method == IvcMethod.LIGATION or operation.resection_type == ResectionType.CIRCUMFERENTIAL
    gap = (cut[0][0], cut[-1][1]) if cut and (open_circle or method in GRAFTS) else None
    if method in GRAFTS:
        gap = _between_anastomoses(form, resected, gap)
    if gap is not None:
        gap = max(gap[0], FLOOR), gap[1] if gap[1] > CONFLUENCE else min(gap[1], CONFLUENCE - 7)
    diameter = form.diameter_mm if form and form.diameter_mm else USUAL_MM
    half = min(24.0, max(9.0, diameter / NATIVE_MM * NATIVE_HALF))
    return Repair(cut=cut, gap=gap, method=method, half=half, ringed=bool(form and form.ringed))


def _between_anastomoses(form: Any, resected: frozenset[str], cut: Span | None) -> Span | None:
    """The cranial and the caudal end of a graft: at its anastomoses, else at the ends of what was cut out."""
    top = _cranial_end(form.proximal_anastomosis_segment, resected) or (cut[0] if cut else None)
    bottom = _caudal_end(form.distal_anastomosis_segment, resected) or (cut[1] if cut else None)
    if top is None or bottom is None or bottom - top < 2 * FLARE:
        return cut
    return top, bottom


def _cranial_end(site: str | None, resected: frozenset[str]) -> float | None:
    if site == AnastomosisSite.ATRIUM:
        return FLOOR
    if site not in SPANS:
        return None
    top, bottom = SPANS[site]
    return top + 10 if site in resected else bottom - 5


def _caudal_end(site: str | None, resected: frozenset[str]) -> float | None:
    if site == AnastomosisSite.ILIAC:
        return CONFLUENCE + 20
    if site not in SPANS:
        return None
    top, bottom = SPANS[site]
    return bottom - 10 if site in resected else top + 5


# --- the vein and what took its place -----------------------------------------------------------------------------


def cava(operation: Any, repair: Repair) -> Iterator[Element]:
    """The vein after the operation, with the branches that still open into it as before."""
    handling = operation.handling_of
    whole = [
        b for name, b in BRANCHES.items() if handling.get(name) in WHOLE and not repair.covers(b.mouth[1])
    ]
    yield from vein(_native(repair), whole)
    if repair.is_graft:
        yield from _graft(repair)
    elif repair.gap:
        yield from _left_out(repair.gap, is_tied=repair.method == IvcMethod.LIGATION)
    elif repair.method in (IvcMethod.PATCH, IvcMethod.PRIMARY_CLOSURE):
        mend = _patch if repair.method == IvcMethod.PATCH else _closure
        for span in repair.cut:
            yield from mend(*span)


def _native(repair: Repair) -> list[Span]:
    if repair.gap is None:
        return [(TOP, CONFLUENCE)]
    top, bottom = repair.gap
    return [(TOP, top), (bottom, CONFLUENCE)] if bottom < CONFLUENCE else [(TOP, top)]


def _graft(repair: Repair) -> Iterator[Element]:
    assert repair.gap is not None
    top, bottom = repair.gap
    to_iliacs = bottom > CONFLUENCE or repair.method == IvcMethod.BIFURCATED_GRAFT
    if to_iliacs:
        bottom = CONFLUENCE - 10
        yield from _limbs(ink("limb-wall"), 0.0)
    kind = "own-graft" if repair.method == IvcMethod.AUTOLOGOUS_TUBE else "graft"
    yield node("path", d=_tube(repair, top, bottom, is_open=to_iliacs), **ink(kind))
    if to_iliacs:
        yield from _limbs(ink("limb"), 3.6)
    if repair.ringed:
        count = max(1, round((bottom - top - 2 * FLARE) / 8))
        step = (bottom - top - 2 * FLARE) / count
        ys = [top + FLARE + step * i for i in range(count + 1)]
        yield node("path", d="".join(_ring(repair, y) for y in ys), **ink("ring"))
    yield from seam(top)
    if not to_iliacs:
        yield from seam(bottom)


def _tube(repair: Repair, top: float, bottom: float, *, is_open: bool) -> str:
    """A graft that widens to the vein at its ends; one with limbs is open below."""
    half, low, high = repair.half, bottom if is_open else bottom - FLARE, top + FLARE
    x0, x1 = repair.axis(high), repair.axis(low)
    path = (
        f"M{at(x1 - half, low)}L{at(x0 - half, high)}"
        f"C{at(x0 - half, top + 5)} {at(LEFT.at(top), top + 7)} {at(LEFT.at(top), top)}L{at(RIGHT.at(top), top)}"
        f"C{at(RIGHT.at(top), top + 7)} {at(x0 + half, top + 5)} {at(x0 + half, high)}L{at(x1 + half, low)}"
    )
    if is_open:
        return path
    left, right = LEFT.at(bottom), RIGHT.at(bottom)
    return (
        f"{path}C{at(x1 + half, bottom - 5)} {at(right, bottom - 7)} {at(right, bottom)}L{at(left, bottom)}"
        f"C{at(left, bottom - 7)} {at(x1 - half, bottom - 5)} {at(x1 - half, low)}Z"
    )


def _ring(repair: Repair, y: float) -> str:
    x = repair.axis(y)
    return f"M{at(x - repair.half, y - 2)}Q{at(x, y + 3)} {at(x + repair.half, y - 2)}"


def _limbs(paint: dict[str, Any], thinner: float) -> Iterator[Element]:
    """Both limbs of a graft that ends at the iliac veins; first their walls, then, thinner, what is inside."""
    for branch in ILIAC.values():
        if not thinner:
            yield outer(branch, 0.0, 0.45)
            yield inner(branch, 0.0, 0.45)
        yield node("path", d=branch.path(0.42, 1.0), **{**paint, "stroke_width": branch.width - thinner})
        if thinner:
            yield from knot(branch, 0.42, "sewn")


def seam(y: float) -> Iterator[Element]:
    """An anastomosis of the cava: stitches all around."""
    left, right = LEFT.at(y) - 2, RIGHT.at(y) + 2
    xs = [left + (right - left) * i / 10 for i in range(11)]
    stitches = "".join(f"M{at(x, y - 3)}L{at(x, y + 3)}" for x in xs)
    yield node("path", d=f"M{at(left, y)}L{at(right, y)}{stitches}", **ink("stitch"))


def _left_out(gap: Span, *, is_tied: bool) -> Iterator[Element]:
    """What was cut out and not replaced, as an outline; ligated stumps are tied."""
    top, bottom = gap
    yield node("path", d=slab(top + 3, bottom - 3), **ink("ghost"))
    if is_tied:
        for y in (top - 6, bottom + 6):
            left, right = LEFT.at(y) - 4, RIGHT.at(y) + 4
            lines = "".join(f"M{at(left, y + k)}L{at(right, y + k)}" for k in (-1.8, 1.8))
            yield node("path", d=f"{lines}M{at(right, y)}l7,-5M{at(right, y)}l7,5", **ink("tie"))


def _patch(top: float, bottom: float) -> Iterator[Element]:
    middle, half = (top + bottom) / 2, (bottom - top) / 2 - 4
    x = center(middle) + 4
    yield node("ellipse", cx=x, cy=middle, rx=10, ry=half, **ink("graft"))
    stitches = ink("stitch", stroke_dasharray="1 4", stroke_width=2.2)
    yield node("ellipse", cx=x, cy=middle, rx=12.5, ry=half + 2.5, **stitches)
    yield from borders([(top, bottom)])


def _closure(top: float, bottom: float) -> Iterator[Element]:
    count = max(1, round((bottom - top - 14) / 7))
    x = center((top + bottom) / 2) + 4
    stitches = "".join(f"M{at(x - 4, top + 7 + i * 7)}L{at(x + 4, top + 10 + i * 7)}" for i in range(count))
    yield node("path", d=f"M{at(x, top + 4)}L{at(x, bottom - 4)}{stitches}", **ink("stitch"))


def knot(branch: Branch, t: float, kind: str) -> Iterator[Element]:
    """Across a vein: stitches where it was sewn, a double line where it was tied."""
    (x, y), (bx, by) = branch.point(t), branch.point(max(0.0, t - 0.08))
    length = max(0.1, ((x - bx) ** 2 + (y - by) ** 2) ** 0.5)
    ux, uy, half = (x - bx) / length, (y - by) / length, branch.width / 2 + 2.5

    def across(along: float) -> str:
        cx, cy = x + ux * along, y + uy * along
        return f"M{at(cx + uy * half, cy - ux * half)}L{at(cx - uy * half, cy + ux * half)}"

    if kind == "tied":
        yield node("path", d=across(-1.8) + across(1.8), **ink("tie"))
        return
    marks = []
    for k in (-0.8, 0.0, 0.8):
        px, py = x - uy * half * k, y + ux * half * k
        marks.append(f"M{at(px - ux * 2.6, py - uy * 2.6)}L{at(px + ux * 2.6, py + uy * 2.6)}")
    yield node("path", d=across(0.0) + "".join(marks), **ink("stitch"))
