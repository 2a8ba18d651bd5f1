"""One cut of the data to one ReportContent: which parts, which words, and what is withheld from whom.

Everything is read in one snapshot, so a report never shows half an import. Small numbers are withheld here alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from django.conf import settings
from django.db import connection, transaction

from cases import versions as algorithms
from cases.endpoints import EARLY_DAYS
from cases.models import Case
from cases.rulebook.validity import VALIDITY
from cases.rulebook.validity_follow_up import STALE_MONTHS
from registry import access
from registry.models import Center
from registry.tongues import as_stored
from reports import (
    adherence,
    center_page,
    changes,
    cohorts,
    completeness,
    differencing,
    disclosure,
    estimates,
    grafts,
    kidneys,
    ledger,
    operations,
    outcomes,
    patients,
    prognosis,
    provenance,
    recurrences,
    regression,
    remarks,
    series,
    short_term,
    standards,
    subgroups,
    wording,
)
from reports import content as contents
from reports.aggregates import share
from reports.cohorts import Cut, Frame
from reports.content import (
    REPORT_VERSION,
    FlowStep,
    Group,
    Headline,
    Line,
    Methods,
    Note,
    Rate,
    ReportContent,
)
from reports.endpoints import ENDPOINTS
from reports.models import Audience, Report
from reports.remarks import mark
from reports.survival_content import Outcome, Survival

# The endpoints beside overall survival, as a report prints them: death of the disease first.
OUTCOMES = (
    "disease_specific_survival",
    "disease_free_survival",
    "local_recurrence",
    "distant_metastasis",
    "graft_patency",
)


@contextmanager
def snapshot() -> Iterator[None]:
    """Open one repeatable-read, read-only transaction: all queries of a report see the same moment."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def seeing(cut: Cut) -> AbstractContextManager[None]:
    """See the center of a cut, or all of them."""
    return access.everywhere() if cut.center_id is None else access.scope([cut.center_id])


def compose(cut: Cut, *, audience: str = Audience.INSIDE) -> ReportContent:
    """Read everything a report says about a cut, and withhold from outsiders what they may not see.

    Published and synthetic data hold no secrets and are shown whole.
    """
    outside = audience == Audience.OUTSIDE and cut.source == "clinical"
    with seeing(cut), as_stored():
        content, (before, counted) = _read(cut, brands=not outside), _before(cut, audience)
        if outside:
            earlier = differencing.earlier(cut.source)
        else:
            page = center_page.center_page(cut, threshold=threshold())
            content = replace(content, center_page=page, funnels=center_page.funnels(page))
            moved = None if counted is None else ledger.since(counted, cut)
    if not outside:
        told = "" if moved is None else ledger.told(moved, registered=content.flow[0].n)
        return replace(_with_why_empty(content, cut), changes=changes.since(before, content, note=told))
    shown = disclosure.suppress(content, threshold=threshold())
    shown = differencing.withheld(shown, earlier, threshold=threshold())
    return replace(shown, changes=changes.since(before, shown, threshold=threshold()))


def threshold() -> int:
    """The smallest count that outsiders see."""
    return settings.SMALL_NUMBER_THRESHOLD


def _before(cut: Cut, audience: str) -> tuple[ReportContent | None, list[int] | None]:
    """Read the last report that could leave on an earlier cut of the same data, to the same readers.

    What it said, and the cases that it counted; these are not known of reports older than the ledger.
    """
    of = {"center": None} if cut.center_id is None else {"center_id": cut.center_id}
    same = Report.objects.filter(**of, source=cut.source, audience=audience)
    earlier = (
        same.composed().may_leave().filter(as_of__lt=cut.as_of).order_by("-as_of", "-composed_at", "-pk")
    )
    found = earlier.values_list("content", "report_cases__case_ids").first()
    return (None, None) if found is None else (contents.from_plain(found[0]), found[1])


def _read(cut: Cut, *, brands: bool) -> ReportContent:
    frame = cohorts.frame(cut)
    table = cohorts.life_table(cut)
    survival = estimates.overall_survival(table, note=_heard_of(cut, frame))
    early = outcomes.early_events(cut)
    rules, rules_read = adherence.rules(cut)
    return ReportContent(
        title=remarks.TITLE,
        subtitle=_subtitle(cut, frame),
        scope=_scope(cut),
        source=cut.source,
        as_of=cut.as_of,
        operated_from=frame.first_year,
        operated_to=frame.last_year,
        centers=frame.centers,
        banner=remarks.BANNERS[cut.source],
        headlines=_headlines(survival, early),
        flow=_flow(frame),
        patients=patients.patients(cut),
        operations=operations.operations(cut, brands=brands),
        complications=outcomes.complications(cut),
        early_events=early,
        survival=survival,
        rules=rules,
        rules_read=rules_read,
        missing=completeness.missing(cut),
        imputed_dates=frame.imputed_dates,
        notes=_notes(cut),
        methods=_methods(cut),
        withdrawn=cohorts.withdrawn(cut),
        follow_up=cohorts.follow_up(cut),
        queries=completeness.queries(cut),
        entry=completeness.entry(cut),
        graft=grafts.grafts(cut),
        kidneys=kidneys.kidneys(cut),
        recurrences=recurrences.recurrences(cut),
        after_recurrence=recurrences.after_recurrence(cut),
        short_term=short_term.short_term(cut),
        from_day_90=_from_day_90(cut),
        from_diagnosis=_from_diagnosis(cut),
        outcomes=_outcomes(cut),
        prognosis=prognosis.prognosis(table),
        subgroups=() if cut.source == "reconstruction" else subgroups.subgroups(cut),
        regression=None if cut.source == "reconstruction" else regression.regression(cut),
        series=series.published(),
        standards=standards.STANDARDS,
    )


