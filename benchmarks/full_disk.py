"""Fill the disk under load, and look for what was acknowledged: 20 times a small volume that holds all that the
registry keeps (embedded database with its log of writes, mails, logs) fills up while programs submit cases over HTTP.

The registry runs as `manage.py serve` starts it: web, worker, scheduler. Of two fillings one stops the database as a
whole: not even its log of writes finds room, and it can only start again when there is some. Nobody restarts anything
by hand. What matters: acknowledged cases that are gone, answers that are neither 201 nor 503 with Retry-After, reads
that were answered meanwhile, seconds until cases are taken again, damaged pages (PostgreSQL's checksums). Then the same
with synchronous_commit off, which must lose some, or this would prove nothing. Mounts a tmpfs, so it needs root.

    .venv/bin/python benchmarks/full_disk.py [--quick | --times N]
"""

import argparse
import http.client
import json
import os
import platform
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psycopg
import scratch
from retries import machines

SIZE = 640 * 2**20
LEFT = (64 * 2**10, 2 * 2**20)  # bytes that are left, to be filled by the cases themselves
LEFT_FOR_CASES = 14 * 2**20  # there is room for cases, but for no further file of the log of writes (16 MiB)
SWITCH_S = 0.5  # between two of its files
# What only reads goes on; a reading of cases has to be noted, and is refused where it cannot be.
READ = ("/readyz", "/api/v1/whoami/", "/api/v1/queries/", "/api/v1/cases/")
CLIENTS, PATIENCE_S = 4, 90
FULL_S = 6  # how long it stays full once cases are refused
GOAL_S = 60  # within which cases are taken again once there is room


