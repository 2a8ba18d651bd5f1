"""A sandbox is for trials: what is invented there follows the same rules, and no report, estimate or mail counts it."""

from datetime import UTC, date, datetime
from typing import get_args

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from cases import document
from cases.models import Assessment, Case, DataQuery, SurvivalObservation
from registry import access
from registry.models import Center
from reports import cohorts, compose, issuing, schedule
from reports.cohorts import Cut
from reports.content import Source
from reports.models import Report, Subscription
from tests.cases.examples import resected
from tests.clients import browser, machine
from tests.reports import cohort
from tests.reports.cohort import add_case, assess

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 22)
SURVIVAL = "/api/v1/survival/"


@pytest.fixture
def south(db):
    """The other center, as a sandbox: its people are those who work there in other tests."""
    return Center.objects.create(
        code="SOUTH",
        name="Southern General Hospital",
        country="IT",
        timezone="Europe/Rome",
        is_sandbox=True,
        data_agreement_signed_on=date(2020, 1, 1),
    )


@pytest.fixture
def sandbox(south):
    return south


def fill(center, source):
    """Eight cases with everything that a report counts, and one that it judges."""
    with access.everywhere():
        for case in cohort.founding(center, source=source):
            assess(case, S_01="deviation", S_14="concordant")
        add_case(center, "dated", source=source, days=400, died=True, sex="male")


@pytest.mark.parametrize("source", get_args(Source))
def test_a_report_of_the_registry_is_the_same_with_and_without_it(north, sandbox, source):
    stored = "admin" if source == "clinical" else source
    fill(north, stored)
    without = compose.compose(Cut(as_of=TODAY, source=source))

    fill(sandbox, stored)

    assert compose.compose(Cut(as_of=TODAY, source=source)) == without
    assert without.rules_read == 8


@pytest.mark.parametrize("source", get_args(Source))
def test_nothing_of_it_is_in_any_cut(sandbox, source):
    fill(sandbox, "admin" if source == "clinical" else source)
    cuts = [Cut(as_of=TODAY, source=source, center_id=center) for center in (None, sandbox.pk)]

    with access.everywhere():
        assert SurvivalObservation.objects.count() == 9
        for cut in cuts:
            assert cohorts.observations(cut).count() == cohorts.cases(cut).count() == 0
            assert cohorts.life_table(cut).size.sum() == 0
            assert cohorts.frame(cut).registered == cohorts.frame(cut).centers == 0


def test_no_estimate_counts_it_whoever_asks(sandbox, north, bob, rita):
    fill(sandbox, "api")

    assert machine(sandbox, bob).get(SURVIVAL).json()["survival"] is None
    assert browser(rita).get(SURVIVAL).json()["survival"] is None
    assert browser(rita).get(f"{SURVIVAL}?stratum=center").json()["survival"] is None


def test_the_same_rules_are_read_there(sandbox, bob):
    sent = document.dump(resected(presentation={"height_cm": 205}))

    answer = machine(sandbox, bob).post("/api/v1/cases/", sent)

    assert answer.status_code == 201
    with access.everywhere():
        assert Assessment.objects.filter(center=sandbox, is_current=True).count() == 1
        assert DataQuery.objects.filter(center=sandbox, pointer="/presentation/height_cm").exists()


def test_its_cases_are_no_duplicates_of_patients(sandbox, north, alice, bob):
    """X-56 looks into one center: a trial with a copy of a patient asks nobody there."""
    machine(north, alice).post("/api/v1/cases/", document.dump(resected("A-1")))
    machine(sandbox, bob).post("/api/v1/cases/", document.dump(resected("A-2")))

    with access.everywhere():
        assert Case.objects.count() == 2
        assert not DataQuery.objects.filter(rule_id="X-56").exists()


def test_nobody_asks_for_its_report(sandbox, bob):
    with pytest.raises(ValidationError, match="no report of a sandbox"):
        issuing.request(as_of=TODAY, center_id=sandbox.pk, by=bob)
    with pytest.raises(CommandError, match="is a sandbox"):
        call_command("report", scope=sandbox.code)
    with access.everywhere():
        assert not Report.objects.exists()


def test_no_report_of_it_is_due(sandbox, north, alice, bob):
    with access.everywhere():
        for center, user in ((sandbox, bob), (north, alice)):
            Subscription.objects.create(center=center, user=user)

    schedule.plan(datetime(2026, 11, 22, tzinfo=UTC).date())

    with access.everywhere():
        assert set(Report.objects.values_list("center", flat=True)) == {north.pk}
