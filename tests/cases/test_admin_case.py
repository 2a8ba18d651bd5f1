"""The page of a case: what is typed ends in intake, what is wrong comes back, nothing is overwritten."""

from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import document, intake
from cases.admin.answers import FORM_OF, initial_of
from cases.admin.sheet import MOST_SENT
from cases.intake import Submission
from cases.models import FORMS, Case, Patient
from registry import access
from registry.access import Role
from registry.audit import history_of
from registry.fields import clinical_fields
from registry.models import Membership
from tests.cases.examples import complete, draft, resected
from tests.clients import browser
from tests.pages import filled, text

pytestmark = pytest.mark.django_db

LIST, ADD = "/admin/cases/case/", "/admin/cases/case/add/"
FULL = {
    "presentation": {"symptoms": ["abdominal_pain", "mass"], "height_cm": 170.5, "diabetes": False},
    "imaging": [
        {"modality": "ct", "performed_on": "2015-01"},
        {"modality": "mri", "missing": {"performed_on": "NK"}},
    ],
    "follow_ups": [{"visit_on": "2016", "vital_status": "alive", "missing": {"graft_status": "ND"}}],
}


def save(doc, center, by, **options):
    return intake.save_case(Submission(document=doc), center=center, by=by, source="admin", **options)


@pytest.fixture
def receipt(north, alice):
    return save(resected("A-1", **FULL), north, alice)


@pytest.fixture
def page(receipt):
    return f"{LIST}{receipt.case_id}/change/"


def stored(case_id):
    with access.everywhere():
        return document.load([case_id])[0]


def change(client, page, **fields):
    """Send the page back as a browser would, with these fields changed."""
    return client.post(page, {**filled(client.get(page)), **fields})


# --- what is shown is what is stored -------------------------------------------------------------------------------


def test_saving_a_page_as_it_is_changes_nothing(alice, receipt, page):
    before = stored(receipt.case_id)

    answer = change(browser(alice), page)

    assert answer.status_code == 302
    assert stored(receipt.case_id) == before


@pytest.mark.parametrize("model", [Patient, *FORMS])
def test_every_clinical_field_is_on_the_page_with_its_label(alice, page, model):
    html = unescape(browser(alice).get(page).content.decode())

    assert f">{model.title}<" in html
    assert [field.name for field in clinical_fields(model) if f">{field.verbose_name}" not in html] == []


def test_numbers_carry_their_unit_and_range(alice, page):
    seen = text(browser(alice).get(page))

    assert "mL" in seen
    assert "Possible 0 to 50000, usually 50 to 10000" in seen


def test_a_form_holds_what_a_document_holds():
    doc = resected(**FULL)
    for kind in (doc.patient, doc.presentation, doc.imaging[1], doc.operations[0], doc.follow_ups[0]):
        initial = initial_of(kind)
        form = FORM_OF[document.MODEL_OF[type(kind)]](initial=initial)
        told = {name: form[name].value() for name in initial}
        assert told == {name: form.fields[name].prepare_value(value) for name, value in initial.items()}


# --- entering and correcting ---------------------------------------------------------------------------------------


def test_a_new_case_is_entered(alice, north):
    client = browser(alice)

    answer = client.post(
        ADD,
        {
            **filled(client.get(ADD)),
            "case_number": "N-7",
            "patient-born_on": "1960-05",
            "patient-sex": "female",
            "tumor-segments": ["interrenal", "infrarenal"],
            "operations-row": ["0"],
            "operations-0-operation_type": "index_resection",
            "operations-0-operated_on": "2015-03",
            "operations-0-blood_loss_ml": "300",
            "operations-0-tumor_rupture": "false",
            "operations-0-reconstruction-ivc_method": "tube_graft",
            "operations-0-reconstruction-diameter_mm": "20.5",
            "operations-0-veins-row": ["0", "3"],
            "operations-0-veins-0-vein": "left_renal",
            "operations-0-veins-3-vein": "right_renal",
            "discharge-icu_days-why": "NK",
        },
        follow=True,
    )

    with access.everywhere():
        case = Case.objects.get(case_number="N-7")
    assert (case.center, case.source, case.version) == (north, "admin", 1)
    assert stored(case.pk).document == draft(
        "N-7",
        patient={"born_on": "1960-05", "sex": "female"},
        tumor={"segments": ["infrarenal", "interrenal"]},
        operations=[
            {
                "operation_type": "index_resection",
                "operated_on": "2015-03",
                "blood_loss_ml": 300,
                "tumor_rupture": False,
                "reconstruction": {"ivc_method": "tube_graft", "diameter_mm": 20.5},
                "veins": [{"vein": "left_renal"}, {"vein": "right_renal"}],
            }
        ],
        discharge={"missing": {"icu_days": "NK"}},
    )
    assert "Saved as version 1" in text(answer)


