"""The page of one finding: its values and where to correct them, its answer, its life; who may answer sees the form."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import answering, intake
from cases.intake import Submission
from cases.models import DataQuery, Deviation
from registry.audit import history_of
from tests.cases.examples import OF_TODAY, resected
from tests.clients import browser
from tests.pages import filled, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everywhere")]

FIELD = "answer-operations-0-blood_loss_ml"


@pytest.fixture
def save(north, alice):
    def save(number="A-1", source="admin", **operation):
        document = resected(
            number, operation={"operated_on": OF_TODAY, "approach": ["median_laparotomy"], **operation}
        )
        return intake.save_case(Submission(document=document), center=north, by=alice, source=source)

    return save


@pytest.fixture(autouse=True)
def case(save):
    """It asks about 20 liters of blood, and deviates: a median laparotomy (S-04)."""
    return save(blood_loss_ml=20000)


@pytest.fixture
def query():
    return DataQuery.objects.get(pointer="/operations/0/blood_loss_ml")


@pytest.fixture
def deviation():
    return Deviation.objects.get(rule_id="S-04")


def page_of(item, **chosen):
    address = f"/admin/cases/{item._meta.model_name}/{item.pk}/change/"
    return f"{address}?{'&'.join(f'{name}={value}' for name, value in chosen.items())}" if chosen else address


def answer(client, item, page=None, **given):
    """Send the form as it stands, with these fields filled in."""
    page = page or client.get(page_of(item))
    return client.post(page_of(item), {**filled(page, "answer_form"), **given})


def test_the_page_says_what_was_found_on_which_values_and_on_what_authority(alice, deviation):
    seen = text(browser(alice).get(page_of(deviation)))

    assert deviation.sentence in seen
    assert "Approach median laparotomy" in seen
    assert "Expected: the approach includes a bilateral subcostal (Chevron) incision" in seen
    assert "Firmness Founding paper, 8 patients" in seen
    assert "Source Rusin 2021" in seen


def test_the_page_says_what_asks_otherwise(alice, save):
    """Another rule, or a publication."""
    save(
        "A-2",
        reconstruction={"ivc_method": "ligation", "no_reconstruction_reason": "contamination"},
        veins=[],
    )
    save("A-3", resected_segments=["retrohepatic"], pringle_used=False)

    prosthesis = text(browser(alice).get(page_of(Deviation.objects.get(rule_id="S-09"))))
    pringle = text(browser(alice).get(page_of(Deviation.objects.get(rule_id="S-07"))))

    assert "Asks otherwise L-09" in prosthesis
    assert "Challenged by Parenchyma-sparing resection without clamping (Ann Surg Oncol 2020" in pringle


def test_the_way_to_the_field_comes_before_the_form(alice, query, case):
    shown = browser(alice).get(page_of(query)).content.decode()

    link = f'href="/admin/cases/case/{case.case_id}/change/#{FIELD}"'
    assert link in shown
    assert shown.index("First check the data") < shown.rindex(link) < shown.index('id="answer_form"')


def test_a_query_is_confirmed_on_its_page(alice, query):
    response = answer(browser(alice), query, answer_text="Two cell savers.")

    query.refresh_from_db()
    assert (response.status_code, response["Location"]) == (302, "/admin/cases/dataquery/")
    assert (query.state, query.answer_text, query.answered_by) == ("answered", "Two cell savers.", alice)
    assert history_of(query).last().pgh_context["door"] == "admin"


def test_a_deviation_is_explained_on_its_page(ines, deviation):
    answer(browser(ines), deviation, answer="emergency")

    deviation.refresh_from_db()
    assert (deviation.state, deviation.answer, deviation.answered_by) == ("answered", "emergency", ines)


@pytest.mark.parametrize(
    ("chosen", "address"),
    [
        ({"from": "case"}, "/admin/cases/case/{case}/change/#review"),
        ({"_changelist_filters": "days%3D30"}, "/admin/cases/dataquery/?days=30"),
    ],
)
def test_an_answer_leads_back_to_where_one_came_from(alice, query, case, chosen, address):
    client, page = browser(alice), page_of(query, **chosen)

    response = client.post(page, {**filled(client.get(page), "answer_form"), "answer_text": "Yes."})

    assert response["Location"] == address.format(case=case.case_id)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"answer": "", "answer_text": "My words."}, "Reason: Choose a reason from the list."),
        ({"answer": "confirmed", "answer_text": "My words."}, "Reason: Choose a reason from the list."),
        ({"answer": "other_text", "answer_text": " "}, "In your words: Say what the reason was."),
        ({"answer": "emergency", "answer_text": "My words." + "x" * 1000}, "shorten it to 1000"),
    ],
)
def test_what_is_wrong_comes_back_with_what_was_typed(alice, deviation, given, told):
    response = answer(browser(alice), deviation, **given)

    assert response.status_code == 422
    assert told in text(response)
    assert given["answer_text"].strip() in text(response)
    deviation.refresh_from_db()
    assert deviation.state == "open"


def test_a_page_that_is_older_than_the_finding_answers_nothing_and_keeps_what_was_typed(alice, query, save):
    client = browser(alice)
    old = client.get(page_of(query))
    save(blood_loss_ml=25000)

    response = answer(client, query, page=old, answer_text="My words.")

    assert response.status_code == 422
    seen = text(response)
    assert "this changed while you were writing" in seen
    assert "Blood loss is 25000 mL" in seen
    assert "My words." in seen
    assert answer(client, query, page=response, answer_text="My words.").status_code == 302


def test_what_closed_meanwhile_gives_back_what_was_typed(alice, query, save):
    client = browser(alice)
    old = client.get(page_of(query))
    save()

    response = answer(client, query, page=old, answer_text="My words.")

    assert response.status_code == 422
    assert "You had written: My words." in text(response)
    assert 'id="answer_form"' not in response.content.decode()


def test_a_double_click_answers_once(alice, query):
    client = browser(alice)
    page = client.get(page_of(query))

    statuses = [answer(client, query, page=page, answer_text="Yes.").status_code for _ in range(2)]

    assert statuses == [302, 302]
    assert list(history_of(query).values_list("state", flat=True)) == ["open", "answered"]


def test_a_returned_finding_shows_the_answer_it_had(alice, query, save):
    answering.confirm(query, text="Two cell savers.", by=alice)
    save(blood_loss_ml=25000)

    seen = text(browser(alice).get(page_of(query)))

    assert "Returned" in seen
    assert "Answered before; it came back The value is right. Two cell savers." in seen
    assert "Returned : Blood loss is 25000 mL" in seen
    assert "Opened : Blood loss is 20000 mL" in seen


def test_a_finding_that_comes_back_on_the_same_values_does_not_speak_of_others(alice, query, save, case):
    answering.confirm(query, text="Two cell savers.", by=alice)
    save(blood_loss_ml=300)
    save(blood_loss_ml=20000)
    client = browser(alice)

    page, form = (
        text(client.get(page_of(query))),
        text(client.get(f"/admin/cases/case/{case.case_id}/change/")),
    )

    assert "Answered before; it came back The value is right. Two cell savers." in page
    assert "Answered before; it came back: The value is right. Two cell savers." in form
    assert "other values" not in page + form


def test_both_pages_tell_its_life_in_the_same_words(alice, query, save, case):
    answering.confirm(query, text="Two cell savers.", by=alice)
    save(blood_loss_ml=25000)
    answering.confirm(DataQuery.objects.get(pk=query.pk), text="Three cell savers.", by=alice)
    save(blood_loss_ml=300)
    save(blood_loss_ml=20000)
    client = browser(alice)

    life = [step.what for step in client.get(page_of(query)).context["steps"]]
    history = client.get(f"/admin/cases/case/{case.case_id}/history/").context["entries"]

    name = f"Data query {query.rule_id}"
    told = {change.done for entry in history for change in entry.changes if change.what.startswith(name)}
    assert life == [
        *("Came back", "Closed by itself: the data no longer call for it", "Answered", "Returned"),
        *("Answered", "Opened"),
    ]
    assert {done[:1].upper() + done[1:] for done in told} == set(life)


def test_the_life_of_a_finding_is_told_newest_first(alice, query, save):
    answering.confirm(query, text="Two cell savers.", by=alice)
    save()
    save(blood_loss_ml=20000)

    seen = text(browser(alice).get(page_of(query)))
    life = seen[seen.index("What became of it") :]

    places = [life.index(word) for word in ("Came back", "Closed by itself", "Answered by Alice", "Opened")]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["rita", "otto", "ada"])
@pytest.mark.parametrize("kind", ["query", "deviation"])
def test_who_may_not_answer_reads(name, kind, request):
    item, client = request.getfixturevalue(kind), browser(request.getfixturevalue(name))
    page = client.get(page_of(item))

    assert item.sentence in text(page)
    assert 'id="answer_form"' not in page.content.decode()
    sent = {"answer": "emergency", "answer_text": "mine", "seen": answering.fingerprint(item)}
    assert client.post(page_of(item), sent).status_code == 403
    item.refresh_from_db()
    assert item.state == "open"


def test_the_data_manager_confirms_and_does_not_explain(dana, query, deviation):
    client = browser(dana)

    assert answer(client, query, answer_text="Asked the center.").status_code == 302
    assert 'id="answer_form"' not in client.get(page_of(deviation)).content.decode()


def test_markup_in_an_answer_stays_text(alice, query):
    client = browser(alice)
    answer(client, query, answer_text="<script>alert(1)</script>\nsecond line")

    for page in (page_of(query), "/admin/cases/dataquery/?state__exact=answered"):
        assert "<script>alert(1)" not in client.get(page).content.decode()


def test_the_other_case_that_may_be_the_same_patient_is_linked(alice, save):
    twin = save("A-2")
    query = DataQuery.objects.get(rule_id="X-56", case=twin.case_id)

    page = browser(alice).get(page_of(query))

    assert "case number A-1" in text(page).replace("Case number", "case number")
    assert "The other case: A-1" in text(page)


def test_a_page_costs_the_same_however_long_its_life(alice, query, save):
    client = browser(alice)

    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get(page_of(query))
        return len(seen)

    few = queries()
    for loss in (21000, 22000, 23000):
        answering.confirm(query, text=f"{loss} is right.", by=alice)
        save(blood_loss_ml=loss)
        query.refresh_from_db()

    assert queries() <= few + 1 <= 33  # one more for the names of those who answered


# --- on the page of the case -------------------------------------------------------------------------------------


def test_the_case_lists_what_is_to_do_and_what_was_answered(alice, case, query, deviation):
    answering.explain(deviation, answer="other_text", text="Ruptured before.", by=alice)
    page = browser(alice).get(f"/admin/cases/case/{case.case_id}/change/")
    shown = page.content.decode()

    assert f'href="{page_of(query)}?from=case"' in shown
    assert f'href="{page_of(deviation)}?from=case"' in shown
    assert "Answer: Another reason. Ruptured before. Alice" in text(page)


def test_a_reviewer_reads_them_on_the_case_and_is_not_asked_to_answer(rita, case, deviation):
    seen = text(browser(rita).get(f"/admin/cases/case/{case.case_id}/change/"))

    assert deviation.sentence in seen
    assert "Explain it" not in seen
    assert "Read more" in seen


# --- the second person ---------------------------------------------------------------------------------------------


@pytest.fixture
def explained(deviation, alice):
    answering.explain(deviation, answer="emergency", text="Ruptured on arrival.", by=alice)
    deviation.refresh_from_db()
    return deviation


def decide(client, item, page=None, **given):
    page = page or client.get(page_of(item))
    return client.post(page_of(item), {**filled(page, "decide_form"), **given})


def test_a_reviewer_decides_on_the_page_of_an_explained_deviation(rita, explained):
    shown = browser(rita).get(page_of(explained))
    assert "Emergency. Ruptured on arrival." in text(shown)
    assert 'id="answer_form"' not in shown.content.decode()

    response = decide(browser(rita), explained, decision="accepted")

    explained.refresh_from_db()
    assert (response.status_code, explained.state, explained.decided_by) == (302, "decided", rita)


def test_the_center_reads_the_decision_and_cannot_answer_again(alice, rita, explained):
    answering.decide(explained, decision="not_accepted", text="Elective by the record.", by=rita)

    shown = browser(alice).get(page_of(explained))

    seen = text(shown)
    assert "The decision Not accepted. Elective by the record. Rita" in seen
    assert "This is decided. It comes back by itself when the data or the rule change." in seen
    assert "Not accepted by Rita: Elective by the record." in seen.replace(" : ", ": ")
    assert 'id="answer_form"' not in shown.content.decode()


def test_what_was_sent_back_is_answered_or_corrected(alice, rita, explained):
    answering.decide(explained, decision="data_wrong", text="See the operation note.", by=rita)

    shown = browser(alice).get(page_of(explained))

    assert "Sent back: correct the data" in text(shown)
    assert 'id="answer_form"' in shown.content.decode()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"decision_text": "My words."}, "Decision: Choose a decision from the list."),
        ({"decision": "data_wrong", "decision_text": " "}, "Why: Say why, so that the center can act on it."),
    ],
)
def test_a_wrong_decision_comes_back_with_what_was_typed(rita, explained, given, told):
    response = decide(browser(rita), explained, **given)

    assert response.status_code == 422
    assert told in text(response)
    assert given["decision_text"].strip() in text(response)


def test_a_decision_on_a_page_that_is_older_than_the_answer_is_refused(alice, rita, explained):
    client = browser(rita)
    old = client.get(page_of(explained))
    answering.explain(explained, answer="comorbidity", text="", by=alice)

    response = decide(client, explained, page=old, decision="accepted")

    assert response.status_code == 422
    assert "this changed while you were writing" in text(response)


def test_who_answered_sees_why_another_decides(dana, query):
    answering.confirm(query, text="It is right.", by=dana)

    shown = browser(dana).get(page_of(query))

    assert "You gave this answer, so another person decides on it." in text(shown)
    assert 'id="decide_form"' not in shown.content.decode()


def test_a_decision_needs_the_right_even_if_the_form_is_made_up(alice, lena, explained):
    response = browser(lena).post(page_of(explained), {"act": "decide", "decision": "accepted", "seen": ""})

    assert response.status_code == 403
    explained.refresh_from_db()
    assert explained.state == "answered"
