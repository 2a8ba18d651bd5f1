"""The algorithm changes: drafted, read over the registry as a preview, put in force by another; old words stay."""

from datetime import date

import pytest
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from cases import answering, intake, review, versions
from cases.checks import check_algorithm
from cases.intake import Submission
from cases.models import (
    AlgorithmPreview,
    AlgorithmVersion,
    Assessment,
    AssessmentRun,
    Case,
    Deviation,
    PreviewedChange,
)
from cases.rulebook import retelling
from cases.rulebook.algorithm import ALGORITHM
from registry.audit import history_of
from tests.cases.examples import OF_TODAY, resected
from tests.clients import browser
from tests.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("everywhere")]

UKRAINIAN = {"Accept-Language": "uk"}
WIDE = {"S-13": {"smallest_mm": 12}}  # a graft of 16 mm is no deviation any more
NARROW = {"S-13": {"largest_mm": 19}}  # one of 20 mm is one


def draft(by, thresholds=WIDE, version="2027.1", note="Grafts of 12 to 16 mm are published.", **given):
    return versions.draft(
        version=version, valid_from=date(2026, 1, 1), note=note, thresholds=thresholds, by=by, **given
    )


def save(center, by, number, diameter_mm):
    document = resected(
        number,
        operation={
            "reconstruction": {"ivc_method": "tube_graft", "material": "ptfe", "diameter_mm": diameter_mm}
        },
    )
    return intake.save_case(Submission(document=document), center=center, by=by, source="admin").case_id


@pytest.fixture
def cohort(north, south, alice, bob):
    """Grafts of 16 and 20 mm in one center, of 20 mm in another."""
    return save(north, alice, "A-16", 16), save(north, alice, "A-20", 20), save(south, bob, "B-20", 20)


def previewed(row, by):
    return versions.carry_out_preview(versions.start_preview(row, by=by).pk)


def put_in_force(thresholds, made_by, by, **given):
    row = draft(made_by, thresholds, **given)
    previewed(row, made_by)
    versions.activate(row, by=by)
    return row


def verdict(case_id, rule="S-13"):
    findings = Assessment.objects.current().get(case=case_id).findings
    return next(finding["verdict"] for finding in findings if finding["rule"] == rule)


def read_again():
    review.reassess(Case.objects.values_list("pk", flat=True), as_of=date(2027, 1, 1))


# --- drafts --------------------------------------------------------------------------------------------------------


def test_without_versions_the_algorithm_is_that_of_the_code():
    assert versions.active() is ALGORITHM


def test_a_draft_keeps_only_the_numbers_that_differ_and_changes_nothing(dana):
    row = draft(
        dana, {"S-13": {"smallest_mm": 12, "largest_mm": ALGORITHM.rule("S-13").numbers["largest_mm"]}}
    )

    assert (row.state, row.thresholds, row.made_by) == ("draft", WIDE, dana)
    assert versions.active() is ALGORITHM
    assert history_of(row).last().pgh_context["user"] == dana.pk


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"version": " "}, "version"),
        ({"version": "x" * 21}, "version"),
        ({"version": ALGORITHM.version}, "version"),
        ({"version": "2027.1+x"}, "version"),  # what follows a plus names the rules of the code
        ({"version": "<b>2027</b>"}, "version"),
        ({"version": "2027\u202e1"}, "version"),
        ({"note": " \n"}, "note"),
        ({"note": "x" * 2001}, "note"),
        ({"thresholds": {}}, "thresholds"),
        ({"thresholds": {"S-99": {"smallest_mm": 12}}}, "thresholds"),
        ({"thresholds": {"S-13": {"width_mm": 12}}}, "thresholds"),
        ({"thresholds": {"S-13": {"smallest_mm": -1}}}, "thresholds"),
        ({"thresholds": {"S-13": {"smallest_mm": "12"}}}, "thresholds"),
        ({"thresholds": {"S-13": {"smallest_mm": float("nan")}}}, "thresholds"),
        ({"thresholds": {"L-25": {"within_weeks": 10_001}}}, "thresholds"),
        ({"thresholds": {"S-13": {"smallest_mm": 30}}}, "S-13.smallest_mm"),
        ({"thresholds": {"S-13": {"largest_mm": 17}}}, "S-13.smallest_mm"),
        ({"thresholds": {"S-16": {"shortest_min": 321}}}, "S-16.shortest_min"),
        ({"thresholds": {"S-16": {"most_ml": 249}}}, "S-16.least_ml"),
        ({"thresholds": {"L-11": {"smallest_ratio": 1.1}}}, "L-11.smallest_ratio"),
    ],
)
def test_what_is_wrong_with_a_draft_is_said_of_its_field(dana, given, field):
    with pytest.raises(ValidationError) as refused:
        draft(dana, **given)

    assert list(refused.value.message_dict) == [field]
    assert not AlgorithmVersion.objects.exists()


