"""The vault keeps identities closed, bound to their patients, found by keyed digests alone, behind its own wall."""

import hashlib
import json
import threading
from dataclasses import replace
from datetime import date

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.checks import WARNING
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from cases import identifying
from cases.models import PossibleDuplicate
from registry import access, checks, environment
from registry.backup import keys as backup_keys
from registry.backup import making, programs, proving, restoring
from registry.chain import sealing
from registry.models import Reading
from registry.vault import cipher, identities, marks, rotating
from registry.vault.cipher import UnreadableError
from registry.vault.identities import Identity
from tests.cases.linkage import ANNA, identified, refused_alone
from tests.registry.tampering import sql

TODAY = date(2026, 11, 27)
WORDS = ("Wiśniewska", "Anna", "60051312345")


def parse(**sent):
    return identities.parse(sent, country="PL", today=TODAY)


# --- closing ---------------------------------------------------------------------------------------------------------


def test_what_is_closed_opens_again_and_tells_nothing(vault):
    closed = cipher.close(ANNA, pseudonym="ABCD1234X")

    assert cipher.open_(closed, pseudonym="ABCD1234X") == ANNA
    assert (closed.key_id, len(closed.nonce)) == ("2026a", 12)
    assert not any(word.encode() in closed.content for word in WORDS)


def test_it_is_aes_gcm_as_others_read_it(vault):
    """The control by the library itself: key, nonce and the bound text open it."""
    closed = cipher.close(ANNA, pseudonym="ABCD1234X")
    bound = b"ivc-registry identity 1\x1f2026a\x1fABCD1234X"

    assert json.loads(AESGCM(b"a" * 32).decrypt(closed.nonce, closed.content, bound)) == ANNA


def test_the_same_identity_is_never_closed_alike(vault):
    closed = [cipher.close(ANNA, pseudonym="ABCD1234X") for _ in range(50)]

    assert len({one.content for one in closed}) == len({one.nonce for one in closed}) == 50
    assert len({len(one.content) for one in closed}) == 1


def test_long_and_short_names_are_closed_to_one_length(vault):
    short = cipher.close({"family_name": "Ng"}, pseudonym="ABCD1234X")
    long = cipher.close({"family_name": "Wiśniewska-Brzęczyszczykiewicz"}, pseudonym="ABCD1234X")

    assert len(short.content) == len(long.content)


@pytest.mark.parametrize("what", ["pseudonym", "key", "content", "nonce", "key_id"])
def test_what_was_swapped_or_changed_does_not_open(vault, what):
    closed, pseudonym = cipher.close(ANNA, pseudonym="ABCD1234X"), "ABCD1234X"
    flipped = bytes([closed.content[0] ^ 1]) + closed.content[1:]
    match what:
        case "pseudonym":
            pseudonym = "ABCD1235X"
        case "key":
            vault.VAULT_KEYS = {"2026a": b"z" * 32}
        case "content":
            closed = replace(closed, content=flipped)
        case "nonce":
            closed = replace(closed, nonce=b"0" * 12)
        case "key_id":
            vault.VAULT_KEYS = {"2026b": b"a" * 32, **vault.VAULT_KEYS}
            closed = replace(closed, key_id="2026b")

    with pytest.raises(UnreadableError) as told:
        cipher.open_(closed, pseudonym=pseudonym)

    assert not any(word in str(told.value) for word in WORDS)


def test_a_key_that_is_not_given_is_named(vault):
    closed = cipher.close(ANNA, pseudonym="ABCD1234X")
    vault.VAULT_KEYS = {"2027a": b"b" * 32}

    with pytest.raises(UnreadableError, match="The key 2026a is not among VAULT_KEYS"):
        cipher.open_(closed, pseudonym="ABCD1234X")


# --- finding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wiśniewska", "WISNIEWSKA"),
        ("O'Connor", "o’connor"),
        ("Müller-Lüdenscheidt", "Muller Ludenscheidt"),
        ("Strauß", "STRAUSS"),
        ("Łukasz", "Lukasz"),
        ("Đặng", "Dang"),
        ("Їжак-Андрій", "іжак АНДРІИ"),
        ("Мар'яна", "мар’яна"),
        ("Мар'яна", "Мар\u02bcяна"),
        ("Mel'nyk", "Mel\u02b9nyk"),
        ("ＡＮＮＡ", "anna"),
        ("60 05 13-12345", "60051312345"),
        ("e\u0301", "é"),
    ],
)
def test_what_is_typed_otherwise_is_found(one, other):
    assert marks.normalized(one) == marks.normalized(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Anna", "Anne"), ("Anna", "Анна"), ("60051312345", "60051312346")]
)
def test_others_are_not(one, other):
    assert marks.normalized(one) != marks.normalized(other)


