"""Every estimate and test against R, to a relative difference of 1e-12."""

import numpy as np
import pytest

from reports import survival
from tests.reports import r_reference
from tests.reports.r_reference import assert_same, numbers

CONF_TYPES = {"log-log": "loglog", "log": "log", "plain": "plain"}


def references(needs=None):
    return pytest.mark.parametrize(("dataset", "grouping"), r_reference.every(needs))


def limits_of(columns, conf_type, relative_error, estimate):
    """R's limits. R 3.5-3 leaves the log-log ones NA while nobody has failed; since 3.8-4 they are the estimate."""
    ends = (columns[f"{end}_{CONF_TYPES[conf_type]}"] for end in ("lower", "upper"))
    return [np.where(relative_error == 0, estimate, end) for end in ends]


@pytest.mark.parametrize("conf_type", CONF_TYPES)
@references("km")
def test_kaplan_meier_at_every_exit(dataset, grouping, conf_type):
    r = r_reference.load(dataset, grouping)

    curve = survival.kaplan_meier(r.table(), conf_type=conf_type)

    lower, upper = limits_of(r.km, conf_type, r.km["se_log"], r.km["surv"])
    with np.errstate(invalid="ignore"):
        std_err = r.km["surv"] * r.km["se_log"]
    table = curve.table
    exits = table.failed + table.censored > 0
    np.testing.assert_array_equal(table.time[exits], r.km["time"])
    np.testing.assert_array_equal(curve.n_risk[exits], r.km["n_risk"])
    np.testing.assert_array_equal(table.failed[exits], r.km["n_event"])
    np.testing.assert_array_equal(table.censored[exits], r.km["n_censor"])
    np.testing.assert_array_equal(curve.estimate[exits], r.km["surv"])
    assert_same(curve.std_err[exits], std_err)
    assert_same(curve.lower[exits], lower)
    assert_same(curve.upper[exits], upper)


@pytest.mark.parametrize("conf_type", CONF_TYPES)
@references()
def test_survival_at_fixed_times(dataset, grouping, conf_type):
    r = r_reference.load(dataset, grouping)
    expected = r.results["at"][conf_type]

    table = r.table()
    points = survival.kaplan_meier(table, conf_type=conf_type).at(expected["times"])

    estimable = ~np.isnan(points.estimate)
    std_err = numbers(expected["std_err"])
    flat = (std_err == 0) & estimable
    assert estimable.any()
    assert_same(points.estimate[estimable], numbers(expected["surv"])[estimable])
    assert_same(points.std_err[estimable], std_err[estimable])
    assert_same(points.lower[estimable & ~flat], numbers(expected["lower"])[estimable & ~flat])
    assert_same(points.upper[estimable & ~flat], numbers(expected["upper"])[estimable & ~flat])
    np.testing.assert_array_equal(points.lower[flat], points.estimate[flat])
    # After the last exit R repeats the last value; here it is not estimable unless survival is 0.
    beyond = np.asarray(expected["times"]) > table.last()[:, np.newaxis]
    np.testing.assert_array_equal(estimable, ~beyond | (numbers(expected["surv"]) == 0))
    if not r.late:  # with late entries R gives the risk set of the next exit, which counts entries after t
        np.testing.assert_array_equal(points.n_risk, expected["n_risk"])


@pytest.mark.parametrize("conf_type", CONF_TYPES)
@references()
def test_quantiles_and_their_limits(dataset, grouping, conf_type):
    r = r_reference.load(dataset, grouping)
    expected = r.results["quantiles"][conf_type]

    curve = survival.kaplan_meier(r.table(), conf_type=conf_type)

    for i, p in enumerate(expected["p"]):
        found = curve.quantile(p)
        for name in ("value", "lower", "upper"):
            assert_same(getattr(found, name), numbers(expected[name])[:, i])


@references("reverse_km_median")
def test_median_follow_up(dataset, grouping):
    r = r_reference.load(dataset, grouping)
    expected = r.results["reverse_km_median"]

    found = survival.follow_up(r.table())

    for name in ("value", "lower", "upper"):
        assert_same(getattr(found, name), np.atleast_1d(numbers(expected[name])))


@references("rmst")
def test_restricted_mean(dataset, grouping):
    r = r_reference.load(dataset, grouping)
    table = r.table()
    for expected in r.results["rmst"]:
        mean = survival.restricted_mean(table, expected["tau"])
        known = ~np.isnan(mean.value)
        if isinstance(expected["rmst"], str):  # R stops where tau comes before the first exit
            assert (mean.value == expected["tau"]).all()
            continue
        assert_same(mean.value[known], np.atleast_1d(numbers(expected["rmst"]))[known])
        assert_same(mean.std_err[known], np.atleast_1d(numbers(expected["se"]))[known])
        # Where follow-up ends before tau R stretches the last survival to it; here that is not estimable.
        assert (known | (table.last() < expected["tau"])).all()


