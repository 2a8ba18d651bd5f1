"""Import in the browser: page by page, for those who may, each step once, and every refusal a plain sentence."""

import io
import json
import re
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from cases import flat, intake, tasks
from cases.importing import running
from cases.models import Case, ImportBatch, ImportRow
from registry import access
from registry.models import Heartbeat
from tests.cases.examples import draft, resected
from tests.cases.files import flattened, table, workbook
from tests.cases.imports import checked, committed, now, rows, stored, uploaded
from tests.clients import browser
from tests.pages import filled, text

pytestmark = pytest.mark.django_db
IMPORTS = "/admin/cases/importbatch/"
CSV = table(("case_number", "Sex", "Station"), ("A-1", "female", "4 West"), ("A-2", "femal", "2"))


def page_of(batch):
    return f"{IMPORTS}{batch.pk}/change/"


def upload(client, center, content, name="cases.csv"):
    file = SimpleUploadedFile(name, content)
    return client.post(f"{IMPORTS}add/", {"center": center.pk, "file": file})


def step(client, batch, do, **fields):
    return client.post(page_of(batch), {"do": do, "round": now(batch).round, **fields}, follow=True)


def save(document, center, by, if_version=None):
    submission = intake.Submission(document=document, if_version=if_version)
    return intake.save_case(submission, center=center, by=by, source="admin")


# --- the whole way --------------------------------------------------------------------------------------------------


def test_a_file_goes_from_upload_to_import(north, alice):
    client = browser(alice)
    save(draft("A-0", patient={"sex": "male"}), north, alice)
    content = table(
        ("Nr", "Sex", "Station"), ("A-0", "female", "4"), ("A-1", "female", "4"), ("A-2", "femal", "2")
    )

    answer = upload(client, north, content)
    page = answer["Location"]
    form = filled(client.get(page), "columns")
    form.update({"field-0-0": ["case_number"], "field-0-1": ["patient.sex"], "do": ["check"]})
    waiting = client.post(page, form, follow=True)
    with access.scope([north.pk]):
        batch = ImportBatch.objects.get()
    tasks.import_batch(batch.pk)
    preview = client.get(page)
    asked = client.post(page, {**filled(preview, "decide"), "do": "import"}, follow=True)
    tasks.import_batch(batch.pk)
    result = client.get(page)

    assert answer.status_code == 302
    assert "Waiting for a worker." in text(waiting)
    assert "1 new 1 changed 0 unchanged 1 rejected" in text(preview)
    assert "Import 2 cases" in text(preview)
    assert "The cases are being imported" in text(asked)
    assert "2 cases were imported." in text(result)
    assert set(stored(north)) == {"A-0", "A-1"}


def test_a_workbook_goes_the_same_way(north, alice):
    client = browser(alice)
    content = workbook(
        cases=[["case_number", "patient.sex"], ["A-1", "female"]],
        follow_ups=[["case_number", "visit_on"], ["A-1", "2016"]],
        Legende=[["Code"], ["x"]],
    )

    page = upload(client, north, content, "cases.xlsx")["Location"]
    columns = client.get(page)
    client.post(page, {**filled(columns, "columns"), "do": "check"})
    with access.scope([north.pk]):
        batch = ImportBatch.objects.get()
    tasks.import_batch(batch.pk)

    assert "Sheet “follow_ups”" in text(columns)
    assert "This sheet is not named after a form and is left out." in text(columns)
    assert [(row.verdict, row.columns) for row in rows(batch)] == [
        ("new", ["patient.sex", "follow_ups.1.visit_on"])
    ]


# --- upload ---------------------------------------------------------------------------------------------------------


def test_own_centers_are_offered_and_no_others(alice, north, south, person, otto):
    said = text(browser(alice).get(f"{IMPORTS}add/"))

    assert "Northern" in said
    assert "Southern" not in said


def test_only_those_who_may_import_upload(ines, otto, rita, ada, north):
    for reader in (ines, otto, rita, ada):
        client = browser(reader)

        assert client.get(f"{IMPORTS}add/").status_code == 403
        assert upload(client, north, CSV).status_code == 403
        assert f"{IMPORTS}add/" not in client.get(IMPORTS).content.decode()


