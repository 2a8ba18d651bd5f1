"""What a center says to a finding: who may, what is needed, and what stays of it."""

import pytest
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from cases import answering, intake
from cases.intake import Submission
from cases.models import DataQuery, Deviation
from cases.vocabulary import EXPLANATIONS
from registry import access
from registry.audit import history_of
from tests.cases.examples import OF_TODAY, resected

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _case(north, alice):
    """It asks (blood loss of 20 liters) and deviates (a median laparotomy, S-04)."""
    document = resected(
        operated_on=OF_TODAY, operation={"blood_loss_ml": 20000, "approach": ["median_laparotomy"]}
    )
    intake.save_case(Submission(document=document), center=north, by=alice, source="admin")


@pytest.fixture
def query(everywhere):
    return DataQuery.objects.get(pointer="/operations/0/blood_loss_ml")


@pytest.fixture
def deviation(everywhere):
    return Deviation.objects.get(rule_id="S-04")


def explain(deviation, by, answer="emergency", text="", **given):
    answering.explain(deviation, answer=answer, text=text, by=by, **given)


def test_a_query_is_confirmed_in_words(query, alice):
    answering.confirm(query, text="  Read again in the anesthesia chart. ", by=alice)

    query.refresh_from_db()
    assert (query.state, query.answer) == ("answered", "confirmed")
    assert query.answer_text == "Read again in the anesthesia chart."
    assert query.answered_by == alice
    assert query.answered_at is not None


def test_a_deviation_is_explained_by_one_of_the_reasons(deviation, ines):
    explain(deviation, ines)

    deviation.refresh_from_db()
    assert (deviation.state, deviation.answer, deviation.answer_text) == ("answered", "emergency", "")


def test_the_history_says_who_answered_and_why(deviation, alice):
    explain(deviation, alice, text="Ruptured.")

    assert history_of(deviation).last().pgh_context == {
        "door": "admin",
        "user": alice.pk,
        "reason": "Ruptured.",
    }


@pytest.mark.parametrize("name", ["bob", "rita", "ada", "otto", "nobody"])
def test_who_may_not_record_cannot_confirm(name, request, query):
    with pytest.raises(PermissionDenied):
        answering.confirm(query, text="It is right.", by=request.getfixturevalue(name))


@pytest.mark.parametrize("name", ["bob", "rita", "dana", "ada", "otto", "nobody"])
def test_who_may_not_explain_cannot_explain(name, request, deviation):
    with pytest.raises(PermissionDenied):
        explain(deviation, request.getfixturevalue(name))


def test_permission_is_asked_for_before_the_answer_is_read(deviation, rita):
    with pytest.raises(PermissionDenied):
        explain(deviation, rita, "nonsense")


@pytest.mark.parametrize("answer", ["", "confirmed", "nonsense"])
def test_a_deviation_needs_a_reason_from_the_list(deviation, alice, answer):
    with pytest.raises(ValidationError) as refused:
        explain(deviation, alice, answer)

    assert refused.value.message_dict == {"answer": ["Choose a reason from the list."]}


@pytest.mark.parametrize("answer", sorted(set(EXPLANATIONS) - {"other_text", "historical_case"}))
def test_a_reason_from_the_list_needs_no_words(deviation, alice, answer):
    explain(deviation, alice, answer)

    deviation.refresh_from_db()
    assert deviation.answer == answer


def test_only_an_operation_older_than_the_rule_is_explained_by_that(deviation, alice):
    with pytest.raises(ValidationError) as refused:
        explain(deviation, alice, "historical_case")

    told = "The operation is not older than the rule; choose another reason."
    assert refused.value.message_dict == {"answer": [told]}
    Deviation.objects.filter(pk=deviation.pk).update(rule_terms={"historical": True})
    explain(deviation, alice, "historical_case")
    deviation.refresh_from_db()
    assert deviation.answer == "historical_case"


