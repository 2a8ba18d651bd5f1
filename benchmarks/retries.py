"""Try the API over a bad network: 10,000 submissions, each sent 1 to 6 times through a proxy that cuts connections
before the request, within its body, before the commit and after it; then 1,000 pairs of corrections of one version.

Web server as in production (gunicorn, two processes), proxy, clients and the embedded database on this machine, fsync
on. What matters are the counts: cases = submissions, one answer for each key, one winner in each pair, nothing of the
500s. The rate is of requests that the server saw, clients and proxy included.

    .venv/bin/python benchmarks/retries.py [--quick]
"""

import argparse
import json
import os
import platform
import time
from typing import Any

import scratch

MACHINES = 8


def main() -> None:
    """Send, count, print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="500 submissions and 100 pairs")
    count, pairs = (500, 100) if parser.parse_args().quick else (10_000, 1_000)
    scratch.prepare()
    from django.db import connection

    from tests.network import CuttingProxy, web_server
    from tests.retries import correct_in_pairs, submit

    center = scratch.center("BENCH")
    keys = machines(center)
    load = os.getloadavg()[0]
    with web_server(VAR_FOLDER=str(scratch.FOLDER)) as port:
        started = time.perf_counter()
        with CuttingProxy(port) as proxy:
            heard = submit(proxy.port, bodies(count), keys)
        seconds = time.perf_counter() - started
        statuses, _ = correct_in_pairs(port, cases_of_pairs(center, pairs), keys)
    with scratch.owner() as owner:
        (stored,) = owner.execute("SELECT count(*) FROM cases_case WHERE case_number LIKE 'R-%'").fetchone()
    print(
        json.dumps(
            {
                "benchmark": "retries",
                "measures": "submissions sent 1 to 6 times each over a network that is cut",
                "figure": stored,
                "unit": "cases",
                "goal": count,
                "keys_with_one_answer": sum(len(answers) == 1 for answers in heard.answers.values()),
                "failures": sum(n for status, n in heard.statuses.items() if status >= 500),
                "asked_to_come_back": heard.statuses[409] + heard.statuses[429],
                "requests": heard.requests,
                "requests_per_second": round((heard.requests - proxy.fates["cut before"]) / seconds, 1),
                "fates": dict(proxy.fates),
                "pairs": pairs,
                "pairs_with_one_winner": statuses.count([200, 412]),
                "sizes": {"submissions": count, "machines": MACHINES},
                "load_before": round(load, 1),
                "versions": {"python": platform.python_version(), "postgresql": connection.pg_version},
            }
        )
    )


def machines(center: Any) -> list[str]:
    """Keys of programs of the center, so that none sends more than one may."""
    from datetime import date

    from registry.access import Role
    from registry.models import Membership, User
    from tests.clients import issue

    center.data_agreement_signed_on = date(2020, 1, 1)
    center.save()
    keys = []
    for place in range(MACHINES):
        user = User.objects.create(username=f"machine{place}")
        Membership.objects.create(user=user, center=center, role=Role.COORDINATOR)
        keys.append(issue(center, user)[1])
    return keys


def bodies(count: int) -> list[bytes]:
    """One resection after the other, each under its number."""
    from cases.document import dump
    from tests.cases.examples import resected

    return [json.dumps({**dump(resected()), "case_number": f"R-{place}"}).encode() for place in range(count)]


def cases_of_pairs(center: Any, count: int) -> list[str]:
    """Cases at version 1, and their addresses."""
    from cases import intake
    from cases.intake import Submission
    from tests.cases.examples import draft

    sent = [Submission(document=draft(f"P-{place}")) for place in range(count)]
    receipts = intake.save_cases(sent, center=center, by=None, source="api")
    return [f"/api/v1/cases/{receipt.case_id}/" for receipt in receipts]


if __name__ == "__main__":
    main()
