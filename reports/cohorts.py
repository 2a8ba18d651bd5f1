"""Who is in, counted in the database: life tables by stratum and the counts around them, for one data cut.

One GROUP BY query gives a life table, whatever the number of patients; no patient is ever loaded. What the days mean is
decided in cases/endpoints.py, what a cut does with them here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db.models import (
    Case as Choose,
)
from django.db.models import (
    Count,
    DateField,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, ExtractYear, Least
from django.utils import timezone
from django.utils.translation import gettext

from cases.endpoints import DAYS_PER_MONTH
from cases.models import Case, Consent, SurvivalObservation
from cases.rulebook.validity_follow_up import STALE_MONTHS
from cases.vocabulary import CLINICAL_SOURCES, ConsentBasis
from registry.models import Center
from reports.content import Source
from reports.endpoints import LANDMARK, LANDMARK_DAYS, OVERALL_SURVIVAL, RECURRENCE, Cause, Endpoint
from reports.lifetable import LifeTable

STRATA = (
    "sex",
    "level",
    "segment",
    "size",
    "growth_pattern",
    "margin",
    "grade",
    "resection_type",
    "ivc_method",
    "material",
    "era",
    "center",
)
EVERYBODY = "all"
AHEAD = timedelta(hours=14)  # of UTC: where a day begins first
ERA = re.compile(r"[12]\d\d0s", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What a report is about: one center, all or all but one; one kind of data to `as_of`, of one decade or all.

    Of `own_ids` all cases are counted even where other centers are: those figures are shown to their people alone.
    `is_for_all` takes of one center what the report for all counts of it.
    """

    as_of: date
    source: Source = "clinical"
    center_id: int | None = None
    era: str = ""
    without_center_id: int | None = None
    own_ids: tuple[int, ...] = ()
    is_for_all: bool = False

    @property
    def needs_consent(self) -> bool:
        """Whether only registered patients count whose consent covers reports: everywhere but in the own center."""
        return self.source == "clinical" and (self.center_id is None or self.is_for_all)

    @property
    def sources(self) -> tuple[str, ...]:
        """The origins of cases that this cut takes; demonstration data never stand beside clinical data."""
        return tuple(sorted(CLINICAL_SOURCES)) if self.source == "clinical" else (self.source,)


def read_cut(text: str) -> date:
    """Read the day of a data cut; ValueError says what to write. No day lies in the future that has begun anywhere."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(gettext("Write the day as YYYY-MM-DD.")) from None
    if day > (timezone.now() + AHEAD).date():
        raise ValueError(gettext("The data cut lies in the future: give today or a day before."))
    return day


class DaysBetween(Func):
    """Whole days from one date to another, as PostgreSQL subtracts dates."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()


class ImputedDate(Func):
    """The day that stands for a partial date: registry.dates.PartialDate.imputed in SQL."""

    template = (
        "(CASE length(%(expressions)s) WHEN 10 THEN %(expressions)s WHEN 7 THEN %(expressions)s || '-15' "
        "ELSE %(expressions)s || '-07-01' END)::date"
    )


def observations(cut: Cut) -> QuerySet[SurvivalObservation]:
    """List the cases of a cut with their days at the cut.

    Whoever is not resected yet at the cut is not there yet; whoever refused, or ended the use of the data, has no
    observation at all. Beyond the own center only those count whose consent covers it. What was invented in a sandbox
    counts nowhere.
    """
    sandboxes = Center.objects.filter(is_sandbox=True).values("pk")
    rows = SurvivalObservation.objects.filter(source__in=cut.sources).exclude(center_id__in=sandboxes)
    if cut.center_id is not None:
        rows = rows.filter(center_id=cut.center_id, **({"in_reports": True} if cut.is_for_all else {}))
    elif cut.own_ids:
        rows = rows.filter(Q(in_reports=True) | Q(center_id__in=cut.own_ids))
    else:
        rows = rows.filter(in_reports=True)
    if cut.without_center_id is not None:
        rows = rows.exclude(center_id=cut.without_center_id)
    if cut.era:
        rows = rows.filter(era=cut.era)
    return rows.filter(Q(origin_on=None) | Q(origin_on__lte=cut.as_of)).annotate(
        # A case without dates has no day at which the cut could fall; LEAST passes over its null.
        cut_days=DaysBetween(Value(cut.as_of, output_field=DateField()), F("origin_on"))
    )