def test_a_number_is_found_with_its_country_and_a_name_with_its_day(vault):
    number, name = marks.marks_of(Identity(**ANNA))
    again = parse(**{**ANNA, "family_name": "wisniewska", "country": ""})

    assert marks.marks_of(again) == [number, name]
    assert marks.marks_of(replace(again, country="CZ"))[0] != number
    assert marks.marks_of(replace(again, born_on="1960-05-14"))[1] != name
    assert marks.marks_of(replace(again, given_name=""))[:] == [number]


def test_no_mark_is_a_hash_that_anybody_could_make(vault):
    """All national numbers can be tried: only a key keeps their digests from being guessed."""
    made = marks.marks_of(Identity(**ANNA))
    texts = ["60051312345", "PL60051312345", "number\x1f1\x1fpl\x1f60051312345"]
    texts += ["wisniewskaanna1960-05-13", "name\x1f1\x1fwisniewska\x1fanna\x1f19600513"]
    kinds = ("sha256", "sha3_256", "blake2s")
    guessed = {hashlib.new(kind, text.encode()).digest() for kind in kinds for text in texts}

    assert not guessed & {mark.digest for mark in made}
    vault.VAULT_SEARCH_KEY = b"t" * 32
    assert not {mark.digest for mark in marks.marks_of(Identity(**ANNA))} & {mark.digest for mark in made}


def test_the_guess_finds_what_is_hashed_without_a_key(vault, monkeypatch):
    """The control: with a plain hash in place of the keyed one, the guess above hits."""
    monkeypatch.setattr(marks.keyring, "search_digest", lambda text: hashlib.sha256(text.encode()).digest())
    guessed = hashlib.sha256(b"number\x1f1\x1fpl\x1f60051312345").digest()

    assert guessed in {mark.digest for mark in marks.marks_of(Identity(**ANNA))}


# --- what can be kept ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "national_number"),
        ({"family_name": "Nowak", "given_name": "Jan"}, "national_number"),
        ({"national_number": "12"}, "national_number"),
        ({"national_number": "unknown"}, "national_number"),
        ({"national_number": "000 000 000"}, "national_number"),
        ({"national_number": "12345", "country": "Poland"}, "country"),
        ({"national_number": "12345", "born_on": "1960-13-01"}, "born_on"),
        ({"national_number": "12345", "born_on": "13.05.1960"}, "born_on"),
        ({"national_number": "12345", "born_on": "2027-01-01"}, "born_on"),
        ({"national_number": "12345", "born_on": "1860-01-01"}, "born_on"),
        ({"national_number": "12345", "family_name": "1234"}, "family_name"),
        ({"national_number": "12345", "family_name": "a\nb"}, "family_name"),
        ({"national_number": "12345", "family_name": "x" * 101}, "family_name"),
        ({"national_number": 12345}, "national_number"),
        ({"national_number": "12345", "address": "Main Street"}, "address"),
    ],
)
def test_what_cannot_be_kept_is_named_and_not_repeated(sent, field):
    with pytest.raises(ValidationError) as told:
        parse(**sent)

    assert list(told.value.message_dict) == [field]
    said = " ".join(told.value.messages)
    assert not any(str(value) in said for value in sent.values())


def test_the_country_of_the_center_gave_the_number_unless_it_is_said():
    assert parse(national_number="12345").country == "PL"
    assert parse(national_number="12345", country="ua").country == "UA"
    assert parse(family_name=" Nowak  Kowalska ", given_name="Jan", born_on="1960-05-13") == Identity(
        family_name="Nowak Kowalska", given_name="Jan", born_on="1960-05-13"
    )


# --- the keys --------------------------------------------------------------------------------------------------------

KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="  # 32 times A


@pytest.mark.parametrize("given", ["abc", f"a:{KEY[:-4]}", f"a:{KEY},a:{KEY}", f"A b:{KEY}", KEY, "a:%%%"])
def test_keys_in_another_form_stop_the_start_and_are_not_repeated(monkeypatch, given):
    monkeypatch.setenv("VAULT_KEYS", given)

    with pytest.raises(ImproperlyConfigured, match="VAULT_KEYS must be id:key") as told:
        environment.keys("VAULT_KEYS")

    assert given not in str(told.value)


