"""The page of a case while it is filled in: its parts, what applies, reasons, meanings, rows, answers to queries."""

import re
from html.parser import HTMLParser
from uuid import uuid4

import pytest

from cases import document, intake
from cases.admin.answers import AnswerField
from cases.admin.standing import SECTIONS
from cases.definitions import DEFINITIONS
from cases.intake import Submission
from cases.models import FORMS, Case, DataQuery, EntryDraft, OperationForm, Patient, Presentation
from cases.rulebook import retelling
from registry import access
from registry.fields import Coded, CodedSet, Measurement, PartialDateField, Text, clinical_fields
from registry.models import ReferenceTerm
from tests.cases.examples import complete, draft, resected
from tests.clients import browser
from tests.pages import filled, text

pytestmark = pytest.mark.django_db

ADD = "/admin/cases/case/add/"


def save(doc, center, by):
    return intake.save_case(Submission(document=doc), center=center, by=by, source="admin").case_id


def page_of(case_id):
    return f"/admin/cases/case/{case_id}/change/"


def change(client, page, **fields):
    return client.post(page, {**filled(client.get(page)), **fields})


def stored(case_id):
    with access.everywhere():
        return document.load([case_id])[0]


@pytest.fixture
def page(north, alice):
    return page_of(save(resected("A-1"), north, alice))


def html_of(client, page):
    return client.get(page).content.decode()


# --- the parts and how far they are --------------------------------------------------------------------------------


def states(html):
    """What the navigation says of each part."""
    link = r'data-part="([\w-]+)">[^<]*<span class="case-nav-state case-is-\w+">([^<]*)</span>'
    return dict(re.findall(link, html))


def test_the_parts_stand_in_clinical_order(alice, page):
    shown = html_of(browser(alice), page)

    assert re.findall(r'data-part="([\w-]+)"', shown) == [
        *("record", "patient", "presentation", "work-up", "tumor", "therapy", "operation", "reconstruction"),
        *("pathology", "early-outcome", "follow-up", "recurrence-and-death", "review"),
    ]


def test_every_form_stands_in_one_part():
    listed = [name for _, _, names in SECTIONS for name in names]

    assert sorted(listed) == sorted(m.name for m in (Patient, *FORMS) if not issubclass(m, OperationForm))


def test_each_part_says_in_words_how_far_it_is(alice, page):
    client = browser(alice)

    assert states(html_of(client, page)) | {"therapy": "Empty", "presentation": "Empty"} == states(
        html_of(client, page)
    )
    assert states(html_of(client, page))["reconstruction"] == "3 missing"
    refused = change(client, page, **{"presentation-height_cm": "tall"})
    assert states(refused.content.decode())["presentation"] == "1 error"


def test_a_complete_case_says_so_in_every_part_that_it_has(alice, north):
    shown = html_of(browser(alice), page_of(save(complete("A-2"), north, alice)))

    assert set(states(shown).values()) - {"Empty", ""} == {"Complete"}
    assert "Nothing is missing" in shown


def test_what_is_missing_stands_on_top_with_links_to_the_fields(alice, page):
    shown = html_of(browser(alice), page)

    missing = shown[shown.index('id="missing"') : shown.index('id="case_form"')]
    assert 'href="#answer-operations-0-urgency"' in missing
    assert 'href="#block-imaging"' in missing
    assert 'href="#form-consent"' in missing
    anchors = re.findall(r'href="#([\w-]+)"', missing)
    assert [anchor for anchor in anchors if f'id="{anchor}"' not in shown] == []


def test_both_renal_veins_are_asked_for_where_the_interrenal_segment_was_resected(alice, north):
    case_id = save(resected("A-2", operation={"veins": []}), north, alice)

    shown = html_of(browser(alice), page_of(case_id))

    assert "add a row for each renal vein and how it was handled" in shown


def test_reconstruction_and_veins_have_their_own_way_in(alice, page):
    shown = html_of(browser(alice), page)

    assert '<a href="#part-operations-0" data-part="reconstruction">' in shown
    assert '<section class="case-part" id="part-operations-0"' in shown


def test_how_far_a_case_is_follows_what_is_typed_and_not_saved(alice, page):
    client = browser(alice)

    answer = change(client, page, **{"presentation-height_cm": "tall", "consent-basis": "refused"})

    seen = text(answer)
    assert "Scopes is missing; give a value." in seen
    assert "The form 'Consent' is missing" not in seen