def eras(cut: Cut) -> list[str]:
    """List the decades of the resections of a cut, whichever of them it takes."""
    rows = main_curve(replace(cut, era="")).exclude(era="")
    return list(rows.order_by("era").values_list("era", flat=True).distinct())


def cases(cut: Cut) -> QuerySet[Case]:
    """List the cases behind the observations of a cut."""
    return Case.objects.filter(pk__in=observations(cut).values("case_id"))


def main_curve(cut: Cut) -> QuerySet[SurvivalObservation]:
    """Keep index resections of eligible primary tumors."""
    return observations(cut).filter(in_main_curve=True)


def followed(cut: Cut) -> QuerySet[SurvivalObservation]:
    """Keep those with a day of death or a last day known alive, and put time and event of the cut on each row."""
    return with_days(main_curve(cut).filter(KNOWN))


def with_days(rows: QuerySet[SurvivalObservation]) -> Any:
    """Put the time of the cut on each row; it means nothing where no day is known."""
    return rows.annotate(days=Least(Coalesce("death_days", "followed_days"), "cut_days"))


KNOWN = Q(death_days__isnull=False) | Q(followed_days__isnull=False)
# Both are written so that their negation is never null in SQL.
RECURRED = Q(recurrence_days__isnull=False) & (
    Q(cut_days__isnull=True) | Q(recurrence_days__lte=F("cut_days"))
)
DIED = Q(death_days__isnull=False) & (Q(cut_days__isnull=True) | Q(death_days__lte=F("cut_days")))


def observed(cut: Cut, endpoint: Endpoint) -> Any:
    """Keep those in whom an endpoint can be observed, and put their days of it on each row.

    `event_days` and `competing_days` are the first of their causes, `failure_days` the first of both; `days` is that
    or the last day known alive, and never after the cut.
    """
    rows = (
        main_curve(cut)
        .filter(**endpoint.among)
        .annotate(
            event_days=_first_day(endpoint.events),
            competing_days=_first_day(endpoint.competing),
        )
    )
    failed = Least("event_days", "competing_days") if endpoint.competing else F("event_days")
    rows = rows.annotate(failure_days=failed).filter(
        Q(failure_days__isnull=False) | Q(followed_days__isnull=False)
    )
    rows = rows.annotate(days=Least(Coalesce("failure_days", "followed_days"), "cut_days"))
    if endpoint.origin == RECURRENCE:
        return rows.filter(RECURRED, days__gte=F("recurrence_days"))
    return rows.filter(days__gt=LANDMARK_DAYS) if endpoint.origin == LANDMARK else rows


def _first_day(causes: tuple[Cause, ...]) -> Any:
    """The first day on which one of these happened, null where none did: LEAST passes over nulls."""
    days: list[Any] = [
        Choose(When(then=F(f"{cause.what}_days"), **cause.only)) if cause.only else F(f"{cause.what}_days")
        for cause in causes
    ]
    if len(days) == 1:
        return days[0]  # LEAST of one costs as much as of two, in each row
    return Least(*days) if days else Cast(Value(None), IntegerField())


FAILED = Q(failure_days__isnull=False) & (Q(cut_days__isnull=True) | Q(failure_days__lte=F("cut_days")))
# What is found on the day of a competing event came with it or before.
HAD_EVENT = FAILED & Q(event_days=F("failure_days"))


def life_table(cut: Cut, *, endpoint: Endpoint = OVERALL_SURVIVAL, stratum: str = "") -> LifeTable:
    """Count events, competing events and censorings by day, for everybody or by one stratum.

    An unknown stratum is the label "". Days count from the origin of the endpoint; who comes under observation later
    than that enters late, at risk from the day of the resection on.
    """
    return _as_table(_counted(cut, endpoint, stratum), endpoint)


def dated_life_table(cut: Cut, *, endpoint: Endpoint, stratum: str = "") -> tuple[LifeTable, int]:
    """Count the same and, in the same moment, the dates without a day behind the days."""
    undated = Q(diagnosis_is_dated=False) if endpoint.origin == "diagnosis" else Q(pk__isnull=True)
    dates = Coalesce(Sum("imputed_dates"), 0) + Count("case_id", filter=undated)
    rows = _counted(cut, endpoint, stratum, dates=dates)
    return _as_table([row[:-1] for row in rows], endpoint), sum(row[-1] for row in rows)


