"""The survival summary as a table to read in a terminal, with the numbers at risk. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from reports import survival
from reports.survival import LifeTable
from reports.survival_summary import Json, pooled

DASH = "–"  # not estimable, not reached, or an interval of no width


def as_text(strata: Sequence[LifeTable], summary: Json) -> str:
    """Lay out what ``summarize`` said, with at risk, censored and events under every curve."""
    table = pooled(strata)
    lines = [
        f"{summary['n']} patients, {summary['events']} events; pointwise {summary['level']:.0%} limits, "
        f"{summary['conf_type']}. At risk, censored and events count up to just before the time."
    ]
    times = [point["time"] for point in summary["groups"][0]["at"]] or _round_times(table)
    curve = survival.kaplan_meier(table, conf_type=summary["conf_type"], level=summary["level"])
    points, counts = curve.at(times), table.risk_table(times)
    for g, group in enumerate(summary["groups"]):
        lines += ["", f"Group {group['group']}: {group['n']} patients, {group['events']} events"]
        lines.append(f"{'time':>10} {'at risk':>8} {'censored':>8} {'events':>8} {'survival':>9}  limits")
        for i, time in enumerate(times):
            lines.append(
                f"{time:>10g} {counts.at_risk[g, i]:>8} {counts.censored[g, i]:>8} {counts.events[g, i]:>8} "
                f"{_share(points.estimate[g, i]):>9}  {_between(points.lower[g, i], points.upper[g, i])}"
            )
        lines += _figures(group)
    return "\n".join([*lines, *_tests(summary)])


def _figures(group: Json) -> Iterator[str]:
    for q in group["quantiles"]:
        name = "median" if q["p"] == 0.5 else f"{100 * q['p']:g}% have failed by"
        yield f"  {name}: {_days(q['value'])} ({_days(q['lower'])} to {_days(q['upper'])})"
    seen = group["follow_up"]
    yield f"  median follow-up: {_days(seen['median'])} ({_days(seen['lower'])} to {_days(seen['upper'])})"
    for mean in group["rmst"]:
        yield f"  mean up to {mean['tau']:g}: {_days(mean['value'])}, standard error {_days(mean['std_err'])}"
    for later in group["conditional"]:
        limits = _between(later["lower"], later["upper"])
        yield f"  alive at {later['s']:g}, survival to {later['t']:g}: {_share(later['survival'])}  {limits}"
    for cause in group.get("cumulative_incidence", []):
        ends = (cause[key][-1] if cause["time"] else None for key in ("estimate", "lower", "upper"))
        share, lower, upper = ends
        yield f"  cause {cause['cause']}, incidence at the end: {_share(share)}  {_between(lower, upper)}"


def _tests(summary: Json) -> Iterator[str]:
    if "log_rank" in summary:
        yield ""
        yield f"Log-rank: {_test(summary['log_rank'])}"
    for mean in summary.get("rmst_difference", []):
        between = f"{_days(mean['lower'])} to {_days(mean['upper'])}"
        p = DASH if mean["p"] is None else f"{mean['p']:.3f}"
        yield f"Difference of means up to {mean['tau']:g}: {_days(mean['value'])} ({between}), p {p}"
    for gray in summary.get("gray", []):
        yield f"Gray, cause {gray['cause']}: {_test(gray)}"


def _test(test: Json) -> str:
    if test["chi2"] is None:
        return "not defined with late entries"
    p = f"p = {test['p']:.3f}" if test["p"] >= 0.001 else "p < 0.001"
    return f"chi-square {test['chi2']:.2f}, {test['df']} df, {p}"


def _round_times(table: LifeTable) -> list[float]:
    """About six round times from 0 to the last exit."""
    last = max((float(end) for end in table.last() if not math.isnan(end)), default=0.0)
    if last <= 0:
        return [0.0]
    unit = 10.0 ** math.floor(math.log10(last / 5))
    step = next(unit * factor for factor in (1, 2, 5, 10) if last / (unit * factor) <= 6)
    return [step * i for i in range(int(last / step) + 1)]


def _share(value: float | None) -> str:
    return DASH if value is None or math.isnan(value) else f"{value:.3f}"


def _between(lower: float | None, upper: float | None) -> str:
    if lower is None or upper is None or not lower < upper:
        return DASH
    return f"{lower:.3f} to {upper:.3f}"


def _days(value: float | None) -> str:
    return DASH if value is None else f"{value:g}"
