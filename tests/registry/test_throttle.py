"""A program that asks without end is asked to wait: counted for all web processes together, told in every answer."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator
from rest_framework.settings import api_settings

from registry import tasks
from registry.api import limits, views
from registry.models import RequestCount
from tests.clients import browser, machine

WHOAMI = "/api/v1/whoami/"
NOON = datetime(2026, 3, 15, 12, 0, 15, tzinfo=UTC)


@pytest.fixture
def _two_a_minute(settings):
    settings.API_LIMITS = {"key": 2, "person": 2, "address": 2}
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.mark.usefixtures("_two_a_minute")
def test_the_third_of_two_requests_has_to_wait(alice, bob):
    client = browser(alice)

    answers = [client.get(WHOAMI) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Content-Type"] == "application/problem+json"
    assert answers[2]["Retry-After"] == "45"
    assert browser(bob).get(WHOAMI).status_code == 200


@pytest.mark.usefixtures("_two_a_minute")
def test_each_answer_says_what_is_left_as_the_draft_writes_it(north, alice):
    client = machine(north, alice)

    answers = [client.get(WHOAMI) for _ in range(3)]

    assert {answer["RateLimit-Policy"] for answer in answers} == {'"key";q=2;w=60'}
    assert [answer["RateLimit"] for answer in answers] == [f'"key";r={left};t=45' for left in (1, 0, 0)]


@pytest.mark.usefixtures("_two_a_minute")
def test_the_next_minute_begins_anew_and_nobody_is_banned(north, alice):
    client = machine(north, alice)
    for _ in range(20):
        client.get(WHOAMI)

    with time_machine.travel(NOON + timedelta(seconds=45), tick=False):
        answer = client.get(WHOAMI)

    assert (answer.status_code, answer["RateLimit"]) == (200, '"key";r=1;t=60')


@pytest.mark.usefixtures("_two_a_minute")
def test_two_keys_of_one_person_are_counted_apart(north, alice):
    first, second = machine(north, alice), machine(north, alice)
    for _ in range(3):
        first.get(WHOAMI)

    assert second.get(WHOAMI).status_code == 200
    assert browser(alice).get(WHOAMI).status_code == 200


def test_refusals_count_and_say_what_is_left(north, alice, client):
    reader = machine(north, alice, "read")

    answers = [
        reader.post("/api/v1/cases/", {}),  # 403
        reader.get("/api/v1/cases/0/"),  # 404
        reader.get("/api/v1/cases/?x=1"),  # 400
        client.get("/api/v1/schema/"),  # for everybody
    ]

    assert [answer.status_code for answer in answers] == [403, 404, 400, 200]
    assert all(re.fullmatch(r'"(key|address)";r=\d+;t=\d+', answer["RateLimit"]) for answer in answers)
    assert [int(answer["RateLimit"].split(";")[1][2:]) for answer in answers[:3]] == [5999, 5998, 5997]


@pytest.mark.django_db
def test_who_sends_no_key_is_told_how(client):
    answer = client.get(WHOAMI, HTTP_ACCEPT_LANGUAGE="en")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="registry"')
    assert "Authorization: Bearer ivcr_" in answer.json()["detail"]


def test_a_key_may_send_sixty_cases_a_second(settings):
    assert settings.API_LIMITS["key"] >= 60 * 60


@pytest.mark.usefixtures("_two_a_minute")
def test_unknown_keys_and_strangers_are_counted_by_their_address(client, db):
    sent = [{"HTTP_AUTHORIZATION": f"Bearer ivcr_{n:08}_x"} for n in range(2)] + [{}]

    answers = [client.get(WHOAMI, **headers) for headers in sent]
    elsewhere = client.get(WHOAMI, REMOTE_ADDR="10.0.0.9")

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert [answer["RateLimit"] for answer in answers] == [f'"address";r={left};t=45' for left in (1, 0, 0)]
    assert elsewhere.status_code == 401


@pytest.mark.usefixtures("_two_a_minute")
def test_whoever_invents_addresses_is_counted_by_the_own_one(client, db):
    answers = [client.get(WHOAMI, HTTP_X_FORWARDED_FOR=f"10.0.0.{n}") for n in range(3)]

    assert [answer.status_code for answer in answers] == [401, 401, 429]


@pytest.mark.usefixtures("_two_a_minute")
def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(client, db, monkeypatch):
    monkeypatch.setattr(api_settings, "NUM_PROXIES", 1)

    answers = [client.get(WHOAMI, HTTP_X_FORWARDED_FOR=f"10.9.9.{n}, 10.0.0.1") for n in range(3)]
    elsewhere = client.get(WHOAMI, HTTP_X_FORWARDED_FOR="10.9.9.9, 10.0.0.2")

    assert [answer.status_code for answer in (*answers, elsewhere)] == [401, 401, 429, 401]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_two_a_minute")
def test_what_fails_here_counts_as_well(north, alice, monkeypatch):
    def gives_up(*args):
        raise OperationalError

    client = machine(north, alice)
    monkeypatch.setattr("registry.api.views.WhoAmI.get", gives_up)

    assert [client.get(WHOAMI).status_code for _ in range(3)] == [503, 503, 429]


def test_the_description_is_made_once_for_each_language(client, db, monkeypatch):
    made, get_schema = [], SchemaGenerator.get_schema

    def counted(*args, **options):
        made.append(1)
        return get_schema(*args, **options)

    views.description.cache_clear()
    monkeypatch.setattr(SchemaGenerator, "get_schema", counted)
    kinds = [("en", "json"), ("en", "json"), ("uk", "json"), ("uk", "json")]
    answers = [
        client.get(
            "/api/v1/schema/", HTTP_ACCEPT=f"application/vnd.oai.openapi+{kind}", HTTP_ACCEPT_LANGUAGE=tongue
        )
        for tongue, kind in kinds
    ]

    assert len(made) == 2
    assert answers[0].content == answers[1].content != answers[2].content == answers[3].content


def test_counting_costs_one_query(north, alice):
    client = machine(north, alice)
    client.get(WHOAMI)

    with CaptureQueriesContext(connection) as seen:
        client.get(WHOAMI)

    assert len([one for one in seen if "requestcount" in one["sql"]]) == 1


@pytest.mark.django_db(transaction=True)
def test_connections_count_together_and_do_not_wait_for_each_other():
    minute, counted = 29_000_000, []

    def other():
        counted.append(limits.count("key 1", minute))
        connection.close()

    from django.db import transaction

    with transaction.atomic():
        assert limits.count("key 1", minute) == 1
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(timeout=5)
        assert counted == [1]  # it did not wait for this transaction, and cannot see it yet
    assert limits.count("key 1", minute) == 3
    assert limits.count("key 1", minute + 1) == 1
    assert limits.count("key 2", minute) == 1


def test_what_nobody_needs_is_forgotten(db):
    limits.count("key 1", 1)
    limits.count("key 2", int(datetime.now(UTC).timestamp()) // 60)

    tasks.forget_counts()

    assert list(RequestCount.objects.values_list("who", flat=True)) == ["key 2"]


def test_counts_are_not_written_to_the_log_of_the_database(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'registry_requestcount'")
        assert cursor.fetchone() == ("u",)