def _from_diagnosis(cut: Cut) -> Survival | None:
    endpoint = ENDPOINTS["overall_survival_from_diagnosis"]
    return estimates.overall_survival(
        cohorts.life_table(cut, endpoint=endpoint), origin=endpoint.origin, note=remarks.FROM_DIAGNOSIS
    )


def _from_day_90(cut: Cut) -> Survival | None:
    endpoint = ENDPOINTS["overall_survival_from_day_90"]
    table = cohorts.life_table(cut, endpoint=endpoint)
    return estimates.overall_survival(table, origin=endpoint.origin, note=remarks.FROM_DAY_90)


def _outcomes(cut: Cut) -> tuple[Outcome, ...]:
    """Estimate each endpoint that anybody is followed for.

    A reconstruction has causes of death alone: its publication prints no time of a recurrence.
    """
    names = OUTCOMES[:1] if cut.source == "reconstruction" else OUTCOMES
    endpoints = [ENDPOINTS[name] for name in names]
    found = (estimates.outcome(cohorts.life_table(cut, endpoint=one), one) for one in endpoints)
    return tuple(outcome for outcome in found if outcome is not None)


def _scope(cut: Cut) -> str:
    if cut.center_id is None:
        return remarks.SCOPES[cut.source]
    center = Center.objects.get(pk=cut.center_id)
    return f"{center.name} ({center.code})"


def _subtitle(cut: Cut, frame: Frame) -> str:
    registered, followed = wording.number(frame.registered), wording.number(frame.followed)
    return remarks.SUBTITLE.format(scope=_scope(cut), registered=registered, followed=followed)


def _heard_of(cut: Cut, frame: Frame) -> str:
    """Say how fresh the follow-up is; published cases have none."""
    if cut.source in ("literature", "reconstruction") or not frame.alive:
        return ""
    return remarks.HEARD_OF.format(
        patients=wording.counted(frame.alive, *remarks.PATIENTS),
        stale=wording.number(frame.stale),
        share=wording.percent(frame.stale / frame.alive),
        months=STALE_MONTHS,
    )


def _headlines(survival: Survival | None, early: Group | None) -> tuple[Headline, ...]:
    """Three times of survival and the deaths by day 90."""
    items = [
        Headline(
            label=remarks.ALIVE_AT.format(months=e.months),
            value=Rate(estimate=e.survival, lower=e.lower, upper=e.upper),
        )
        for e in (survival.estimates if survival else ())[:3]
    ]
    for line in early.lines if early else ():
        if line.label == remarks.DEATH_WITHIN.format(days=EARLY_DAYS):
            items.append(Headline(label=remarks.DIED_WITHIN.format(days=EARLY_DAYS), value=line.value))
    return tuple(items)


def _flow(frame: Frame) -> tuple[FlowStep, ...]:
    def left(reason: str, n: int, of: int) -> tuple[Line, ...]:
        return (Line(label=reason, value=share(n, of)),) if n else ()

    unresected, lost = frame.registered - frame.resected, frame.resected - frame.followed
    return (
        FlowStep(
            label=mark("Registered cases"),
            n=frame.registered,
            left=left(
                mark("no index resection of an eligible primary tumor recorded:"),
                unresected,
                frame.registered,
            ),
        ),
        FlowStep(
            label=mark("Index resection, primary tumor"),
            n=frame.resected,
            left=left(mark("no date of death and no day last known alive:"), lost, frame.resected),
        ),
        FlowStep(label=mark("Followed for survival"), n=frame.followed),
    )


def _withheld() -> str:
    """Say what readers outside the center do not see."""
    return remarks.WITHHELD.format(most=threshold() - 1, threshold=threshold())


def _notes(cut: Cut) -> tuple[Note, ...]:
    if cut.source == "reconstruction":
        return remarks.FOUNDING
    if cut.source != "literature":
        return ()
    citations = (
        Case.objects.filter(pk__in=cohorts.observations(cut).values("case_id"))
        .exclude(citation="")
        .values("citation")
        .distinct()
        .count()
    )
    sources = Note(title=mark("Sources"), text=wording.counted(citations, *remarks.PUBLICATIONS))
    return (remarks.TIMES_AS_PRINTED, sources) if citations else (remarks.TIMES_AS_PRINTED,)


def _with_why_empty(content: ReportContent, cut: Cut) -> ReportContent:
    """Say why there is no survival, where there is none: an empty report is sent all the same."""
    if content.survival is not None:
        return content
    why = [Note(title=mark("No survival"), text=remarks.NOBODY_FOLLOWED)]
    if cut.needs_consent:
        why.append(Note(title=mark("Who is counted"), text=remarks.ONLY_WITH_CONSENT))
    return replace(content, notes=(*why, *content.notes))


def _methods(cut: Cut) -> Methods:
    read = adherence.versions(cut) or (algorithms.active().version,)
    return Methods(
        data_digest=provenance.data_digest(cut),
        code_version=provenance.code_version(),
        report_version=REPORT_VERSION,
        rulebooks=(
            remarks.ALGORITHM.format(versions=", ".join(read)),
            remarks.VALIDITY.format(version=VALIDITY.version),
        ),
        software=provenance.software(),
        intervals=remarks.INTERVALS,
        definitions=remarks.DEFINITIONS,
        suppression=_withheld() if cut.source == "clinical" else remarks.NOTHING_WITHHELD,
    )