def test_a_name_is_never_used_again(dana):
    versions.withdraw(draft(dana), by=dana)

    with pytest.raises(ValidationError) as refused:
        draft(dana)

    assert "there already" in refused.value.message_dict["version"][0]


def test_of_two_who_draft_under_one_name_at_once_the_second_is_told_what_is_always_told(
    dana, rita, monkeypatch
):
    """The other one's draft is committed after we looked for the name and before we write."""
    differing = versions._differing

    def meanwhile(thresholds):
        monkeypatch.setattr(versions, "_differing", differing)
        draft(rita)
        return differing(thresholds)

    monkeypatch.setattr(versions, "_differing", meanwhile)

    with pytest.raises(ValidationError) as refused:
        draft(dana)

    assert list(refused.value.message_dict) == ["version"]
    assert "there already" in refused.value.message_dict["version"][0]
    assert AlgorithmVersion.objects.get().made_by == rita


@pytest.mark.parametrize("name", ["alice", "lena", "ines", "ada", "otto", "nobody"])
def test_who_may_not_manage_the_algorithm_changes_nothing(name, request, dana):
    person = request.getfixturevalue(name)
    row = draft(dana)

    for attempt in (
        lambda: draft(person, version="2027.2"),
        lambda: versions.start_preview(row, by=person),
        lambda: versions.withdraw(row, by=person),
        lambda: versions.activate(row, by=person),
    ):
        with pytest.raises(PermissionDenied):
            attempt()


# --- previews ------------------------------------------------------------------------------------------------------


def test_a_preview_says_which_cases_change_on_which_rule_and_why(cohort, dana):
    narrow, *others = cohort

    preview = previewed(draft(dana, NARROW), dana)

    assert (preview.state, preview.cases_read, preview.cases_changed, preview.cases_total) == (
        "done",
        3,
        2,
        3,
    )
    changes = PreviewedChange.objects.filter(preview=preview).order_by("case_id")
    assert [(c.case_id, c.rule_id, c.before, c.after, c.severity_after) for c in changes] == [
        (case_id, "S-13", "concordant", "deviation", "info") for case_id in others
    ]
    assert "20 mm" in changes[0].sentence
    assert verdict(others[0]) == "concordant"
    assert verdict(narrow) == "deviation"


def test_a_preview_compares_with_the_version_in_force(cohort, dana, rita):
    put_in_force(WIDE, dana, rita)

    preview = previewed(draft(dana, NARROW, version="2027.2"), dana)

    before = dict(PreviewedChange.objects.filter(preview=preview).values_list("case_id", "before"))
    assert before == dict.fromkeys(cohort, "concordant")


def test_a_preview_goes_on_where_it_was_cut_off(cohort, dana, monkeypatch):
    monkeypatch.setattr(versions, "CHUNK", 1)
    preview = versions.start_preview(draft(dana, NARROW), by=dana)

    def stop(n):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        versions.carry_out_preview(preview.pk, progress=stop)
    assert versions.carry_out_preview(preview.pk).state == "running"  # the lease is not over
    AlgorithmPreview.objects.update(leased_until=None)
    done = versions.carry_out_preview(preview.pk)

    assert (done.state, done.cases_read, done.cases_changed) == ("done", 3, 2)
    assert PreviewedChange.objects.count() == 2


def test_a_worker_whose_lease_lapsed_doubles_no_change(cohort, dana, monkeypatch):
    """Another worker takes the preview over between two chunks, and finishes it."""
    monkeypatch.setattr(versions, "CHUNK", 1)
    preview = versions.start_preview(draft(dana, NARROW), by=dana)

    def taken_over(n):
        AlgorithmPreview.objects.filter(state="running").update(leased_until=None)
        versions.carry_out_preview(preview.pk)

    done = versions.carry_out_preview(preview.pk, progress=taken_over)

    assert (done.state, done.cases_read, done.cases_changed) == ("done", 3, 2)
    assert PreviewedChange.objects.count() == 2


def test_each_chunk_is_read_while_the_preview_is_held(cohort, dana):
    preview = versions.start_preview(draft(dana, NARROW), by=dana)

    with CaptureQueriesContext(connection) as seen:
        versions.carry_out_preview(preview.pk)

    held = [
        one["sql"]
        for one in seen
        if one["sql"] and "cases_algorithmpreview" in one["sql"] and "FOR UPDATE" in one["sql"]
    ]
    assert len(held) == 2  # one chunk, and the end