# --- what applies --------------------------------------------------------------------------------------------------


def test_every_question_that_hangs_on_another_says_on_which(alice, page):
    shown = html_of(browser(alice), page)
    conditions = dict(re.findall(r'id="answer-([\w-]+)" data-when="([^"]*)"', shown))

    for model in (Patient, *FORMS):
        around = "operations-0-" if issubclass(model, OperationForm) else ""
        if model.repeats and model.name not in ("operations", "veins"):
            continue  # this case has none of them
        prefix = f"{around}{model.name}-0" if model.repeats else f"{around}{model.name}"
        for field in clinical_fields(model):
            if field.only_if:
                decides, codes = field.only_if
                name = decides.lstrip("/") if decides.startswith("/") else f"{prefix}-{decides}"
                assert conditions[f"{prefix}-{field.name}"].split() == [name, *sorted(codes)]


@pytest.mark.parametrize(
    "said",
    [
        "Applies when Metastasis at diagnosis is: yes.",
        "Applies when Bypass includes: Deep hypothermic circulatory arrest.",
        "Applies when Segments involved includes: Infrarenal.",
        "Applies to a published case: one with a citation.",
        "Applies when Type of resection is: Tangential (part of the wall) or Circumferential (circular).",
    ],
)
def test_without_scripts_the_page_says_when_a_question_applies(alice, page, said):
    assert said in text(browser(alice).get(page))


def test_a_form_of_an_operation_names_the_answer_that_decides(alice, page):
    parts = re.findall(r'<div class="case-inner" data-when="([^"]*)">', html_of(browser(alice), page))

    assert parts[:2] == ["operations-0-resection_type circumferential tangential_wall"] * 2


# --- units, help, meanings -----------------------------------------------------------------------------------------


def test_what_belongs_to_an_answer_describes_its_control(alice, north):
    shown = html_of(
        browser(alice), page_of(save(draft("A-2", presentation={"height_cm": 205}), north, alice))
    )

    control = re.search(r'<input type="text" name="presentation-height_cm"[^>]*>', shown).group()
    described = re.search(r'aria-describedby="([^"]*)"', control).group(1).split()
    assert described == [
        "unit-presentation-height_cm",
        "query-presentation-height_cm",
        "help-presentation-height_cm",
    ]
    assert [name for name in described if f'id="{name}"' not in shown] == []


def test_the_meaning_of_the_chosen_code_stands_under_it(alice, page):
    shown = html_of(browser(alice), page)

    assert (
        '<p class="case-meaning" id="means-tumor-growth_pattern"><span data-code="mixed">'
        "Both inside the lumen" in shown
    )
    assert "Bilateral subcostal (Chevron): Cut under both rib margins." in shown


def test_all_meanings_stand_once_on_the_page_and_every_question_leads_to_its_own(alice, page):
    shown = html_of(browser(alice), page)

    for coded, meanings in DEFINITIONS.items():
        times = shown.count(f'<section id="means-{coded.__name__}">')
        used = f'href="#means-{coded.__name__}"' in shown
        assert times == 1 if used else times <= 1
        if used:
            assert all(f'data-code="{code}"' in shown for code in meanings)
    used = {
        field.vocabulary.__name__
        for model in (Patient, *FORMS)
        for field in clinical_fields(model)
        if isinstance(field, Coded | CodedSet) and field.vocabulary in DEFINITIONS
    }
    assert set(re.findall(r'href="#means-(\w+)"', shown)) == used


# --- why there is no answer ----------------------------------------------------------------------------------------


def test_every_optional_answer_may_have_a_reason_and_no_needed_one(alice, page):
    names = set(re.findall(r'<select name="([\w-]+)-why"', html_of(browser(alice), page)))

    for model in (Patient, *(m for m in FORMS if not m.repeats and not issubclass(m, OperationForm))):
        for field in clinical_fields(model):
            assert (f"{model.name}-{field.name}" in names) == (field.need != "R"), field.name


def test_a_reason_is_kept_beside_the_answer_never_in_it(alice, north):
    case_id = save(draft("A-2"), north, alice)

    change(browser(alice), page_of(case_id), **{"presentation-height_cm-why": "ND"})

    form = stored(case_id).document.presentation
    assert (form.height_cm, form.missing) == (None, {"height_cm": "ND"})


