"""The life of a finding: it opens, is answered, returns when its data change, closes by itself, keeps its answer."""

from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from cases import answering, intake, review
from cases.intake import Submission
from cases.models import Assessment, Case, DataQuery, Deviation
from registry import access
from registry.audit import history_of
from tests.cases.examples import OF_TODAY, resected

pytestmark = pytest.mark.django_db

TODAY = date(2026, 1, 1)
LOSS = "/operations/0/blood_loss_ml"


@pytest.fixture
def save(north, alice):
    """Save a case with this operation; 20 liters of blood are asked about, a median laparotomy deviates (S-04)."""

    def save(number="A-1", forms=None, **operation):
        document = resected(number, operation={"operated_on": OF_TODAY, **operation}, **(forms or {}))
        return intake.save_case(Submission(document=document), center=north, by=alice, source="api")

    return save


@pytest.fixture
def query(save, alice, everywhere):
    """A query that was confirmed."""
    save(blood_loss_ml=20000)
    found = DataQuery.objects.get(pointer=LOSS)
    answering.confirm(found, text="Two cell savers.", by=alice)
    return found


@pytest.fixture
def deviation(save, alice, everywhere):
    """A deviation that was explained."""
    save(approach=["median_laparotomy"])
    found = Deviation.objects.get(rule_id="S-04")
    answering.explain(found, answer="emergency", text="", by=alice)
    return found


def read_again():
    return review.reassess(Case.objects.values_list("pk", flat=True), as_of=TODAY)


def states(item):
    """The states that the history tells, oldest first."""
    return list(history_of(item).values_list("state", flat=True))


@pytest.mark.parametrize("kind", ["query", "deviation"])
def test_what_was_answered_stays_answered_when_it_is_read_again(kind, request):
    item = request.getfixturevalue(kind)

    read_again()

    item.refresh_from_db()
    assert (item.state, item.is_returned) == ("answered", False)
    assert states(item) == ["open", "answered"]


def test_what_was_answered_stays_answered_when_something_else_changes(query, save):
    save(blood_loss_ml=20000, skin_to_skin_min=300)

    query.refresh_from_db()
    assert query.state == "answered"
    assert states(query) == ["open", "answered"]


def test_it_returns_with_its_answer_when_the_value_changed(query, save, alice):
    save(blood_loss_ml=25000)

    query.refresh_from_db()
    assert (query.state, query.is_returned) == ("open", True)
    assert (query.answer, query.answer_text, query.answered_by) == ("confirmed", "Two cell savers.", alice)
    assert query.values != history_of(query).filter(state="answered").get().values
    assert states(query) == ["open", "answered", "open"]


def test_it_can_be_answered_again_after_it_returned(query, save, alice):
    save(blood_loss_ml=25000)
    query.refresh_from_db()

    answering.confirm(query, text="Three cell savers.", by=alice)
    read_again()

    query.refresh_from_db()
    assert (query.state, query.answer_text) == ("answered", "Three cell savers.")


def as_an_older_rulebook_said(item, **said):
    """Let the stored finding be what another version of the rule said of the same values."""
    type(item).objects.filter(pk=item.pk).update(rulebook_version="2025.1", **said)


def test_a_new_wording_of_the_same_leaves_it_answered(deviation):
    as_an_older_rulebook_said(deviation, sentence="Said in other words.")

    read_again()

    told = deviation.sentence
    deviation.refresh_from_db()
    assert (deviation.state, deviation.sentence) == ("answered", told)


def test_it_returns_when_the_rule_weighs_it_differently(deviation):
    as_an_older_rulebook_said(deviation, severity="sentinel")

    read_again()

    deviation.refresh_from_db()
    assert deviation.is_returned


def test_it_closes_by_itself_when_the_data_no_longer_call_for_it(query, save):
    save()

    query.refresh_from_db()
    assert (query.state, query.answer) == ("closed", "confirmed")
    assert query.closed_at is not None
    assert states(query) == ["open", "answered", "closed"]


