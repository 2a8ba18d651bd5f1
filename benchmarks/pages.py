"""Time the pages that people open first, in a small registry and in a large one: server time and database queries.

Synthetic cases in four centers, of which the first has half. Requests go through the whole stack of the web process
(its role, its row security, its limits), without the network; warmed up, 40 a page, p50 and p95. The ratio is that of
the medians, large to small. 100,000 cases take some two minutes to fill on a quiet machine, the requests one.

    .venv/bin/python benchmarks/pages.py [--quick] [--sizes SMALL LARGE]
"""

import argparse
import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from itertools import cycle
from typing import Any

import scratch

REQUESTS, WARM_UP = 40, 6
CENTERS = 4
# Queries, p95 in ms, most ratio of large to small. Pages of the algorithm count all cases each time.
GOALS = {"list": (20, 300, 1.5), "case": (40, 500, 1.5), "counting": (30, 2000, float("inf"))}


def main() -> None:
    """Fill, measure, fill up, measure again; print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="200 and 2,000 cases instead of 1,000 and 100,000"
    )
    parser.add_argument(
        "--sizes", type=int, nargs=2, metavar=("SMALL", "LARGE"), help="these numbers of cases"
    )
    options = parser.parse_args()
    small, large = options.sizes or ((200, 2_000) if options.quick else (1_000, 100_000))
    os.environ["REGISTRY_PROCESS"] = "web"
    scratch.prepare()
    before, after = measure(small), measure(large)
    report(small, large, before, after)


def measure(count: int) -> dict[str, dict[str, float]]:
    """Bring the registry to this size and time every page; the figures by page."""
    from django.db import connection

    started = time.perf_counter()
    scratch.manage("synthesize", str(count), "--centers", str(CENTERS))
    with scratch.owner() as owner:
        owner.execute("VACUUM ANALYZE")  # as PostgreSQL does by itself, a little later
    connection.close()
    print(f"{count:,} cases after {time.perf_counter() - started:.0f} s")
    return {name: timed(*page) for name, page in pages(count).items()}


def pages(count: int) -> dict[str, tuple[Any, Callable[[int], str], str]]:
    """Who asks for which address, and what the goal is; the address of the n-th request."""
    manager, coordinator = people()
    from registry import access
    from registry.bounded import BoundedPaginator
    from registry.models import Center

    with access.everywhere():
        from cases.models import Case

        first = Center.objects.get(code="SYN001").pk
        rows = Case.objects.filter(center=first).order_by("case_number")[:REQUESTS]
        ids = cycle(rows.values_list("pk", flat=True))
        number = rows[0].case_number
        pseudonym = rows[0].patient.registry_id
    last = -(-min(count, BoundedPaginator.most) // 50)
    cases = "/admin/cases/case/"
    fixed = {
        "home": (manager, "/admin/"),
        "home, coordinator": (coordinator, "/admin/"),
        "cases": (manager, cases),
        "cases, coordinator": (coordinator, cases),
        "cases, last page": (manager, f"{cases}?p={last}"),
        "cases, by number": (manager, f"{cases}?o=0"),
        "cases of a center": (manager, f"{cases}?center__id__exact={first}"),
        "cases, common segment": (manager, f"{cases}?segment=infrarenal"),
        "cases, rare segment": (manager, f"{cases}?segment=intracardial"),
        "cases of a year": (manager, f"{cases}?year=2015"),
        "cases overdue": (manager, f"{cases}?overdue=366-"),
        "cases with an open query": (manager, f"{cases}?open=query"),
        "cases, narrowed threefold": (manager, f"{cases}?segment=infrarenal&year=2015&open=deviation"),
        "search of a number": (manager, f"{cases}?q={number[:-1]}"),
        "search of a pseudonym": (manager, f"{cases}?q={pseudonym}"),
        "follow-up due": (manager, "/admin/follow-up/due/"),
        "follow-up lost": (manager, "/admin/follow-up/lost/"),
        "queries": (manager, "/admin/cases/dataquery/"),
        "deviations": (manager, "/admin/cases/deviation/"),
    }
    found: dict[str, tuple[Any, Callable[[int], str], str]] = {
        name: (who, lambda n, address=address: address, "list") for name, (who, address) in fixed.items()
    }
    found["a case"] = (manager, lambda n: f"{cases}{next(ids)}/change/", "case")
    for name, address in {
        "the algorithm": "/admin/algorithm/?source=synthetic",
        "what the registry learns": "/admin/adherence/?source=synthetic",
        "the same, of a year": "/admin/adherence/?source=synthetic&year=2015",
        "a rule, with survival": "/admin/algorithm/S-06/?source=synthetic",
    }.items():
        found[name] = (manager, lambda n, address=address: address, "counting")
    return found


def people() -> list[Any]:
    """Browsers of a data manager, who sees all, and of the coordinator of the first center."""
    from django.test import Client

    from registry.access import Role
    from registry.models import Center, Membership, User

    browsers = []
    for role, center in ((Role.DATA_MANAGER, None), (Role.COORDINATOR, Center.objects.get(code="SYN001"))):
        user, _ = User.objects.get_or_create(username=role.value, defaults={"email": f"{role}@example.org"})
        Membership.objects.get_or_create(user=user, role=role, center=center)
        browser = Client(SERVER_NAME="localhost")
        browser.force_login(user)
        browsers.append(browser)
    return browsers


def timed(browser: Any, address: Callable[[int], str], goal: str) -> dict[str, Any]:
    """Ask for a page again and again; milliseconds at p50 and p95, and the queries of one request."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def ask(n: int) -> None:
        answer = browser.get(address(n))
        if answer.status_code != 200:
            raise SystemExit(f"{address(n)}: {answer.status_code}")

    for n in range(WARM_UP):
        ask(n)
    with CaptureQueriesContext(connection) as seen:
        ask(0)
    queries = len(seen)  # now: the next request empties the connection's log
    gc.collect()
    taken = []
    for n in range(REQUESTS):
        started = time.perf_counter()
        ask(n)
        taken.append((time.perf_counter() - started) * 1000)
    return {
        "p50_ms": round(statistics.median(taken), 1),
        "p95_ms": round(sorted(taken)[int(0.95 * REQUESTS) - 1], 1),
        "queries": queries,
        "goal": goal,
    }


