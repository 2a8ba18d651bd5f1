"""The page of survival: the numbers of the API, its sentences and its borders, and files that say the same."""

import csv
import io
import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import SurvivalObservation
from registry import access
from registry.access import Role
from registry.models import Center, Membership
from reports import cohorts, strata
from reports.endpoints import ENDPOINTS, LANDMARK
from reports.survival_files import FILES
from tests.clients import browser
from tests.pages import text
from tests.reports import cohort

pytestmark = pytest.mark.django_db

PAGE, API = "/admin/survival/", "/api/v1/survival/"
CUT = "2026-11-22"


@pytest.fixture
def resected(north):
    with access.everywhere():
        cohort.recurring(north)


def asked(**given):
    return {"as_of": CUT, **given}


# --- what it says ----------------------------------------------------------------------------------------------------


def test_it_says_the_numbers_of_the_api(resected, alice):
    question = asked(endpoint="local_recurrence", stratum="margin")
    found = browser(alice).get(API, question).json()

    told = text(browser(alice).get(PAGE, question))

    test = found["test"]
    assert f"Gray's test between R0 and R1: chi-square {test['statistic']:.2f}, df 1, p = " in told
    assert f"p = {test['p_value']:.3f}; 14 events." in told
    first = found["outcome"]["estimates"][0]
    low, high = 100 * first["lower"], 100 * first["upper"]
    assert f"12 26 14 0 {100 * first['estimate']:.1f}% {low:.1f}–{high:.1f}" in told
    assert "All patients 40 14 13" in told
    assert "Months 0 6 12 18 24 30" in told  # numbers at risk


def test_each_group_is_estimated_by_itself(resected, alice):
    """Of 40 patients 13 died; the 20 of each margin lived 1,000 days or more."""
    told = text(browser(alice).get(PAGE, asked(stratum="margin")))

    assert re.search(r"R0 20 \d+ .*R1 20 \d+ ", told)
    assert "R1 12 20 0 100.0% – 24 20 0 100.0% –" in told