def test_a_center_of_others_is_no_choice(bob, north, south):
    answer = upload(browser(bob), north, CSV)

    assert answer.status_code == 422
    assert "Choose the center" in text(answer)


def test_without_a_file_the_page_asks_for_one(alice, north):
    answer = browser(alice).post(f"{IMPORTS}add/", {"center": north.pk})

    assert answer.status_code == 422
    assert "Choose a file." in text(answer)


def test_fifty_megabytes_are_refused_in_a_sentence(alice, north):
    answer = upload(browser(alice), north, b"x" * 50 * 10**6)

    assert answer.status_code == 422
    assert "The file is larger than 20 MiB. Split it by rows. Nothing was kept of it." in text(answer)
    assert not ImportBatch.objects.exists()


def test_the_limit_of_uploads_is_that_of_files(settings):
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE == flat.MAX_FILE_BYTES


def test_templates_and_dictionary_are_offered(alice):
    client = browser(alice)
    offered = re.findall(
        r'href="(/admin/cases/importbatch/files/[^"]+)"', client.get(f"{IMPORTS}add/").content.decode()
    )

    files = {address.rpartition("/")[2]: client.get(address) for address in offered}

    assert set(files) == {"cases.xlsx", "cases.csv", "dictionary.md"}
    assert "follow_ups" in load_workbook(io.BytesIO(files["cases.xlsx"].content)).sheetnames
    assert list(flat.read(files["cases.csv"].content).lines()) == []
    assert b"# Data dictionary" in files["dictionary.md"].content
    assert all("attachment" in answer["Content-Disposition"] for answer in files.values())
    assert client.get(f"{IMPORTS}files/secrets.txt").status_code == 404


def test_the_same_file_again_says_so_and_may_go_on(alice, north):
    client = browser(alice)
    first = committed(checked(CSV, north, alice), alice)

    page = upload(client, north, CSV)["Location"]

    said = client.get(page)
    assert "This same file was uploaded on" in text(said)
    assert page_of(first) in said.content.decode()
    assert "Check the file" in text(said)


# --- columns --------------------------------------------------------------------------------------------------------


def test_each_column_shows_first_values_and_what_it_may_hold(alice, north):
    batch = uploaded(CSV, north, alice)

    page = browser(alice).get(page_of(batch))

    assert "2 columns to look at" in text(page)
    assert "1 column recognized by its name" in text(page)
    assert "4 West" in text(page)
    assert filled(page, "columns")["field-0-0"] == ["case_number"]
    assert filled(page, "columns")["field-0-1"] == ["patient.sex"]
    assert filled(page, "columns")["field-0-2"] == [""]


def test_a_row_of_a_repeated_form_is_chosen_by_field_and_number(alice, north):
    batch = uploaded(table(("case_number", "Kontrolle"), ("A-1", "2017")), north, alice)

    step(
        browser(alice),
        batch,
        "check",
        **{"field-0-0": "case_number", "field-0-1": "follow_ups.N.visit_on", "number-0-1": "3"},
    )

    assert now(batch).mapping == {"": {"case_number": "case_number", "Kontrolle": "follow_ups.3.visit_on"}}


@pytest.mark.parametrize(
    ("target", "path", "number"),
    [
        ("follow_ups.3.visit_on", "follow_ups.N.visit_on", "3"),
        ("operations.2.reconstruction.material", "operations.N.reconstruction.material", "2"),
        ("operations.1.veins.4.vein", "operations.N.veins.M.vein", "4"),
        ("operations.2.veins.4.vein", "operations.2.veins.4.vein", "1"),
    ],
)
def test_numbered_columns_are_shown_as_field_and_number_and_come_back_as_they_were(
    alice, north, target, path, number
):
    batch = uploaded(table(("case_number", target), ("A-1", "")), north, alice)
    client = browser(alice)

    form = filled(client.get(page_of(batch)), "columns")
    client.post(page_of(batch), {**form, "do": "check"})

    assert (form["field-0-1"], form["number-0-1"]) == ([path], [number])
    assert now(batch).mapping[""][target] == target


