"""Reports over HTTP: what one may read, in each form, and a sentence for every wrong question."""

from datetime import date

import pytest

from registry import access
from registry.access import Role
from registry.models import Membership
from reports import content as contents
from reports.models import Report
from tests.clients import browser, machine
from tests.reports import cohort
from tests.reports.handmade import founding_content

pytestmark = pytest.mark.django_db

REPORTS, SURVIVAL = "/api/v1/reports/", "/api/v1/survival/"


def a_report(center=None, **fields):
    content = founding_content()
    with access.everywhere():
        return Report.objects.create(
            center=center, as_of=date(2026, 11, 22), content=contents.to_plain(content),
            content_digest=contents.digest(content), **fields,
        )  # fmt: skip


@pytest.fixture
def rows(north, south):
    return {
        "north": a_report(north),
        "south": a_report(south),
        "full": a_report(),
        "less": a_report(audience="outside"),
    }


@pytest.fixture
def founding(north):
    with access.everywhere():
        cohort.founding(north)


# --- reports -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "seen"),
    [("alice", {"north", "less"}), ("bob", {"south", "less"}), ("dana", {"north", "south", "full", "less"})],
)
def test_everybody_lists_and_reads_what_is_theirs(rows, request, who, seen):
    client = browser(request.getfixturevalue(who))

    listed = {report["id"] for report in client.get(REPORTS).json()["reports"]}

    assert listed == {rows[name].pk for name in seen}
    for name, report in rows.items():
        assert client.get(f"{REPORTS}{report.pk}/").status_code == (200 if name in seen else 404)
        assert client.get(f"{REPORTS}{report.pk}/report.pdf").status_code == (200 if name in seen else 404)


def test_a_report_gives_its_content_and_documents(rows, dana):
    client = browser(dana)

    body = client.get(f"{REPORTS}{rows['full'].pk}/").json()

    assert contents.from_plain(body["content"]) == founding_content()
    assert body["content_digest"] == contents.digest(founding_content())
    for name, url in body["documents"].items():
        answer = client.get(url)
        assert answer.status_code == 200, name
    assert client.get(body["documents"]["report.pdf"]).content.startswith(b"%PDF")


def test_a_machine_reads_no_reports_and_nobody_reads_without_a_name(rows, north, alice, client):
    assert machine(north, alice).get(REPORTS).status_code == 403
    assert client.get(REPORTS).status_code in (401, 403)


def test_no_other_document(rows, dana):
    assert browser(dana).get(f"{REPORTS}{rows['full'].pk}/report.exe").status_code == 404


# --- survival ----------------------------------------------------------------------------------------------------


def test_survival_of_the_founding_rows(founding, north, alice):
    """87.5, 75 and 62.5%: Rusin 2021."""
    body = machine(north, alice).get(SURVIVAL, {"source": "reconstruction", "as_of": "2026-11-22"}).json()

    assert [estimate["survival"] for estimate in body["survival"]["estimates"]] == [0.875, 0.75, 0.625]


def test_by_stratum_as_csv_and_svg(founding, alice):
    client = browser(alice)

    text = client.get(SURVIVAL, {"source": "reconstruction", "stratum": "sex", "as": "csv"}).content.decode()
    drawing = client.get(SURVIVAL, {"source": "reconstruction", "as": "svg"})

    assert text.splitlines()[0] == "group,time_days,at_risk,died,censored,survival,lower,upper"
    assert {line.split(",")[0] for line in text.splitlines()[1:]} == {"female", "male"}
    assert drawing["Content-Type"] == "image/svg+xml"


