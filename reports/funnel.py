"""Shares of one center within the limits of chance, as SVG and PNG. Pure, drawn like the other figures.

Funnel plots after Spiegelhalter 2005 (Stat Med 24:1185) with one point: a center sees itself and no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import figures
from reports.content import Funnel
from reports.speech import say, told

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _LEFT, _RIGHT, _BETWEEN = 166, 16, 4, 18
_PLOT, _ABOVE, _BELOW = 40, 9, 15
_IN_A_ROW = 2
_TOPS = (0.1, 0.25, 0.5, 1.0)  # where the axis may end


def draw(funnels: tuple[Funnel, ...]) -> Figure:
    """Draw one panel for each share, two in a row."""
    rows = -(-len(funnels) // _IN_A_ROW)
    high = _PLOT + _ABOVE + _BELOW
    wide = (_WIDTH - _LEFT - _RIGHT - _BETWEEN) / _IN_A_ROW
    figure = figures.sheet(_WIDTH, rows * high)
    for place, funnel in enumerate(funnels):
        row, column = divmod(place, _IN_A_ROW)
        left, bottom = _LEFT + column * (wide + _BETWEEN), (rows - 1 - row) * high + _BELOW
        axes = figure.add_axes((left / _WIDTH, bottom / (rows * high), wide / _WIDTH, _PLOT / (rows * high)))
        _frame(axes, funnel)
        _panel(axes, funnel)
    return figure


def _frame(axes: Axes, funnel: Funnel) -> None:
    # the limits of the smallest centers reach to 100% and would press the rest to the ground
    seen = [
        high for size, high in zip(funnel.sizes, funnel.outer_upper, strict=True) if 2 * size >= funnel.of
    ]
    top = next(top for top in _TOPS if top >= max(funnel.n / funnel.of, *seen) or top == 1)
    axes.set_xlim(0, funnel.sizes[-1])
    axes.set_ylim(0, 100 * top)
    axes.set_yticks([100 * top * step / 5 for step in range(6)])
    axes.set_title(told(funnel.label), loc="left", color=figures.INK, fontsize=8.5, weight=600, pad=7)
    axes.set_xlabel(say("Patients of a center"), color=figures.INK, labelpad=3)
    axes.set_ylabel("%", color=figures.INK, labelpad=3)
    axes.locator_params(axis="x", integer=True, nbins=6)
    axes.grid(axis="y", color=figures.HAIR, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(figures.QUIET)
    axes.tick_params(length=3, width=0.7, color=figures.QUIET, labelcolor=figures.INK, pad=3)


def _panel(axes: Axes, funnel: Funnel) -> None:
    color = figures.OKABE_ITO[0]
    pairs = ((funnel.outer_lower, funnel.outer_upper, 0.8), (funnel.lower, funnel.upper, 1.3))
    for lower, upper, width in pairs:
        for limits in (lower, upper):
            axes.plot(funnel.sizes, [100 * limit for limit in limits], color=figures.QUIET, linewidth=width)
    axes.axhline(100 * funnel.target, color=figures.QUIET, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.plot(
        [funnel.of], [100 * funnel.n / funnel.of], "s", color=color, markersize=6, clip_on=False, zorder=3
    )
