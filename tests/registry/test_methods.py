"""Pages know three methods; the API says itself what it takes."""

import pytest

from tests.clients import browser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_a_page_takes_no_other_method_for_a_get(alice, method):
    answer = browser(alice).generic(method, "/admin/cases/case/")

    assert (answer.status_code, answer["Allow"], answer.content) == (405, "GET, HEAD, POST", b"")


def test_the_api_answers_for_itself(alice):
    answer = browser(alice).delete("/api/v1/cases/")

    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"
