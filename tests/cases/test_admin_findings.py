"""Lists of deviations, queries and imports: of the own center, to look at and not to change."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import intake
from cases.intake import Submission
from cases.models import DataQuery, Deviation
from registry import access
from tests.cases.examples import resected
from tests.clients import browser
from tests.pages import text

pytestmark = pytest.mark.django_db

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

    assert "S-14 A-1 NORTH" in text(client.get(DEVIATIONS))
    assert "Height is 205 cm" in text(client.get(QUERIES))
    assert f'href="/admin/cases/case/{case.case_id}/change/#review"' in client.get(QUERIES).content.decode()


def test_the_case_list_counts_what_is_open(alice, case):
    with access.everywhere():
        deviations = Deviation.objects.open().count()
        queries = DataQuery.objects.open().count()

    assert deviations > 0
    row = f"A-1 NORTH Draft admin 2015-03-02 Middle {deviations} {queries}"
    assert row in text(browser(alice).get("/admin/cases/case/"))


@pytest.mark.parametrize(("model", "address"), [(Deviation, DEVIATIONS), (DataQuery, QUERIES)])
def test_another_center_sees_none(bob, case, model, address):
    with access.everywhere():
        found = model.objects.first()
    client = browser(bob)

    assert "A-1" not in text(client.get(address))
    assert client.get(f"{address}{found.pk}/change/").status_code == 302


@pytest.mark.parametrize(("model", "address"), [(Deviation, DEVIATIONS), (DataQuery, QUERIES)])
def test_they_are_read_and_never_changed(dana, case, model, address):
    with access.everywhere():
        found = model.objects.first()
    client, page = browser(dana), f"{address}{found.pk}/change/"

    assert found.sentence in text(client.get(page))
    assert client.post(page, {"sentence": "mine"}).status_code == 403
    assert client.get(f"{address}add/").status_code == 403
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
    "?nothing=1",
]


@pytest.mark.parametrize("address", ["/admin/cases/case/", DEVIATIONS, QUERIES, IMPORTS])
@pytest.mark.parametrize("query", BAD)
def test_an_address_that_means_nothing_breaks_nothing(alice, case, address, query):
    assert browser(alice).get(address + query).status_code in (200, 302)


@pytest.mark.parametrize("query", ["?s=case&page=x", "?s=case&page=99", "?s=case", ""])
def test_the_search_of_pages_breaks_nothing(alice, query):
    assert browser(alice).get(f"/admin/search/{query}").status_code in (200, 404)
