"""Patients who want to be erased: afterwards nothing anywhere tells of them, and chain and ledger still hold.

`ERASURES=200 pytest tests/reports/test_erasing.py` erases 200 of 400.
"""

import json
import os
from dataclasses import replace
from datetime import date

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from cases import erasing, erasure_log, importing, intake, reapplying, tasks, withdrawing
from cases.intake import Submission
from cases.models import Case, ContactAttempt, EntryDraft, ImportBatch, Tombstone
from registry import access
from registry.api.problems import code_of
from registry.audit import whole_trail
from registry.backup import keys, making, programs, proving, restoring
from registry.chain import erasing as events
from registry.chain import forgetting, sealing, verifying
from registry.dates import PartialDate
from registry.models import AnsweredRequest, Erasure
from reports import cohorts, issuing, ledger, releasing
from reports.cohorts import Cut
from reports.models import Delivery, MailBody, Report, ReportCases
from tests.cases.examples import resected
from tests.cases.imports import checked
from tests.clients import browser, machine

ERASURES = int(os.environ.get("ERASURES", "4"))  # 200 by hand
DAY = PartialDate.parse("2026-03-04")
AGREED = {"basis": "written", "signed_on": "2015-02-20", "scopes": ["registry", "reports"]}


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.ERASURE_LOG = tmp_path / "erasures.jsonl"
    settings.MAIL_FOLDER = tmp_path / "mail"
    return tmp_path


def canary(number):
    """What stands in every free text of a patient, and nowhere else."""
    return f"canary{number:05}x"


def document(number):
    told = canary(number)
    return {
        "case_number": f"{told}-N",
        "consent": {**AGREED, "ethics_ref": told},
        "note": told,
        "patient": {"born_on": "1960-05", "sex": "female", "country_residence": "PL"},
        "presentation": {"height_cm": 205},
        "tumor": {"segments": ["infrarenal"], "growth_pattern": "mixed"},
        "complications": [{"type": "pe", "onset_on": "2015-03-10", "clavien_dindo": "IVa"}],
        "operations": [{"operation_type": "index_resection", "operated_on": "2015-03-02",
                        "reconstruction": {"ivc_method": "tube_graft", "material": "ptfe", "brand": "Gore-Tex"}}],
        "follow_ups": [{"visit_on": "2016-05-01", "vital_status": "alive"}],
    }  # fmt: skip


def recorded(north, alice, numbers):
    """Each patient with a canary in every text, by the API, with a kept answer, a correction, and all that follows."""
    client = machine(north, alice, "read", "record", "import_cases")
    for number in numbers:
        sent = document(number)
        answer = client.post("/api/v1/cases/", sent, format="json", HTTP_IDEMPOTENCY_KEY=f"key {number}")
        assert answer.status_code == 201, answer.content
        corrected = {**sent, "note": f"{canary(number)} corrected"}
        answer = client.put(
            f"/api/v1/cases/{answer.json()['record']['id']}/", corrected, format="json",
            HTTP_IF_MATCH=answer["ETag"], HTTP_IDEMPOTENCY_KEY=f"other key {number}",
        )  # fmt: skip
        assert answer.status_code == 200, answer.content
        refused = {**sent, "case_number": f"{canary(number)}-R", "sex": canary(number)}
        answer = client.post(
            "/api/v1/cases/", refused, format="json", HTTP_IDEMPOTENCY_KEY=f"wrong key {number}"
        )
        assert answer.status_code == 422
    with access.everywhere():
        found = {case.case_number: case for case in Case.objects.select_related("center", "patient")}
        cases = [found[f"{canary(number)}-N"] for number in numbers]
        for number, case in zip(numbers, cases, strict=True):
            told = {"case": case, "center": north, "by": alice}
            ContactAttempt.objects.create(
                **told,
                tried_on=date(2026, 1, 1),
                contact_type="phone",
                outcome="unreachable",
                note=canary(number),
            )
            EntryDraft.objects.create(**told, fields={"note": [canary(number)]})
            EntryDraft.objects.create(center=north, by=alice, fields={"case_number": [f"{canary(number)}-N"]})
    return cases


