"""The figure is the same to the last byte, says what it is, and shows what the content says."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from reports import estimates, figures
from reports.endpoints import ENDPOINTS
from reports.lifetable import LifeTable
from tests.reports.handmade import founding_survival, published_survival


def test_same_content_same_bytes():
    survival = founding_survival()

    assert figures.curve(survival, "svg", title="a") == figures.curve(survival, "svg", title="a")
    assert figures.curve(survival, "png", title="a") == figures.curve(survival, "png", title="a")


def test_svg_is_well_formed_without_date_or_foreign_font():
    svg = figures.curve(founding_survival(), "svg", title="Survival")

    ElementTree.fromstring(svg)
    assert b"<text" not in svg
    assert not re.search(rb"20\d\d-\d\d-\d\dT", svg)
    assert b"Survival" in svg


def test_png_is_large_enough_to_print_and_small_enough_to_mail():
    png = figures.curve(published_survival(), "png", title="a")

    assert png.startswith(b"\x89PNG")
    assert len(png) < 200_000


@pytest.mark.parametrize(
    ("days", "months"),
    [
        (70, (0, 1, 2)),
        (300, (0, 3, 6, 9)),
        (36 * 30.4375, (0, 6, 12, 18, 24, 30, 36)),
        (5 * 365.25, (0, 12, 24, 36, 48, 60)),
        (12 * 365.25, (0, 24, 48, 72, 96, 120, 144)),
    ],
)
def test_ticks(days, months):
    assert figures.tick_months(days) == months


def test_several_groups_each_get_a_block():
    table = LifeTable.from_arrays(
        list(range(100, 1300, 20)), [i % 3 == 0 for i in range(60)], group=list("abc") * 20
    )
    survival = estimates.overall_survival(table)

    png = figures.curve(survival, "png", title="a")

    assert len(survival.risk_table) == 3
    assert png != figures.curve(replace(survival, curves=survival.curves[::-1]), "png", title="a")


def test_everybody_dead_can_be_drawn():
    survival = estimates.overall_survival(LifeTable.from_arrays([10, 20, 30, 40, 50, 60], [1] * 6))

    assert figures.curve(survival, "svg", title="a")


@pytest.mark.parametrize(("events", "top"), [(0, 0.25), (12, 0.25), (20, 0.5), (60, 1.0)])
def test_an_incidence_rises_from_0_on_an_axis_that_holds_its_limits(events, top):
    table = LifeTable.from_arrays(range(100, 1000, 10), [1] * events + [0] * (90 - events), causes=2)
    outcome = estimates.outcome(table, ENDPOINTS["graft_patency"])

    assert (figures._start(outcome), figures._top(outcome)) == (0.0, top)
    ElementTree.fromstring(figures.curve(outcome, "svg", title="a"))


def test_of_very_many_steps_those_are_drawn_that_print_can_show():
    """5,000 patients, of whom one dies each day: as fine as 0.2 mm, and the last among them."""
    days = np.arange(1, 5001)
    survival = estimates.overall_survival(LifeTable.from_arrays(days, np.ones_like(days)))
    (curve,) = survival.curves

    steps = figures._drawn_steps(curve.time_days, survival.show_until_days)
    svg = figures.curve(survival, "svg", title="a")

    assert figures.STEPS_UP_TO <= len(steps) <= figures.STEPS_UP_TO + 1
    assert curve.time_days[steps[-1]] == max(
        day for day in curve.time_days if day <= survival.show_until_days
    )
    assert (
        max(np.diff([curve.time_days[i] for i in steps]))
        <= 2 * survival.show_until_days / figures.STEPS_UP_TO
    )
    assert len(svg) < 150_000