def test_a_preview_against_a_version_no_longer_in_force_is_replaced(cohort, dana, rita, monkeypatch):
    """The version in force changes while the draft is read, and while it waits."""
    monkeypatch.setattr(versions, "CHUNK", 1)
    row = draft(dana, NARROW, version="2027.2")
    begun = versions.start_preview(row, by=dana)
    monkeypatch.setattr(versions.bell, "ring", lambda *called: rung.append(called))
    rung = []

    def meanwhile(n):
        if not AlgorithmVersion.objects.filter(version="2027.1").exists():
            put_in_force(WIDE, dana, rita)

    assert versions.carry_out_preview(begun.pk, progress=meanwhile).state == "replaced"
    again = row.previews.first()
    assert (again.state, again.against, again.cases_read) == ("waiting", "2027.1", 0)
    assert rung[-1] == ("cases.tasks.preview_algorithm", again.pk)

    put_in_force(WIDE | {"S-17": {"window_months": 7}}, dana, rita, version="2027.3")
    asked = versions.start_preview(row, by=dana)

    again.refresh_from_db()
    assert (again.state, asked.against) == ("replaced", "2027.3")
    assert versions.carry_out_preview(asked.pk).state == "done"


def test_a_preview_that_is_still_to_do_is_not_doubled(dana):
    row = draft(dana)

    assert versions.start_preview(row, by=dana) == versions.start_preview(row, by=dana)


def test_a_change_of_severity_alone_is_a_change(dana, monkeypatch):
    minor, major = (versions.Finding(
        rule_id="L-20", version="", verdict="deviation", severity=severity, pointer="", values={}, missing=(),
        said=lambda tongue: "",
    ) for severity in ("minor", "major"))  # fmt: skip

    assert versions._weight(minor) != versions._weight(major)
    assert versions._gravest([minor, major]) == {"L-20": major}


# --- in force ------------------------------------------------------------------------------------------------------


def test_another_person_puts_it_in_force_and_cases_are_read_under_it(cohort, dana, rita):
    narrow, *_ = cohort
    row = put_in_force(WIDE, dana, rita)

    row.refresh_from_db()
    assert (row.state, row.activated_by) == ("active", rita)
    read_again()
    assert verdict(narrow) == "concordant"
    assert Assessment.objects.current().get(case=narrow).algorithm_version == "2027.1"


def test_old_assessments_stay_readable_under_their_version(cohort, dana, rita):
    narrow, *_ = cohort
    put_in_force(WIDE, dana, rita)
    read_again()

    old = Assessment.objects.get(case=narrow, is_current=False)
    assert old.algorithm_version == ALGORITHM.version
    assert next(f for f in old.findings if f["rule"] == "S-13")["verdict"] == "deviation"


def test_the_next_save_is_read_under_it(north, alice, dana, rita):
    put_in_force(NARROW, dana, rita)

    assert verdict(save(north, alice, "A-20", 20)) == "deviation"


def test_one_version_is_in_force_and_the_one_before_retires(dana, rita):
    first = put_in_force(WIDE, dana, rita)
    put_in_force(NARROW, dana, rita, version="2027.2")

    first.refresh_from_db()
    assert first.state == "retired"
    assert versions.active().version == "2027.2"


def test_nobody_puts_their_own_draft_in_force(dana):
    row = draft(dana)
    previewed(row, dana)

    with pytest.raises(ValidationError) as refused:
        versions.activate(row, by=dana)

    assert "another person activates it" in refused.value.message_dict[NON_FIELD_ERRORS][0]


def test_the_database_refuses_ones_own_draft_too(dana):
    row = draft(dana)

    with pytest.raises(IntegrityError), transaction.atomic():
        AlgorithmVersion.objects.filter(pk=row.pk).update(
            state="active", activated_by=dana, activated_at="2027-01-01T00:00Z"
        )


def test_a_version_waits_for_its_first_day(dana, rita):
    row = draft(dana)
    previewed(row, dana)
    AlgorithmVersion.objects.filter(pk=row.pk).update(valid_from=date(2999, 1, 1))

    with pytest.raises(ValidationError) as refused:
        versions.activate(row, by=rita)

    assert "valid from 2999-01-01" in refused.value.message_dict[NON_FIELD_ERRORS][0]
    assert versions.active() is ALGORITHM