def test_another_reason_needs_words(deviation, alice):
    with pytest.raises(ValidationError) as refused:
        explain(deviation, alice, "other_text", "  ")

    assert refused.value.message_dict == {"answer_text": ["Say what the reason was."]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (" \n ", "Say why the value is right."),
        ("\u200b \ufeff", "Say why the value is right."),
        ("x" * 1001, "This has 1001 characters; shorten it to 1000."),
        ("a\x00b", "Take out the characters that cannot be seen."),
    ],
)
def test_a_confirmation_needs_words_that_can_be_kept(query, alice, text, told):
    with pytest.raises(ValidationError) as refused:
        answering.confirm(query, text=text, by=alice)

    assert refused.value.message_dict == {"answer_text": [told]}
    query.refresh_from_db()
    assert query.state == "open"


def test_the_longest_text_and_more_than_one_line_are_kept(query, alice):
    text = "Line one.\r\n" + "é" * 989

    answering.confirm(query, text=text, by=alice)

    query.refresh_from_db()
    assert query.answer_text == text


def test_an_answer_can_be_changed(deviation, alice, ines):
    explain(deviation, alice)
    explain(deviation, ines, "comorbidity")

    deviation.refresh_from_db()
    assert (deviation.answer, deviation.answered_by) == ("comorbidity", ines)


def test_the_same_answer_twice_leaves_one_trace(deviation, alice):
    seen = answering.fingerprint(deviation)
    explain(deviation, alice, if_seen=seen)
    traces = history_of(deviation).count()

    explain(deviation, alice, if_seen=seen)

    assert history_of(deviation).count() == traces


def test_what_closed_is_not_answered(query, alice, north):
    document = resected(operated_on=OF_TODAY, operation={"approach": ["median_laparotomy"]})
    intake.save_case(Submission(document=document), center=north, by=alice, source="admin")

    with pytest.raises(ValidationError) as refused:
        answering.confirm(query, text="It is right.", by=alice)

    assert "closed by itself" in refused.value.message_dict[NON_FIELD_ERRORS][0]


def test_an_answer_to_something_that_changed_is_refused(deviation, alice, ines):
    seen = answering.fingerprint(deviation)
    explain(deviation, ines, "comorbidity")

    with pytest.raises(ValidationError) as refused:
        explain(deviation, alice, if_seen=seen)

    assert "changed while you were writing" in refused.value.message_dict[NON_FIELD_ERRORS][0]
    deviation.refresh_from_db()
    assert deviation.answered_by == ines


def test_an_answer_brings_its_own_scope(query, alice):
    """Also from a place that sees no center yet, such as a command."""
    with access.scope([]):
        answering.confirm(query, text="It is right.", by=alice)

    query.refresh_from_db()
    assert query.state == "answered"


# --- the second person ---------------------------------------------------------------------------------------------


@pytest.fixture
def explained(deviation, alice):
    explain(deviation, alice)
    deviation.refresh_from_db()
    return deviation


def decide(item, by, decision="accepted", text="", **given):
    answering.decide(item, decision=decision, text=text, by=by, **given)


@pytest.mark.parametrize(
    ("decision", "text", "state"),
    [
        ("accepted", "", "decided"),
        ("not_accepted", "The approach was not discussed.", "decided"),
        ("data_wrong", "The record names a chevron incision.", "open"),
    ],
)
def test_a_reviewer_decides_on_an_explanation(explained, rita, decision, text, state):
    decide(explained, rita, decision, text)

    explained.refresh_from_db()
    assert (explained.state, explained.decision, explained.decision_text) == (state, decision, text)
    assert (explained.decided_by, explained.answer) == (rita, "emergency")
    assert explained.decided_at is not None
    assert history_of(explained).last().pgh_context["user"] == rita.pk


@pytest.mark.parametrize("name", ["alice", "lena", "bob", "dana", "ada", "otto", "nobody"])
def test_who_may_not_decide_cannot_decide_on_a_deviation(name, request, explained):
    with pytest.raises(PermissionDenied):
        decide(explained, request.getfixturevalue(name))


