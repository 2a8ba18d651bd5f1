"""Time the API as `make serve` runs it: single submissions with everything on, reading one case, a bare view.

gunicorn with the project's own configuration (2 processes of 4 threads) on an embedded PostgreSQL; the load comes
from one process of its own on the same machine, a new connection for each request. A submission is a new case of some
60 answers: key, strict reading, both rulebooks, row security, audit trail, one transaction. The bare view answers
"hello" through the same server and middleware; the ratio is that of the requests a second, in the same run. `cpu_ms`
is what one request costs the processors in the web processes and in PostgreSQL (on Linux): other work on the machine
changes it less.

    .venv/bin/python benchmarks/api.py [--quick | --seconds N] [--clients N]
"""

import argparse
import http.client
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import scratch

PATIENTS = 20_000
GOALS = {"submit": (60, 300), "read": (80, 250)}  # requests a second, p99 in ms
SETTINGS = """
from registry.settings import *
ROOT_URLCONF = "hello"
API_LIMITS = dict.fromkeys(API_LIMITS, 10**9)  # requests are counted as always, and none is refused
"""
URLS = """
from django.http import HttpResponse
from django.urls import path
from registry.urls import *
urlpatterns = [*urlpatterns, path("hello/", lambda request: HttpResponse("hello"))]
"""
Ask = Callable[[http.client.HTTPConnection, int], int]


