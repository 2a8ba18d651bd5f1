"""Hazard ratios in the report: ten deaths for each, complete cases, centers as strata; nothing for outsiders."""

from datetime import date

import pytest

from registry import access
from reports import compose, cox, disclosure, printing, regression
from reports import content as contents
from reports.cohorts import Cut
from reports.regression import FACTORS
from tests.reports.cohort import add_case
from tests.reports.handmade import founding_content
from tests.reports.r_reference import columns

CUT = Cut(as_of=date(2026, 11, 22))
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everywhere")]
COMPARED = {"growth_pattern": "mixed", "margin": "R1", "grade": "G3", "size": "T4", "level": "upper"}
REFERENCE = {"growth_pattern": "extravasal", "margin": "R0", "grade": "G2", "size": "T1", "level": "lower"}


def add(center, n, died, *, first=0, **strata):
    """The deaths at 31, 38 ... days, the others seen at 1,000; each factor on both sides, in turn by its own period."""
    for i in range(n):
        periods = zip(FACTORS, (2, 3, 5, 7, 11), strict=True)
        codes = {f.stratum: (COMPARED if i % p % 2 else REFERENCE)[f.stratum] for f, p in periods}
        add_case(
            center, first + i, days=31 + 7 * i if i < died else 1000, died=i < died, **{**codes, **strata}
        )


def test_a_factor_alone_is_coxph(north):
    """The trial of lung cancer `veteran`: coxph(Surv(time, status) ~ trt), its arms in the place of the margins.

    R: coef 0.01774, exp 1.0179, 95% limits 0.7144 to 1.4504 (survival 3.5-3); 128 deaths of 137.
    """
    patients = columns("veteran")
    arms = zip(patients["time"], patients["status"], patients["trt"], strict=True)
    for i, (days, died, arm) in enumerate(arms):
        margin = "R1" if arm == 2 else "R0"
        add_case(north, i, operated_on=date(2015, 1, 1), days=int(days), died=bool(died), margin=margin)

    found = regression.regression(CUT)

    (margin,) = [hazard for hazard in found.hazards if hazard.heading == "Margin"]
    assert (margin.compared_n, margin.reference_n) == (68, 69)
    assert margin.compared_events + margin.reference_events == margin.alone.events == 128
    figures = [round(getattr(margin.alone, name), 4) for name in ("ratio", "lower", "upper")]
    assert figures == [1.0179, 0.7144, 1.4504]
    assert [hazard.alone for hazard in found.hazards if hazard is not margin] == [None] * 4
    assert (found.complete, found.refusal) == (0, "events")


def test_centers_have_baselines_of_their_own(north, south):
    """All die early in one center and late in the other, where R1 is common: within each, margins are alike."""
    for i in range(24):
        add_case(north, i, days=20 + i // 2, died=True, margin="R0" if i % 6 else "R1")
        add_case(south, i, days=900 + i // 2, died=True, margin="R1" if i % 6 else "R0")

    alone = next(h.alone for h in regression.regression(CUT).hazards if h.heading == "Margin")

    assert alone.lower < 1 < alone.upper
    assert 0.5 < alone.ratio < 2, "across centers R1 would look ten times safer"


def test_all_together_take_fifty_deaths_among_the_complete(north):
    add(north, 80, 50)
    add(north, 20, 20, first=100, margin="RX")

    found = regression.regression(CUT)

    assert (found.followed, found.complete, found.complete_events) == (100, 80, 50)
    assert (found.refusal, found.events_needed) == ("", 50)
    assert all(hazard.together.events == 50 and hazard.together.patients == 80 for hazard in found.hazards)
    assert [hazard.alone.events for hazard in found.hazards] == [70, 50, 70, 70, 70]


def test_49_deaths_are_too_few_and_it_says_so(north):
    add(north, 80, 49)

    found = regression.regression(CUT)

    assert (found.refusal, {hazard.together for hazard in found.hazards}) == ("events", {None})
    content = contents.from_plain(contents.to_plain(compose_with(found)))
    lead = chapter_of(content).lead
    assert "Every factor is known of 80 of 80 patients; of these 49 died." in lead
    assert "takes 50 deaths among these, ten for each factor" in lead


def test_nine_deaths_have_no_chapter(north):
    add(north, 80, 9)

    assert regression.regression(CUT) is None


def test_deaths_on_one_side_alone_have_no_ratio(north):
    for i in range(60):
        add(north, 1, 1, first=i, growth_pattern="mixed")
    add(north, 20, 0, first=100, growth_pattern="extravasal")

    found = regression.regression(CUT)

    assert found.refusal == "infinite"
    assert found.hazards[0].alone is None


def test_too_many_patients_are_told(north, monkeypatch):
    add(north, 80, 60)
    monkeypatch.setattr(cox, "MOST_PATIENTS", 79)

    found = regression.regression(CUT)

    assert found.refusal == "size"


def test_sides_are_codes_of_their_vocabulary_and_share_none():
    from reports.strata import WORDS

    for factor in FACTORS:
        codes = set(WORDS[factor.stratum].vocabulary.values)
        assert factor.compared | factor.reference <= codes
        assert not factor.compared & factor.reference
        assert {code for code in codes if factor.side(code) is None} <= {"GX", "RX", "TX"}


# --- printed ---------------------------------------------------------------------------------------------------------


def compose_with(found):
    return contents.ReportContent(**{**vars_of(founding_content()), "regression": found})


def vars_of(content):
    return {name: getattr(content, name) for name in type(content).__dataclass_fields__}


def chapter_of(content):
    sections = printing.printed(content).sections
    return next(section for section in sections if section.title == "Hazard ratios of death")


def test_the_report_prints_every_ratio_and_says_where_there_is_none(north):
    add(north, 80, 50)
    add(north, 20, 20, first=100, margin="RX")

    content = compose.compose(CUT)

    (table,) = chapter_of(content).tables
    assert [row.cells[0] for row in table.rows][:3] == [
        "Growth pattern",
        "outside the lumen",
        "within the lumen, or mixed",
    ]
    for place, hazard in enumerate(content.regression.hazards):
        cells = table.rows[3 * place + 2].cells
        assert cells[1] == f"{hazard.compared_events} of {hazard.compared_n}"
        for cell, ratio in zip(cells[2:], (hazard.alone, hazard.together), strict=True):
            assert cell == f"{ratio.ratio:.2f} ({ratio.lower:.2f}–{ratio.upper:.2f})"


def test_outsiders_are_told_no_ratio(north):
    add(north, 80, 50)
    content = compose.compose(CUT)

    assert content.regression is not None
    assert disclosure.suppress(content, threshold=5).regression is None


def test_a_reconstruction_has_no_regression(north):
    add(north, 80, 60)
    with access.everywhere():
        from cases.models import Case, SurvivalObservation

        Case.objects.update(source="reconstruction")
        SurvivalObservation.objects.update(source="reconstruction")

    assert compose.compose(Cut(as_of=CUT.as_of, source="reconstruction")).regression is None