@pytest.mark.parametrize("name", ["rita", "dana"])
def test_reviewers_and_data_managers_decide_on_confirmations(name, request, query, alice):
    answering.confirm(query, text="It is right.", by=alice)

    decide(query, request.getfixturevalue(name))

    query.refresh_from_db()
    assert query.state == "decided"


def test_nobody_decides_on_their_own_answer(query, dana):
    answering.confirm(query, text="It is right.", by=dana)

    with pytest.raises(ValidationError) as refused:
        decide(query, dana)

    assert "another person decides" in refused.value.message_dict[NON_FIELD_ERRORS][0]
    query.refresh_from_db()
    assert query.state == "answered"


def test_the_database_refuses_a_decision_on_ones_own_answer(query, dana):
    answering.confirm(query, text="It is right.", by=dana)

    with pytest.raises(IntegrityError), transaction.atomic():
        DataQuery.objects.filter(pk=query.pk).update(state="decided", decision="accepted", decided_by=dana)


def test_there_is_nothing_to_decide_before_there_is_an_answer(deviation, rita):
    with pytest.raises(ValidationError) as refused:
        decide(deviation, rita)

    assert "there is no answer to decide on" in refused.value.message_dict[NON_FIELD_ERRORS][0]


@pytest.mark.parametrize(
    ("decision", "text", "told"),
    [
        ("", "", {"decision": ["Choose a decision from the list."]}),
        ("perhaps", "", {"decision": ["Choose a decision from the list."]}),
        ("not_accepted", " ", {"decision_text": ["Say why, so that the center can act on it."]}),
        ("data_wrong", "", {"decision_text": ["Say why, so that the center can act on it."]}),
        ("accepted", "x" * 1001, {"decision_text": ["This has 1001 characters; shorten it to 1000."]}),
        ("accepted", "a\x00b", {"decision_text": ["Take out the characters that cannot be seen."]}),
    ],
)
def test_a_decision_needs_what_the_center_can_act_on(explained, rita, decision, text, told):
    with pytest.raises(ValidationError) as refused:
        decide(explained, rita, decision, text)

    assert refused.value.message_dict == told
    explained.refresh_from_db()
    assert explained.state == "answered"


def test_what_is_decided_is_not_answered_again(explained, alice, rita):
    decide(explained, rita)

    with pytest.raises(ValidationError) as refused:
        explain(explained, alice, "comorbidity")

    assert "this is decided" in refused.value.message_dict[NON_FIELD_ERRORS][0]


def test_a_decision_can_be_taken_anew_and_the_history_has_both(explained, rita):
    decide(explained, rita)
    decide(explained, rita, "not_accepted", "Not an emergency by the record.")

    decisions = history_of(explained).values_list("state", "decision")
    assert list(decisions)[-2:] == [("decided", "accepted"), ("decided", "not_accepted")]


@pytest.mark.parametrize(
    "decision", [("accepted", ""), ("not_accepted", "No note."), ("data_wrong", "See the operation note.")]
)
def test_the_same_decision_twice_leaves_one_trace(explained, rita, decision):
    seen = answering.fingerprint(explained)
    decide(explained, rita, *decision, if_seen=seen)
    traces = history_of(explained).count()

    decide(explained, rita, *decision, if_seen=seen)

    assert history_of(explained).count() == traces


def test_a_decision_on_an_answer_that_changed_is_refused(explained, alice, rita):
    seen = answering.fingerprint(explained)
    explain(explained, alice, "comorbidity")

    with pytest.raises(ValidationError) as refused:
        decide(explained, rita, if_seen=seen)

    assert "changed while you were writing" in refused.value.message_dict[NON_FIELD_ERRORS][0]


def test_a_center_answers_again_what_was_sent_back(explained, alice, rita):
    decide(explained, rita, "data_wrong", "See the operation note.")

    explained.refresh_from_db()
    assert (explained.is_sent_back, explained.is_returned) == (True, True)
    explain(explained, alice, "comorbidity")

    explained.refresh_from_db()
    assert (explained.state, explained.decision, explained.decided_by) == ("answered", "", None)