# --- dates ---------------------------------------------------------------------------------------------------------


def test_dates_are_taken_as_people_type_them(alice, north):
    case_id = save(draft("A-2"), north, alice)

    change(
        browser(alice),
        page_of(case_id),
        **{"patient-born_on": "05.1960", "diagnosis-diagnosis_on": " 3.5.2012 ", "death-died_on": "2015/5/3"},
    )

    case = stored(case_id).document
    assert [str(case.patient.born_on), str(case.diagnosis.diagnosis_on), str(case.death.died_on)] == [
        "1960-05",
        "2012-05-03",
        "2015-05-03",
    ]


def test_a_date_with_two_meanings_is_refused(alice, page):
    answer = change(browser(alice), page, **{"diagnosis-diagnosis_on": "03/05/2012"})

    assert answer.status_code == 422
    assert filled(answer)["diagnosis-diagnosis_on"] == ["03/05/2012"]


# --- rows without scripts ------------------------------------------------------------------------------------------


def test_a_row_is_added_without_scripts_and_nothing_is_saved(alice, page):
    client = browser(alice)

    answer = change(client, page, _add="imaging", note="typed")

    shown, sent = answer.content.decode(), filled(answer)
    assert answer.status_code == 200
    assert (sent["imaging-row"], sent["note"]) == (["0"], ["typed"])
    assert re.search(r'<select name="imaging-0-modality"[^>]* autofocus', shown)
    with access.everywhere():
        assert Case.objects.get().version == 1


def test_an_offered_row_comes_filled_in(alice, north):
    page = page_of(save(resected("A-2", operation={"veins": []}), north, alice))

    answer = change(browser(alice), page, _add="operations-0-veins vein left_renal")

    assert filled(answer)["operations-0-veins-0-vein"] == ["left_renal"]


def test_a_new_row_never_takes_the_number_of_one_that_goes(alice, north):
    page = page_of(save(resected("A-2", imaging=[{"modality": "ct"}, {"modality": "mri"}]), north, alice))

    answer = change(browser(alice), page, **{"_add": "imaging", "imaging-1-remove": "1"})

    sent = filled(answer)
    assert (sent["imaging-row"], sent["imaging-1-remove"]) == (["0", "1", "2"], ["1"])


def test_a_row_is_removed_without_scripts_by_its_box(alice, north):
    case_id = save(resected("A-2", imaging=[{"modality": "ct"}, {"modality": "mri"}]), north, alice)

    change(browser(alice), page_of(case_id), **{"imaging-0-remove": "1"})

    assert [study.modality for study in stored(case_id).document.imaging] == ["mri"]


@pytest.mark.parametrize(
    "asked", ["", "patient", "nothing", "operations-9-veins", "veins", "imaging modality", "imaging x <b>"]
)
def test_what_no_list_is_adds_nothing_wrong(alice, page, asked):
    answer = change(browser(alice), page, _add=asked)

    assert answer.status_code == 200
    assert "<b>" not in answer.content.decode().partition("imaging-row")[2][:500]


def test_enter_presses_no_button_of_the_page(alice, page):
    """HTML: Enter in a line of text presses the form's first submit button, and nothing when that is disabled."""

    class First(HTMLParser):
        found = None

        def handle_starttag(self, tag, attributes):
            given = dict(attributes)
            self.inside = getattr(self, "inside", False) or given.get("id") == "case_form"
            if self.inside and self.found is None and tag == "button":
                self.found = given

    first = First()
    first.feed(html_of(browser(alice), page))

    assert "disabled" in first.found


# --- answers to queries --------------------------------------------------------------------------------------------


@pytest.fixture
def asked(north, alice):
    """A case with a query, and the query."""
    case_id = save(draft("A-2", presentation={"height_cm": 205}), north, alice)
    with access.everywhere():
        return case_id, DataQuery.objects.get(case=case_id)


def test_a_query_is_confirmed_beside_its_field(alice, asked):
    case_id, query = asked

    answer = change(browser(alice), page_of(case_id), **{f"confirm-{query.pk}": "Measured twice."})

    with access.everywhere():
        query.refresh_from_db()
    assert (query.state, query.answer, query.answer_text) == ("answered", "confirmed", "Measured twice.")
    assert (query.answered_by, stored(case_id).version) == (alice, 1)
    assert (
        "Case A-2: 1 answer confirmed." in text(browser(alice).get(answer["Location"]))
        or answer.status_code == 302
    )


