"""Overload the registry behind the proxy of deploy/nginx.conf, in three ways, each with a control that must do harm:

- slow: 500 connections that send a byte now and then, half of them within a head, half within a body. Programs that
  submit meanwhile must wait at p99 at most twice as long as without. Control: the web server without the proxy.
- flood: ten times the submissions that eight programs get done, for two minutes; who is refused sends the same again
  when `Retry-After` says so. Only 2xx, 429 and 503 may be answered, what was acknowledged must be there once, and
  within 30 s all must be as before. Control: the web server alone, where no bound is set to how many wait.
- connections: four times as many programs as PostgreSQL has connections. Nobody may meet its limit, and ten must stay
  free. Control: a web server of many threads without a pool.

Web server, worker, sender, scheduler, PostgreSQL, nginx and clients share this machine; TLS, keys, row security and
audit trail are on. The clients come from many addresses of the loopback network (Linux). Needs nginx and openssl.

    .venv/bin/python benchmarks/overload.py [slow] [flood] [connections] [--quick]
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import random
import resource
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count, cycle
from pathlib import Path
from typing import Any

import scratch
from crashes import Server
from retries import machines

GRACE_S = 120  # of compose.yaml: a worker may be at a reading of all cases
PATIENCE_S = 30  # a program that heard nothing for so long sends again, as that of docs/api.md
ADDRESSES = 20
SLOW, BYTE_EVERY_S = 500, 3
TIMES = 10
NORMAL_WITHIN_S = 30
MAX_CONNECTIONS, FREE = 60, 10
LIMIT_MET = "53300"  # what PostgreSQL calls it: too_many_connections
WITHOUT_POOL = """
from registry.settings import *
DATABASES["default"]["OPTIONS"].pop("pool")
"""


def main() -> None:
    """Try what is named, or all; print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help=f"of {', '.join(TRIALS)}")
    parser.add_argument("--quick", action="store_true", help="15 seconds of each instead of minutes")
    options = parser.parse_args()
    if unknown := {*options.trials} - {*TRIALS}:
        parser.error(f"there is no {', '.join(sorted(unknown))}; trials: {', '.join(TRIALS)}")
    sys.path.insert(0, str(scratch.ROOT))
    from tests.proxy import NGINX

    if not NGINX:
        raise SystemExit("This needs nginx: apt-get install nginx.")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    folder = Path(tempfile.mkdtemp(prefix="registry-overload-"))
    server = Server(folder)
    said: dict[str, Any] = {"load_before": round(os.getloadavg()[0], 1)}
    try:
        server.start(
            max_connections=str(MAX_CONNECTIONS),
            superuser_reserved_connections="0",
            log_line_prefix="%e ",
            logging_collector="on",
            log_filename="log",
        )
        os.environ["DATABASE_URL"] = server.address
        scratch.prepare()
        place = Place(folder, server, machines(scratch.center("BENCH")))
        for name in options.trials or TRIALS:
            said[name] = TRIALS[name](place, quick=options.quick)
        (version,) = server.ask("SHOW server_version")
    finally:
        server.stop()
        shutil.rmtree(folder)
    held = all(said[name]["held"] for name in options.trials or TRIALS)
    print(
        json.dumps(
            {
                "benchmark": "overload",
                "measures": "what slow connections, a flood and a crowd do to others",
                "figure": int(held),
                "unit": "held",
                "goal": 1,
                **said,
                "sizes": {"quick": options.quick},
                "versions": {"python": platform.python_version(), "postgresql": version},
            }
        )
    )
    if not held:
        raise SystemExit(1)


# --- the registry ---------------------------------------------------------------------------------------------------