def test_keys_are_read_the_newest_first(monkeypatch):
    monkeypatch.setenv("VAULT_KEYS", f"2027:{KEY}, 2026:{KEY.replace('QUFB', 'QUFC', 1)}")
    monkeypatch.setenv("VAULT_SEARCH_KEY", KEY)

    assert list(environment.keys("VAULT_KEYS")) == ["2027", "2026"]
    assert environment.key("VAULT_SEARCH_KEY") == b"A" * 32
    monkeypatch.setenv("VAULT_SEARCH_KEY", "")
    assert environment.key("VAULT_SEARCH_KEY") == b""


# --- the wall --------------------------------------------------------------------------------------------------------


@pytest.fixture
def anna(vault, north, alice):
    return identified(north, alice, "A-1", **ANNA)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM vault.identity",
        "SELECT count(*) FROM vault.mark",
        "INSERT INTO vault.identity VALUES (1, 'a', '123456789012', 'x', now())",
        "UPDATE vault.identity SET content = 'x'",
        "DELETE FROM vault.identity",
        "DELETE FROM vault.mark",
        "TRUNCATE vault.identity CASCADE",
        "CREATE TABLE vault.mine (a int)",
        "DROP FUNCTION vault.twins(bigint)",
        "SELECT vault.follow()",
        "GRANT SELECT ON vault.identity TO reg_app",
    ],
)
def test_the_application_reads_and_writes_nothing_of_it(anna, statement, everywhere):
    assert refused_alone(statement)


def test_the_application_cannot_become_the_role_of_the_vault(db):
    assert sql("SELECT pg_has_role('reg_app', 'reg_vault', 'MEMBER')") == [(False,)]
    assert sql("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'reg_vault'") == [(False, False)]


def test_the_role_of_the_vault_would(anna, everywhere):
    """The control: there is something to read, and the role that may reads it."""
    sql("SET ROLE reg_owner")
    sql("SET ROLE reg_vault")
    assert sql("SELECT count(*), (SELECT count(*) FROM vault.mark) FROM vault.identity") == [(1, 2)]
    assert refused_alone("SELECT * FROM cases_patient")
    assert refused_alone("SELECT * FROM registry_reading")
    sql("SET ROLE reg_owner")
    sql("SET ROLE reg_app")


def test_no_identity_leaves_the_database_without_a_name_and_a_reason(anna, lena, everywhere):
    assert refused_alone(f"SELECT * FROM vault.disclose({anna.pk}, {lena.pk}, 'admin', ' ')")
    assert refused_alone(f"SELECT * FROM vault.disclose({anna.pk}, NULL, 'admin', 'x')")
    assert not Reading.objects.filter(what="identity").exists()

    assert len(sql(f"SELECT * FROM vault.disclose({anna.pk}, {lena.pk}, 'admin', 'letter of 4 May')")) == 1

    row = Reading.objects.get(what="identity")
    assert (row.by, row.case_id, row.note) == (lena, anna.pk, "letter of 4 May")


def test_it_looks_at_the_scope_of_the_transaction(anna, south, lena, bob):
    with access.scope([south.pk]):
        assert sql(f"SELECT * FROM vault.disclose({anna.pk}, {bob.pk}, 'admin', 'curious')") == []
        assert refused_alone(f"SELECT vault.put({anna.pk}, 'k', '123456789012', 'x', '{{}}', '1', '{{}}')")
        with transaction.atomic():
            other = identified(south, bob, "B-1", **ANNA)
        assert sql(f"SELECT * FROM vault.twins({other.pk})") == []
    with access.everywhere():
        assert sql(f"SELECT * FROM vault.twins({other.pk})") == [(anna.pk,)]


def test_the_vault_follows_the_row_that_says_so(anna, north, everywhere):
    sql("DELETE FROM cases_heldidentity WHERE case_id = %s", anna.pk)

    assert counted() == (0, 0)


