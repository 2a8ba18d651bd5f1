"""Who agreed to what: reports of the whole registry count no other, the own center counts everybody it may use."""

from dataclasses import replace
from datetime import date

import pytest
from django.core.management import call_command

from cases import intake, review
from cases.intake import Submission
from cases.models import Case, SurvivalObservation
from reports import cohorts, learning
from reports.cohorts import Cut
from reports.learning import View
from tests.cases.examples import draft, resected
from tests.clients import browser
from tests.pages import text

TODAY = Cut(as_of=date(2026, 11, 1))
SIGNED = {"basis": "written", "signed_on": "2015-02-20", "form_version": "2.1", "form_dated_on": "2014-06"}
COVERED = {**SIGNED, "scopes": ["registry", "reports"]}
# What is recorded of the consent, and whether reports beyond the center count the case, and the own center does.
CONSENTS = {
    "covers reports": (COVERED, True, True),
    "a waiver that covers reports": ({"basis": "waiver_retrospective", "scopes": ["registry", "reports"]}, True, True),
    "the registry alone": ({**SIGNED, "scopes": ["registry", "recontact"]}, False, True),
    "a waiver for the registry alone": ({"basis": "deceased_waiver", "scopes": ["registry"]}, False, True),
    "scopes not recorded": (SIGNED, False, True),
    "nothing recorded": (None, False, True),
    "no further collection": (
        {**COVERED, "basis": "withdrawn", "withdrawn_on": "2020", "withdrawal_effect": "stop_collection"}, True, True,
    ),
    "no further use": (
        {**COVERED, "basis": "withdrawn", "withdrawn_on": "2020", "withdrawal_effect": "stop_use"}, False, False,
    ),
}  # fmt: skip


def save(center, by, number, consent, **forms):
    given = resected(number, **({"consent": consent} if consent else {}), **forms)
    receipt = intake.save_case(Submission(document=given), center=center, by=by, source="admin")
    assert not receipt.errors, receipt.errors
    return receipt.case_id


@pytest.mark.parametrize("name", CONSENTS)
def test_only_whose_consent_covers_it_is_counted_beyond_the_center(name, north, alice, everywhere):
    consent, beyond, at_home = CONSENTS[name]
    save(north, alice, "A-1", consent)

    assert cohorts.frame(TODAY).registered == beyond
    assert cohorts.frame(replace(TODAY, center_id=north.pk)).registered == at_home


FOLLOWED = [{"visit_on": "2016-03-02", "vital_status": "alive"}]
CONSENT_DECIDES = "only those patients count whose consent covers reports"


def test_who_finds_nobody_on_the_page_is_told_that_consent_decides(north, south, alice, dana):
    """Beyond the center; its own people find their patient."""
    save(north, alice, "A-1", None, follow_ups=FOLLOWED)

    page = text(browser(dana).get("/admin/survival/"))
    own_page = text(browser(dana).get("/admin/survival/", {"center": "NORTH"}))

    assert "Nobody is followed" in page
    assert CONSENT_DECIDES in page
    assert "All patients 1" in own_page
    assert CONSENT_DECIDES not in own_page


@pytest.mark.django_db(transaction=True)
def test_who_finds_nobody_in_a_report_is_told_that_consent_decides(north, alice, capsys):
    save(north, alice, "A-1", None, follow_ups=FOLLOWED)

    call_command("report", scope="registry", as_of="2026-11-01")
    said = capsys.readouterr().out
    call_command("report", scope="NORTH", as_of="2026-11-01")

    assert "No survival: No patient of this report is followed" in said
    assert CONSENT_DECIDES in said
    assert CONSENT_DECIDES not in capsys.readouterr().out


def test_a_scope_that_is_taken_back_leaves_the_next_report(north, alice, everywhere):
    save(north, alice, "A-1", COVERED)
    save(north, alice, "A-2", COVERED)
    assert cohorts.frame(TODAY).registered == 2

    save(north, alice, "A-2", {**COVERED, "scopes": ["registry"]})

    assert cohorts.frame(TODAY).registered == 1
    assert cohorts.frame(replace(TODAY, center_id=north.pk)).registered == 2


def test_the_center_sees_all_of_its_own_beside_what_others_agreed_to(north, south, alice, bob, everywhere):
    save(north, alice, "A-1", None)
    for number in range(4):
        save(south, bob, f"B-{number}", COVERED if number else None)

    def seen(own):
        return learning.by_rule(View(cut=replace(TODAY, own_ids=own), own=own), version="none")

    assert cohorts.observations(replace(TODAY, own_ids=(north.pk,))).count() == 4
    assert seen((north.pk,)).years == (2015,)
    assert cohorts.observations(replace(TODAY, own_ids=(south.pk,))).count() == 4


def test_who_refused_is_not_counted_at_all(north, alice, everywhere):
    save(north, alice, "A-1", COVERED)
    asked = intake.save_case(
        Submission(document=draft("A-2")), center=north, by=alice, source="admin"
    ).case_id
    assert SurvivalObservation.objects.filter(pk=asked).exists()

    refusal = draft("A-2", consent={"basis": "refused"})
    intake.save_case(Submission(document=refusal), center=north, by=alice, source="admin")

    assert not SurvivalObservation.objects.filter(pk=asked).exists()
    assert cohorts.frame(replace(TODAY, center_id=north.pk)).registered == 1


def test_a_reading_brings_older_rows_up_to_what_consent_says(north, alice, everywhere):
    """As after an upgrade, or a change at the database: what is stored of consent decides, not the old observation."""
    covered, ended = save(north, alice, "A-1", COVERED), save(north, alice, "A-2", COVERED)
    SurvivalObservation.objects.filter(pk=covered).update(in_reports=False)
    Case.objects.get(pk=ended).consent_rows.update(basis="withdrawn", withdrawal_effect="stop_use")

    review.reassess([covered, ended], as_of=date(2026, 11, 1))

    assert list(cohorts.observations(TODAY).values_list("pk", flat=True)) == [covered]
