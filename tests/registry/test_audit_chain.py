"""The chain of the audit trail: it verifies as long as nobody touches it, and names whatever somebody did."""

import json
import os
import time
from collections import Counter

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from cases.models import Case
from registry import access, tasks
from registry.audit import because, history_of, whole_trail
from registry.chain import erasing, heads, sealing, verifying
from registry.chain.arms import arms
from registry.chain.models import AuditCheck, AuditForm, AuditLink, Erasure, Fault, Reading
from registry.chain.verifying import Problem
from registry.models import Center, ReferenceTerm
from tests.registry.tampering import WAYS, Owner, sql
from tests.rows import one_of_each

TAMPERINGS = int(os.environ.get("TAMPERINGS", "14"))  # 200 by hand


@pytest.fixture
def trail(north, alice, lena):
    """A case with its forms and findings, corrected once, and rows of everything else; all of it sealed."""
    rows = one_of_each(north, by=alice, lead=lena)
    with access.everywhere():
        with because(door="api", by=alice, reason="typing error"):
            Case.objects.update(note="corrected")
        Reading.objects.create(by=alice, center=north, door="admin", what="case", case_id=rows[Case].pk)
        assert sealing.seal()
    return rows


def links():
    with whole_trail():
        return list(AuditLink.objects.order_by("sequence"))


def found(**options):
    return {(one.table, one.number, one.kind) for one in verifying.verify(**options).problems}


# --- sealing ---------------------------------------------------------------------------------------------------------


def test_every_event_of_every_table_is_in_the_chain_once(trail):
    with whole_trail(), access.everywhere():
        counted = {arm.table: arm.model._base_manager.count() for arm in arms()}
        linked = Counter(AuditForm.objects.in_bulk()[link.form_id].table for link in links())

    assert {table: n for table, n in counted.items() if n} == dict(linked)
    assert [link.sequence for link in links()] == list(range(1, len(links()) + 1))


def test_sealing_again_adds_nothing(trail):
    assert sealing.seal() == 0


def test_a_link_says_who_when_where_and_which_case(trail, alice):
    with access.everywhere():
        event = history_of(trail[Case]).last()
    link = next(
        one
        for one in links()
        if one.event_id == event.pgh_id and AuditForm.objects.get(pk=one.form_id).table == "cases_caseevent"
    )

    said = (link.at, link.center_id, link.by_id, link.door, link.label, link.case_id)
    assert said == (event.pgh_created_at, event.center_id, alice.pk, "api", "update", trail[Case].pk)


def test_the_same_event_has_another_digest_under_another_salt(trail):
    assert len({bytes(link.salt) for link in links()}) == len(links())


def test_a_trail_that_nobody_touched_verifies(trail):
    result = verifying.verify([heads.present()])

    assert (result.problems, result.unsealed, result.links) == ([], 0, len(links()))


def test_what_is_not_sealed_yet_is_counted_and_not_wrong(trail):
    Center.objects.create(code="LATER", name="Later", country="PL")

    result = verifying.verify()

    assert (result.problems, result.unsealed) == ([], 1)


def test_the_setting_of_a_session_changes_no_digest(trail):
    sql("SET LOCAL TimeZone = 'Asia/Tokyo'")
    sql("SET LOCAL DateStyle = 'German'")
    sql("SET LOCAL bytea_output = 'escape'")
    sql("SET LOCAL extra_float_digits = '-5'")

    Center.objects.create(code="OTHER", name="Other", country="PL")
    sealing.seal()

    assert verifying.verify().is_sound


def test_columns_that_came_later_do_not_change_what_was_said_before(trail):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET ROLE reg_owner")
    sql("ALTER TABLE registry_centerevent ADD COLUMN beds integer NOT NULL DEFAULT 4")
    sql("SET ROLE reg_app")

    assert verifying.verify().is_sound


def test_columns_that_are_gone_leave_their_events_in_order_but_unread(trail):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET ROLE reg_owner")
    sql("ALTER TABLE registry_auditform DISABLE TRIGGER USER")
    sql(
        """UPDATE registry_auditform SET columns = columns || '{beds}' WHERE "table" = 'registry_centerevent'"""
    )
    sql("SET ROLE reg_app")

    result = verifying.verify()

    with access.everywhere():
        of_centers = sum(history_of(center).count() for center in Center.objects.all())
    assert (result.problems, result.unreadable) == ([], of_centers)


# --- transactions that end late --------------------------------------------------------------------------------------


def another_connection():
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    given = {name: str(connection.settings_dict[key]) for key, name in names.items()}
    address = psycopg.conninfo.make_conninfo(
        **{key: value for key, value in given.items() if value}, options="-c role=reg_app"
    )
    return psycopg.connect(address)


