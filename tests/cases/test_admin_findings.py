"""Work lists of deviations and queries, and the list of imports: of the own center alone."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import answering, intake
from cases.intake import Submission
from cases.models import DataQuery, Deviation
from registry import access
from tests.cases.examples import resected
from tests.clients import browser
from tests.pages import text

pytestmark = pytest.mark.django_db

HEIGHT = "P-presentation.height_cm"
DEVIATIONS, QUERIES, IMPORTS = (f"/admin/cases/{name}/" for name in ("deviation", "dataquery", "importbatch"))


def save(number, center, by):
    """A case that deviates (thromboembolism on the eighth day, S-14) and asks (a height of 205 cm)."""
    embolism = {"type": "pe", "onset_on": "2015-03-10", "clavien_dindo": "IVa"}
    document = resected(number, complications=[embolism], presentation={"height_cm": 205})
    return intake.save_case(Submission(document=document), center=center, by=by, source="admin")


@pytest.fixture
def case(north, alice):
    return save("A-1", north, alice)


def test_deviations_and_queries_are_listed_with_their_case(alice, case):
    client = browser(alice)
    deviations, queries = client.get(DEVIATIONS), client.get(QUERIES)

    assert "S-14 2026.1 No thromboembolism or early death A-1 NORTH Sentinel event, to review" in text(
        deviations
    )
    assert "Expected: no embolism" in text(deviations)
    assert "Height is 205 cm" in text(queries)
    assert f'href="/admin/cases/case/{case.case_id}/change/#review"' in queries.content.decode()


def shown(client, address, **chosen):
    """The rules in a list, in their order."""
    return re.findall(r'class="registry-link">([^<]+)</span>', client.get(address, chosen).content.decode())


@pytest.fixture
def standings(alice, north, case):
    """Four queries: one new, one returned, one answered, one closed."""
    with access.everywhere():
        for number, height in (("R", 210), ("K", 205), ("C", 205)):
            asking = resected(number, presentation={"height_cm": height})
            intake.save_case(Submission(document=asking), center=north, by=alice, source="synthetic")
        for number in ("R", "K"):
            query = DataQuery.objects.get(rule_id=HEIGHT, case__case_number=number)
            answering.confirm(query, text="Measured twice.", by=alice)
    for number, forms in (("R", {"presentation": {"height_cm": 205}}), ("C", {})):
        changed = resected(number, **forms)
        intake.save_case(Submission(document=changed), center=north, by=alice, source="synthetic")


@pytest.mark.parametrize(
    ("state", "cases"),
    [
        (None, {"A-1", "R"}),
        ("open", {"A-1", "R"}),
        ("new", {"A-1"}),
        ("returned", {"R"}),
        ("answered", {"K"}),
        ("closed", {"C"}),
        ("all", {"A-1", "R", "K", "C"}),
    ],
)
def test_a_list_begins_with_what_is_to_do_and_shows_any_state(alice, standings, state, cases):
    chosen = {"state__exact": state} if state else {}
    page = browser(alice).get(QUERIES, {"rule_id__exact": HEIGHT, **chosen})

    assert set(re.findall(r">(A-1|R|K|C)</a>", page.content.decode())) == cases


def test_an_answer_stands_in_the_list(alice, standings):
    assert "Answered The value is right Measured twice." in text(
        browser(alice).get(QUERIES, {"state__exact": "answered"})
    )


def test_the_tabs_keep_the_other_filters(alice, case):
    page = browser(alice).get(QUERIES, {"rule_id__exact": HEIGHT, "p": "1"}).content.decode()

    assert f'href="?rule_id__exact={HEIGHT}&amp;state__exact=answered"' in page
    assert f'href="?rule_id__exact={HEIGHT}" aria-current="page">To do' in page


def test_a_list_is_searched_by_case_number_and_by_rule(alice, case):
    client = browser(alice)

    assert "S-14" in shown(client, DEVIATIONS, q="A-1")
    assert shown(client, DEVIATIONS, q="B-1") == []
    assert shown(client, QUERIES, q="X-55") == ["X-55"]


@pytest.mark.parametrize("address", [DEVIATIONS, QUERIES])
def test_a_search_asks_for_a_range_which_an_index_serves(alice, case, address):
    """LIKE is never read from an index under row security (registry/begins.py)."""
    with CaptureQueriesContext(connection) as seen:
        browser(alice).get(address, {"q": "A-1"})

    searches = [query["sql"] for query in seen if "A-1" in query["sql"]]
    assert searches
    assert not [sql for sql in searches if "LIKE" in sql]


def test_deviations_are_filtered_by_how_much_they_matter(alice, case):
    client = browser(alice)

    assert "S-14" in shown(client, DEVIATIONS, severity__exact="sentinel")
    assert "S-14" not in shown(client, DEVIATIONS, severity__exact="minor")


def test_a_list_is_filtered_by_age_in_days(alice, case):
    with access.everywhere():
        DataQuery.objects.filter(rule_id="X-55").update(opened_at=timezone.now() - timedelta(days=40))
    client = browser(alice)

    assert shown(client, QUERIES, days="30") == ["X-55"]
    assert "40 days" in text(client.get(QUERIES, {"days": "30"}))
    assert shown(client, QUERIES, days="90") == []


def test_the_rules_of_a_list_are_those_that_can_put_something_in_it(alice, case):
    client = browser(alice)
    deviations, queries = (text(client.get(address)) for address in (DEVIATIONS, QUERIES))

    assert "S-14 No thromboembolism or early death" in deviations
    assert "X-56 One case a patient" in queries
    assert "X-10 " not in queries  # an error refuses and is never listed


def test_the_case_list_counts_what_is_open(alice, case):
    with access.everywhere():
        deviations = Deviation.objects.open().count()
        queries = DataQuery.objects.open().count()

    assert deviations > 0
    row = f"NORTH Draft by hand 2015-03-02 Middle 2015-03-10 {deviations} {queries}"
    assert row in text(browser(alice).get("/admin/cases/case/"))


@pytest.mark.parametrize(("model", "address"), [(Deviation, DEVIATIONS), (DataQuery, QUERIES)])
def test_another_center_sees_none(bob, case, model, address):
    with access.everywhere():
        found = model.objects.first()
    client = browser(bob)

    assert "A-1" not in text(client.get(address))
    assert client.get(f"{address}{found.pk}/change/").status_code == 404
    assert client.post(f"{address}{found.pk}/change/", {"answer_text": "mine"}).status_code == 404
    assert client.get(f"{address}999999/change/").status_code == 404


@pytest.mark.parametrize(("model", "address"), [(Deviation, DEVIATIONS), (DataQuery, QUERIES)])
def test_nobody_adds_or_deletes_one(dana, case, model, address):
    with access.everywhere():
        found = model.objects.first()
    client = browser(dana)

    assert client.get(f"{address}add/").status_code in (403, 404)
    assert client.post(f"{address}add/", {"sentence": "mine"}).status_code in (403, 404)
    assert client.post(f"{address}{found.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("address", [DEVIATIONS, QUERIES])
def test_a_list_costs_the_same_for_one_row_and_for_many(alice, north, address):
    client = browser(alice)

    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        return len(seen)

    save("A-0", north, alice)
    few = queries()
    for number in range(1, 5):
        save(f"A-{number}", north, alice)

    assert queries() == few <= 16


BAD = [
    "?p=x",
    "?p=999",
    "?o=x",
    "?q=%00",
    "?center__id__exact=x",
    "?center__id__exact=99999999999999999999",
    "?state__exact=x",
    "?days=x",
    "?days=-1",
    "?severity__exact=x",
    "?rule_id__exact=%00",
    "?case_number__begins=%00",
    "?state__in=%00",
    "?nothing=1",
]


@pytest.mark.parametrize("address", ["/admin/cases/case/", DEVIATIONS, QUERIES, IMPORTS])
@pytest.mark.parametrize("query", BAD)
def test_an_address_that_means_nothing_breaks_nothing(alice, case, address, query):
    assert browser(alice).get(address + query).status_code in (200, 302)


@pytest.mark.parametrize("query", ["?s=case&page=x", "?s=case&page=99", "?s=case", ""])
def test_the_search_of_pages_breaks_nothing(alice, query):
    assert browser(alice).get(f"/admin/search/{query}").status_code in (200, 404)
