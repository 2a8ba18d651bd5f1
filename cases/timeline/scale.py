"""Days as places: three stretches of even time, so that the first 90 days are as readable as the years around them."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext

from cases.endpoints import DAYS_PER_MONTH, EARLY_DAYS
from cases.timeline.events import Event, Story

LEFT, RIGHT = 110.0, 740.0
DAYS_PER_YEAR = 365.25
TICK = 34.0  # room for the name of a tick
SHORTEST_BEFORE, SHORTEST_LATER = 60.0, 365.0


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Even time from one day to another."""

    name: str
    first: float
    last: float
    left: float
    right: float
    ticks: list[tuple[float, str]]

    def place(self, day: float) -> float:
        """Where a day lies; outside, its edge."""
        inside = min(max(day, self.first), self.last)
        return self.left + (self.right - self.left) * (inside - self.first) / (self.last - self.first)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The stretches from left to right."""

    stretches: list[Stretch]

    def place(self, day: float) -> float:
        """Where a day lies."""
        for stretch in self.stretches[:-1]:
            if day < stretch.last:
                return stretch.place(day)
        return self.stretches[-1].place(day)

    def reaches(self, day: float) -> bool:
        """Tell whether a day lies on the scale; the very first symptoms may come long before it."""
        return day >= self.stretches[0].first

    @property
    def zero(self) -> float:
        """Where day 0 lies."""
        return self.place(0)


def scale_of(story: Story) -> Scale:
    """Choose the stretches that a story needs."""
    first, last = _first(story.placed), max((e.span.last for e in story.placed if e.span), default=0)
    parts: list[tuple[str, float, float, float]] = []  # name, first day, last day, weight
    if first < 0:
        parts.append((gettext("before"), min(first * 1.05, -SHORTEST_BEFORE), 0, 0.27))
    parts.append((gettext("first 90 days"), 0, EARLY_DAYS, 0.29))
    if last > EARLY_DAYS:
        parts.append((gettext("later"), EARLY_DAYS, max(last * 1.03, SHORTEST_LATER), 0.44))
    return Scale(stretches=_laid_out(parts))


def _first(events: list[Event]) -> float:
    """The earliest day to be drawn: a first symptom years before does not squeeze everything else."""
    days = sorted(event.span.first for event in events if event.span)
    if not days or days[0] >= 0:
        return 0
    others = [day for day in days[1:] if day < 0]
    far = 2.5 * min(others[0], -SHORTEST_BEFORE) if others else days[0]
    return max(days[0], far)


def _laid_out(parts: list[tuple[str, float, float, float]]) -> list[Stretch]:
    total, left, laid = sum(weight for *_, weight in parts), LEFT, []
    for name, first, last, weight in parts:
        right = left + (RIGHT - LEFT) * weight / total
        bare = Stretch(name=name, first=first, last=last, left=left, right=right, ticks=[])
        ticks = [(day, told) for day, told in _ticks(first, last) if _has_room(bare, day)]
        laid.append(replace(bare, ticks=ticks))
        left = right
    return laid


def _has_room(stretch: Stretch, day: float) -> bool:
    """Whether the name of a tick has room beside those at the ends of the first 90 days."""
    if stretch.first == 0:
        return True
    x = stretch.place(day)
    return x < stretch.right - TICK if stretch.last == 0 else stretch.left + TICK < x


def _ticks(first: float, last: float) -> list[tuple[float, str]]:
    if first == 0:
        return [(day, gettext("{n} d").format(n=day) if day else "0") for day in (0, 30, 60, 90)]
    if first < 0:
        return _steps(first, -1)
    return _steps(last, 1, after=first)


def _steps(limit: float, sign: int, after: float = 0) -> list[tuple[float, str]]:
    """Whole months or years, so few that their names have room."""
    months = abs(limit) / DAYS_PER_MONTH
    step = next(
        n for n in (1, 2, 3, 6, 12, 24, 60, 120, 240, 1200) if months / n <= (4.5 if sign < 0 else 6.5)
    )
    days = [step * k * DAYS_PER_MONTH for k in range(1, int(months / step) + 1)]
    return [(sign * day, _named(step * k, sign)) for k, day in enumerate(days, start=1) if day > after]


def _named(months: int, sign: int) -> str:
    minus = "−" if sign < 0 else ""
    if months % 12 == 0:
        return minus + gettext("{n} y").format(n=months // 12)
    return minus + gettext("{n} mo").format(n=months)
