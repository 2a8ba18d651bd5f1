"""Small numbers: what a report shows to readers who may not see the cases behind it. Pure; called by compose alone.

A count from 1 to threshold - 1 is withheld, and so is the smallest other count of the same whole wherever subtraction
would give it back. Ranges, exact times and steps of a curve show single patients, so outsiders get none of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import overload

from reports.content import (
    CurveTable,
    Estimate,
    FlowStep,
    Group,
    Headline,
    Line,
    MissingCount,
    Note,
    Quantile,
    Rate,
    ReportContent,
    RiskColumn,
    RuleCount,
    Share,
    Spread,
    Survival,
    Value,
)
from reports.wording import DAYS_PER_MONTH

COMPLEMENT = "[c]"
LEAST_CENTERS = 3
LEAST_PATIENTS = 10


def suppress(content: ReportContent, *, threshold: int) -> ReportContent:
    """Withhold what could point at a patient of another center."""
    registered = content.flow[0].n if content.flow else 0
    if content.centers < LEAST_CENTERS or (registered or 0) < LEAST_PATIENTS:
        return _nothing(content)
    flow = _flow(content.flow, threshold)
    sizes = _Sizes(flow, threshold)
    survival = _survival(content.survival, sizes) if content.survival else None
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
    )


def _nothing(content: ReportContent) -> ReportContent:
    """Say why there are no figures: an empty report is still a report."""
    why = Note(
        title="No figures",
        text=f"Figures of other centers are shown from {LEAST_CENTERS} centers and {LEAST_PATIENTS} patients on.",
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
    )


# --- counts ----------------------------------------------------------------------------------------------------------


def _is_small(n: int | None, threshold: int) -> bool:
    return n is not None and 0 < n < threshold


def withheld(counts: list[int], threshold: int) -> dict[int, str]:
    """Say which counts of a whole with a known sum are withheld, and as what.

    "<5" stands for 1 to 4. A single one takes the next line that holds 5 or more with it as "[c]": the next by place,
    because a choice by size would itself be a clue. What marks and sum would still give away is "[c]" as a whole.
    """
    hidden = {i: f"<{threshold}" for i, n in enumerate(counts) if _is_small(n, threshold)}
    if len(hidden) == 1:
        (small,) = hidden
        following = (*range(small + 1, len(counts)), *range(small))
        partner = next((i for i in following if counts[i] >= threshold), None)
        if partner is not None:
            hidden[partner] = COMPLEMENT
    if hidden and _is_exposed(counts, hidden, threshold):
        return dict.fromkeys(range(len(counts)), COMPLEMENT)
    return hidden


def _is_exposed(counts: list[int], hidden: dict[int, str], threshold: int) -> bool:
    """Tell whether the sum of the hidden counts and what their marks say leave only one way to fill the gaps."""
    gap = sum(counts[i] for i in hidden)
    if COMPLEMENT in hidden.values():
        return gap == 1 + threshold
    return len(hidden) == 1 or gap in (len(hidden), (threshold - 1) * len(hidden))


class _Sizes:
    """How many patients stand behind a number: not shown when few, or when few short of a size that is shown."""

    def __init__(self, flow: tuple[FlowStep, ...], threshold: int) -> None:
        self.shown_sizes = tuple(step.n for step in flow if step.n is not None)
        self.threshold = threshold

    def left(self, n: int | None, *wholes: int | None) -> int:
        """Count who is missing to a size that is shown, if they are few; else 0."""
        sizes = (*wholes, *self.shown_sizes)
        gaps = (abs(size - n) for size in sizes if size is not None and n is not None)
        return next((gap for gap in gaps if _is_small(gap, self.threshold)), 0)

    def shown(self, n: int | None) -> int | None:
        """Give the size where it may be shown."""
        return None if _is_small(n, self.threshold) or self.left(n) else n


def _group(group: Group, sizes: _Sizes) -> Group:
    shares = [line.value for line in group.lines if isinstance(line.value, Share)]
    if len(shares) < len(group.lines):
        return _measured(group, sizes)
    if not group.exclusive:
        lines = tuple(replace(line, value=_lone(line.value, sizes)) for line in group.lines)
        recorded = sizes.shown(group.recorded)
        return replace(group, lines=lines, recorded=recorded, applicable=sizes.shown(group.applicable))
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


def _marked(share: Share, mark: str, *, of_shown: bool) -> Share:
    if not mark and of_shown:
        return share
    return Share(n=None if mark else share.n, of=share.of if of_shown else None, hidden=mark)


def _lone(share: Value, sizes: _Sizes) -> Share:
    """Show a share that is a whole of its own with its complement."""
    assert isinstance(share, Share)
    mark = _either(share.n, share.of, sizes.threshold)
    of_shown = sizes.shown(share.of) is not None
    if not mark and not of_shown and sizes.left(share.n):
        mark = COMPLEMENT
    return _marked(share, mark, of_shown=of_shown)


def _either(n: int | None, of: int | None, threshold: int) -> str:
    if n is None or _is_small(n, threshold):
        return f"<{threshold}"
    return COMPLEMENT if of is not None and _is_small(of - n, threshold) else ""


def _measured(group: Group, sizes: _Sizes) -> Group:
    """Keep mean or median; the least and the greatest value belong to two patients."""
    few = _is_small(group.recorded, sizes.threshold)
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


def _missing(item: MissingCount, sizes: _Sizes) -> MissingCount:
    mark = _either(item.recorded, item.applicable, sizes.threshold)
    applicable = sizes.shown(item.applicable)
    if not mark and applicable is None and sizes.left(item.recorded):
        mark = COMPLEMENT
    return replace(item, recorded=None if mark else item.recorded, applicable=applicable, hidden=mark)


def _flow(steps: tuple[FlowStep, ...], threshold: int) -> tuple[FlowStep, ...]:
    """Round a step that differs from one before by a small number; reasons with small numbers go."""
    shown: list[FlowStep] = []
    for step in steps:
        if _is_small(step.n, threshold):
            shown.append(replace(step, n=None, hidden=f"<{threshold}", left=()))
        elif _Sizes(tuple(shown), threshold).shown(step.n) is None:
            shown.append(replace(step, n=None, hidden=f"about {_to_five(step.n)}", left=()))
        else:
            shown.append(
                replace(step, left=tuple(line for line in step.left if not _small_line(line, threshold)))
            )
    return tuple(shown)


def _small_line(line: Line, threshold: int) -> bool:
    return not isinstance(line.value, Share) or bool(_either(line.value.n, line.value.of, threshold))


def _to_five(n: int | None) -> int:
    return 5 * round((n or 0) / 5)


# --- survival --------------------------------------------------------------------------------------------------------


def _survival(survival: Survival, sizes: _Sizes) -> Survival:
    """Keep the curve at the ticks of its axis, and there only the steps that hold enough deaths."""
    threshold, events = sizes.threshold, survival.events
    n = sizes.shown(survival.n)
    if (survival.n or 0) < LEAST_PATIENTS or _is_small(events, threshold):
        return replace(
            survival,
            n=n,
            events=None,
            show_until_days=0.0,
            curves=(),
            risk_table=(),
            estimates=(),
            median=None,
            follow_up=None,
            note=f"Fewer than {LEAST_PATIENTS} patients or {threshold} deaths: survival is withheld.",
        )
    curves = tuple(
        _coarse(curve, columns, threshold)
        for curve, columns in zip(survival.curves, survival.risk_table, strict=True)
    )
    return replace(
        survival,
        n=n,
        events=None,
        show_until_days=_whole_months(survival.show_until_days),
        curves=curves,
        risk_table=tuple(tuple(_rounded(c, threshold) for c in columns) for columns in survival.risk_table),
        estimates=_estimates(survival.estimates, threshold),
        median=_in_months(survival.median),
        follow_up=_in_months(survival.follow_up),
        note="Steps of the curve stand at the ticks of the axis; times are whole months; numbers at risk and of "
        "deaths are rounded to 5.",
    )


def _in_months(time: Quantile | None) -> Quantile | None:
    """Round to whole months: a median is the day of one patient's death or last visit."""
    if time is None:
        return None
    return Quantile(
        days=_whole_months(time.days), lower=_whole_months(time.lower), upper=_whole_months(time.upper)
    )