def test_a_field_can_be_typed_where_no_script_lists_them(alice, north):
    batch = uploaded(table(("case_number", "Kontrolle"), ("A-1", "2017")), north, alice)

    page = browser(alice).get(page_of(batch)).content.decode()
    step(browser(alice), batch, "check", **{"field-0-0": "case_number", "other-0-1": "follow_ups.2.visit_on"})

    assert 'name="other-0-1"' in page
    assert now(batch).mapping[""]["Kontrolle"] == "follow_ups.2.visit_on"


def test_a_choice_that_cannot_be_read_comes_back_with_what_is_wrong(alice, north):
    batch = uploaded(CSV, north, alice)
    chosen = {"field-0-0": "patient.sex", "field-0-1": "patient.sex", "field-0-2": "nothing"}

    answer = step(browser(alice), batch, "check", **chosen)

    assert answer.status_code == 422
    for said in (
        "both lead to 'patient.sex'",
        "There is no field 'nothing'",
        "No column holds the case number",
    ):
        assert said in text(answer)
    assert filled(answer, "columns")["field-0-1"] == ["patient.sex"]
    assert 'href="#field-0-1"' in answer.content.decode()
    assert now(batch).state == "uploaded"


@pytest.mark.parametrize("number", ["", "0", "-1", "x", "999999999999", "٣"])
def test_a_number_that_is_none_is_one(alice, north, number):
    batch = uploaded(table(("case_number", "K"), ("A-1", "2017")), north, alice)

    step(
        browser(alice),
        batch,
        "check",
        **{"field-0-0": "case_number", "field-0-1": "follow_ups.N.visit_on", "number-0-1": number},
    )

    assert now(batch).mapping[""]["K"] == "follow_ups.1.visit_on"


def test_erasing_is_off_unless_asked_and_shown_in_the_preview(alice, north):
    save(resected("A-1"), north, alice)
    client, content = browser(alice), table(("case_number", "patient.sex"), ("A-1", ""))
    harmless, erasing = uploaded(content, north, alice), uploaded(content, north, alice)

    form = filled(client.get(page_of(harmless)), "columns")
    assert "blank_erases" not in form
    for batch, more in ((harmless, {}), (erasing, {"blank_erases": "on"})):
        client.post(page_of(batch), {**form, **more, "round": "0", "do": "check"})
        tasks.import_batch(batch.pk)

    assert "There is nothing to import" in text(client.get(page_of(harmless)))
    assert "Empty cells erase 1 stored answer." in text(client.get(page_of(erasing)))
    assert "Sex Female erased" in text(client.get(f"{page_of(erasing)}?rows=erased"))


# --- while a worker works -------------------------------------------------------------------------------------------


def progress(client, batch):
    return json.loads(client.get(f"{IMPORTS}{batch.pk}/progress/").content)


def test_progress_is_told_to_the_page_and_to_its_script(alice, north):
    client, batch = browser(alice), uploaded(CSV, north, alice)
    with access.scope([north.pk]):
        ImportBatch.objects.update(state="running", rows_done=500, rows_total=2000)

    told = progress(client, batch)

    assert (told["is_over"], told["done"], told["total"]) == (False, 500, 2000)
    assert told["said"] in text(client.get(page_of(batch)))
    assert 'http-equiv="refresh"' in client.get(page_of(batch)).content.decode()


def test_between_two_attempts_people_are_told_that_one_failed(alice, north, monkeypatch):
    def fails(*args, **options):
        raise RuntimeError

    client, batch = browser(alice), checked(CSV, north, alice)
    step(client, batch, "import")
    with monkeypatch.context() as broken:
        broken.setattr(running.intake, "save_cases", fails)
        with pytest.raises(RuntimeError):
            tasks.import_batch(batch.pk)

    between = progress(client, batch)

    assert (between["state"], between["is_over"]) == ("running", False)
    assert between["said"].startswith("The last attempt failed; nothing of it was kept.")
    with access.everywhere():
        ImportBatch.objects.update(leased_until=None)
    tasks.import_batch(batch.pk)
    assert progress(client, batch)["is_over"]


def test_a_check_that_is_over_is_told(alice, north):
    assert progress(browser(alice), checked(CSV, north, alice))["is_over"]


