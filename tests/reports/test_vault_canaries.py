"""Who a patient is stands nowhere in clear: no table, log, file or mail; and an erasure takes it out of the vault."""

import logging
from datetime import date

import psycopg
import pytest
from django.test import Client
from psycopg import sql as composed

from cases import erasing
from cases.models import HeldIdentity
from registry import access
from registry.backup import programs
from registry.chain import sealing, verifying
from registry.dates import PartialDate
from registry.vault import store
from reports import issuing
from tests.cases.linkage import agreeing
from tests.clients import browser, machine
from tests.registry.tampering import sql

DAY = PartialDate.parse("2026-03-04")
WORDS = ("Zażółciewska", "Xantippe", "60051398765", "1960-05-27")
ANYWHERE = {*WORDS, *(word.casefold() for word in WORDS), "zazolciewska"}
IDENTITY = dict(zip(("family_name", "given_name", "national_number", "born_on"), WORDS, strict=True))


@pytest.fixture(autouse=True)
def folders(settings, tmp_path, vault):
    settings.ERASURE_LOG = tmp_path / "erasures.jsonl"
    settings.MAIL_FOLDER = tmp_path / "mail"
    return tmp_path


def dump():
    """Every row of every table of every schema, as the owner reads it, binary texts as texts."""
    with psycopg.connect(programs.address()) as owner:
        owner.execute("SET bytea_output = 'escape'")
        names = owner.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'vault')"
        ).fetchall()
        return {
            f"{schema}.{name}": "\n".join(
                text
                for (text,) in owner.execute(
                    composed.SQL("SELECT t::text FROM {} t").format(composed.Identifier(schema, name))
                )
            )
            for schema, name in names
        }


def told():
    return sorted(name for name, rows in dump().items() if any(word in rows for word in ANYWHERE))


def used(north, alice, lena):
    """A patient's identity, sent and refused and read at every door."""
    case = agreeing(north, alice, "A-1")
    address = f"/api/v1/cases/{case.pk}/identity/"
    program, page = machine(north, alice, "identify", "read"), f"/admin/cases/case/{case.pk}/identity/"
    headers = {"HTTP_IDEMPOTENCY_KEY": "a key"}
    assert program.put(address, IDENTITY, format="json", **headers).status_code == 200
    for wrong in (
        {**IDENTITY, "born_on": "1961-05-27"},
        {**IDENTITY, "more": WORDS[0]},
        [IDENTITY],
        str(WORDS),
    ):
        assert program.put(address, wrong, format="json").status_code in (400, 422)
    person, lead = browser(alice), browser(lena)
    assert person.post(page, {"act": "record", **IDENTITY}).status_code == 302
    assert person.post(page, {"act": "record", **IDENTITY, "born_on": "27/05/1960"}).status_code == 422
    shown = lead.post(page, {"act": "read", "reason": "x"}).content.decode()
    assert all(word in shown for word in WORDS)
    Client().post(page, {"act": "record", **IDENTITY})  # after the session ended
    return case


@pytest.mark.django_db(transaction=True)
def test_no_table_log_or_file_tells_who_a_patient_is(north, alice, lena, folders, caplog):
    caplog.set_level(logging.DEBUG)
    case = used(north, alice, lena)
    issuing.issue(issuing.request(as_of=date(2026, 3, 1), center_id=north.pk).pk, recipients=[])
    sealing.seal()

    assert told() == []
    assert not [word for word in ANYWHERE if word in caplog.text]
    files = [path for path in folders.rglob("*") if path.is_file()]
    assert not [path for path in files for word in ANYWHERE if word.encode() in path.read_bytes()]
    assert HeldIdentity._meta.db_table in {name.partition(".")[2] for name in dump()}
    with access.scope([north.pk]):
        sql("UPDATE cases_case SET note = %s WHERE id = %s", WORDS[0], case.pk)
    assert told() == ["public.cases_case", "public.cases_caseevent"], "the control: the search finds it"


@pytest.mark.django_db(transaction=True)
def test_an_erasure_takes_it_out_of_vault_and_trail(north, alice, lena):
    case, stays = used(north, alice, lena), agreeing(north, alice, "A-2")
    with access.scope([north.pk]):
        assert store.twins(stays.pk) == set()
        assert [part.name for part in erasing.preview(case)].count("Identity for linkage") == 1
        erasing.erase(case, withdrawn_on=DAY, reason="letter of 4 March", by=lena)

    rows = dump()
    assert rows["vault.identity"] == rows["vault.mark"] == rows["public.cases_heldidentity"] == ""
    assert rows["public.cases_heldidentityevent"] == ""
    sealing.seal()
    assert verifying.verify().problems == []