def test_without_its_trigger_it_would_not(anna, everywhere):
    """The control of the test above."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET ROLE reg_owner")
    sql("ALTER TABLE cases_heldidentity DISABLE TRIGGER vault_follows")
    sql("SET ROLE reg_app")

    sql("DELETE FROM cases_heldidentity WHERE case_id = %s", anna.pk)

    assert counted() == (1, 2)


def counted():
    sql("SET ROLE reg_owner")
    ((identity, mark),) = sql(
        "SELECT (SELECT count(*) FROM vault.identity), (SELECT count(*) FROM vault.mark)"
    )
    sql("SET ROLE reg_app")
    return identity, mark


def test_rows_that_change_places_do_not_open(anna, lena, north, alice):
    """Somebody with all rights swaps the contents of two rows."""
    other = identified(north, alice, "A-2", family_name="Nowak", given_name="Ewa", born_on="1960-05-01")
    with access.scope([north.pk]):
        assert identifying.read(other, by=lena, door="admin", reason="x").family_name == "Nowak"
    sql("SET ROLE reg_owner")
    sql(
        "UPDATE vault.identity i SET nonce = o.nonce, content = o.content"
        " FROM vault.identity o WHERE o.case_id <> i.case_id"
    )
    sql("SET ROLE reg_app")

    for case in (anna, other):
        with access.scope([north.pk]), pytest.raises(ValidationError, match="cannot be opened"):
            identifying.read(case, by=lena, door="admin", reason="x")


def test_keys_without_a_vault_in_the_database_are_told(vault, monkeypatch, db):
    assert checks.check_vault(["default"]) == []
    sql("SET ROLE reg_owner")
    sql("ALTER SCHEMA vault RENAME TO put_aside")
    sql("SET ROLE reg_app")

    (found,) = checks.check_vault(["default"])

    assert (found.id, found.level) == ("registry.W002", WARNING), (
        "an error would keep migrate from mending it"
    )
    vault.VAULT_KEYS = {}
    assert checks.check_vault(["default"]) == []


# --- new keys --------------------------------------------------------------------------------------------------------


@pytest.fixture
def owner():
    """Let the test be the owner of the tables, as `manage.py vault rotate` is."""
    sql("SET ROLE reg_owner")
    yield
    sql("SET ROLE reg_app")


def renew(vault):
    vault.VAULT_KEYS = {"2027a": b"b" * 32, **vault.VAULT_KEYS}


def test_all_are_brought_under_the_newest_key_and_the_old_one_may_go(anna, vault, lena, north, owner):
    renew(vault)

    result = rotating.rotate(at_once=1)

    assert (result.looked_at, result.renewed, result.keys, result.unreadable) == (1, 1, {"2027a": 1}, [])
    assert rotating.rotate().renewed == 0
    del vault.VAULT_KEYS["2026a"]
    with access.scope([north.pk]):
        assert identifying.read(anna, by=lena, door="admin", reason="x").values() == ANNA


def test_before_that_the_old_key_still_opens(anna, vault, lena, north):
    renew(vault)

    with access.scope([north.pk]):
        assert identifying.read(anna, by=lena, door="admin", reason="x").values() == ANNA


def test_what_does_not_open_is_named_by_its_case_and_left_as_it_was(anna, vault, capsys, owner):
    vault.VAULT_KEYS = {"2027a": b"b" * 32}

    with pytest.raises(SystemExit) as ended:
        call_command("vault", "rotate")

    assert ended.value.code == 1
    assert f"Case #{anna.pk}: its identity does not open." in capsys.readouterr().out
    vault.VAULT_KEYS = {"2026a": b"a" * 32}
    assert rotating.check().unreadable == []


def test_a_new_key_for_searching_marks_anew_and_finds_again(anna, vault, south, bob, owner, capsys):
    vault.VAULT_SEARCH_KEY = b"t" * 32
    identified(south, bob, "B-1", **ANNA)
    with access.everywhere():
        assert not PossibleDuplicate.objects.exists(), "marks of two keys are not compared"

    call_command("vault", "rotate")

    assert "2 identities (2 under 2026a); 1 renewed." in capsys.readouterr().out
    with access.everywhere():
        assert PossibleDuplicate.objects.count() == 2


def test_a_rotation_that_ended_before_it_looked_is_made_up_for(anna, vault, south, bob, owner):
    vault.VAULT_SEARCH_KEY = b"t" * 32
    identified(south, bob, "B-1", **ANNA)
    assert rotating.rotate().renewed == 1

    call_command("vault", "rotate")

    with access.everywhere():
        assert PossibleDuplicate.objects.count() == 2


def test_drawn_keys_are_taken(monkeypatch, capsys):
    call_command("vault", "new-key")
    first, second, _ = capsys.readouterr().out.splitlines()
    for line in (first, second):
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value)

    (key,) = environment.keys("VAULT_KEYS").values()
    assert len(key) == len(environment.key("VAULT_SEARCH_KEY")) == 32
    assert key != environment.key("VAULT_SEARCH_KEY")


def test_without_a_vault_there_is_nothing_to_rotate():
    with pytest.raises(CommandError, match="There is no vault") as refused:
        call_command("vault", "rotate")

    assert refused.value.returncode == 2


class AtWork(threading.Thread):
    """Somebody who writes identities and reads each of them back, until it is over."""

    def __init__(self, center, cases, writer, reader):
        super().__init__()
        self.center, self.cases, self.writer, self.reader = center, cases, writer, reader
        self.is_over, self.answers, self.fault = False, 0, None

    def run(self):
        try:
            while not self.is_over:
                for number, case in self.cases.items():
                    self.write_and_read(number, case)
        except Exception as error:
            self.fault = error
        finally:
            connections.close_all()

    def write_and_read(self, number, case):
        with access.scope([self.center.pk]):
            identifying.put(case, {"national_number": number}, by=self.writer, door="admin")
            found = identifying.read(case, by=self.reader, door="admin", reason="load")
        assert found.national_number == number
        self.answers += 1


@pytest.mark.django_db(transaction=True)
def test_while_people_read_and_write_nothing_is_unreadable_for_a_moment(vault, north, alice, lena):
    """A new key closes what is written from now on, and all else is brought under it meanwhile."""
    numbers = [f"6005131{n:04}" for n in range(12)]
    cases = {number: identified(north, alice, number, national_number=number) for number in numbers}
    people = [AtWork(north, {n: cases[n] for n in numbers[one::2]}, alice, lena) for one in (0, 1)]
    for person in people:
        person.start()
    sql("SET ROLE reg_owner")
    for year in ("2027", "2028", "2029"):
        vault.VAULT_KEYS = {year: year.encode() * 8, **vault.VAULT_KEYS}
        enough = sum(person.answers for person in people) + 10
        while sum(person.answers for person in people) < enough and not any(p.fault for p in people):
            assert rotating.rotate(at_once=3).unreadable == []
    for person in people:
        person.is_over = True
        person.join()
    result = rotating.rotate()
    sql("SET ROLE reg_app")

    assert [person.fault for person in people] == [None, None]
    assert (result.unreadable, result.keys) == ([], {"2029": 12})


# --- backup ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_backup_holds_it_closed_and_the_copy_opens_with_the_keys_alone(vault, north, alice, lena, tmp_path):
    case = identified(north, alice, "A-1", **ANNA)
    sealing.seal()
    backup_keys.new_key(tmp_path / "key")
    identity = backup_keys.identity(tmp_path / "key")

    file, manifest = making.make(tmp_path, identity.to_public())

    assert (manifest.tables["vault.identity"].rows, manifest.tables["vault.mark"].rows) == (1, 2)
    copy = f"{connection.settings_dict['NAME']}_copy"
    proving.drop(copy)
    try:
        assert restoring.restore(file, identity, into=copy) == manifest
        proving.manage(copy, "migrate", "--verbosity", "0")
        with psycopg.connect(programs.address(copy)) as other:
            (row,) = other.execute("SELECT key_id, nonce, content FROM vault.identity").fetchall()
            whole = other.execute("SELECT i::text FROM vault.identity i").fetchall()
            assert not any(word in str(whole) for word in WORDS)
            other.execute("SET ROLE reg_app")
            for table in ("identity", "mark"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), other.transaction():
                    other.execute(f"SELECT * FROM vault.{table}")
            other.execute("SELECT set_config('app.center_ids', %s, false)", [str(north.pk)])
            found = other.execute(
                f"SELECT * FROM vault.disclose({case.pk}, {lena.pk}, 'admin', 'x')"
            ).fetchall()
            assert found == [row]
            owners = other.execute("SELECT DISTINCT proowner::regrole::text FROM pg_proc p JOIN pg_namespace n"
                                   " ON n.oid = pronamespace WHERE nspname = 'vault'").fetchall()  # fmt: skip
            assert owners == [("reg_vault",)]
        closed = cipher.Closed(key_id=row[0], nonce=row[1], content=row[2])
        assert cipher.open_(closed, pseudonym=case.patient.registry_id) == ANNA
        vault.VAULT_KEYS = {"2026a": b"c" * 32}
        with pytest.raises(UnreadableError):
            cipher.open_(closed, pseudonym=case.patient.registry_id)
    finally:
        proving.drop(copy)
