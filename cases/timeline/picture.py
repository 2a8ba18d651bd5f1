"""The timeline as a picture: a lane for each kind of event, as many rows as labels need, day 0 a line through all."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from cases.drawing.shapes import Element, at, markup, node
from cases.timeline.events import Event, Lane, Mark, Story
from cases.timeline.marks import draw, legend
from cases.timeline.paint import paint
from cases.timeline.scale import LEFT, RIGHT, Scale, scale_of

WIDTH = 760.0
ROW, GAP, TOP = 14.0, 5.0, 18.0
SIZE = 9.5  # of the letters
LETTER, CAPITAL = 5.2, 6.9  # their width, on average
MOST_ROWS = 8  # of a lane; what finds no room is a mark without a label, and stands in the list
LONGEST = 44  # letters of a label
TITLES: dict[Lane, Any] = {
    Lane.WORK_UP: gettext_lazy("Work-up"),
    Lane.THERAPY: gettext_lazy("Therapy"),
    Lane.OPERATION: gettext_lazy("Operation"),
    Lane.COMPLICATION: gettext_lazy("Complications"),
    Lane.FOLLOW_UP: gettext_lazy("Follow-up"),
    Lane.OUTCOME: gettext_lazy("Recurrence, death"),
}


@dataclass(kw_only=True)
class Placed:
    """An event with its row, and its label with the place where it found room."""

    event: Event
    left: float
    right: float
    row: int = 0
    label: str = ""
    label_x: float = 0.0
    anchor: str = "start"


@dataclass(kw_only=True)
class Rows:
    """The rows of one lane, filled from the left."""

    taken: list[list[tuple[float, float]]] = field(default_factory=list)

    def put(self, placed: Placed) -> None:
        """Find a row with room for the mark and its label, to the right of it or to the left; else without label."""
        reaches = [(on_right, _reach(placed, on_right=on_right)) for on_right in (True, False)]
        for row in range(MOST_ROWS):
            for on_right, reach in reaches:
                if reach is not None and self._is_free(row, reach):
                    self._take(placed, row, reach, on_right=on_right)
                    return
        mark = (placed.left - 2, placed.right + 2)
        row = next((row for row in range(MOST_ROWS) if self._is_free(row, mark)), MOST_ROWS - 1)
        placed.label = ""
        self._take(placed, row, mark, on_right=True)

    def _is_free(self, row: int, reach: tuple[float, float]) -> bool:
        if row >= len(self.taken):
            return True
        return all(reach[1] < left or right < reach[0] for left, right in self.taken[row])

    def _take(self, placed: Placed, row: int, reach: tuple[float, float], *, on_right: bool) -> None:
        while row >= len(self.taken):
            self.taken.append([])
        self.taken[row].append(reach)
        placed.row = row
        arrow = 6 if placed.event.span and placed.event.span.is_open else 0
        placed.label_x = placed.right + 4 + arrow if on_right else placed.left - 4
        placed.anchor = "start" if on_right else "end"

    @property
    def height(self) -> float:
        """The height of the lane."""
        return max(1, len(self.taken)) * ROW


def _reach(placed: Placed, *, on_right: bool) -> tuple[float, float] | None:
    """From where to where a mark with its label reaches; None where the picture ends before."""
    width = sum(CAPITAL if letter.isupper() else LETTER for letter in placed.label) + (
        8 if placed.label else 2
    )
    if on_right:
        return (placed.left - 2, placed.right + width + 6) if placed.right + width <= WIDTH else None
    return (placed.left - width, placed.right + 2) if placed.left - width >= LEFT else None


def timeline(story: Story, prefix: str = "timeline-") -> SafeString:
    """Draw a story; ids begin with the prefix."""
    scale = scale_of(story)
    y, inside, lanes = TOP, [], []
    for lane in Lane:
        events = [event for event in story.placed if event.lane == lane]
        if not events:
            continue
        placed, height = _arranged(events, scale)
        lanes.append((lane, y, height))
        for one in placed:
            inside += _drawn(one, y)
        y += height + GAP
    bottom = y
    marks = [event.mark for event in story.placed]
    footer = list(legend(marks, LEFT, bottom + 31))
    svg = node(
        "svg",
        node("title", gettext("Timeline"), id=f"{prefix}title"),
        node("desc", _in_words(story), id=f"{prefix}desc"),
        *_background(lanes, bottom),
        *_axis(story, scale, bottom),
        *inside,
        *footer,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH:g} {bottom + (40 if footer else 20):g}",
        class_="time",
        role="img",
        aria_labelledby=f"{prefix}title",
        aria_describedby=f"{prefix}desc",
        font_family="Inter, system-ui, sans-serif",
        font_size=SIZE,
    )
    return markup(svg)


def _arranged(events: list[Event], scale: Scale) -> tuple[list[Placed], float]:
    rows, placed = Rows(), []
    for event in events:
        assert event.span is not None
        left, right = scale.place(event.span.first), scale.place(event.span.last)
        if event.span.is_open:
            right = max(right, min(RIGHT, left + 34))
        if right - left < 8:
            middle = (left + right) / 2
            left, right = middle - 4, middle + 4
        if event.grade:
            right = left + 8 + len(event.grade) * 6
        early = "" if scale.reaches(event.span.first) else "◂ "
        one = Placed(
            event=event, left=left, right=right, label=f"{early}{_label(event)}" if event.short else ""
        )
        rows.put(one)
        placed.append(one)
    return placed, rows.height


def _label(event: Event) -> str:
    """The short name, of the gravest events with the date."""
    assert event.span is not None
    short = event.short if len(event.short) <= LONGEST else f"{event.short[: LONGEST - 1]}…"
    dated = event.mark in (Mark.OPERATION, Mark.DEATH, Mark.RECURRENCE) and event.span.brief
    return f"{short}, {event.span.brief}" if dated else short


def _drawn(one: Placed, top: float) -> Iterator[Element]:
    y = top + one.row * ROW + ROW / 2
    yield from draw(one.event, one.left, one.right, y)
    if one.label:
        yield node("text", one.label, x=one.label_x, y=y + 3.3, text_anchor=one.anchor, **paint("label"))


def _background(lanes: list[tuple[Lane, float, float]], bottom: float) -> Iterator[Element]:
    for place, (lane, top, height) in enumerate(lanes):
        if place % 2 == 0:
            yield node("rect", x=0, y=top - GAP / 2, width=WIDTH, height=height + GAP, **paint("band"))
        yield node("text", str(TITLES[lane]), x=4, y=top + ROW / 2 + 3.3, font_weight="600", **paint("text"))


def _axis(story: Story, scale: Scale, bottom: float) -> Iterator[Element]:
    for stretch in scale.stretches:
        middle = (stretch.left + stretch.right) / 2
        yield node("text", stretch.name, x=middle, y=10, text_anchor="middle", **paint("quiet"))
        yield node("path", d=f"M{at(stretch.right, 3)}L{at(stretch.right, bottom)}", **paint("edge"))
        for day, name in stretch.ticks:
            x = stretch.place(day)
            yield node("path", d=f"M{at(x, bottom)}L{at(x, bottom + 4)}", **paint("axis"))
            yield node("text", name, x=x, y=bottom + 14, text_anchor="middle", **paint("quiet"))
    yield node("path", d=f"M{at(LEFT, bottom)}L{at(RIGHT, bottom)}", **paint("axis"))
    yield node("path", d=f"M{at(scale.zero, 3)}L{at(scale.zero, bottom)}", **paint("zero"))


def _in_words(story: Story) -> str:
    """How much there is and where day 0 lies; every event is told in the list beside the picture."""
    told = gettext("Events: {n}. Day 0: {zero}. The list below the picture tells each of them.")
    return told.format(n=len(story.placed), zero=story.zero)
