"""Time bulk requests over HTTP: gunicorn as `make serve` runs it, a worker, audit, row security, both rulebooks on.

New complete cases (some 117 values in 18 form rows) as NDJSON: thousands in one request, which a worker saves; the same
again, when all are there; a dry run; and 200 in a request, which are answered at once. Beside it, in the same run, the
raw intake of the same documents without HTTP, and a raw COPY of their very rows into bare tables. Memory of the largest
web and worker process is read from /proc after each way of sending. With `--memory`, only that of a web process that
receives twenty such requests, which no worker takes up.

    .venv/bin/python benchmarks/bulk.py [--quick] [--memory]
"""

import argparse
import contextlib
import http.client
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import intake as raw
import scratch

GOAL, GOAL_RATIO = 1_500, 0.25
PATH = "/api/v1/cases/bulk/"
AT_ONCE = 200


def main() -> None:
    """Send cases in several ways, copy their rows, print the medians as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 cases, not 10,000")
    parser.add_argument("--memory", action="store_true", help="only the memory of a web process")
    given = parser.parse_args()
    count, rounds = (1_000, 1) if given.quick else (10_000, 1)
    scratch.prepare()
    if given.memory:
        received(count)
        return
    from django.db import connection

    from cases import synthesis
    from cases.document import dump
    from cases.models import FORMS, Case, Patient

    raw.settle(list(synthesis.documents(raw.BATCH, stream=rounds, thorough=0.0)))
    seconds: dict[str, list[float]] = {}
    memory: dict[str, list[int]] = {"web": [], "worker": []}
    with serving() as (port, servers):
        for number in range(rounds):
            documents = list(synthesis.documents(count, stream=number, thorough=1.0))
            body = [json.dumps(dump(one)).encode() for one in documents]
            beside = scratch.center(f"B{number:03d}")
            seconds.setdefault("intake", []).append(raw.write(documents, beside, batch=500, source="api"))
            for name, taken in sent(port, body, str(number)):
                seconds.setdefault(name, []).append(taken)
                print(f"{name}: {taken:.1f} s", flush=True)
                for process in servers:
                    memory[process].append(resident(servers[process].pid))
    tables = [model._meta.db_table for model in (Patient, Case, *FORMS)]
    with scratch.owner() as owner:
        rows = raw.copy_out(owner, tables, count)  # of the first round
        for _ in range(5):
            seconds.setdefault("COPY", []).append(raw.copy_in(owner, rows))
    rates = {name: count / statistics.median(taken) for name, taken in seconds.items()}
    for name, rate in rates.items():
        print(f"{name:44} {rate:10,.0f} cases/s")
    for name, found in memory.items():
        print(f"{name:44} {' '.join(str(n) for n in found)} MiB")
    figure = rates["one request"]
    print(
        json.dumps(
            {
                "benchmark": "bulk",
                "measures": f"{count} complete cases in one request of NDJSON, sent to saved",
                "figure": round(figure),
                "unit": "cases/s",
                "goal": GOAL,
                "ratio": round(figure / rates["COPY"], 3),
                "goal_of_ratio": GOAL_RATIO,
                "rates": {name: round(rate) for name, rate in rates.items()},
                "memory_MiB": memory,
                "sizes": {
                    "cases": count,
                    "rounds": rounds,
                    "body_MiB": round(sum(map(len, body)) / 2**20, 1),
                },
                "load": [round(one, 1) for one in os.getloadavg()],
                "versions": {"python": platform.python_version(), "postgresql": connection.pg_version},
            }
        )
    )


def sent(port: int, body: list[bytes], code: str) -> Iterator[tuple[str, float]]:
    """Send the same cases in several ways, each to a center of its own; the seconds until all were saved."""
    large, small = Client(port, f"L{code}"), Client(port, f"S{code}")
    parts = [body[first : first + AT_ONCE] for first in range(0, len(body), AT_ONCE)]
    yield "one request, dry run", large.send(body, new=len(body), query="?dry_run=true")
    yield "one request", large.send(body, new=len(body))
    yield "one request again", large.send(body, unchanged=len(body))
    yield f"{AT_ONCE} in a request", sum(small.send(part, new=len(part)) for part in parts)


def received(count: int) -> None:
    """Send twenty requests to one web process; prints its memory after each as one line of JSON."""
    from cases import synthesis
    from cases.document import dump

    body = [json.dumps(dump(one)).encode() for one in synthesis.documents(count, stream=0, thorough=1.0)]
    with serving("--workers", "1", has_worker=False) as (port, servers):
        memory = [resident(servers["web"].pid)]
        for client in (Client(port, "M0"), Client(port, "M1")):  # a center may have ten that wait
            for number in range(10):
                status, answer = client.request("POST", PATH, b"\n".join(body) + b"\n" * number)
                if status != 202:
                    sys.exit(f"{status} {answer}")
                memory.append(resident(servers["web"].pid))
    size = round(sum(map(len, body)) / 2**20, 1)
    print(json.dumps({"benchmark": "bulk, memory", "body_MiB": size, "unit": "MiB", "web": memory}))


class Client:
    """A center's program, with its key."""

    def __init__(self, port: int, code: str) -> None:
        from django.utils import timezone

        from registry import keys
        from registry.models import Membership, User

        self.port, center = port, scratch.center(code)
        center.data_agreement_signed_on = timezone.now().date()
        center.save()
        person = User.objects.create(username=f"lead-{code}")
        Membership.objects.create(user=person, center=center, role="center_lead")
        _, self.key = keys.issue(
            center=center,
            user=person,
            name="bench",
            scopes=["import_cases"],
            expires_at=timezone.now() + timedelta(days=1),
            by=person,
        )

    def send(self, documents: list[bytes], *, query: str = "", **expected: int) -> float:
        """Send documents and wait until they are saved; returns the seconds it took."""
        started = time.perf_counter()
        status, answer = self.request("POST", PATH + query, b"\n".join(documents))
        while status in (200, 202) and answer.get("state") in ("waiting", "running"):
            time.sleep(0.2)
            status, answer = self.request("GET", answer["url"])
        taken = time.perf_counter() - started
        counts = {verdict: n for verdict, n in (answer.get("counts") or {}).items() if n}
        if counts != expected:
            sys.exit(f"{status} {str(answer)[:2000]}")
        return taken

    def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        """Ask once."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/x-ndjson"}
        line.request(method, path, body, headers)
        answer = line.getresponse()
        return answer.status, json.loads(answer.read())


@contextlib.contextmanager
def serving(*options: str, has_worker: bool = True) -> Iterator[tuple[int, dict[str, subprocess.Popen]]]:
    """Run the web server and a worker as `make serve` does, on the measured database."""
    from registry.management.commands.serve import WORKER

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = {"web": start("web", "gunicorn", "--bind", f"127.0.0.1:{port}", *options)}
    if has_worker:
        started["worker"] = start("worker", "celery", "--quiet", "--app", "registry", *WORKER)
    try:
        while not is_open(port):
            time.sleep(0.2)
        yield port, started
    finally:
        for process in started.values():
            process.send_signal(signal.SIGTERM)
        for process in started.values():
            process.wait(30)


def start(process: str, *program: str) -> subprocess.Popen:
    """Start one program of this environment."""
    variables = os.environ | {"REGISTRY_PROCESS": process}
    return subprocess.Popen(
        [sys.executable, "-m", *program], cwd=scratch.ROOT, env=variables, start_new_session=True
    )


def is_open(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def resident(pid: int) -> int:
    """MiB of the largest process below this one, as it is now."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    sizes = [Path(f"/proc/{child}/statm").read_text().split()[1] for child in below]
    return max(int(pages) for pages in sizes) * os.sysconf("SC_PAGE_SIZE") // 2**20


if __name__ == "__main__":
    main()