def test_a_correction_is_kept_with_its_reason(alice, receipt, page):
    answer = change(browser(alice), page, **{"patient-sex": "male", "reason": "typing error"})

    case = stored(receipt.case_id)
    assert (answer.status_code, case.version, case.document.patient.sex) == (302, 2, "male")
    with access.everywhere():
        last = history_of(Case(pk=receipt.case_id)).last()
    assert last.pgh_context == {"door": "admin", "user": alice.pk, "reason": "typing error"}


def test_a_complete_case_asks_why_it_changes_and_keeps_what_was_typed(alice, north):
    case = save(complete(), north, alice)
    page, client = f"{LIST}{case.case_id}/change/", browser(alice)

    refused = change(client, page, note="corrected")

    assert refused.status_code == 422
    assert "The case is complete: say why it changes." in text(refused)
    assert 'href="#answer-reason"' in refused.content.decode()
    sent = filled(refused)
    assert sent["note"] == ["corrected"]
    assert client.post(page, {**sent, "reason": "Typing error"}).status_code == 302
    assert stored(case.case_id).document.note == "corrected"


def test_reasons_are_offered_and_any_other_is_as_good(alice, page):
    shown = browser(alice).get(page).content.decode()

    assert 'list="id_reason_suggestions"' in shown
    assert '<option value="Source document corrected">' in shown


def test_a_row_is_removed(alice, receipt, page):
    change(browser(alice), page, **{"imaging-row": ["1"]})

    assert [study.modality for study in stored(receipt.case_id).document.imaging] == ["mri"]


def many_visits(count):
    return [{"visit_on": f"{2000 + n // 12}-{n % 12 + 1:02d}", "vital_status": "alive"} for n in range(count)]


def test_no_row_of_the_largest_case_is_lost(alice, north):
    receipt = save(draft("A-9", follow_ups=many_visits(200)), north, alice)
    page, before = f"{LIST}{receipt.case_id}/change/", stored(receipt.case_id)

    answer = change(browser(alice), page, **{"follow_ups-3-visit_on": "2000-04-01"})

    after = stored(receipt.case_id)
    assert (answer.status_code, len(after.document.follow_ups)) == (302, 200)
    assert after.document.follow_ups[4:] == before.document.follow_ups[4:]


def test_more_rows_than_a_case_takes_come_back_with_all_that_was_typed(alice, receipt, page):
    before, visits = stored(receipt.case_id), [str(number) for number in range(205)]
    years = {f"follow_ups-{number}-visit_on": "2019" for number in visits}

    answer = change(browser(alice), page, **{"follow_ups-row": visits, **years})

    assert (answer.status_code, stored(receipt.case_id)) == (422, before)
    assert "at most 200 rows" in text(answer)
    assert set(filled(answer)["follow_ups-row"]) == set(visits)


def test_more_rows_than_a_page_takes_are_refused_and_nothing_is_lost(alice, receipt, page):
    before = stored(receipt.case_id)

    answer = change(browser(alice), page, **{"follow_ups-row": [str(n) for n in range(MOST_SENT + 1)]})

    assert answer.status_code == 422
    assert "sent with 401 rows of follow-up" in text(answer)
    assert stored(receipt.case_id) == before


def test_an_operation_takes_its_veins_along(alice, receipt, page):
    change(browser(alice), page, **{"operations-row": []})

    assert stored(receipt.case_id).document.operations == ()


def test_an_added_row_that_says_nothing_is_left_out(alice, receipt, page):
    before = stored(receipt.case_id)

    change(browser(alice), page, **{"biopsies-row": ["0"]})

    assert stored(receipt.case_id) == before


def test_an_answer_and_a_reason_against_it_are_refused(alice, page):
    answer = change(browser(alice), page, **{"follow_ups-0-graft_status": "patent"})

    assert "a reason for absence stands beside a value" in text(answer)


