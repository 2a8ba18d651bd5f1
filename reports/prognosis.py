"""Overall survival told otherwise: mean time lived by a month, and the outlook of those who lived past a day. Pure.

Who lived past day 90 shows survival without deaths of the operation; who lived one, two or three years asks how it goes
on. Both are S(t) / S(s) at the fixed times, with limits of a fresh start at s.
"""

from __future__ import annotations

from statistics import NormalDist

from cases.endpoints import EARLY_DAYS
from reports import survival
from reports.estimates import INTERVAL, LEAST_AT_RISK, LEVEL, MONTHS, known
from reports.lifetable import LifeTable
from reports.survival import DAYS_PER_MONTH
from reports.survival_content import MeanTime, Onward, Prognosis

MEAN_MONTHS = (36, 60)
SURVIVED_MONTHS = (12, 24, 36)


def prognosis(table: LifeTable) -> Prognosis | None:
    """Estimate where at least five patients are at risk at the end; None where there is nothing to say."""
    whole = table.pool()
    since = (float(EARLY_DAYS), *(months * DAYS_PER_MONTH for months in SURVIVED_MONTHS))
    means = tuple(_mean(whole, months) for months in MEAN_MONTHS if _at_risk(whole, months) >= LEAST_AT_RISK)
    onward = tuple(
        _onward(whole, days, months)
        for days in since
        for months in MONTHS
        if months * DAYS_PER_MONTH > days and _at_risk(whole, months) >= LEAST_AT_RISK
    )
    return Prognosis(level=LEVEL, means=means, onward=onward) if means or onward else None


def _at_risk(whole: LifeTable, months: int) -> int:
    return int(whole.at_risk_at([months * DAYS_PER_MONTH])[0, 0])


def _mean(whole: LifeTable, months: int) -> MeanTime:
    """Limits are those of a normal distribution, kept within the time that can be lived."""
    tau = months * DAYS_PER_MONTH
    found = survival.restricted_mean(whole, tau)
    days, wide = float(found.value[0]), NormalDist().inv_cdf((1 + LEVEL) / 2) * float(found.std_err[0])
    return MeanTime(
        months=months,
        at_risk=_at_risk(whole, months),
        days=days,
        lower=max(0.0, days - wide),
        upper=min(tau, days + wide),
    )


def _onward(whole: LifeTable, since: float, months: int) -> Onward:
    found = survival.conditional_survival(
        whole, since, months * DAYS_PER_MONTH, conf_type=INTERVAL, level=LEVEL
    )
    left = int((whole.failed + whole.censored)[whole.time <= since].sum())
    return Onward(
        since_days=since,
        months=months,
        alive=int(whole.size.sum()) - left,
        at_risk=_at_risk(whole, months),
        survival=float(found.value[0]),
        lower=known(found.lower[0]),
        upper=known(found.upper[0]),
    )
