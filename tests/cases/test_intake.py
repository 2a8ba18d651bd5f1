"""The one door: all of a case or nothing, once however often it is sent, and only by those who may."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import intake, review
from cases.document import load
from cases.intake import Submission
from cases.models import (
    Assessment,
    Case,
    DataQuery,
    Deviation,
    FollowUp,
    Operation,
    Patient,
    Reconstruction,
    SurvivalObservation,
    VeinHandling,
)
from cases.vocabulary import Approach, ExposureStep, Segment
from registry import access, audit
from tests.cases.examples import OF_TODAY, complete, draft, resected

pytestmark = pytest.mark.django_db


def save(document, center, by, **options):
    return intake.save_case(Submission(document=document, **options), center=center, by=by, source="api")


def save_all(documents, center, by, **options):
    return intake.save_cases(
        [Submission(document=d) for d in documents], center=center, by=by, source="api", **options
    )


def stored(receipt, center):
    with access.scope([center.pk]):
        return load([receipt.case_id])[0]


def test_a_case_comes_back_as_it_was_sent(north, alice):
    document = resected(
        follow_ups=[
            {"visit_on": "2016", "vital_status": "alive"},
            {"visit_on": "2017-02", "vital_status": "alive"},
        ]
    )

    receipt = save(document, north, alice)

    assert (receipt.verdict, receipt.version) == ("new", 1)
    assert stored(receipt, north).document == document


def test_sending_again_changes_nothing(north, alice):
    save(resected(), north, alice)

    again = save(resected(), north, alice)

    assert (again.verdict, again.version) == ("unchanged", 1)
    with access.scope([north.pk]):
        assert Case.objects.count() == Patient.objects.count() == Operation.objects.count() == 1
        assert audit.history_of(Case.objects.get()).count() == 1


def test_a_correction_touches_only_the_rows_that_differ(north, alice):
    first = save(resected(follow_ups=[{"visit_on": "2016"}, {"visit_on": "2017"}]), north, alice)

    second = save(resected(follow_ups=[{"visit_on": "2016"}, {"visit_on": "2018"}]), north, alice)

    assert (second.verdict, second.case_id, second.version) == ("changed", first.case_id, 2)
    with access.scope([north.pk]):
        events = [audit.history_of(visit).count() for visit in FollowUp.objects.order_by("position")]
        assert events == [1, 2]
        assert audit.history_of(Operation.objects.get()).count() == 1
        assert audit.history_of(Reconstruction.objects.get()).count() == 1


def test_rows_left_out_are_removed_and_their_history_stays(north, alice):
    save(resected(follow_ups=[{"visit_on": "2016"}, {"visit_on": "2017"}]), north, alice)

    receipt = save(resected(operation={"veins": []}, follow_ups=[{"visit_on": "2016"}]), north, alice)

    assert receipt.verdict == "changed"
    assert stored(receipt, north).document == resected(
        operation={"veins": []}, follow_ups=[{"visit_on": "2016"}]
    )
    with access.scope([north.pk]):
        assert (FollowUp.objects.count(), VeinHandling.objects.count()) == (1, 0)
        assert FollowUp.pgh_event_model.objects.filter(pgh_label="delete").count() == 1


def test_reconstructions_stay_with_their_operation(north, alice):
    further = {
        "operation_type": "resection_recurrence",
        "operated_on": "2017",
        "reconstruction": {"ivc_method": "ligation", "no_reconstruction_reason": "collaterals"},
    }
    base = resected().operations[0]
    both = draft("A-1", operations=[*_plain(base), further])
    bare = draft("A-1", operations=[{"operation_type": "exploration_only", "operated_on": "2015"}, further])
    save(both, north, alice)

    receipt = save(bare, north, alice)

    assert stored(receipt, north).document == bare


def _plain(*operations):
    from cases.document import dump

    return [dump(operation) for operation in operations]


def test_what_cannot_be_true_is_refused_whole(north, alice):
    receipt = save(resected(death={"died_on": "2014-01-01", "cause_category": "disease"}), north, alice)

    assert receipt.verdict == "rejected"
    assert {problem.code for problem in receipt.problems if problem.severity == "error"} == {"X-10"}
    with access.scope([north.pk]):
        assert not Case.objects.exists()
        assert not Patient.objects.exists()


def test_what_is_implausible_is_saved_and_asked(north, alice):
    receipt = save(resected(operation={"blood_loss_ml": 20000}), north, alice)

    assert receipt.verdict == "new"
    assert any("blood" in problem.message.lower() for problem in receipt.problems)
    with access.scope([north.pk]):
        assert DataQuery.objects.open().filter(pointer="/operations/0/blood_loss_ml").exists()


def test_two_cases_that_may_be_one_patient_are_asked_about(north, south, alice, bob):
    save(resected("A"), north, alice)
    save(resected("A"), south, bob)
    save(resected("other month", operated_on="2015-04-02"), north, alice)
    save(resected("year only", operated_on="2015"), north, alice)

    twin = save(resected("B", operated_on="2015-03"), north, alice)

    with access.scope([north.pk, south.pk]):
        asked = DataQuery.objects.open().filter(rule_id="X-56")
        assert list(asked.values_list("case_id", "pointer")) == [(twin.case_id, "/patient")]

        review.reassess(Case.objects.values_list("pk", flat=True), as_of=date(2026, 1, 1))

        assert list(asked.order_by("pk").values_list("case__case_number", flat=True)) == ["B", "A"]

    save(resected("B", operated_on="2015-05"), north, alice)

    with access.scope([north.pk]):
        assert DataQuery.objects.get(rule_id="X-56", case_id=twin.case_id).state == "closed"


def test_a_query_closes_by_itself_when_the_data_are_corrected(north, alice):
    save(resected(operation={"blood_loss_ml": 20000}), north, alice)
    save(resected(), north, alice)

    with access.scope([north.pk]):
        assert DataQuery.objects.get(pointer="/operations/0/blood_loss_ml").state == "closed"

    save(resected(operation={"blood_loss_ml": 20000}), north, alice)

    with access.scope([north.pk]):
        reopened = DataQuery.objects.get(pointer="/operations/0/blood_loss_ml")
        assert (reopened.state, reopened.closed_at) == ("open", None)


def test_a_deviation_opens_and_closes_with_the_data(north, alice):
    save(resected(operated_on=OF_TODAY, operation={"approach": ["median_laparotomy"]}), north, alice)
    with access.scope([north.pk]):
        assert Deviation.objects.open().filter(rule_id="S-04").exists()

    save(resected(), north, alice)
    with access.scope([north.pk]):
        assert not Deviation.objects.open().filter(rule_id="S-04").exists()
        assert Deviation.objects.filter(rule_id="S-04", state="closed").exists()


def test_an_old_assessment_stays_beside_the_new_one(north, alice):
    save(resected(operated_on=OF_TODAY, operation={"approach": ["median_laparotomy"]}), north, alice)
    save(resected(), north, alice)

    with access.scope([north.pk]):
        assert [a.is_current for a in Assessment.objects.order_by("id")] == [False, True]
        assert Assessment.objects.current().get().case_version == 2


def test_reading_the_rules_again_adds_nothing_when_nothing_changed(north, alice):
    receipt = save(resected(), north, alice)

    with access.scope([north.pk]):
        day = Assessment.objects.get().as_of
        again = review.reassess([receipt.case_id], as_of=day)

        assert (again.read, again.changed) == (1, 0)
        assert Assessment.objects.count() == 1


def test_the_observation_follows_the_case(north, alice):
    save(resected(follow_ups=[{"visit_on": "2016-03-02", "vital_status": "alive"}]), north, alice)
    save(resected(death={"died_on": "2017-03-02", "cause_category": "disease"}), north, alice)

    with access.scope([north.pk]):
        seen = SurvivalObservation.objects.get()
        assert (seen.death_days, seen.in_main_curve, seen.level, seen.era) == (731, True, "middle", "2010s")


def test_a_stale_version_is_refused(north, alice):
    save(resected(), north, alice)
    save(resected(follow_ups=[{"visit_on": "2016"}]), north, alice)

    late = save(resected(follow_ups=[{"visit_on": "2017"}]), north, alice, if_version=1)

    assert (late.verdict, late.problems[0].code) == ("rejected", "stale_version")
    assert "version 2" in late.problems[0].message


def test_a_locked_case_is_left_alone(north, alice, lena):
    receipt = save(resected(), north, alice)
    with access.scope([north.pk]):
        Case.objects.filter(pk=receipt.case_id).update(status="locked")

    assert save(draft(), north, alice).problems[0].code == "locked"


def test_one_bad_case_does_not_stop_the_others(north, alice):
    bad = resected("B", death={"died_on": "2014"})

    verdicts = [r.verdict for r in save_all([resected("A"), bad, resected("C")], north, alice)]

    assert verdicts == ["new", "rejected", "new"]


def test_an_atomic_batch_is_saved_whole_or_not_at_all(north, alice):
    bad = resected("B", death={"died_on": "2014"})

    receipts = save_all([resected("A"), bad], north, alice, mode="atomic")

    assert [r.problems[0].code for r in receipts] == ["batch_rejected", "X-10"]
    with access.scope([north.pk]):
        assert not Case.objects.exists()


def test_a_dry_run_says_everything_and_saves_nothing(north, alice):
    receipts = save_all([resected("A"), resected("B", death={"died_on": "2014"})], north, alice, dry_run=True)

    assert [r.verdict for r in receipts] == ["new", "rejected"]
    with access.scope([north.pk]):
        assert not Case.objects.exists()


def test_a_case_number_that_stands_twice_in_a_batch_is_refused_twice(north, alice):
    receipts = save_all([resected("A"), draft("A")], north, alice)

    assert {r.problems[0].code for r in receipts} == {"repeated_case_number"}


def test_nobody_writes_into_a_foreign_center(north, south, alice, rita, otto, nobody):
    for stranger in (rita, otto, nobody):
        with pytest.raises(PermissionDenied):
            save(draft(), north, stranger)
    with pytest.raises(PermissionDenied):
        save(draft(), south, alice)


def test_the_same_number_in_two_centers_is_two_cases(north, south, alice, bob):
    save(draft("1"), north, alice)

    assert save(draft("1"), south, bob).verdict == "new"


def test_the_audit_knows_who_through_which_door_and_why(north, alice):
    intake.save_case(Submission(document=draft()), center=north, by=alice, source="api", reason="first entry")

    with access.scope([north.pk]):
        said = audit.history_of(Case.objects.get()).get().pgh_context

    assert said["user"] == alice.pk
    assert (said["door"], said["reason"]) == ("api", "first entry")


def test_a_batch_costs_the_same_number_of_queries_whatever_its_size(north, alice):
    def queries_for(documents):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            save_all(documents, north, alice)
        return len(seen)

    queries_for([resected("warm")])
    few = queries_for([resected(f"few {i}") for i in range(2)])
    many = queries_for([resected(f"many {i}") for i in range(40)])

    assert few == many <= 75


def test_loading_costs_the_same_number_of_queries_whatever_the_number_of_cases(
    north, alice, django_assert_num_queries
):
    receipts = save_all([resected(str(i)) for i in range(30)], north, alice)
    ids = [receipt.case_id for receipt in receipts]

    with access.scope([north.pk]):
        with django_assert_num_queries(19):
            load(ids[:1])
        with django_assert_num_queries(19):
            assert [case.id for case in load(ids)] == sorted(ids)


@pytest.mark.django_db(transaction=True)
def test_what_is_said_of_a_case_is_said_of_its_newest_version(north, alice, monkeypatch):
    first = save(resected(operated_on=OF_TODAY, operation={"approach": ["median_laparotomy"]}), north, alice)
    loaded, tried = threading.Event(), threading.Event()
    load_cases = review.documents.load

    def slowly(ids):
        cases = load_cases(ids)
        loaded.set()
        tried.wait(1)
        return cases

    def correct():
        loaded.wait(5)
        try:
            tried.set()
            return save(resected(), north, alice)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        corrected = other.submit(correct)
        with monkeypatch.context() as patch, access.scope([north.pk]):
            patch.setattr(review.documents, "load", slowly)
            review.reassess([first.case_id], as_of=date(2026, 1, 1))
        assert corrected.result().version == 2

    with access.scope([north.pk]):
        assert Assessment.objects.current().get().case_version == 2
        assert not Deviation.objects.open().filter(rule_id="S-04").exists()


def test_a_run_that_is_to_do_is_taken_up_and_not_doubled(north, alice):
    save(resected(), north, alice)
    day = date(2026, 1, 1)

    runs = {run.pk for _ in range(2) for run in review.start_runs({north.pk: day})}

    (run,) = runs
    assert review.carry_out(run, north.pk).cases_read == 1
    assert review.carry_out(run, north.pk).cases_read == 1
    assert runs.isdisjoint(run.pk for run in review.start_runs({north.pk: day}))


def test_a_sentence_may_be_long(north, alice):
    operation = {
        "resected_segments": list(Segment.values),
        "approach": [
            code
            for code in Approach.values
            if code not in ("sternotomy", "thoracoabdominal", "right_thoracotomy")
        ],
        "exposure_steps": [
            code
            for code in ExposureStep.values
            if code not in ("none", "diaphragm_incision", "intrapericardial_control")
        ],
    }

    assert save(resected(operation=operation), north, alice).verdict == "new"


# --- why a complete case changes ---------------------------------------------------------------------------------


def problem_codes(receipt):
    return [(problem.code, problem.pointer) for problem in receipt.problems]


def correct(document, center, by, reason="", **options):
    return intake.save_case(
        Submission(document=document), center=center, by=by, source="api", reason=reason, **options
    )


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_complete_case_does_not_change_without_a_reason(north, alice, reason):
    first = correct(complete(), north, alice)

    receipt = correct(complete(note="corrected"), north, alice, reason)

    assert (receipt.verdict, problem_codes(receipt)) == ("rejected", [("reason_required", "/reason")])
    assert stored(first, north).document == complete()


def test_a_complete_case_changes_for_a_reason(north, alice):
    correct(complete(), north, alice)

    receipt = correct(complete(note="corrected"), north, alice, "typing error", sender="key abc")

    assert (receipt.verdict, receipt.version) == ("changed", 2)
    with access.scope([north.pk]):
        said = audit.history_of(Case.objects.get()).last().pgh_context
    assert said["reason"] == "key abc: typing error"


def test_who_sends_is_no_reason(north, alice):
    correct(complete(), north, alice)

    receipt = correct(complete(note="corrected"), north, alice, sender="key abc")

    assert problem_codes(receipt) == [("reason_required", "/reason")]


def test_completing_a_draft_and_sending_again_need_no_reason(north, alice):
    correct(draft(), north, alice)

    verdicts = [correct(complete(), north, alice).verdict for _ in range(2)]

    assert verdicts == ["changed", "unchanged"]


def test_a_stale_version_is_told_before_a_missing_reason(north, alice):
    correct(complete(), north, alice)

    receipt = save(complete(note="corrected"), north, alice, if_version=0)

    assert problem_codes(receipt) == [("stale_version", "")]