def test_an_answer_that_cannot_be_taken_takes_the_correction_back(alice, asked):
    case_id, query = asked

    answer = change(browser(alice), page_of(case_id), **{f"confirm-{query.pk}": "x" * 1001, "note": "mine"})

    assert (answer.status_code, stored(case_id).version) == (422, 1)
    assert f'href="#confirm-{query.pk}"' in answer.content.decode()
    assert (filled(answer)[f"confirm-{query.pk}"], filled(answer)["note"]) == (["x" * 1001], ["mine"])


def test_a_correction_closes_its_query_and_needs_no_answer(alice, asked):
    case_id, query = asked

    change(
        browser(alice),
        page_of(case_id),
        **{f"confirm-{query.pk}": "Measured twice.", "presentation-height_cm": "175"},
    )

    with access.everywhere():
        query.refresh_from_db()
    assert (query.state, query.answer) == ("closed", "")


def test_the_query_of_another_case_is_not_answered_here(alice, page, asked):
    _, query = asked

    change(
        browser(alice), page, **{f"confirm-{query.pk}": "Not mine.", "confirm-x": "nothing", "confirm-": "no"}
    )

    with access.everywhere():
        query.refresh_from_db()
    assert query.state == "open"


def test_after_saving_the_page_leads_to_what_is_to_be_confirmed(alice, page):
    client = browser(alice)

    answer = change(client, page, **{"presentation-height_cm": "205"})

    assert "answers are to be confirmed or corrected." in text(client.get(answer["Location"]))


def test_who_only_reads_is_asked_for_no_confirmation(rita, asked):
    case_id, query = asked

    shown = html_of(browser(rita), page_of(case_id))

    assert query.sentence in shown
    assert f"confirm-{query.pk}" not in shown


# --- terms, texts, cost --------------------------------------------------------------------------------------------


def test_terms_are_offered_where_a_text_is_typed(alice, page):
    ReferenceTerm.objects.create(list="graft_brand", term="Gore-Tex <b>", explanation="Expanded PTFE")
    ReferenceTerm.objects.create(list="graft_brand", term="Old", is_retired=True)

    shown = html_of(browser(alice), page)

    assert re.search(r'name="operations-0-reconstruction-brand"[^>]* list="offers-graft_brand"', shown)
    offered = shown.partition('<datalist id="offers-graft_brand">')[2].partition("</datalist>")[0]
    assert '<option value="Gore-Tex &lt;b&gt;">Expanded PTFE</option>' in offered
    assert "Old" not in offered


def test_every_list_of_terms_is_offered_somewhere():
    offers = {
        field.offers
        for model in (Patient, *FORMS)
        for field in clinical_fields(model)
        if isinstance(field, Text)
    }

    assert offers - {""} == set(ReferenceTerm.List.values)


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://x")',
    "' onfocus=x ",
)


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_is_typed_comes_back_as_text(alice, north, typed):
    """In every field, also where it is refused."""
    client = browser(alice)
    page = page_of(save(resected("A-2"), north, alice))
    fields = {
        name: typed for name in filled(client.get(page)) if name not in ("csrfmiddlewaretoken", "version")
    }
    rows = {name: value for name, value in filled(client.get(page)).items() if name.endswith("-row")}

    answer = client.post(
        page, {**fields, **rows, "version": "1", "presentation-height_cm": typed, "base": "", "turn": ""}
    )

    assert answer.status_code == 422
    assert typed not in answer.content.decode()
    assert filled(answer)["note"] == [typed]
    assert filled(answer)["presentation-height_cm"] == [typed]


@pytest.mark.parametrize(("typed", "read"), [("12.5", 12.5), ("62,5", 62.5), ("0,912", 0.912), ("7", 7)])
def test_a_number_is_taken_as_people_type_it(typed, read):
    assert AnswerField(Presentation._meta.get_field("weight_kg")).clean(typed) == read


@pytest.mark.parametrize("typed", ["1,500", "1.500,5", "1 500", "1,5,5", ",5"])
def test_a_number_with_two_meanings_is_refused(alice, page, typed):
    answer = change(browser(alice), page, **{"presentation-weight_kg": typed})

    assert answer.status_code == 422
    assert filled(answer)["presentation-weight_kg"] == [typed]