@references("conditional")
def test_conditional_survival(dataset, grouping):
    r = r_reference.load(dataset, grouping)
    for expected in r.results["conditional"]:
        found = survival.conditional_survival(r.table(), expected["s"], expected["t"])
        theirs = np.atleast_1d(expected["groups"]).tolist()  # R leaves out whom nobody outlived s
        known = ~np.isnan(found.value)
        assert known.any()
        assert set(np.array(r.groups)[known]) <= set(theirs)
        at = [theirs.index(label) for label in np.array(r.groups)[known]]
        for name, name_in_r in (("value", "surv"), ("lower", "lower"), ("upper", "upper")):
            assert_same(getattr(found, name)[known], np.atleast_1d(numbers(expected[name_in_r]))[at])


@pytest.mark.parametrize(("name", "rho"), [("logrank", 0.0), ("peto_rho1", 1.0)])
@references("logrank")
def test_log_rank(dataset, grouping, name, rho):
    r = r_reference.load(dataset, grouping)

    assert_test(survival.logrank(r.table(), rho=rho), r.results[name])
    if "strata" in r.results:
        assert_test(survival.logrank(r.strata(), rho=rho), r.results[f"{name}_stratified"])


@references("logrank_truncated")
def test_log_rank_with_late_entries_is_the_score_test_of_cox(dataset, grouping):
    r = r_reference.load(dataset, grouping)
    expected = r.results["logrank_truncated"]

    test = survival.logrank(r.table())

    assert_same([test.statistic, test.df, test.p_value], [expected["chisq"], expected["df"], expected["p"]])


def assert_test(test, expected):
    assert test.df == expected["df"]
    assert_same([test.statistic], [expected["chisq"]])
    assert_same([test.p_value], [expected["p"]], relative=1e-11)  # chi-square / 2 times as sensitive
    assert_same(test.observed, expected["observed"])
    assert_same(test.expected, expected["expected"])


@pytest.mark.parametrize("conf_type", CONF_TYPES)
@references("cmprsk")
def test_cumulative_incidence_at_every_exit(dataset, grouping, conf_type):
    r = r_reference.load(dataset, grouping)
    for cause in (1, 2):
        curve = survival.cumulative_incidence(r.table("cause"), cause, conf_type=conf_type)
        if not r.cif:
            expected = r.results["cif_at"][f"cause{cause}"]
            points = curve.at(expected["times"])
            known = ~np.isnan(points.estimate)
            assert_same(points.estimate[known], numbers(expected["cif"])[known])
            assert_same(points.std_err[known], numbers(expected["std_err"])[known])
            continue
        theirs = {name: values[r.cif["cause"] == cause] for name, values in r.cif.items()}
        lower, upper = limits_of(theirs, conf_type, theirs["std_err"], theirs["cif"])
        assert_same(curve.estimate, theirs["cif"])
        assert_same(curve.std_err, theirs["std_err"], absolute=1e-15)  # 0 where R has rounding noise
        assert_same(curve.lower, lower)
        assert_same(curve.upper, upper)


@pytest.mark.parametrize("cause", [1, 2])
@pytest.mark.parametrize("grouping", ["all", "arm"])
def test_cumulative_incidence_with_late_entries(grouping, cause):
    r = r_reference.load("registry_lt", grouping)
    curve = survival.cumulative_incidence(r.table("cause"), cause)
    for g, label in enumerate(r.groups):
        theirs = (r.cif["cause"] == cause) & (r.cif["group"] == label)
        points = curve.at(r.cif["time"][theirs])
        assert theirs.any()
        assert_same(points.estimate[g], r.cif["cif"][theirs])
        assert_same(points.std_err[g], r.cif["std_err"][theirs])


@references("gray")
def test_gray(dataset, grouping):
    r = r_reference.load(dataset, grouping)
    for i, cause in enumerate((1, 2)):
        test = survival.gray_test(r.table("cause"), cause)
        assert test.df == r.results["gray"]["df"][i]
        assert_same([test.statistic], [r.results["gray"]["chisq"][i]])
        assert test.p_value == pytest.approx(
            r.results["gray"]["p"][i], rel=1e-11, abs=1e-15
        )  # R: 1 - lower tail
        weighted = survival.gray_test(r.table("cause"), cause, rho=1.0)
        assert_same([weighted.statistic], [r.results["gray_rho1"]["chisq"][i]])
        if "gray_stratified" in r.results:
            stratified = survival.gray_test(r.strata("cause"), cause)
            assert_same([stratified.statistic], [r.results["gray_stratified"]["chisq"][i]])