def add(cursor, term):
    columns = "list, term, explanation, is_retired"
    cursor.execute(
        f"INSERT INTO registry_referenceterm ({columns}) VALUES ('regimen', %s, '', false)", [term]
    )


@pytest.mark.django_db(transaction=True)
def test_an_event_whose_transaction_ends_after_later_ones_is_sealed_all_the_same():
    sealing.seal()
    with another_connection() as slow:
        add(slow, "began first")
        for n in range(3):
            ReferenceTerm.objects.create(list="regimen", term=f"quick {n}")
            assert sealing.seal() == 1
        assert verifying.verify().is_sound
        slow.commit()

    assert verifying.verify().unsealed == 1
    assert sealing.seal() == 1
    assert verifying.verify().is_sound
    *_, before, last = links()
    assert last.event_id < before.event_id


@pytest.mark.django_db(transaction=True)
def test_what_is_put_under_an_old_number_is_never_sealed():
    """The same gap as above, but filled by somebody who came after the seal."""
    with another_connection() as given_up:
        add(given_up, "leaves a gap")
        given_up.rollback()
    ReferenceTerm.objects.create(list="regimen", term="before the gap")
    sealing.seal()
    ReferenceTerm.objects.create(list="regimen", term="after the gap")
    sealing.seal()
    newest = sql("SELECT max(pgh_id) FROM registry_referencetermevent")[0][0]
    sql("SET ROLE reg_owner")
    names = "pgh_created_at, pgh_label, id, list, term, explanation, is_retired, pgh_obj_id"
    sql(
        f"INSERT INTO registry_referencetermevent (pgh_id, {names}) SELECT %s, {names} FROM registry_referencetermevent"
        " WHERE pgh_id = %s",
        newest - 2,
        newest,
    )
    sql("SET ROLE reg_app")

    assert sealing.seal() == 0
    assert ("registry_referencetermevent", newest - 2, Fault.INSERTED) in found()


@pytest.mark.django_db(transaction=True)
def test_a_seal_looks_back_no_further_than_transactions_may_be_open():
    """Transactions of other databases on the server count, too: so it may take a while until all has ended."""

    def settled():
        found = sql(sealing.SETTLED)
        return found[0][0] if found else None

    def sealed_after(term):
        ReferenceTerm.objects.create(list="regimen", term=term)
        sealing.seal()
        return settled()

    sealed_after("before")
    with another_connection() as slow:
        add(slow, "still open")
        seen = [settled(), *(sealed_after(f"term {n}") for n in range(3))]
        assert len({str(one) for one in seen[1:]} - {"None"}) <= 1
        slow.commit()
    until = time.monotonic() + 30
    while (now := sealed_after(f"again {time.monotonic()}")) == seen[-1] and time.monotonic() < until:
        time.sleep(0.1)

    assert now != seen[-1]


@pytest.mark.django_db(transaction=True)
def test_two_processes_do_not_seal_at_the_same_time():
    ReferenceTerm.objects.create(list="regimen", term="doxorubicin")
    with another_connection() as other:
        other.execute("SELECT seal_audit()")
        assert sealing.seal() == 0
        other.commit()

    assert verifying.verify().is_sound


# --- what the application cannot do ----------------------------------------------------------------------------------