def files(north, alice, numbers):
    """Files that hold the patients: one that was imported, one that was checked, one that was only uploaded."""
    rows = "".join(f"{canary(n)}-N,{canary(n)} by file\n" for n in numbers)
    content = f"case_number,note\n{rows}".encode()
    batch = checked(content, north, alice)
    with access.scope([north.pk]):
        importing.commit(batch, by=alice, seen_round=batch.round)
    tasks.import_batch(batch.pk)
    checked(content.replace(b"by file", b"again"), north, alice)
    with access.scope([north.pk]):
        importing.upload(content.replace(b"by file", b"more"), file_name="more.csv", center=north, by=alice)


def dump(database=None):
    """Every row of every table, as the owner sees it, the queue's included; binary texts as texts."""
    with psycopg.connect(programs.address(database)) as owner:
        names = owner.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        owner.execute("SET bytea_output = 'escape'")
        found = {}
        for schema, name in names:
            if schema == "public":
                rows = owner.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(schema, name)))
                found[name] = "\n".join(text for (text,) in rows)
        return found


def told_of(numbers, database=None):
    """The tables that still tell of one of these patients."""
    dumped = dump(database)
    return sorted({name for name, rows in dumped.items() for n in numbers if canary(n) in rows})


def in_files(folder, numbers):
    return [
        path for path in folder.rglob("*") if path.is_file() and path.suffix != ".age"
        and any(canary(n).encode() in path.read_bytes() for n in numbers)
    ]  # fmt: skip


def erase(cases, by):
    for case in cases:
        with access.scope([case.center_id]):
            erasing.erase(case, withdrawn_on=DAY, reason="letter of 4 March", by=by)


def compose(as_of, center=None):
    report = issuing.request(as_of=as_of, center_id=center and center.pk)
    return issuing.issue(report.pk, recipients=[])


# --- the canaries ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_nothing_tells_of_erased_patients_and_chain_and_ledger_hold(north, alice, lena, folders):
    gone, stays = range(ERASURES), range(ERASURES, 2 * ERASURES)
    cases = recorded(north, alice, [*gone, *stays])
    files(north, alice, [*gone, *stays])
    first = compose(date(2026, 3, 1))
    sealing.seal()
    keys.new_key(folders / "key")
    identity = keys.identity(folders / "key")
    before = told_of(gone)
    for table in ("cases_case", "cases_caseevent", "cases_importrow", "cases_importbatch", "cases_consentevent",
                  "cases_entrydraft", "cases_contactattemptevent", "registry_answeredrequest"):  # fmt: skip
        assert table in before, "the canaries are where they have to go from"
    backup, _ = making.make(folders, identity.to_public())

    erase(cases[:ERASURES], lena)

    assert told_of(gone) == []
    assert in_files(folders, gone) == []
    for number in stays:
        assert {"cases_case", "cases_caseevent", "cases_consentevent"} <= set(told_of([number]))
    assert Tombstone.objects.count() == 0, "outside a scope nobody sees a tombstone"
    with access.everywhere():
        assert Tombstone.objects.count() == ERASURES
        assert cohorts.frame(Cut(as_of=date(2026, 11, 1))).registered == ERASURES

    sealing.seal()
    result = verifying.verify()
    assert (result.problems, result.unsealed) == ([], 0)
    assert result.erased >= 30 * ERASURES

    second = compose(date(2026, 4, 1))
    with access.everywhere():
        counted = ReportCases.objects.get(report=first).case_ids
        found = ledger.since(counted, Cut(as_of=date(2026, 4, 1)))
        assert found.balances
        assert (found.before, found.erased, found.now) == (2 * ERASURES, ERASURES, ERASURES)
    assert f"Erased since: {ERASURES};" in second.content["changes"]["note"]

    copy = f"{connection.settings_dict['NAME']}_copy"
    proving.drop(copy)
    try:
        restoring.restore(backup, identity, into=copy)
        assert "cases_case" in told_of(gone, copy), "the backup is older than the erasures"
        proving.manage(copy, "migrate", "--verbosity", "0")
        proving.manage(copy, "erasures", "reapply", str(folders / "erasures.jsonl"))
        assert told_of(gone, copy) == []
        assert "cases_case" in told_of(stays, copy)
        proving.manage(copy, "erasures", "reapply", str(folders / "erasures.jsonl"))
        proving.manage(copy, "audit", "verify")
    finally:
        proving.drop(copy)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("without", "left"),
    [
        ("trail", {"cases_caseevent", "cases_consentevent"}),
        ("answers", {"registry_answeredrequest"}),
        ("files", {"cases_importrow"}),
    ],
)
def test_the_search_finds_what_is_not_erased(monkeypatch, north, alice, lena, without, left):
    """The control: without one part of the erasing, canaries are found."""
    cases = recorded(north, alice, [1])
    files(north, alice, [1])
    sealing.seal()
    broken = {
        "trail": (forgetting, "forget", lambda *_, **__: 0),
        "answers": (erasing, "_answers", lambda case: AnsweredRequest.objects.none()),
        "files": (erasing, "_forget_files", lambda case: None),
    }
    monkeypatch.setattr(*broken[without])

    erase(cases, lena)

    assert left <= set(told_of([1]))


