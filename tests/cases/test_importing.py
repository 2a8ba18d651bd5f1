"""The import door: every row gets its answer, and what is saved is saved once, whole, and in the right center."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import flat, importing, intake, synthesis, tasks
from cases.document import dump, load, parse
from cases.importing import running
from cases.models import Case, FollowUp, ImportBatch, Patient
from cases.problems import DocumentError
from registry import access, jobs
from registry.models import Center
from tests.cases.examples import draft, resected
from tests.cases.files import flattened, table, workbook

pytestmark = pytest.mark.django_db
AS_OF = date(2026, 6, 30)


def run(content, center, by=None, **options):
    centers = center if isinstance(center, list) else [center]
    return importing.run(content, centers=centers, by=by, **{"as_of": AS_OF, **options})


def stored(center):
    with access.scope([center.pk]):
        return [
            case.document for case in load(Case.objects.filter(center=center).values_list("pk", flat=True))
        ]


def count():
    with access.everywhere():
        return {model: model.objects.count() for model in (Case, Patient, FollowUp)}


def errors(report):
    """(row, column, code) of everything that rejected a row."""
    return [
        (problem.row, problem.column, problem.code)
        for row in report.verdicts
        for problem in row.problems
        if problem.severity == "error"
    ]


# --- what is saved ------------------------------------------------------------------------------------


def test_a_case_may_be_called_number_1(north, alice):
    report = run(b"case_number,patient.sex\n#1,female\n#2,male\n", north, alice)

    assert report.counts["new"] == 2


def test_a_case_that_somebody_adds_meanwhile_is_not_written_over(north, alice, monkeypatch):
    entered = resected("A-1", note="entered by hand")
    intake.save_case(intake.Submission(document=entered), center=north, by=alice, source="admin")
    monkeypatch.setattr(running, "_stored", lambda center, lines: {})  # as the import saw it a moment before

    report = run(b"case_number,patient.sex\nA-1,male\n", north, alice)

    assert errors(report) == [(2, "", "stale_version")]
    assert stored(north) == [entered]


def test_a_file_is_saved_as_it_says(north, alice):
    made = [resected("A-1"), draft("A-2", patient={"sex": "male", "missing": {"born_on": "NK"}})]

    report = run(flattened(made), north, alice)

    assert report.saved
    assert report.counts == {"new": 2, "changed": 0, "unchanged": 0, "rejected": 0}
    assert [(row.row, row.case_number, row.verdict) for row in report.verdicts] == [
        (2, "A-1", "new"),
        (3, "A-2", "new"),
    ]
    assert stored(north) == made


def test_the_same_file_twice_adds_nothing(north, alice):
    content = flattened(synthesis.documents(12))
    run(content, north, alice)
    before = count()

    again = run(content, north, alice)

    assert again.counts == {"new": 0, "changed": 0, "unchanged": 12, "rejected": 0}
    assert count() == before


def test_synthetic_cases_come_back_from_a_file_and_the_database_unchanged(north, alice):
    made = list(synthesis.documents(40))

    run(flattened(made), north, alice)

    assert stored(north) == made


def test_good_rows_are_saved_beside_bad_ones(north, alice):
    content = table(("case_number", "patient.sex"), ("A-1", "female"), ("A-2", "femal"), ("A-3", "male"))

    report = run(content, north, alice)

    assert report.saved
    assert [row.verdict for row in report.verdicts] == ["new", "rejected", "new"]
    assert [case.case_number for case in stored(north)] == ["A-1", "A-3"]


def test_all_or_nothing_saves_nothing_beside_a_bad_row(north, alice):
    content = table(("case_number", "patient.sex"), ("A-1", "female"), ("A-2", "femal"))

    report = run(content, north, alice, mode="atomic")

    assert not report.saved
    assert [row.verdict for row in report.verdicts] == ["new", "rejected"]
    assert stored(north) == []


def test_all_or_nothing_saves_all_good_rows(north, alice):
    report = run(flattened([draft("A-1"), draft("A-2")]), north, alice, mode="atomic")

    assert report.saved
    assert len(stored(north)) == 2


def test_a_dry_run_says_what_would_happen_and_changes_nothing(north, alice):
    run(flattened([resected("A-1")]), north, alice)
    before = count()
    content = table(
        ("case_number", "operations.1.blood_loss_ml", "operations.1.urgency", "patient.sex"),
        ("A-1", "900", "NK", ""),
        ("A-2", "", "", "male"),
        ("A-3", "", "", "x"),
    )

    report = run(content, north, alice, dry_run=True)

    assert not report.saved
    assert [row.verdict for row in report.verdicts] == ["changed", "new", "rejected"]
    assert [(c.column, c.before, c.after) for c in report.verdicts[0].changes] == [
        ("operations.1.blood_loss_ml", 300, 900),
        ("operations.1.urgency", None, "NK"),
    ]
    assert count() == before


# --- what is already there ----------------------------------------------------------------------------


def test_empty_cells_and_absent_columns_erase_nothing(north, alice):
    whole = resected("A-1", follow_ups=[{"visit_on": "2016"}, {"visit_on": "2017"}])
    run(flattened([whole]), north, alice)

    report = run(
        table(("case_number", "patient.sex", "operations.1.urgency"), ("A-1", "", "elective")), north, alice
    )

    (after,) = stored(north)
    assert report.verdicts[0].verdict == "changed"
    expected = dump(whole)
    expected["operations"][0]["urgency"] = "elective"
    assert dump(after) == expected


def test_a_value_takes_the_place_of_a_reason_and_a_reason_of_a_value(north, alice):
    run(table(("case_number", "patient.sex", "patient.born_on"), ("A-1", "NK", "1960")), north, alice)

    run(table(("case_number", "patient.sex", "patient.born_on"), ("A-1", "male", "NK")), north, alice)

    (after,) = stored(north)
    assert dump(after)["patient"] == {"sex": "male", "missing": {"born_on": "NK"}}


def test_a_row_of_a_form_is_added_after_those_there(north, alice):
    run(table(("case_number", "follow_ups.1.visit_on"), ("A-1", "2016")), north, alice)

    report = run(
        table(("case_number", "follow_ups.2.visit_on"), ("A-1", "2017"), ("A-2", "2017")), north, alice
    )

    assert errors(report) == [(3, "follow_ups.2.visit_on", "gap")]
    assert [str(visit.visit_on) for visit in stored(north)[0].follow_ups] == ["2016", "2017"]


# --- what is refused, and where -----------------------------------------------------------------------


def test_what_the_registry_refuses_is_told_with_row_and_column(north, alice):
    content = table(
        (
            "case_number",
            "patient.sex",
            "operations.1.blood_loss_ml",
            "operations.1.operated_on",
            "death.died_on",
        ),
        ("A-1", "femal", "-5", "2015-13", ""),
        ("A-2", "female", "99999999", "2015", "2015"),
        ("A-3", "female", "12,5", "03/02/2015", ""),
        ("A-4", "female", "abc", "2015", "1015"),
    )

    assert errors(run(content, north, alice)) == [
        (2, "patient.sex", "unknown_code"),
        (2, "operations.1.operated_on", "not_a_date"),
        (2, "operations.1.blood_loss_ml", "out_of_range"),
        (3, "operations.1.blood_loss_ml", "out_of_range"),
        (4, "operations.1.blood_loss_ml", "decimal_comma"),
        (4, "operations.1.operated_on", "not_a_date"),
        (5, "operations.1.blood_loss_ml", "wrong_type"),
        (5, "death.died_on", "not_a_date"),
    ]


def test_contradictory_dates_are_told_with_row_and_column(north, alice):
    """Rule X-10 and its neighbors of the clinical reference: a death before the operation cannot be."""
    dead_before = resected("A-1", operated_on="2015-03-02", death={"died_on": "2014-01-01"})
    too_late = resected("A-2", operated_on="2031-03-02")

    report = run(flattened([dead_before, too_late]), north, alice)

    assert [row.verdict for row in report.verdicts] == ["rejected", "rejected"]
    told = {(problem.row, problem.column) for row in report.verdicts for problem in row.problems}
    assert (3, "operations.1.operated_on") in told
    assert any(row == 2 and column in ("death.died_on", "operations.1.operated_on") for row, column in told)
    assert stored(north) == []


def test_problems_of_form_sheets_are_told_with_sheet_and_row(north, alice):
    content = workbook(
        cases=[["case_number"], ["A-1"], ["A-2"]],
        follow_ups=[["case_number", "visit_on"], ["A-2", "2016"], ["A-1", "2016"], ["A-2", "2016-99"]],
    )

    report = run(content, north, alice)

    (problem,) = report.verdicts[1].problems
    assert (problem.sheet, problem.row, problem.column, problem.code) == (
        "follow_ups",
        4,
        "visit_on",
        "not_a_date",
    )
    assert [row.verdict for row in report.verdicts] == ["new", "rejected"]


def test_every_bad_cell_gets_a_sentence_without_the_value(north, alice):
    """Messages may be logged and mailed, so they say what is wanted, not what was written."""
    content = table(
        ("case_number", "patient.sex", "death.place"), ("A-1", "Jane-Doe-1950", "Secret street 7" * 20)
    )

    report = run(content, north, alice)

    for problem in report.verdicts[0].problems:
        assert "Jane" not in problem.message
        assert "Secret" not in problem.message
        assert problem.message.endswith(".")


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("patient.sex", "femal", "femal"),
        ("presentation.height_cm", "99999", 99999),
        ("presentation.height_cm", "170.25", 170.25),
        ("presentation.asa", "2.5", 2.5),
        ("diagnosis.diagnosis_on", "02.03.2015", "02.03.2015"),
        ("presentation.symptoms", "incidental|mass", ["incidental", "mass"]),
        ("presentation.diabetes", "maybe", "maybe"),
        ("patient.country_residence", "Poland", "Poland"),
    ],
)
def test_a_file_gets_the_sentence_that_the_api_gives(north, alice, column, cell, value):
    form, name = column.split(".")
    with pytest.raises(DocumentError) as refusal:
        parse({"case_number": "A-1", form: {name: value}})

    (row,) = run(table(("case_number", column), ("A-1", cell)), north, alice).verdicts

    assert [(p.code, p.message) for p in row.problems] == [
        (p.code, p.message) for p in refusal.value.problems
    ]


def test_the_ten_million_character_cell_rejects_its_row_alone(north, alice):
    content = table(("case_number", "note"), ("A-1", "x" * 10_000_000), ("A-2", "short"))

    report = run(content, north, alice)

    assert errors(report) == [(2, "note", "too_long")]
    assert [row.verdict for row in report.verdicts] == ["rejected", "new"]


def test_a_row_of_another_center_is_rejected(north, south, alice):
    content = table(("case_number", "center"), ("A-1", "SOUTH"), ("A-2", "NORTH"), ("A-3", ""))

    report = run(content, north, alice)

    assert errors(report) == [(2, "center", "foreign_center")]
    assert [case.case_number for case in stored(north)] == ["A-2", "A-3"]
    assert stored(south) == []


def test_a_file_for_several_centers_needs_the_column(north, south):
    with pytest.raises(flat.UnreadableFile, match="no column 'center'"):
        run(table(("case_number",), ("A-1",)), [north, south])


def test_a_file_for_several_centers_is_sorted_out_by_its_column(north, south):
    content = table(
        ("case_number", "center"), ("A-1", "SOUTH"), ("A-1", "NORTH"), ("A-2", "SOUTH"), ("A-3", "EAST")
    )

    report = run(content, [north, south])

    assert [row.verdict for row in report.verdicts] == ["new", "new", "new", "rejected"]
    assert [len(stored(center)) for center in (north, south)] == [1, 2]


def test_nobody_imports_where_they_may_not(north, ines, bob):
    for person in (ines, bob):
        with pytest.raises(PermissionDenied):
            run(table(("case_number",), ("A-1",)), north, person)

    assert stored(north) == []


def test_whatever_stops_the_import_halfway_leaves_nothing(north, alice, monkeypatch):
    monkeypatch.setattr(running, "CHUNK", 2)

    def stop(done, total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(flattened(synthesis.documents(6)), north, alice, progress=stop)

    assert stored(north) == []


# --- how much it costs --------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [None, 0, 1], ids=["new", "unchanged", "changed"])
def test_the_number_of_queries_does_not_grow_with_the_rows_of_a_chunk(north, before):
    queries = {}
    for rows in (60, 240):
        if before is not None:
            run(flattened(synthesis.documents(rows, seed=rows, stream=before)), north)
        with CaptureQueriesContext(connection) as captured:
            run(flattened(synthesis.documents(rows, seed=rows)), north)
        queries[rows] = len(captured)

    assert queries[60] == queries[240] <= 110


def test_progress_tells_rows_done_and_all_rows(north, monkeypatch):
    monkeypatch.setattr(running, "CHUNK", 2)
    told = []

    run(
        flattened([draft(f"A-{n}") for n in range(5)]),
        north,
        progress=lambda done, total: told.append((done, total)),
    )

    assert told == [(2, 5), (4, 5), (5, 5)]


# --- files that wait in rows --------------------------------------------------------------------------


def receive(content, center, by, **options):
    with access.scope([center.pk]):
        return importing.receive(content, file_name="cases.csv", center=center, by=by, **options)


def answer(batch):
    with access.scope([batch.center_id]):
        return ImportBatch.objects.get(pk=batch.pk)


def rows(batch):
    with access.scope([batch.center_id]):
        return list(batch.rows.order_by("position"))


def test_a_waiting_file_is_imported_once(north, alice):
    batch = receive(table(("case_number", "patient.sex"), ("A-1", "female"), ("A-2", "x")), north, alice)

    tasks.import_batch(batch.pk)
    tasks.import_batch(batch.pk)

    done = answer(batch)
    assert (done.state, done.attempts, done.rows_done, done.rows_total) == ("done", 1, 2, 2)
    assert done.verdicts["counts"] == {"new": 1, "changed": 0, "unchanged": 0, "rejected": 1}
    assert [problem["column"] for problem in rows(batch)[1].problems] == ["patient.sex"]
    assert len(stored(north)) == 1


def test_the_file_is_not_kept_when_its_work_is_done(north, alice):
    batch = receive(flattened([resected("A-1")]), north, alice)

    importing.apply(batch.pk)

    assert bytes(answer(batch).content) == b""


def test_a_dry_run_of_a_waiting_file_keeps_what_would_change_and_the_file(north, alice):
    run(flattened([resected("A-1")]), north, alice)
    batch = receive(table(("case_number", "patient.born_on"), ("A-1", "1951")), north, alice, dry_run=True)

    importing.apply(batch.pk)

    done = answer(batch)
    assert done.state == "checked"
    assert [(row.columns, row.values) for row in rows(batch)] == [
        (["patient.born_on"], [["1960-05", "1951"]])
    ]
    assert not done.verdicts["saved"]
    assert bytes(done.content)


def test_an_unreadable_waiting_file_is_answered(north, alice):
    batch = receive("case_number\nПривет".encode("cp1251"), north, alice)

    importing.apply(batch.pk)

    done = answer(batch)
    assert done.state == "rejected"
    assert "windows-1251" in done.verdicts["refused"]


def test_a_person_who_lost_the_right_imports_no_more(north, alice):
    batch = receive(flattened([draft("A-1")]), north, alice)
    alice.memberships.all().delete()

    importing.apply(batch.pk)

    assert answer(batch).state == "failed"
    assert stored(north) == []


def test_a_worker_killed_halfway_leaves_a_file_that_another_imports_whole(north, alice, monkeypatch):
    batch = receive(flattened(synthesis.documents(6)), north, alice)
    monkeypatch.setattr(running, "CHUNK", 2)
    save_cases, calls = running.intake.save_cases, []

    def killed(*args, **options):
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return save_cases(*args, **options)

    monkeypatch.setattr(running.intake, "save_cases", killed)
    with pytest.raises(SystemExit):
        importing.apply(batch.pk)
    assert (answer(batch).state, stored(north)) == ("running", [])

    importing.apply(batch.pk)
    assert stored(north) == [], "the lease of the killed worker still holds"
    with access.scope([north.pk]):
        ImportBatch.objects.update(leased_until="2020-01-01T00:00Z")
        assert jobs.due(ImportBatch) == [batch.pk]
    importing.apply(batch.pk)

    assert (answer(batch).state, answer(batch).attempts) == ("done", 2)
    assert len(stored(north)) == 6


def test_a_worker_whose_batch_was_taken_over_leaves_nothing(north, alice, monkeypatch):
    batch = receive(flattened([draft("A-1")]), north, alice)
    save_cases = running.intake.save_cases

    def slow(*args, **options):
        receipts = save_cases(*args, **options)
        ImportBatch.objects.filter(pk=batch.pk).update(attempts=2)
        return receipts

    monkeypatch.setattr(running.intake, "save_cases", slow)

    importing.apply(batch.pk)

    assert answer(batch).state == "running"
    assert stored(north) == []


def test_only_those_who_may_import_hand_in_a_file(north, ines):
    with pytest.raises(PermissionDenied):
        receive(b"case_number\n", north, ines)


def test_centers_of_the_import_are_read_in_one_scope(north, south):
    """After an import nothing of it stays visible: the scope ends with it."""
    run(flattened([draft("A-1")]), north)

    assert Case.objects.count() == 0
    assert Center.objects.count() == 2