def test_numbers_dates_and_texts_all_say_what_they_are(alice, page):
    shown = html_of(browser(alice), page)

    for field in clinical_fields(Patient):
        control = re.search(rf'name="patient-{field.name}"[^>]*>', shown).group()
        assert ("data-date" in control) == isinstance(field, PartialDateField)
        assert ("inputmode" in control) == isinstance(field, Measurement)


def test_the_page_of_a_full_case_costs_few_queries(dana, north, alice, django_assert_max_num_queries):
    page, client = page_of(save(complete("A-2"), north, alice)), browser(dana)
    client.get(page)

    with django_assert_max_num_queries(40):
        assert client.get(page).status_code == 200


# --- what is typed and not saved -----------------------------------------------------------------------------------


def keep(client, page, **fields):
    """What the page sends a little after the last key."""
    return client.post(page.replace("/change/", "/entry/"), {**filled(client.get(page)), **fields})


def entries():
    with access.everywhere():
        return list(EntryDraft.objects.order_by("updated_at"))


def test_an_answer_to_a_query_and_a_reason_are_unsaved_entries_too(alice, asked):
    case_id, query = asked
    client = browser(alice)

    keep(client, page_of(case_id), **{f"confirm-{query.pk}": "Measured twice."})
    assert filled(client.get(page_of(case_id)))[f"confirm-{query.pk}"] == ["Measured twice."]

    keep(client, page_of(case_id), **{f"confirm-{query.pk}": "", "reason": "typing error"})
    assert filled(client.get(page_of(case_id)))["reason"] == ["typing error"]


def test_an_answer_to_a_value_that_changed_is_asked_again_and_never_kept_as_an_answer(alice, ines, asked):
    case_id, query = asked
    client = browser(alice)
    opened = filled(client.get(page_of(case_id)))
    change(browser(ines), page_of(case_id), **{"presentation-height_cm": "210"})

    merging = client.post(page_of(case_id), {**opened, f"confirm-{query.pk}": "Measured twice.", "note": "x"})
    saved = client.post(page_of(case_id).replace("/change/", "/merge/"), filled(merging, "merge_form"))

    with access.everywhere():
        query.refresh_from_db()
    assert (query.state, query.answer_text, query.values) == ("open", "", {"number": 210})
    page = client.get(saved["Location"])
    assert filled(page)[f"confirm-{query.pk}"] == ["Measured twice."]
    assert "1 answer was not taken: the value changed." in text(page)
    assert (stored(case_id).document.note, stored(case_id).version) == ("x", 3)
    change(client, page_of(case_id))
    with access.everywhere():
        query.refresh_from_db()
    assert (query.state, query.answer_text) == ("answered", "Measured twice.")


def test_an_answer_beside_a_value_that_is_corrected_again_is_asked_again(alice, asked):
    case_id, query = asked

    change(
        browser(alice), page_of(case_id), **{f"confirm-{query.pk}": "Tall.", "presentation-height_cm": "211"}
    )

    with access.everywhere():
        query.refresh_from_db()
    assert (query.state, query.answer_text) == ("open", "")
    assert filled(browser(alice).get(page_of(case_id)))[f"confirm-{query.pk}"] == ["Tall."]


def test_two_tabs_keep_two_entries_and_a_reload_goes_on_with_one(alice, page):
    client = browser(alice)
    keep(client, page, note="begun")
    one, other = filled(client.get(page)), filled(client.get(page))
    entry = page.replace("/change/", "/entry/")

    client.post(entry, {**one, "note": "in one", "turn": "1"})
    client.post(entry, {**other, "note": "in the other", "turn": "1"})

    assert [kept.fields["note"] for kept in entries()] == [["in one"], ["in the other"]]
    assert filled(client.get(f"{page}?entry={one['entry'][0]}"))["note"] == ["in one"]


def test_saving_forgets_the_entry_that_the_page_went_on_with(alice, page):
    client = browser(alice)
    keep(client, page, note="begun")

    change(client, page)

    assert entries() == []
    assert filled(client.get(page))["note"] == ["begun"]


