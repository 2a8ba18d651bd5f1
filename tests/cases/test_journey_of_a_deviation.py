"""One deviation from the import to its second decision, through every door; `-s` prints its audit trail."""

from datetime import date

import pytest

from cases import document, review, versions
from cases.models import AlgorithmVersion, Case, Deviation
from registry import access
from registry.audit import history_of
from registry.history import people
from tests.cases.examples import resected
from tests.cases.files import flattened
from tests.cases.imports import checked, committed
from tests.clients import browser, machine
from tests.pages import filled, text

pytestmark = pytest.mark.django_db

RULE = "S-17"  # no evidence of disease rests on recent imaging of abdomen and chest; a number says how recent
VISIT = {"visit_on": "2024-09-10", "vital_status": "alive", "disease_status": "NED"}
CT = {"modality": "ct", "regions": ["chest", "abdomen"]}


def case(performed_on):
    return resected(
        "A-1",
        operation={"operated_on": "2023-03-10"},
        follow_ups=[VISIT],
        imaging=[{**CT, "performed_on": performed_on}],
    )


@pytest.fixture
def script(north, alice):
    return machine(north, alice, "read", "record", "explain")


def found(script):
    (row,) = script.get(f"/api/v1/deviations/?code={RULE}").json()["results"]
    return row


def row_of():
    with access.everywhere():
        return Deviation.objects.select_related("case").get(rule_id=RULE)


def explain(script, answer, words):
    seen = found(script)
    said = script.post(
        f"/api/v1/deviations/{seen['id']}/explain/",
        {"answer": answer, "answer_text": words},
        format="json",
        HTTP_IF_MATCH=seen["etag"],
    )
    assert (said.status_code, said.json()["state"]) == (200, "answered")


def decide(rita, decision, words=""):
    """On the page that the reviewer's work list leads to."""
    client, item = browser(rita), row_of()
    listed = client.get(f"/admin/cases/deviation/?rule_id__exact={RULE}")
    address = f"/admin/cases/deviation/{item.pk}/change/"
    assert address in listed.content.decode()
    given = {**filled(client.get(address), "decide_form"), "decision": decision, "decision_text": words}
    assert client.post(address, given).status_code == 302


def test_a_deviation_is_answered_once_and_stays_true(north, alice, rita, dana, script):
    # It comes in with a file: at the visit of September the last imaging is of January, older than six months.
    file = flattened([case("2024-01-05")])
    assert committed(checked(file, north, alice), alice).state == "done"
    assert found(script)["state"] == "open"

    # The center explains it over the API; a reviewer accepts that in the admin.
    explain(script, "patient_choice", "Declined the CT in summer.")
    decide(rita, "accepted")
    assert row_of().state == "decided"

    # The date was wrong. Once it is corrected nothing is left to answer, and the deviation closes by itself.
    stored = script.get(f"/api/v1/cases/{row_of().case_id}/")
    corrected = document.dump(case("2024-08-01"))
    saved = script.put(
        f"/api/v1/cases/{row_of().case_id}/",
        corrected,
        format="json",
        HTTP_IF_MATCH=stored["ETag"],
        HTTP_CHANGE_REASON="date of the CT corrected",
    )
    assert saved.status_code == 200
    assert (row_of().state, row_of().answer, row_of().decision) == ("closed", "patient_choice", "accepted")

    # A new version wants imaging of the last month: drafted, previewed, put in force by another person.
    draft = versions.draft(
        version="2027.1",
        valid_from=date(2026, 1, 1),
        note="Imaging within a month of the visit.",
        thresholds={RULE: {"window_months": 1}},
        by=dana,
    )
    preview = versions.carry_out_preview(versions.start_preview(draft, by=dana).pk)
    assert preview.cases_changed == 1
    versions.activate(AlgorithmVersion.objects.get(pk=draft.pk), by=rita)
    with access.everywhere():
        review.reassess(Case.objects.values_list("pk", flat=True), as_of=date(2027, 1, 2))

    # It is back, stale: what was said before can be read, and is no answer to this.
    item = row_of()
    assert (item.state, item.is_returned, item.rulebook_version) == ("open", True, "2027.1")
    page = text(browser(alice).get(f"/admin/cases/deviation/{item.pk}/change/"))
    assert "Answered before; it came back The patient's choice. Declined the CT in summer." in page

    # It is explained and decided again.
    explain(script, "mdt_decision", "Six-week interval agreed by the tumor board.")
    decide(rita, "not_accepted", "No note of the board.")
    assert (row_of().state, row_of().decision) == ("decided", "not_accepted")

    # One row, its whole life, who did what through which door.
    assert trail(item) == [
        ("open", "import", "Alice", ""),
        ("answered", "api", "Alice", "patient_choice"),
        ("decided", "admin", "Rita", "accepted"),
        ("closed", "api", "Alice", "accepted"),
        ("open", "assess", None, "accepted"),
        ("answered", "api", "Alice", "mdt_decision"),
        ("decided", "admin", "Rita", "not_accepted"),
    ]


def trail(item):
    """The audit trail, printed: when, state, door, person, what was said."""
    with access.everywhere():
        events = list(history_of(item))
        names = people(event.pgh_context["user"] for event in events)
    told = [
        (
            event.state,
            event.pgh_context["door"],
            names.get(event.pgh_context["user"]),
            event.decision or event.answer,
        )
        for event in events
    ]
    for event, (state, door, name, said) in zip(events, told, strict=True):
        who = name or "the registry"
        print(f"{event.pgh_created_at:%H:%M:%S} {state:9} {door:7} {who:13} {said:15} {event.sentence}")  # noqa: T201
    return told
