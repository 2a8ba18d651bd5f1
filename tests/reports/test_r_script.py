"""The script for R: it holds the counts of the life table and checks every number of the answer.

That R finds the same numbers is tried by hand (docs/statistics.md); here no R is needed.
"""

import re
from datetime import date

import pytest

from registry import access
from reports import asking, cohorts
from reports.endpoints import ENDPOINTS
from reports.r_script import script
from reports.survival_content import Outcome
from tests.reports import cohort

pytestmark = pytest.mark.django_db


@pytest.fixture
def resected(north):
    with access.everywhere():
        cohort.recurring(north)


def asked(**given):
    return {"as_of": "2026-11-22", **given}


def r_vector(source, name):
    """The values of `name = c(...)` or of `name = rep(c(...), c(...))`, as the script has them."""
    repeated = re.search(rf"\b{name} = rep\(c\(([^)]*)\), c\(([^)]*)\)\)", source)
    plain = re.search(rf"\b{name} = c\(([^)]*)\)", source)
    if repeated:
        values, times = ([eval(one, {}) for one in part.split(",")] for part in repeated.groups())
        return [value for value, n in zip(values, times, strict=True) for _ in range(n)]
    return [int(one) for one in plain[1].split(",")]


@pytest.mark.parametrize("stratum", ["", "margin", "center"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_script_holds_the_counts_of_the_life_table(resected, north, endpoint, stratum):
    with access.everywhere():
        answer = asking.estimate(asking.read(asked(endpoint=endpoint, stratum=stratum), centers=[north]))
        table = cohorts.life_table(
            cohorts.Cut(as_of=date(2026, 11, 22), center_id=north.pk), endpoint=ENDPOINTS[endpoint],
            stratum=stratum,
        )  # fmt: skip

        source = script(answer)

    groups = [str({north.pk: "NORTH"}.get(group, group)) for group in table.groups]
    assert r_vector(source, "group") == [
        group for group, span in zip(groups, table.spans(), strict=True) for _ in table.time[span]
    ]
    assert r_vector(source, "day") == table.time.tolist()
    assert r_vector(source, "event") == table.events[0].tolist()
    assert r_vector(source, "competing") == (table.failed - table.events[0]).tolist()
    assert r_vector(source, "censored") == table.censored.tolist()
    assert r_vector(source, "entered") == table.entered.tolist()


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_script_checks_every_number_of_the_page(resected, north, endpoint):
    with access.everywhere():
        answer = asking.estimate(asking.read(asked(endpoint=endpoint, stratum="margin"), centers=[north]))
        source = script(answer)

    for who, found in (("all", answer.drawn), *answer.each()):
        assert f'check("{who}: patients", nrow(rows), {found.n})' in source
        assert f'check("{who}: events", sum(rows$cause == 1), {found.events})' in source
        for one in found.estimates:
            height = one.estimate if isinstance(found, Outcome) else one.survival
            numbers = ", ".join("NA" if x is None else repr(x) for x in (height, one.lower, one.upper))
            assert (
                f'check("{who}: {one.months} months, with limits", '
                f"at(rows, {one.months} * 365.25 / 12), c({numbers}))" in source
            )
        assert (f'"{who}: median, with limits"' in source) == (found.median is not None)
        assert f'"{who}: median follow-up, with limits"' in source
    test = answer.test
    if test is None:  # of fewer than 10 events
        assert " test: statistic" not in source
    else:
        assert f"c({test.statistic!r}, {float(test.df)!r}, {test.p_value!r})" in source
    assert ("library(cmprsk)" in source) == (test is not None and test.test == "Gray")
    assert ("Surv(rows$entry, rows$day, event)" in source) == (answer.question.endpoint.origin == "diagnosis")
    assert source.count("(") == source.count(")")
    assert source.count("{") == source.count("}")


def test_the_script_names_nobody(resected, north):
    with access.everywhere():
        numbers = set(cohort.Case.objects.values_list("patient__registry_id", flat=True))
        source = script(asking.estimate(asking.read(asked(stratum="margin"), centers=[north])))

    assert numbers
    assert not [one for one in numbers if one in source]
    assert north.name not in source
    assert source.isascii()


def test_a_script_of_nobody_is_none(north):
    with access.everywhere():
        answer = asking.estimate(asking.read(asked(), centers=[north]))

    with pytest.raises(ValueError, match="nobody is followed"):
        script(answer)
