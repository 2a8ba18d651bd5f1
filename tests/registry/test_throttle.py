"""A program that asks without end is asked to wait."""

import pytest
from django.core.cache import cache
from rest_framework.throttling import UserRateThrottle


@pytest.fixture
def _two_a_minute(monkeypatch):
    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "2/minute"})
    cache.clear()
    yield
    cache.clear()


@pytest.mark.usefixtures("_two_a_minute")
def test_the_third_of_two_requests_has_to_wait(alice, bob, client):
    client.force_login(alice)
    answers = [client.get("/api/v1/whoami/") for _ in range(3)]
    client.force_login(bob)

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Content-Type"] == "application/problem+json"
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert client.get("/api/v1/whoami/").status_code == 200
