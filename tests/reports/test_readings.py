"""Who read or took out what is noted, in the trail: ids and counts, and nothing of what it said."""

import pytest
from django.urls import reverse

from cases.models import Case
from registry import access
from registry.access import Role
from registry.audit import whole_trail
from registry.chain import reading, sealing, verifying
from registry.models import AuditLink, Reading
from reports.models import Report
from tests.clients import browser
from tests.rows import one_of_each


@pytest.fixture
def rows(north, alice, lena):
    return one_of_each(north, by=alice, lead=lena)


def noted():
    with whole_trail():
        return [
            (one.door, one.what, one.note, one.center_id, one.by_id, one.case_id, one.number, one.count)
            for one in Reading.objects.order_by("pk")
        ]


@pytest.mark.parametrize(
    ("name", "door", "form"),
    [
        ("admin:cases_case_change", "admin", "page"),
        ("admin:cases_case_history", "admin", "history"),
        ("admin:cases_case_summary", "admin", "summary"),
        ("api-case", "api", ""),
        ("api-case-assessment", "api", "assessment"),
        ("api-case-history", "api", "history"),
    ],
)
def test_who_reads_a_case_is_noted(rows, north, alice, name, door, form):
    case = rows[Case].pk

    assert browser(alice).get(reverse(name, args=[case])).status_code == 200

    assert noted() == [(door, "case", form, north.pk, alice.pk, case, None, 1)]


def test_a_case_that_is_not_yours_is_not_noted_as_read(rows, bob):
    for name in ("admin:cases_case_change", "api-case"):
        assert browser(bob).get(reverse(name, args=[rows[Case].pk])).status_code == 404

    assert noted() == []


@pytest.mark.parametrize(("query", "form"), [("", "records"), ("?include=document", "documents")])
def test_a_list_of_cases_is_noted_by_center_with_counts(rows, north, south, bob, dana, person, query, form):
    one_of_each(south, by=bob, lead=person("sofia", Role.CENTER_LEAD, south))

    browser(dana).get(reverse("api-cases") + query)

    assert sorted(noted()) == sorted(
        [
            ("api", "cases", form, north.pk, dana.pk, None, None, 1),
            ("api", "cases", form, south.pk, dana.pk, None, None, 1),
        ]
    )


def test_an_empty_list_is_nothing_read(rows, bob):
    assert browser(bob).get(reverse("api-cases")).json()["results"] == []

    assert noted() == []


@pytest.mark.parametrize(
    ("name", "arguments", "door", "form"),
    [
        ("admin:reports_report_document", ["report.json"], "admin", "report.json"),
        ("api-report-document", ["report.json"], "api", "report.json"),
        ("api-report", [], "api", "content"),
    ],
)
def test_who_takes_a_report_is_noted(rows, north, lena, name, arguments, door, form):
    report = rows[Report].pk

    assert browser(lena).get(reverse(name, args=[report, *arguments])).status_code == 200

    assert noted() == [(door, "report", form, north.pk, lena.pk, None, report, 1)]


def test_a_report_of_the_whole_registry_is_noted_though_it_lies_in_no_scope(rows, rita):
    one = rows[Report]
    said = {"as_of": one.as_of, "content": one.content, "content_digest": one.content_digest}
    with access.everywhere():
        report = Report.objects.create(audience="outside", **said)

    assert browser(rita).get(reverse("api-report", args=[report.pk])).status_code == 200

    assert noted() == [("api", "report", "content", None, rita.pk, None, report.pk, 1)]


@pytest.mark.parametrize(("door", "form"), [("admin", "survival.csv"), ("api", "csv")])
def test_who_takes_survival_as_a_file_is_noted(rows, north, lena, door, form):
    where = (
        reverse("admin:survival_file", args=[form])
        if door == "admin"
        else f"{reverse('api-survival')}?as={form}"
    )

    assert browser(lena).get(where).status_code == 200

    assert noted() == [(door, "survival", form, north.pk, lena.pk, None, None, 1)]


def test_an_estimate_that_is_looked_at_is_no_file(rows, lena):
    browser(lena).get(reverse("api-survival"))
    browser(lena).get(reverse("admin:survival"))

    assert noted() == []


def test_readings_are_sealed_and_verified_like_changes(rows, north, alice):
    with access.scope([north.pk]):
        reading.of_case(rows[Case], by=alice, door="admin", form="page")
    sealing.seal()

    assert verifying.verify().is_sound
    with whole_trail():
        assert AuditLink.objects.filter(label="read", by=alice, case_id=rows[Case].pk).count() == 1
