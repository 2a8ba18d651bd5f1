"""Overall survival by what the tumor and its resection were like, for one data cut: described, never ranked.

One query for each characteristic; what is not recorded is a stratum of its own, so that the strata add up to all.
"""

from __future__ import annotations

from cases.vocabulary import Grade, Margin, TumorStage, Vocabulary
from reports import cohorts, estimates, strata, survival
from reports.cohorts import Cut
from reports.estimates import INTERVAL, LEAST_AT_RISK, LEVEL
from reports.lifetable import LifeTable
from reports.remarks import mark
from reports.survival_content import Estimate, GroupTest, Stratum, Subgroups

MONTHS = 36
NOT_RECORDED = mark("Not recorded")
NOT_ASSESSED = (TumorStage.TX, Grade.GX, Margin.RX)  # said, but no value to compare
CHARACTERISTICS = ("growth_pattern", "level", "size", "grade", "margin", "era")  # strata, as they are printed


def subgroups(cut: Cut) -> tuple[Subgroups, ...]:
    """Estimate the strata of each characteristic of which two values have five patients; fewer say nothing."""
    found = (_subgroups(cut, characteristic) for characteristic in CHARACTERISTICS)
    return tuple(one for one in found if sum(map(_is_enough, one.strata)) > 1)


def _is_enough(stratum: Stratum) -> bool:
    return stratum.is_known and (stratum.n or 0) >= LEAST_AT_RISK


def _subgroups(cut: Cut, name: str) -> Subgroups:
    vocabulary = strata.WORDS[name].vocabulary
    table = cohorts.life_table(cut, stratum=name)
    codes = [str(group) for group in table.groups] if table.size.sum() else []
    kept = [code for code in strata.ordered(name, codes) if code]
    found = [_stratum(table, code, _label(code, vocabulary)) for code in kept]
    if "" in codes:
        found.append(_stratum(table, "", NOT_RECORDED))
    return Subgroups(
        heading=strata.WORDS[name].title,
        strata=tuple(found),
        test=_test(table, [code for code in kept if code not in NOT_ASSESSED], vocabulary),
    )


def _test(table: LifeTable, codes: list[str], vocabulary: type[Vocabulary] | None) -> GroupTest | None:
    return estimates.compare_groups(table.select(codes), label=lambda code: _label(str(code), vocabulary))


def _label(code: str, vocabulary: type[Vocabulary] | None) -> str:
    """Name a value; a decade is its years, which need no translation."""
    if vocabulary is None:
        return f"{code[:4]}–{int(code[:4]) + 9}"
    return vocabulary(code).english


def _stratum(table: LifeTable, code: str, label: str) -> Stratum:
    own = table.select([code])
    return Stratum(
        label=label,
        n=int(own.size.sum()),
        events=int(own.failed.sum()),
        at=_estimate(own, is_known=code != ""),
        is_known=code != "",
    )


def _estimate(own: LifeTable, *, is_known: bool) -> Estimate:
    """Survival at the one time; of too few at risk, and of the unknown, only how many and how many died by then."""
    curve = survival.kaplan_meier(own, conf_type=INTERVAL, level=LEVEL)
    (found,) = estimates.at_fixed_times(curve, months=(MONTHS,), least=0)
    if is_known and (found.at_risk or 0) >= LEAST_AT_RISK:
        return found
    return Estimate(
        months=MONTHS, at_risk=found.at_risk, died=found.died, survival=None, lower=None, upper=None
    )
