"""The private PostgreSQL: it starts with its first user, survives kill -9, and stops with its last user."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from registry.database import embedded
from registry.database.embedded import REST_S, Embedded

USER = """
import sys, time
from pathlib import Path
from registry.database.embedded import Embedded
Embedded(Path(sys.argv[1])).ensure()
print("ready", flush=True)
time.sleep(60)
"""

# Workers are forked with all files closed, as prefork does it; the child must find its way by itself.
FORKING = """
import os, sys
from pathlib import Path
from registry.database.embedded import Embedded
server = Embedded(Path(sys.argv[1]))
server.ensure()
if os.fork() == 0:
    os.closerange(3, 256)
    server.ensure()
    os.write(1, b"child ready")
    os._exit(0)
os.wait()
"""


@pytest.fixture(scope="module")
def folder():
    """A data folder that any account can reach: as root, the server runs under another one."""
    parent = Path(tempfile.mkdtemp())
    parent.chmod(0o755)
    yield parent / "pg18"
    server = Embedded(parent / "pg18")
    server.ensure()
    server.release()
    shutil.rmtree(parent)
    assert not server.sockets.exists()


@pytest.fixture
def server(folder):
    server = Embedded(folder)
    server.ensure()
    yield server
    server.release()


def ask(server, question, user="reg_owner", database="registry"):
    with psycopg.connect(server.address(user, database), autocommit=True) as connection:
        cursor = connection.execute(question)
        return cursor.fetchone() if cursor.description else None


def postmaster(server):
    return int((server.data / "postmaster.pid").read_text().split()[0])


def another_user(folder):
    process = subprocess.Popen([sys.executable, "-c", USER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.stdout.close()
    return process


def end(process, how):
    process.send_signal(how)
    process.wait(10)


def test_it_starts_once_and_stops_with_its_user(folder):
    server = Embedded(folder)
    server.ensure()
    first = postmaster(server)
    server.ensure()
    assert postmaster(server) == first

    server.release()

    assert not server._listens()
    assert not (server.data / "postmaster.pid").exists()


def test_it_runs_on_while_anybody_uses_it(folder):
    ours, theirs = Embedded(folder), another_user(folder)
    ours.ensure()

    ours.release()
    assert ours._listens()
    end(theirs, signal.SIGINT)

    assert not ours._listens()


def test_a_killed_user_does_not_keep_it_running(folder):
    ours, theirs = Embedded(folder), another_user(folder)
    end(theirs, signal.SIGKILL)
    ours.ensure()

    ours.release()

    assert not ours._listens()


def test_a_forked_child_that_lost_its_files_uses_it_too(folder):
    done = subprocess.run(
        [sys.executable, "-c", FORKING, str(folder)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "child ready", "")


def test_committed_rows_survive_kill_9_and_the_next_connection_restarts_it(server):
    ask(server, "CREATE TABLE IF NOT EXISTS survivor (number int)")
    ask(server, "INSERT INTO survivor VALUES (1)")
    before = ask(server, "SELECT count(*) FROM survivor")
    killed = postmaster(server)
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while server._listens() and time.monotonic() < deadline:
        time.sleep(0.05)

    server.ensure()

    assert postmaster(server) != killed
    assert ask(server, "SELECT count(*) FROM survivor") == before


def test_who_cannot_wait_is_told_soon_that_it_does_not_start(server):
    server.release()
    control = server.data / "global" / "pg_control"
    control.rename(control.with_suffix(".away"))
    begun = time.monotonic()
    for _ in range(2):  # the second leaves it alone for a moment
        with pytest.raises(psycopg.OperationalError, match="does not start"):
            server.ensure(patience_s=1)
    waited = time.monotonic() - begun

    control.with_suffix(".away").rename(control)
    time.sleep(REST_S)
    server.ensure()
    assert waited < 5
    assert ask(server, "SELECT 1") == (1,)


def test_its_roles_cannot_pass_the_walls(server):
    for role in ("reg_owner", "reg_app", "reg_broker"):
        question = "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        assert ask(server, question, user=role) == (False, False, False)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(server, "SET ROLE reg_owner", user="reg_app")


def test_it_sorts_alike_on_every_machine(server):
    assert ask(server, "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'registry'") == (
        "b",
        "C.UTF-8",
    )
    assert ask(server, "SELECT upper('åé')") == ("ÅÉ",)


def test_nobody_else_reaches_it(server):
    assert server.sockets.stat().st_mode & 0o077 == 0
    assert server.data.stat().st_mode & 0o077 == 0
    assert ask(server, "SELECT current_setting('listen_addresses')") == ("",)


def test_a_socket_directory_laid_out_by_others_is_refused(folder):
    server = Embedded(folder.with_name("other"))
    server.sockets.mkdir(mode=0o777)
    server.sockets.chmod(0o777)

    with pytest.raises(SystemExit, match="not private"):
        server.ensure()

    server.release()


def test_root_keeps_the_data_of_a_closed_project_where_its_stand_in_can_go(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "OUTSIDE", tmp_path / "outside")
    tmp_path.chmod(0o700)

    placed = embedded._reachable(tmp_path / "project" / "var" / "pg18")

    inside = os.geteuid() != 0
    assert placed.parent == (tmp_path / "project" / "var" if inside else tmp_path / "outside")


def test_a_lock_of_a_dead_process_is_told_from_one_of_a_server(server):
    assert not embedded._is_dead_or_foreign(postmaster(server))
    assert embedded._is_dead_or_foreign(os.getpid())
    assert embedded._is_dead_or_foreign(2**22 + 1)