@pytest.mark.django_db(transaction=True)
def test_withdrawals_of_use_are_carried_out_again_in_a_restored_copy(north, alice, lena, folders):
    stops, stays = recorded(north, alice, [1, 2])
    keys.new_key(folders / "key")
    identity = keys.identity(folders / "key")
    backup, _ = making.make(folders, identity.to_public())
    with access.scope([north.pk]):
        withdrawing.withdraw(
            stops, effect="stop_use", withdrawn_on=PartialDate.parse("2026"), reason="x", by=lena
        )
    copy = f"{connection.settings_dict['NAME']}_copy"
    proving.drop(copy)
    try:
        restoring.restore(backup, identity, into=copy)
        proving.manage(copy, "migrate", "--verbosity", "0")
        proving.manage(copy, "erasures", "reapply", str(folders / "erasures.jsonl"))
        with psycopg.connect(programs.address(copy)) as other:
            counted = other.execute("SELECT case_id FROM cases_survivalobservation").fetchall()
            assert counted == [(stays.pk,)]
            assert other.execute(
                "SELECT withdrawal_effect FROM cases_consent WHERE case_id = %s", [stops.pk]
            ).fetchone() == ("stop_use",)
    finally:
        proving.drop(copy)


def test_a_restore_without_the_log_is_refused(tmp_path, settings, db):
    keys.new_key(tmp_path / "key")

    with pytest.raises(CommandError, match="there is no log of erasures") as refused:
        call_command("restore", str(tmp_path / "none.age"), "--key", str(tmp_path / "key"))

    assert refused.value.returncode == 2
    with pytest.raises(CommandError, match="is not empty"):
        call_command("restore", str(tmp_path / "none.age"), "--key", str(tmp_path / "key"), "--no-erasures")


# --- one case --------------------------------------------------------------------------------------------------------


@pytest.fixture
def case(north, alice, everywhere):
    saved = intake.save_case(
        Submission(document=resected("A-1", consent=AGREED)), center=north, by=alice, source="admin"
    )
    return Case.objects.select_related("center", "patient").get(pk=saved.case_id)


def test_what_is_left_is_a_tombstone_that_nobody_removes(case, lena):
    stone = erasing.erase(case, withdrawn_on=DAY, reason="letter of 4 March", by=lena)

    assert (stone.center, stone.basis, str(stone.withdrawn_on), stone.by) == (
        case.center,
        "written",
        "2026-03-04",
        lena,
    )
    for act in (stone.delete, lambda: Tombstone.objects.update(reason="other")):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_its_number_is_refused_at_every_door(case, lena, alice, north):
    erasing.erase(case, withdrawn_on=DAY, reason="letter", by=lena)

    receipt = intake.save_case(Submission(document=resected("A-1")), center=north, by=alice, source="import")
    answer = machine(north, alice, "read", "record").post(
        "/api/v1/cases/", {"case_number": "A-1"}, format="json"
    )

    assert [(one.pointer, one.code) for one in receipt.errors] == [("/case_number", "erased")]
    assert (answer.status_code, code_of(answer)) == (409, "erased")
    assert not intake.save_case(
        Submission(document=resected("A-2")), center=north, by=alice, source="admin"
    ).errors