def main() -> None:
    """Fill, look, fill without the protection, look; print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2 times, and 2 of the control")
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    times, control = (2, 2) if options.quick else (options.times, 6)
    sys.path.insert(0, str(scratch.ROOT))
    if os.geteuid():
        raise SystemExit("Only root can mount a small volume: run it as root.")
    with small_volume() as volume:
        scratch.FOLDER = volume / "var"
        os.environ |= {"LOG_LEVEL": "WARNING", "API_REQUESTS_PER_KEY": "1000000"}
        scratch.prepare()
        trial = Trial(volume, machines(scratch.center("BENCH")))
        durable = trial.run(times, "D")
        print(json.dumps(durable), flush=True)
        trial.ask("ALTER SYSTEM SET wal_writer_delay = '10s'")
        trial.ask("ALTER DATABASE registry SET synchronous_commit = off")
        forgetful = trial.run(control, "F")
        damaged = trial.damaged_pages()
    print(
        json.dumps(
            {
                "benchmark": "full_disk",
                "measures": "acknowledged cases lost, or answers other than 201 and 503, when the disk fills up",
                "figure": durable["lost"] + durable["wrong_answers"],
                "unit": "cases and answers",
                "goal": 0,
                **durable,
                "damaged_pages": damaged,
                "control": {"protection_removed": "synchronous_commit", **forgetful},
                "sizes": {"clients": CLIENTS, "volume_mb": SIZE // 2**20},
                "load_before": round(os.getloadavg()[0], 1),
                "versions": {"python": platform.python_version(), "postgresql": trial.version},
            }
        )
    )
    held = not (durable["lost"] or durable["without_event"] or durable["wrong_answers"] or damaged)
    if not (held and durable["recovery_s"]["max"] <= GOAL_S and forgetful["lost"]):
        raise SystemExit(1)


@contextmanager
def small_volume() -> Iterator[Path]:
    """A volume in memory, open to the account that the database runs under."""
    folder = Path(tempfile.mkdtemp(prefix="registry-full-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", folder], check=True)
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()


class Trial:
    """Programs that submit, a disk that fills up meanwhile, and what is there afterwards."""

    def __init__(self, volume: Path, keys: list[str]) -> None:
        from django.conf import settings
        from django.db import connection

        from cases.document import dump
        from registry.database.embedded import Embedded
        from tests.cases.examples import resected

        self.volume, self.keys, self.body = volume, keys, dump(resected())
        self.server = Embedded.at(settings.EMBEDDED)
        self.version = connection.pg_version
        connection.close()
        # The log of writes could grow beyond the volume, which would be full without any ballast. It needs up to 200 MB
        # even so: while the disk is full no checkpoint ends that could take its old files away.
        self.ask("ALTER SYSTEM SET max_wal_size = '96MB'")
        self.ask("SELECT pg_reload_conf()")

    def run(self, times: int, name: str) -> dict[str, Any]:
        """Submit and fill; count what was acknowledged and is gone."""
        self.acknowledged: list[str] = []
        self.wrong: list[str] = []
        self.statuses: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self.meanwhile: Counter[str] = Counter()
        self.over = threading.Event()
        chance, recoveries, stopped = random.Random(name), [], 0  # noqa: S311 - how much is left
        with served(self.volume) as (port, program):
            clients = [threading.Thread(target=self._submit, args=(port, n, name)) for n in range(CLIENTS)]
            for client in clients:
                client.start()
            try:
                for done in range(times):
                    self._more_acknowledged(5)
                    left = LEFT_FOR_CASES if done % 2 else chance.randint(*LEFT)
                    stopped += self._fill(port, left=left, wholly=done % 2 == 1)
                    recoveries.append(self._make_room(port))
                    print(
                        f"{done + 1} fillings, {len(self.acknowledged)} acknowledged, {recoveries[-1]:.1f} s",
                        flush=True,
                    )
            finally:
                self.over.set()
            for client in clients:
                client.join()
            assert program.poll() is None, "a program has ended by itself"
        rows = self.ask("SELECT case_number FROM cases_case WHERE case_number LIKE %s", f"{name}-%")
        stored = {number for (number,) in rows}
        ((bare,),) = self.ask(
            "SELECT count(*) FROM cases_case c WHERE case_number LIKE %s AND NOT EXISTS"
            " (SELECT FROM cases_caseevent e WHERE e.pgh_obj_id = c.id)",
            f"{name}-%",
        )
        return {
            "fillings": times,
            "database_stopped": stopped,
            "acknowledged": len(self.acknowledged),
            "lost": len({*self.acknowledged} - stored),
            "stored_unheard": len(stored - {*self.acknowledged}),
            "without_event": bare,
            "wrong_answers": len(self.wrong),
            "wrong": self.wrong[:5],
            "statuses": dict(self.statuses),
            "said": dict(self.said),
            "while_full": dict(self.meanwhile),
            "recovery_s": {"mean": round(sum(recoveries) / times, 1), "max": round(max(recoveries), 1)},
        }

    def ask(self, question: str, *given: Any) -> list[Any]:
        """Rows, past row security; the database runs for it if it did not."""
        self.server.ensure()
        with psycopg.connect(self.server.address(database="registry"), autocommit=True) as connection:
            done = connection.execute(question, given or None)
            return done.fetchall() if done.description else []

    def damaged_pages(self) -> int:
        """Pages whose checksum is not that of what they hold, once the database has stopped."""
        self.server.release()
        return self.server._run("pg_checksums", "--check", "-D", self.server.data, check=False)

    def _fill(self, port: int, *, left: int, wholly: bool) -> bool:
        """Leave so little that cases, or the log of writes, fill it up; tell whether the database stopped."""
        refused = self.statuses["503"]
        disk = os.statvfs(self.volume)
        with open(self.volume / "ballast", "wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, max(disk.f_bavail * disk.f_bsize - left, 1))
        stopped = wholly and self._stop_database()
        self._wait(lambda: self.statuses["503"] > refused + 5, "full")
        until = time.perf_counter() + FULL_S
        while time.perf_counter() < until:
            kind = "stopped" if stopped else "full"
            for path in READ:
                answer = self._ask(port, path)
                self.meanwhile[f"{kind} {path} {answer}"] += 1
            time.sleep(0.5)
        return stopped

    def _stop_database(self) -> bool:
        """Use up what the log of writes has left, which ends all of PostgreSQL."""
        with suppress(psycopg.Error):
            with psycopg.connect(self.server.address(database="registry"), autocommit=True) as connection:
                for _ in range(60):
                    connection.execute("SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()")
                    time.sleep(SWITCH_S)
            return False
        return True

    def _make_room(self, port: int) -> float:
        """Take the ballast away; seconds until a case is taken again and the registry says that it is ready."""
        (self.volume / "ballast").unlink()
        began, before = time.perf_counter(), len(self.acknowledged)
        self._wait(
            lambda: len(self.acknowledged) > before and self._ask(port, "/readyz").startswith("200"), "back"
        )
        return time.perf_counter() - began

    def _more_acknowledged(self, count: int) -> None:
        """It is healthy before the next fault."""
        before = len(self.acknowledged)
        self._wait(lambda: len(self.acknowledged) >= before + count, "healthy")

    def _wait(self, condition: Any, what: str) -> None:
        until = time.perf_counter() + PATIENCE_S
        while not condition():
            if time.perf_counter() > until:
                disk = os.statvfs(self.volume)
                free_mb = disk.f_bavail * disk.f_bsize // 2**20
                raise SystemExit(
                    f"not {what} in time, {free_mb} MB free: {dict(self.statuses)}, {dict(self.said)}"
                )
            time.sleep(0.02)

    def _ask(self, port: int, path: str) -> str:
        """The status, and of /readyz what it tells of the disk."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.keys[-1]}"})
            answer = connection.getresponse()
            said = json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            return "no answer"
        finally:
            connection.close()
        told = f" disk {said.get('disk')}" if path == "/readyz" else ""
        return f"{answer.status}{told}"

    def _submit(self, port: int, place: int, name: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        headers = {"Authorization": f"Bearer {self.keys[place]}", "Content-Type": "application/json"}
        number = 0
        while not self.over.is_set():
            number += 1
            case_number = f"{name}-{place}-{number}"
            body = json.dumps({**self.body, "case_number": case_number}).encode()
            try:
                connection.request("POST", "/api/v1/cases/", body, headers)
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(f"no answer: {type(error).__name__}")
                connection.close()
                continue
            self.statuses[str(answer.status)] += 1
            if answer.status == HTTPStatus.CREATED:
                self.acknowledged.append(case_number)
                continue
            self._judge(answer.status, answer.headers.get("Retry-After"), said)
            time.sleep(0.1)

    def _judge(self, status: int, later: str | None, said: bytes) -> None:
        """A refusal says 503, when to come back, and a sentence of the registry."""
        with suppress(ValueError):
            detail = json.loads(said).get("detail", "")
            if status == HTTPStatus.SERVICE_UNAVAILABLE and later and detail:
                self.said[f"{detail} ({later} s)"] += 1
                return
        self.wrong.append(f"{status} {said[:200]!r}")


@contextmanager
def served(volume: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The registry as `manage.py serve` runs it; yields its port and the program."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "manage.py", "serve", "--bind", f"127.0.0.1:{port}"]
    with open(volume.with_suffix(".log"), "ab") as log:
        program = subprocess.Popen(command, cwd=scratch.ROOT, stdout=log, stderr=log)
    try:
        until = time.perf_counter() + PATIENCE_S
        while time.perf_counter() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield port, program
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(120)


if __name__ == "__main__":
    main()
