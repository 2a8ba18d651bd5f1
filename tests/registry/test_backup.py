"""A backup holds one moment, only the secret key opens it, any damage is noticed, and the copy is proved."""

import os
import random
import stat
import threading

import psycopg
import pyrage
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from registry.backup import keys, making, programs, proving, restoring
from registry.backup.manifest import BackupError, Counted, Manifest, counted
from registry.chain import sealing
from registry.database import roles
from registry.database.embedded import Embedded
from registry.models import Center, ReferenceTerm
from tests.registry.processes import until

AUTOVACUUM = "SELECT FROM pg_stat_activity WHERE datname = %s AND backend_type = 'autovacuum worker'"
DAMAGED = int(os.environ.get("DAMAGED", "4"))  # how many bits are changed, one at a time; long form: 1000
HEADER = 100  # bytes, in which age says for whom the file is


@pytest.fixture
def key(tmp_path):
    keys.new_key(tmp_path / "key")
    return keys.identity(tmp_path / "key")


@pytest.fixture
def centers(transactional_db):
    """Rows that other connections see, as many as fill some pages."""
    return Center.objects.bulk_create(
        Center(code=f"C{n}", name=f"Center {n} {'of the north ' * 8}"[:100], country="UA") for n in range(300)
    )


@pytest.fixture
def file(centers, key, tmp_path):
    made, _ = making.make(tmp_path, key.to_public())
    return made


@pytest.fixture
def copy(transactional_db):
    """The name of a database that is not there, and is not there afterwards."""
    name = f"{connection.settings_dict['NAME']}_copy"
    proving.drop(name)
    yield name
    proving.drop(name)


def tables(database):
    with psycopg.connect(programs.address(database)) as other:
        found = other.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        return found.fetchall()


def test_a_backup_is_closed_to_others_and_is_an_age_file(file, tmp_path):
    assert file.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert b"of the north" not in file.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", file.name], "no draft is left"


def test_a_drill_proves_a_copy_made_while_people_write_and_leaves_nothing(centers, key, tmp_path, copy):
    """Counts and rows are of one moment, though rows come in meanwhile."""
    over, written = threading.Event(), []

    def write():
        with psycopg.connect(programs.address()) as other:
            while not over.is_set():
                other.execute("UPDATE registry_center SET name = clock_timestamp()::text WHERE code = 'C7'")
                other.commit()
                written.append(True)

    writer = threading.Thread(target=write)
    writer.start()
    file, manifest = making.make(tmp_path, key.to_public())
    over.set()
    writer.join()

    assert len(written) > 1, "something was written meanwhile"
    assert proving.drill(file, key, database=copy) == manifest
    assert manifest.tables["registry_center"].rows == 300
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        tables(copy)


@pytest.mark.skipif(not settings.EMBEDDED, reason="the login of a server of one's own may end everything")
def test_a_copy_goes_though_the_server_cleans_up_in_it(copy):
    """After a large restore autovacuum is at work, as the superuser that no owner may end."""
    server = Embedded.at(settings.EMBEDDED)
    with psycopg.connect(server.address(), autocommit=True) as superuser:
        superuser.execute(f"CREATE DATABASE {copy} OWNER {roles.OWNER}")
        superuser.execute("ALTER SYSTEM SET autovacuum_naptime = '1s'")
        superuser.execute("SELECT pg_reload_conf()")
        try:
            with psycopg.connect(server.address(roles.OWNER, copy), autocommit=True) as owner:
                slowly = "autovacuum_vacuum_insert_threshold = 0, autovacuum_vacuum_cost_delay = 100"
                owner.execute(
                    f"CREATE TABLE filled (n int) WITH ({slowly}, autovacuum_vacuum_cost_limit = 1)"
                )
                owner.execute("INSERT INTO filled SELECT generate_series(1, 500000)")
            assert until(lambda: superuser.execute(AUTOVACUUM, [copy]).fetchone() is not None)

            proving.drop(copy)
        finally:
            superuser.execute("ALTER SYSTEM RESET autovacuum_naptime")
            superuser.execute("SELECT pg_reload_conf()")
        assert superuser.execute("SELECT 1 FROM pg_database WHERE datname = %s", [copy]).fetchone() is None


@pytest.mark.nightly
def test_what_no_seal_had_reached_is_sealed_in_the_copy(centers, key, tmp_path, copy):
    """A transaction that was open during a seal and ended before the backup: its event has an older number."""
    with psycopg.connect(programs.address(), options=f"-c role={roles.APP}") as slow:
        slow.execute(
            "INSERT INTO registry_referenceterm (list, term, explanation, is_retired)"
            " VALUES ('regimen', 'slow', '', false)"
        )
        ReferenceTerm.objects.create(list="regimen", term="quick")
        assert sealing.seal() > 1
        slow.commit()
    file, _ = making.make(tmp_path, key.to_public())

    proving.drill(file, key, database=copy)
    restoring.restore(file, key, into=copy)
    with psycopg.connect(programs.address(copy), options=f"-c role={roles.OWNER}") as other:
        assert other.execute("SELECT seal_audit()").fetchone() == (1,)