@pytest.fixture
def long_followed(north):
    """The deaths of R1 at 6 months and on, one a month; everybody else is seen at 61 months."""
    with access.everywhere():
        for i in range(40):
            died = i % 2 == 1 and i < 24
            days = round((6 + i // 2 if died else 61) * cohort.MONTH)
            cohort.add_case(north, i, days=days, died=died, margin=("R0", "R1")[i % 2])


def test_two_groups_are_compared_by_the_mean_time_lived(long_followed, alice):
    """All of R0 live 60 months; of R1 12 die after 6 to 17 and 8 live on: a mean of (6 + ... + 17 + 8 * 60) / 20."""
    found = browser(alice).get(API, asked(stratum="margin")).json()["mean_difference"]

    told = text(browser(alice).get(PAGE, asked(stratum="margin")))

    assert (found["months"], found["groups"], found["events"]) == (60, ["R0", "R1"], 12)
    expected = (sum(range(6, 18)) + 8 * 60) / 20
    assert found["mean_days"] == pytest.approx([60 * cohort.MONTH, expected * cohort.MONTH], abs=0.5)
    assert "Mean time until the event within 60 months: R0 60.0, R1 30.9 months" in told
    low, high = (found[name] / cohort.MONTH for name in ("lower_days", "upper_days"))
    assert f"−29.1 months (95% CI −{-low:.1f} to −{-high:.1f}), p < 0.001; 12 events by then." in told


def test_the_difference_of_means_is_in_the_script(long_followed, alice):
    file = browser(alice).get(f"{PAGE}survival.R", asked(stratum="margin")).content.decode()
    found = browser(alice).get(API, asked(stratum="margin")).json()["mean_difference"]

    names = ("difference_days", "lower_days", "upper_days", "p_value")
    values = ", ".join(repr(value) for value in (*found["mean_days"], *(found[name] for name in names)))
    assert f'check("means within 60 months, difference, p", as.numeric(found), c({values}))' in file


def test_centers_are_compared_by_nothing(long_followed, south, dana):
    with access.everywhere():
        for i in range(40, 60):
            cohort.add_case(south, i, days=round(61 * cohort.MONTH))

    found = browser(dana).get(API, asked(stratum="center")).json()

    assert (found["test"], found["mean_difference"]) == (None, None)


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=lambda endpoint: endpoint.name)
def test_every_endpoint_is_defined_in_words(resected, alice, endpoint):
    told = text(browser(alice).get(PAGE, asked(endpoint=endpoint.name)))

    assert f"Event {endpoint.event}" in told
    assert f"Time zero {endpoint.origin}" in told
    assert endpoint.whom in told
    assert bool(endpoint.among or endpoint.origin == LANDMARK) == bool(endpoint.whom)
    assert (f"Competing event {endpoint.competitor}" in told) == bool(endpoint.competing)
    assert "Censored at the last day known alive" in told
    assert "Data cut 22 November 2026" in told


def test_dates_without_a_day_are_counted(resected, alice):
    with access.everywhere():
        SurvivalObservation.objects.filter(margin="R1").update(imputed_dates=1)

    assert "Dates without a day 20, taken as the 15th" in text(browser(alice).get(PAGE, asked()))
    assert "Dates without a day none" in text(browser(alice).get(PAGE, asked(as_of="2011-01-01")))


def test_no_test_is_told_with_its_reason(resected, alice):
    told = text(browser(alice).get(PAGE, asked(stratum="sex")))

    assert "No test: it takes 10 events in all and 10 patients in each group" in told


def test_the_table_of_days_has_every_event(resected, alice):
    question = asked(endpoint="local_recurrence")
    curve = browser(alice).get(API, question).json()["outcome"]["curves"][0]
    page = browser(alice).get(PAGE, question).content.decode()

    shown = page.partition("<details")[2].partition("</details>")[0]
    events = [int(n) for n in re.findall(r'data-label="Events">(\d+)', shown)]
    competing = [int(n) for n in re.findall(r'data-label="Competing">(\d+)', shown)]
    assert (sum(events), sum(competing)) == (sum(curve["had_event"]), sum(curve["had_competing"])) == (14, 13)


def test_a_long_table_of_days_is_left_to_the_file(resected, alice, monkeypatch):
    monkeypatch.setattr("reports.admin.survival.MOST_DAYS", 26)

    page = browser(alice).get(PAGE, asked(endpoint="local_recurrence"))

    assert "<details" not in page.content.decode()
    assert "too many for a table here" in text(page)


def test_groups_are_called_in_words_and_stand_in_their_order(resected, alice):
    with access.everywhere():
        SurvivalObservation.objects.filter(margin="R1").update(ivc_method="bifurcated_graft")
        SurvivalObservation.objects.filter(era="2020s").update(ivc_method="")
    question = asked(stratum="ivc_method")

    told = text(browser(alice).get(PAGE, question))
    labels = [curve["label"] for curve in browser(alice).get(API, question).json()["survival"]["curves"]]

    assert labels == ["tube_graft", "bifurcated_graft", "not recorded"]
    assert re.search(r"All patients 40 .* Tube graft \d+ .* Bifurcated graft \d+ .* not recorded \d+", told)


def test_the_page_speaks_the_language_of_its_reader_and_files_for_programs_do_not(resected, alice):
    question = asked(endpoint="local_recurrence", stratum="margin")
    before = {name: browser(alice).get(f"{PAGE}{name}", question).content for name in FILES}
    alice.language = "uk"
    alice.save()

    told = text(browser(alice).get(PAGE, question))
    after = {name: browser(alice).get(f"{PAGE}{name}", question).content for name in FILES}

    assert "Тест Грея між групами R0 і R1: хі-квадрат" in told
    assert "Нульова точка резекція" in told
    assert "Event" not in told
    same = {name for name in FILES if before[name] == after[name]}
    assert same == {"survival.csv", "survival.R"}


def test_every_stratum_has_a_name():
    assert tuple(strata.WORDS) == cohorts.STRATA


# --- whom it answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("endpoint", "cure"),
        ("stratum", "case_id"),
        ("era", "2010"),
        ("source", "rumor"),
        ("as_of", "22.11.2026"),
    ],
)
def test_a_wrong_question_is_answered_with_the_sentence_of_the_api(alice, name, value):
    told = browser(alice).get(API, {name: value}).json()["errors"]
    page = browser(alice).get(PAGE, {name: value})

    assert [error["parameter"] for error in told] == [name]
    assert page.status_code == 422
    assert f'id="wrong-{name}">{told[0]["message"]}</p>' in page.content.decode()
    assert f'aria-describedby="wrong-{name}"' in page.content.decode()
    answer = browser(alice).get(f"{PAGE}survival.csv", {name: value})
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, PAGE)


