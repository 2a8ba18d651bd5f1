"""Survival of subgroups at one time as points with intervals, as SVG and PNG. Pure, drawn like the other figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports import figures, wording
from reports.speech import VOCABULARIES, say, told
from reports.survival_content import Estimate, Stratum, Subgroups

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _LEFT, _RIGHT, _ROW = 166, 76, 45, 4.8
_COUNTS, _SHARES = 17, 44  # where these columns end, right of the axis
_ABOVE, _BELOW = 6.0, 12.5


@dataclass(frozen=True, kw_only=True)
class Forest:
    """Subgroups, and the survival of all to see them against."""

    groups: tuple[Subgroups, ...]
    months: int
    whole: Estimate | None


def draw(forest: Forest) -> Figure:
    """Draw one row for each heading and each stratum; the broken line is the survival of all."""
    rows = sum(1 + len(group.strata) for group in forest.groups)
    height = rows * _ROW + _ABOVE + _BELOW
    figure = figures.sheet(_WIDTH, height)
    axes = figure.add_axes(
        (_LEFT / _WIDTH, _BELOW / height, (_WIDTH - _LEFT - _RIGHT) / _WIDTH, rows * _ROW / height)
    )
    _frame(axes, forest, rows)
    _headings(axes)
    place = 0
    for group in forest.groups:
        _text(axes, -_LEFT + 1, place, told(group.heading), weight=600)
        place += 1
        for stratum in group.strata:
            _stratum(axes, place, group, stratum)
            place += 1
    return figure


def _frame(axes: Axes, forest: Forest, rows: int) -> None:
    axes.set_xlim(0, 100)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_yticks([])
    axes.set_xticks([0, 25, 50, 75, 100])
    label = say("Survival at {months} months (%)", months=forest.months)
    axes.set_xlabel(label, color=figures.INK, labelpad=3)
    axes.grid(axis="x", color=figures.HAIR, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(figures.QUIET)
    axes.tick_params(length=3, width=0.7, color=figures.QUIET, labelcolor=figures.INK, pad=3)
    if forest.whole is not None and forest.whole.survival is not None:
        axes.axvline(100 * forest.whole.survival, color=figures.QUIET, linewidth=0.9, linestyle=(0, (4, 3)))


def _headings(axes: Axes) -> None:
    for x, label in ((_COUNTS, say("Deaths / patients")), (_SHARES, say("% (95% CI)"))):
        _text(axes, _WIDTH - _LEFT - _RIGHT + x, -1, label, align="right", color=figures.QUIET)


def _stratum(axes: Axes, place: int, group: Subgroups, stratum: Stratum) -> None:
    label = told(stratum.label, VOCABULARIES.get(group.heading, ""))
    _text(axes, -_LEFT + 4, place, label)
    counts = (
        told(stratum.hidden) or wording.NOT_ESTIMABLE
        if stratum.n is None or stratum.events is None
        else f"{wording.number(stratum.events)} / {wording.number(stratum.n)}"
    )
    _text(axes, _WIDTH - _LEFT - _RIGHT + _COUNTS, place, counts, align="right", color=figures.QUIET)
    at = stratum.at
    if at is None or at.survival is None:
        return
    color = figures.OKABE_ITO[0]
    if at.lower is not None and at.upper is not None and at.lower < at.upper:
        axes.plot([100 * at.lower, 100 * at.upper], [place, place], color=color, linewidth=1.2)
    axes.plot([100 * at.survival], [place], "s", color=color, markersize=4, clip_on=False)
    said = f"{wording.number(100 * at.survival)} ({_limits(at)})"
    _text(axes, _WIDTH - _LEFT - _RIGHT + _SHARES, place, said, align="right")


def _limits(at: Estimate) -> str:
    if at.lower is None or at.upper is None or at.lower == at.upper:
        return wording.NOT_ESTIMABLE
    return f"{wording.number(100 * at.lower)}–{wording.number(100 * at.upper)}"


def _text(
    axes: Axes, x: float, place: float, text: str, *, weight: int = 400, align: str = "left", color: str = ""
) -> None:
    """Write beside the axis; x counts millimetres from its left end."""
    axes.annotate(
        text,
        (x / (_WIDTH - _LEFT - _RIGHT), place),
        xycoords=("axes fraction", "data"),
        va="center",
        ha=align,
        fontsize=8,
        weight=weight,
        color=color or figures.INK,
        annotation_clip=False,
    )