def test_as_png_and_as_a_script_for_r(founding, alice):
    client = browser(alice)
    asked = {"source": "reconstruction", "as_of": "2026-11-22"}

    picture = client.get(SURVIVAL, {**asked, "as": "png"})
    script = client.get(SURVIVAL, {**asked, "as": "r"})

    assert (picture["Content-Type"], picture.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert script["Content-Type"] == "text/plain; charset=utf-8"
    assert "library(survival)" in script.content.decode()


@pytest.fixture
def resected(north):
    with access.everywhere():
        cohort.recurring(north)


ASKED = {"as_of": "2026-11-22", "stratum": "margin"}


@pytest.mark.parametrize(
    ("endpoint", "header"),
    [
        ("overall_survival", "group,time_days,at_risk,died,censored,survival,lower,upper"),
        ("overall_survival_from_diagnosis", "group,time_days,at_risk,died,censored,survival,lower,upper"),
        ("disease_free_survival", "group,time_days,at_risk,events,censored,survival,lower,upper"),
        (
            "disease_specific_survival",
            "group,time_days,at_risk,events,competing,censored,incidence,lower,upper",
        ),
        ("local_recurrence", "group,time_days,at_risk,events,competing,censored,incidence,lower,upper"),
        ("distant_metastasis", "group,time_days,at_risk,events,competing,censored,incidence,lower,upper"),
        ("graft_patency", "group,time_days,at_risk,events,competing,censored,incidence,lower,upper"),
    ],
)
def test_every_endpoint_in_every_form(resected, alice, endpoint, header):
    client = browser(alice)
    asked = {**ASKED, "endpoint": endpoint}

    body = client.get(SURVIVAL, asked).json()
    lines = client.get(SURVIVAL, {**asked, "as": "csv"}).content.decode().splitlines()
    drawing = client.get(SURVIVAL, {**asked, "as": "svg"})

    kind = "survival" if endpoint.startswith("overall") else "outcome"
    assert body["endpoint"] == endpoint
    assert [curve["label"] for curve in body[kind]["curves"]] == ["R0", "R1"]
    assert body["outcome" if kind == "survival" else "survival"] is None
    assert lines[0] == header
    assert {line.split(",")[0] for line in lines[1:]} == {"R0", "R1"}
    assert (drawing.status_code, drawing["Content-Type"]) == (200, "image/svg+xml")


def test_where_causes_compete_the_answer_is_incidence_with_its_test(resected, alice):
    """14 of 40 recur; of the 26 others 13 die: nobody is censored before 1,000 days, so shares are counts of 40."""
    body = browser(alice).get(SURVIVAL, {**ASKED, "endpoint": "local_recurrence"}).json()
    found = body["outcome"]

    assert (found["kind"], found["n"], found["events"], found["competing"]) == ("incidence", 40, 14, 13)
    assert found["estimates"][0] == {"months": 12, "at_risk": 26, "events": 14, "competing": 0,
                                     "estimate": pytest.approx(14 / 40),
                                     "lower": found["estimates"][0]["lower"],
                                     "upper": found["estimates"][0]["upper"],
                                     "hidden": ""}  # fmt: skip
    for columns in found["risk_table"]:
        sums = {c["at_risk"] + c["censored"] + c["events"] + c["competing"] for c in columns}
        assert sums == {20}
    assert (body["test"]["test"], body["test"]["groups"], body["test"]["events"]) == (
        "Gray",
        ["R0", "R1"],
        14,
    )


def test_a_decade_alone(resected, alice):
    counted = [
        browser(alice).get(SURVIVAL, {"era": era}).json()["survival"]["n"] for era in ("2010s", "2020s")
    ]

    assert sum(counted) == 40
    assert min(counted) > 0


def test_queries_of_an_estimate(resected, alice, django_assert_num_queries):
    """The session, the person, what they may read, the rows they may see, and one of the estimate's own."""
    client = browser(alice)
    for endpoint in ("overall_survival", "graft_patency"):
        with django_assert_num_queries(14):
            client.get(SURVIVAL, {**ASKED, "endpoint": endpoint})


def test_another_center_is_not_there(founding, bob):
    client = browser(bob)

    assert client.get(SURVIVAL, {"center": "NORTH"}).status_code == 404
    assert client.get(SURVIVAL, {"source": "reconstruction"}).json() == {
        "endpoint": "overall_survival",
        "survival": None,
        "outcome": None,
        "test": None,
        "mean_difference": None,
        "imputed_dates": 0,
    }
    assert client.get(SURVIVAL, {"source": "reconstruction", "as": "svg"}).status_code == 404


def test_the_whole_registry_for_those_who_read_all_of_it(founding, south, dana):
    body = browser(dana).get(SURVIVAL, {"source": "reconstruction", "stratum": "center"}).json()

    assert [curve["label"] for curve in body["survival"]["curves"]] == ["NORTH"]


def test_two_of_three_centers_must_be_named_apart(founding, south, alice):
    from registry.models import Center

    Center.objects.create(code="WEST", name="West", country="FR")
    Membership.objects.create(user=alice, center=south, role=Role.COORDINATOR)
    client = browser(alice)

    assert "Name the center" in client.get(SURVIVAL).json()["errors"][0]["message"]
    assert client.get(SURVIVAL, {"center": "SOUTH"}).status_code == 200


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({"as_of": "22.11.2026"}, "YYYY-MM-DD"),
        ({"as_of": "2999-12-31"}, "lies in the future"),
        ({"source": "rumor"}, "clinical, literature"),
        ({"stratum": "case_id"}, "sex, level"),
        ({"endpoint": "cure"}, "overall_survival, overall_survival_from_diagnosis"),
        ({"era": "2010"}, "as 2010s"),
        ({"as": "exe"}, "json, svg, png, csv, r"),
        ({"page": "2"}, "Unknown parameter"),
    ],
)
def test_a_wrong_question_is_answered_with_a_sentence(alice, question, sentence):
    answer = browser(alice).get(SURVIVAL, question)

    assert answer.status_code == 400
    assert sentence in answer.json()["errors"][0]["message"]
