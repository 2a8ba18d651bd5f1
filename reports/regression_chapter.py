"""The chapter of a report on hazard ratios. Pure: numbers in, strings out."""

from __future__ import annotations

from collections.abc import Callable

from reports import remarks, wording
from reports.printed import Column, Row, Section, Table
from reports.regression_content import Hazard, HazardRatio, Regression
from reports.speech import say, told
from reports.survival_chapter import DIED


def chapter(found: Regression | None, number: Callable[[], int]) -> Section | None:
    """Print each factor alone and together with the others, and why not where it is not."""
    if found is None:
        return None
    return Section(title=say("Hazard ratios of death"), lead=_lead(found), tables=(_table(found, number()),))


def _lead(found: Regression) -> str:
    parts = [
        say(
            "Cox regression of overall survival on five factors that were chosen beforehand; each center has a baseline"
            " of its own, ties by Efron. A ratio above 1 means more deaths."
        ),
        say(
            "Every factor is known of {complete} of {patients}; of these {died}.",
            complete=wording.number(found.complete),
            patients=wording.counted(found.followed, *remarks.PATIENTS),
            died=wording.counted(found.complete_events, *DIED),
        ),
    ]
    if found.refusal:
        parts.append(_refused(found))
    return " ".join(parts)


def _refused(found: Regression) -> str:
    """Say why the factors were not estimated together."""
    if found.refusal == "events":
        return say(
            "They are not estimated together: that takes {needed} deaths among these, ten for each factor.",
            needed=wording.number(found.events_needed),
        )
    if found.refusal == "size":
        return say("They are not estimated together: the patients are too many for this report.")
    return say(
        "They are not estimated together: on one side of a factor there are too few deaths for a finite ratio."
    )


def _table(found: Regression, number: int) -> Table:
    level = f"{found.level:.0%}"
    columns = (
        Column(label=say("Factor"), align="left", grow=True),
        Column(label=say("Deaths of\npatients")),
        Column(label=say("Alone\n({level} CI)", level=level)),
        Column(label=say("Together\n({level} CI)", level=level)),
    )
    rows = tuple(row for hazard in found.hazards for row in _rows(hazard))
    notes = (
        say(
            "Alone: of those in whom the factor is known. Together: of those in whom all are. A dash: fewer than ten"
            " deaths for each ratio, or no finite estimate. Hazards are taken to be proportional. These ratios describe"
            " who died sooner; they do not say why."
        ),
    )
    return Table(
        number=number, title=say("Factors and the hazard of death"), columns=columns, rows=rows, notes=notes
    )


def _rows(hazard: Hazard) -> tuple[Row, ...]:
    return (
        Row(kind="heading", cells=(told(hazard.heading), "", "", "")),
        Row(
            kind="line",
            cells=(
                told(hazard.reference),
                _counts(hazard.reference_events, hazard.reference_n),
                *(
                    wording.NOT_ESTIMABLE if found is None else wording.number(1)
                    for found in (hazard.alone, hazard.together)
                ),
            ),
        ),
        Row(
            kind="line",
            cells=(
                told(hazard.compared),
                _counts(hazard.compared_events, hazard.compared_n),
                _ratio(hazard.alone),
                _ratio(hazard.together),
            ),
        ),
    )


def _counts(events: int, patients: int) -> str:
    return say("{n} of {all}", n=wording.number(events), all=wording.number(patients))


def _ratio(found: HazardRatio | None) -> str:
    if found is None:
        return wording.NOT_ESTIMABLE
    ratio, lower, upper = (wording.number(value, 2) for value in (found.ratio, found.lower, found.upper))
    return f"{ratio} ({lower}–{upper})"
