"""What a report shows to readers who may not see the cases behind it. Pure; called by compose alone.

Every count is shown as small_numbers.py says: 0, "<5", or rounded to 5. Whatever else is shown is worked out from those
counts, so neither a percentage nor the difference to an earlier report gives one back. Ranges, exact times and steps of
a curve show single patients: outsiders get none of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reports import coarse_outcome, coarse_survival, remarks
from reports.coarse_survival import LEAST_PATIENTS
from reports.content import (
    GROUPED,
    FlowStep,
    Group,
    Headline,
    MissingCount,
    Note,
    Rate,
    ReportContent,
    RuleCount,
    Share,
    Spread,
    Value,
)
from reports.prognosis import prognosis
from reports.proportions import clopper_pearson
from reports.remarks import mark
from reports.small_numbers import BASE, COMPLEMENT, is_exposed, is_small, mark_of, shown
from reports.survival_content import Prognosis, Stratum, Subgroups, Survival

LEAST_CENTERS = 3
LISTED_BY_FREQUENCY = (
    mark("Procedure"),
    mark("Prosthesis or patch"),
)  # an order that would tell which count is greater


def suppress(content: ReportContent, *, threshold: int) -> ReportContent:
    """Withhold what could point at a patient of another center."""
    registered = content.flow[0].n if content.flow else 0
    if content.centers < LEAST_CENTERS or (registered or 0) < LEAST_PATIENTS:
        return without_figures(
            content, remarks.NO_FIGURES.format(centers=LEAST_CENTERS, patients=LEAST_PATIENTS)
        )
    survival = coarse_survival.overall(content.survival, threshold) if content.survival else None
    diagnosis, recurred = content.from_diagnosis, content.after_recurrence
    is_estimated = survival is not None and bool(survival.estimates)
    rounded = Note(title=mark("Rounded counts"), text=remarks.ROUNDED.format(most=threshold - 1))
    told = replace(
        content,
        subtitle=content.scope,
        operated_from=_five_years(content.operated_from),
        operated_to=_five_years(content.operated_to, most=content.as_of.year),
        headlines=_headlines(content.headlines, survival, threshold),
        flow=_flow(content.flow, threshold),
        **_grouped(content, threshold),
        complications=_group(content.complications, threshold) if content.complications else None,
        early_events=_group(content.early_events, threshold) if content.early_events else None,
        survival=survival,
        rules=tuple(_rule(rule, content.rules_read, threshold) for rule in content.rules),
        rules_read=shown(content.rules_read, threshold),
        missing=tuple(_missing(item, threshold) for item in content.missing),
        imputed_dates=shown(content.imputed_dates, threshold),
        notes=(rounded, *content.notes),
        withdrawn=None,
        regression=None,  # it counts deaths on both sides of every factor
        follow_up=None if content.follow_up is None else round(content.follow_up, 2),
        center_page=None,
        funnels=(),
        from_day_90=None,  # with survival after resection it would tell the few deaths by day 90
        after_recurrence=coarse_survival.overall(recurred, threshold) if recurred else None,
        queries=(),
        entry=_group(content.entry, threshold) if content.entry else None,
        from_diagnosis=coarse_survival.withhold(diagnosis, remarks.NEARLY_THE_SAME) if diagnosis else None,
        outcomes=tuple(coarse_survival.outcome(one, threshold) for one in content.outcomes),
        prognosis=_prognosis(content, threshold) if content.prognosis and is_estimated else None,
        subgroups=tuple(_subgroups(one, threshold) for one in content.subgroups) if is_estimated else (),
    )
    return without_sums(told)


def without_sums(content: ReportContent) -> ReportContent:
    """Withhold how often an item is recorded where its table is withheld: it is the sum of the table."""
    every = (*content.patients, *content.operations, content.complications)
    closed = {group.heading.casefold() for group in every if group is not None and _is_closed(group)}
    missing = tuple(
        replace(item, recorded=None, hidden=COMPLEMENT) if item.variable.casefold() in closed else item
        for item in content.missing
    )
    return replace(content, missing=missing)


def _is_closed(group: Group) -> bool:
    return group.recorded is None and all(line.value.hidden == COMPLEMENT for line in group.lines)


def closed(group: Group) -> Group:
    """Withhold a whole table with the patients behind it."""
    lines = tuple(replace(line, value=Share(n=None, of=None, hidden=COMPLEMENT)) for line in group.lines)
    return replace(group, lines=lines, recorded=None, applicable=None)


def without_figures(content: ReportContent, why_not: str) -> ReportContent:
    """Say why there are no figures: an empty report is still a report."""
    why = Note(title=mark("No figures"), text=why_not)
    return replace(
        content,
        subtitle=content.scope,
        headlines=(),
        flow=(),
        **_without_groups(),
        complications=None,
        early_events=None,
        survival=None,
        rules=(),
        rules_read=None,
        missing=(),
        imputed_dates=None,
        operated_from=None,
        operated_to=None,
        notes=(why, *content.notes),
        withdrawn=None,
        follow_up=None,
        center_page=None,
        funnels=(),
        queries=(),
        entry=None,
        from_diagnosis=None,
        from_day_90=None,
        after_recurrence=None,
        outcomes=(),
        prognosis=None,
        subgroups=(),
        regression=None,
    )


def _grouped(content: ReportContent, threshold: int) -> dict[str, Any]:
    told = {name: tuple(_group(one, threshold) for one in getattr(content, name)) for name in GROUPED}
    told["short_term"] = coarse_outcome.short_term(told["short_term"], content.complications, threshold)
    return told


def _without_groups() -> dict[str, Any]:
    return dict.fromkeys(GROUPED, ())


def _prognosis(content: ReportContent, threshold: int) -> Prognosis | None:
    curves = content.survival.curves if content.survival else ()
    found = prognosis(coarse_survival.rounded(curves, threshold)) if curves else None
    return coarse_survival.lived_on(found) if found else None


def _five_years(year: int | None, *, most: int | None = None) -> int | None:
    """Widen a period to whole five years: its first and last year are those of two patients."""
    if year is None:
        return None
    return year - year % BASE if most is None else min(most, -(-year // BASE) * BASE)


def _group(group: Group, threshold: int) -> Group:
    if group.heading in LISTED_BY_FREQUENCY:
        group = replace(group, lines=tuple(sorted(group.lines, key=lambda line: line.label)))
    counts = [line.value.n or 0 for line in group.lines if isinstance(line.value, Share)]
    if group.exclusive and is_exposed(counts, group.recorded, threshold):
        return closed(group)
    recorded, applicable = shown(group.recorded, threshold), shown(group.applicable, threshold)
    lines = tuple(replace(line, value=_value(line.value, threshold)) for line in group.lines)
    statistic = group.statistic.replace("(range)", "").replace("(IQR)", "").replace("range", "").strip()
    return replace(group, lines=lines, recorded=recorded, applicable=applicable, statistic=statistic)


def _value(value: Value, threshold: int) -> Value:
    if isinstance(value, Share):
        return share_told(value, threshold)
    if isinstance(value, Rate):
        return replace(value, estimate=None, lower=None, upper=None, hidden=COMPLEMENT)
    # Two means subtract to what a new patient adds, and a median is the value of somebody.
    return Spread(center=value.center, value=None, brackets="none", n=0, hidden=COMPLEMENT)


def share_told(share: Share, threshold: int) -> Share:
    """Show a share of rounded counts, with the interval of these."""
    n, of = shown(share.n, threshold), shown(share.of, threshold)
    lower = upper = None
    if share.lower is not None and n is not None and of:
        lower, upper = (round(limit, coarse_survival.DECIMALS) for limit in clopper_pearson(n, of))
    return Share(n=n, of=of, lower=lower, upper=upper, hidden=mark_of(share.n, threshold))


def _rule(rule: RuleCount, read: int | None, threshold: int) -> RuleCount:
    names = ("concordant", "deviation", "justified", "not_assessable", "not_applicable")
    counts = {name: getattr(rule, name) or 0 for name in names}
    if is_exposed(list(counts.values()), read, threshold):
        return replace(rule, hidden=COMPLEMENT, **dict.fromkeys(names))  # type: ignore[arg-type]
    hidden = next((mark for n in counts.values() if (mark := mark_of(n, threshold))), "")
    seen: dict[str, Any] = {name: shown(n, threshold) for name, n in counts.items()}
    return replace(rule, hidden=hidden, **seen)


def _missing(item: MissingCount, threshold: int) -> MissingCount:
    return replace(
        item,
        recorded=shown(item.recorded, threshold),
        applicable=shown(item.applicable, threshold),
        hidden=mark_of(item.recorded, threshold),
    )


def _flow(steps: tuple[FlowStep, ...], threshold: int) -> tuple[FlowStep, ...]:
    """Tell of each step who is left, unless it and the next step would give that back."""
    told: list[FlowStep] = []
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        gone = [line.value.n or 0 for line in step.left if isinstance(line.value, Share)]
        is_told = following is not None and not is_exposed([following.n or 0, *gone], step.n, threshold)
        left = tuple(replace(line, value=_value(line.value, threshold)) for line in step.left)
        told.append(
            replace(
                step,
                n=shown(step.n, threshold),
                hidden=mark_of(step.n, threshold),
                left=left if is_told else (),
            )
        )
    return tuple(told)


def _subgroups(group: Subgroups, threshold: int) -> Subgroups:
    """Show rounded counts, and survival in steps of five patients of a stratum; nothing is tested.

    Deaths are told of all strata or none: those of everybody stand elsewhere, and would tell of two small ones.
    """
    sizes = [stratum.n or 0 for stratum in group.strata]
    if is_exposed(sizes, sum(sizes), threshold):
        bare = {"n": None, "events": None, "at": None, "hidden": COMPLEMENT}
        return replace(
            group,
            strata=tuple(replace(stratum, **bare) for stratum in group.strata),  # type: ignore[arg-type]
            test=None,
            is_rounded=True,
        )
    is_told = not any(is_small(stratum.events, threshold) for stratum in group.strata)
    is_read = not any(is_small(stratum.at.died, threshold) for stratum in group.strata if stratum.at)
    strata = tuple(_stratum(stratum, threshold, is_told=is_told, is_read=is_read) for stratum in group.strata)
    return replace(group, strata=strata, test=None, is_rounded=True)


def _stratum(stratum: Stratum, threshold: int, *, is_told: bool, is_read: bool) -> Stratum:
    n, events = shown(stratum.n, threshold), shown(stratum.events, threshold)
    at = stratum.at if is_read and n is not None else None
    if at is not None:
        is_enough = (stratum.n or 0) >= LEAST_PATIENTS
        survival, lower, upper = (at.survival, at.lower, at.upper) if is_enough else (None, None, None)
        at = replace(
            at,
            at_risk=shown(at.at_risk, threshold),
            died=shown(at.died, threshold),
            survival=_in_steps(survival, n or 0, 0.5),
            lower=_in_steps(lower, n or 0, 1),
            upper=_in_steps(upper, n or 0, 0),
        )
    hidden = mark_of(stratum.n, threshold) or ("" if is_told else COMPLEMENT)
    return replace(stratum, n=n, events=events if is_told and n is not None else None, at=at, hidden=hidden)


def _in_steps(survival: float | None, n: int, up: float) -> float | None:
    """Give survival as if deaths came in fives: to the nearest (0.5), no higher (1) or no lower (0) step."""
    if survival is None:
        return None
    fives = int(n * (1 - survival) / BASE + up - 1e-9 * (up == 1) + 1e-9 * (up < 1))
    return round(max(0.0, 1 - min(fives * BASE, n) / n), 2)


def _headlines(
    headlines: tuple[Headline, ...], survival: Survival | None, threshold: int
) -> tuple[Headline, ...]:
    """Show at the top only what the tables below show."""
    estimates = {} if survival is None else {e.months: e for e in survival.estimates}
    alive_at = {remarks.ALIVE_AT.format(months=months): e for months, e in estimates.items()}
    kept: list[Headline] = []
    for item in headlines:
        if isinstance(item.value, Share):
            value: Value = share_told(item.value, threshold)
            item = replace(item, value=value, detail=mark("small number") if value.hidden else item.detail)
        elif estimate := alive_at.get(item.label):
            value = Rate(estimate=estimate.survival, lower=estimate.lower, upper=estimate.upper)
            item = replace(item, value=value)
        else:
            continue
        kept.append(item)
    return tuple(kept)
