"""Crash the database under load, and look for what was acknowledged: 100 times SIGKILL to PostgreSQL while programs
submit cases over HTTP; then the same with synchronous_commit off, which must lose some, or this would prove nothing.

Web server as in production (gunicorn, two processes), clients and a PostgreSQL of its own on this machine, fsync on,
keys, row security and audit trail on. SIGKILL leaves the cache of the operating system alone: a power cut is not tried
here. What matters are the counts: acknowledged cases that are gone, cases without their audit event, answers 500.

    .venv/bin/python benchmarks/crashes.py [--quick | --crashes N]
"""

import argparse
import http.client
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import scratch
from retries import machines

CLIENTS = 8
LOAD_S = (0.4, 1.6)  # between two crashes
PATIENCE_S = 60


def main() -> None:
    """Crash, look, crash without the protection, look; print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="5 crashes, and 5 of the control")
    parser.add_argument("--crashes", type=int, default=100)
    options = parser.parse_args()
    crashes, control = (5, 5) if options.quick else (options.crashes, 20)
    sys.path.insert(0, str(scratch.ROOT))
    folder = Path(tempfile.mkdtemp(prefix="registry-crashes-"))
    server = Server(folder)
    try:
        server.start()
        os.environ["DATABASE_URL"] = server.address
        scratch.prepare()
        center = scratch.center("BENCH")
        trial = Trial(server, machines(center))
        durable = trial.run(crashes, "D")
        server.stop()
        server.start(synchronous_commit="off")
        forgetful = trial.run(control, "F")
        (version,) = server.ask("SHOW server_version")
    finally:
        server.stop()
        shutil.rmtree(folder)
    print(
        json.dumps(
            {
                "benchmark": "crashes",
                "measures": "acknowledged cases lost when PostgreSQL is killed under load",
                "figure": durable["lost"],
                "unit": "cases",
                "goal": 0,
                **durable,
                "control": {"protection_removed": "synchronous_commit", **forgetful},
                "sizes": {"clients": CLIENTS},
                "load_before": round(os.getloadavg()[0], 1),
                "versions": {"python": platform.python_version(), "postgresql": version},
            }
        )
    )
    if durable["lost"] or durable["without_event"] or durable["statuses"].get("500") or not forgetful["lost"]:
        raise SystemExit(1)


class Server:
    """A PostgreSQL of our own, started and killed by its own handle."""

    def __init__(self, folder: Path) -> None:
        from registry.database import embedded

        self.data, self.sockets = folder / "data", folder / "run"
        folder.chmod(0o755)
        self.account = embedded._account(self.data)
        self.programs = embedded.programs(self.account)
        for made in (self.data, self.sockets):
            made.mkdir(mode=0o700)
            if self.account:
                os.chown(made, self.account.pw_uid, self.account.pw_gid)
        command = [
            self.programs / "initdb",
            "-D",
            self.data,
            "-U",
            "postgres",
            "--auth=trust",
            "--no-instructions",
        ]
        subprocess.run([*map(str, command), "--encoding=UTF8", "--locale=C"], check=True, **self._who())
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it is, as DATABASE_URL."""
        return f"host={self.sockets} user=postgres dbname=registry"

    def start(self, **chosen: str) -> float:
        """Start and recover; seconds until it answers."""
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.sockets), **chosen}
        self.chosen = chosen
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        started = time.perf_counter()
        while time.perf_counter() - started < PATIENCE_S:
            if (
                self.process is None or self.process.poll() is not None
            ):  # what the dead one left is still being let go of
                (self.data / "postmaster.pid").unlink(missing_ok=True)
                command = [str(self.programs / "postgres"), "-D", str(self.data), *options]
                self.process = subprocess.Popen(command, **self._who())
            try:
                psycopg.connect(f"host={self.sockets} user=postgres dbname=postgres").close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return time.perf_counter() - started
        raise SystemExit("PostgreSQL does not come back")

    def crash(self) -> None:
        """SIGKILL, and wait until none of its processes is left."""
        assert self.process is not None
        pids = [int(pid) for (pid,) in self._all("SELECT pid FROM pg_stat_activity")]
        self.process.kill()
        self.process.wait()
        until = time.perf_counter() + PATIENCE_S
        while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.perf_counter() < until:
            time.sleep(0.01)

    def stop(self) -> None:
        """End in good order."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(2)  # SIGINT: fast shutdown
            self.process.wait()

    def ask(self, question: str, *given: Any) -> tuple[Any, ...]:
        """One row, past row security."""
        return self._all(question, *given, database="registry")[0]

    def change(self, statement: str) -> None:
        """Run a statement as the superuser."""
        with psycopg.connect(f"host={self.sockets} user=postgres dbname=registry") as connection:
            connection.execute(statement.encode())

    def _all(self, question: str, *given: Any, database: str = "postgres") -> list[Any]:
        with psycopg.connect(f"host={self.sockets} user=postgres dbname={database}") as connection:
            return connection.execute(question, given or None).fetchall()

    def _who(self) -> dict[str, Any]:
        quiet: dict[str, Any] = dict.fromkeys(("stdout", "stderr", "stdin"), subprocess.DEVNULL)
        who = (
            {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
            if self.account
            else {}
        )
        return {**quiet, **who, "cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C"}}


class Trial:
    """Programs that submit, crashes meanwhile, and what is there afterwards."""

    def __init__(self, server: Server, keys: list[str]) -> None:
        from cases.document import dump
        from tests.cases.examples import resected

        self.server, self.keys, self.body = server, keys, dump(resected())

    def run(self, crashes: int, name: str) -> dict[str, Any]:
        """Submit and crash; count what was acknowledged and is gone."""
        from tests.network import web_server

        self.acknowledged: list[str] = []
        self.statuses: Counter[str] = Counter()
        self.over = threading.Event()
        chance, recoveries, hit = random.Random(name), [], 0  # noqa: S311 - when to crash
        with web_server(VAR_FOLDER=str(scratch.FOLDER), LOG_LEVEL="ERROR") as port:
            clients = [threading.Thread(target=self._submit, args=(port, n, name)) for n in range(CLIENTS)]
            for client in clients:
                client.start()
            for done in range(crashes):
                before = self._heard(more_than=len(self.acknowledged))
                time.sleep(chance.uniform(*LOAD_S))
                hit += len(self.acknowledged) > before
                self.server.crash()
                recoveries.append(self.server.start(**self.server.chosen))
                if done % 10 == 9:
                    print(f"{done + 1} crashes, {len(self.acknowledged)} acknowledged", flush=True)
            self.over.set()
            for client in clients:
                client.join()
        (stored,) = self.server.ask(
            "SELECT array_agg(case_number) FROM cases_case WHERE case_number LIKE %s", f"{name}-%"
        )
        (bare,) = self.server.ask(
            "SELECT count(*) FROM cases_case c WHERE case_number LIKE %s AND NOT EXISTS"
            " (SELECT FROM cases_caseevent e WHERE e.pgh_obj_id = c.id)",
            f"{name}-%",
        )
        return {
            "crashes": crashes,
            "crashes_under_load": hit,
            "acknowledged": len(self.acknowledged),
            "lost": len({*self.acknowledged} - {*(stored or ())}),
            "stored_unheard": len({*(stored or ())} - {*self.acknowledged}),
            "without_event": bare,
            "recovery_s": {
                "mean": round(sum(recoveries) / len(recoveries), 2),
                "max": round(max(recoveries), 2),
            },
            "statuses": dict(self.statuses),
        }

    def _heard(self, *, more_than: int) -> int:
        """Wait until something is acknowledged again: the system is healthy before the next fault."""
        until = time.perf_counter() + PATIENCE_S
        while len(self.acknowledged) <= more_than:
            if time.perf_counter() > until:
                raise SystemExit(f"nothing is acknowledged any more: {dict(self.statuses)}")
            time.sleep(0.01)
        return len(self.acknowledged)

    def _submit(self, port: int, place: int, name: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Authorization": f"Bearer {self.keys[place]}", "Content-Type": "application/json"}
        number = 0
        while not self.over.is_set():
            number += 1
            case_number = f"{name}-{place}-{number}"
            body = json.dumps({**self.body, "case_number": case_number}).encode()
            try:
                connection.request("POST", "/api/v1/cases/", body, headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                self.statuses["no answer"] += 1
                connection.close()
                continue
            self.statuses[str(answer.status)] += 1
            if answer.status == http.HTTPStatus.CREATED:
                self.acknowledged.append(case_number)
            else:
                time.sleep(0.05)


if __name__ == "__main__":
    main()