def test_a_database_that_is_not_empty_is_left_alone(file, key, copy):
    manifest = restoring.restore(file, key, into=copy)
    held = tables(copy)

    for again in (restoring.restore, lambda *given, into: proving.drill(*given, database=into)):
        with pytest.raises(BackupError, match="not empty; nothing was changed"):
            again(file, key, into=copy)

    assert manifest.tables["registry_center"].rows == 300
    assert tables(copy) == held != []


def test_damage_is_noticed_and_nothing_is_restored(file, key, copy, tmp_path):
    whole = file.read_bytes()
    where = random.Random(7).sample(range(HEADER, len(whole)), DAMAGED)
    broken = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in where]

    for kept in (*broken, whole[:-1], whole[: len(whole) // 2], whole[len(whole) // 2 :], b""):
        (tmp_path / "broken").write_bytes(kept)
        with pytest.raises(BackupError, match="is damaged"):
            restoring.restore(tmp_path / "broken", key, into=copy)

    assert tables(copy) == [], "nothing half-restored"


def test_damage_where_it_says_who_can_open_it_opens_nothing(file, key, copy, tmp_path):
    """A file for another key looks the same."""
    whole = file.read_bytes()
    for at in random.Random(7).sample(range(HEADER), min(DAMAGED, HEADER)):
        (tmp_path / "broken").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(BackupError, match=r"is damaged|cannot be decrypted with this key"):
            restoring.restore(tmp_path / "broken", key, into=copy)

    assert tables(copy) == []


def test_another_key_opens_nothing(file, copy, tmp_path):
    keys.new_key(tmp_path / "another")

    with pytest.raises(BackupError, match="cannot be decrypted with this key"):
        restoring.restore(file, keys.identity(tmp_path / "another"), into=copy)


def test_a_backup_of_a_later_server_is_refused(key, copy, tmp_path):
    later = Manifest(made_at="2030-01-01T00:00:00+00:00", server_version=990000, tables={})
    (tmp_path / "later").write_bytes(pyrage.encrypt(later.line() + b"PGDMP", [key.to_public()]))

    with pytest.raises(BackupError, match=r"made on PostgreSQL 99; this server is 1[5-9]: use 99 or newer"):
        restoring.restore(tmp_path / "later", key, into=copy)


@pytest.mark.parametrize(
    ("command", "public", "sentence"),
    [
        (["backup", "{folder}"], "", "Set BACKUP_KEY first"),
        (["backup", "{folder}"], "age1nonsense", "BACKUP_KEY must be the public key"),
        (["backup", "{folder}/nowhere"], "", "nowhere: No such file or directory."),
        (["backup", "--new-key", "{folder}/key"], "", "key: File exists."),
        (["restore", "{folder}/key", "--key", "{folder}/none"], "", "none: No such file or directory."),
        (["restore", "{folder}/none", "--key", "{folder}/words"], "", "holds no secret key of age"),
    ],
)
@pytest.mark.django_db
def test_what_cannot_be_done_is_said(key, settings, tmp_path, command, public, sentence):
    settings.BACKUP_KEY = str(key.to_public()) if "nowhere" in command[-1] else public
    (tmp_path / "words").write_text("no key")

    with pytest.raises(CommandError, match=sentence) as refused:
        call_command(*(word.format(folder=tmp_path) for word in command))

    assert refused.value.returncode == 2


def test_one_changed_row_is_a_difference(db):
    """The control of every proof above: tables of equal size that are not the same are told apart."""
    center = Center.objects.create(code="NORTH", name="North", country="UA")

    def seen():
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {roles.OWNER}")  # as a backup is made
            tables = counted(cursor)
            cursor.execute(f"SET ROLE {roles.APP}")
            return Manifest(made_at="", server_version=0, tables=tables)

    before = seen()
    Center.objects.filter(pk=center.pk).update(name="Nort")

    assert before.differences(before) == ()
    assert before.differences(seen()) == ("registry_center", "registry_centerevent")


def test_only_a_manifest_is_read_as_one():
    manifest = Manifest(made_at="2026", server_version=180000, tables={"t": Counted(rows=1, digest="7")})

    assert Manifest.read(manifest.line()) == manifest
    for line in (b"{}", b"[]", b"PGDMP", manifest.line().replace(b"backup/1", b"backup/2")):
        with pytest.raises(BackupError, match="no backup of the registry"):
            Manifest.read(line)