class Place:
    """The registry with all its programs, the proxy before it, and what the database says of both."""

    def __init__(self, folder: Path, server: Server, keys: list[str]) -> None:
        self.folder, self.server, self.keys = folder, server, keys
        self.log = folder / "programs.log"
        (scratch.FOLDER / "without_pool.py").write_text(WITHOUT_POOL, encoding="utf-8")

    @contextmanager
    def running(self, threads: int = 0, **variables: str) -> Iterator[tuple[Any, int]]:
        """Everything as compose.yaml runs it; yields the proxy and the port of the web server behind it."""
        from tests.proxy import BEHIND, free_port, proxy
        from tests.registry.processes import QUIET, SCHEDULER, WORKER, answers, programs, until

        told = {
            **BEHIND,
            "VAR_FOLDER": str(scratch.FOLDER),
            "REGISTRY_PROCESS": "worker",
            "LOG_LEVEL": "WARNING",
        }
        port = free_port()
        web = ["gunicorn", "--bind", f"127.0.0.1:{port}", *(["--threads", str(threads)] if threads else [])]
        sender = (*WORKER, *QUIET, "--queues", "registry_mail", "--concurrency", "1")
        with programs(os.environ | told, self.log) as found:
            started = [found.start(*web, **{"REGISTRY_PROCESS": "web", **variables})]
            started += [
                found.start(*one) for one in ((*WORKER, *QUIET, "--queues", "registry"), sender, SCHEDULER)
            ]
            if not until(lambda: answers(port)):
                raise SystemExit(f"The web server did not come up: {found.said()}")
            with proxy(port) as before:
                yield before, port
            for one in started:
                one.terminate()
            for one in started:
                with suppress(subprocess.TimeoutExpired):  # `programs` ends it, as compose.yaml would
                    one.wait(GRACE_S)

    def complaints(self) -> int:
        """How often anybody, in any log, met the limit of connections so far."""
        words = ("too many clients", "too many connections", "connection slots", LIMIT_MET)
        logs = (self.log, self.server.data / "log" / "log")
        return sum(any(word in line for word in words) for log in logs for line in _lines(log))

    def stored(self, prefix: str) -> Counter[str]:
        """How often each case number with this prefix is there."""
        (found,) = self.server.ask(
            "SELECT array_agg(case_number) FROM cases_case WHERE case_number LIKE %s", f"{prefix}-%"
        )
        return Counter(found or ())


def _lines(file: Path) -> list[str]:
    return file.read_text(errors="replace").splitlines() if file.exists() else []


# --- programs -------------------------------------------------------------------------------------------------------


