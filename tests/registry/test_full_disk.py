"""A disk without room: writes are refused in words of their own, and reads go on.

benchmarks/full_disk.py fills a real one under load.
"""

import json
import subprocess
import tempfile
from contextlib import contextmanager

import pytest
from django.db import connection

from cases.models import Case
from registry import access, disk
from tests.cases.bulk import lines, plain, send
from tests.clients import browser, machine

NO_ROOM = (
    "RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'could not extend file: No space left on device';"
)


@pytest.fixture(autouse=True)
def _known_from_now_on(monkeypatch):
    monkeypatch.setattr(disk, "_found_at", [])


@contextmanager
def without_room(table, when):
    """PostgreSQL finds no room for this table, and says so as it does."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE reg_owner")
        cursor.execute(
            f"CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {NO_ROOM} END$$"
        )
        cursor.execute(f"CREATE TRIGGER no_room BEFORE {when} ON {table} EXECUTE FUNCTION no_room()")
        cursor.execute("SET ROLE reg_app")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE reg_owner")
        cursor.execute("DROP FUNCTION no_room CASCADE")
        cursor.execute("SET ROLE reg_app")


def is_told(answer):
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert "no room left" in answer.content.decode()
    return True


def test_a_case_is_refused_and_a_list_is_read(north, alice, client):
    script = machine(north, alice)
    assert client.get("/readyz").json()["disk"] == "ok"
    with without_room("cases_case", "INSERT"):
        answer = script.post("/api/v1/cases/", plain("D-1"), format="json")
        read = script.get("/api/v1/cases/")

    assert is_told(answer)
    assert answer.json()["type"].endswith(":disk_full")
    assert read.status_code == 200
    told = client.get("/readyz")
    assert (told.status_code, told.json()["disk"]) == (200, "full")
    with access.everywhere():
        assert not Case.objects.exists()
    assert script.post("/api/v1/cases/", plain("D-1"), format="json").status_code == 201


def test_a_page_is_read_though_its_session_cannot_be_kept(alice, caplog):
    person = browser(alice)
    with without_room("registry_session", "UPDATE"):
        assert person.get("/admin/account/").status_code == 200
    assert "session_not_kept" in caplog.text


def test_signing_in_is_refused_in_a_sentence(alice, client):
    alice.set_password("correct horse battery")
    alice.save()
    client.raise_request_exception = False
    with without_room("registry_session", "INSERT"):
        assert is_told(
            client.post("/admin/login/", {"username": "alice", "password": "correct horse battery"})
        )


@pytest.fixture
def small_folder(tmp_path, monkeypatch):
    """A folder for what is received, of one megabyte."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small volume")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_what_there_is_no_room_to_receive_is_refused(small_folder, north, alice):
    script = machine(north, alice, "import_cases", "record")
    many = [json.dumps({**plain(f"U-{number}"), "reference": "x" * 300}) for number in range(12_000)]
    assert len(lines(*many)) > 3 * 2**20

    assert is_told(send(script, *many))
