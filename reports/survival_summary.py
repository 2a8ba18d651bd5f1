"""Everything `manage.py survival` says about a set of patients: as JSON values, and as a table to read.

Pure: life tables in, plain values out. NaN, not estimable, becomes null in JSON and an en dash in text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reports import survival
from reports.survival import ChiSquare, ConfType, Curve, LifeTable

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to estimate; times in the unit of the file, which for the registry is days."""

    conf_type: ConfType = "log-log"
    level: float = 0.95
    at: tuple[float, ...] = ()
    quantiles: tuple[float, ...] = (0.25, 0.5, 0.75)
    tau: tuple[float, ...] = ()
    conditional: tuple[tuple[float, float], ...] = ()


def summarize(strata: Sequence[LifeTable], cause_codes: Sequence[int], request: Request) -> Json:
    """Estimate all that was asked, by group; the strata, alike in their groups, serve the tests.

    With more than one cause code, the incidence of each cause and Gray's tests come with it.
    """
    table = pooled(strata)
    competing = len(cause_codes) > 1
    groups = _groups(table, request)
    if competing:
        for number, code in enumerate(cause_codes, start=1):
            curve = survival.cumulative_incidence(
                table, number, conf_type=request.conf_type, level=request.level
            )
            for group, block in zip(groups, _incidence(curve, code), strict=True):
                group.setdefault("cumulative_incidence", []).append(block)
    summary: Json = {
        "n": int(table.size.sum()),
        "events": int(table.failed.sum()),
        "conf_type": request.conf_type,
        "level": request.level,
        "groups": groups,
    }
    if len(table.groups) > 1:
        summary["log_rank"] = _log_rank(survival.logrank(strata))
        if len(table.groups) == 2 and request.tau:
            summary["rmst_difference"] = [_mean_difference(table, tau, request.level) for tau in request.tau]
        if competing:
            summary["gray"] = [
                _gray(strata, number, code) for number, code in enumerate(cause_codes, start=1)
            ]
    return summary


def pooled(strata: Sequence[LifeTable]) -> LifeTable:
    """All strata in one table."""
    return sum(strata[1:], start=strata[0])


def notes(strata: Sequence[LifeTable]) -> list[str]:
    """What a reader must know of the data before trusting the curves."""
    said = []
    table = pooled(strata)
    curve = survival.kaplan_meier(table)
    for label, span, last in zip(table.groups, table.spans(), table.last(), strict=True):
        zero = table.time[span][curve.estimate[span] == 0]
        if zero.size and zero[0] < last:
            said.append(
                f"Group {label}: everyone at risk failed at {zero[0]} and others entered later, so survival "
                f"stays 0. Ask for --conditional from a later start."
            )
    return said


def _groups(table: LifeTable, request: Request) -> list[Json]:
    kind, level = request.conf_type, request.level
    curve = survival.kaplan_meier(table, conf_type=kind, level=level)
    quantiles = [(p, curve.quantile(p)) for p in request.quantiles]
    means = [(tau, survival.restricted_mean(table, tau)) for tau in request.tau]
    later = [
        (s, t, survival.conditional_survival(table, s, t, conf_type=kind, level=level))
        for s, t in request.conditional
    ]
    points, follow_up = curve.at(request.at), survival.follow_up(table, conf_type=kind, level=level)
    size, events = table.size.tolist(), table.total(table.failed).tolist()
    return [
        {
            "group": str(label),
            "n": size[g],
            "events": events[g],
            "curve": _curve(curve, g),
            "quantiles": [
                {"p": p, "value": _at(q.value, g), "lower": _at(q.lower, g), "upper": _at(q.upper, g)}
                for p, q in quantiles
            ],
            "at": [
                {
                    "time": time,
                    "n_risk": int(points.n_risk[g, i]),
                    "survival": _at(points.estimate, (g, i)),
                    "std_err": _at(points.std_err, (g, i)),
                    "lower": _at(points.lower, (g, i)),
                    "upper": _at(points.upper, (g, i)),
                }
                for i, time in enumerate(request.at)
            ],
            "rmst": [
                {"tau": tau, "value": _at(mean.value, g), "std_err": _at(mean.std_err, g)}
                for tau, mean in means
            ],
            "conditional": [
                {
                    "s": s,
                    "t": t,
                    "survival": _at(e.value, g),
                    "lower": _at(e.lower, g),
                    "upper": _at(e.upper, g),
                }
                for s, t, e in later
            ],
            "follow_up": {
                "median": _at(follow_up.value, g),
                "lower": _at(follow_up.lower, g),
                "upper": _at(follow_up.upper, g),
            },
        }
        for g, label in enumerate(table.groups)
    ]


def _curve(curve: Curve, g: int) -> Json:
    table = curve.table
    cells = _exits(table, g)
    return {
        "time": table.time[cells].tolist(),
        "n_risk": curve.n_risk[cells].tolist(),
        "n_event": table.failed[cells].tolist(),
        "n_censor": table.censored[cells].tolist(),
        "survival": _values(curve.estimate[cells]),
        "std_err": _values(curve.std_err[cells]),
        "lower": _values(curve.lower[cells]),
        "upper": _values(curve.upper[cells]),
    }


def _incidence(curve: Curve, code: int) -> list[Json]:
    return [
        {
            "cause": code,
            "time": curve.table.time[cells].tolist(),
            "estimate": _values(curve.estimate[cells]),
            "std_err": _values(curve.std_err[cells]),
            "lower": _values(curve.lower[cells]),
            "upper": _values(curve.upper[cells]),
        }
        for cells in (_exits(curve.table, g) for g in range(len(curve.table.groups)))
    ]


def _exits(table: LifeTable, g: int) -> NDArray[np.int64]:
    """The cells of group g where someone leaves; those with late entries alone are not on its curve."""
    span = table.spans()[g]
    return np.flatnonzero((table.failed + table.censored)[span]) + span.start


def _log_rank(test: ChiSquare) -> Json:
    return {
        "chi2": test.statistic,
        "df": test.df,
        "p": test.p_value,
        "observed": list(test.observed),
        "expected": list(test.expected),
    }


def _mean_difference(table: LifeTable, tau: float, level: float) -> Json:
    """The second group minus the first; all null where follow-up of one ends before tau."""
    found: Json = {"tau": tau, "value": None, "std_err": None, "lower": None, "upper": None, "p": None}
    try:
        difference = survival.compare_restricted_means(table, tau, level=level)
    except survival.LifeTableError:
        return found
    found |= {name: getattr(difference, name) for name in ("value", "std_err", "lower", "upper")}
    return found | {"p": None if math.isnan(difference.p_value) else difference.p_value}


def _gray(strata: Sequence[LifeTable], cause: int, code: int) -> Json:
    if any(table.entered.any() for table in strata):  # not defined with late entries
        return {"cause": code, "chi2": None, "df": None, "p": None}
    test = survival.gray_test(strata, cause)
    return {"cause": code, "chi2": test.statistic, "df": test.df, "p": test.p_value}


def _at(values: NDArray[np.float64], place: Any) -> float | None:
    value = float(values[place])
    return value if math.isfinite(value) else None


def _values(values: NDArray[np.float64]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]