class Clients:
    """Programs that submit over kept connections, in one loop of events: what they heard, and how long it took."""

    def __init__(self, port: int, keys: list[str], prefix: str, *, over_tls: bool = True) -> None:
        from cases.document import dump
        from tests.cases.examples import resected
        from tests.proxy import NAME, TRUST

        self.port, self.name, self.keys, self.prefix = port, NAME, cycle(keys), prefix
        self.trust: ssl.SSLContext | None = TRUST if over_tls else None
        self.body = json.dumps({**dump(resected()), "case_number": "NUMBER"})
        self.numbers, self.again = count(), []  # case numbers to be sent again, each with its time
        self.free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.addresses = cycle(f"127.0.1.{n + 1}" for n in range(ADDRESSES))
        self.statuses: Counter[str] = Counter()
        self.acknowledged: Counter[str] = Counter()
        self.taken: list[
            tuple[float, float]
        ] = []  # when it was answered, and after how long; of what was done
        self.slowest, self.told_no_time, self.leaks = 0.0, 0, 0

    def flow(self, rate: float, seconds: float) -> "Clients":
        """Begin so many submissions a second, whatever becomes of those before; wait for all in the end."""

        async def begin_them() -> None:
            begun, under_way = time.perf_counter(), set()
            for n in count():
                await asyncio.sleep(max(0, begun + n / rate - time.perf_counter()))
                if time.perf_counter() - begun > seconds:
                    break
                task = asyncio.create_task(self.submit())
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            await asyncio.gather(*under_way)
            self._leave()

        asyncio.run(begin_them())
        return self

    def crowd(self, size: int, seconds: float) -> "Clients":
        """So many programs, each of which submits one case after the other, and waits as long as it is told to."""

        async def one_after_the_other(until: float) -> None:
            while time.perf_counter() < until:
                await asyncio.sleep(await self.submit())

        async def all_of_them() -> None:
            until = time.perf_counter() + seconds
            await asyncio.gather(*(one_after_the_other(until) for _ in range(size)))
            self._leave()

        asyncio.run(all_of_them())
        return self

    def p99_ms(self, since: float = 0.0, until: float = float("inf")) -> float:
        """Of what was done between these moments."""
        taken = [spent for at, spent in self.taken if since <= at < until]
        return round(1000 * statistics.quantiles(taken, n=100)[98], 1) if len(taken) > 1 else float("inf")

    async def submit(self) -> int:
        """Send one case, first of all one that was refused and whose time has come; note what is heard.

        Returns for how many seconds the program is asked to wait.
        """
        number = next(self.numbers)
        if self.again and self.again[0][0] <= time.perf_counter():
            number = self.again.pop(0)[1]
        case = f"{self.prefix}-{number}"
        begun = time.perf_counter()
        try:
            status, told, body = await asyncio.wait_for(self._ask(case), PATIENCE_S)
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            self.statuses[f"no answer: {type(error).__name__}"] += 1
            self.again.append((begun + PATIENCE_S, number))
            return 0
        spent = time.perf_counter() - begun
        self.slowest = max(self.slowest, spent)
        self.statuses[str(status)] += 1
        self.leaks += any(word in body for word in (b"too many c", b"slots"))
        if status < 300:
            self.acknowledged[case] += 1
            self.taken.append((begun + spent, spent))
        elif status in (429, 503):
            self.told_no_time += "retry-after" not in told
            pause = int(told.get("retry-after", 5))
            self.again.append((begun + spent + pause, number))
            return pause
        return 0

    async def _ask(self, case: str) -> tuple[int, dict[str, str], bytes]:
        while self.free and self.free[-1][0].at_eof():  # kept for long, and closed by the other side
            self.free.pop()[1].close()
        reader, writer = self.free.pop() if self.free else await self._connect()
        try:
            body = self.body.replace("NUMBER", case).encode()
            head = (
                f"POST /api/v1/cases/ HTTP/1.1\r\nHost: {self.name}\r\nAuthorization: Bearer {next(self.keys)}\r\n"
                f"X-Forwarded-Proto: https\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            told = {name.lower(): text for name, _, text in (line.partition(": ") for line in lines if line)}
            answer = await reader.readexactly(int(told["content-length"]))
        except BaseException:
            writer.close()
            raise
        if told.get("connection") == "close":
            writer.close()
        else:
            self.free.append((reader, writer))
        return int(first.split()[1]), told, answer

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name = {"server_hostname": self.name} if self.trust else {}
        return await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=self.trust, local_addr=(next(self.addresses), 0), **name
        )

    def _leave(self) -> None:
        while self.free:
            self.free.pop()[1].close()


# --- slow connections -----------------------------------------------------------------------------------------------


@contextmanager
def slow_connections(port: int, *, over_tls: bool) -> Iterator[Callable[[], tuple[int, int]]]:
    """Keep connections of a process of their own busy; yields who tells how many are open, and the bytes sent."""
    shared = multiprocessing.Array("q", 2)
    process = multiprocessing.get_context("fork").Process(
        target=_dawdle, args=(port, over_tls, shared), daemon=True
    )
    process.start()
    try:
        until = time.perf_counter() + 30
        while shared[0] < SLOW * 0.9 and time.perf_counter() < until:
            time.sleep(0.1)
        yield lambda: (shared[0], shared[1])
    finally:
        process.kill()
        process.join()


