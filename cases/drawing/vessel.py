"""The vein and those that enter it, in two layers so that their lumens meet; ruler, names and letters beside it."""

from collections.abc import Iterable, Iterator, Mapping

from cases.drawing.anatomy import BRANCHES, CONFLUENCE, HEIGHT, LEFT, RIGHT, SPANS, TOP, WIDTH, Branch, tube
from cases.drawing.ink import ink
from cases.drawing.shapes import Element, at, node

RULER = WIDTH + 2
NAMES = 174  # width for the names of the segments
LETTER = 9.0  # width of one letter of a name, on average


def outer(branch: Branch, begin: float = 0.0, end: float = 1.0) -> Element:
    """The wall of a vein, under the cava."""
    return node("path", d=branch.path(begin, end), **ink("branch", stroke_width=branch.width))


def inner(branch: Branch, begin: float = 0.0, end: float = 1.0) -> Element:
    """The lumen of a vein, over the cava's wall."""
    return node("path", d=branch.path(begin, end), **ink("lumen", stroke_width=branch.width - 2.8))


def vein(spans: Iterable[tuple[float, float]], branches: Iterable[Branch]) -> Iterator[Element]:
    """The cava between these heights, with whole branches that open into it."""
    branches, spans = list(branches), list(spans)
    yield from (outer(branch) for branch in branches)
    for top, bottom in spans:
        yield node("path", d=tube(top, bottom), **ink("vein"))
    yield from (inner(branch) for branch in branches)
    yield from borders(spans)


def borders(spans: Iterable[tuple[float, float]]) -> Iterator[Element]:
    """Dashes where one segment ends and the next begins."""
    lines = [
        f"M{at(LEFT.at(y), y)}L{at(RIGHT.at(y), y)}"
        for top, bottom in spans
        for _, y in SPANS.values()
        if top < y < bottom
    ]
    if lines:
        yield node("path", d="".join(lines), **ink("border"))


def whole() -> Iterator[Element]:
    """The vein as it is before an operation."""
    yield from vein([(TOP, CONFLUENCE)], BRANCHES.values())


def sides(right: str, left: str) -> Iterator[Element]:
    """The sides of the patient, in the corners."""
    yield node("text", right, x=4, y=HEIGHT - 5, font_size=14, **ink("quiet"))
    yield node("text", left, x=WIDTH - 8, y=HEIGHT - 5, font_size=14, text_anchor="end", **ink("quiet"))


def ruler(
    marked: Iterable[str], fill: str, names: Mapping[str, str], *, faint: bool = False
) -> Iterator[Element]:
    """A scale of the segments; what is marked is a bar and its name bold. Without names, only the scale."""
    marked = frozenset(marked)
    ticks = "".join(
        f"M{at(RULER - 3, y)}L{at(RULER + 3, y)}" for y in (TOP, *(end for _, end in SPANS.values()))
    )
    yield node("path", d=f"M{at(RULER, TOP)}L{at(RULER, CONFLUENCE)}{ticks}", **ink("ruler"))
    for segment, (top, bottom) in SPANS.items():
        is_marked = segment in marked
        if is_marked:
            place = {"x": RULER - 4, "y": top + 2, "width": 8, "height": bottom - top - 4, "rx": 2}
            yield node("rect", **place, **ink("bar", fill=fill, fill_opacity=0.4 if faint else None))
        if segment in names:
            yield _name(names[segment], (top + bottom) / 2, is_bold=is_marked and not faint)


def _name(name: str, y: float, *, is_bold: bool) -> Element:
    """The name of a segment; one that is long in its language is squeezed into its room."""
    room = NAMES - 12
    squeezed = room if len(name) * (LETTER + 0.6 * is_bold) > room else None
    return node(
        "text",
        name,
        x=RULER + 9,
        y=y + 5.5,
        font_size=15.5,
        textLength=squeezed,
        lengthAdjust="spacingAndGlyphs" if squeezed else None,
        **(ink("text", font_weight="700") if is_bold else ink("quiet")),
    )


def upright(text: str, y: float) -> Element:
    """A word along the ruler, read from below."""
    x = RULER + 20
    return node(
        "text",
        text,
        x=x,
        y=y,
        font_size=14,
        text_anchor="middle",
        transform=f"rotate(-90 {at(x, y)})",
        **ink("text"),
    )


def badge(letter: str, x: float, y: float) -> Iterator[Element]:
    """A letter in a circle: the key below says what it stands for."""
    yield node("circle", cx=x, cy=y, r=10.5, **ink("badge"))
    yield node(
        "text",
        letter,
        x=x,
        y=y + 5.2,
        font_size=14,
        font_weight="700",
        text_anchor="middle",
        **ink("badge-text"),
    )
