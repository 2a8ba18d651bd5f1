"""A patient whom two centers hold: found, told to each center without telling of the other, decided, counted once."""

import threading
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases import erasing, identifying, intake, matching, review, withdrawing
from cases.intake import Submission
from cases.models import Case, PairVerdict, PossibleDuplicate, SurvivalObservation
from registry import access
from registry.access import Role
from registry.dates import PartialDate
from registry.models import Center
from reports import cohorts, ledger
from reports.cohorts import Cut
from tests.cases.examples import draft, resected
from tests.cases.linkage import AGREED, ANNA, agreeing, identified
from tests.clients import browser, machine
from tests.pages import filled, text
from tests.registry.tampering import sql

DAY = PartialDate.parse("2026-03-04")
CUT = Cut(as_of=date(2026, 11, 1))
NUMBER = {"national_number": ANNA["national_number"], "country": "PL"}
NAME = {name: ANNA[name] for name in ("family_name", "given_name", "born_on")}


@pytest.fixture(autouse=True)
def log(settings, tmp_path, vault):
    settings.ERASURE_LOG = tmp_path / "erasures.jsonl"


@pytest.fixture
def two(north, south, alice, bob):
    """One patient in two centers."""
    return identified(north, alice, "N-1", **ANNA), identified(south, bob, "Q-77", **NUMBER)


def the_pair():
    (pair,) = matching.pairs(*PairVerdict)
    return pair


def decide(by, verdict="same", counted=None, reason="asked both leads", pair=None):
    pair = pair or the_pair()
    counted = pair.rows[0].case_id if counted is None else counted
    matching.decide(pair.id, verdict=verdict, counted=counted, reason=reason, by=by)


def in_reports():
    with access.everywhere():
        return set(cohorts.observations(CUT).values_list("case__case_number", flat=True))


# --- finding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "is_found"),
    [
        (ANNA, NUMBER, True),
        (ANNA, {**NAME, "family_name": "WISNIEWSKA"}, True),
        (NUMBER, NAME, False),
        (ANNA, {**NUMBER, "country": "CZ"}, False),
        (ANNA, {**NUMBER, "national_number": "60051312346"}, False),
        (ANNA, {**NAME, "given_name": "Ewa"}, False),
    ],
)
def test_two_centers_that_hold_one_patient_are_found(north, south, alice, bob, one, other, is_found):
    identified(north, alice, "N-1", **one)
    identified(south, bob, "Q-77", **other)

    with access.everywhere():
        assert len(matching.pairs(PairVerdict.OPEN)) == is_found


def test_one_center_alone_is_no_pair(north, alice, everywhere):
    identified(north, alice, "N-1", **ANNA)
    identified(north, alice, "N-2", **ANNA)

    assert not PossibleDuplicate.objects.exists()


def test_a_sandbox_asks_after_nobody(north, alice, person):
    invented = Center.objects.create(code="TRY", name="Sandbox", country="PL", is_sandbox=True)
    tom = person("tom", Role.COORDINATOR, invented)
    identified(invented, tom, "T-1", **ANNA)
    identified(north, alice, "N-1", **ANNA)
    identified(invented, tom, "T-2", **NUMBER)

    with access.everywhere():
        assert not PossibleDuplicate.objects.exists()


def test_a_consent_that_covers_linkage_no_longer_finds_nobody(north, south, alice, bob):
    identified(north, alice, "N-1", **ANNA)
    document = resected("N-1", consent={**AGREED, "scopes": ["registry"]})
    intake.save_case(Submission(document=document), center=north, by=alice, source="admin", reason="new form")

    identified(south, bob, "Q-77", **ANNA)

    with access.everywhere():
        assert matching.pairs(*PairVerdict) == []


def test_the_same_identity_again_makes_no_second_pair(two, alice, bob, everywhere):
    pair = the_pair()

    identifying.put(two[0], ANNA, by=alice, door="admin")
    identifying.put(two[1], ANNA, by=bob, door="admin")

    assert the_pair().id == pair.id


