"""Time a report of the whole registry, and a thousand mails of it.

First `manage.py report` as a whole process, from start to end: read every case of the cut, estimate, print the PDF and
the HTML whose digests are kept; at 100 synthetic cases and at 100,000, with its peak of memory; and the time of its
parts in a process that has composed before, as workers have. Then the report goes to 1,000 people: their mails are
written, and handed one by one to a mail server (aiosmtpd) in a process of its own. The limit beside it is the same
messages through smtplib over one open session, without us.

    .venv/bin/python benchmarks/reports.py [--quick]
"""

import argparse
import json
import multiprocessing
import os
import platform
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import scratch

GOALS = {"report_100_s": 3, "report_100000_s": 20, "report_100000_peak_mb": 500, "mails_1000_s": 120}
UNTIL = date(2026, 6, 30)  # the last day of the synthetic world
SOURCE = "synthetic"


def main() -> None:
    """Fill, report, fill further, report, mail; print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 cases instead of 100,000, 100 mails")
    options = parser.parse_args()
    few, many, mails = (100, 1_000, 100) if options.quick else (100, 100_000, 1_000)
    os.environ["LOG_LEVEL"] = "WARNING"
    scratch.prepare()
    small, large = filled(few, centers=5), filled(many, centers=20)
    sent = mailed(mails)  # last, because a process begins with the peak of memory of the one that began it
    with scratch.owner() as owner:
        (version,) = owner.execute("SHOW server_version").fetchone()
    print(
        f"report of {few} cases {small['seconds']} s, in a worker {small['in_a_worker_s']} s;"
        f" of {many:,} {large['seconds']} s, in a worker {large['in_a_worker_s']} s;"
        f" {mails:,} mails {sent['seconds']} s"
    )
    print(
        json.dumps(
            {
                "benchmark": "reports",
                "measures": "manage.py report of the whole registry, whole process; and its mails, written and handed",
                "figure": large["seconds"],
                "unit": "s",
                "few": small,
                "many": large,
                "mails": sent,
                "limit": "the same messages through one session of smtplib",
                "ratio": round(sent["limit_s"] / sent["handing_s"], 2),
                "goals": GOALS,
                "sizes": {"few": few, "many": many, "mails": mails},
                "load_before": round(os.getloadavg()[0], 1),
                "versions": {"python": platform.python_version(), "postgresql": version},
            }
        )
    )


def filled(count: int, *, centers: int) -> dict[str, Any]:
    """Add cases up to this many, and report on them."""
    scratch.manage("synthesize", str(count), "--centers", str(centers), "--until", UNTIL.isoformat())
    with scratch.owner() as owner:
        owner.execute("VACUUM ANALYZE")  # as PostgreSQL does by itself, a little later
    return whole_command() | parts()


def whole_command() -> dict[str, float]:
    """Run `manage.py report`; its seconds, its processor time without that of the database, its peak memory."""
    command = [sys.executable, "manage.py", "report", "--source", SOURCE, "--as-of", UNTIL.isoformat()]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=scratch.ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"manage.py report ended with {process.returncode}")
    return {
        "seconds": round(seconds, 1),
        "processor_s": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(used.ru_maxrss / 1024),
    }


def parts() -> dict[str, float]:
    """Seconds of the parts, and of all in a worker: a process that has composed before."""
    from reports import compose, documents, figures
    from reports.cohorts import Cut

    def read() -> Any:
        with compose.snapshot():
            return compose.compose(Cut(as_of=UNTIL, source=SOURCE))

    read()
    figures.saved(lambda: figures.sheet(10, 10), "png", title="")  # what draws is loaded
    content, composing = timed(read)
    documents.forget()
    _, drawing = timed(lambda: documents.svg_figures(content))
    _, pdf = timed(lambda: documents.pdf(content))
    _, html = timed(lambda: documents.html(content))
    return {
        "composing_s": round(composing, 2),
        "figures_s": round(drawing, 2),
        "pdf_s": round(pdf, 2),
        "html_s": round(html, 2),
        "in_a_worker_s": round(composing + drawing + pdf + html, 2),
        "registered": content.flow[0].n,
    }


def mailed(count: int) -> dict[str, float]:
    """Write a report's mails to this many people, hand them to a server, and hand the same without us."""
    from django.conf import settings

    from registry.access import Role
    from registry.models import Membership, User
    from reports import delivery, issuing, mails

    people = User.objects.bulk_create(
        User(username=f"reader-{n}", email=f"reader-{n}@example.org") for n in range(count)
    )
    Membership.objects.bulk_create(Membership(user=person, role=Role.DATA_MANAGER) for person in people)
    report = issuing.issue(issuing.request(as_of=UNTIL, source=SOURCE).pk, recipients=())
    wanted = User.objects.filter(pk__in=[person.pk for person in people]).prefetch_related("memberships")
    _, writing = timed(lambda: mails.write(report, wanted))
    with mail_server() as (port, taken):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = ""
        _, handing = timed(lambda: _send_all(delivery.send_due))
        if taken.value != count:
            raise SystemExit(f"the server took {taken.value} of {count} mails")
        messages = _messages(report.pk)
        _, limit = timed(lambda: _bare(port, messages))
    return {
        "seconds": round(writing + handing, 1),
        "writing_s": round(writing, 1),
        "handing_s": round(handing, 1),
        "limit_s": round(limit, 1),
        "each_kb": round(len(messages[0][1]) / 1000),
    }


def _send_all(send: Callable[[], dict[str, int]]) -> None:
    while counts := send():
        if set(counts) != {"handed"}:
            raise SystemExit(f"not all mails were taken: {counts}")


def _messages(report_id: int) -> list[tuple[str, bytes]]:
    from registry import access
    from reports.models import Delivery

    with access.everywhere():
        rows = Delivery.objects.filter(report=report_id).select_related("body")
        return [(row.address, row.message) for row in rows.iterator(chunk_size=10)]


def _bare(port: int, messages: list[tuple[str, bytes]]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as session:
        for address, message in messages:
            session.sendmail("registry@example.org", [address], message)


@contextmanager
def mail_server() -> Iterator[tuple[int, Any]]:
    """Run a mail server that counts what it takes, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    port, taken, over = context.Value("i", 0), context.Value("i", 0), context.Event()
    ready = context.Event()
    process = context.Process(target=_serve, args=(port, taken, ready, over), daemon=True)
    process.start()
    try:
        if not ready.wait(30):
            raise SystemExit("the mail server did not begin")
        yield port.value, taken
    finally:
        over.set()
        process.join(10)


def _serve(port: Any, taken: Any, ready: Any, over: Any) -> None:
    import socket

    from aiosmtpd.controller import Controller

    class Counting:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the name is aiosmtpd's
            taken.value += 1
            return "250 taken"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port.value = free.getsockname()[1]
    controller = Controller(Counting(), hostname="127.0.0.1", port=port.value)
    controller.start()
    ready.set()
    over.wait()
    controller.stop()


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What the work gives, and its seconds."""
    started = time.perf_counter()
    made = work()
    return made, time.perf_counter() - started


if __name__ == "__main__":
    main()
