"""Two people, one case: whoever comes later chooses what stands, nothing typed is lost, nothing is overwritten."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import document, intake, store
from cases.intake import Submission
from cases.models import Case
from registry import access
from registry.audit import history_of
from tests.cases.examples import draft, resected
from tests.clients import browser
from tests.pages import filled, text

pytestmark = pytest.mark.django_db

LIST = "/admin/cases/case/"
VISITS = [
    {"visit_on": "2016", "vital_status": "alive", "ecog": 0},
    {"visit_on": "2017", "vital_status": "alive"},
]


@pytest.fixture
def receipt(north, alice):
    doc = resected("A-1", follow_ups=VISITS)
    return intake.save_case(Submission(document=doc), center=north, by=alice, source="admin")


@pytest.fixture
def page(receipt):
    return f"{LIST}{receipt.case_id}/change/"


@pytest.fixture
def merging(receipt):
    return f"{LIST}{receipt.case_id}/merge/"


@pytest.fixture
def overtaken(alice, ines, page):
    """Alice opens the case, Ines saves it; what Alice then sends is answered with the page of differences."""

    def send(mine, theirs):
        client = browser(alice)
        opened = filled(client.get(page))
        change(ines, page, **theirs)
        return client, client.post(page, {**opened, **mine})

    return send


def change(person, page, **fields):
    client = browser(person)
    answer = client.post(page, {**filled(client.get(page)), **fields})
    assert answer.status_code == 302
    return answer


def stored(receipt):
    with access.everywhere():
        return document.load([receipt.case_id])[0]


def choices(response):
    """What is chosen where: the value of each radio button that is on, nothing where none is."""
    html = response.content.decode()
    keys = re.findall(r'<fieldset class="merge-difference[^"]*" id="difference-([^"]*)"', html)
    chosen = dict.fromkeys(keys, "")
    for name, values in filled(response, "merge_form").items():
        if name.startswith("choose-"):
            chosen[name.removeprefix("choose-")] = values[0]
    return chosen


def answered(client, merging, response, button="_save", **chosen):
    sent = {f"choose-{key}": side for key, side in chosen.items()}
    return client.post(merging, {**filled(response, "merge_form"), button: "", **sent})


# --- what the page shows -------------------------------------------------------------------------------------------


def test_a_stale_page_is_answered_with_both_values(overtaken, receipt):
    _, answer = overtaken({"note": "mine"}, {"note": "theirs", "reason": "after a call"})

    seen = text(answer)
    assert answer.status_code == 422
    assert "Somebody changed this case while you were editing" in seen
    assert "1 answer was changed by both of you" in seen
    assert "Case Case, Note choose one Before no answer Yours mine Theirs theirs" in seen
    assert re.search(r"Ines , \d{4}-\d\d-\d\d \d\d:\d\d \(Europe/Warsaw\), web pages: after a call", seen)
    assert choices(answer) == {"note": ""}
    assert stored(receipt).document.note == "theirs"


def test_each_difference_is_a_group_that_a_screen_reader_names(overtaken):
    _, answer = overtaken({"operations-0-blood_loss_ml": "450"}, {"note": "theirs"})

    html = unescape(answer.content.decode())
    assert '<legend><span class="merge-unseen">Operation 1, </span>Blood loss</legend>' in html
    assert html.count("<fieldset") == html.count("<legend") == 2
    assert html.count('type="radio"') == 4
    assert "required" not in html.partition("merge_form")[2].partition("</form>")[0]


def test_changes_of_different_answers_are_all_chosen_already(overtaken, merging, receipt):
    client, answer = overtaken({"operations-0-blood_loss_ml": "450"}, {"patient-sex": "male"})

    assert "The two of you changed different things" in text(answer)
    assert choices(answer) == {"patient-sex": "theirs", "operations-0-blood_loss_ml": "mine"}

    saved = answered(client, merging, answer)

    after = stored(receipt)
    assert (saved.status_code, after.version) == (302, 3)
    assert (after.document.patient.sex, after.document.operations[0].blood_loss_ml) == ("male", 450)


def test_the_base_decides_no_more_than_what_is_preselected(alice, ines, page, merging, receipt):
    client = browser(alice)
    opened = filled(client.get(page))
    change(ines, page, note="theirs")
    for base in ("", "{", "[]", '{"case_number": 1}', "null", "<script>alert(1)</script>"):
        answer = client.post(page, {**opened, "patient-sex": "male", "base": base})

        assert choices(answer) == {"note": "", "patient-sex": ""}
        assert "<script>alert" not in answer.content.decode()
    pretended = store.as_json(document.dump(resected("A-1", note="theirs", follow_ups=VISITS)))
    answer = client.post(page, {**opened, "patient-sex": "male", "base": pretended})
    assert choices(answer) == {"note": "mine", "patient-sex": "mine"}
    assert stored(receipt).version == 2


# --- choosing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "note"), [("mine", "mine"), ("theirs", "theirs")])
def test_the_chosen_side_is_saved(overtaken, merging, receipt, alice, side, note):
    client, answer = overtaken({"note": "mine", "reason": "seen again"}, {"note": "theirs"})

    saved = answered(client, merging, answer, note=side)

    assert (saved.status_code, saved["Location"]) == (302, f"{LIST}{receipt.case_id}/change/")
    assert stored(receipt).document.note == note
    if side == "mine":
        with access.everywhere():
            last = history_of(Case(pk=receipt.case_id)).last()
        assert last.pgh_context == {"door": "admin", "user": alice.pk, "reason": "seen again"}


def test_what_both_changed_must_be_chosen(overtaken, merging, receipt):
    client, answer = overtaken({"note": "mine", "patient-sex": "male"}, {"note": "theirs"})

    again = answered(client, merging, answer)

    assert again.status_code == 422
    assert "Not saved. 1 thing to choose:" in text(again)
    assert '<a href="#difference-note">Choose one: Case, Note.</a>' in again.content.decode()
    assert choices(again) == {"note": "", "patient-sex": "mine"}
    assert stored(receipt).version == 2


def test_a_choice_against_the_preselection_stands(overtaken, merging, receipt):
    client, answer = overtaken({"patient-sex": "male"}, {"note": "theirs"})

    answered(client, merging, answer, **{"patient-sex": "theirs", "note": "mine"})

    assert (stored(receipt).document.patient.sex, stored(receipt).document.note) == ("female", "")


def test_rows_of_both_are_kept(overtaken, merging, receipt):
    added = {"follow_ups-row": ["0", "1", "2"]}
    client, answer = overtaken(
        {**added, "follow_ups-2-visit_on": "2019", "follow_ups-2-vital_status": "dead"},
        {"follow_ups-row": ["1", "2"], "follow_ups-2-visit_on": "2018"},
    )

    seen = text(answer)
    assert "A row that they removed" in seen
    assert "A row that only you have" in seen
    answered(client, merging, answer)

    assert [str(visit.visit_on) for visit in stored(receipt).document.follow_ups] == ["2017", "2018", "2019"]


def test_a_row_left_out_by_choice_is_gone(overtaken, merging, receipt):
    client, answer = overtaken({"follow_ups-row": ["1"]}, {"follow_ups-0-ecog": "2"})

    assert choices(answer) == {"follow_ups-0": ""}
    answered(client, merging, answer, **{"follow_ups-0": "theirs"})

    assert [visit.ecog for visit in stored(receipt).document.follow_ups] == [2, None]


def test_saving_what_is_stored_already_changes_nothing(overtaken, merging, receipt):
    client, answer = overtaken({"note": "mine"}, {"note": "theirs"})

    saved = answered(client, merging, answer, note="theirs")

    assert (saved.status_code, stored(receipt).version) == (302, 2)


def test_a_double_click_saves_once(overtaken, merging, receipt):
    client, answer = overtaken({"note": "mine"}, {"note": "theirs"})

    clicks = [answered(client, merging, answer, note="mine") for _ in range(2)]

    assert [click.status_code for click in clicks] == [302, 302]
    assert stored(receipt).version == 3


# --- a third person, an error, a way back --------------------------------------------------------------------------


def test_when_a_third_person_was_faster_the_page_comes_again(overtaken, merging, receipt, page, lena):
    client, answer = overtaken({"note": "mine", "patient-sex": "male"}, {"note": "theirs"})
    change(lena, page, **{"note": "third", "tumor-growth_pattern": "extravasal"})

    again = answered(client, merging, answer, note="mine")

    assert again.status_code == 422
    assert choices(again) == {"note": "", "patient-sex": "mine", "tumor-growth_pattern": "theirs"}
    assert "Lena" in text(again)
    assert "Before theirs Yours mine Theirs third" in text(again)
    assert answered(client, merging, again, note="mine").status_code == 302
    after = stored(receipt)
    assert (after.version, after.document.note, after.document.tumor.growth_pattern) == (
        4,
        "mine",
        "extravasal",
    )


def test_back_to_editing_shows_my_answers_in_the_version_of_now(overtaken, merging, page, receipt):
    client, answer = overtaken(
        {
            "note": "mine",
            "reason": "because",
            "patient-sex": "male",
            "imaging-row": ["0"],
            "imaging-0-modality": "ct",
        },
        {"note": "theirs", "tumor-growth_pattern": "extravasal"},
    )

    back = answered(client, merging, answer, "_back")

    again = filled(back)
    assert (back.status_code, stored(receipt).version) == (200, 2)
    assert "Not saved yet" in text(back)
    assert (again["note"], again["reason"], again["patient-sex"]) == (["mine"], ["because"], ["male"])
    assert (again["imaging-0-modality"], again["tumor-growth_pattern"]) == (["ct"], ["extravasal"])
    assert again["version"] == ["2"]
    assert f'action="{page}"' in back.content.decode()
    assert client.post(page, again).status_code == 302
    assert stored(receipt).document.note == "mine"


def test_what_cannot_be_true_together_comes_back_on_the_page_of_the_case(overtaken, merging, receipt, page):
    second = {"operations-row": ["0", "1"], "operations-1-operation_type": "index_resection"}
    client, answer = overtaken(
        {**second, "operations-1-operated_on": "2016"},
        {**second, "operations-1-operation_type": "palliative"},
    )

    refused = answered(client, merging, answer)

    assert refused.status_code == 422
    assert "called index resection" in text(refused)
    assert filled(refused)["operations-2-operated_on"] == ["2016"]
    assert filled(refused)["version"] == ["2"]
    assert stored(receipt).version == 2


def test_more_rows_than_a_case_takes_are_chosen_from(alice, ines, north, page, merging, receipt):
    rows = [str(number) for number in range(200)]
    client = browser(alice)
    opened = filled(client.get(page))
    biopsies = {"biopsies-row": rows, **{f"biopsies-{n}-grade": "G1" for n in rows}}
    change(ines, page, **biopsies)

    answer = client.post(page, {**opened, "biopsies-row": ["0"], "biopsies-0-grade": "G3"})
    refused = answered(client, merging, answer)

    assert (refused.status_code, stored(receipt).version) == (422, 2)
    assert "biopsies must have at most 200 rows" in text(refused)
    (mine,) = (key for key, side in choices(refused).items() if side == "mine")
    assert answered(client, merging, refused, **{mine: "theirs"}).status_code == 302


def test_other_fields_of_the_page_travel_along(overtaken, merging):
    client, answer = overtaken({"note": "mine", "of_another_part": ["1", "2"]}, {"note": "theirs"})

    back = filled(answered(client, merging, answer), "merge_form")

    assert back["of_another_part"] == ["1", "2"]


def test_a_locked_case_stays(overtaken, merging, receipt):
    client, answer = overtaken({"note": "mine"}, {"note": "theirs"})
    with access.everywhere():
        Case.objects.update(status="locked")

    refused = answered(client, merging, answer, note="mine")

    assert "The case is locked" in text(refused)
    assert 'value="mine"' in refused.content.decode()
    assert stored(receipt).document.note == "theirs"


# --- who, and how much ---------------------------------------------------------------------------------------------


def test_it_is_for_those_who_may_record_there(overtaken, merging, bob, rita, nobody, client):
    _, answer = overtaken({"note": "mine"}, {"note": "theirs"})
    sent = {**filled(answer, "merge_form"), "choose-note": "mine"}

    assert browser(bob).post(merging, sent).status_code == 404
    assert browser(bob).get(merging).status_code == 404
    assert browser(rita).post(merging, sent).status_code == 403
    assert "you were signed out" in text(client.post(merging, sent))


def test_whoever_comes_without_having_typed_is_sent_to_the_case(alice, page, merging):
    assert browser(alice).get(merging)["Location"] == page


def test_a_hundred_rows_cost_no_more_queries(alice, ines, north):
    visits = [{"visit_on": f"{2000 + n // 12}-{n % 12 + 1:02d}", "vital_status": "alive"} for n in range(100)]
    costs = []
    for number, rows in (("S-1", visits[:2]), ("L-1", visits)):
        made = intake.save_case(
            Submission(document=draft(number, follow_ups=rows)), center=north, by=alice, source="admin"
        )
        page, client = f"{LIST}{made.case_id}/change/", browser(alice)
        opened = filled(client.get(page))
        change(ines, page, **{"follow_ups-1-ecog": "1"})
        with CaptureQueriesContext(connection) as seen:
            answer = client.post(page, {**opened, "follow_ups-0-ecog": "2"})
        assert choices(answer) == {"follow_ups-0-ecog": "mine", "follow_ups-1-ecog": "theirs"}
        costs.append(len(seen))

    assert costs[0] == costs[1] <= 75


def test_angle_brackets_stay_text(overtaken):
    _, answer = overtaken({"note": "<b>mine</b>"}, {"note": "<b>theirs</b>"})

    assert "<b>" not in answer.content.decode().partition("merge_form")[2]
