"""Pages of the algorithm's versions: one person drafts and sees what changes, another puts it in force."""

import pytest

from cases import intake, versions
from cases.intake import Submission
from cases.models import AlgorithmPreview, AlgorithmVersion
from cases.rulebook.algorithm import ALGORITHM
from tests.cases.examples import resected
from tests.clients import browser
from tests.pages import filled, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everywhere")]

LIST, ADD = "/admin/cases/algorithmversion/", "/admin/cases/algorithmversion/add/"
GIVEN = {"version": "2027.1", "note": "Grafts of 12 to 16 mm are published.", "S-13.largest_mm": "19"}


@pytest.fixture(autouse=True)
def case(north, alice):
    """A graft of 20 mm: no deviation as the code has it."""
    document = resected(
        "A-20",
        operation={"reconstruction": {"ivc_method": "tube_graft", "material": "ptfe", "diameter_mm": 20}},
    )
    return intake.save_case(Submission(document=document), center=north, by=alice, source="admin").case_id


def draft(client, **given):
    return client.post(ADD, {**filled(client.get(ADD), "draft_form"), **GIVEN, **given})


def page_of(row):
    return f"{LIST}{row.pk}/change/"


@pytest.fixture
def row(dana):
    assert draft(browser(dana)).status_code == 302
    return AlgorithmVersion.objects.get()


@pytest.fixture
def previewed(row):
    versions.carry_out_preview(AlgorithmPreview.objects.get().pk)
    return row


def test_the_form_has_every_number_as_it_is_in_force(dana):
    shown = filled(browser(dana).get(ADD), "draft_form")

    numbers = {f"{rule.id}.{name}": [str(v)] for rule in ALGORITHM.rules for name, v in rule.numbers.items()}
    assert {name: shown[name] for name in numbers} == numbers


def test_a_draft_is_saved_and_its_preview_asked_for(row, dana):
    assert (row.version, row.thresholds, row.made_by) == ("2027.1", {"S-13": {"largest_mm": 19.0}}, dana)
    assert AlgorithmPreview.objects.get().draft == row
    assert "Waiting for a worker." in text(browser(dana).get(page_of(row)))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"note": ""}, "What changes, and why: Say what changes and why, with the source."),
        ({"valid_from": "soon"}, "Valid from: Enter a valid date."),
        ({"S-13.largest_mm": "wide"}, "Enter a number."),
        ({"S-13.largest_mm": ""}, "This field is required."),
        (
            {"L-16.within_months": "10001"},  # L-14 has a number of the same name
            "L-16 Time after the resection: Ensure this value is less than or equal to 10000.",
        ),
        (
            {"S-13.smallest_mm": "30"},
            "S-13 Smallest diameter: This is above “Largest diameter” of the same rule; lower it or raise that one.",
        ),
        ({"S-13.largest_mm": "22.0"}, "Change at least one number: this is the version in force."),
    ],
)
def test_what_is_wrong_comes_back_with_what_was_typed(dana, given, told):
    response = draft(browser(dana), **given)

    assert response.status_code == 422
    assert told in text(response)
    assert filled(response, "draft_form")["version"] == [given.get("version", "2027.1")]
    assert not AlgorithmVersion.objects.exists()


def test_the_page_says_what_would_change_where_and_why(previewed, dana):
    seen = text(browser(dana).get(page_of(previewed)))

    (largest,) = [one for one in ALGORITHM.rule("S-13").thresholds if one.name == "largest_mm"]
    assert f"S-13 {largest.label} ({largest.unit}) 22 19" in seen
    assert "1 cases were read, and 1 would have another verdict" in seen
    assert "Concordant Deviation (Information)" in seen
    assert "NORTH A-20 S-13" in seen
    assert "You drafted this version: another person puts it in force." in seen


def test_another_person_puts_it_in_force(previewed, rita):
    client = browser(rita)
    assert "Put this version in force" in text(client.get(page_of(previewed)))

    response = client.post(page_of(previewed), {"do": "activate"}, follow=True)

    assert "Version 2027.1 is in force. All cases are being read again." in text(response)
    assert versions.active().version == "2027.1"


def test_who_drafted_it_is_told_why_not(previewed, dana):
    response = browser(dana).post(page_of(previewed), {"do": "activate"})

    assert response.status_code == 422
    assert "another person activates it" in text(response)
    assert versions.active() is ALGORITHM


def test_a_draft_is_withdrawn(previewed, dana):
    browser(dana).post(page_of(previewed), {"do": "withdraw"})

    previewed.refresh_from_db()
    assert previewed.state == "withdrawn"


def test_the_page_names_the_numbers_that_the_software_has_no_longer(row, dana):
    AlgorithmVersion.objects.update(base="2025.9", thresholds={"S-13": {"width_mm": 4}, "S-99": {"days": 3}})

    seen = text(browser(dana).get(page_of(row)))

    assert "These numbers are left out, as the software has them no longer: S-13.width_mm, S-99.days." in seen


def test_progress_is_told_to_the_script(row, dana):
    told = browser(dana).get(f"{LIST}{row.pk}/progress/").json()

    assert (told["is_over"], told["done"], told["total"]) == (False, 0, 1)


@pytest.mark.parametrize("name", ["alice", "lena", "ada", "otto", "nobody"])
def test_nobody_else_sees_any_of_it(name, request, row):
    client = browser(request.getfixturevalue(name))

    statuses = {
        client.get(where).status_code for where in (LIST, ADD, page_of(row), f"{LIST}{row.pk}/progress/")
    }
    assert statuses <= {302, 403, 404}  # who has no role at all is sent to sign in


def test_an_empty_list_says_what_to_do(rita):
    assert "To change a number, draft a version." in text(browser(rita).get(LIST))