def test_an_entry_of_an_older_version_is_offered_and_what_is_stored_is_shown(alice, page):
    client = browser(alice)
    one, other = filled(client.get(page)), filled(client.get(page))
    client.post(page.replace("/change/", "/entry/"), {**other, "note": "in the other tab", "turn": "1"})

    shown = client.get(client.post(page, {**one, "note": "saved"})["Location"])

    assert filled(shown)["note"] == ["saved"]
    assert "begun on an older version of this case" in text(shown)
    assert filled(client.get(f"{page}?entry={other['entry'][0]}"))["note"] == ["in the other tab"]


def test_what_another_person_typed_is_saved_under_nobodys_name_unasked(alice, ines, page):
    opened = filled(browser(alice).get(page))

    asked = browser(ines).post(page, {**opened, "note": "typed by Alice"})

    assert asked.status_code == 422
    assert "Somebody else opened this page, and you are signed in as Ines." in text(asked)
    assert browser(ines).post(page, filled(asked)).status_code == 302


def test_what_was_typed_in_a_case_that_was_locked_meanwhile_waits(alice, dana, north):
    case_id = save(complete("A-3"), north, alice)
    client, page = browser(alice), page_of(case_id)
    opened = filled(client.get(page))
    with access.everywhere():
        Case.objects.filter(pk=case_id).update(status="locked")

    refused = client.post(page, {**opened, "note": "too late", "reason": "late news"})
    kept = client.post(page.replace("/change/", "/entry/"), {**opened, "note": "later", "turn": "9"})

    assert (refused.status_code, kept.status_code) == (422, 403)
    assert "kept until it is unlocked" in kept.json()["told"]
    assert "it comes back when the case is unlocked" in text(client.get(page))
    with access.everywhere():
        Case.objects.filter(pk=case_id).update(status="complete")
    assert filled(client.get(page))["note"] == ["later"]


def test_who_only_reads_keeps_nothing_whatever_was_typed(rita, page):
    client, entry = browser(rita), page.replace("/change/", "/entry/")

    for sent in ({}, {"entry": str(uuid4()), "note": "typed"}):
        answer = client.post(entry, sent)
        assert (answer.status_code, answer.json()["told"]) == (403, "You may not record in this center.")
    assert entries() == []


def test_who_records_nowhere_begins_no_case(rita, north):
    answer = browser(rita).post(ADD.replace("/add/", "/add/entry/"), {"entry": str(uuid4()), "note": "typed"})

    assert (answer.status_code, answer.json()["told"]) == (403, "You may not record here.")
    assert entries() == []


def test_a_case_that_is_complete_no_more_says_so(alice, north):
    case_id = save(complete("A-3"), north, alice)
    client = browser(alice)

    saved = change(client, page_of(case_id), **{"patient-born_on": "", "reason": "not known"})

    assert "The case is a draft again: answers are missing" in text(client.get(saved["Location"]))


def test_only_what_refuses_is_listed_as_what_to_correct(alice, asked):
    case_id, _ = asked

    answer = change(
        browser(alice),
        page_of(case_id),
        **{"consent-signed_on": "2020-05-01", "consent-withdrawn_on": "2020-01-01"},
    )

    assert answer.status_code == 422
    problems = re.search(r'id="problems".*?</div>', answer.content.decode(), re.DOTALL).group()
    assert "1 thing to correct" in problems


def test_while_typing_it_is_told_what_is_missing_and_what_to_confirm(alice, asked):
    case_id, _ = asked

    told = keep(browser(alice), page_of(case_id), **{"presentation-weight_kg": "70"}).json()

    assert "1 to confirm" in told["sections"]["presentation"]["state"]
    assert 'href="#answer-' in told["missing"]


def test_news_is_not_asked_for_of_a_publication_while_typing(alice, north):
    old = resected("A-4", follow_ups=[{"visit_on": "2016", "vital_status": "alive"}], citation="Mann 1999")
    case_id = save(old, north, alice)

    told = keep(browser(alice), page_of(case_id), note="seen").json()

    assert not [one for one in told["told"] if "months old" in one["message"]]


def test_questions_are_asked_in_the_language_of_the_reader(alice, asked):
    case_id, query = asked
    alice.language = "uk"
    alice.save()

    shown = html_of(browser(alice), page_of(case_id))

    assert query.sentence not in shown
    assert retelling.of_item(query) == query.sentence