def test_a_page_says_that_it_waits_for_a_worker(alice, north):
    client, batch = browser(alice), uploaded(CSV, north, alice)
    step(client, batch, "check", **{"field-0-0": "case_number"})

    assert progress(client, batch)["is_unattended"]
    Heartbeat.objects.create(name="worker", seen_at=timezone.now())
    assert not progress(client, batch)["is_unattended"]
    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    assert progress(client, batch)["is_unattended"]


# --- preview --------------------------------------------------------------------------------------------------------


@pytest.fixture
def four(north, alice):
    """A checked file with a row of each verdict."""
    save(resected("A-1"), north, alice)
    save(draft("A-2", patient={"sex": "male"}), north, alice)
    content = table(
        (
            "case_number",
            "patient.sex",
            "patient.born_on",
            "operations.1.blood_loss_ml",
            "Geschlecht der Mutter",
        ),
        ("A-1", "male", "NK", "19000", "x"),
        ("A-2", "male", "", "", "x"),
        ("A-3", "female", "1951", "", "x"),
        ("A-4", "femal", "", "", "x"),
    )
    return checked(content, north, alice)


def test_the_preview_compares_old_and_new_answer_by_answer(alice, four):
    said = text(browser(alice).get(f"{page_of(four)}?rows=changed"))

    assert "Row 2 · A-1" in said
    assert "Patient Sex Female Male" in said
    assert "Patient Born 1960-05 NK: Not known after enquiry" in said
    assert "Operation 1 Blood loss [mL] 300 19000" in said
    assert "A query will ask:" in said
    assert "A-3" not in said


@pytest.mark.parametrize(
    ("verdict", "shown", "hidden"),
    [
        ("new", ["Row 4 · A-3", "2 answers", "1951"], ["A-1", "A-2", "A-4"]),
        ("unchanged", ["Row 3 · A-2"], ["A-1", "A-3", "A-4"]),
        (
            "rejected",
            ["Row 5 · A-4", "patient.sex : Sex (patient.sex) must be one of"],
            ["A-1", "A-2", "A-3"],
        ),
        ("queries", ["Row 2 · A-1"], ["A-2", "A-3", "A-4"]),
        ("", ["A-1", "A-2", "A-3", "A-4"], []),
        ("no-such", ["A-1", "A-2", "A-3", "A-4"], []),
    ],
)
def test_rows_are_filtered_by_what_becomes_of_them(alice, four, verdict, shown, hidden):
    said = text(browser(alice).get(f"{page_of(four)}?rows={verdict}")).partition("Row by row")[2]

    assert [one for one in shown if one not in said] == []
    assert [one for one in hidden if one in said] == []


def test_each_reader_reads_the_own_language(alice, lena, north):
    save(resected("A-1"), north, alice)
    content = table(("case_number", "operations.1.blood_loss_ml"), ("A-1", "700"))
    open_, done = uploaded(content, north, alice), checked(content, north, alice)
    lena.language = "uk"
    lena.save()

    ukrainian, english = (
        [text(browser(person).get(page_of(batch))) for batch in (open_, done)] for person in (lena, alice)
    )

    for page in ukrainian:
        assert "Крововтрата" in page
        assert "Blood loss" not in page
    for page in english:
        assert "Blood loss" in page
        assert "Крововтрата" not in page


def test_stored_cases_are_linked(alice, four, north):
    page = browser(alice).get(page_of(four)).content.decode()

    assert f"/admin/cases/case/{stored(north)['A-1'].id}/change/" in page


@pytest.mark.parametrize("page", ["1", "4", "99", "x", "-1", "1e9"])
def test_a_large_file_is_shown_in_pages_at_the_same_cost(alice, north, page):
    few = checked(flattened([draft("A-1")]), north, alice)
    many = checked(flattened([draft(f"B-{n}") for n in range(90)]), north, alice)
    client = browser(alice)

    def queries(batch):
        with CaptureQueriesContext(connection) as seen:
            answer = client.get(f"{page_of(batch)}?page={page}")
        assert answer.status_code == 200
        return len(seen), answer.content.decode().count("<article")

    assert queries(few)[0] == queries(many)[0] <= 14
    assert queries(many)[1] in (25, 15)


