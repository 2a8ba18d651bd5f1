"""What a patient's withdrawal does, at every door and at once, and how a mistake is taken back."""

import json
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from cases import erasing, follow_up, intake, review, withdrawing
from cases.document import load
from cases.follow_up import News
from cases.intake import Submission
from cases.models import Case, SurvivalObservation, Tombstone
from registry import audit
from registry.access import Role
from registry.api.problems import code_of
from registry.dates import PartialDate
from tests.cases.examples import resected
from tests.clients import browser, machine
from tests.pages import text

SIGNED = {
    "basis": "written",
    "signed_on": "2015-02-20",
    "form_version": "2.1",
    "scopes": ["registry", "reports"],
}
DAY = PartialDate.parse("2020-03-04")


@pytest.fixture
def case(north, alice, everywhere):
    return saved(north, alice)


@pytest.fixture(autouse=True)
def log(settings, tmp_path):
    settings.ERASURE_LOG = tmp_path / "wishes" / "erasures.jsonl"
    return settings.ERASURE_LOG


def saved(center, by, number="A-1", **forms):
    document = resected(number, **{"consent": SIGNED, **forms})
    receipt = intake.save_case(Submission(document=document), center=center, by=by, source="admin")
    assert not receipt.errors, receipt.errors
    return Case.objects.select_related("center", "patient").get(pk=receipt.case_id)


def withdraw(case, by, effect="stop_collection", reason="letter of 4 March", **more):
    withdrawing.withdraw(case, effect=effect, withdrawn_on=DAY, reason=reason, by=by, **more)


def consent(case):
    return load([case.pk])[0].document.consent


def change(case, by, *, source="admin", **forms):
    document = resected(case.case_number, **{"consent": SIGNED, **forms})
    return intake.save_case(
        Submission(document=document), center=case.center, by=by, source=source, reason="typing error"
    )


# --- no further collection -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["admin", "api", "import"])
def test_nothing_more_is_recorded_at_any_door(case, lena, alice, source):
    withdraw(case, lena)

    (problem,) = change(case, alice, source=source, note="more").errors

    assert (problem.pointer, problem.code) == ("/consent/basis", "withdrawn")
    assert problem.message.startswith("The patient withdrew consent: nothing more is recorded.")


def test_the_same_document_again_changes_nothing_and_is_no_error(case, lena, alice, north):
    withdraw(case, lena)
    (stored,) = load([case.pk])

    receipt = intake.save_case(Submission(document=stored.document), center=north, by=alice, source="admin")

    assert (receipt.verdict, receipt.errors) == ("unchanged", [])


@pytest.mark.parametrize("source", ["admin", "api", "import"])
@pytest.mark.parametrize("effect", ["stop_collection", "stop_use", "erase"])
def test_no_door_but_the_page_withdraws(case, alice, log, source, effect):
    """Whoever may record would else end the use without a reason, without the log, and with files left as they are."""
    withdrawn = {**SIGNED, "basis": "withdrawn", "withdrawn_on": "2020-03-04", "withdrawal_effect": effect}

    receipt = change(case, alice, source=source, consent=withdrawn)

    problem = receipt.errors[0]
    assert (problem.pointer, problem.code) == ("/consent/basis", "withdrawal")
    assert problem.message.endswith(
        "the center's lead or a data manager carries it out, on the page of the case under Consent."
    )
    assert consent(case).basis == "written"
    assert not log.exists()


def test_programs_that_withdraw_are_answered_422(case, alice, north):
    client = machine(north, alice, "read", "record")
    match = client.get(f"/api/v1/cases/{case.pk}/")["ETag"]

    sent = {"consent": {"basis": "withdrawn", "withdrawn_on": "2020-03-04", "withdrawal_effect": "stop_use"}}
    answer = client.patch(f"/api/v1/cases/{case.pk}/", sent, format="json", HTTP_IF_MATCH=match)

    assert answer.status_code == 422
    assert [one["code"] for one in answer.json()["errors"]] == ["withdrawal"]


def test_programs_are_answered_409_and_files_and_news_are_refused(case, lena, alice, north):
    withdraw(case, lena)
    client = machine(north, alice, "read", "record")
    match = client.get(f"/api/v1/cases/{case.pk}/")["ETag"]

    sent = {"case_number": "A-1", "note": "more"}
    answer = client.put(f"/api/v1/cases/{case.pk}/", sent, format="json", HTTP_IF_MATCH=match)
    news = News(outcome="unreachable", contact_type="phone")
    told = follow_up.record(case, news, by=alice, if_version=None)

    assert (answer.status_code, code_of(answer)) == (409, "withdrawn")
    assert (told.verdict, len(told.reasons)) == ("refused", 1)