def test_nothing_is_put_in_force_unseen(dana, rita):
    row = draft(dana)
    versions.start_preview(row, by=dana)

    with pytest.raises(ValidationError) as refused:
        versions.activate(row, by=rita)

    assert "first let the preview" in refused.value.message_dict[NON_FIELD_ERRORS][0]


def test_a_preview_against_a_version_that_is_no_longer_in_force_does_not_count(dana, rita):
    row = draft(dana, NARROW, version="2027.2")
    previewed(row, dana)
    put_in_force(WIDE, dana, rita)

    with pytest.raises(ValidationError):
        versions.activate(row, by=rita)


def test_a_draft_for_older_rules_is_drafted_again(dana, rita):
    row = draft(dana)
    previewed(row, dana)
    AlgorithmVersion.objects.filter(pk=row.pk).update(base="2025.9")

    with pytest.raises(ValidationError) as refused:
        versions.activate(row, by=rita)

    assert "the rules in the code are newer" in refused.value.message_dict[NON_FIELD_ERRORS][0]


def test_a_version_for_older_rules_names_both(dana, rita):
    put_in_force(WIDE, dana, rita)
    AlgorithmVersion.objects.update(base="2025.9")

    assert versions.active().version == f"2027.1+{ALGORITHM.version}"


LEFT_BEHIND = {
    "S-13": {"smallest_mm": 12, "width_mm": 4},  # renamed
    "S-17": {"window_months": 7.5},  # whole from now on
    "S-99": {"days": 3},  # gone
}


def released(thresholds, base="2025.9"):
    """The software moves on: what is in force was made for other rules than the code has now."""
    AlgorithmVersion.objects.filter(state="active").update(base=base, thresholds=thresholds)


