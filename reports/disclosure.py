"""Small numbers: what a report shows to readers who may not see the cases behind it. Pure; called by compose alone.

A count from 1 to threshold - 1 is withheld, and so is another of the same whole wherever subtraction would give it
back; so are sizes that are small or a little short of one that is shown. Ranges, exact times and steps of a curve show
single patients, so outsiders get none of them.
"""

from __future__ import annotations

from dataclasses import replace

from reports import coarse_survival, remarks
from reports.coarse_survival import LEAST_PATIENTS, OVERALL, Coarse
from reports.content import (
    FlowStep,
    Group,
    Headline,
    Line,
    MissingCount,
    Note,
    Rate,
    ReportContent,
    RuleCount,
    Share,
    Spread,
    Stratum,
    Subgroups,
    Survival,
    Value,
)
from reports.remarks import mark
from reports.small_numbers import COMPLEMENT, Sizes, is_small, mark_of, to_five, withheld

NESTED = "Death "  # lines that begin so count the same deaths by later and later days
LEAST_CENTERS = 3


def suppress(content: ReportContent, *, threshold: int) -> ReportContent:
    """Withhold what could point at a patient of another center."""
    registered = content.flow[0].n if content.flow else 0
    if content.centers < LEAST_CENTERS or (registered or 0) < LEAST_PATIENTS:
        return _nothing(content)
    flow = _flow(content.flow, threshold)
    sizes = Sizes(flow, threshold)
    curves = Coarse(sizes)
    survival = curves.survival(content.survival) if content.survival else None
    diagnosis = content.from_diagnosis
    is_estimated = survival is not None and bool(survival.estimates)
    unread = sizes.left(content.rules_read)
    return replace(
        content,
        subtitle=content.scope,
        headlines=_headlines(content.headlines, survival, sizes),
        flow=flow,
        patients=tuple(_group(group, sizes) for group in content.patients),
        operations=tuple(_group(group, sizes) for group in content.operations),
        complications=_group(content.complications, sizes) if content.complications else None,
        early_events=_group(content.early_events, sizes) if content.early_events else None,
        survival=survival,
        rules=tuple(_rule(rule, unread, threshold) for rule in content.rules),
        rules_read=sizes.shown(content.rules_read),
        missing=tuple(_missing(item, sizes) for item in content.missing),
        imputed_dates=sizes.shown(content.imputed_dates),
        withdrawn=None,
        regression=None,  # it counts deaths on both sides of every factor
        from_diagnosis=coarse_survival.withhold(diagnosis, remarks.NEARLY_THE_SAME) if diagnosis else None,
        outcomes=tuple(curves.outcome(one) for one in content.outcomes),
        prognosis=(
            curves.prognosis(content.prognosis, content.survival)
            if content.prognosis and content.survival and is_estimated
            else None
        ),
        subgroups=tuple(_subgroups(one, curves, threshold) for one in content.subgroups)
        if is_estimated
        else (),
    )


def _nothing(content: ReportContent) -> ReportContent:
    """Say why there are no figures: an empty report is still a report."""
    why = Note(
        title=mark("No figures"),
        text=remarks.NO_FIGURES.format(centers=LEAST_CENTERS, patients=LEAST_PATIENTS),
    )
    return replace(
        content,
        subtitle=content.scope,
        headlines=(),
        flow=(),
        patients=(),
        operations=(),
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
        from_diagnosis=None,
        outcomes=(),
        prognosis=None,
        subgroups=(),
        regression=None,
    )


def _group(group: Group, sizes: Sizes) -> Group:
    shares = [line.value for line in group.lines if isinstance(line.value, Share)]
    if len(shares) < len(group.lines):
        return _measured(group, sizes)
    if not group.exclusive:
        alone = tuple(
            replace(line, value=_lone(share, sizes)) for line, share in zip(group.lines, shares, strict=True)
        )
        return replace(
            group,
            lines=_not_nested(alone, sizes),
            recorded=sizes.shown(group.recorded),
            applicable=sizes.shown(group.applicable),
        )
    # Those recorded on no line, and those in whom nothing is recorded, are counts of the whole as well.
    counts = [share.n or 0 for share in shares]
    counts += [max(0, (group.recorded or 0) - sum(counts)), sizes.left(group.recorded, group.applicable)]
    hidden = withheld(counts, sizes.threshold)
    is_known = len(counts) - 1 not in hidden
    lines = tuple(
        replace(line, value=_marked(share, hidden.get(i, ""), of_shown=is_known))
        for i, (line, share) in enumerate(zip(group.lines, shares, strict=True))
    )
    whole = len(hidden) == len(counts)
    return replace(
        group,
        lines=lines,
        recorded=sizes.shown(group.recorded) if is_known else None,
        applicable=None if whole else sizes.shown(group.applicable),
    )


def _not_nested(lines: tuple[Line, ...], sizes: Sizes) -> tuple[Line, ...]:
    """Withhold an earlier death count a little below a later one: the deaths of 30 days are among those of 90."""
    shown: list[Line] = []
    later: int | None = None
    for line in reversed(lines):
        value = line.value
        if isinstance(value, Share) and value.n is not None and line.label.startswith(NESTED):
            if later is not None and is_small(later - value.n, sizes.threshold):
                value = Share(n=None, of=value.of, hidden=COMPLEMENT)
            else:
                later = value.n
        shown.append(replace(line, value=value))
    return tuple(reversed(shown))


def _marked(share: Share, mark: str, *, of_shown: bool) -> Share:
    if not mark and of_shown:
        return share
    return Share(n=None if mark else share.n, of=share.of if of_shown else None, hidden=mark)


