"""Upgrade under load: the release before serves programs and people, `manage.py migrate` of this one runs beside it,
both serve side by side, then this one alone. Nobody may be answered 5xx or not at all, nothing acknowledged be lost.

The release before is what the history of the repository holds: the state before the newest migration came, or
`--before REV`. All of `manage.py serve` runs (gunicorn, worker, scheduler) on a PostgreSQL of its own, with keys, row
security and audit trail on; clients, both releases and the database share this machine, so that the times of the
migration tell more of the machine than of locks. The control renames a column under load: that must be seen.

    .venv/bin/python benchmarks/upgrade.py [--quick] [--before REV] [--cases N]
"""

import argparse
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import scratch
from crashes import Server

MIGRATIONS = [f"{app}/migrations" for app in ("registry", "cases", "reports")]
PATIENCE_S = 90
CLIENTS = 8
CONTROL_S = 5.0
SETTLED_S = 5.0
PAGES = ("/admin/", "/admin/cases/case/", "/admin/cases/case/add/", "/admin/cases/deviation/")
# Run by the release before, in its own folder: a center, a key for each client, a coordinator who has signed in.
PREPARED = """
import json
from datetime import date
from registry import access
from registry.access import Role
from registry.models import Center, Membership, User
from tests.clients import browser, issue
from cases.document import dump
from tests.cases.examples import resected

with access.everywhere():
    center = Center.objects.create(code="OLD", name="OLD", country="UA", timezone="UTC", language="en",
                                   data_agreement_signed_on=date(2020, 1, 1))
    keys = []
    for place in range(CLIENTS):
        user = User.objects.create(username=f"program{place}", email=f"program{place}@example.org")
        Membership.objects.create(user=user, center=center, role=Role.COORDINATOR)
        keys.append(issue(center, user)[1])
    session = browser(user).cookies["session"].value
print(json.dumps({"keys": keys, "session": session, "body": dump(resected())}))
"""

# Who waits for a lock of another one: what that one does, and how long it has been waited for.
WAITING = """
SELECT left(regexp_replace(holder.query, '\\s+', ' ', 'g'), 90),
       (1000 * extract(epoch FROM clock_timestamp() - waiter.state_change))::int
FROM pg_stat_activity waiter, unnest(pg_blocking_pids(waiter.pid)) blocking
JOIN pg_stat_activity holder ON holder.pid = blocking
WHERE waiter.wait_event_type = 'Lock'
"""


def main() -> None:
    """Upgrade under load, then spoil it; print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200 cases, and 5 s of each phase")
    parser.add_argument("--before", default="", help="the release that serves at first")
    parser.add_argument("--cases", type=int, default=10_000, help="synthetic cases that are there before")
    options = parser.parse_args()
    cases, phase_s = (200, 5.0) if options.quick else (options.cases, 30.0)
    sys.path.insert(0, str(scratch.ROOT))
    folder = Path(tempfile.mkdtemp(prefix="registry-upgrade-"))
    server = Server(folder)
    try:
        server.start()
        (folder / "var").mkdir()
        told = {"DATABASE_URL": server.address, "VAR_FOLDER": str(folder / "var"), "LOG_LEVEL": "ERROR"}
        earlier = Release(_unpacked(options.before or _before_the_last_migration(), folder / "before"), told)
        upgrade = Upgrade(server, earlier, Release(scratch.ROOT, told))
        upgrade.prepare(cases)
        figures = upgrade.run(phase_s)
    finally:
        server.stop()
        shutil.rmtree(folder)
    print(json.dumps({**figures, "load_before": round(os.getloadavg()[0], 1)}))
    if any(figures[name] for name in ("figure", "lost", "set_aside")) or not figures["control"]["failures"]:
        raise SystemExit(1)


def _before_the_last_migration() -> str:
    """The commit before the newest that brought a migration, among those that were main."""
    return (
        _git("log", "-1", "--first-parent", "-m", "--diff-filter=A", "--format=%H", "--", *MIGRATIONS) + "~1"
    )


def _unpacked(revision: str, folder: Path) -> Path:
    """The program as it was then."""
    folder.mkdir()
    archive = folder.with_suffix(".tar")
    _git("archive", f"--output={archive}", revision)
    subprocess.run(["tar", "-xf", str(archive), "-C", str(folder)], check=True)
    return folder


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=scratch.ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


class Release:
    """The program in one folder, and what runs of it."""

    def __init__(self, folder: Path, told: dict[str, str]) -> None:
        self.folder, self.environment = folder, {**os.environ, **told}

    def manage(self, *words: str) -> str:
        """Run a management command to its end; what it printed."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Web, worker and scheduler on a free port, until the block ends."""
        from tests.network import send

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "manage.py", "serve", "--bind", f"127.0.0.1:{port}"]
        with subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL
        ) as process:
            try:
                until = time.perf_counter() + PATIENCE_S
                while (send(port, "GET", "/healthz") or [None])[0] != HTTPStatus.OK:
                    if time.perf_counter() > until:
                        raise SystemExit(f"{self.folder} does not serve")
                    time.sleep(0.2)
                yield port
            finally:
                process.terminate()


