"""Handing out data for research: who may, what is noted, what the file holds, and that it goes again."""

import csv
import hashlib
import io
import json
import threading
import zipfile
from datetime import date, timedelta

import pyarrow.parquet
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from cases import intake, synthesis, withdrawing
from cases.document import dump, load, parse
from cases.intake import Submission
from cases.models import Case, SurvivalObservation
from registry import access
from registry.audit import history_of, whole_trail
from registry.chain.models import Reading
from registry.dates import PartialDate
from reports import research, research_file
from reports.deidentified import QUASI, K, smallest_group
from reports.models import ResearchExport
from tests.clients import browser

SHARED = ["registry", "reports", "data_sharing_third_party"]
KEY = bytes(range(32))
AS_OF = date(2026, 6, 30)
TOLD = {"purpose": "Survival after reconstruction", "recipient": "Prof. Ada Example, University"}


@pytest.fixture(autouse=True)
def log(settings, tmp_path):
    settings.ERASURE_LOG = tmp_path / "erasures.jsonl"


@pytest.fixture
def cases(north, south, alice, bob, everywhere):
    """Forty made-up patients of two centers; every fifth agreed to reports and no more."""
    documents = list(synthesis.documents(40, seed=3, until=date(2026, 1, 1)))
    for center, by, some in ((north, alice, documents[:25]), (south, bob, documents[25:])):
        sent = [Submission(document=agreeing(document, number)) for number, document in enumerate(some)]
        receipts = intake.save_cases(sent, center=center, by=by, source="api")
        assert not [one.errors for one in receipts if one.errors]
    return Case.objects.order_by("pk")


def agreeing(document, number):
    raw = dump(document)
    scopes = ["registry", "reports"] if number % 5 == 0 else SHARED
    return parse({**raw, "note": "canary in a note", "consent": {**raw["consent"], "scopes": scopes}})


def make(by, **more):
    return research.make(**{**TOLD, "by": by, "as_of": AS_OF, **more})


def unpacked(export):
    with zipfile.ZipFile(io.BytesIO(bytes(export.content))) as file:
        return {name: file.read(name) for name in file.namelist()}


def patients(export):
    return list(csv.DictReader(io.StringIO(unpacked(export)["patients.csv"].decode())))


def test_the_file_holds_who_agreed_to_it_and_nothing_else(cases, dana):
    export = make(dana)

    rows = patients(export)
    agreed = sum(case.observation.in_research and case.observation.in_main_curve for case in cases)
    assert export.rows == len(rows)
    assert export.rows + export.dropped == agreed < len(cases)
    assert smallest_group(rows) >= K
    whole = b"".join(unpacked(export).values())
    for word in (b"canary", b"NORTH", b"SOUTH", *(case.patient.registry_id.encode() for case in cases),
                 *(case.case_number.encode() for case in cases)):  # fmt: skip
        assert word not in whole
    assert set(rows[0]) == {one.name for one in research_file.COLUMNS}


def test_every_column_is_in_the_dictionary_and_parquet_says_the_same(cases, dana):
    export = make(dana)
    parts = unpacked(export)

    told = {row["column"]: row for row in csv.DictReader(io.StringIO(parts["dictionary.csv"].decode()))}
    table = pyarrow.parquet.read_table(io.BytesIO(parts["patients.parquet"])).to_pylist()
    about = json.loads(parts["about.json"])

    assert list(told) == [one.name for one in research_file.COLUMNS]
    assert all(row["meaning"] for row in told.values())
    assert [[research_file._told(value) for value in row.values()] for row in table] == [
        list(row.values()) for row in patients(export)
    ]
    assert (about["purpose"], about["k"], about["patients"]) == (TOLD["purpose"], K, export.rows)
    assert about["alike_in"] == list(QUASI)


def test_equal_inputs_give_the_same_file_and_another_key_other_names(cases, dana):
    one, same, other = make(dana, key=KEY), make(dana, key=KEY), make(dana)

    assert one.digest == same.digest == hashlib.sha256(bytes(one.content)).hexdigest()
    names = [{row["patient"] for row in patients(export)} for export in (one, other)]
    assert not names[0] & names[1]
    assert len(names[0]) == one.rows