def test_what_the_software_has_no_longer_is_left_out_and_told(north, alice, dana, rita, caplog):
    row = put_in_force(WIDE, dana, rita)
    released(LEFT_BEHIND)
    row.refresh_from_db()
    versions._revised.cache_clear()

    case_id = save(north, alice, "A-16", 16)

    assert versions.active().rule("S-13").numbers["smallest_mm"] == 12
    assert versions.active().rule("S-17").numbers == ALGORITHM.rule("S-17").numbers
    assert verdict(case_id) == "concordant"
    assert versions.left_out(row) == ["S-13.width_mm", "S-17.window_months", "S-99.days"]
    (told,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert (
        f"version=2027.1+{ALGORITHM.version} left_out=S-13.width_mm,S-17.window_months,S-99.days"
        in told.getMessage()
    )


def test_a_whole_number_stays_whatever_kind_of_number_the_software_wants(dana, rita):
    put_in_force(WIDE, dana, rita)
    released({"S-13": {"smallest_mm": 12}, "S-17": {"window_months": 7.0}})

    assert versions.active().rule("S-17").numbers["window_months"] == 7


def test_after_a_release_that_left_numbers_behind_the_version_is_replaced(dana, rita):
    put_in_force(WIDE, dana, rita)
    released(LEFT_BEHIND)

    put_in_force(NARROW, dana, rita, version="2027.2")

    assert versions.active().version == "2027.2"


def test_a_deployment_is_told_of_numbers_that_the_software_left_behind(dana, rita):
    put_in_force(WIDE, dana, rita)
    assert check_algorithm(databases=["default"]) == []
    released(LEFT_BEHIND)

    (warning,) = check_algorithm(databases=["default"])

    assert warning.id == "cases.W001"
    assert "S-13.width_mm, S-17.window_months, S-99.days" in warning.msg
    assert check_algorithm(databases=None) == []


def test_a_deployment_is_told_of_a_version_that_cannot_be_built(dana, rita):
    put_in_force(WIDE, dana, rita)
    released({"S-13": "12"})

    (error,) = check_algorithm(databases=["default"])

    assert error.id == "cases.E001"


def test_the_longest_name_of_a_version_for_older_rules_can_be_kept(north, alice, dana, rita, monkeypatch):
    name = "x" * 20
    put_in_force(WIDE, dana, rita, version=name)
    released(WIDE)

    case_id = save(north, alice, "A-9", 9)
    preview = previewed(draft(rita, NARROW, version="2027.2"), rita)
    review.start_runs({north.pk: date(2027, 1, 1)})

    versions_kept = {
        Assessment.objects.current().get(case=case_id).algorithm_version,
        *Deviation.objects.filter(case=case_id).values_list("rulebook_version", flat=True),
        AssessmentRun.objects.get().algorithm_version,
        preview.against,
    }
    assert versions_kept == {f"{name}+{ALGORITHM.version}"}


@pytest.mark.parametrize("step", [versions.withdraw, versions.activate, versions.start_preview])
def test_what_is_no_draft_any_more_stays_as_it_is(step, dana, rita):
    row = put_in_force(WIDE, dana, rita)

    with pytest.raises(ValidationError):
        step(AlgorithmVersion.objects.get(pk=row.pk), by=rita)


def test_what_was_decided_comes_back_when_its_threshold_changes_and_not_when_another_does(
    north, alice, dana, rita
):
    """Imaging fifteen months before a visit is too old for six months and for seven: found alike, not asked alike."""
    visit = {"visit_on": "2024-09-10", "vital_status": "alive", "disease_status": "NED"}
    imaging = {"modality": "ct", "performed_on": "2023-06-10", "regions": ["chest", "abdomen"]}
    document = resected("A-1", operated_on=OF_TODAY, follow_ups=[visit], imaging=[imaging])
    intake.save_case(Submission(document=document), center=north, by=alice, source="admin")
    deviation = Deviation.objects.get(rule_id="S-17")
    answering.explain(deviation, answer="comorbidity", text="", by=alice)
    answering.decide(deviation, decision="accepted", text="", by=rita)

    states = []
    for version, thresholds in (("2027.1", WIDE), ("2027.2", {"S-17": {"window_months": 7}})):
        put_in_force(thresholds, dana, rita, version=version)
        read_again()
        deviation.refresh_from_db()
        states.append((deviation.state, deviation.is_returned))

    assert states == [("decided", False), ("open", True)]
    assert deviation.rule_terms["window_months"] == 7


# --- pages under a version -----------------------------------------------------------------------------------------


@pytest.fixture
def late(north, alice, dana, rita):
    """A specimen that is not reported (L-17) and a graft of 20 mm (S-13), under a version with other numbers."""
    put_in_force({"L-17": {"within_days": 30}, **NARROW}, dana, rita)
    save(north, alice, "A-20", 20)
    return Deviation.objects.get(rule_id="L-17")


def test_what_a_version_with_other_numbers_found_is_told_in_the_language_of_the_reader(late):
    assert "expected within 30" in retelling.of_item(late)
    event = history_of(late).last()

    with override("uk"):
        told = retelling.of_item(late), retelling.of_item(event)

    assert told[0] == told[1] != late.sentence
    assert "30" in told[0]


def test_what_an_assessment_under_other_numbers_says_is_told_in_the_language_of_the_reader(
    late, north, alice
):
    assessment = Assessment.objects.current().get(case=late.case_id)
    book = versions.named(assessment.algorithm_version)
    (stored,) = [found for found in assessment.findings if found["rule"] == "S-13"]

    with override("uk"):
        assert retelling.of_finding(stored, book) != stored["sentence"]
        case = browser(alice).get(f"/admin/cases/case/{late.case_id}/change/", headers=UKRAINIAN)
        sheet = browser(alice).get(f"/admin/cases/case/{late.case_id}/summary/", headers=UKRAINIAN)

    for page in (case, sheet):
        assert stored["sentence"] not in text(page)
        assert late.sentence not in text(page)


def test_over_http_an_assessment_is_told_under_its_version(late, alice):
    answer = browser(alice).get(f"/api/v1/cases/{late.case_id}/assessment/").json()

    titles = {found["rule"]: found["title"] for found in answer["findings"]}
    assert titles["L-17"] == "Specimen reported within 30 days"
    assert titles["S-13"] == "Prosthesis of 18 to 19 mm"


def test_pages_name_the_numbers_of_the_version(late, alice):
    client, case = browser(alice), f"/admin/cases/case/{late.case_id}"
    pages = (
        "/admin/cases/deviation/",
        f"/admin/cases/deviation/{late.pk}/change/",
        f"{case}/change/",
        f"{case}/summary/",
    )
    for address in pages:
        seen = text(client.get(address))
        assert "Specimen reported within 30 days" in seen, address
        assert "within 42 days" not in seen, address


def test_a_preview_names_rules_with_the_numbers_of_the_draft(late, dana):
    row = draft(dana, {"L-17": {"within_days": 30}, "S-13": {"largest_mm": 23}}, version="2027.2")
    previewed(row, dana)

    assert "Prosthesis of 18 to 23 mm" in text(
        browser(dana).get(f"/admin/cases/algorithmversion/{row.pk}/change/")
    )


def test_a_version_of_which_nothing_is_kept_is_that_of_the_code(late):
    assert versions.named("2025.9") is versions.named(ALGORITHM.version) is ALGORITHM
    assert versions.named(f"2027.1+{ALGORITHM.version}").rule("L-17").numbers["within_days"] == 30