def _counted(cut: Cut, endpoint: Endpoint, stratum: str, **more: Any) -> list[tuple[Any, ...]]:
    if stratum and stratum not in STRATA:
        raise ValueError(f"stratum must be one of {', '.join(STRATA)}, not {stratum!r}.")
    label = F(stratum) if stratum else Value(EVERYBODY)
    before: Any = {"diagnosis": F("days_from_diagnosis"), LANDMARK: Value(-LANDMARK_DAYS)}.get(
        endpoint.origin, Value(0)
    )
    on_day = F("days") if before == Value(0) else F("days") + before
    if endpoint.origin == RECURRENCE:
        on_day = F("days") - F("recurrence_days")
    counts = {"everybody": Count("case_id"), "failures": Count("case_id", filter=FAILED)}
    if endpoint.competing:
        counts["events"] = Count("case_id", filter=HAD_EVENT)
    counts |= more
    rows = observed(cut, endpoint).values(group=label, on_day=on_day, before=before).annotate(**counts)
    return list(rows.order_by().values_list("group", "on_day", "before", *counts))  # the table sorts


def _as_table(rows: list[tuple[Any, ...]], endpoint: Endpoint) -> LifeTable:
    """Columns: group, day of leaving, days from the origin to the resection, everybody, all failures, events.

    Where the origin is after the resection its days are negative. Where nothing competes all failures are events.
    """
    groups = sorted({row[0] for row in rows}) or [EVERYBODY]
    position = {name: place for place, name in enumerate(groups)}
    group = np.fromiter((position[row[0]] for row in rows), np.int64, len(rows))
    counts = np.array([row[1:] for row in rows], np.int64).reshape(len(rows), 5 if endpoint.competing else 4)
    on_day, before, everybody, failures, events = counts[:, [0, 1, 2, 3, -1]].T
    late = before > 0  # at risk after the day before the resection
    nobody = np.zeros(int(late.sum()), np.int64)
    own, other = np.append(events, nobody), np.append(failures - events, nobody)
    return LifeTable.from_counts(
        np.append(group, group[late]),
        np.append(on_day, before[late] - 1),
        [own, other] if endpoint.competing else own,
        np.append(everybody - failures, nobody),
        np.append(np.zeros_like(group), everybody[late]),
        groups=groups,
    )


def follow_up(cut: Cut) -> float | None:
    """Give the completeness of follow-up: the person-time observed of that possible until death or the cut.

    Clark, Altman, De Stavola 2002, Lancet 359:1309. Who was never heard of counts with nothing observed; None without
    dates.
    """
    observed = Least(Coalesce("death_days", "followed_days", Value(0)), "cut_days")
    possible = Choose(When(DIED, then=F("death_days")), default=F("cut_days"))
    dated: Any = main_curve(cut).filter(origin_on__isnull=False)
    found = dated.aggregate(observed=Sum(observed), possible=Sum(possible))
    return found["observed"] / found["possible"] if found["possible"] else None


def withdrawn(cut: Cut) -> int:
    """Count the registered who had withdrawn their consent by the cut."""
    found = Consent.objects.filter(
        basis=ConsentBasis.WITHDRAWN, case_id__in=observations(cut).values("case_id")
    )
    return found.annotate(day=ImputedDate("withdrawn_on")).filter(day__lte=cut.as_of).count()


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The numbers around a cohort."""

    registered: int
    resected: int
    followed: int
    centers: int
    first_year: int | None
    last_year: int | None
    imputed_dates: int
    alive: int  # followed and not known to have died by the cut
    stale: int  # of these, last heard of long before the cut


STALE_DAYS = int(STALE_MONTHS * DAYS_PER_MONTH)  # data query X-55 asks at the same age


def frame(cut: Cut) -> Frame:
    """Count who is registered, resected and followed at a cut, in two queries; without dates nobody is stale."""
    everybody = observations(cut).aggregate(
        registered=Count("case_id"),
        resected=Count("case_id", filter=Q(in_main_curve=True)),
        centers=Count("center_id", distinct=True),
        first_year=Min(ExtractYear("origin_on")),
        last_year=Max(ExtractYear("origin_on")),
        imputed_dates=Coalesce(Sum("imputed_dates"), 0),
    )
    heard = followed(cut).aggregate(
        followed=Count("case_id"),
        alive=Count("case_id", filter=~DIED),
        stale=Count("case_id", filter=~DIED & Q(cut_days__gt=F("days") + STALE_DAYS)),
    )
    return Frame(**everybody, **heard)