def test_a_new_secret_key_still_knows_the_number(case, lena, alice, north, settings):
    erasing.erase(case, withdrawn_on=DAY, reason="letter", by=lena)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]

    receipt = intake.save_case(Submission(document=resected("A-1")), center=north, by=alice, source="admin")

    assert [one.code for one in receipt.errors] == ["erased"]


def test_while_an_import_runs_nothing_is_erased(case, lena, north, alice):
    ImportBatch.objects.create(center=north, content=b"x", state="running", file_name="x", requested_by=alice)

    with pytest.raises(Exception, match="An import of this center is being worked on"):
        erasing.erase(case, withdrawn_on=DAY, reason="letter", by=lena)


def test_the_application_forgets_no_case_that_is_there_or_has_no_tombstone(case):
    with pytest.raises(DatabaseError, match="Only what an erased case"), transaction.atomic():
        forgetting.forget(case.pk, case.patient_id, case_number="A-1", reason="x")
    with pytest.raises(DatabaseError, match="Only what an erased case"), transaction.atomic():
        forgetting.forget(10**9, 10**9, case_number="A-1", reason="x")


def test_nobody_forgets_a_case_of_another_center(case, lena, north, south):
    erasing.erase(case, withdrawn_on=DAY, reason="letter", by=lena)

    with access.scope([south.pk]), pytest.raises(DatabaseError), transaction.atomic():
        forgetting.forget(case.pk, case.patient_id, case_number="A-1", reason="x")


def test_each_event_that_went_has_its_erasure_with_who_and_why(case, lena):
    erasing.erase(case, withdrawn_on=DAY, reason="letter of 4 March", by=lena)

    with whole_trail():
        rows = list(Erasure.objects.all())
        assert {row.reason for row in rows} == {"letter of 4 March"}
        assert len(rows) > 10
        assert rows[0].events.get().pgh_context["user"] == lena.pk


def test_events_are_still_erased_one_by_one_by_the_owner(case, lena):
    erasing.erase(case, withdrawn_on=DAY, reason="letter", by=lena)

    with pytest.raises(ValueError, match="no table of events"):
        events.erase("registry_reading", [1], "x")


def test_a_message_that_waits_in_a_session_does_not_name_the_case(case, lena):
    client = browser(lena)
    session = client.session
    session["_messages"] = '["locked: A-1"]'
    session.save()

    erasing.erase(case, withdrawn_on=DAY, reason="letter", by=lena)

    assert "_messages" not in client.session


# --- the log ---------------------------------------------------------------------------------------------------------


def test_a_case_that_has_the_number_of_an_erased_one_is_left_alone(case, settings):
    """After a restore the database gives numbers anew: the moment of the first saving tells the cases apart."""
    wish = erasure_log.Wish(
        center="NORTH", case_id=case.pk, patient_id=case.patient_id, registered_at="2020-01-01T00:00:00+00:00",
        number_digest="0" * 64, effect="erase", withdrawn_on="2020", basis="", reason="x",
        at="2020-01-02T00:00:00+00:00", by=None,
    )  # fmt: skip

    assert reapplying.reapply([wish]).done == {"erase": 0}
    assert Case.objects.filter(pk=case.pk).exists()
    assert Tombstone.objects.filter(number_digest="0" * 64).exists(), "its number is refused all the same"


@pytest.mark.parametrize("line", ["{", "[]", '{"center": "NORTH"}', '"x"'])
def test_a_damaged_log_is_said(tmp_path, line, db):
    (tmp_path / "log").write_text(f"\n{line}\n")

    with pytest.raises(CommandError, match=r"line 2 is no line of a log"):
        call_command("erasures", "reapply", str(tmp_path / "log"))