def test_a_pair_that_was_a_mistake_goes_with_it(two, alice, everywhere):
    identifying.put(two[0], {"national_number": "999998"}, by=alice, door="admin")
    assert matching.pairs(*PairVerdict) == []

    identifying.put(two[0], ANNA, by=alice, door="admin")
    identifying.remove(two[0], by=alice, door="admin")
    assert matching.pairs(*PairVerdict) == []


def test_marks_of_another_key_are_not_compared(north, south, alice, bob, settings):
    identified(north, alice, "N-1", **ANNA)
    settings.VAULT_SEARCH_KEY = b"t" * 32
    identified(south, bob, "Q-77", **ANNA)

    with access.everywhere():
        assert matching.pairs(*PairVerdict) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_centers_at_once_one_sees_the_other(north, south, alice, bob):
    cases = [agreeing(north, alice, "N-1"), agreeing(south, bob, "Q-77")]
    start = threading.Barrier(2)

    def put(case, by):
        start.wait()
        with access.scope([case.center_id]):
            identifying.put(case, ANNA, by=by, door="admin")
        connections.close_all()

    people = zip(cases, (alice, bob), strict=True)
    both = [threading.Thread(target=put, args=one) for one in people]
    for one in both:
        one.start()
    for one in both:
        one.join()

    with access.everywhere():
        assert len(matching.pairs(PairVerdict.OPEN)) == 1


# --- what each sees --------------------------------------------------------------------------------------------------


def test_each_center_learns_that_there_is_another_one_and_not_which(two, north, alice, lena, south, bob):
    secrets = {"SOUTH", "Southern", "Q-77", "bob", str(two[1].patient.registry_id)}
    page = reverse("admin:cases_case_change", args=[two[0].pk])
    identity = reverse("admin:cases_case_identity", args=[two[0].pk])
    api = machine(north, alice, "identify", "read").get(f"/api/v1/cases/{two[0].pk}/identity/")

    for client in (browser(alice), browser(lena)):
        for address in (page, identity):
            html = client.get(address).content.decode()
            assert (
                "Another center may hold this patient; the registry&#x27;s data manager has been told" in html
            )
            assert not [word for word in secrets if word in html]
    assert "Another center may hold this patient" in api.json()["elsewhere"]
    assert not [word for word in secrets if word in api.content.decode()]
    assert "Another center may hold" in browser(bob).get(
        reverse("admin:cases_case_change", args=[two[1].pk])
    ).content.decode()  # fmt: skip


def test_the_rows_of_a_center_hold_nothing_of_the_other(two, north, alice):
    with access.scope([north.pk]):
        (row,) = PossibleDuplicate.objects.values()

    assert (row.pop("case_id"), row.pop("center_id")) == (two[0].pk, north.pk)
    assert set(row) - {"id", "pair"} == {
        *("verdict", "is_counted", "found_at", "decided_at", "decided_by_id", "reason"),
    }


@pytest.mark.parametrize("way", ["removed", "decided", "erase", "stop_use"])
def test_neither_trail_nor_history_tells_a_center_who_acted_in_the_other(
    two, north, south, alice, lena, dana, person, way, everywhere
):
    sofia = person("sofia", Role.CENTER_LEAD, south, is_staff=True)
    if way == "removed":
        identifying.remove(two[0], by=alice, door="admin", reason="moved to Gdansk")
    else:
        decide(dana, counted=two[0].pk)
    if way == "erase":
        erasing.erase(two[0], withdrawn_on=DAY, reason="moved to Gdansk", by=lena)
    elif way == "stop_use":
        withdrawing.withdraw(two[0], effect=way, withdrawn_on=DAY, reason="moved to Gdansk", by=lena)
    sql("SET ROLE reg_owner")
    sql("SELECT seal_audit()")
    sql("SET ROLE reg_app")

    for lead, case, words in (
        (sofia, two[1], ("NORTH", "Alice", "Lena", "Gdansk", "N-1")),
        (lena, two[0], ("SOUTH", "Bob", "Q-77")),
    ):
        client = browser(lead)
        told = text(client.get(reverse("admin:audit_trail"))) + text(
            client.get(reverse("admin:cases_case_history", args=[case.pk]))
        )
        assert ("Possible duplicate" in told, [word for word in words if word in told]) == (True, [])