def test_all_that_is_wrong_is_told_at_once(alice):
    told = browser(alice).get(API, {"endpoint": "cure", "era": "soon"}).json()["errors"]

    assert {error["parameter"] for error in told} == {"endpoint", "era"}


@pytest.mark.parametrize("center", ["NORTH", "NOWHERE", "\x00"])
def test_another_center_is_not_there(resected, bob, center):
    for address in (PAGE, *(f"{PAGE}{name}" for name in FILES)):
        assert browser(bob).get(address, asked(center=center)).status_code == 404


def test_what_others_have_changes_nothing(resected, south, alice):
    question = asked(stratum="margin", endpoint="local_recurrence")
    before = text(browser(alice).get(PAGE, question))

    with access.everywhere():
        cohort.recurring(south, patients=30)

    assert text(browser(alice).get(PAGE, question)) == before
    assert 'name="center"' not in browser(alice).get(PAGE, question).content.decode()


def test_who_reads_all_reads_the_registry_or_one_center(resected, south, dana):
    with access.everywhere():
        cohort.recurring(south, patients=30)

    whole = text(browser(dana).get(PAGE, asked(stratum="center")))
    one = text(browser(dana).get(PAGE, asked(center="SOUTH")))

    assert re.search(r"All patients 70 .* NORTH 40 .* SOUTH 30 ", whole)
    assert "All patients 30" in one
    assert "No test: centers are not compared with each other." in whole


def test_who_reads_several_chooses_one_first(resected, south, alice):
    Center.objects.create(code="WEST", name="West", country="FR")
    Membership.objects.create(user=alice, center=south, role=Role.COORDINATOR)
    client = browser(alice)

    first, refused = client.get(PAGE), client.get(PAGE, {"stratum": "sex"})

    assert (first.status_code, refused.status_code) == (200, 422)
    assert "Choose a center to begin." in text(first)
    assert "Name the center: you read several, but not all." in text(refused)
    assert 'value="WEST"' not in first.content.decode()
    assert "All patients 40" in text(client.get(PAGE, asked(center="NORTH")))


def test_whoever_has_no_role_is_sent_away(nobody):
    for address in (PAGE, f"{PAGE}survival.R"):
        assert browser(nobody).get(address).status_code == 302


# --- nothing to draw -------------------------------------------------------------------------------------------------


def test_an_empty_registry_says_what_to_do_next(alice):
    told = text(browser(alice).get(PAGE))

    assert "Nobody is followed" in told
    assert "Follow-up due · Enter a case · Import cases" in told


def test_a_narrow_question_about_nobody_leads_to_a_wider_one(resected, alice):
    page = browser(alice).get(PAGE, asked(endpoint="graft_patency", era="1990s", stratum="sex"))

    wider = re.findall(r'<a href="([^"]+)">(All decades|Overall survival)</a>', page.content.decode())
    assert [name for _, name in wider] == ["All decades", "Overall survival"]
    assert "All patients 40" in text(browser(alice).get(wider[0][0].replace("&amp;", "&")))


def test_a_registry_of_published_cases_offers_to_show_them(north, alice):
    with access.everywhere():
        cohort.founding(north)

    assert '<a href="/admin/survival/?source=reconstruction">Founding cohort</a>' in (
        browser(alice).get(PAGE).content.decode()
    )
    told = text(browser(alice).get(PAGE, {"source": "reconstruction"}))
    assert "12 7 1 87.5% 38.7–98.1 24 6 2 75.0% 31.5–93.1 36 5 3 62.5% 22.9–86.1" in told
    assert "They are not patient records" in told