# --- the ledger ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_ledger_tells_each_way_of_coming_and_leaving(north, alice, lena, rita):
    numbers = [f"A-{n}" for n in range(6)]
    with access.everywhere():
        ids = {}
        for number in numbers:
            ids[number] = intake.save_case(
                Submission(document=resected(number, consent=AGREED)), center=north, by=alice, source="admin"
            ).case_id
        cases = {
            number: Case.objects.select_related("center", "patient").get(pk=pk) for number, pk in ids.items()
        }
    compose(date(2026, 3, 1))
    erase([cases["A-0"]], lena)
    with access.everywhere():
        withdrawing.withdraw(cases["A-1"], effect="stop_use", withdrawn_on=DAY, reason="x", by=lena)
        narrower = resected("A-2", consent={**AGREED, "scopes": ["registry"]})
        intake.save_case(Submission(document=narrower), center=north, by=alice, source="admin")
        later = resected("A-3", consent=AGREED, operated_on="2026-10-01")
        intake.save_case(Submission(document=later), center=north, by=alice, source="admin")
        new = resected("B-1", consent=AGREED)
        intake.save_case(Submission(document=new), center=north, by=alice, source="admin")

    report = compose(date(2026, 4, 1))

    assert report.content["changes"]["note"] == (
        "Registered then: 6. Erased since: 1; no longer counted by the patient's wish: 2; left by a correction: 1;"
        " added: 1. Registered now: 3."
    )
    with access.everywhere():
        assert ledger.missing(report) == 0
        assert releasing.balances(report) == ""


@pytest.mark.django_db(transaction=True)
def test_a_case_that_vanished_without_an_erasure_stops_the_release(north, alice):
    """The control: somebody with the owner's right removed a case."""
    with access.everywhere():
        for number in ("A-1", "A-2"):
            intake.save_case(
                Submission(document=resected(number, consent=AGREED)), center=north, by=alice, source="admin"
            )
        gone = Case.objects.get(case_number="A-1")
    compose(date(2026, 3, 1))
    with access.everywhere():
        for model in erasing.tables_of_cases():
            model._base_manager.filter(case=gone)._raw_delete(using="default")
        Case.objects.filter(pk=gone.pk)._raw_delete(using="default")

    report = compose(date(2026, 4, 1))

    assert report.content["changes"]["note"].endswith("nothing says why: 1. Do not use this report.")
    with access.everywhere():
        assert "missing without an erasure: 1." in releasing.balances(report)


def test_a_tombstone_of_another_case_of_the_same_number_explains_nothing(case, lena, north):
    """After a restore a case that is new gets the number of one that came and went after the backup."""
    line = withdrawing.wish(
        withdrawing.held(case, None), case, effect="erase", withdrawn_on=DAY, reason="x", by=lena
    )
    stone = replace(line, registered_at="2020-01-01T00:00:00+00:00", number_digest="0" * 64)
    assert reapplying.reapply([stone]).done == {"erase": 0}
    assert Tombstone.objects.filter(case_id=case.pk).exists()

    found = ledger.since([case.pk], Cut(as_of=date(2000, 1, 1)))

    assert (found.erased, found.corrected, found.missing) == (0, 1, 0)


@pytest.mark.django_db(transaction=True)
def test_outsiders_are_told_no_ledger(north, alice, lena):
    with access.everywhere():
        saved = intake.save_case(
            Submission(document=resected("A-1", consent=AGREED)), center=north, by=alice, source="admin"
        )
        case = Case.objects.select_related("center", "patient").get(pk=saved.case_id)
    for as_of in (date(2026, 3, 1), date(2026, 4, 1)):
        report = issuing.request(as_of=as_of, audience="outside")
        issuing.issue(report.pk, recipients=[])
        if as_of.month == 3:
            erase([case], lena)

    with access.everywhere():
        told = json.dumps(Report.objects.get(pk=report.pk).content)
    assert "Erased" not in told
    assert not MailBody.objects.exists()
    assert not Delivery.objects.exists()
