"""Why a case changes: the same line of text is taken, and the same refused in the same words, at every door."""

import pytest

from cases import intake, locking
from cases.intake import Submission
from cases.models import Case
from registry import audit
from registry.audit import history_of
from tests.cases.examples import complete
from tests.clients import browser, machine
from tests.pages import filled, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everywhere")]

WRONG = ["x" * 201, "two\tcolumns", "hidden\u200bletter", "turned \u202e round"]


@pytest.fixture
def case(north, alice):
    receipt = intake.save_case(
        Submission(document=complete()), center=north, by=alice, source="admin", reason="new"
    )
    return Case.objects.get(pk=receipt.case_id)


def by_page(case, alice, reason):
    page = f"/admin/cases/case/{case.pk}/change/"
    client = browser(alice)
    return client.post(page, {**filled(client.get(page)), "note": "corrected", "reason": reason})


def by_api(case, north, alice, reason):
    script = machine(north, alice)
    where = f"/api/v1/cases/{case.pk}/"
    sent = {**script.get(where).json()["document"], "note": "corrected"}
    header = reason.encode().decode("latin-1")  # as a server hands over what a client sent in UTF-8
    return script.put(where, sent, HTTP_IF_MATCH='"1"', HTTP_CHANGE_REASON=header)


def by_unlocking(case, dana, reason):
    locking.lock([(case, 1)], by=dana)
    page = f"/admin/cases/case/{case.pk}/unlock/"
    return browser(dana).post(page, {"version": "2", "reason": reason}, follow=True)


@pytest.mark.parametrize("reason", WRONG)
def test_a_reason_that_cannot_be_kept_is_refused_alike(case, north, alice, dana, reason):
    told = audit.wrong_reason(reason)

    assert "one line of at most 200 characters" in told
    assert told in text(by_page(case, alice, reason))
    assert by_api(case, north, alice, reason).json()["detail"] == told
    assert told in text(by_unlocking(case, dana, reason))


@pytest.mark.parametrize("reason", ["x" * 200, "помилка\u00a0набору"])
def test_a_line_is_kept_as_it_was_given(case, north, alice, reason):
    assert by_page(case, alice, reason).status_code == 302

    assert history_of(case).last().pgh_context["reason"] == reason
