"""Cox regression against R 4.2.2, survival 3.5-3: coxph(..., ties = "efron", eps = 1e-13), by make_models.R.

R stops when the log likelihood moves by less than a relative 1e-13, this when no log ratio moves by 1e-12; both then
agree to 1e-11.
"""

import json
import subprocess
import sys

import numpy as np
import pytest

from reports import cox
from tests.reports.r_reference import FOLDER, assert_same, columns

MODELS = json.loads((FOLDER / "models" / "cox.json").read_text())


def of_r(value):
    return np.atleast_1d(np.array(value, float))


def design(dataset, factors, by):
    """Complete cases: days, events, an indicator of each level but the first, and strata."""
    patients = columns(dataset)
    used = [patients[name] for name in (*factors, *([by] if by else []))]
    complete = np.all([~np.isnan(one) if one.dtype.kind == "f" else one != "" for one in used], axis=0)
    levels = [(patients[name][complete], np.unique(patients[name][complete])[1:]) for name in factors]
    indicators = [values == level for values, rest in levels for level in rest]
    return (
        patients["time"][complete],
        patients["status"][complete].astype(int),
        np.array(indicators, float).T,
        patients[by][complete] if by else None,
    )


@pytest.mark.parametrize(
    "model", MODELS, ids=lambda m: f"{m['dataset']}-{'+'.join(m['factors'])}-{m['strata'] or 'all'}"
)
def test_hazard_ratios_are_those_of_coxph(model):
    days, event, covariates, strata = design(model["dataset"], model["factors"], model["strata"])

    found = cox.fit(days, event, 1 - event, covariates, strata=strata)

    assert (found.patients, found.events) == (model["n"], model["events"])
    assert_same(found.log_ratio, of_r(model["coef"]), relative=1e-11)
    assert_same(found.std_err, of_r(model["std_err"]), relative=1e-11)
    assert_same(found.lower, of_r(model["lower"]), relative=1e-9)  # near 0 for ratios hardly apart
    assert_same(found.upper, of_r(model["upper"]), relative=1e-9)
    assert_same(found.p_value, of_r(model["p_value"]), relative=1e-9)
    assert_same(found.log_likelihood, of_r(model["loglik"])[-1], relative=1e-12)


def test_counts_and_patients_give_the_same():
    days, event, covariates, _ = design("veteran", ["trt"], None)
    one = cox.fit(days, event, 1 - event, covariates)

    rows, place = np.unique(np.column_stack([days, covariates]), axis=0, return_inverse=True)
    deaths, everybody = np.bincount(place, event).astype(int), np.bincount(place)
    other = cox.fit(rows[:, 0], deaths, everybody - deaths, rows[:, 1:])

    assert len(rows) < len(days)
    assert_same(other.log_ratio, one.log_ratio)
    assert_same(other.std_err, one.std_err)


@pytest.mark.parametrize(
    ("event", "covariates", "strata"),
    [
        ([1, 1, 1, 0, 0, 0], [[1], [1], [1], [0], [0], [0]], None),
        ([1, 1, 1, 1, 0, 0], [[1], [0], [1], [0], [0], [1]], range(6)),
        ([1, 1, 1, 1, 0, 0], [[1, 1], [0, 0], [1, 1], [0, 0], [0, 0], [1, 1]], None),
        ([0] * 6, [[1], [0], [1], [0], [0], [1]], None),
    ],
    ids=["all deaths on one side", "nobody to compare with in a center", "the same twice", "no deaths"],
)
def test_without_one_best_finite_ratio_it_is_refused(event, covariates, strata):
    with pytest.raises(cox.NotEstimableError):
        cox.fit(range(1, 7), event, 1 - np.array(event), covariates, strata=strata)


def test_too_many_patients_are_refused():
    with pytest.raises(cox.NotEstimableError, match="20000"):
        cox.fit([1, 2], [9000, 1], [9000, 2001], [[0], [1]])


def test_the_library_is_not_imported_before_it_is_needed():
    heavy = ("statsmodels", "scipy", "pandas")
    loaded = f"import sys, reports.cox; print([name for name in {heavy} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
