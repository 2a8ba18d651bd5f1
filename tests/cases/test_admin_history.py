"""The history of a case and of each answer: for everybody who may read the case, in words, and never slow."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import answering, document, intake, trail
from cases.intake import Submission
from cases.models import Case, DataQuery
from registry import access
from registry.audit import because
from tests.cases.examples import draft, resected
from tests.clients import browser
from tests.pages import filled, text

pytestmark = pytest.mark.django_db

LIST = "/admin/cases/case/"
FULL = {
    "presentation": {"symptoms": ["abdominal_pain", "mass"], "height_cm": 170.5, "diabetes": False},
    "imaging": [{"modality": "ct", "performed_on": "2015-01"}, {"modality": "mri"}],
    "follow_ups": [{"visit_on": "2016", "vital_status": "alive", "missing": {"graft_status": "ND"}}],
}


def save(doc, center, by, **options):
    options = {"source": "admin", **options}
    return intake.save_case(Submission(document=doc), center=center, by=by, **options)


@pytest.fixture
def receipt(north, alice):
    return save(resected("A-1", **FULL), north, alice)


@pytest.fixture
def page(receipt):
    return f"{LIST}{receipt.case_id}/change/"


@pytest.fixture
def past(receipt):
    return f"{LIST}{receipt.case_id}/history/"


def change(client, page, **fields):
    answer = client.post(page, {**filled(client.get(page)), **fields})
    assert answer.status_code == 302


def told(response):
    """What each save changed: (what, done, [(field, before, after)]), newest first."""
    return [
        [(c.what, c.done, [(f.name, f.before, f.after) for f in c.fields]) for c in entry.changes]
        for entry in response.context["entries"]
    ]


def queries(client, address):
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


# --- who reads it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["alice", "ines", "lena", "rita", "dana", "otto", "ada"])
def test_whoever_may_read_the_case_reads_its_history(request, past, who):
    client = browser(request.getfixturevalue(who))

    assert client.get(past).status_code == 200
    assert client.get(f"{past}?field=/patient/sex").status_code == 200


def test_another_center_reads_none_of_it(bob, past, page):
    client = browser(bob)

    for address in (
        past,
        f"{past}?field=/patient/sex",
        f"{past}?field=/patient/sex&part=1",
        page.replace("change", "merge"),
    ):
        assert client.get(address).status_code == 404
    assert client.post(page.replace("change", "merge"), {"version": "1"}).status_code == 404


def test_the_page_of_the_case_leads_there(rita, page, past):
    assert f'href="{past}"' in browser(rita).get(page).content.decode()


# --- the case ------------------------------------------------------------------------------------------------------


def test_it_tells_who_when_by_which_way_why_and_what(alice, page, past):
    with time_machine.travel(datetime(2026, 7, 1, 22, 30, tzinfo=UTC), tick=False):
        change(browser(alice), page, **{"presentation-height_cm": "171", "reason": "measured again"})

    response = browser(alice).get(past)

    stamp = response.context["entries"][0].stamp
    assert (stamp.by, stamp.door, stamp.reason, stamp.zone) == (
        "Alice",
        "web pages",
        "measured again",
        "Europe/Warsaw",
    )
    seen = text(response)
    assert "Reason: measured again" in seen
    assert "Times are those of Europe/Warsaw." in seen
    assert told(response)[0][:2] == [
        ("Case, version 2", "saved", []),
        ("Presentation and comorbidity", "changed", [("Height", "170.5 cm", "171 cm")]),
    ]


def test_values_are_told_as_people_read_them(alice, page, past):
    change(
        browser(alice),
        page,
        **{
            "patient-sex": "male",
            "presentation-diabetes": "true",
            "presentation-symptoms": ["mass", "leg_edema"],
            "follow_ups-0-graft_status": "patent",
            "follow_ups-0-graft_status-why": "",
            "operations-0-blood_loss_ml": "",
            "note": "called",
        },
    )

    changes = {what: fields for what, _, fields in told(browser(alice).get(past))[0]}

    assert changes["Case, version 2"] == [("Note", "nothing", "called")]
    assert changes["Patient"] == [("Sex", "Female", "Male")]
    assert ("Diabetes", "No", "Yes") in changes["Presentation and comorbidity"]
    assert changes["Follow-up visit 1"] == [("Graft", "no answer: Not done", "Patent")]
    assert changes["Operation 1"] == [("Blood loss", "300 mL", "no answer")]


def test_a_row_that_goes_and_one_that_comes(alice, page, past):
    client = browser(alice)
    change(client, page, **{"imaging-row": ["0"]})
    change(client, page, **{"imaging-row": ["0", "1"], "imaging-1-modality": "ultrasound"})

    entries = told(client.get(past))

    found = [c for entry in entries for c in entry if c[0] == "Imaging study 2"]
    assert [(done, fields) for _, done, fields in found] == [
        ("added", [("Modality", "", "Ultrasound")]),
        ("removed", [("Modality", "MRI", "")]),
        ("added", [("Modality", "", "MRI")]),
    ]


def test_forms_inside_an_operation_say_of_which(alice, page, past):
    change(
        browser(alice),
        page,
        **{"operations-0-veins-0-handling": "ligated", "operations-0-reconstruction-brand": "X"},
    )

    (_, reconstruction, vein, *_) = told(browser(alice).get(past))[0]

    assert reconstruction == ("Reconstruction of operation 1", "changed", [("Brand", "no answer", "X")])
    assert vein[:2] == ("Vein handling of operation 1: Left renal vein", "changed")


def test_queries_and_their_answers_and_locks_stand_in_it(alice, dana, receipt, page, past):
    change(browser(alice), page, **{"presentation-height_cm": "205"})
    with access.everywhere():
        query = DataQuery.objects.open().get(pointer="/presentation/height_cm")
        answering.confirm(query, text="A tall man.", by=alice)
        with because(door="admin", by=dana, reason="locked for the report"):
            Case.objects.filter(pk=receipt.case_id).update(status="locked")

    entries = browser(alice).get(past).context["entries"]  # of one moment here: a test is one transaction
    (locked,) = (e for e in entries if e.stamp.by == "Dana")
    name = f"Data query {query.rule_id}: Presentation and comorbidity, Height"
    asked = {c.done: c for e in entries for c in e.changes if c.what == name}
    assert [(f.name, f.before, f.after) for f in locked.changes[0].fields] == [("Status", "Draft", "Locked")]
    assert locked.stamp.reason == "locked for the report"
    assert set(asked) == {"opened", "answered"}
    assert asked["opened"].note.startswith("Height is 205 cm, outside")
    assert [f.after for f in asked["answered"].fields] == ["The value is right", "A tall man."]


def test_a_reading_that_says_nothing_new_is_not_told(alice, receipt, past):
    before = len(told(browser(alice).get(past)))
    with access.everywhere(), because(door="assess"):
        DataQuery.objects.update(rulebook_version="9.9")

    assert len(told(browser(alice).get(past))) == before


def test_it_is_filtered_by_form_person_and_way(alice, ines, north, receipt, page, past):
    change(browser(ines), page, note="seen", **{"patient-sex": "male"})
    save(resected("A-1", patient={"born_on": "1961", "sex": "male"}, **FULL), north, alice, source="api")
    client = browser(alice)

    def found(query):
        return [(e.stamp.by, e.stamp.door) for e in client.get(f"{past}?{query}").context["entries"]]

    assert found("") == [("Alice", "API"), ("Ines", "web pages"), ("Alice", "web pages")]
    assert found(f"person={ines.pk}") == [("Ines", "web pages")]
    assert found("door=api") == [("Alice", "API")]
    assert found("form=discharge") == found("")  # what does not occur is no filter
    by_form = told(client.get(f"{past}?form=patient"))
    assert [[what for what, _, _ in entry] for entry in by_form] == [["Patient"]] * 3
    assert found("form=imagingstudy") == [("Alice", "web pages")]


def test_its_pages_keep_the_filter(alice, north, past):
    for number in range(45):
        save(resected("A-1", note=f"n{number}", **FULL), north, alice)
    client = browser(alice)

    first, last = client.get(f"{past}?form=case"), client.get(f"{past}?form=case&page=3")

    assert (len(told(first)), len(told(last))) == (20, 6)
    assert '<a rel="next" href="?form=case&amp;page=2">' in first.content.decode()
    assert told(last)[-1][0][0] == "Case, version 1"
    assert told(client.get(f"{past}?page=x"))[0][0][0] == "Case, version 46"


def test_it_costs_the_same_however_much_happened(alice, north, receipt, past):
    client = browser(alice)
    few = queries(client, past)
    for number in range(30):
        save(resected("A-1", note=f"n{number}", **{**FULL, "follow_ups": []}), north, alice)

    assert queries(client, past) == few <= 16


# --- one answer ----------------------------------------------------------------------------------------------------


def history_of(client, past, pointer):
    response = client.get(past, {"field": pointer})
    return [
        (change.fields[0].before, change.fields[0].after)
        for entry in response.context["entries"]
        for change in entry.changes
    ]


def test_an_answer_has_a_history_of_its_own(alice, page, past):
    client = browser(alice)
    change(client, page, **{"operations-0-blood_loss_ml": "450", "note": "a"})
    change(client, page, **{"presentation-height_cm": "171"})
    change(client, page, **{"operations-0-blood_loss_ml": "", "note": "b"})

    seen = text(client.get(f"{past}?field=/operations/0/blood_loss_ml"))

    assert "History of Blood loss" in seen
    assert "Operation 1" in seen
    assert history_of(client, past, "/operations/0/blood_loss_ml") == [
        ("450 mL", "no answer"),
        ("300 mL", "450 mL"),
        ("", "300 mL"),
    ]
    assert history_of(client, past, "/note") == [("a", "b"), ("nothing", "a")]
    assert history_of(client, past, "/patient/sex") == [("", "Female")]
    assert history_of(client, past, "/operations/0/reconstruction/material") == [
        ("", "PTFE, not specified further")
    ]
    assert history_of(client, past, "/operations/0/veins/1/vein") == [("", "Right renal vein")]
    assert history_of(client, past, "/follow_ups/0/graft_status") == [("", "no answer: Not done")]
    assert history_of(client, past, "/discharge/icu_days") == []


def test_the_history_of_a_place_says_that_rows_moved(alice, page, past):
    """The first study goes, the second stands in its place: the events say no more, and nor does the history."""
    client = browser(alice)
    change(client, page, **{"imaging-row": ["1"]})

    newest = client.get(f"{past}?field=/imaging/0/modality").context["entries"][0].changes[0]

    assert [(f.before, f.after) for f in newest.fields] == [("CT", "MRI")]
    assert newest.note.startswith("In this save rows of this form came or went")
    assert history_of(client, past, "/imaging/1/modality") == [("MRI", ""), ("", "MRI")]


def test_a_place_that_was_empty_for_a_while_does_not_remember_its_old_row(alice, page, past):
    client = browser(alice)
    change(client, page, **{"imaging-row": ["0"]})
    change(client, page, **{"imaging-row": ["0", "1"], "imaging-1-modality": "ultrasound"})

    assert history_of(client, past, "/imaging/1/modality") == [
        ("", "Ultrasound"),
        ("MRI", ""),
        ("", "MRI"),
    ]


@pytest.mark.parametrize(
    "pointer",
    [
        *("/", "x", "/operations", "/operations/0", "/operations/0/x", "/operations/blood_loss_ml"),
        *(
            "/patient/0/sex",
            "/veins/0/vein",
            "/operations/0/veins/9/vein",
            "/case_number",
            "/imaging/-1/modality",
        ),
        *(
            "/imaging/99999999999999999999/modality",
            "/imaging/٣/modality",
            "/operations/0/missing/x",
            "/reconstruction/material",
        ),
    ],
)
def test_what_is_no_answer_of_a_case_has_no_history(alice, past, pointer):
    assert browser(alice).get(past, {"field": pointer}).status_code == 404


def test_a_part_of_the_page_opens_in_place(alice, past):
    seen = browser(alice).get(f"{past}?field=/patient/sex&part=1").content.decode()

    assert "<html" not in seen
    assert '<form class="history-close" method="dialog">' in seen
    assert "History of Sex" in seen


def marks(response):
    return {
        line.split("?field=")[1].split('"')[0]
        for line in response.content.decode().split("href=")
        if "?field=" in line.split(" ")[0]
    }


def test_answers_that_changed_are_marked(alice, page, past):
    client = browser(alice)
    assert marks(client.get(page)) == set()

    change(
        client,
        page,
        **{
            "operations-0-blood_loss_ml": "450",
            "operations-0-veins-1-handling": "ligated",
            "operations-0-reconstruction-brand": "X",
            "presentation-diabetes": "",
            "follow_ups-0-graft_status-why": "NK",
            "note": "a",
        },
    )

    seen = client.get(page)
    assert marks(seen) == {
        "%2Foperations%2F0%2Fblood_loss_ml",
        "%2Foperations%2F0%2Fveins%2F1%2Fhandling",
        "%2Foperations%2F0%2Freconstruction%2Fbrand",
        "%2Fpresentation%2Fdiabetes",
        "%2Ffollow_ups%2F0%2Fgraft_status",
        "%2Fnote",
    }
    assert 'aria-label="History of Blood loss"' in seen.content.decode()


def test_a_vein_of_the_second_operation_is_found_in_its_place(alice, north):
    second = {
        "operation_type": "reoperation_complication",
        "operated_on": "2016",
        "veins": [{"vein": "right_renal", "handling": "ligated"}],
    }
    first = dict(document.dump(resected().operations[0]))
    receipt = save(draft("A-2", operations=[first, second]), north, alice)
    page, client = f"{LIST}{receipt.case_id}/change/", browser(alice)
    change(client, page, **{"operations-1-veins-0-handling": "reimplanted_ivc"})

    assert marks(client.get(page)) == {"%2Foperations%2F1%2Fveins%2F0%2Fhandling"}
    (newest, _) = history_of(client, page.replace("change", "history"), "/operations/1/veins/0/handling")
    assert newest[0] == "Ligated"


def test_marks_are_found_with_one_query(alice, north, receipt, page):
    for number in range(5):
        save(resected("A-1", note=f"n{number}", **FULL), north, alice)
    with access.everywhere(), CaptureQueriesContext(connection) as seen:
        case = Case.objects.get(pk=receipt.case_id)
        assert trail.changed(case) == {("case", 0, "note")}

    assert sum("UNION ALL" in query["sql"] for query in seen.captured_queries) == 1
    assert len(seen) == 2  # the case, the marks