def test_the_data_manager_sees_both_and_not_who_it_is(two, dana):
    client = browser(dana)

    home = client.get(reverse("admin:index")).content.decode()
    html = client.get(reverse("admin:duplicates")).content.decode()

    assert "Patients of two centers" in home
    assert all(word in html for word in ("NORTH", "SOUTH", "N-1", "Q-77", "1960-05", "2015-03-02"))
    assert not any(word in html for word in ("Wiśniewska", "60051312345", "1960-05-13"))


def test_what_a_case_does_not_say_leaves_a_mark_in_its_place(north, south, alice, bob, dana):
    """On a phone the two stand one below the other: without it the second would be taken for the first."""
    died = {"died_on": "2017-01", "cause_category": "disease"}
    identified(north, alice, "N-1", **ANNA)
    identified(south, bob, "Q-77", {"death": died}, **NUMBER)

    html = browser(dana).get(reverse("admin:duplicates")).content.decode()

    assert "<td>–</td><td>2017-01</td>" in html


def test_the_data_manager_sees_which_of_the_cases_could_count(north, south, alice, bob, dana):
    identified(north, alice, "N-1", **ANNA)
    smaller = {"consent": {**AGREED, "scopes": ["registry", "linkage"]}}
    identified(south, bob, "Q-77", smaller, **NUMBER)

    html = browser(dana).get(reverse("admin:duplicates")).content.decode()

    assert (
        html.count("<td>counted</td>") == html.count("<td>no: its consent does not cover reports</td>") == 1
    )


def test_where_there_is_no_vault_there_is_no_page_and_no_way_to_it(two, dana, settings):
    settings.VAULT_KEYS = {}

    assert browser(dana).get(reverse("admin:duplicates")).status_code == 404
    assert reverse("admin:duplicates") not in browser(dana).get(reverse("admin:index")).content.decode()
    with access.everywhere():
        assert PossibleDuplicate.objects.count() == 2, "what was found stays"


@pytest.mark.parametrize("who", ["alice", "lena", "ines", "rita", "ada", "otto", "nobody"])
def test_nobody_else_opens_the_page_or_decides(two, who, request, everywhere):
    by = request.getfixturevalue(who)

    assert browser(by).get(reverse("admin:duplicates")).status_code in (302, 403)
    assert reverse("admin:duplicates") not in browser(by).get(reverse("admin:index")).content.decode()
    with pytest.raises(PermissionDenied):
        decide(by)


def test_the_page_takes_as_many_queries_for_ten_pairs_as_for_one(two, north, south, alice, bob, dana):
    client, address = browser(dana), reverse("admin:duplicates")
    client.get(address)
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    for n in range(9):
        number = {"national_number": f"1234567{n}"}
        identified(north, alice, f"N-1{n}", **number)
        identified(south, bob, f"S-1{n}", **number, country="PL")

    with CaptureQueriesContext(connection) as ten:
        assert client.get(address).content.decode().count("<form method") >= 10

    assert len(ten) == len(one)


# --- deciding --------------------------------------------------------------------------------------------------------


def test_of_one_patient_one_case_counts_beyond_its_center(two, dana, north, south):
    assert in_reports() == {"N-1", "Q-77"}

    with access.everywhere():
        decide(dana, counted=two[0].pk)

    assert in_reports() == {"N-1"}
    with access.everywhere():
        own = Cut(as_of=CUT.as_of, center_id=south.pk)
        assert [o.case_id for o in cohorts.observations(own)] == [two[1].pk], "its own reports count it"
        left_out = SurvivalObservation.objects.get(case=two[1])
        assert (left_out.in_reports, left_out.in_research) == (False, False)
        found = ledger.since([two[0].pk, two[1].pk], CUT)
        assert (found.balances, found.withdrawn, found.missing) == (True, 1, 0)


