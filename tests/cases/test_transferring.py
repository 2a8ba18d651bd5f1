"""Follow-up moves by offer and acceptance; the other center reaches that one case, for follow-up, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from cases import document, duty, erasing, follow_up, intake, transferring, withdrawing
from cases.follow_up import News, Which
from cases.intake import Submission
from cases.models import Case, ContactAttempt, Deviation, SurvivalObservation, Transfer
from registry import access, audit
from registry.access import Role, centers_of
from registry.dates import PartialDate
from registry.models import Center
from tests.cases.examples import draft, resected

pytestmark = pytest.mark.django_db
SIGNED = {"basis": "written", "signed_on": "2015-02-20", "scopes": ["registry", "reports"]}
NOTE = "moved to the coast in spring"
VISIT = {"visit_on": "2016-05-01", "vital_status": "alive"}


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(datetime(2026, 3, 15, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture(autouse=True)
def log(settings, tmp_path):
    settings.ERASURE_LOG = tmp_path / "wishes" / "erasures.jsonl"


@pytest.fixture
def sofia(person, south):
    return person("sofia", Role.CENTER_LEAD, south, is_staff=True)


def saved(center, by, number="A-1", source="admin", **forms):
    doc = resected(number, **{"consent": SIGNED, "follow_ups": [VISIT], **forms})
    receipt = intake.save_case(Submission(document=doc), center=center, by=by, source=source)
    assert not receipt.errors, receipt.errors
    with access.everywhere():
        return Case.objects.select_related("center", "patient").get(pk=receipt.case_id)


@pytest.fixture
def case(north, south, alice, bob):
    return saved(north, alice)


@pytest.fixture
def offered(case, alice):
    return transferring.offer(case, center_code="south", note=NOTE, by=alice)


@pytest.fixture
def accepted(offered, bob):
    return transferring.accept(offered, by=bob)


def now(transfer):
    with access.everywhere():
        return Transfer.objects.get(pk=transfer.pk)


def stored(case):
    with access.everywhere():
        return document.load([case.pk])[0]


def refusal(step, *args, **kwargs):
    with pytest.raises(ValidationError) as told:
        step(*args, **kwargs)
    return " ".join(told.value.messages)


# --- offering --------------------------------------------------------------------------------------------------------


def test_an_offer_says_pseudonym_sex_year_and_note_and_the_other_center_sees_no_more(case, offered, bob):
    with access.scope(centers_of(bob)):
        (seen,) = Transfer.objects.visible_to(bob)
        assert not Case.objects.exists()
        assert not document.load([case.pk])

    assert (seen.registry_id, seen.sex, seen.resected_year, seen.note) == (
        case.patient.registry_id,
        "female",
        2015,
        NOTE,
    )
    assert (seen.state, seen.offered_by.username) == ("offered", "alice")


def test_a_third_center_sees_nothing_of_it(offered, person):
    third = Center.objects.create(code="THIRD", name="Third", country="FR")
    stranger = person("tess", Role.CENTER_LEAD, third)

    with access.scope([third.pk]):
        assert not Transfer.objects.exists()
        assert not Transfer.objects.visible_to(stranger).exists()
    with access.everywhere():
        assert not Transfer.objects.visible_to(stranger).exists()


def test_the_database_lets_the_other_center_read_and_change_nothing(offered, south):
    with access.scope([south.pk]), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_transfer SET state = 'accepted', accepted_at = now(), decided_at = now()"
        )
        assert cursor.rowcount == 0
        cursor.execute("DELETE FROM cases_transfer")
        assert cursor.rowcount == 0
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(
                "INSERT INTO cases_transfer (case_id, center_id, receiving_center_id, registry_id, sex, note, state,"
                " offered_by_id, offered_at, reason) SELECT case_id, center_id, receiving_center_id, 'X', '', '',"
                " 'offered', offered_by_id, now(), '' FROM cases_transfer"
            )


def test_the_same_offer_twice_is_one(case, offered, alice):
    again = transferring.offer(case, center_code="SOUTH", note=f" {NOTE} ", by=alice)

    assert again.pk == offered.pk


def test_the_database_keeps_a_second_standing_offer_out(case, offered, alice, south):
    with access.everywhere(), pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(
            case=case, center=case.center, receiving_center=south, registry_id="X", offered_by=alice,
            offered_at=timezone.now(),
        )  # fmt: skip


def test_there_is_no_second_offer_while_one_stands(case, offered, alice, bob, north):
    other = "another note"
    first = refusal(transferring.offer, case, center_code="SOUTH", note=other, by=alice)
    transferring.accept(offered, by=bob)
    second = refusal(transferring.offer, case, center_code="SOUTH", note=NOTE, by=alice)

    assert first == "The follow-up is offered to SOUTH already: withdraw that offer first."
    assert second == "SOUTH follows this patient already: take the follow-up back first."


@pytest.mark.parametrize(
    ("code", "note", "sentence"),
    [
        ("NORTH", "", "This is the center that operated"),
        ("NOWHERE", "", "No center with this code can take follow-up over."),
        ("", "", "No center with this code can take follow-up over."),
        ("EMPTY", "", "No center with this code can take follow-up over."),
        ("UNSIGNED", "", "No center with this code can take follow-up over."),
        ("TRY", "", "No center with this code can take follow-up over."),
        ("SOUTH", "x" * 201, "Write the note as one line of at most 200 characters."),
        ("SOUTH", "a\u202eb", "Write the note as one line of at most 200 characters."),
    ],
)
def test_what_cannot_be_offered_is_said_in_one_sentence(case, person, alice, code, note, sentence):
    signed = timezone.now().date()
    Center.objects.create(code="EMPTY", name="Nobody", country="FR", data_agreement_signed_on=signed)
    for name, more in (("UNSIGNED", {}), ("TRY", {"is_sandbox": True})):
        center = Center.objects.create(code=name, name=name, country="FR", **more)
        person(f"lead{name}", Role.CENTER_LEAD, center)

    assert sentence in refusal(transferring.offer, case, center_code=code, note=note, by=alice)
    with access.everywhere():
        assert not Transfer.objects.exists()


@pytest.mark.parametrize(
    ("forms", "source", "sentence"),
    [
        ({"consent": None}, "admin", "No consent is recorded"),
        ({"consent": {"basis": "withdrawn", "withdrawn_on": "2020"}}, "admin", "withdrew or refused"),
        ({"death": {"died_on": "2020", "cause_category": "unknown"}}, "admin", "known to have died"),
        ({}, "literature", "not that of a case made up or published"),
    ],
)
def test_whose_follow_up_cannot_be_handed_over(north, south, alice, bob, forms, source, sentence):
    case = saved(north, alice, source=source, **forms)

    assert sentence in refusal(transferring.offer, case, center_code="SOUTH", note="", by=alice)


@pytest.mark.parametrize("who", ["ines", "bob", "rita", "dana", "ada", "otto"])
def test_only_coordinator_and_lead_of_the_center_offer(case, request, who):
    with pytest.raises(PermissionDenied):
        transferring.offer(case, center_code="SOUTH", note="", by=request.getfixturevalue(who))


# --- answering -------------------------------------------------------------------------------------------------------


def test_each_step_is_kept_with_who_when_and_why_and_both_sides_read_it(
    case, accepted, sofia, alice, north, south
):
    transferring.give_back(accepted, reason="moved again", by=sofia)

    for center in (north, south):
        with access.scope([center.pk]):
            told = [
                (event.state, event.pgh_context["user"], event.pgh_context["reason"])
                for event in audit.history_of(now_here(accepted))
            ]
        assert [(state, reason) for state, _, reason in told] == [
            ("offered", "follow-up offered"),
            ("accepted", "follow-up accepted"),
            ("returned", "moved again"),
        ]
        assert told[2][1] == sofia.pk


def now_here(transfer):
    return Transfer.objects.get(pk=transfer.pk)


STEPS = {
    "accept": (transferring.accept, "bob", {}),
    "decline": (transferring.decline, "bob", {"reason": "no such patient here"}),
    "withdraw": (transferring.withdraw, "alice", {"reason": "wrong center"}),
    "give_back": (transferring.give_back, "bob", {"reason": "moved again"}),
    "take_back": (transferring.give_back, "alice", {"reason": "came home"}),
}
AFTER = {
    "accept": "accepted",
    "decline": "declined",
    "withdraw": "withdrawn",
    "give_back": "returned",
    "take_back": "returned",
}
SAID = {
    "offered": "the offer still waits for an answer",
    "accepted": "the follow-up was accepted already",
    "declined": "the offer was declined already",
    "withdrawn": "the offer was withdrawn already",
    "returned": "the follow-up was returned already",
}
WAYS = {
    "offered": (),
    "accepted": ("accept",),
    "declined": ("decline",),
    "withdrawn": ("withdraw",),
    "returned": ("accept", "give_back"),
}


def request_step(name, transfer, request, **more):
    step, who, said = STEPS[name]
    return step(transfer, by=request.getfixturevalue(who), **said, **more)


@pytest.mark.parametrize("state", WAYS)
@pytest.mark.parametrize("name", STEPS)
def test_each_step_fits_one_state_and_is_refused_in_all_others(offered, lena, sofia, request, state, name):
    for way in WAYS[state]:
        request_step(way, offered, request)
    fits = {"give_back": "accepted", "take_back": "accepted"}.get(name, "offered")

    if state == fits:
        assert request_step(name, offered, request).state == AFTER[name]
    elif name not in WAYS[state]:
        assert SAID[state] in refusal(request_step, name, offered, request)
    assert now(offered).state == (AFTER[name] if state == fits else state)


@pytest.mark.parametrize("name", ["accept", "decline", "withdraw"])
def test_a_double_click_is_one_step(offered, request, name):
    first, second = request_step(name, offered, request), request_step(name, offered, request)

    assert first.decided_at == second.decided_at
    with access.everywhere():
        assert audit.history_of(now_here(offered)).count() == 2


@pytest.mark.parametrize("name", ["decline", "withdraw", "give_back"])
def test_a_step_that_ends_it_needs_a_reason(offered, bob, request, name):
    step, who, _ = STEPS[name]
    by = request.getfixturevalue(who)

    assert "Say why" in refusal(step, offered, reason="  ", by=by)
    assert "at most 200" in refusal(step, offered, reason="x" * 201, by=by)


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("accept", "alice"), ("accept", "dana"), ("accept", "isla"), ("decline", "lena"), ("withdraw", "bob"),
        ("withdraw", "ines"), ("give_back", "ines"), ("give_back", "isla"), ("give_back", "otto"),
    ],
)  # fmt: skip
def test_nobody_takes_a_step_of_the_other_side(offered, bob, person, south, request, name, who):
    isla = person("isla", Role.INVESTIGATOR, south)
    if name == "give_back":
        transferring.accept(offered, by=bob)
    by = isla if who == "isla" else request.getfixturevalue(who)

    with pytest.raises(PermissionDenied):
        STEPS[name][0](offered, by=by, **STEPS[name][2])


@pytest.mark.django_db(transaction=True)
def test_of_accepting_and_withdrawing_at_once_one_is_first(offered, alice, bob):
    def attempt(name):
        try:
            step, by = (transferring.accept, bob) if name == "accept" else (transferring.withdraw, alice)
            step(offered, by=by, **({} if name == "accept" else {"reason": "too late"}))
            return "done"
        except ValidationError as error:
            return " ".join(error.messages)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(attempt, ["accept", "withdraw"]))

    assert [one == "done" for one in said].count(True) == 1
    assert any(one.startswith("Nothing was changed") for one in said)


def test_after_the_end_it_can_be_offered_again(case, accepted, alice, bob):
    transferring.give_back(accepted, reason="moved again", by=bob)

    again = transferring.offer(case, center_code="SOUTH", note="", by=alice)

    assert again.pk != accepted.pk


# --- what acceptance opens -------------------------------------------------------------------------------------------


def news(outcome="alive", on="2026-03-14", way="phone", **more):
    return News(outcome=outcome, contact_type=way, on=PartialDate.parse(on) if on else None, **more)


def test_who_accepted_reads_the_case_and_records_news_that_the_operating_center_finds(case, accepted, bob):
    with access.scope(centers_of(bob)):
        with duty.opened(accepted, by=bob) as found:
            assert found.pk == case.pk
        said = follow_up.record(found, news(), by=bob, if_version=1, under=accepted)
        assert not Case.objects.exists()  # the scope is closed again

    assert said.verdict == "recorded"
    assert [str(v.visit_on) for v in stored(case).document.follow_ups] == ["2016-05-01", "2026-03-14"]
    with access.everywhere():
        (attempt,) = ContactAttempt.objects.filter(case=case)
        (event,) = audit.history_of(Case.objects.get(pk=case.pk)).filter(pgh_label="update")
        assert (attempt.by, attempt.center_id) == (bob, case.center_id)
    assert (event.pgh_context["user"], event.pgh_context["reason"]) == (bob.pk, "SOUTH: follow-up recorded")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by_whom", ["bob", "alice"])
def test_news_and_the_end_at_once_wait_for_each_other(case, accepted, bob, request, by_whom):
    other = request.getfixturevalue(by_whom)

    def record():
        try:
            with access.scope(centers_of(bob)):
                return follow_up.record(case, news(), by=bob, if_version=1, under=accepted).verdict
        except PermissionDenied:
            return "ended"
        finally:
            connection.close()

    def end():
        try:
            return transferring.give_back(accepted, reason="came home", by=other).state
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        said, ended = pool.submit(record), pool.submit(end)

    assert ended.result() == "returned"
    assert len(stored(case).document.follow_ups) == {"recorded": 2, "ended": 1}[said.result()]


def test_news_twice_is_one_and_of_an_old_version_refused(case, accepted, bob, alice):
    with access.scope(centers_of(bob)):
        first = follow_up.record(case, news(), by=bob, if_version=1, under=accepted)
        again = follow_up.record(case, news(), by=bob, if_version=1, under=accepted)
        other = follow_up.record(case, news(on="2026-03-13"), by=bob, if_version=1, under=accepted)

    assert (first.verdict, again.verdict, other.verdict) == ("recorded", "known", "refused")
    assert "Somebody else changed this case" in other.reasons[0]


@pytest.mark.parametrize("state", ["offered", "declined", "withdrawn", "returned"])
def test_in_no_other_state_is_anything_opened(case, offered, request, bob, state):
    for way in WAYS[state]:
        request_step(way, offered, request)

    with access.scope(centers_of(bob)):
        with pytest.raises(PermissionDenied, match="does not follow"), duty.opened(offered, by=bob):
            pass
        with pytest.raises(PermissionDenied, match="does not follow"):
            follow_up.record(case, news(), by=bob, if_version=1, under=offered)
    assert len(stored(case).document.follow_ups) == 1


def test_neither_is_it_to_anybody_else(case, accepted, person, rita):
    third = Center.objects.create(code="THIRD", name="Third", country="FR")
    for who in (person("tess", Role.CENTER_LEAD, third), person("nemo")):
        with pytest.raises(PermissionDenied), duty.opened(accepted, by=who):
            pass
        with pytest.raises(PermissionDenied):
            follow_up.record(case, news(), by=who, if_version=1, under=accepted)
    with pytest.raises(PermissionDenied):  # a reviewer reads, and records nothing
        follow_up.record(case, news(), by=rita, if_version=1, under=accepted)
    with pytest.raises(PermissionDenied):
        sent(case, rita, accepted, ADDS["a visit"])


def sent(case, by, transfer, change, **more):
    """What becomes of a changed document under a transfer."""
    plain = document.dump(stored(case).document)
    change(plain)
    with access.scope(centers_of(by)):
        return intake.save_case(
            Submission(document=document.parse(plain), **more),
            center=case.center, by=by, source="api", reason="phone call", under=transfer,
        )  # fmt: skip


ADDS = {
    "a visit": lambda one: one["follow_ups"].append({"visit_on": "2020-01-01", "vital_status": "alive"}),
    "a recurrence": lambda one: one.update(recurrences=[{"kind": "local", "detected_on": "2019-01"}]),
    "a late event": lambda one: one.update(
        complications=[{"type": "pe", "onset_on": "2019", "clavien_dindo": "II"}]
    ),
    "a death": lambda one: one.update(death={"died_on": "2021", "cause_category": "unknown"}),
}
CHANGES = {
    "the tumor": lambda one: one["tumor"].update(growth_pattern="intravasal"),
    "the operation": lambda one: one["operations"][0].update(blood_loss_ml=10),
    "the consent": lambda one: one["consent"].update(scopes=["registry"]),
    "the note": lambda one: one.update(note="x"),
    "the patient": lambda one: one["patient"].update(sex="male"),
    "a visit that stands": lambda one: one["follow_ups"][0].update(visit_on="2016-06-01"),
    "a visit taken out": lambda one: one.update(follow_ups=[]),
    "another case": lambda one: one.update(case_number="A-2"),
    "a new case": lambda one: one.update(case_number="NEW"),
}


@pytest.mark.parametrize("what", ADDS)
def test_follow_up_can_be_added(case, accepted, bob, what):
    assert sent(case, bob, accepted, ADDS[what]).verdict == "changed"


@pytest.mark.parametrize("what", CHANGES)
def test_nothing_else_can_be_changed_whatever_is_sent(case, accepted, alice, bob, what):
    saved(case.center, alice, "A-2")
    before = document.dump(stored(case).document)

    receipt = sent(case, bob, accepted, CHANGES[what])

    assert [problem.code for problem in receipt.errors] == ["only_follow_up"]
    assert receipt.case_id is None
    assert document.dump(stored(case).document) == before
    with access.everywhere():
        assert Case.objects.count() == 2


def test_a_death_that_is_told_is_corrected_by_the_operating_center(case, accepted, bob):
    sent(case, bob, accepted, ADDS["a death"])

    receipt = sent(case, bob, accepted, lambda one: one["death"].update(died_on="2022"))

    assert [problem.code for problem in receipt.errors] == ["only_follow_up"]


def test_a_locked_case_is_locked_for_them_too(case, accepted, bob):
    with access.everywhere():
        Case.objects.filter(pk=case.pk).update(status="locked")

    assert [p.code for p in sent(case, bob, accepted, ADDS["a visit"]).errors] == ["locked"]


# --- whose lists it is on --------------------------------------------------------------------------------------------


def listed(by, which=Which.LOST):
    with access.scope(centers_of(by)):
        centers = access.center_rows(by)
        taken = duty.taken_over(centers)
        with duty.seeing(centers_of(by), taken):
            rows = follow_up.waiting(which, centers, taken=taken).select_related("case")
            return [row.case.case_number for row in rows]


def test_the_patient_is_on_the_list_of_who_follows_and_on_no_other(case, offered, alice, bob, dana, request):
    saved(case.center, alice, "A-2")
    both, before = (listed(alice), listed(bob)), ["A-1", "A-2"]
    assert both == (before, [])
    request_step("accept", offered, request)
    assert (listed(alice), listed(bob), listed(dana)) == (["A-2"], ["A-1"], before)
    request_step("give_back", offered, request)
    assert (listed(alice), listed(bob)) == (before, [])


def heard(by):
    with access.scope(centers_of(by)):
        centers = access.center_rows(by)
        taken = duty.taken_over(centers)
        with duty.seeing(centers_of(by), taken):
            found = follow_up.heard(centers, taken=taken)
    return found.patients, found.recently, found.for_others


def test_completeness_is_counted_where_the_duty_lies(case, offered, alice, bob, dana):
    recent = {"visit_on": "2024-12-16", "vital_status": "alive"}  # 15 months before 15 March 2026, and a day
    saved(case.center, alice, "A-2", follow_ups=[recent])
    assert (heard(alice), heard(bob), heard(dana)) == ((2, 1, 0), (0, 0, 0), (2, 1, 0))

    transferring.accept(offered, by=bob)

    assert (heard(alice), heard(bob), heard(dana)) == ((1, 1, 0), (1, 0, 1), (2, 1, 1))


def test_the_day_is_that_of_the_center_that_follows(north, south, alice, bob):
    south.timezone = "Pacific/Kiritimati"  # 14 hours ahead of UTC: the 16th has begun there
    south.save()
    case = saved(north, alice, follow_ups=[{"visit_on": "2025-03-16", "vital_status": "alive"}])
    assert listed(alice, Which.DUE) == []

    transferring.accept(transferring.offer(case, center_code="SOUTH", note="", by=alice), by=bob)

    assert listed(bob, Which.DUE) == ["A-1"]


def test_operation_verdicts_and_observation_stay_with_the_center_that_operated(case, accepted, south):
    with access.everywhere():
        assert SurvivalObservation.objects.get(pk=case.pk).center_id == case.center_id
        assert set(Deviation.objects.values_list("center", flat=True)) <= {case.center_id}
        assert Case.objects.get(pk=case.pk).center_id == case.center_id


def test_whom_a_center_follows_is_looked_up_at_once(case, accepted, alice, bob, django_assert_num_queries):
    with access.scope(centers_of(bob)), django_assert_num_queries(1):
        assert list(duty.taken_over([accepted.receiving_center_id])) == [case.pk]


# --- the patient's wish ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", ["stop_collection", "stop_use"])
@pytest.mark.parametrize(("state", "after"), [("offered", "withdrawn"), ("accepted", "returned")])
def test_a_withdrawal_of_consent_ends_it_and_keeps_its_reason_to_itself(
    case, offered, bob, lena, request, effect, state, after
):
    for way in WAYS[state]:
        request_step(way, offered, request)
    with access.everywhere():
        withdrawing.withdraw(
            case, effect=effect, withdrawn_on=PartialDate.parse("2020"), reason="letter of 4 March", by=lena
        )

    row = now(offered)
    assert (row.state, row.decided_by, row.reason) == (after, lena, "the patient withdrew consent")
    with access.scope(centers_of(bob)):
        told = [event.pgh_context["reason"] for event in audit.history_of(row)]
    assert told[-1] == "the patient withdrew consent"
    assert "letter of 4 March" not in told
    with access.scope(centers_of(bob)), pytest.raises(PermissionDenied), duty.opened(row, by=bob):
        pass


def test_an_erasure_leaves_nothing_of_it(case, accepted, bob, lena):
    with access.everywhere():
        erasing.erase(case, withdrawn_on=PartialDate.parse("2020-03-04"), reason="letter", by=lena)

        assert not Transfer.objects.exists()
        assert not Transfer.pgh_event_model.objects.exists()
    assert listed(bob) == []


def test_a_draft_without_dates_can_be_handed_over(north, south, alice, bob):
    receipt = intake.save_case(
        Submission(document=draft("A-9", consent=SIGNED)), center=north, by=alice, source="admin"
    )
    with access.everywhere():
        case = Case.objects.select_related("center").get(pk=receipt.case_id)

    offered = transferring.offer(case, center_code="SOUTH", note="", by=alice)

    assert (offered.sex, offered.resected_year) == ("", None)


@pytest.mark.parametrize("consent", ["none", "refused"])
@pytest.mark.parametrize(("state", "after"), [("offered", "withdrawn"), ("accepted", "returned")])
def test_a_consent_that_is_corrected_away_ends_it_too(
    case, offered, alice, bob, request, consent, state, after
):
    for way in WAYS[state]:
        request_step(way, offered, request)
    # of a patient who refused nothing else may stay
    sent = (
        draft("A-1", consent={"basis": "refused"}) if consent == "refused" else resected("A-1", consent=None)
    )

    receipt = intake.save_case(
        Submission(document=sent),
        center=case.center,
        by=alice,
        source="admin",
        reason="signed by another",
    )

    assert not receipt.errors, receipt.errors
    row = now(offered)
    assert (row.state, row.decided_by, row.reason) == (after, alice, "no consent is recorded any more")
    with access.scope(centers_of(bob)):
        told = [event.pgh_context["reason"] for event in audit.history_of(row)]
    assert "signed by another" not in told
    assert listed(bob) == []


def test_a_correction_that_leaves_the_consent_leaves_the_transfer(case, accepted, alice):
    with access.everywhere():
        document = resected("A-1", consent={**SIGNED, "scopes": ["registry"]}, follow_ups=[VISIT], note="x")
        intake.save_case(
            Submission(document=document), center=case.center, by=alice, source="admin", reason="note"
        )

    assert now(accepted).state == "accepted"


def test_what_was_offered_of_a_patient_who_died_since_is_not_accepted(case, offered, alice, bob):
    dead = resected(
        "A-1", consent=SIGNED, follow_ups=[VISIT], death={"died_on": "2020", "cause_category": "unknown"}
    )
    intake.save_case(Submission(document=dead), center=case.center, by=alice, source="admin", reason="letter")

    said = refusal(transferring.accept, offered, by=bob)

    assert said == "This cannot be accepted any more: ask the center that operated to withdraw the offer."
    assert now(offered).state == "offered"
