"""`manage.py serve`: web and worker together, and both gone after a clean stop."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg.conninfo import make_conninfo

from tests.nightly import at_night


@pytest.fixture
def address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def server(transactional_db, address, tmp_path):
    keys = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    database = {
        name: connection.settings_dict[key] for name, key in keys.items() if connection.settings_dict[key]
    }
    with open(tmp_path / "serve.log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--bind", address],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATABASE_URL": make_conninfo(**database), "VAR_FOLDER": str(tmp_path)},
            stdout=log,
            stderr=log,
        )
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


def get(address, path):
    with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as response:
        return response.status, response.read()


def until_it_answers(address):
    deadline = time.monotonic() + 90  # four processes load the program, on a slow machine
    while True:
        try:
            return get(address, "/healthz")
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < deadline, "the server did not come up"
            time.sleep(0.2)


def children_of(pid):
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in listed.stdout.split()]


def test_an_address_that_is_taken_is_refused_before_anything_starts(db, address):
    host, port = address.split(":")
    taken = socket.create_server((host, int(port)))
    with taken, pytest.raises(CommandError, match="cannot be listened on") as ended:
        call_command("serve", bind=address)

    assert ended.value.returncode == 2
    assert "PUBLIC_URL=" in str(ended.value)


@pytest.mark.parametrize("bind", ["192.0.2.1:8000", f"{'x' * 70}:8000"])
def test_an_address_that_cannot_be_is_refused(db, bind):
    with pytest.raises(CommandError, match="cannot be listened on") as ended:
        call_command("serve", bind=bind)

    assert ended.value.returncode == 2


@pytest.mark.parametrize("bind", ["nonsense", "8000", "127.0.0.1:99999", "127.0.0.1:", "127.0.0.1:http"])
def test_what_is_no_address_is_refused(db, bind):
    with pytest.raises(CommandError, match="write HOST:PORT") as ended:
        call_command("serve", bind=bind)

    assert ended.value.returncode == 2


def test_it_serves_pages_and_ends_in_good_order(server, address):
    assert until_it_answers(address) == (200, b'{"status": "ok"}')
    assert get(address, "/readyz")[0] == 200
    assert b"<form" in get(address, "/admin/login/")[1]
    assert get(address, "/static/unfold/css/styles.css")[0] == 200
    programs = children_of(server.pid)
    assert len(programs) == 3

    server.send_signal(signal.SIGINT)

    assert server.wait(40) == 0
    assert not [pid for pid in programs if os.path.exists(f"/proc/{pid}")]


@pytest.mark.parametrize("place", [1, *at_night(2)])
def test_when_one_program_dies_the_others_are_ended_and_the_command_fails(server, address, place):
    until_it_answers(address)
    programs = children_of(server.pid)  # web, worker, scheduler

    os.killpg(programs.pop(place), signal.SIGKILL)

    assert server.wait(40) == 1
    assert not [pid for pid in programs if os.path.exists(f"/proc/{pid}")]