def test_nothing_after_the_cut_is_told(cases, dana):
    until = date(2018, 1, 1)

    export = make(dana, as_of=until)

    origins = {str(case.observation.origin_on.year) for case in cases if case.observation.origin_on}
    assert max(origins) > "2018"
    for row in patients(export):
        assert row["year"] == "any" or row["year"][:4] < "2018"
        limit = (until - date(1990, 1, 1)).days
        assert all(
            int(row[c.name]) <= limit for c in research_file.COLUMNS if c.kind == "days" and row[c.name]
        )


def test_the_key_is_thrown_away(cases, dana):
    make(dana, key=KEY)

    (row,) = ResearchExport.objects.values()
    assert KEY not in [bytes(value) for value in row.values() if isinstance(value, bytes | memoryview)]


@pytest.mark.parametrize("who", ["lena", "alice", "rita", "ada", "otto"])
def test_others_may_not_hand_out(cases, request, who):
    with pytest.raises(PermissionDenied):
        make(request.getfixturevalue(who))


@pytest.mark.parametrize("who", ["lena", "alice", "rita", "ada", "otto"])
def test_others_may_not_fetch_what_was_made(cases, dana, request, who):
    export = make(dana)

    with pytest.raises(PermissionDenied):
        research.fetch(export, by=request.getfixturevalue(who))


def test_a_data_manager_of_one_center_may_not(cases, person, north):
    with pytest.raises(PermissionDenied):
        make(person("dora", access.Role.DATA_MANAGER, north))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"purpose": " "}, "Say what the data are for"),
        ({"recipient": ""}, "Say who gets the data"),
        ({"purpose": "x" * 301}, "one line of at most 300"),
    ],
)
def test_what_is_missing_is_said(cases, dana, said, sentence):
    with pytest.raises(ValidationError, match=sentence):
        make(dana, **said)


def test_of_too_few_there_is_nothing_to_hand_out(everywhere, dana):
    with pytest.raises(ValidationError, match="Fewer than 5 patients"):
        make(dana)


def test_who_made_and_who_fetched_it_is_noted(cases, dana):
    export = make(dana)

    research.fetch(export, by=dana)

    (event,) = history_of(export)
    assert (event.pgh_context["user"], event.pgh_context["reason"]) == (dana.pk, "export for research")
    assert not hasattr(event, "content")
    with whole_trail():
        noted = Reading.objects.get(what="research")
    assert (noted.number, noted.by, noted.center_id) == (export.pk, dana, None)


def test_after_a_week_it_cannot_be_fetched(cases, dana):
    export = make(dana)
    assert export.expires_at - export.created_at == timedelta(days=7)
    ResearchExport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    export.refresh_from_db()

    with pytest.raises(ValidationError, match="has expired"):
        research.fetch(export, by=dana)


@pytest.mark.parametrize("effect", ["stop_use", "stop_collection"])
def test_files_go_when_a_patient_ends_the_use(cases, dana, lena, north, effect):
    export = make(dana)
    case = (
        Case.objects.select_related("center", "patient")
        .filter(center=north, observation__in_research=True)
        .first()
    )

    with access.scope([north.pk]):  # as a lead's request sees no more
        withdrawing.withdraw(
            case, effect=effect, withdrawn_on=PartialDate.parse("2026-06"), reason="letter", by=lena
        )

    export.refresh_from_db()
    assert bool(export.content) == (effect == "stop_collection")
    shown = browser(dana).get(reverse(PAGE)).content.decode()
    assert ("Fetch the file" in shown) == (effect == "stop_collection")
    assert export.digest


@pytest.mark.parametrize("change", ["the scope is taken out", "refused"])
def test_files_go_when_a_consent_is_changed_at_an_ordinary_door(cases, dana, alice, north, change):
    export = make(dana)
    case = cases.filter(center=north, observation__in_research=True).first()
    stored = dump(load([case.pk])[0].document)
    if change == "refused":
        refused = {"case_number": case.case_number, "consent": {"basis": "refused"}}
        document = parse({**refused, "patient": stored["patient"]})
    else:
        document = parse({**stored, "consent": {**stored["consent"], "scopes": ["registry", "reports"]}})

    with access.scope([north.pk]):
        sent = Submission(document=document)
        receipt = intake.save_case(sent, center=north, by=alice, source="api", reason="asked again")

    assert not receipt.errors, receipt.errors
    export.refresh_from_db()
    assert not export.content


def test_files_stay_when_something_else_is_corrected(cases, dana, alice, north):
    export = make(dana)
    case = cases.filter(center=north, observation__in_research=True).first()
    stored = dump(load([case.pk])[0].document)

    sent = Submission(document=parse({**stored, "note": "corrected"}))
    receipt = intake.save_case(sent, center=north, by=alice, source="api", reason="typing error")

    assert receipt.verdict == "changed"
    export.refresh_from_db()
    assert export.content


