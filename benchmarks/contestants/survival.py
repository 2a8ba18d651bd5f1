"""One contestant of benchmarks/survival.py: its name and the folder of the rows; prints one line of JSON.

Where a peer takes one group at a time, or leaves the limits to its user, that is done for it in numpy.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

FIVE_YEARS = 1826.25
LEAST, MOST, SECONDS = 3, 15, 20.0

Contestant = tuple[Callable[[], Any], Callable[[], float], Callable[[Any], float], str]


def main(name: str, folder: Path) -> None:
    """Time both tasks and say what came out, so that answers can be compared."""
    rows = [np.fromfile(folder / column, "<i4").astype(np.int64) for column in ("time", "event", "group")]
    estimate, test, read, release = CONTESTANTS[name](*rows)
    kaplan_meier_ms, curves = median_ms(estimate)
    logrank_ms, chi_square = median_ms(test)
    result = {
        "kaplan_meier_ms": kaplan_meier_ms,
        "logrank_ms": logrank_ms,
        "chi_square": float(chi_square),
        "survival_5_years": float(read(curves)),
        "version": release,
    }
    print(json.dumps(result))


def median_ms(task: Callable[[], Any]) -> tuple[float, Any]:
    """Median of 3 to 15 runs after one to warm up, as many as fit in 20 seconds; and the result."""
    result, spent = task(), []
    while len(spent) < LEAST or (len(spent) < MOST and sum(spent) < SECONDS):
        start = time.perf_counter()
        task()
        spent.append(time.perf_counter() - start)
    return 1000 * statistics.median(spent), result


def registry(days: np.ndarray, event: np.ndarray, group: np.ndarray) -> Contestant:
    """Ours: each task counts the rows anew, as if the other had not."""
    from reports import survival

    def table() -> survival.LifeTable:
        return survival.LifeTable.from_arrays(days, event, group=group)

    return (
        lambda: survival.kaplan_meier(table()),
        lambda: survival.logrank(table()).statistic,
        lambda curve: curve.at([FIVE_YEARS]).estimate[0, 0],
        f"numpy {np.__version__}",
    )


def statsmodels(days: np.ndarray, event: np.ndarray, group: np.ndarray) -> Contestant:
    """Its curve has standard errors; the log-log limits are left to the user."""
    from statsmodels.duration.survfunc import SurvfuncRight, survdiff

    def curve(t: np.ndarray, e: np.ndarray) -> Any:
        found = SurvfuncRight(t, e)
        with np.errstate(all="ignore"):
            log = np.log(found.surv_prob)
            power = np.exp(1.959963984540054 * found.surv_prob_se / found.surv_prob / log)
        found.limits = found.surv_prob**power, found.surv_prob ** (1 / power)
        return found

    return (
        lambda: [curve(t, e) for t, e in by_group(days, event, group)],
        lambda: survdiff(days, event, group)[0],
        lambda curves: curves[0].surv_prob[np.searchsorted(curves[0].surv_times, FIVE_YEARS) - 1],
        version("statsmodels"),
    )


def lifelines(days: np.ndarray, event: np.ndarray, group: np.ndarray) -> Contestant:
    """Limits are log-log."""
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import multivariate_logrank_test

    return (
        lambda: [KaplanMeierFitter().fit(t, e) for t, e in by_group(days, event, group)],
        lambda: multivariate_logrank_test(days, group, event).test_statistic,
        lambda curves: curves[0].predict(FIVE_YEARS),
        version("lifelines"),
    )


def scikit_survival(days: np.ndarray, event: np.ndarray, group: np.ndarray) -> Contestant:
    """Limits are log-log."""
    from sksurv.compare import compare_survival
    from sksurv.nonparametric import kaplan_meier_estimator
    from sksurv.util import Surv

    failed = event.astype(bool)
    outcome = Surv.from_arrays(failed, days)
    return (
        lambda: [kaplan_meier_estimator(e, t, conf_type="log-log") for t, e in by_group(days, failed, group)],
        lambda: compare_survival(outcome, group)[0],
        lambda curves: curves[0][1][np.searchsorted(curves[0][0], FIVE_YEARS) - 1],
        version("scikit-survival"),
    )


def by_group(days: np.ndarray, event: np.ndarray, group: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The rows of each group."""
    return [(days[group == g], event[group == g]) for g in np.unique(group)]


CONTESTANTS = {
    "registry": registry,
    "statsmodels": statsmodels,
    "lifelines": lifelines,
    "scikit-survival": scikit_survival,
}

if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