def _lone(share: Share, sizes: Sizes) -> Share:
    """Show a share that is a whole of its own with its complement."""
    mark = mark_of(share.n, share.of, sizes.threshold)
    of_shown = sizes.shown(share.of) is not None
    if not mark and not of_shown and sizes.left(share.n):
        mark = COMPLEMENT
    return _marked(share, mark, of_shown=of_shown)


def _measured(group: Group, sizes: Sizes) -> Group:
    """Keep mean or median; the least and the greatest value belong to two patients."""
    few = is_small(group.recorded, sizes.threshold)
    recorded = None if sizes.left(group.recorded, group.applicable) else sizes.shown(group.recorded)
    lines = tuple(
        replace(line, value=_center_only(line.value, recorded or 0, few=few)) for line in group.lines
    )
    statistic = group.statistic.replace("(range)", "").replace("range", "").strip()
    return replace(
        group, lines=lines, recorded=recorded, applicable=sizes.shown(group.applicable), statistic=statistic
    )


def _center_only(value: Value, n: int, *, few: bool) -> Value:
    if not isinstance(value, Spread):
        return value
    if few or value.center == "none":
        return Spread(center=value.center, value=None, brackets="none", n=0, hidden=COMPLEMENT)
    return Spread(center=value.center, value=value.value, brackets="none", n=n, decimals=value.decimals)


def _rule(rule: RuleCount, left: int, threshold: int) -> RuleCount:
    names = ("concordant", "deviation", "justified", "not_assessable", "not_applicable")
    hidden = withheld([*(getattr(rule, name) or 0 for name in names), left], threshold)
    if not hidden:
        return rule
    counts = {name: None for i, name in enumerate(names) if i in hidden}
    return replace(rule, hidden=COMPLEMENT, **counts)  # type: ignore[arg-type]


def _missing(item: MissingCount, sizes: Sizes) -> MissingCount:
    mark = mark_of(item.recorded, item.applicable, sizes.threshold)
    applicable = sizes.shown(item.applicable)
    if not mark and applicable is None and sizes.left(item.recorded):
        mark = COMPLEMENT
    return replace(item, recorded=None if mark else item.recorded, applicable=applicable, hidden=mark)


def _flow(steps: tuple[FlowStep, ...], threshold: int) -> tuple[FlowStep, ...]:
    """Round a step that differs from one before by a small number; reasons with small numbers go."""
    shown: list[FlowStep] = []
    for step in steps:
        if is_small(step.n, threshold):
            shown.append(replace(step, n=None, hidden=f"<{threshold}", left=()))
        elif Sizes(tuple(shown), threshold).shown(step.n) is None:
            shown.append(replace(step, n=None, hidden=remarks.ABOUT.format(n=to_five(step.n)), left=()))
        else:
            shown.append(
                replace(step, left=tuple(line for line in step.left if not _small_line(line, threshold)))
            )
    return tuple(shown)


def _small_line(line: Line, threshold: int) -> bool:
    return not isinstance(line.value, Share) or bool(mark_of(line.value.n, line.value.of, threshold))


def _subgroups(group: Subgroups, curves: Coarse, threshold: int) -> Subgroups:
    """Withhold a stratum of few patients, deaths or survivors, and another with it: all add up to the whole curve.

    The others are rounded, percentages to whole ones: from an exact one patients and deaths could be worked out. They
    are told only at a time at which the whole curve is known, for together they would give it.
    """
    hidden: dict[int, str] = {}
    for counts in (
        [stratum.n or 0 for stratum in group.strata],
        [stratum.events or 0 for stratum in group.strata],
        [(stratum.n or 0) - (stratum.events or 0) for stratum in group.strata],
        [(stratum.at.died if stratum.at else 0) or 0 for stratum in group.strata],
    ):
        hidden = withheld(counts, threshold) | hidden
    strata = tuple(
        replace(stratum, n=None, events=None, at=None, hidden=COMPLEMENT)
        if place in hidden
        else _rounded(stratum, curves)
        for place, stratum in enumerate(group.strata)
    )
    return replace(group, strata=strata, test=None, is_rounded=True)


def _rounded(stratum: Stratum, curves: Coarse) -> Stratum:
    at = stratum.at if stratum.at and curves.can_read(OVERALL, stratum.at.months) else None
    if at is not None and (stratum.n or 0) < LEAST_PATIENTS:
        at = replace(at, survival=None, lower=None, upper=None)
    if at is not None:
        at = replace(
            at,
            at_risk=to_five(at.at_risk),
            died=to_five(at.died),
            survival=_hundredth(at.survival),
            lower=_hundredth(at.lower),
            upper=_hundredth(at.upper),
        )
    return replace(stratum, n=to_five(stratum.n), events=to_five(stratum.events), at=at)


def _hundredth(share: float | None) -> float | None:
    return None if share is None else round(share, 2)


def _headlines(
    headlines: tuple[Headline, ...], survival: Survival | None, sizes: Sizes
) -> tuple[Headline, ...]:
    """Show at the top only what the tables below show."""
    shown = set() if survival is None else {e.survival for e in survival.estimates if e.survival is not None}
    kept: list[Headline] = []
    for item in headlines:
        if isinstance(item.value, Rate) and item.value.estimate not in shown:
            continue
        if isinstance(item.value, Share):
            value = _lone(item.value, sizes)
            item = replace(item, value=value, detail=mark("small number") if value.hidden else item.detail)
        kept.append(item)
    return tuple(kept)