@pytest.mark.django_db(transaction=True)
def test_an_export_that_is_being_made_misses_no_withdrawal(north, alice, lena, dana, monkeypatch):
    """The patient ends the use when the rows are read and the file is not yet there: it goes all the same."""
    with access.everywhere():
        sent = [
            Submission(document=agreeing(document, number))
            for number, document in enumerate(synthesis.documents(30, seed=3, until=date(2026, 1, 1)))
        ]
        assert not any(one.errors for one in intake.save_cases(sent, center=north, by=alice, source="api"))
        shared = Case.objects.select_related("center", "patient").filter(observation__in_research=True)
        case = shared.first()
    withdrawn = threading.Thread(target=withdraw_elsewhere, args=(case, lena))
    written = research_file.written

    def while_it_is_written(rows, **more):
        withdrawn.start()
        withdrawn.join(timeout=1)
        return written(rows, **more)

    monkeypatch.setattr(research_file, "written", while_it_is_written)
    export = make(dana)
    withdrawn.join()

    with access.everywhere():
        assert not SurvivalObservation.objects.filter(pk=case.pk).exists()
        assert not ResearchExport.objects.get(pk=export.pk).content


def withdraw_elsewhere(case, by):
    """Withdraw from a case on a connection of its own."""
    try:
        with access.scope([case.center_id]):
            on = PartialDate.parse("2026-06")
            withdrawing.withdraw(case, effect="stop_use", withdrawn_on=on, reason="letter", by=by)
    finally:
        connection.close()


# --- the page and the command ----------------------------------------------------------------------------------------

PAGE = "admin:privacy"


def test_the_page_makes_and_gives_the_file(cases, dana):
    client = browser(dana)

    made = client.post(reverse(PAGE), TOLD, follow=True).content.decode()
    export = ResearchExport.objects.get()
    fetched = client.post(reverse(PAGE), {"fetch": export.pk})

    assert f"Patients: {export.rows}" in made
    assert fetched["Content-Disposition"] == f'attachment; filename="research-{export.pk}.zip"'
    assert hashlib.sha256(fetched.content).hexdigest() == export.digest
    assert "Fetch the file" in client.get(reverse(PAGE)).content.decode()


def test_bad_input_comes_back_with_what_was_typed(cases, dana):
    shown = browser(dana).post(reverse(PAGE), {"purpose": "Trial of words", "recipient": ""}).content.decode()

    assert "Say who gets the data." in shown
    assert 'value="Trial of words"' in shown
    for fetch in ("9" * 30, "x", "7"):
        assert (
            "There is no such export." in browser(dana).post(reverse(PAGE), {"fetch": fetch}).content.decode()
        )


def test_a_lead_sees_the_own_center_and_no_export(cases, dana, lena, south):
    make(dana)

    shown = browser(lena).get(reverse(PAGE)).content.decode()

    assert "Erased cases" in shown
    assert TOLD["purpose"] not in shown
    assert "Make the file" not in shown
    for sent in (TOLD, {"fetch": "999"}):
        assert browser(lena).post(reverse(PAGE), sent).status_code == 403


def test_an_auditor_reads_what_was_handed_out(cases, dana, otto, django_assert_max_num_queries):
    for _ in range(3):
        make(dana)
    client = browser(otto)

    with django_assert_max_num_queries(42):
        shown = client.get(reverse(PAGE)).content.decode()

    assert shown.count(TOLD["purpose"]) == 3
    assert "Fetch the file" not in shown


def test_members_of_a_center_cannot_read_exports_at_the_database(cases, dana, north):
    make(dana)

    with access.scope([north.pk]):
        assert not ResearchExport.objects.exists()


def test_the_command_writes_the_file(cases, dana, tmp_path, capsys):
    out = tmp_path / "data.zip"
    given = ["--purpose", "Survival", "--recipient", "Prof. Example", "--by", "dana", "--out", str(out)]

    call_command("research_export", *given)

    assert hashlib.sha256(out.read_bytes()).hexdigest() in capsys.readouterr().out
    for wrong, sentence in (
        (given, "is there already"),
        ([*given[:5], "nobody", *given[6:]], "no account nobody"),
    ):
        with pytest.raises(CommandError, match=sentence) as refused:
            call_command("research_export", *wrong)
        assert refused.value.returncode == 2