def _dawdle(port: int, over_tls: bool, shared: Any) -> None:
    from tests.proxy import NAME, TRUST

    head = f"POST /api/v1/cases/ HTTP/1.1\r\nHost: {NAME}\r\n".encode()
    in_body = head + b"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n"

    async def one(n: int) -> None:
        await asyncio.sleep(random.uniform(0, BYTE_EVERY_S))  # noqa: S311 - when to begin
        while True:  # whoever is thrown out comes again
            with suppress(OSError):
                trust = {"ssl": TRUST, "server_hostname": NAME} if over_tls else {}
                address = (f"127.0.2.{n % ADDRESSES + 1}", 0)
                _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=address, **trust)
                shared[0] += 1
                try:
                    writer.write(head if n % 2 else in_body)
                    while not writer.is_closing():
                        writer.write(b"x")
                        shared[1] += 1
                        await asyncio.sleep(BYTE_EVERY_S)
                finally:
                    shared[0] -= 1
                    writer.close()
            await asyncio.sleep(1)

    async def all_of_them() -> None:
        await asyncio.gather(*(one(n) for n in range(SLOW)))

    asyncio.run(all_of_them())


def slow(place: Place, *, quick: bool) -> dict[str, Any]:
    """Others submit a third of what the registry gets done, in turn without slow connections and beside them."""
    rounds, alone_s, beside_s = (1, 10, 15) if quick else (5, 30, 60)

    def beside(
        port: int, name: str, rounds: int, alone_s: float, beside_s: float, **how: bool
    ) -> dict[str, Any]:
        Clients(port, place.keys, f"{name}V", **how).crowd(8, 3)  # warm up
        rate = len(Clients(port, place.keys, f"{name}W", **how).crowd(8, 6).taken) / 6 / 3
        alone, others = (Clients(port, place.keys, name + kind, **how) for kind in "AB")
        open_at_least, sent = SLOW, 0
        for _ in range(rounds):
            alone.flow(rate, alone_s)
            with slow_connections(port, **how) as told:
                others.flow(rate, beside_s)
                open_at_least, sent = min(open_at_least, told()[0]), sent + told()[1]
        return {
            "per_second": round(rate, 1),
            "open": open_at_least,
            "bytes": sent,
            "p99_alone_ms": alone.p99_ms(),
            "p99_beside_ms": others.p99_ms(),
            "statuses": dict(others.statuses),
        }

    with place.running() as (proxy, port):
        found = beside(proxy.port, "S", rounds, alone_s, beside_s, over_tls=True)
        control = beside(port, "T", 1, 5, 5, over_tls=False)
    found["ratio"] = round(found["p99_beside_ms"] / found["p99_alone_ms"], 2)
    harmed = sum(n for status, n in control["statuses"].items() if status != "201")
    is_real = min(found["open"], control["open"]) > SLOW * 0.8
    held = is_real and harmed and found["ratio"] <= 2 and {*found["statuses"]} == {"201"}
    return {"held": bool(held), "seconds": rounds * beside_s, **found, "control": control}


# --- a flood --------------------------------------------------------------------------------------------------------