class Upgrade:
    """Two releases on one database, and who asks them meanwhile."""

    def __init__(self, server: Server, earlier: Release, this: Release) -> None:
        self.server, self.earlier, self.this = server, earlier, this
        self.ports: list[int] = []  # of those that serve now, asked in turn
        self.phase, self.over = "", threading.Event()
        self.took_ms: dict[str, list[float]] = defaultdict(list)
        self.failed: dict[str, Counter[str]] = defaultdict(Counter)
        self.waited_ms: dict[str, int] = {}  # while migrating: by what who waited was held up
        self.acknowledged: list[str] = []

    def prepare(self, cases: int) -> None:
        """Fill the registry by the release before."""
        self.cases = cases
        self.earlier.manage("migrate", "--verbosity", "0")
        self.earlier.manage("synthesize", str(cases))
        said = self.earlier.manage("shell", "-c", PREPARED.replace("CLIENTS", str(CLIENTS)))
        self.given = json.loads(said.splitlines()[-1])

    def run(self, phase_s: float) -> dict[str, Any]:
        """Each phase in turn, then the control."""
        known = self._migrations()
        with ExitStack() as of_this, self._load():
            with self.earlier.serving() as before:
                self.ports = [before]
                self._enter("warming up", phase_s / 2)
                self._enter("before", phase_s)
                self.phase, started = "migrating", time.perf_counter()
                self.this.manage("migrate", "--verbosity", "0")
                migrating_s = time.perf_counter() - started
                self._enter("migrated", phase_s)
                after = of_this.enter_context(self.this.serving())
                self.ports = [before, after]
                self._enter("both", phase_s)
                self.ports = [after]
                time.sleep(SETTLED_S)  # until the release before has answered what it has begun
            self._enter("after", phase_s)
            self._enter("control", SETTLED_S)
            self.server.change("ALTER TABLE cases_case RENAME COLUMN case_number TO case_no")
            time.sleep(CONTROL_S)
        control = self.failed.pop("control", Counter())
        self.server.change("ALTER TABLE cases_case RENAME COLUMN case_no TO case_number")
        (stored,) = self.server.ask(
            "SELECT array_agg(case_number) FROM cases_case WHERE case_number LIKE 'U-%'"
        )
        (version,) = self.server.ask("SHOW server_version")
        (set_aside,) = self.server.ask("SELECT count(*) FROM registry_setback WHERE state = 'set_aside'")
        return {
            "benchmark": "upgrade",
            "measures": "answers 5xx and none at all while a release is installed under load",
            "figure": sum(sum(failed.values()) for failed in self.failed.values()),
            "unit": "answers",
            "goal": 0,
            "failed": {phase: dict(failed) for phase, failed in self.failed.items()},
            "migrations": sorted(self._migrations() - known),
            "migrating_s": round(migrating_s, 1),
            "requests": {phase: len(took) for phase, took in self.took_ms.items() if phase != "control"},
            "p99_ms": {phase: _p99(took) for phase, took in self.took_ms.items() if phase != "control"},
            "longest_wait_ms": max(self.waited_ms.values(), default=0),
            "waited_for": dict(Counter(self.waited_ms).most_common(5)),
            "acknowledged": len(self.acknowledged),
            "lost": len({*self.acknowledged} - {*(stored or ())}),
            "set_aside": set_aside,
            "control": {
                "protection_removed": "a column is renamed while it is used",
                "failures": sum(control.values()),
            },
            "sizes": {"clients": CLIENTS, "phase_s": phase_s, "cases": self.cases},
            "versions": {"python": platform.python_version(), "postgresql": version},
        }

    def _migrations(self) -> set[str]:
        (names,) = self.server.ask("SELECT array_agg(app || '.' || name) FROM django_migrations")
        return {*names}

    def _enter(self, phase: str, lasts_s: float) -> None:
        self.phase = phase
        print(phase, file=sys.stderr, flush=True)
        time.sleep(lasts_s)

    # --- who asks ---------------------------------------------------------------------------------------------------

    @contextmanager
    def _load(self) -> Iterator[None]:
        clients = [threading.Thread(target=self._ask, args=[place]) for place in range(CLIENTS)]
        clients.append(threading.Thread(target=self._watch))
        for client in clients:
            client.start()
        try:
            yield
        finally:
            self.over.set()
            for client in clients:
                client.join()

    def _ask(self, place: int) -> None:
        """Programs submit, read and correct; every fourth client is a person with a browser."""
        visit = self._read_pages if place % 4 == 3 else self._submit
        for number in count():
            while not self.over.is_set() and not (self.ports and self.phase):
                time.sleep(0.05)
            if self.over.is_set():
                return
            visit(place, self.ports[number % len(self.ports)], f"U-{place}-{number}")

    def _watch(self) -> None:
        """Look who waits for what while migrations run."""
        with psycopg.connect(self.server.address, autocommit=True) as connection:
            while not self.over.is_set():
                for held_by, waited_ms in connection.execute(WAITING):
                    if self.phase == "migrating":
                        self.waited_ms[held_by] = max(self.waited_ms.get(held_by, 0), waited_ms)
                time.sleep(0.05)

    def _submit(self, place: int, port: int, case_number: str) -> None:
        headers = {"Authorization": f"Bearer {self.given['keys'][place]}", "Content-Type": "application/json"}
        body = {**self.given["body"], "case_number": case_number}
        answer = self._send(port, "POST", "/api/v1/cases/", headers, body)
        if answer is None or answer[0] != HTTPStatus.CREATED:
            return
        self.acknowledged.append(case_number)
        address, match = (
            f"/api/v1/cases/{json.loads(answer[2])['record']['id']}/",
            {"If-Match": answer[1]["ETag"]},
        )
        kind = {"Content-Type": "application/merge-patch+json"}
        self._send(port, "PATCH", address, headers | match | kind, {"note": "corrected"})
        self._send(port, "GET", address, headers)
        self._send(port, "GET", "/api/v1/cases/", headers)

    def _read_pages(self, place: int, port: int, case_number: str) -> None:
        headers = {"Cookie": f"session={self.given['session']}"}
        for address in PAGES:
            self._send(port, "GET", address, headers)

    def _send(self, port: int, method: str, address: str, headers: dict[str, str], body: Any = None) -> Any:
        """Ask; what failed is counted in the phase in which it was asked."""
        from tests.network import send

        phase, started = self.phase, time.perf_counter()
        answer = send(port, method, address, json.dumps(body).encode() if body else b"", headers)
        self.took_ms[phase].append(1000 * (time.perf_counter() - started))
        if answer is None or answer[0] not in (HTTPStatus.OK, HTTPStatus.CREATED):
            self.failed[phase][f"{answer[0] if answer else 'none'} {method} {address}"] += 1
        return answer


def _p99(took_ms: list[float]) -> float:
    return round(statistics.quantiles(took_ms, n=100)[-1], 1) if len(took_ms) > 1 else 0.0


if __name__ == "__main__":
    main()