def test_what_is_there_stays_counted_and_is_censored(case, lena):
    withdraw(case, lena)

    observation = SurvivalObservation.objects.get(pk=case.pk)
    assert observation.in_reports
    assert not observation.is_followed
    assert (consent(case).basis, str(consent(case).withdrawn_on)) == ("withdrawn", "2020-03-04")
    assert consent(case).form_version == "2.1"


def test_a_locked_case_can_be_withdrawn_from(case, lena):
    Case.objects.filter(pk=case.pk).update(status="locked")

    withdraw(case, lena, "stop_use")

    assert consent(case).withdrawal_effect == "stop_use"


def test_rows_after_the_day_have_to_go_first(north, alice, lena, everywhere):
    case = saved(north, alice, follow_ups=[{"visit_on": "2021-05-02", "vital_status": "alive"}])

    with pytest.raises(
        ValidationError, match="Consent was withdrawn before the dates in /follow_ups/0/visit_on"
    ):
        withdraw(case, lena)

    assert consent(case).basis == "written"


def test_the_end_of_use_waits_for_no_row(north, alice, lena, everywhere):
    case = saved(north, alice, follow_ups=[{"visit_on": "2021-05-02", "vital_status": "alive"}])

    withdraw(case, lena, "stop_use")

    assert consent(case).withdrawal_effect == "stop_use"
    assert not SurvivalObservation.objects.filter(case=case).exists()


def test_nobody_is_erased_for_a_wish_of_tomorrow(case, lena):
    with pytest.raises(ValidationError, match="2099-01-01 lies in the future"):
        erasing.erase(case, withdrawn_on=PartialDate.parse("2099-01-01"), reason="letter", by=lena)

    assert Case.objects.filter(pk=case.pk).exists()


def test_what_is_against_a_wish_is_said_before_it_is_confirmed(north, alice, lena, everywhere):
    case = saved(north, alice, follow_ups=[{"visit_on": "2021-05-02", "vital_status": "alive"}])
    sent = {"effect": "stop_collection", "withdrawn_on": "2020-03-04", "reason": "letter", "version": 1}

    answer = browser(lena).post(reverse("admin:cases_case_privacy", args=[case.pk]), sent)

    assert "Consent was withdrawn before the dates in" in text(answer)
    assert "Carry it out" not in text(answer)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"reason": " "}, "Say why"),
        ({"reason": "x" * 201}, "one line of at most 200"),
        ({"effect": "erase"}, "Choose what the patient wants"),
        ({"version": 9}, "changed since this page was drawn"),
    ],
)
def test_what_cannot_be_carried_out_is_said_and_changes_nothing(case, lena, log, said, sentence):
    with pytest.raises(ValidationError, match=sentence):
        withdraw(case, lena, **said)

    assert consent(case).basis == "written"
    assert not log.exists()


def test_nothing_is_done_that_cannot_be_logged(case, lena, settings):
    settings.ERASURE_LOG = "/proc/nowhere/erasures.jsonl"

    for effect in ("stop_use", "erase"):
        with pytest.raises(ValidationError, match="cannot be written"):
            if effect == "erase":
                erasing.erase(case, withdrawn_on=DAY, reason="letter", by=lena)
            else:
                withdraw(case, lena, effect)

    assert consent(case).basis == "written"
    assert not Tombstone.objects.exists()


# --- no further use --------------------------------------------------------------------------------------------------


def test_without_use_nothing_counts_the_case(case, lena):
    withdraw(case, lena, "stop_use")

    assert not SurvivalObservation.objects.filter(pk=case.pk).exists()
    review.reassess([case.pk], as_of=date(2026, 11, 1))
    assert not SurvivalObservation.objects.filter(pk=case.pk).exists(), "no nightly reading brings it back"
    assert load([case.pk])[0].document.operations, "the data stay"


def test_without_use_the_case_is_not_taken_out_with_the_list(case, lena, alice, north):
    saved(north, alice, "A-2")
    withdraw(case, lena, "stop_use")

    answer = browser(lena).post("/admin/cases/case/export/csv/")

    taken = b"".join(answer.streaming_content).decode()
    assert "A-2" in taken
    assert "A-1" not in taken


