"""Survival falling from 1 or incidence rising from 0, with pointwise band and extended risk table, as SVG and PNG.

Follows the KMunicate proposal (Morris et al., BMJ Open 2019;9:e030215) in the Okabe-Ito palette. Pure: drawn from the
report's content alone, without clock, locale or system fonts, so equal contents give equal bytes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reports.speech import say, told
from reports.survival_content import CurveTable, Outcome, OutcomeColumn, OutcomeCurve, RiskColumn, Survival

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FONTS = Path(__file__).parent / "fonts"
DAYS_PER_MONTH = 365.25 / 12
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES: tuple[object, ...] = ("-", (0, (6, 3)), (0, (2, 2)), (0, (8, 3, 2, 3)))
INK, QUIET, HAIR = "#1b1f24", "#5b6570", "#dfe3e8"
BANDS_UP_TO = 4  # curves; more bands than this hide each other
CENSOR_TICKS_UP_TO = 150  # patients; above this the ticks are a smear
_APART = 0.055  # of the axis: the height of a name
STEPS_UP_TO = 600  # of a curve; more than this are finer than print, and only make the file large
HIGH, LOW = 68, 48  # millimeters of the plot; the low ones leave room for words and table on the same page
_MM = 1 / 25.4

_STYLE: dict[str, object] = {
    "font.family": "Source Sans 3",
    "font.size": 8.5,
    "axes.unicode_minus": True,
    "svg.hashsalt": "registry-report",  # fixed ids instead of random ones
    "svg.fonttype": "path",  # the reader needs no font of ours
    "path.simplify": False,
}


Drawn = Survival | Outcome
Kind = Literal["svg", "png"]
_DOTS_PER_INCH = {"svg": 100, "png": 220}


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Sizes in millimeters, from the bottom up: risk table, axis labels, plot."""

    width: float
    left: float
    right: float
    plot: float
    row: float
    groups: int
    rows: int

    @property
    def table(self) -> float:
        rows = self.rows if self.groups == 1 else self.rows + 1  # several groups are named above their rows
        return self.groups * rows * self.row + (self.groups - 1) * 1.6

    @property
    def axis(self) -> float:
        return 14.5

    @property
    def height(self) -> float:
        return self.table + self.axis + self.plot + 3.0


def curve(drawn: Drawn, kind: Kind, *, title: str, is_low: bool = False) -> bytes:
    """Draw survival falling from 1, or an incidence rising from 0 on an axis that ends above it."""
    return saved(lambda: _draw(drawn, LOW if is_low else HIGH), kind, title=title)


def saved(draw: Callable[[], Figure], kind: Kind, *, title: str) -> bytes:
    """Save as SVG with text as outlines, or as PNG for mail programs without it; `title` is the accessible title."""
    own = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    with _matplotlib().rc_context(_STYLE):
        buffer = io.BytesIO()
        draw().savefig(buffer, format=kind, dpi=_DOTS_PER_INCH[kind], metadata={**own, "Title": title})
    return buffer.getvalue()


