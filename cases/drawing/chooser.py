"""The vein as something to choose segments from: seven shapes that a script binds to the real controls beside them."""

from functools import cache

from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext

from cases.drawing.anatomy import CONFLUENCE, HEIGHT, SPANS, TOP, WIDTH, slab, surroundings
from cases.drawing.ink import filled, ink, patterns
from cases.drawing.shapes import Element, at, markup, node
from cases.drawing.tumor import MARGIN, in_lumen
from cases.drawing.vessel import RULER, borders, sides, whole

PREFIX = "prefix-of-the-drawing-"
REACH = 13.0  # beyond the walls, so that a finger hits


def chooser(prefix: str, fill: str) -> SafeString:
    """Draw the seven segments; `fill` (tumor or cut) shows the chosen ones. Hidden from screen readers: the
    checkboxes are the control, and this follows them.
    """
    return SafeString(_drawn(fill, get_language()).replace(PREFIX, escape(prefix)))  # nosec B703  # escaped parts


@cache
def _drawn(fill: str, language: str | None) -> str:
    """The drawing, but for its prefix: a page of many operations shows it many times."""
    prefix = PREFIX
    shapes = [_segment(segment, span, filled(prefix, fill)) for segment, span in SPANS.items()]
    ghosts = [_ghost(segment, span) for segment, span in SPANS.items()]
    line = node("path", d=f"M{at(RULER, TOP)}L{at(RULER, CONFLUENCE)}", **ink("ruler"))
    drawn = node(
        "svg",
        patterns(prefix),
        *surroundings(),
        *whole(),
        line,
        *shapes,
        *ghosts,
        *borders([(TOP, CONFLUENCE)]),
        *sides(pgettext("side of the patient", "R"), pgettext("side of the patient", "L")),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH + 8} {HEIGHT}",
        class_="cava cava-chooser",
        aria_hidden="true",
        focusable="false",
        font_family="Inter, system-ui, sans-serif",
    )
    return markup(drawn)


def heights() -> dict[str, float]:
    """Where the middle of each segment lies, in percent of the height of the drawing."""
    return {segment: round((top + bottom) / 2 / HEIGHT * 100, 2) for segment, (top, bottom) in SPANS.items()}


def _segment(segment: str, span: tuple[float, float], fill: str) -> Element:
    """One segment: what is hit, what shows the choice, and its part of the ruler."""
    top, bottom = span
    tick = f"M{at(RULER - 4, top)}L{at(RULER + 4, top)}M{at(RULER - 4, bottom)}L{at(RULER + 4, bottom)}"
    bar = {"x": RULER - 4, "y": top + 2, "width": 8, "height": bottom - top - 4, "rx": 2}
    return node(
        "g",
        node("path", d=slab(top, bottom, REACH), class_="cava-hit", fill="transparent"),
        node("path", d=slab(top + 0.7, bottom - 0.7), **ink("chosen", fill=fill)),
        node("path", d=tick, **ink("ruler")),
        node("rect", **bar, **ink("bar", fill=fill)),
        class_="cava-segment",
        data_segment=segment,
    )


def _ghost(segment: str, span: tuple[float, float]) -> Element:
    """The outline of another choice, to compare with: the tumor, where resected segments are chosen."""
    shape = in_lumen(span[0] + MARGIN, span[1] - MARGIN)
    return node("path", d=shape, data_other=segment, **ink("other"))
