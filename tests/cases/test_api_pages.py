"""Pages of a list that others change while it is read: no row is left out, none comes twice, none is a dead end."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from cases.models import Case, DataQuery
from registry import access
from tests.cases.test_api import CASES, sent
from tests.clients import machine

pytestmark = pytest.mark.django_db

ORDERS = ("updated_at", "-updated_at", "case_number", "-case_number", "id", "-id")


@pytest.fixture
def script(north, alice):
    return machine(north, alice)


@pytest.fixture
def at_one_moment(script):
    """Seven cases that were saved at one moment, as an import saves them."""
    for number in range(1, 8):
        assert script.post(CASES, sent(case_number=f"A-{number}")).status_code == 201
    with access.everywhere():
        Case.objects.update(updated_at=timezone.now() - timedelta(hours=1))


def page(script, address):
    body = script.get(address).json()
    return [record["case_number"] for record in body["results"]], body


def walk(script, address, towards="next"):
    pages = []
    while address:
        found, body = page(script, address)
        pages.append(found)
        address = body[towards]
    return pages


def test_a_case_that_changes_while_the_list_is_read_hides_no_other(script, at_one_moment):
    first, body = page(script, f"{CASES}?page_size=3")
    with access.everywhere():
        Case.objects.filter(case_number=first[0]).update(updated_at=timezone.now())
    rest = [number for found in walk(script, body["next"]) for number in found]

    assert first == ["A-1", "A-2", "A-3"]
    assert rest == ["A-4", "A-5", "A-6", "A-7", "A-1"]


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_comes_whole_forth_and_back(script, at_one_moment, order):
    forth = walk(script, f"{CASES}?page_size=3&ordering={order}")
    last = f"{CASES}?page_size=3&ordering={order}"
    while following := page(script, last)[1]["next"]:
        last = following
    back = walk(script, last, "previous")

    seen = [number for found in forth for number in found]
    assert seen == sorted(seen, reverse=order.startswith("-"))
    assert [len(found) for found in forth] == [3, 3, 1]
    assert back == forth[::-1]


def test_the_page_before_the_first_and_behind_the_last_is_none(script, at_one_moment):
    _, body = page(script, f"{CASES}?page_size=7")
    assert (body["next"], body["previous"]) == (None, None)


def test_more_rows_of_one_moment_than_any_page_are_no_dead_end(script, at_one_moment, north):
    with access.everywhere():
        case, moment = Case.objects.first(), timezone.now()
        DataQuery.objects.bulk_create(
            DataQuery(case=case, center=north, rule_id=f"X-{n}", pointer="", opened_at=moment)
            for n in range(1100)
        )
    seen, address = [], "/api/v1/queries/?page_size=500"
    while address:
        body = script.get(address).json()
        seen += [row["id"] for row in body["results"]]
        address = body["next"]

    with access.everywhere():
        assert len(seen) == DataQuery.objects.count() > 1100
    assert all(one > other for one, other in pairwise(seen))