def test_published_cases_of_others_are_not_offered(south, alice, dana):
    with access.everywhere():
        cohort.founding(south)

    assert "Founding cohort</a>" not in browser(alice).get(PAGE).content.decode()
    page = browser(dana).get(PAGE, {"center": "SOUTH"}).content.decode()
    assert '<a href="/admin/survival/?center=SOUTH&amp;source=reconstruction">Founding cohort</a>' in page


def test_a_sandbox_is_told_that_it_never_counts(person):
    center = Center.objects.create(code="TRIAL", name="Trials", country="PL", is_sandbox=True)
    with access.everywhere():
        cohort.recurring(center)

    told = text(browser(person("tess", Role.COORDINATOR, center)).get(PAGE))

    assert "Cases of a sandbox are invented and never counted." in told
    assert "Enter a case" not in told


def test_few_patients_have_no_curve_and_no_files(north, alice):
    with access.everywhere():
        for i in range(4):
            cohort.add_case(north, i, days=900 + i)

    page = browser(alice).get(PAGE, asked())

    assert "Fewer than 5 patients are followed: no curve is drawn." in text(page)
    assert "All patients 4 0" in text(page)
    assert "survival.R" not in page.content.decode()
    found = {name: browser(alice).get(f"{PAGE}{name}", asked()) for name in FILES}
    assert {name: answer.status_code for name, answer in found.items()} == {
        "survival.svg": 404, "survival.png": 404, "survival.R": 404, "survival.csv": 200,
    }  # fmt: skip
    assert len(found["survival.csv"].content.decode().splitlines()) == 1


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", ["overall_survival", "graft_patency"])
def test_files_are_those_of_the_api_and_say_what_they_are(resected, alice, endpoint):
    question = asked(endpoint=endpoint, stratum="margin", era="2010s")
    client = browser(alice)
    found = {name: client.get(f"{PAGE}{name}", question) for name in FILES}

    for form in ("svg", "csv"):
        answer = client.get(API, {**question, "as": form})
        assert found[f"survival.{form}"].content == answer.content
        assert found[f"survival.{form}"]["Content-Type"] == answer["Content-Type"]
    assert found["survival.png"].content.startswith(b"\x89PNG")
    for name, answer in found.items():
        file = f"{endpoint}-by-margin-NORTH-2010s-{CUT}.{name.partition('.')[2]}"
        assert answer["Content-Disposition"] == f'attachment; filename="{file}"'


def test_the_page_links_its_files_with_its_own_cut(resected, alice):
    page = browser(alice).get(PAGE, {"stratum": "margin"}).content.decode()

    links = re.findall(r'<a href="([^"]+)" download>', page)
    assert [link.partition("?")[0] for link in links] == [f"{PAGE}{name}" for name in FILES]
    assert all(f"as_of={date.today().isoformat()}" in link for link in links)
    assert all("stratum=margin" in link for link in links)


def test_no_cell_of_the_table_is_a_formula(resected, alice):
    with access.everywhere():
        SurvivalObservation.objects.filter(margin="R1").update(margin="=1+1")

    sheet = browser(alice).get(f"{PAGE}survival.csv", asked(stratum="margin")).content.decode()

    assert {row["group"] for row in csv.DictReader(io.StringIO(sheet))} == {"R0", "'=1+1"}


def test_there_is_no_other_file(resected, alice):
    assert browser(alice).get(f"{PAGE}survival.exe", asked()).status_code == 404


# --- ways there, and their price -------------------------------------------------------------------------------------


def test_the_sidebar_leads_there(alice):
    assert f'href="{PAGE}"' in browser(alice).get("/admin/").content.decode()


def test_a_page_asks_as_often_for_many_patients_as_for_few(north, alice):
    def queries(address):
        client = browser(alice)
        client.get(address, asked(stratum="margin"))
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address, asked(stratum="margin")).status_code == 200
        return len(seen)

    with access.everywhere():
        cohort.recurring(north, patients=12)
    few = queries(PAGE), queries(f"{PAGE}survival.R")
    with access.everywhere():
        for i in range(100, 160):
            cohort.add_case(north, i, days=500 + i, died=i % 2 == 0, margin="R2", era="1990s")

    assert (queries(PAGE), queries(f"{PAGE}survival.R")) == few == (13, 13)