def test_what_is_closed_stays_closed(query, save):
    save()
    read_again()

    assert states(query) == ["open", "answered", "closed"]


def test_it_is_open_again_when_it_comes_back_after_closing(query, save):
    save()
    save(blood_loss_ml=20000)

    query.refresh_from_db()
    assert (query.state, query.closed_at, query.is_returned) == ("open", None, True)
    assert states(query) == ["open", "answered", "closed", "open"]


def test_a_deviation_lives_the_same_life(deviation, save):
    save()
    save(approach=["median_laparotomy"])

    deviation.refresh_from_db()
    assert states(deviation) == ["open", "answered", "closed", "open"]
    assert deviation.answer == "emergency"


def test_the_history_of_a_returned_finding_says_through_which_door(query, save, alice):
    save(blood_loss_ml=25000)

    said = history_of(query).last().pgh_context
    assert (said["door"], said["user"]) == ("api", alice.pk)


def test_what_was_confirmed_is_not_asked_again_when_the_case_is_saved(query, save):
    def asked(receipt):
        return LOSS in [problem.pointer for problem in receipt.problems]

    assert not asked(save(blood_loss_ml=20000, skin_to_skin_min=300))
    assert asked(save(blood_loss_ml=25000))


def test_an_answer_leaves_the_assessment_alone(deviation):
    read_again()

    assert Assessment.objects.count() == 1


def test_a_reading_that_fails_leaves_the_answer(query, save, monkeypatch):
    def fail(*_):
        raise RuntimeError

    monkeypatch.setattr(review.duplicates, "suspected", fail)

    with pytest.raises(RuntimeError), transaction.atomic():
        save(blood_loss_ml=25000)

    query.refresh_from_db()
    assert query.state == "answered"


@pytest.fixture
def twin(save, alice, everywhere):
    """A query that asks if two cases are one patient (X-56), confirmed: they are two."""
    save("A-1")
    save("A-2")
    found = DataQuery.objects.get(rule_id="X-56", case__case_number="A-2")
    answering.confirm(found, text="Another patient.", by=alice)
    return found


def test_another_patient_can_be_confirmed_as_another(twin):
    read_again()

    twin.refresh_from_db()
    assert (twin.state, twin.values) == ("answered", {"case_number": ["A-1"]})


def test_a_third_case_that_may_be_the_same_patient_asks_again(twin, save):
    save("A-3")
    read_again()

    twin.refresh_from_db()
    assert twin.is_returned
    assert twin.values == {"case_number": ["A-1", "A-3"]}


def test_reading_costs_the_same_number_of_statements_whatever_was_answered(north, alice, ines):
    def queries_for(n):
        documents = [
            resected(
                f"{n}-{i}",
                operated_on=OF_TODAY,
                operation={"blood_loss_ml": 20000, "approach": ["median_laparotomy"]},
            )
            for i in range(n)
        ]
        cases = [Submission(document=document) for document in documents]
        receipts = intake.save_cases(cases, center=north, by=alice, source="api")
        ids = [receipt.case_id for receipt in receipts]
        with access.scope([north.pk]):
            for query in DataQuery.objects.filter(case__in=ids[::2], pointer=LOSS):
                answering.confirm(query, text="Yes.", by=alice)
            for deviation in Deviation.objects.open().filter(case__in=ids[::2]):
                answering.explain(deviation, answer="emergency", text="", by=ines)
            with CaptureQueriesContext(connection) as seen:
                review.reassess(ids, as_of=TODAY)
            assert Deviation.objects.filter(case__in=ids[::2], state="open").count() == 0
        return len(seen)

    queries_for(1)
    assert queries_for(2) == queries_for(20) <= 36


# --- decided -------------------------------------------------------------------------------------------------------


@pytest.fixture
def decided(deviation, rita):
    """A deviation that was explained and accepted."""
    answering.decide(deviation, decision="accepted", text="", by=rita)
    return deviation