def sheet(width: float, height: float) -> Figure:
    """Take an empty white sheet of this many millimeters."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width * _MM, height * _MM), facecolor="white")


@cache
def _matplotlib() -> Any:
    """Load what draws, with our fonts, at the first figure: most programs never draw, and all would start later."""
    import matplotlib
    from matplotlib.font_manager import fontManager

    for font in sorted(FONTS.glob("*.otf")):
        fontManager.addfont(font)
    return matplotlib


def tick_months(show_until_days: float) -> tuple[int, ...]:
    """Give the axis ticks in months: each half year up to 3 years, each year up to 10, else each second year."""
    last = max(1, math.floor(show_until_days / DAYS_PER_MONTH + 1e-6))
    step = 1 if last < 6 else 3 if last < 12 else 6 if last <= 42 else 12 if last <= 126 else 24
    return tuple(range(0, last + 1, step))


def _draw(survival: Drawn, plot: float) -> Figure:
    several = len(survival.curves) > 1
    layout = _Layout(
        width=166,
        left=23,
        right=_right(survival) if several else 6,
        plot=plot,
        row=4.3,
        groups=len(survival.curves),
        rows=len(_rows(survival)),
    )
    figure = sheet(layout.width, layout.height)
    axes = figure.add_axes(
        (
            layout.left / layout.width,
            (layout.table + layout.axis) / layout.height,
            (layout.width - layout.left - layout.right) / layout.width,
            layout.plot / layout.height,
        )
    )
    ticks = tick_months(survival.show_until_days)
    _frame(axes, survival, ticks)
    for index, curve in enumerate(_curves(survival)):
        _curve(axes, survival, curve, index)
    if several:
        _names(axes, survival)
    _risk_table(figure, axes, layout, survival, ticks)
    return figure


def _right(survival: Drawn) -> float:
    """Room in millimeters for the names at the ends of the curves, so that none is cut off."""
    longest = max(len(told(curve.label)) for curve in _curves(survival))
    return max(26.0, 5 + 1.55 * longest)


def _start(survival: Drawn) -> float:
    """Where curves begin."""
    return 0.0 if isinstance(survival, Outcome) and survival.kind == "incidence" else 1.0


def _top(survival: Drawn) -> float:
    """Where the axis ends: at 100%, and for an incidence at the first of 25, 50 and 100% above all that is drawn."""
    if _start(survival) == 1:
        return 1.0
    shown = [
        max(height, high or 0.0)
        for curve in _curves(survival)
        for day, height, high in zip(curve.time_days, _heights(curve), curve.upper, strict=True)
        if day <= survival.show_until_days
    ]
    return next(top for top in (0.25, 0.5, 1.0) if top >= max(shown, default=0.0))


def _curves(survival: Drawn) -> tuple[CurveTable | OutcomeCurve, ...]:
    return survival.curves


def _columns(survival: Drawn) -> tuple[tuple[RiskColumn | OutcomeColumn, ...], ...]:
    return survival.risk_table


def _heights(curve: CurveTable | OutcomeCurve) -> tuple[float, ...]:
    return curve.estimate if isinstance(curve, OutcomeCurve) else curve.survival


def _frame(axes: Axes, survival: Drawn, ticks: tuple[int, ...]) -> None:
    axes.set_xlim(0, max(survival.show_until_days / DAYS_PER_MONTH, ticks[-1]) * 1.015)
    top = _top(survival)
    axes.set_ylim(0, top)
    years = ticks[-1] > 60
    axes.set_xticks(ticks, [f"{tick // 12}" if years else f"{tick}" for tick in ticks])
    shares = [0, 0.25, 0.5, 0.75, 1.0] if top == 1 else [top * step / 5 for step in range(6)]
    axes.set_yticks(shares, [f"{100 * share:.0f}" for share in shares])
    origin = told(survival.origin, "after")
    since = (
        say("Years since {origin}", origin=origin) if years else say("Months since {origin}", origin=origin)
    )
    axes.set_xlabel(since, color=INK, labelpad=3)
    axes.set_ylabel(f"{told(survival.endpoint)} (%)", color=INK, labelpad=5)
    axes.grid(axis="y", color=HAIR, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(QUIET)
        axes.spines[side].set_linewidth(0.7)
    axes.tick_params(length=3, width=0.7, color=QUIET, labelcolor=INK, pad=3)


def _curve(axes: Axes, survival: Drawn, curve: CurveTable | OutcomeCurve, index: int) -> None:
    """Draw one step function from day 0 to the last day shown."""
    color = OKABE_ITO[index % len(OKABE_ITO)]
    end = survival.show_until_days
    shown = _drawn_steps(curve.time_days, end)
    last = min(end, curve.time_days[-1]) if curve.time_days else 0.0
    days = [0.0, *(curve.time_days[i] for i in shown), last]
    heights = [_start(survival), *(_heights(curve)[i] for i in shown)]
    heights.append(heights[-1])
    months = [day / DAYS_PER_MONTH for day in days]
    if len(survival.curves) <= BANDS_UP_TO:
        lows, highs = _band(curve, shown, _start(survival))
        axes.fill_between(months, lows, highs, step="post", color=color, alpha=0.16, linewidth=0)
    dash = _DASHES[index % len(_DASHES)]
    axes.step(months, heights, where="post", color=color, linewidth=1.5, linestyle=dash, clip_on=False)  # type: ignore[arg-type]
    if curve.n is not None and curve.n <= CENSOR_TICKS_UP_TO:
        ticks = [
            (curve.time_days[i] / DAYS_PER_MONTH, _heights(curve)[i]) for i in shown if curve.censored[i]
        ]
        axes.plot(
            [x for x, _ in ticks],
            [y for _, y in ticks],
            "|",
            color=color,
            markersize=6,
            markeredgewidth=1,
            clip_on=False,
        )


def _drawn_steps(time_days: tuple[float, ...], end: float) -> list[int]:
    """Choose the steps up to the last day shown: all, or of very many the last in each narrow part of the axis."""
    shown = [i for i, day in enumerate(time_days) if day <= end]
    if len(shown) <= STEPS_UP_TO:
        return shown
    return list({math.floor(time_days[i] / end * STEPS_UP_TO): i for i in shown}.values())


def _names(axes: Axes, survival: Drawn) -> None:
    """Name each curve at its end, pushed apart where curves end close together."""
    ends = []
    start, top = _start(survival), _top(survival)
    for index, curve in enumerate(_curves(survival)):
        shown = [
            s
            for day, s in zip(curve.time_days, _heights(curve), strict=True)
            if day <= survival.show_until_days
        ]
        ends.append((shown[-1] if shown else start, index))
    last = -1.0
    for height, index in sorted(ends):
        place = max(height, last + _APART * top)
        axes.annotate(
            told(survival.curves[index].label),
            (survival.show_until_days / DAYS_PER_MONTH, place),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            color=OKABE_ITO[index % len(OKABE_ITO)],
            annotation_clip=False,
        )
        last = place


def _band(
    curve: CurveTable | OutcomeCurve, shown: list[int], start: float
) -> tuple[list[float], list[float]]:
    """Limits at the drawn vertices; where there is none (before the first event, at S = 0) the band has no width."""
    lows, highs = [start], [start]
    for i in shown:
        low, high = curve.lower[i], curve.upper[i]
        lows.append(_heights(curve)[i] if low is None else low)
        highs.append(_heights(curve)[i] if high is None else high)
    return [*lows, lows[-1]], [*highs, highs[-1]]


def _rows(survival: Drawn) -> tuple[tuple[str, str], ...]:
    """What is written under the ticks, and where it stands in a column."""
    common = ((say("At risk"), "at_risk"), (say("Censored"), "censored"))
    if isinstance(survival, Survival):
        return (*common, (say("Events"), "died"))
    competing = ((say("Competing"), "competing"),) if survival.competitor else ()
    return (*common, (say("Events"), "events"), *competing)


def _risk_table(figure: Figure, axes: Axes, layout: _Layout, survival: Drawn, ticks: tuple[int, ...]) -> None:
    """Write at risk, censored and events under each tick; they add up to the patients of the group."""
    top = layout.table - 0.4 * layout.row
    label_x = 1.0 / layout.width
    for index, (curve, columns) in enumerate(zip(_curves(survival), _columns(survival), strict=True)):
        color = OKABE_ITO[index % len(OKABE_ITO)]
        if len(survival.curves) > 1:
            figure.text(
                label_x,
                top / layout.height,
                told(curve.label),
                color=color,
                fontsize=8,
                weight=600,
                va="center",
            )
            top -= layout.row
        for label, field in _rows(survival):
            strong = field == "at_risk"
            ink = color if strong else QUIET
            weight = 600 if strong else 400
            figure.text(
                label_x, top / layout.height, label, color=ink, fontsize=8, weight=weight, va="center"
            )
            for column in columns:
                if column.months not in ticks:
                    continue
                x = figure.transFigure.inverted().transform(axes.transData.transform((column.months, 0)))[0]
                y = top / layout.height
                figure.text(
                    x, y, _cell(column, field), color=ink, fontsize=8, weight=weight, va="center", ha="center"
                )
            top -= layout.row
        top -= 1.6


def _cell(column: RiskColumn | OutcomeColumn, field: str) -> str:
    value: int | None = getattr(column, field)
    return told(column.hidden) or "–" if value is None else f"{value}"
