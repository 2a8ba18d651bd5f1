"""Shapes as text: elements that escape what they hold, smooth lines through points, walls as functions of height."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

from django.utils.safestring import SafeString

Element = ElementTree.Element
Point = tuple[float, float]


def node(tag: str, *inside: Element | str | None, **attributes: Any) -> Element:
    """Make an element; `stroke_width` becomes stroke-width, `class_` becomes class, what is None is left out."""
    given = {
        name.rstrip("_").replace("_", "-"): _text(value)
        for name, value in attributes.items()
        if value is not None
    }
    made = Element(tag, given)
    for child in inside:
        if isinstance(child, str):
            made.text = (made.text or "") + child
        elif child is not None:
            made.append(child)
    return made


def markup(svg: Element) -> SafeString:
    """Write an element down; every text and attribute is escaped."""
    return SafeString(ElementTree.tostring(svg, encoding="unicode"))  # nosec B703  # it escapes


def _text(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else str(value)


def number(value: float) -> str:
    """Give a coordinate with one decimal at most."""
    return f"{round(value, 1):g}"


def at(x: float, y: float) -> str:
    """Give a point as paths write it."""
    return f"{number(x)},{number(y)}"


def smooth(points: Sequence[Point]) -> str:
    """Give a closed path through the points (Catmull-Rom, as cubic curves)."""
    count = len(points)
    path = [f"M{at(*points[0])}"]
    for i in range(count):
        before, start, end, after = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        path.append(
            f"C{at(start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6)}"
            f" {at(end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6)} {at(*end)}"
        )
    return "".join(path) + "Z"


@dataclass(frozen=True)
class Wall:
    """A line from top to bottom: x as a smooth function of y through knots (cubic Hermite)."""

    knots: tuple[Point, ...]  # (y, x), y growing

    def at(self, y: float) -> float:
        """Where the line is at this height."""
        return self._value(y)[0]

    def moved(self, by: float) -> "Wall":
        """The same line further to the right."""
        return Wall(tuple((y, x + by) for y, x in self.knots))

    def path(self, start: float, end: float) -> str:
        """Give the curves from one height to another, downwards or upwards; exact, since each piece is a cubic."""
        low, high = sorted((start, end))
        heights = [low, *(y for y, _ in self.knots if low < y < high), high]
        if start > end:
            heights.reverse()
        return "".join(self._piece(a, b) for a, b in pairwise(heights))

    def _piece(self, a: float, b: float) -> str:
        (x, slope), (to, leaving) = self._value(a), self._value(b)
        third = (b - a) / 3
        return f"C{at(x + slope * third, a + third)} {at(to - leaving * third, b - third)} {at(to, b)}"

    def _value(self, y: float) -> Point:
        """The place and the slope at a height."""
        last = len(self.knots) - 2
        i = next((k for k in range(last) if y < self.knots[k + 1][0]), last)
        (y0, x0), (y1, x1) = self.knots[i], self.knots[i + 1]
        span, m0, m1 = y1 - y0, self._slope(i), self._slope(i + 1)
        t = (y - y0) / span
        place = (
            x0 * (2 * t**3 - 3 * t**2 + 1)
            + x1 * (3 * t**2 - 2 * t**3)
            + span * (m0 * (t**3 - 2 * t**2 + t) + m1 * (t**3 - t**2))
        )
        slope = (x1 - x0) * (6 * t - 6 * t**2) / span + m0 * (3 * t**2 - 4 * t + 1) + m1 * (3 * t**2 - 2 * t)
        return place, slope

    def _slope(self, i: int) -> float:
        (ya, xa), (yb, xb) = self.knots[max(0, i - 1)], self.knots[min(len(self.knots) - 1, i + 1)]
        return (xb - xa) / (yb - ya)
