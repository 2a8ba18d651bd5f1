"""Small numbers: what a report shows to readers who may not see the cases behind it. Pure; called by compose alone.

A count from 1 to threshold - 1 is withheld, and so is the smallest other count of the same whole wherever subtraction
would give it back. Ranges, exact times and steps of a curve show single patients, so outsiders get none of them.
"""

from __future__ import annotations

from dataclasses import replace

from reports.content import (
    CurveTable,
    Estimate,
    FlowStep,
    Group,
    Headline,
    Line,
    MissingCount,
    Note,
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
    survival = _survival(content.survival, threshold) if content.survival else None
    return replace(
        content,
        subtitle=content.scope,
        headlines=_headlines(content.headlines, survival, threshold),
        flow=_flow(content.flow, threshold),
        patients=tuple(_group(group, threshold) for group in content.patients),
        operations=tuple(_group(group, threshold) for group in content.operations),
        complications=_group(content.complications, threshold) if content.complications else None,
        early_events=_group(content.early_events, threshold) if content.early_events else None,
        survival=survival,
        rules=tuple(_rule(rule, threshold) for rule in content.rules),
        missing=tuple(_missing(item, threshold) for item in content.missing),
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
        rules_read=0,
        missing=(),
        operated_from=None,
        operated_to=None,
        notes=(why, *content.notes),
    )


# --- counts ----------------------------------------------------------------------------------------------------------


def _is_small(n: int | None, threshold: int) -> bool:
    return n is not None and 0 < n < threshold


def withheld(counts: list[int], threshold: int) -> dict[int, str]:
    """Say which counts of a whole with a known sum are withheld, and as what.

    "<5" stands for 1 to 4 and "[c]" for 5 or more, until that alone would give a number away; then the whole is "[c]".
    """
    hidden = {i: f"<{threshold}" for i, n in enumerate(counts) if _is_small(n, threshold)}
    others = sorted((n, i) for i, n in enumerate(counts) if n >= threshold)
    while hidden and _is_exposed(counts, hidden, threshold):
        if not others:
            return dict.fromkeys(range(len(counts)), COMPLEMENT)
        hidden[others.pop(0)[1]] = COMPLEMENT
    return hidden


def _is_exposed(counts: list[int], hidden: dict[int, str], threshold: int) -> bool:
    """Tell whether the sum of the hidden counts and what their marks say leave only one way to fill the gaps."""
    gap = sum(counts[i] for i in hidden)
    small = sum(mark != COMPLEMENT for mark in hidden.values())
    large = len(hidden) - small
    if large:
        return gap == small + threshold * large
    return small == 1 or gap in (small, (threshold - 1) * small)


def _group(group: Group, threshold: int) -> Group:
    if not all(isinstance(line.value, Share) for line in group.lines):
        return _measured(group, threshold)
    shares = [line.value for line in group.lines if isinstance(line.value, Share)]
    total_shown = True
    if group.exclusive:
        counts = [share.n or 0 for share in shares]
        hidden = withheld(counts, threshold)
        total_shown = len(hidden) < len(counts)
    else:
        # The count and its complement are a whole of their own.
        hidden = {i: _either(share, threshold) for i, share in enumerate(shares) if _either(share, threshold)}
    lines = tuple(
        Line(label=line.label, value=_hidden(share, hidden[i]) if i in hidden else share)
        for i, (line, share) in enumerate(zip(group.lines, shares, strict=True))
    )
    recorded = group.recorded if total_shown and not _is_small(group.recorded, threshold) else None
    return replace(group, lines=lines, recorded=recorded)


def _hidden(share: Share, mark: str) -> Share:
    return Share(n=None, of=share.of, hidden=mark)


def _either(share: Share, threshold: int) -> str:
    if _is_small(share.n, threshold):
        return f"<{threshold}"
    return COMPLEMENT if share.n is not None and _is_small(share.of - share.n, threshold) else ""


def _measured(group: Group, threshold: int) -> Group:
    """Keep mean or median; the least and the greatest value belong to two patients."""
    lines = tuple(Line(label=line.label, value=_center_only(line.value, threshold)) for line in group.lines)
    recorded = None if _is_small(group.recorded, threshold) else group.recorded
    statistic = group.statistic.replace("(range)", "").replace("range", "").strip()
    return replace(group, lines=lines, recorded=recorded, statistic=statistic)


def _center_only(value: Value, threshold: int) -> Value:
    if not isinstance(value, Spread):
        return value
    if value.n < threshold or value.center == "none":
        return Spread(center=value.center, value=None, brackets="none", n=0, hidden=COMPLEMENT)
    return Spread(center=value.center, value=value.value, brackets="none", n=value.n, decimals=value.decimals)


def _rule(rule: RuleCount, threshold: int) -> RuleCount:
    names = ("concordant", "deviation", "justified", "not_assessable", "not_applicable")
    counts: list[int] = [getattr(rule, name) or 0 for name in names]
    hidden = withheld(counts, threshold)
    if not hidden:
        return rule
    return replace(rule, hidden=COMPLEMENT, **{names[i]: None for i in hidden})  # type: ignore[arg-type]


def _missing(item: MissingCount, threshold: int) -> MissingCount:
    small = _is_small(item.recorded, threshold) or _is_small(item.applicable, threshold)
    return replace(item, recorded=None, hidden=f"<{threshold}") if small else item


def _flow(steps: tuple[FlowStep, ...], threshold: int) -> tuple[FlowStep, ...]:
    """Round a step that differs from the one before by a small number; reasons with small numbers go."""
    shown: list[FlowStep] = []
    last: int | None = None
    for step in steps:
        left = tuple(
            line for line in step.left if isinstance(line.value, Share) and not _either(line.value, threshold)
        )
        near = last is not None and step.n is not None and _is_small(last - step.n, threshold)
        if near or _is_small(step.n, threshold):
            shown.append(replace(step, n=None, hidden=f"about {5 * round((step.n or 0) / 5)}", left=()))
        else:
            shown.append(replace(step, left=left))
            last = step.n
    return tuple(shown)


# --- survival --------------------------------------------------------------------------------------------------------


def _survival(survival: Survival, threshold: int) -> Survival:
    """Keep the curve at the ticks of its axis, and there only the steps that hold enough deaths."""
    few = survival.n < LEAST_PATIENTS or _is_small(survival.events, threshold)
    if few:
        return replace(
            survival,
            events=None,
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
        curves=curves,
        risk_table=tuple(tuple(_rounded(c, threshold) for c in columns) for columns in survival.risk_table),
        estimates=tuple(_estimate(e, threshold) for e in survival.estimates),
        note="Steps of the curve stand at the ticks of the axis; numbers at risk are rounded to 5.",
    )


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
        time_days=tuple(day for day, _ in kept),
        at_risk=tuple(0 for _ in kept),
        died=tuple(0 for _ in kept),
        censored=tuple(0 for _ in kept),
        survival=tuple(curve.survival[i] for i in picked),
        lower=tuple(curve.lower[i] for i in picked),
        upper=tuple(curve.upper[i] for i in picked),
    )