def report(small: int, large: int, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Print a table for people and a line for machines; what misses its goal is marked."""
    from django.db import connection

    print(f"{'':28}{small:>9,} cases{large:>15,} cases")
    print(f"{'':28}{'p50':>8}{'p95':>8}{'p50':>8}{'p95':>8} ms{'ratio':>7}{'queries':>9}")
    figures, missed = {}, []
    for name, now in after.items():
        then = before[name]
        ratio = round(now["p50_ms"] / then["p50_ms"], 2)
        queries, most_ms, most_ratio = GOALS[now.pop("goal")]
        is_missed = now["p95_ms"] > most_ms or now["queries"] > queries or ratio > most_ratio
        missed += [name] if is_missed else []
        print(
            f"{name:28}{then['p50_ms']:8.0f}{then['p95_ms']:8.0f}{now['p50_ms']:8.0f}{now['p95_ms']:8.0f}"
            f"{ratio:10.2f}{now['queries']:9}{'  missed' if is_missed else ''}"
        )
        figures[name] = {**now, "small_p50_ms": then["p50_ms"], "ratio": ratio}
    print(
        json.dumps(
            {
                "benchmark": "pages",
                "measures": "server time of admin pages, p95, whole stack without network",
                "figure": figures["cases"]["p95_ms"],
                "unit": "ms",
                "goal": GOALS["list"][1],
                "ratio": figures["cases"]["ratio"],
                "worst_ratio": max(figure["ratio"] for figure in figures.values()),
                "missed": missed,
                "pages": figures,
                "sizes": {"cases": [small, large], "centers": CENTERS, "requests": REQUESTS},
                "versions": {"python": platform.python_version(), "postgresql": connection.pg_version},
            }
        )
    )


if __name__ == "__main__":
    main()