def test_it_stays_left_out_when_it_is_corrected_and_read_again(two, dana, bob, south):
    with access.everywhere():
        decide(dana, counted=two[0].pk)
        document = resected("Q-77", consent=AGREED, note="corrected")
        intake.save_case(
            Submission(document=document), center=south, by=bob, source="admin", reason="corrected"
        )
        assert in_reports() == {"N-1"}

        review.reassess([two[0].pk, two[1].pk], as_of=date(2026, 11, 2))

    assert in_reports() == {"N-1"}


def test_two_patients_both_count_and_are_not_asked_again(two, dana, alice, everywhere):
    decide(dana, verdict="different")

    identifying.put(two[0], ANNA, by=alice, door="admin")

    assert in_reports() == {"N-1", "Q-77"}
    assert the_pair().verdict == PairVerdict.DIFFERENT
    assert matching.told_to_center(two[0]) == ""


def test_a_decision_can_be_changed(two, dana, everywhere):
    decide(dana, counted=two[0].pk)
    decide(dana, counted=two[1].pk)
    assert in_reports() == {"Q-77"}

    decide(dana, verdict="different", reason="they are twins")

    assert in_reports() == {"N-1", "Q-77"}
    events = PossibleDuplicate.pgh_event_model.objects.filter(case=two[0]).order_by("pgh_id")
    assert [one.pgh_context["reason"] for one in events][1:] == ["asked both leads"] * 2 + ["they are twins"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"verdict": "open"}, "Choose whether"),
        ({"verdict": ""}, "Choose whether"),
        ({"counted": 0}, "Choose which"),
        ({"reason": " "}, "Say why"),
        ({"reason": "x" * 201}, "at most 200"),
    ],
)
def test_what_is_missing_is_told_and_nothing_is_decided(two, dana, everywhere, given, told):
    with pytest.raises(ValidationError, match=told):
        decide(dana, **given)

    assert the_pair().verdict == PairVerdict.OPEN
    assert in_reports() == {"N-1", "Q-77"}


def test_the_page_decides(two, dana):
    client, address = browser(dana), reverse("admin:duplicates")
    with access.everywhere():
        pair = the_pair()
    sent = {"pair": pair.id, "verdict": f"same:{two[1].pk}"}

    refused = client.post(address, sent)
    answer = client.post(address, {**sent, "reason": "asked both leads"}, follow=True)

    assert (refused.status_code, "Say why." in refused.content.decode()) == (422, True)
    assert filled(refused, form=f"form-{pair.id}")["verdict"] == [f"same:{two[1].pk}"]
    unsaid = client.post(address, {"pair": pair.id, "reason": "asked both leads"})
    assert filled(unsaid, form=f"form-{pair.id}")["reason"] == ["asked both leads"]
    assert "Decided." in answer.content.decode()
    assert in_reports() == {"Q-77"}
    for made_up in (
        {"pair": "x"},
        {"pair": two[0].pk},
        {"pair": pair.id, "verdict": "same:x", "reason": "y"},
    ):
        assert client.post(address, made_up).status_code == 422


def test_the_left_out_center_is_told_which_of_its_figures_count(two, dana, bob):
    with access.everywhere():
        decide(dana, counted=two[0].pk)

    html = browser(bob).get(reverse("admin:cases_case_change", args=[two[1].pk])).content.decode()

    assert "Another center holds this patient, too" in html
    assert "NORTH" not in html


