"""What became of the graft and of the veins below it: early complications, last visit, antithrombotic treatment."""

from __future__ import annotations

from django.db.models import Count, Exists, F, OuterRef, Q

from cases.endpoints import EARLY_DAYS
from cases.models import Antithrombotic, Discharge
from cases.vocabulary import Agent, ComplicationType, DischargeTo, GraftStatus, LegEdema
from reports import cohorts, outcomes, remarks, visits
from reports.aggregates import in_order, share, share_group
from reports.cohorts import Cut, ImputedDate
from reports.content import Group, Line
from reports.endpoints import ENDPOINTS
from reports.remarks import mark

SEEN = tuple(
    str(status) for status in GraftStatus if status not in (GraftStatus.NOT_ASSESSED, GraftStatus.NO_GRAFT)
)
EARLY: tuple[tuple[str, ComplicationType], ...] = (
    (mark("Infection"), ComplicationType.GRAFT_INFECTION),
    (mark("Thrombosis"), ComplicationType.GRAFT_THROMBOSIS),
    (mark("Stenosis"), ComplicationType.GRAFT_STENOSIS),
)
ALIVE_AT_DISCHARGE = tuple(place for place in DischargeTo if place != DischargeTo.DIED)


def grafts(cut: Cut) -> tuple[Group, ...]:
    """Count grafts by what befell them, and patients by edema and treatment; a reconstruction prints none of it."""
    if cut.source == "reconstruction":
        return ()
    everybody = cohorts.main_curve(cut)
    grafted = everybody.filter(**ENDPOINTS["graft_patency"].among)
    status = visits.last_found(cut, grafted, "graft_status", SEEN)
    edema = visits.last_found(cut, everybody, "leg_edema", tuple(map(str, LegEdema)))
    return (
        *_early(cut),
        *share_group(
            mark("Graft at the last visit that looked at it"),
            in_order(status, GraftStatus),
            recorded=sum(status.values()),
            applicable=grafted.count(),
            note=remarks.WHOSE_GRAFT,
        ),
        *share_group(
            mark("Leg edema at the last visit that says so"),
            in_order(edema, LegEdema, empty=bool(edema)),
            recorded=sum(edema.values()),
            applicable=everybody.count(),
        ),
        *_antithrombotics(cut),
    )


def _early(cut: Cut) -> tuple[Group, ...]:
    """Count early complications of the graft, each among those in whom it can be judged."""
    lines = []
    for label, kind in EARLY:
        events = outcomes.early(cut).filter(type=kind)
        judged = outcomes.judged(cut, events).filter(**ENDPOINTS["graft_patency"].among)
        had = Q(case_id__in=events.values("case_id"))
        found = judged.aggregate(of=Count("case_id"), n=Count("case_id", filter=had))
        if found["of"]:
            lines.append(Line(label=label, value=share(found["n"], found["of"], exact=True)))
    if not lines:
        return ()
    return (
        Group(
            heading=mark("Early complications of the graft"),
            statistic="n",
            lines=tuple(lines),
            recorded=None,
            applicable=None,
            exclusive=False,
            note=remarks.WITHIN.format(days=EARLY_DAYS),
        ),
    )


def _antithrombotics(cut: Cut) -> tuple[Group, ...]:
    """Count patients by the drugs they took on the day they left the hospital alive.

    Judged are those whose treatments all have a first day, or of whom it is said that there was none.
    """
    left = (
        Discharge.objects.filter(
            case_id__in=cohorts.main_curve(cut).values("case_id"),
            discharged_on__isnull=False,
            discharge_to__in=ALIVE_AT_DISCHARGE,
        )
        .annotate(left_on=ImputedDate("discharged_on"))
        .filter(left_on__lte=cut.as_of)
    )
    rows = Antithrombotic.objects.filter(case_id=OuterRef("case_id")).exclude(agent=None)
    undated = rows.filter(started_on=None).exclude(agent=Agent.NONE)
    judged = left.filter(Exists(rows), ~Exists(undated))
    drugs = (
        Antithrombotic.objects.exclude(agent=None)
        .exclude(agent=Agent.NONE)
        .filter(case_id__in=judged.values("case_id"))
        .annotate(begun_on=ImputedDate("started_on"), ended_on=ImputedDate("stopped_on"))
    )
    on_leaving = ImputedDate("case__discharge_rows__discharged_on")
    taken = drugs.annotate(left_on=on_leaving).filter(
        Q(begun_on__lte=F("left_on")), Q(stopped_on=None) | Q(ended_on__gte=F("left_on"))
    )
    counts = dict(taken.values_list("agent").annotate(n=Count("case_id", distinct=True)).order_by("agent"))
    recorded, treated = judged.count(), taken.aggregate(n=Count("case_id", distinct=True))["n"]
    if recorded > treated:
        counts[Agent.NONE] = recorded - treated
    several = sum(counts.values()) > recorded
    heading = mark("Antithrombotic treatment at discharge")
    return share_group(
        heading,
        in_order(counts, Agent),
        recorded=recorded,
        applicable=max(left.count(), recorded),
        exclusive=not several,
        note=remarks.SEVERAL_LINES.format(heading=heading) if several else "",
    )