def test_the_wish_is_logged_outside_of_the_database(case, lena, log):
    withdraw(case, lena, "stop_use")

    (line,) = map(json.loads, log.read_text().splitlines())
    assert (line["effect"], line["withdrawn_on"], line["case_id"]) == ("stop_use", "2020-03-04", case.pk)
    assert case.case_number not in log.read_text()
    assert log.stat().st_mode & 0o77 == 0


# --- taken back ------------------------------------------------------------------------------------------------------


def test_a_mistake_is_taken_back_for_a_reason(case, lena, alice):
    before = consent(case)
    withdraw(case, lena, "stop_use")

    withdrawing.take_back(case, reason="other patient meant", by=lena)

    assert consent(case) == before
    assert SurvivalObservation.objects.get(pk=case.pk).in_reports
    assert not change(case, alice, note="more").errors
    assert [event.pgh_context["reason"] for event in audit.history_of(case.consent_rows.get())][1:] == [
        "letter of 4 March", "other patient meant",
    ]  # fmt: skip


def test_where_nothing_was_withdrawn_there_is_nothing_to_take_back(case, lena):
    with pytest.raises(ValidationError, match="No withdrawal is recorded"):
        withdrawing.take_back(case, reason="x", by=lena)


# --- who may, and the page -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["alice", "ines", "bob", "rita", "ada", "otto"])
def test_others_may_not(request, case, who):
    by = request.getfixturevalue(who)

    for act in (
        lambda: withdraw(case, by),
        lambda: withdrawing.take_back(case, reason="x", by=by),
        lambda: erasing.erase(case, withdrawn_on=DAY, reason="x", by=by),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_the_lead_and_the_data_manager_may(case, lena, dana, person, north):
    withdraw(case, lena)
    withdraw(case, dana, "stop_use")
    withdraw(case, person("dora", Role.DATA_MANAGER, north), "stop_collection")


def page(case):
    return reverse("admin:cases_case_privacy", args=[case.pk])


def sent(case, effect, **more):
    return {
        "effect": effect, "withdrawn_on": "4.3.2020", "reason": "letter of 4 March",
        "version": load([case.pk])[0].version, **more,
    }  # fmt: skip


def test_the_page_shows_the_consent_and_its_history(case, lena, django_assert_max_num_queries):
    client = browser(lena)
    with django_assert_max_num_queries(60):
        shown = client.get(page(case)).content.decode()

    for told in (
        "Written consent",
        "signed 2015-02-20",
        "form 2.1",
        "Reports: agreed to",
        "Tissue: not agreed to",
    ):
        assert told in shown


def test_the_page_asks_again_and_then_does_it(case, lena):
    client = browser(lena)

    asked = client.post(page(case), sent(case, "stop_use"))
    assert "Carry it out" in asked.content.decode()
    assert consent(case).basis == "written"

    done = client.post(page(case), sent(case, "stop_use", confirmed="yes"), follow=True).content.decode()
    assert "The withdrawal is carried out." in done
    assert consent(case).withdrawal_effect == "stop_use"
    assert "Take the withdrawal back" in done

    client.post(page(case), sent(case, "take_back", confirmed="yes"))
    assert consent(case).basis == "written"


def test_the_page_says_what_an_erasure_takes_and_then_names_nothing(case, lena):
    client = browser(lena)

    asked = client.post(page(case), sent(case, "erase")).content.decode()
    assert "events of the audit trail" in asked
    assert "Operation: 1" in asked

    done = client.post(page(case), sent(case, "erase", confirmed="yes"), follow=True)
    assert "The case is erased." in done.content.decode()
    assert "A-1" not in done.content.decode()
    assert not Case.objects.filter(pk=case.pk).exists()
    assert client.get(page(case)).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"reason": ""}, "Say why, and how the patient"),
        ({"effect": "forget"}, "Choose what the patient wants."),
        ({"withdrawn_on": "yesterday"}, "Write the day of the patient"),
    ],
)
def test_bad_input_is_told_on_the_page(case, lena, wrong, sentence):
    client = browser(lena)

    for confirmed in ("", "yes"):
        answer = client.post(page(case), sent(case, "stop_use", confirmed=confirmed) | wrong, follow=True)
        assert sentence in answer.content.decode()

    assert consent(case).basis == "written"


def test_the_page_of_the_case_says_that_it_cannot_change(case, lena, alice):
    withdraw(case, lena)

    shown = browser(alice).get(reverse("admin:cases_case_change", args=[case.pk])).content.decode()

    assert "this case can be read, but not changed" in shown
    assert page(case) not in shown
    assert (
        page(case) in browser(lena).get(reverse("admin:cases_case_change", args=[case.pk])).content.decode()
    )