def test_a_withdrawal_is_pointed_to_its_page(alice, receipt, page):
    before = stored(receipt.case_id)

    withdrawn = {"basis": "withdrawn", "withdrawn_on": "2020-03-04", "withdrawal_effect": "stop_use"}
    answer = change(browser(alice), page, **{f"consent-{name}": said for name, said in withdrawn.items()})

    assert text(answer).count("carries it out, on the page of the case under Consent.") == 2
    assert stored(receipt.case_id) == before


def test_a_soft_query_is_asked_after_saving(alice, page):
    answer = change(browser(alice), page, **{"presentation-height_cm": "205"})
    seen = text(browser(alice).get(answer["Location"]))

    assert answer.status_code == 302
    assert (
        seen.count("Height is 205 cm, outside the plausible 140 to 200 cm") == 2
    )  # in the review, beside the field


# --- what is wrong -------------------------------------------------------------------------------------------------

WRONG = {
    "too high": ("presentation-height_cm", "400", "Height (presentation.height_cm) must be a number"),
    "no number": ("presentation-height_cm", "tall", "Height (presentation.height_cm) must be a number"),
    "arabic digits": ("presentation-height_cm", "١٧٠", "Height (presentation.height_cm) must be a number"),
    "comma": ("presentation-height_cm", "1,700", "Height (presentation.height_cm) must be a number"),
    "no date": ("patient-born_on", "last spring", "Born (patient.born_on) must be a date"),
    "no such day": (
        "operations-0-operated_on",
        "2015-02-30",
        "Operated (operations.1.operated_on) must be a date",
    ),
    "unknown code": ("patient-sex", "f", "Sex (patient.sex) must be one of"),
    "unknown code in a set": (
        "tumor-segments",
        ["renal"],
        "Segments involved (tumor.segments) must be a list",
    ),
    "unknown reason": ("follow_ups-0-graft_status-why", "??", "must be one of: NK, ND, NA, NR"),
    "inside an operation": (
        "operations-0-veins-1-vein",
        "portal",
        "Vein (operations.1.veins.2.vein) must be one of",
    ),
    "before the operation": ("follow_ups-0-visit_on", "2014", "2014"),
}