@overload
def _whole_months(days: float) -> float: ...
@overload
def _whole_months(days: None) -> None: ...
def _whole_months(days: float | None) -> float | None:
    return None if days is None else round(days / DAYS_PER_MONTH) * DAYS_PER_MONTH


def _coarse(curve: CurveTable, columns: tuple[RiskColumn, ...], threshold: int) -> CurveTable:
    kept: list[tuple[float, int]] = []
    since = 0
    place = 0
    for column in columns[1:]:
        day = column.months * DAYS_PER_MONTH
        while place < len(curve.time_days) and curve.time_days[place] <= day:
            since += curve.died[place]
            place += 1
        if since >= threshold:
            kept.append((day, place - 1))
            since = 0
    picked = [index for _, index in kept]
    return replace(
        curve,
        n=None,
        events=None,
        time_days=tuple(day for day, _ in kept),
        at_risk=tuple(0 for _ in kept),
        died=tuple(0 for _ in kept),
        censored=tuple(0 for _ in kept),
        survival=tuple(curve.survival[i] for i in picked),
        lower=tuple(curve.lower[i] for i in picked),
        upper=tuple(curve.upper[i] for i in picked),
    )


def _rounded(column: RiskColumn, threshold: int) -> RiskColumn:
    small = _is_small(column.censored, threshold) or _is_small(column.died, threshold)
    return replace(
        column,
        at_risk=_to_five(column.at_risk),
        censored=None if small else _to_five(column.censored),
        died=None if small else _to_five(column.died),
        hidden=f"<{threshold}" if small else "",
    )


def _estimates(estimates: tuple[Estimate, ...], threshold: int) -> tuple[Estimate, ...]:
    """Keep the times before which, since the last one kept, nobody died or enough did."""
    shown: list[Estimate] = []
    last = 0
    for estimate in estimates:
        died = estimate.died or 0
        if _is_small(died - last, threshold):
            shown.append(
                Estimate(
                    months=estimate.months,
                    at_risk=None,
                    died=None,
                    survival=None,
                    lower=None,
                    upper=None,
                    hidden=COMPLEMENT,
                )
            )
        else:
            shown.append(replace(estimate, at_risk=_to_five(estimate.at_risk), died=_to_five(died)))
            last = died
    return tuple(shown)


def _headlines(
    headlines: tuple[Headline, ...], survival: Survival | None, sizes: _Sizes
) -> tuple[Headline, ...]:
    """Show at the top only what the tables below show."""
    shown = set() if survival is None else {e.survival for e in survival.estimates if e.survival is not None}
    kept: list[Headline] = []
    for item in headlines:
        if isinstance(item.value, Rate) and item.value.estimate not in shown:
            continue
        if isinstance(item.value, Share):
            value = _lone(item.value, sizes)
            item = replace(item, value=value, detail="small number" if value.hidden else item.detail)
        kept.append(item)
    return tuple(kept)