def test_the_list_of_imports_costs_the_same_for_one_and_for_many_and_loads_no_file(alice, north):
    client = browser(alice)

    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get(IMPORTS)
        assert not any('"content"' in query["sql"] for query in seen)
        return len(seen)

    checked(CSV, north, alice)
    queries()
    one = queries()
    for n in range(5):
        checked(table(("case_number",), (f"A-{n}",)), north, alice)

    assert queries() == one <= 16


def test_the_list_tells_how_far_each_is(alice, four):
    said = text(browser(alice).get(IMPORTS))

    assert "cases.csv NORTH alice" in said
    assert "Checked" in said
    assert "New: 1, Changed: 1, Unchanged: 1, Rejected: 1" in said


def test_html_in_a_file_is_text_on_every_page(alice, north):
    evil = "<script>alert(1)</script>"
    content = table((evil, "note", "patient.sex"), ("A-1", evil, "female"), (evil, evil, evil))
    client = browser(alice)
    batch = uploaded(content, north, alice, name=f"{evil}.csv")

    pages = [client.get(page_of(batch))]
    step(
        client,
        batch,
        "check",
        **{"field-0-0": "case_number", "field-0-1": "note", "field-0-2": "patient.sex"},
    )
    tasks.import_batch(batch.pk)
    pages += [client.get(page_of(batch)), client.get(IMPORTS)]
    step(client, batch, "import")
    tasks.import_batch(batch.pk)
    pages += [client.get(page_of(batch))]

    assert now(batch).state == "done"
    for page in pages:
        assert evil not in page.content.decode()
        assert "alert(1)" in page.content.decode()


# --- deciding -------------------------------------------------------------------------------------------------------


def test_a_double_click_imports_once_and_says_so(alice, four, north):
    client, form = browser(alice), {"do": "import", "round": four.round}

    first = client.post(page_of(four), form, follow=True)
    second = client.post(page_of(four), form, follow=True)
    tasks.import_batch(four.pk)
    third = client.post(page_of(four), form, follow=True)

    assert "This step was taken already" not in text(first)
    assert "This step was taken already" in text(second)
    assert "This step was taken already" in text(third)
    assert stored(north)["A-1"].version == 2


def test_a_window_that_is_out_of_date_imports_nothing(alice, four, north):
    client = browser(alice)
    step(client, four, "columns")
    step(client, four, "check", **{"field-0-0": "case_number"})
    tasks.import_batch(four.pk)

    answer = client.post(page_of(four), {"do": "import", "round": four.round}, follow=True)

    assert "This step was taken already" in text(answer)
    assert now(four).state == "checked"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"do": "nothing"},
        {"do": "import"},
        {"do": "import", "round": "x"},
        {"do": "import", "round": "9" * 30},
    ],
)
def test_a_form_that_says_nothing_does_nothing(alice, four, form):
    assert browser(alice).post(page_of(four), form).status_code == 302
    assert now(four).state == "checked"


def test_all_or_nothing_is_offered_when_no_row_is_rejected(alice, four, north):
    client = browser(alice)
    good = checked(flattened([draft("B-1")]), north, alice)

    assert 'value="all"' not in client.get(page_of(four)).content.decode()
    assert "The rejected row is left out." in text(client.get(page_of(four)))
    assert 'value="all"' in client.get(page_of(good)).content.decode()
    assert "1 row is rejected, so not all can be imported" in text(step(client, four, "import", mode="all"))
    assert now(four).state == "checked"
    step(client, good, "import", mode="all")
    assert now(good).all_or_nothing


def test_the_answer_says_which_rows_were_judged_again(alice, four, north):
    save(resected("A-1", note="by hand"), north, alice, if_version=1)
    client = browser(alice)

    step(client, four, "import")
    tasks.import_batch(four.pk)

    said = text(client.get(page_of(four)))
    assert "The case of 1 row was changed after the check" in said
    assert "Row 2 · A-1 The case was changed after the check; this row was judged again." in text(
        client.get(f"{page_of(four)}?rows=rejudged")
    )


def test_a_result_names_what_changed_and_shows_no_values(alice, four):
    client = browser(alice)
    step(client, four, "import")
    tasks.import_batch(four.pk)

    said = text(client.get(f"{page_of(four)}?rows=changed"))

    assert "Changed: Patient: Sex; Patient: Born; Operation 1: Blood loss" in said
    assert "19000" not in said.partition("A query asks:")[0]