REFUSED = {
    f"{what} {table}": statement.format(table)
    for table in ("registry_auditlink", "registry_auditseal", "registry_auditform", "registry_reading")
    for what, statement in {
        "update": "UPDATE {} SET id = id" if table != "registry_auditlink" else "UPDATE {} SET label = 'x'",
        "delete": "DELETE FROM {}",
        "truncate": "TRUNCATE {}",
        "disable": "ALTER TABLE {} DISABLE TRIGGER ALL",
    }.items()
} | {
    "insert a link": "INSERT INTO registry_auditlink SELECT * FROM registry_auditlink",
    "insert a seal": "INSERT INTO registry_auditseal SELECT * FROM registry_auditseal",
    "insert an erasure": "INSERT INTO registry_erasure SELECT * FROM registry_erasure",
    "change a check": "UPDATE registry_auditcheck SET found = 0",
    "drop a trigger": "DROP TRIGGER pgtrigger_append_only_06899 ON cases_consentevent",
    "replica": "SET session_replication_role = replica",
    "another function": "CREATE OR REPLACE FUNCTION seal_audit() RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'",
    "another policy": "DROP POLICY own_centers ON registry_auditlink",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
def test_the_application_cannot_touch_the_chain(trail, statement):
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
        sql(statement)


def test_links_of_other_centers_stay_out_of_sight(trail, south):
    with access.scope([south.pk]):
        assert not AuditLink.objects.exists()


# --- tampering -------------------------------------------------------------------------------------------------------


def tampered(way, seed, look):
    """What `look` says after somebody did this; then it is undone."""
    with transaction.atomic():
        way(Owner(seed))
        sql("SET ROLE reg_app")
        seen = look()
        transaction.set_rollback(True)
    return seen


def test_whatever_the_owner_does_is_found(trail):
    kept = [heads.present()]
    missed = []
    for seed in range(TAMPERINGS):
        way = WAYS[seed % len(WAYS)]
        if tampered(way, seed, lambda: verifying.verify(kept)).is_sound:
            missed.append((seed, way.__name__))
    assert verifying.verify(kept).is_sound  # all of it was undone

    assert missed == []


def test_without_the_chain_much_of_it_would_be_missed(trail):
    """The control: a look at rows and their newest events alone."""

    def rows_alone():
        with access.everywhere(), whole_trail():
            return [one for arm in arms() if arm.table != "registry_reading" for one in verifying._rows(arm)]

    assert rows_alone() == []
    seen = {way.__name__: bool(tampered(way, seed, rows_alone)) for seed, way in enumerate(WAYS)}

    assert seen["change_the_row"]
    assert not any(seen[name] for name in ("rewrite", "blame", "swap_links", "truncate", "delete_links"))


def test_a_chain_that_was_made_anew_is_found_by_a_head_from_elsewhere_alone(trail):
    kept = [heads.present()]

    assert tampered(Owner.rewrite, 1, verifying.verify).is_sound
    assert tampered(Owner.rewrite, 1, lambda: verifying.verify(kept)).problems == [
        Problem(kind=Fault.OTHER_HEAD, table="registry_auditlink", number=kept[0].sequence)
    ]


def test_a_chain_that_was_made_anew_is_another_one_than_at_the_last_check(trail):
    verifying.check()

    kinds = {one.kind for one in tampered(Owner.rewrite, 1, verifying.verify).problems}

    assert kinds == {Fault.OTHER_HEAD}


def as_owner(*statements):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET ROLE reg_owner")
    for table in ("cases_caseevent", "cases_case", "registry_auditlink"):
        sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for statement in statements:
        sql(statement)
    sql("SET ROLE reg_app")


def test_what_is_wrong_is_named(trail):
    with access.everywhere():
        first, last = history_of(trail[Case]).values_list("pgh_id", flat=True)
    as_owner(
        f"UPDATE cases_caseevent SET note = 'forged' WHERE pgh_id = {first}",
        f"DELETE FROM cases_caseevent WHERE pgh_id = {last}",
    )

    case = trail[Case].pk
    assert found() == {
        ("cases_caseevent", first, Fault.CHANGED),
        ("cases_caseevent", last, Fault.DELETED),
        ("cases_case", case, Fault.ROW_CHANGED),
    }


def test_a_row_that_was_changed_while_no_trigger_looked_is_named(trail):
    as_owner("UPDATE cases_case SET note = 'unseen'")

    assert found() == {("cases_case", trail[Case].pk, Fault.ROW_CHANGED)}


# --- erasing ---------------------------------------------------------------------------------------------------------


def erase(*arguments):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET ROLE reg_owner")
    try:
        with transaction.atomic():
            return erasing.erase(*arguments)
    finally:
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        sql("SET ROLE reg_app")


def test_an_erased_event_is_gone_and_the_chain_still_verifies(trail):
    with access.everywhere():
        first = history_of(trail[Case]).first()

    assert erase("cases_caseevent", [first.pgh_id], "name in a note; decided by the DPO") == 1
    sealing.seal()

    result = verifying.verify()
    assert (result.problems, result.erased) == ([], 1)
    with access.everywhere():
        assert not history_of(trail[Case]).filter(pk=first.pk).exists()
    link = next(one for one in links() if one.salt is None)
    assert (link.event_id, link.salt) == (first.pgh_id, None)
    told = Erasure.pgh_event_model.objects.get()
    assert (told.event_id, told.reason) == (first.pgh_id, "name in a note; decided by the DPO")


def test_a_salt_that_went_without_an_erasure_is_named(trail):
    with access.everywhere():
        first = history_of(trail[Case]).first().pgh_id
    as_owner(
        f"UPDATE registry_auditlink SET salt = NULL WHERE event_id = {first} AND form_id ="
        " (SELECT id FROM registry_auditform WHERE \"table\" = 'cases_caseevent')",
        f"DELETE FROM cases_caseevent WHERE pgh_id = {first}",
    )

    assert ("cases_caseevent", first, Fault.UNEXPLAINED) in found()


@pytest.mark.parametrize(
    ("table", "event", "reason", "told"),
    [
        ("cases_case", 1, "because", "no table of events"),
        ("registry_erasureevent", 1, "because", "no table of events"),
        ("cases_caseevent", 10**9, "because", "not sealed"),
        ("cases_caseevent", 1, " ", "Say why"),
        ("cases_caseevent", 1, "two\nlines", "one line"),
    ],
)
def test_what_cannot_be_erased_is_said(trail, table, event, reason, told):
    with pytest.raises(ValueError, match=told):
        erase(table, [event], reason)


def test_erasing_nothing_but_what_may_be_erased_leaves_the_triggers_on(trail):
    with access.everywhere():
        event = history_of(trail[Case]).first().pgh_id
    erase("cases_caseevent", [event], "because")

    off = sql("SELECT tgname FROM pg_trigger WHERE tgenabled = 'D' AND tgrelid = 'cases_caseevent'::regclass")
    assert off == []


# --- the command -----------------------------------------------------------------------------------------------------


def test_verify_says_that_nothing_is_wrong_and_prints_the_head(trail, capsys):
    call_command("audit", "verify")

    said, head = capsys.readouterr().out.splitlines()
    assert said == f"{len(links())} events in the chain, 0 not yet sealed, 0 erased. Nothing is wrong."
    assert json.loads(head)["head"] == bytes(links()[-1].link).hex()
    assert AuditCheck.objects.get().found == 0


def test_verify_names_what_is_wrong_for_monitors_too_and_fails(trail, capsys, client):
    as_owner("UPDATE cases_case SET note = 'unseen'")

    with pytest.raises(SystemExit) as stopped:
        call_command("audit", "verify")

    assert stopped.value.code == 1
    assert (
        f"cases_case {trail[Case].pk}: This row is not as its newest event left it" in capsys.readouterr().out
    )
    assert client.get("/readyz").json()["audit_trail"] == "broken"


def test_verify_compares_with_heads_from_elsewhere(trail, capsys, tmp_path):
    kept = tmp_path / "heads"
    call_command("audit", "head")
    kept.write_text(capsys.readouterr().out)
    call_command("audit", "verify", "--head", str(kept))
    kept.write_text(kept.read_text().replace('"sequence": ', '"sequence": 1'))

    with pytest.raises(SystemExit):
        call_command("audit", "verify", "--head", str(kept))

    assert "The end of the chain is missing" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["no json", '{"sequence": 1}', "[]", '{"sequence": 1, "head": "xy", "at": ""}']
)
def test_a_file_without_heads_is_refused(trail, tmp_path, text):
    kept = tmp_path / "heads"
    kept.write_text(f"\n{text}\n")

    with pytest.raises(CommandError, match="Line 2") as refused:
        call_command("audit", "verify", "--head", str(kept))

    assert refused.value.returncode == 2


