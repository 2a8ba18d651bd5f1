"""Our contestant of benchmarks/incidence.py: the folder of the rows; prints one line of JSON.

The same as cmprsk::cuminc: the incidence of both causes in each group, and Gray's test of both. Limits come on top.
What a whole report needs of one endpoint with competing causes is timed beside it, from counts.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from survival import FIVE_YEARS, median_ms

YEARS = [365.25 * n for n in (1, 2, 3, 5, 10)]


def main(folder: Path) -> None:
    """Time the tasks and say what came out."""
    from reports import survival
    from reports.survival import LifeTable

    days, cause, group = (
        np.fromfile(folder / name, "<i4").astype(np.int64) for name in ("time", "cause", "group")
    )

    def counted() -> LifeTable:
        return LifeTable.from_arrays(days, cause, group=group, causes=2)

    def estimated(table: LifeTable) -> tuple[list[Any], list[Any]]:
        curves = [survival.cumulative_incidence(table, one) for one in (1, 2)]
        return curves, [survival.gray_test(table, one) for one in (1, 2)]

    both_ms, (curves, tests) = median_ms(lambda: estimated(counted()))
    table = counted()
    found = {
        "both_ms": both_ms,
        "gray": tests[0].statistic,
        "incidence_5_years": float(curves[0].at([FIVE_YEARS]).estimate[0, 0]),
        "counting_ms": median_ms(counted)[0],
        "report_ms": median_ms(report(table))[0],
        "version": f"numpy {np.__version__}",
    }
    print(json.dumps(found))


def report(table: Any) -> Callable[[], Any]:
    """Everything a report says of one life table: of all and of each group, for survival and for both causes."""
    from reports import survival

    def everything() -> Any:
        said = []
        for part in (table.pool(), table):
            curve = survival.kaplan_meier(part)
            said += [curve.at(YEARS), curve.quantile(0.5), survival.follow_up(part), part.risk_table(YEARS)]
            said += [survival.restricted_mean(part, tau) for tau in YEARS[2:4]]
            said += [survival.conditional_survival(part, since, YEARS[3]) for since in (90, *YEARS[:3])]
            said += [survival.cumulative_incidence(part, cause).at(YEARS) for cause in (1, 2)]
        said += [survival.logrank(table), survival.gray_test(table, 1), survival.gray_test(table, 2)]
        return said

    return everything


if __name__ == "__main__":
    main(Path(sys.argv[1]))