def test_of_three_cases_of_one_patient_one_counts_whatever_is_decided(two, north, alice, dana, person):
    third = Center.objects.create(
        code="THIRD", name="Third", country="FR", data_agreement_signed_on=date(2020, 1, 1)
    )
    identified(third, person("theo", Role.COORDINATOR, third), "T-3", **NUMBER)
    with access.everywhere():
        by_numbers = {
            frozenset(row.case.case_number for row in pair.rows): pair
            for pair in matching.pairs(*PairVerdict)
        }
        number = {row.case.case_number: row.case_id for pair in by_numbers.values() for row in pair.rows}
        for one, other in (("N-1", "Q-77"), ("Q-77", "T-3")):
            decide(dana, counted=number[one], pair=by_numbers[frozenset({one, other})])
        last = by_numbers[frozenset({"N-1", "T-3"})]

        with pytest.raises(ValidationError, match="no case of this patient would count"):
            decide(dana, counted=number["T-3"], pair=last)
        assert in_reports() == {"N-1"}

        decide(dana, counted=number["N-1"], pair=last)
    assert in_reports() == {"N-1"}


@pytest.mark.django_db(transaction=True)
def test_a_decision_and_a_withdrawal_at_once_wait_for_each_other(two, dana, lena):
    with access.everywhere():
        pair = the_pair()
    is_held, answers = threading.Event(), []

    def decide_meanwhile():
        is_held.wait(10)
        try:
            decide(dana, pair=pair)
        except Exception as error:  # whatever it is
            answers.append(error)
        finally:
            connections.close_all()

    other = threading.Thread(target=decide_meanwhile)
    other.start()
    with access.scope([two[0].center_id]):
        Case.objects.select_for_update().get(pk=two[0].pk)
        is_held.set()
        other.join(0.5)
        withdrawing.withdraw(two[0], effect="stop_use", withdrawn_on=DAY, reason="letter", by=lena)
    other.join()

    assert [type(answer) for answer in answers] == [ValidationError]
    assert in_reports() == {"Q-77"}


@pytest.mark.django_db(transaction=True)
def test_both_patients_of_a_pair_withdraw_at_once(two, dana, lena, person, south):
    with access.everywhere():
        decide(dana, counted=two[0].pk)
    leads, start, answers = (lena, person("sofia", Role.CENTER_LEAD, south)), threading.Barrier(2), []

    def withdraw(case, lead):
        start.wait(10)
        try:
            with access.scope([case.center_id]):
                withdrawing.withdraw(case, effect="stop_use", withdrawn_on=DAY, reason="letter", by=lead)
        except Exception as error:  # whatever it is
            answers.append(error)
        finally:
            connections.close_all()

    both = [threading.Thread(target=withdraw, args=one) for one in zip(two, leads, strict=True)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert answers == []
    assert in_reports() == set()


# --- when one goes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["erase", "stop_use"])
def test_when_the_counted_case_goes_the_other_counts_again(two, dana, lena, way, everywhere):
    decide(dana, counted=two[0].pk)

    if way == "erase":
        erasing.erase(two[0], withdrawn_on=DAY, reason="letter", by=lena)
    else:
        withdrawing.withdraw(two[0], effect=way, withdrawn_on=DAY, reason="letter", by=lena)

    assert in_reports() == {"Q-77"}
    assert not PossibleDuplicate.objects.exists()
    assert matching.told_to_center(two[1]) == ""
    assert not Case.objects.get(pk=two[1].pk).is_counted_elsewhere


def test_an_end_of_collection_alone_leaves_what_was_decided(two, dana, lena, everywhere):
    decide(dana, counted=two[1].pk)

    withdrawing.withdraw(two[0], effect="stop_collection", withdrawn_on=DAY, reason="letter", by=lena)

    assert in_reports() == {"Q-77"}
    assert the_pair().verdict == PairVerdict.SAME


def test_when_the_counted_patient_refuses_the_other_counts_again(two, dana, alice, north, everywhere):
    decide(dana, counted=two[0].pk)

    refused = draft("N-1", consent={"basis": "refused"})
    receipt = intake.save_case(
        Submission(document=refused), center=north, by=alice, source="admin", reason="new form"
    )

    assert not receipt.errors, receipt.errors
    assert in_reports() == {"Q-77"}