def test_there_is_no_head_before_the_first_seal(db):
    with pytest.raises(CommandError, match="Nothing is sealed yet"):
        call_command("audit", "head")


def test_a_check_notes_what_it_found(trail):
    assert verifying.check().found == 0
    as_owner("UPDATE cases_case SET note = 'unseen'")

    noted = verifying.check()

    assert (noted.found, noted.first) == (1, [["cases_case", trail[Case].pk, "row_changed"]])
    assert AuditCheck.objects.count() == 2


# --- in the background -----------------------------------------------------------------------------------------------


def test_the_scheduler_seals_verifies_and_hands_over_the_head(trail, settings, tmp_path, mailoutbox, caplog):
    settings.AUDIT_HEAD_FILE = str(tmp_path / "heads")
    settings.AUDIT_HEAD_TO = ["auditor@example.org"]
    Center.objects.create(code="LATER", name="Later", country="PL")

    tasks.seal_audit()
    tasks.check_audit()
    tasks.hand_over_head()

    head = heads.present()
    assert head.sequence == len(links())
    assert AuditCheck.objects.get().sequence == head.sequence
    assert heads.read((tmp_path / "heads").read_text().splitlines()) == [head]
    (mail,) = mailoutbox
    assert mail.to == ["auditor@example.org"]
    assert heads.read([mail.body.splitlines()[-1]]) == [head]
    assert not [record for record in caplog.records if "audit" in record.message]


def test_a_trail_that_does_not_verify_is_an_error_in_the_log(trail, caplog):
    as_owner("UPDATE cases_case SET note = 'unseen'")

    tasks.check_audit()

    assert "audit trail does not verify found=1" in caplog.text


def test_nothing_is_checked_or_handed_over_before_the_first_seal(db, settings, mailoutbox):
    settings.AUDIT_HEAD_TO = ["auditor@example.org"]

    tasks.check_audit()
    tasks.hand_over_head()

    assert (AuditCheck.objects.count(), mailoutbox) == (0, [])
