"""The page of a case to print: what is known of the case, for those who may read it, and nothing that runs."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from cases import intake
from cases.document import parse
from cases.forms import OPERATION_FORMS, OUTER_FORMS
from cases.intake import Submission
from cases.models import Case, Deviation, Patient
from cases.vocabulary import ReviewState
from registry import access, audit
from registry.access import Role
from registry.fields import Text, clinical_fields
from tests.cases.examples import OF_TODAY, resected
from tests.clients import browser
from tests.pages import text

pytestmark = pytest.mark.django_db

LATE = datetime(2026, 2, 1, 23, 30, tzinfo=UTC)
NASTY = "<img src=x onerror=alert(1)>"


def save(doc, center, by):
    return intake.save_case(Submission(document=doc), center=center, by=by, source="admin")


def address(case_id):
    return f"/admin/cases/case/{case_id}/summary/"


@pytest.fixture
def case_id(north, alice):
    return save(
        resected(
            "A-1",
            operated_on=OF_TODAY,
            operation={"approach": ["median_laparotomy"], "blood_loss_ml": 12000},
            follow_ups=[{"visit_on": "2024-03", "vital_status": "alive", "disease_status": "NED"}],
            note="Seen twice",
        ),
        north,
        alice,
    ).case_id


def test_its_moments_are_those_of_the_center(case_id, alice):
    """Half past midnight in Warsaw."""
    with access.everywhere(), audit.because(door="command", reason="a test"):
        Case.objects.filter(pk=case_id).update(updated_at=LATE)

    with time_machine.travel(LATE, tick=False):
        told = text(browser(alice).get(address(case_id)))

    assert "Version 1, 2026-02-02" in told
    assert "Printed 2026-02-02 00:30" in told


# --- who sees it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.INVESTIGATOR, Role.CENTER_LEAD])
def test_who_may_read_the_case_may_read_its_summary(person, north, case_id, role):
    reader = person("reader", role, north, is_staff=True)

    assert browser(reader).get(address(case_id)).status_code == 200


def test_a_case_of_another_center_is_as_missing_as_one_that_does_not_exist(bob, case_id):
    client = browser(bob)
    foreign, missing, nonsense = (client.get(address(key)) for key in (case_id, 10**9, "none"))

    assert [page.status_code for page in (foreign, missing, nonsense)] == [404] * 3
    assert foreign.content == missing.content == nonsense.content


def test_nobody_sees_it_without_signing_in(client, case_id):
    assert client.get(address(case_id)).status_code == 302


def test_the_page_of_the_case_leads_to_it(alice, case_id):
    page = browser(alice).get(f"/admin/cases/case/{case_id}/change/")

    assert f'href="{address(case_id)}"' in page.content.decode()


# --- what it says ---------------------------------------------------------------------------------------------------


def test_it_says_what_is_known_what_the_rules_say_and_what_is_open(alice, case_id):
    page = browser(alice).get(address(case_id))
    seen = text(page)

    for words in (
        "Case A-1 Draft",
        "Version 1",
        "female, 62 years at the resection",
        "Tumor: infrarenal, interrenal; growing inside the lumen and outwards.",
        "Tube graft, PTFE, not specified further, 20 mm wide.",
        "Left renal vein: reimplanted into the graft.",
        "S-04 Chevron incision for the lower segments: deviation",
        "S-03 Open approach: concordant",
        "S-04 (minor): The tumor involves infrarenal, interrenal; the approach was median laparotomy",
        "Not answered yet.",
        "Blood loss is 12000",
        "Whole forms: Consent",
        "Note: Seen twice",
        "2024-03 Visit; no evidence of disease",
    ):
        assert words in seen, words


def test_an_explained_deviation_says_so_and_shows_the_answer(alice, case_id):
    with access.everywhere():
        Deviation.objects.filter(case=case_id, rule_id="S-04").update(
            state=ReviewState.ANSWERED,
            answer="mdt_decision",
            answer_text=f"As agreed {NASTY}",
            answered_at=timezone.now(),
        )

    page = browser(alice).get(address(case_id))

    assert "S-04 Chevron incision for the lower segments: explained" in text(page)
    assert f"The center: Decision of the tumor board: As agreed {NASTY}" in text(page)
    assert NASTY not in page.content.decode()


def test_a_rule_is_explained_when_each_of_its_deviations_is(alice, case_id):
    with access.everywhere():
        one = Deviation.objects.get(case=case_id, rule_id="S-04")
        Deviation.objects.filter(pk=one.pk).update(state=ReviewState.ANSWERED, answer="emergency")
        one.pk, one.pointer = None, "/operations/1/approach"
        one.save()

    seen = text(browser(alice).get(address(case_id)))

    assert "S-04 Chevron incision for the lower segments: deviation" in seen


def test_it_is_a_page_of_its_own_without_the_menus_of_the_admin(alice, case_id):
    page = browser(alice).get(address(case_id)).content.decode()

    assert "<h1>Case A-1" in page
    assert 'lang="en"' in page
    assert "nav-sidebar" not in page
    assert "<script>" not in page
    assert " style=" not in page


def test_a_case_of_which_nothing_is_known_has_a_summary_too(alice, north):
    page = browser(alice).get(address(save(parse({"case_number": "E-1"}), north, alice).case_id))

    assert page.status_code == 200
    assert "Nothing with a date is recorded yet." in text(page)
    assert "Which segments are involved is not recorded." in text(page)


# --- bad input ------------------------------------------------------------------------------------------------------


def _nasty(model):
    """An answer for every text of a form."""
    return {field.name: NASTY[: field.max_length] for field in clinical_fields(model) if type(field) is Text}


def test_a_text_in_any_field_is_shown_as_text(alice, north):
    forms = {model.name: _nasty(model) for model in (Patient, *OUTER_FORMS)}
    document = {name: [given] if _repeats(name) else given for name, given in forms.items() if given}
    inner = {model.name: _nasty(model) for model in OPERATION_FORMS if _nasty(model)}
    document["operations"] = [
        {
            "operation_type": "index_resection",
            **forms["operations"],
            "reconstruction": {"ivc_method": "tube_graft", "material": "ptfe", **inner["reconstruction"]},
            "resected_segments": ["infrarenal"],
        }
    ]
    document["therapies"] = [{**forms["therapies"], "modality": "chemo", "started_on": "2015"}]
    document["patient"] = {**forms["patient"], "country_residence": "DE"}
    case_id = save(
        parse({"case_number": NASTY, "citation": NASTY, "note": NASTY, **document}), north, alice
    ).case_id

    page = browser(alice).get(address(case_id))

    assert page.status_code == 200
    assert "<img" not in page.content.decode()
    assert text(page).count(NASTY) >= 5


def _repeats(name):
    return next(model.repeats for model in (Patient, *OUTER_FORMS) if model.name == name)


def test_no_log_line_holds_anything_of_the_case(alice, case_id, caplog):
    browser(alice).get(address(case_id))

    assert "Seen twice" not in caplog.text


# --- cost -----------------------------------------------------------------------------------------------------------


def test_it_costs_the_same_however_much_happened(alice, north, case_id, django_assert_max_num_queries):
    visits = [{"visit_on": f"20{16 + n // 12}-{n % 12 + 1:02d}", "vital_status": "alive"} for n in range(100)]
    long_id = save(resected("A-2", follow_ups=visits), north, alice).case_id
    client = browser(alice)
    client.get(address(case_id))

    with django_assert_max_num_queries(40, connection=connection) as short:
        assert client.get(address(case_id)).status_code == 200
    with django_assert_max_num_queries(40, connection=connection) as long:
        assert client.get(address(long_id)).status_code == 200
    assert len(short) == len(long)


def test_the_summary_follows_the_case(alice, north, case_id):
    with access.everywhere():
        case = Case.objects.get(pk=case_id)
    receipt = intake.save_case(
        Submission(document=resected("A-1", operated_on="2015-03-05"), if_version=case.version),
        center=north,
        by=alice,
        source="admin",
        reason="wrong day",
    )

    assert receipt.version == 2
    assert "2015-03-05, bilateral subcostal" in text(browser(alice).get(address(case_id)))
