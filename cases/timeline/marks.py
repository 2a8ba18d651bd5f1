"""The signs of the timeline, each with its own shape, and the line that explains those that were used."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.utils.translation import gettext_lazy

from cases.drawing.shapes import Element, at, node
from cases.timeline.events import Event, Mark, Span
from cases.timeline.paint import paint
from cases.vocabulary import CLAVIEN_DINDO_RANK, ClavienDindo

GRAVE = CLAVIEN_DINDO_RANK[ClavienDindo.IIIA]  # from here on a complication is major
COARSE = 3  # days: a longer span is drawn as such
EXPLAINED: dict[Mark, Any] = {
    Mark.GRADE: gettext_lazy("Clavien-Dindo grade; dark from IIIa"),
    Mark.FREE: gettext_lazy("no evidence of disease"),
    Mark.DISEASE: gettext_lazy("alive with disease"),
    Mark.SEEN: gettext_lazy("seen, disease not assessed"),
    Mark.LOST: gettext_lazy("lost"),
    Mark.IMAGE: gettext_lazy("imaging"),
}


def draw(event: Event, left: float, right: float, y: float) -> Iterator[Element]:
    """Draw the sign of an event from its first to its last day."""
    assert event.span is not None
    if event.mark == Mark.GRADE:
        if _is_coarse(event.span):
            yield _rail(left, right, y)
        yield from _grade(event.grade, left, y)
        return
    if event.mark in (Mark.BAR, Mark.STAY):
        yield from (_bar if event.mark == Mark.BAR else _stay)(event.span, left, right, y)
        return
    if _is_coarse(event.span):
        yield _rail(left, right, y)
    middle = left + 4 if event.span.is_open else (left + right) / 2
    yield from SIGNS[event.mark](middle, y)
    if event.span.is_open:
        yield node("path", d=f"M{at(middle + 5, y)}L{at(right, y)}l-4,-3m4,3l-4,3", **paint("axis"))


def _is_coarse(span: Span) -> bool:
    return span.last - span.first > COARSE and not span.is_open


def _rail(left: float, right: float, y: float) -> Element:
    """A date known to the month or year: all the time that it can have been."""
    return node("rect", x=left, y=y - 3, width=max(2, right - left), height=6, rx=3, **paint("coarse"))


def _bar(span: Span, left: float, right: float, y: float) -> Iterator[Element]:
    yield node("rect", x=left, y=y - 4.5, width=max(3, right - left), height=9, rx=2, **paint("bar"))
    if span.is_open:
        yield node("path", d=f"M{at(right, y - 4.5)}l5,4.5l-5,4.5z", **paint("bar"))


def _stay(span: Span, left: float, right: float, y: float) -> Iterator[Element]:
    """The day somebody left the hospital."""
    x = (left + right) / 2
    yield node("path", d=f"M{at(x - 4, y)}L{at(x + 3, y)}m-3,-3l3,3l-3,3", **paint("stay", stroke_width=1.6))


def _grade(grade: str, left: float, y: float) -> Iterator[Element]:
    is_grave = CLAVIEN_DINDO_RANK.get(grade.rstrip("d"), 0) >= GRAVE
    kind, width = ("grave" if is_grave else "grade"), 8 + len(grade) * 6
    yield node("rect", x=left, y=y - 5.5, width=width, height=11, rx=2.5, **paint(kind))
    text = paint(f"{kind}-text", font_size=8.5, font_weight="700", text_anchor="middle")
    yield node("text", grade, x=left + width / 2, y=y + 3.1, **text)


def _dot(kind: str, radius: float = 4.0) -> Callable[[float, float], Iterator[Element]]:
    def drawn(x: float, y: float) -> Iterator[Element]:
        yield node("circle", cx=x, cy=y, r=radius, **paint(kind))

    return drawn


def _operation(x: float, y: float) -> Iterator[Element]:
    yield node("path", d=f"M{at(x, y - 6)}l6,6l-6,6l-6,-6z", **paint("operation"))


def _image(x: float, y: float) -> Iterator[Element]:
    yield node("rect", x=x - 2.6, y=y - 2.6, width=5.2, height=5.2, **paint("image"))


def _recurrence(x: float, y: float) -> Iterator[Element]:
    yield node("path", d=f"M{at(x, y - 5)}l5.5,9.5h-11z", **paint("recurrence"))


def _death(x: float, y: float) -> Iterator[Element]:
    yield node("rect", x=x - 5, y=y - 5, width=10, height=10, rx=1.5, **paint("death"))
    yield node("path", d=f"M{at(x - 2.5, y - 2.5)}l5,5m0,-5l-5,5", **paint("cross"))


def _lost(x: float, y: float) -> Iterator[Element]:
    yield node("circle", cx=x, cy=y, r=4.6, **paint("free", stroke="#4b5563", stroke_width=1.2))
    yield node(
        "text", "?", x=x, y=y + 3, font_size=8.5, font_weight="700", text_anchor="middle", **paint("text")
    )


def _sample_grade(x: float, y: float) -> Iterator[Element]:
    yield from _grade("II", x - 10, y)


SIGNS: dict[Mark, Callable[[float, float], Iterator[Element]]] = {
    Mark.POINT: _dot("point", 3.4),
    Mark.OPERATION: _operation,
    Mark.FREE: _dot("free"),
    Mark.DISEASE: _dot("disease"),
    Mark.SEEN: _dot("seen"),
    Mark.LOST: _lost,
    Mark.IMAGE: _image,
    Mark.RECURRENCE: _recurrence,
    Mark.DEATH: _death,
    Mark.GRADE: _sample_grade,
}


def legend(used: Iterable[Mark], left: float, y: float) -> Iterator[Element]:
    """Explain the signs that were used and do not explain themselves."""
    used = frozenset(used)
    x = left + 6
    for mark, told in EXPLAINED.items():
        if mark not in used:
            continue
        wide = mark == Mark.GRADE
        yield from SIGNS[mark](x + (6 if wide else 0), y)
        text = str(told)
        yield node("text", text, x=x + (20 if wide else 9), y=y + 3.2, **paint("quiet"))
        x += len(text) * 5.0 + (40 if wide else 28)