def test_an_import_is_canceled_at_every_step_before(alice, north):
    client = browser(alice)
    for batch in (uploaded(CSV, north, alice), checked(CSV, north, alice)):
        assert "This import was canceled; nothing was saved" in text(step(client, batch, "cancel"))


def test_a_file_that_was_refused_says_why(alice, north):
    batch = checked(b"case_number,note\n" + b"A,x\n" * 200 + b'B,"open\n', north, alice)

    said = text(browser(alice).get(page_of(batch)))

    assert "The file could not be taken; nothing was saved" in said
    assert "Row 202 is not well-formed CSV" in said


def test_work_that_never_ended_is_told(alice, north):
    batch = checked(CSV, north, alice)
    with access.scope([north.pk]):
        ImportBatch.objects.update(state="failed", verdicts={}, finished_at=timezone.now())

    assert "never came to its end" in text(browser(alice).get(page_of(batch)))


def test_what_failed_or_was_rejected_as_a_whole_shows_what_would_have_been(alice, four):
    client = browser(alice)
    for state in ("failed", "rejected"):
        with access.scope([four.center_id]):
            ImportBatch.objects.update(state=state, finished_at=timezone.now())

        said = text(client.get(page_of(four)))

        assert "none of this was saved: 1 new" in said
        assert "A query would ask:" in said
        assert "A query asks:" not in said


OLD = {
    "saved": True,
    "counts": {"new": 5, "changed": 1, "unchanged": 0, "rejected": 1},
    "rows": [
        {"row": 2, "case_number": "A-1", "verdict": "changed", "problems": [], "changes": ["patient.sex"]},
        {
            "row": 3,
            "case_number": "A-2",
            "verdict": "rejected",
            "problems": [
                {
                    "row": 3,
                    "column": "patient.born_on",
                    "code": "before_birth",
                    "severity": "error",
                    "sheet": "",
                    "message": "Born on 1950-03-02.",
                }
            ],
            "changes": [],
        },
    ],
    "more_rows": 0,
}


def old(north, alice, **fields):
    """An import as the release before rows had a table left it."""
    with access.scope([north.pk]):
        return ImportBatch.objects.create(
            center=north,
            requested_by=alice,
            file_name="old.csv",
            digest="0" * 64,
            **{
                "content": b"",
                "state": "done",
                "verdicts": OLD,
                "finished_at": timezone.now(),
                "rows_total": 7,
            }
            | fields,
        )


def migrated():
    with access.everywhere():
        import_module("cases.migrations.0008_answers_of_earlier_imports").move(apps, None)


def test_an_import_of_an_earlier_release_shows_its_counts(alice, north):
    said = text(browser(alice).get(page_of(old(north, alice))))

    assert "6 cases were imported." in said
    assert "5 new 1 changed 0 unchanged 1 rejected" in said
    assert "Row by row" not in said


def test_the_rows_of_an_earlier_release_are_taken_over_without_sentences(alice, north):
    batch = old(north, alice)
    refused = old(north, alice, state="rejected", verdicts={"refused": "No."})

    for _ in range(2):
        migrated()

    said = text(browser(alice).get(page_of(batch)))
    assert "5 new 1 changed 0 unchanged 1 rejected" in said
    assert "Row 2 · A-1 Changed: Patient: Sex" in said
    assert "Row 3 · A-2 Patient: Born : Its sentence is not kept any more; it was: before_birth" in said
    assert "1950" not in str([row.problems for row in rows(batch)]) + str(now(batch).verdicts)
    assert now(refused).verdicts == {"refused": "No."}


def test_a_trial_of_an_earlier_release_imported_nothing(alice, north):
    batch = old(north, alice, dry_run=True, content=b"x")

    migrated()

    assert "This import was canceled; nothing was saved" in text(browser(alice).get(page_of(batch)))
    assert not bytes(now(batch).content)