@pytest.mark.parametrize(("name", "value", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_comes_back_on_top_and_beside_the_field(alice, receipt, page, name, value, told):
    before = stored(receipt.case_id)

    answer = change(browser(alice), page, **{name: value})

    html = answer.content.decode()
    assert answer.status_code == 422
    assert text(answer).count(told) >= 2
    assert f'href="#answer-{name.removesuffix("-why")}"' in html
    assert f'case-wrong" id="answer-{name.removesuffix("-why")}"' in html
    assert stored(receipt.case_id) == before


def test_everything_typed_comes_back_with_an_error(alice, page):
    typed = {
        "presentation-height_cm": "tall",
        "note": "mine",
        "biopsies-row": ["4"],
        "biopsies-4-grade": "G2",
    }

    answer = change(browser(alice), page, **typed)

    again = filled(answer)
    assert (again["presentation-height_cm"], again["note"]) == (["tall"], ["mine"])
    assert (again["biopsies-row"], again["biopsies-4-grade"]) == (["4"], ["G2"])


def test_blanks_around_a_case_number_are_left_out(alice, north):
    client = browser(alice)

    saved = client.post(ADD, {**filled(client.get(ADD)), "case_number": " A-9 "})

    assert saved.status_code == 302
    with access.everywhere():
        assert Case.objects.get().case_number == "A-9"


def test_a_case_without_a_number_is_asked_for_one(alice, north):
    client = browser(alice)

    answer = client.post(ADD, {**filled(client.get(ADD)), "case_number": " "})

    assert "case_number is empty. Give the case its number." in text(answer)


@pytest.mark.parametrize("number", ["", "x" * 41, "A\x00"])
def test_a_case_number_that_cannot_be_is_refused(alice, north, number):
    client = browser(alice)

    answer = client.post(ADD, {**filled(client.get(ADD)), "case_number": number})

    assert (answer.status_code, text(answer).count("Not saved.")) == (422, 1)


def test_a_number_in_use_is_refused_and_the_case_stays(alice, receipt):
    client = browser(alice)

    answer = client.post(ADD, {**filled(client.get(ADD)), "case_number": "A-1", "note": "another"})

    assert "Case number A-1 is used already" in text(answer)
    assert stored(receipt.case_id).version == 1


def test_angle_brackets_stay_text(alice, page):
    client = browser(alice)
    change(client, page, note="<script>alert(1)</script>")

    assert "<script>alert(1)" not in client.get(page).content.decode()


# --- two people, one case: test_admin_merge.py ---------------------------------------------------------------------


def test_a_page_without_its_version_overwrites_nothing(alice, receipt, page):
    answer = change(browser(alice), page, note="mine", version="")

    assert (answer.status_code, stored(receipt.case_id).version) == (422, 1)


def test_a_double_click_saves_once(alice, receipt, page):
    client = browser(alice)
    sent = {**filled(client.get(page)), "note": "once"}

    answers = [client.post(page, sent), client.post(page, sent)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert stored(receipt.case_id).version == 2


def test_a_locked_case_is_shown_and_stays(alice, receipt, page):
    with access.everywhere():
        Case.objects.update(status="locked")
    client = browser(alice)

    seen = client.get(page)

    assert "This case is locked" in text(seen)
    assert {name for name in filled(seen) if not name.endswith("-row")} <= {"csrfmiddlewaretoken", "version"}
    assert "locked" in text(client.post(page, {"version": "1", "note": "mine"}))
    assert stored(receipt.case_id).document.note == ""


# --- who sees what -------------------------------------------------------------------------------------------------


def test_another_center_sees_none_of_it(bob, receipt, page):
    client = browser(bob)

    assert "A-1" not in text(client.get(LIST))
    assert "A-1" not in text(client.get(f"{LIST}?center__id__exact={receipt.case_id}"))
    assert client.get(page).status_code == 404
    assert client.post(page, {"version": "1"}).status_code == 404
    assert client.get(f"{LIST}{receipt.case_id}/history/").status_code == 404
    assert "A-1" not in text(client.get("/admin/cases/dataquery/"))
    assert "NORTH" not in text(client.get(ADD))


def test_a_case_cannot_be_put_into_a_foreign_center(bob, north):
    client = browser(bob)

    answer = client.post(ADD, {**filled(client.get(ADD)), "case_number": "B-1", "center": north.pk})

    assert answer.status_code == 422
    with access.everywhere():
        assert not Case.objects.exists()


def test_a_reader_reads(rita, receipt, page):
    client = browser(rita)

    seen = client.get(page)

    assert "You may read this case, but not change it." in text(seen)
    assert client.post(page, {"version": "1"}).status_code == 403
    assert client.get(ADD).status_code == 403


def test_a_coordinator_here_may_only_read_there(alice, south, bob):
    foreign = save(draft("B-1"), south, bob)
    Membership.objects.create(user=alice, role=Role.REVIEWER)
    client = browser(alice)

    assert client.get(f"{LIST}{foreign.case_id}/change/").status_code == 200
    assert client.post(f"{LIST}{foreign.case_id}/change/", {"version": "1"}).status_code == 403


@pytest.mark.parametrize("address", [f"{LIST}x/change/", f"{LIST}0/change/", f"{LIST}{10**30}/change/"])
def test_a_case_that_is_not_there_is_a_404(alice, address):
    assert browser(alice).get(address).status_code == 404


def test_nothing_is_deleted_here(dana, receipt):
    assert browser(dana).post(f"{LIST}{receipt.case_id}/delete/", {"post": "yes"}).status_code in (403, 404)
    assert stored(receipt.case_id)


# --- what the rulebooks say ----------------------------------------------------------------------------------------


def test_the_page_shows_verdicts_and_what_is_missing(alice, page):
    seen = text(browser(alice).get(page))

    assert "S-01 Segments recorded Concordant" in seen
    assert "answers missing" in seen


# --- what it costs ---------------------------------------------------------------------------------------------------


def _queries(client, address):
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def test_the_page_costs_the_same_however_many_rows_it_has(alice, north):
    client = browser(alice)
    visits = [{"visit_on": f"20{year}", "vital_status": "alive"} for year in range(16, 25)]
    small, large = save(resected("A-1"), north, alice), save(resected("A-2", follow_ups=visits), north, alice)

    costs = [_queries(client, f"{LIST}{receipt.case_id}/change/") for receipt in (small, large)]

    assert costs[0] == costs[1] <= 38