def flood(place: Place, *, quick: bool) -> dict[str, Any]:
    """Ten times what is got done."""
    seconds, before_s = (15, 8) if quick else (120, 20)
    with place.running() as (proxy, port):
        Clients(proxy.port, place.keys, "FW").crowd(8, 3)  # warm up
        calm = Clients(proxy.port, place.keys, "FA").crowd(8, before_s)
        rate = TIMES * len(calm.taken) / before_s
        flooding = Clients(proxy.port, place.keys, "FB").flow(rate, seconds)
        over = time.perf_counter()
        back_after_s = None
        for n in count():
            window = Clients(proxy.port, place.keys, f"FC{n}-").crowd(8, 3)
            if window.p99_ms() <= 2 * calm.p99_ms() and {*window.statuses} == {"201"}:
                back_after_s = round(time.perf_counter() - over, 1)
            if back_after_s is not None or time.perf_counter() - over > 2 * NORMAL_WITHIN_S:
                break
        control = Clients(port, place.keys, "FD", over_tls=False).flow(rate, 5 if quick else 10)
    stored = place.stored("FB")
    lost = {*flooding.acknowledged} - {*stored}
    unanswered = sum(n for status, n in control.statuses.items() if status.startswith("no answer"))
    held = (
        {*flooding.statuses} <= {"200", "201", "429", "503"}
        and not lost
        and max(stored.values()) == 1
        and not flooding.told_no_time
        and flooding.statuses["503"]
        and back_after_s is not None
        and back_after_s <= NORMAL_WITHIN_S
        and unanswered
    )
    return {
        "held": bool(held),
        "seconds": seconds,
        "held_per_second": round(rate / TIMES, 1),
        "sent_per_second": round(flooding.statuses.total() / seconds, 1),
        "statuses": dict(flooding.statuses),
        "without_retry_after": flooding.told_no_time,
        "acknowledged": len(flooding.acknowledged),
        "lost": len(lost),
        "twice": sum(n > 1 for n in stored.values()),
        "p99_before_ms": calm.p99_ms(),
        "p99_of_done_ms": flooding.p99_ms(),
        "slowest_s": round(flooding.slowest, 1),
        "normal_after_s": back_after_s,
        "control": {"protection_removed": "bound of how many wait", "statuses": dict(control.statuses)},
    }


# --- connections of the database ------------------------------------------------------------------------------------


def connections(place: Place, *, quick: bool) -> dict[str, Any]:
    """Four times as many programs as there are connections."""
    seconds, control_s = (15, 5) if quick else (120, 20)
    before = place.complaints()
    with place.running() as (proxy, _), watched(place.server) as most:
        crowd = Clients(proxy.port, place.keys, "CA").crowd(4 * MAX_CONNECTIONS, seconds)
    met = place.complaints() - before
    bare = {"DJANGO_SETTINGS_MODULE": "without_pool", "PYTHONPATH": str(scratch.FOLDER)}
    with place.running(threads=64, **bare) as (proxy, _):
        control = Clients(proxy.port, place.keys, "CB").crowd(4 * MAX_CONNECTIONS, control_s)
    met_without = place.complaints() - before - met
    held = (
        not met
        and not crowd.leaks
        and most["all"] <= MAX_CONNECTIONS - FREE
        and {*crowd.statuses} <= {"200", "201", "429", "503"}
        and not crowd.told_no_time
        and met_without
    )
    return {
        "held": bool(held),
        "seconds": seconds,
        "programs": 4 * MAX_CONNECTIONS,
        "max_connections": MAX_CONNECTIONS,
        "most_connections": dict(most),
        "limit_met": met,
        "statuses": dict(crowd.statuses),
        "without_retry_after": crowd.told_no_time,
        "slowest_s": round(crowd.slowest, 1),
        "control": {
            "protection_removed": "pool and few threads",
            "limit_met": met_without,
            "statuses": dict(control.statuses),
        },
    }


@contextmanager
def watched(server: Server) -> Iterator[dict[str, int]]:
    """How many connections there were at most meanwhile, in all and to the queue; this one not counted."""
    import psycopg

    most: dict[str, int] = Counter()
    over = threading.Event()

    def look() -> None:
        with psycopg.connect(server.address, autocommit=True) as connection:
            while not over.wait(0.05):
                every, of_queue = connection.execute(
                    "SELECT count(*), count(*) FILTER (WHERE query ~* 'pgmq|listen') FROM pg_stat_activity"
                    " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                ).fetchone()
                most["all"], most["queue"] = max(most["all"], every), max(most["queue"], of_queue)

    watching = threading.Thread(target=look)
    watching.start()
    try:
        yield most
    finally:
        over.set()
        watching.join()


TRIALS: dict[str, Callable[..., dict[str, Any]]] = {"slow": slow, "flood": flood, "connections": connections}


if __name__ == "__main__":
    main()