def test_an_import_of_long_ago_shows_what_is_still_known(alice, four):
    client = browser(alice)
    step(client, four, "import")
    tasks.import_batch(four.pk)
    with access.scope([four.center_id]):
        ImportBatch.objects.update(finished_at=timezone.now() - timedelta(days=31))
    tasks.tidy_imports()

    said = text(client.get(page_of(four)))

    assert "are still listed, without values and sentences" in said
    assert "A-4 Patient: Sex : Its sentence is not kept any more; it was: unknown_code" in said
    assert "A-3" not in said
    assert "Download the rejected rows" not in said


# --- rejected rows --------------------------------------------------------------------------------------------------


def test_rejected_rows_are_downloaded_before_and_after(alice, four):
    client, address = browser(alice), f"{IMPORTS}{four.pk}/rejected/"

    before = client.get(address)
    step(client, four, "import")
    tasks.import_batch(four.pk)
    after = client.get(address)

    assert before.content == after.content
    assert before["Content-Disposition"] == 'attachment; filename="cases-rejected.csv"'
    assert b'5,"patient.sex: Sex (patient.sex) must be one of' in before.content
    assert b"A-4,femal,,,x" in before.content


def test_without_rejected_rows_there_is_no_download(alice, north):
    batch = checked(b"case_number\nA-1\n", north, alice)

    assert browser(alice).get(f"{IMPORTS}{batch.pk}/rejected/").status_code == 404
    assert "Download the rejected rows" not in text(browser(alice).get(page_of(batch)))


@pytest.mark.parametrize("name", ['a"b\r\nX-Evil: 1.csv', "файл.csv", "=cmd.csv", "x" * 250 + ".csv"])
def test_any_name_of_a_file_is_a_name_of_a_download(alice, north, name):
    batch = checked(CSV, north, alice, name=name)

    answer = browser(alice).get(f"{IMPORTS}{batch.pk}/rejected/")

    assert answer.status_code == 200
    assert "X-Evil" not in answer.headers


# --- who sees it ----------------------------------------------------------------------------------------------------


ADDRESSES = ["change/", "progress/", "rejected/"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_imports_of_other_centers_do_not_exist(bob, four, address):
    client = browser(bob)

    assert client.get(f"{IMPORTS}{four.pk}/{address}").status_code == 404
    assert client.get(f"{IMPORTS}999999/{address}").status_code == 404


@pytest.mark.parametrize("do", ["check", "import", "columns", "cancel"])
def test_nobody_decides_on_imports_of_other_centers(bob, four, do):
    assert browser(bob).post(page_of(four), {"do": do, "round": four.round}).status_code == 404
    assert now(four).state == "checked"


def test_imports_are_listed_for_their_center_alone(alice, bob, four):
    assert "cases.csv" in text(browser(alice).get(IMPORTS))
    assert "cases.csv" not in text(browser(bob).get(IMPORTS))


@pytest.mark.parametrize("do", ["check", "import", "columns", "cancel"])
def test_those_who_only_read_look_and_do_not_decide(ines, otto, four, do):
    for reader in (ines, otto):
        client = browser(reader)
        page = client.get(page_of(four))

        assert "1 new 1 changed 1 unchanged 1 rejected" in text(page)
        assert "Import 2 cases" not in text(page)
        assert "Download the rejected rows" not in text(page)
        assert client.post(page_of(four), {"do": do, "round": four.round}).status_code == 403
        assert client.get(f"{IMPORTS}{four.pk}/rejected/").status_code == 403
    assert now(four).state == "checked"


def test_those_who_only_read_see_columns_and_cannot_choose(ines, north, alice):
    page = browser(ines).get(page_of(uploaded(CSV, north, alice)))

    assert page.status_code == 200
    assert "Check the file" not in text(page)
    assert filled(page, "columns").keys() <= {"csrfmiddlewaretoken", "round"}


def test_nothing_is_changed_by_looking(alice, four):
    client = browser(alice)
    for address in ("change/", "progress/", "rejected/"):
        client.get(f"{IMPORTS}{four.pk}/{address}")
    for address in ("delete/", "history/"):
        assert client.post(f"{IMPORTS}{four.pk}/{address}", {"post": "yes"}).status_code in (403, 404)

    assert now(four).state == "checked"
    with access.scope([four.center_id]):
        assert (Case.objects.count(), ImportRow.objects.count()) == (2, 4)