def main() -> None:
    """Prepare, serve, ask, print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 s of submissions instead of 10 minutes")
    parser.add_argument("--seconds", type=int, help="so many seconds of submissions")
    parser.add_argument(
        "--clients", type=int, default=8, help="connections at once; the server has 8 threads"
    )
    options = parser.parse_args()
    seconds = options.seconds or (20 if options.quick else 600)
    scratch.prepare()
    key = _key()
    bodies = list(_bodies())
    with serving() as (address, server):
        figures = measure(address, server, key, bodies, seconds, options.clients)
    report(figures, seconds, options.clients)


def measure(
    address: str, server: int, key: str, bodies: list[bytes], seconds: int, clients: int
) -> dict[str, Any]:
    """Load for each kind of request; reading and the bare view get a part of the time."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    numbers, ids = count(), count()

    def submit(connection: http.client.HTTPConnection, n: int) -> int:
        number = next(numbers)
        body = bodies[number % len(bodies)].replace(b"NUMBER", str(number).encode())
        return _status(connection, "POST", "/api/v1/cases/", body, headers)

    def read(connection: http.client.HTTPConnection, n: int) -> int:
        return _status(connection, "GET", f"/api/v1/cases/{1 + next(ids) % 100}/", None, headers)

    def hello(connection: http.client.HTTPConnection, n: int) -> int:
        return _status(connection, "GET", "/hello/", None, {})

    short = max(5, min(seconds // 4, 30))
    load(address, submit, 3, clients, 201)  # warm up, and something to read
    figures: dict[str, Any] = {"load_of_machine": round(os.getloadavg()[0], 1)}
    for name, ask, length, expected in (
        ("submit", submit, seconds, 201),
        ("read", read, short, 200),
        ("hello", hello, short, 200),
    ):
        before = _busy_ms(server)
        figures[name] = load(address, ask, length, clients, expected)
        figures[name]["cpu_ms"] = round((_busy_ms(server) - before) / figures[name]["requests"], 1)
    return figures


def _busy_ms(server: int) -> float:
    """Milliseconds that the web processes and PostgreSQL have kept the processors busy; 0 where that is not told."""
    parents, spent = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        parents[int(entry.name)], spent[int(entry.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    ours = {server, _postmaster()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(spent.get(pid, 0) for pid in ours) * 1000 / os.sysconf("SC_CLK_TCK")


def _postmaster() -> int:
    found = list(scratch.FOLDER.glob("pg*/postmaster.pid"))
    return int(found[0].read_text().split()[0]) if found else 0


def load(address: str, ask: Ask, seconds: float, clients: int, expected: int) -> dict[str, Any]:
    """Ask on so many connections for so long; requests a second, milliseconds at p50 and p99, what went wrong."""
    taken: list[float] = []
    wrong: list[int] = []
    until = time.perf_counter() + seconds

    def client() -> None:
        connection = http.client.HTTPConnection(address, timeout=60)
        for n in count():
            started = time.perf_counter()
            if started >= until:
                break
            try:
                status = ask(connection, n)
            except (
                OSError,
                http.client.HTTPException,
            ):  # a worker was renewed: as a client would, connect again
                connection.close()
                status = ask(connection, n)
            taken.append(time.perf_counter() - started)
            if status != expected:
                wrong.append(status)

    started = time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - started
    cut = statistics.quantiles(taken, n=100)
    return {
        "requests": len(taken),
        "per_second": round(len(taken) / spent, 1),
        "p50_ms": round(1000 * cut[49], 1),
        "p99_ms": round(1000 * cut[98], 1),
        "errors": len(wrong),
        "statuses": sorted(set(wrong)),
    }


def _status(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None,
    headers: dict[str, str],
) -> int:
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


@contextmanager
def serving() -> Iterator[tuple[str, int]]:
    """Start gunicorn as `make serve` does, with one more address and no limit of requests: where, and which process."""
    (scratch.FOLDER / "bench_settings.py").write_text(SETTINGS, encoding="utf-8")
    (scratch.FOLDER / "hello.py").write_text(URLS, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    variables = {
        "REGISTRY_PROCESS": "web",
        "DJANGO_SETTINGS_MODULE": "bench_settings",
        "PYTHONPATH": str(scratch.FOLDER),
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "gunicorn", "--bind", address]
    process = subprocess.Popen(command, cwd=scratch.ROOT, env=os.environ | variables)
    try:
        _wait(address)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _wait(address: str) -> None:
    for _ in range(150):
        try:
            if _status(http.client.HTTPConnection(address, timeout=5), "GET", "/hello/", None, {}) == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The server did not come up.")


def _key() -> str:
    """A center, its coordinator, a key."""
    from django.utils import timezone

    from registry import keys
    from registry.access import Role
    from registry.models import Center, Membership, User

    center = scratch.center("BENCH")
    Center.objects.filter(pk=center.pk).update(data_agreement_signed_on=date(2020, 1, 1))
    center.refresh_from_db()
    people = {}
    for role in (Role.CENTER_LEAD, Role.COORDINATOR):
        people[role] = User.objects.create(username=role.value, email=f"{role.value}@example.org")
        Membership.objects.create(user=people[role], center=center, role=role)
    _, text = keys.issue(
        center=center,
        user=people[Role.COORDINATOR],
        scopes=("read", "record"),
        by=people[Role.CENTER_LEAD],
        name="bench",
        expires_at=timezone.now() + timedelta(days=1),
    )
    return text


def _bodies() -> Iterator[bytes]:
    """Synthetic drafts as JSON; NUMBER is where each request puts its own case number.

    So many that patients hardly repeat: each copy of one would be another suspected twin (X-56) to look up and to tell.
    """
    from cases import document, synthesis

    for made in synthesis.documents(PATIENTS, until=date(2024, 1, 1)):
        yield json.dumps({**document.dump(made), "case_number": "B-NUMBER"}).encode()


def report(figures: dict[str, Any], seconds: int, clients: int) -> None:
    """Print a table for people and a line for machines; what misses its goal is marked."""
    from django.db import connection

    bare = figures["hello"]["per_second"]
    for name in ("submit", "read", "hello"):
        one = figures[name]
        least, most = GOALS.get(name, (0, float("inf")))
        is_missed = one["per_second"] < least or one["p99_ms"] > most or one["errors"]
        one["ratio_to_hello"] = round(one["per_second"] / bare, 3)
        print(
            f"{name:8}{one['per_second']:8.1f}/s  p50 {one['p50_ms']:6.1f} ms  p99 {one['p99_ms']:6.1f} ms"
            f"  cpu {one['cpu_ms']:5.1f} ms  {one['errors']} errors  {one['ratio_to_hello']:.3f} of hello"
            f"{'  missed' if is_missed else ''}"
        )
    print(
        json.dumps(
            {
                "benchmark": "api",
                "measures": "single submissions over HTTP with everything on",
                "figure": figures["submit"]["per_second"],
                "unit": "requests/s",
                "goal": GOALS["submit"][0],
                "ratio": figures["submit"]["ratio_to_hello"],
                **figures,
                "sizes": {"seconds": seconds, "clients": clients},
                "versions": {"python": platform.python_version(), "postgresql": connection.pg_version},
            }
        )
    )


if __name__ == "__main__":
    main()
