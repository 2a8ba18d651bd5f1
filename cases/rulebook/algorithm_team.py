"""Who is at the table, from series: L-06 and L-07."""

from __future__ import annotations

from cases.rulebook.authority import WORLD_J_SURG_2020, literature
from cases.rulebook.engine import Rule
from cases.rulebook.scopes import INDEX
from cases.rulebook.terms import NEAR_THE_HEART, all_of
from cases.vocabulary import Firmness, ResectionType, Segment, Severity, Specialty

AT_THE_LIVER = frozenset({Segment.RETROHEPATIC, Segment.INFRADIAPHRAGMATIC})


def _team_is_complete(team: frozenset[str], touched_segments: frozenset[str] | None) -> bool | None:
    """A vascular surgeon, and where the tumor lies at the liver one of the liver."""
    at_the_liver = None if touched_segments is None else bool(touched_segments & AT_THE_LIVER)
    liver_surgeon = Specialty.HPB_TRANSPLANT in team or (None if at_the_liver is None else not at_the_liver)
    return all_of((Specialty.VASCULAR in team, liver_surgeon))


RULES = (
    Rule(
        id="L-06",
        title="Cardiac surgeon near the heart",
        asks="a cardiac surgeon is at the table, and cardiopulmonary bypass is used or on stand-by (only its use has a"
        " field)",
        when="a supradiaphragmatic or intracardial segment is involved",
        severity=Severity.MAJOR,
        scope=INDEX,
        needs_to_apply=("tumor.segments",),
        applies=lambda segments: bool(segments & NEAR_THE_HEART),
        needs_to_judge=("team", "bypass?"),
        expects=lambda team: Specialty.CARDIAC in team,
        says="The tumor involves {segments}; the team ({team}) has no cardiac surgeon (bypass: {bypass}).",
        **literature(
            "Kieffer 2006: intracardiac resection under hypothermic arrest",
            f"{WORLD_J_SURG_2020}: teams with cardiothoracic, vascular and hepatic surgeons",
            firmness=Firmness.B,
            since=2021,
        ),
    ),
    Rule(
        id="L-07",
        title="Vascular and liver surgeons",
        asks="a vascular surgeon is at the table; where a retrohepatic or infradiaphragmatic segment is involved or"
        " resected, an HPB or transplant surgeon as well",
        when="the resection was circumferential",
        severity=Severity.MINOR,
        scope=INDEX,
        needs_to_apply=("resection_type",),
        applies=lambda resection_type: resection_type == ResectionType.CIRCUMFERENTIAL,
        needs_to_judge=("team", "case.touched_segments?"),
        expects=_team_is_complete,
        says="The resection was circumferential (segments: {touched_segments}); the team was {team}.",
        **literature(WORLD_J_SURG_2020, "Curr Oncol 2023;30:3500", firmness=Firmness.B, since=2024),
    ),
)