def _rounded(column: RiskColumn, threshold: int) -> RiskColumn:
    at_risk = 5 * round((column.at_risk or 0) / 5)
    small = _is_small(column.censored, threshold) or _is_small(column.died, threshold)
    return replace(
        column,
        at_risk=at_risk,
        censored=None if small else 5 * round((column.censored or 0) / 5),
        died=None if small else 5 * round((column.died or 0) / 5),
        hidden=f"<{threshold}" if small else "",
    )


def _estimate(estimate: Estimate, threshold: int) -> Estimate:
    if _is_small(estimate.died, threshold):
        return Estimate(
            months=estimate.months,
            at_risk=None,
            died=None,
            survival=None,
            lower=None,
            upper=None,
            hidden=COMPLEMENT,
        )
    return replace(estimate, at_risk=5 * round((estimate.at_risk or 0) / 5))


def _headlines(
    headlines: tuple[Headline, ...], survival: Survival | None, threshold: int
) -> tuple[Headline, ...]:
    """Show at the top only what the tables below show."""
    shown = set() if survival is None else {e.survival for e in survival.estimates if e.survival is not None}
    kept: list[Headline] = []
    for item in headlines:
        if isinstance(item.value, Rate) and item.value.estimate not in shown:
            continue
        if isinstance(item.value, Share) and (hidden := _either(item.value, threshold)):
            item = replace(item, value=Share(n=None, of=item.value.of, hidden=hidden), detail="small number")
        kept.append(item)
    return tuple(kept)