def test_what_was_decided_stays_decided_when_it_is_read_again(decided, save):
    read_again()
    save(approach=["median_laparotomy"], skin_to_skin_min=300)

    decided.refresh_from_db()
    assert decided.state == "decided"
    assert states(decided) == ["open", "answered", "decided"]


def test_what_was_decided_returns_when_its_values_change(decided, save):
    save(approach=["median_laparotomy", "sternotomy"])

    decided.refresh_from_db()
    assert (decided.state, decided.is_returned, decided.is_sent_back) == ("open", True, False)
    assert (decided.answer, decided.decision) == ("emergency", "accepted")


def test_what_was_decided_closes_by_itself_when_the_data_are_corrected(decided, save):
    save(approach=["chevron"])

    decided.refresh_from_db()
    assert (decided.state, decided.decision) == ("closed", "accepted")


def test_what_was_decided_returns_when_the_rule_changes(decided):
    """The terms of the rule are part of what was decided on, though the values are the same."""
    Deviation.objects.filter(pk=decided.pk).update(rule_terms={"edition": 0})

    read_again()

    decided.refresh_from_db()
    assert (decided.state, decided.is_returned) == ("open", True)


def test_a_decision_of_a_release_that_kept_no_terms_stays(decided):
    Deviation.objects.filter(pk=decided.pk).update(rule_terms={})

    read_again()

    decided.refresh_from_db()
    assert decided.state == "decided"
    assert decided.rule_terms != {}


# --- older than the rule -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operated_on", "stands"),
    [("2015-03", ("decided", "historical_case", "accepted")), ("2023-03", ("open", "", ""))],
)
def test_an_operation_that_is_older_than_the_rule_is_explained_by_that(save, everywhere, operated_on, stands):
    save(approach=["median_laparotomy"], operated_on=operated_on)

    item = Deviation.objects.get(rule_id="S-04")
    assert (item.state, item.answer, item.decision) == stands
    assert (item.answered_by, item.decided_by) == (None, None)


def test_a_corrected_date_of_the_operation_asks_for_an_answer_or_takes_the_question_back(save, everywhere):
    states = []
    for operated_on in ("2015-03", "2023-03", "2015-03"):
        save(approach=["median_laparotomy"], operated_on=operated_on)
        item = Deviation.objects.get(rule_id="S-04")
        states.append((item.state, item.answer, item.decision))

    historical = ("decided", "historical_case", "accepted")
    assert states == [historical, ("open", "", ""), historical]


@pytest.mark.parametrize("terms", ["kept", "of an earlier release", "none"])
def test_what_was_decided_for_an_operation_older_than_the_rule_returns_when_it_is_not(
    save, everywhere, rita, terms
):
    save(approach=["median_laparotomy"], operated_on="2015-03")
    item = Deviation.objects.get(rule_id="S-04")
    answering.decide(item, decision="accepted", text="Older than the paper.", by=rita)
    if terms != "kept":
        Deviation.objects.filter(pk=item.pk).update(
            rule_terms={} if terms == "none" else {"edition": item.rule_terms["edition"]}
        )

    read_again()
    item.refresh_from_db()
    assert item.state == "decided"

    save(approach=["median_laparotomy"], operated_on="2023-03")
    item.refresh_from_db()
    assert (item.state, item.is_returned) == ("open", True)


def test_what_was_explained_stays_so_when_the_operation_turns_out_to_be_older_than_the_rule(deviation, save):
    save(approach=["median_laparotomy"], operated_on="2015-03")

    deviation.refresh_from_db()
    assert (deviation.state, deviation.answer, deviation.is_historical) == ("answered", "emergency", True)


def test_what_a_person_said_of_an_old_operation_stays(save, everywhere, rita):
    save(approach=["median_laparotomy"], operated_on="2015-03")
    item = Deviation.objects.get(rule_id="S-04")
    answering.decide(item, decision="not_accepted", text="The rule is older.", by=rita)

    read_again()

    item.refresh_from_db()
    assert (item.state, item.decision) == ("decided", "not_accepted")
