"""Time life tables from PostgreSQL as reports make them, beside the bare GROUP BY of the same patients.

Survival observations of 20 centers in a scratch database, row security on, as a web process or a worker reads them:
the query of reports/cohorts.py with its life table. Beside it, in the same run and in turn, the same GROUP BY by hand:
as the owner of the tables, past row security, without sandboxes, Django and life table, from the index alone.
Medians.

    .venv/bin/python benchmarks/cohorts.py [--quick | --sizes N ...] [--plans]
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import scratch

CENTERS, ROUNDS = 20, 7
AS_OF = date(2026, 1, 1)
GOAL = 1.3
# Weibull times in whole days and uniform censoring over 20 years, as in benchmarks/survival.py; a tenth is no index
# resection. random() is seeded, so each run has the same rows.
FILL = """
WITH made AS (
  SELECT i, 1 + i %% {centers} AS place, power(-ln(1 - random()), 1.25) * 9000 AS death, random() * 7305 AS seen,
         random() AS main, random() AS a, random() AS b
  FROM generate_series(%s::int, %s::int) AS i
)
INSERT INTO cases_survivalobservation (case_id, center_id, source, in_main_curve, origin_on, followed_days, death_days,
  death_is_dated, death_cause, recurrence_kind, is_followed, imputed_dates, sex, level, segment, size, growth_pattern,
  margin, grade, resection_type, ivc_method, material, era, recurrence_days, in_reports)
SELECT i, (%s::bigint[])[place], 'import', main < 0.9, date '2005-12-31' + (7305 - seen)::int,
  CASE WHEN death > seen THEN floor(seen)::int END, CASE WHEN death <= seen THEN floor(death)::int END,
  true, CASE WHEN a < 0.8 THEN 'disease' ELSE 'other' END, '', death > seen, 0,
  CASE WHEN a < 0.7 THEN 'female' ELSE 'male' END, (ARRAY['lower','middle','upper'])[1 + (3 * b)::int %% 3],
  'infrarenal',
  'T' || (1 + (4 * a)::int %% 4), (ARRAY['intravasal','extravasal','mixed'])[1 + (3 * a)::int %% 3],
  (ARRAY['R0','R1','R2',''])[1 + (4 * b)::int %% 4], 'G' || (1 + (3 * b)::int %% 3), 'circumferential', 'tube_graft',
  'ptfe',
  '20' || (1 + (seen < 3652)::int) || '0s', CASE WHEN b < 0.3 THEN floor(least(death, seen) * b)::int END, true
FROM made
"""
BARE = """
SELECT {stratum}, least(coalesce(death_days, followed_days), date '{as_of}' - origin_on) AS day,
       count(*) FILTER (WHERE death_days <= date '{as_of}' - origin_on), count(*)
FROM cases_survivalobservation
WHERE in_main_curve AND in_reports AND source = ANY ('{{admin,api,import}}') AND origin_on <= '{as_of}'
  AND (death_days IS NOT NULL OR followed_days IS NOT NULL)
GROUP BY 1, 2 ORDER BY 1, 2
"""


def main() -> None:
    """Fill, measure, fill up, measure again; print one line of JSON for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 observations instead of 10^6 and 10^7")
    parser.add_argument("--sizes", type=int, nargs="+", help="these numbers of observations")
    parser.add_argument("--plans", action="store_true", help="print the plans of both queries")
    options = parser.parse_args()
    scratch.prepare()
    there, centers = 0, [scratch.center(f"C{i:02}").pk for i in range(CENTERS)]
    for size in options.sizes or ([100_000] if options.quick else [1_000_000, 10_000_000]):
        fill(there + 1, size, centers)
        there = size
        measure(size, centers, plans=options.plans)


def fill(first: int, last: int, centers: list[int]) -> None:
    """Add observations, and let PostgreSQL look at them, as it does by itself a little later."""
    with scratch.owner() as owner:
        # There are no cases behind these rows, which no query here looks for.
        key = "cases_survivalobservation_case_id_of_center"
        owner.execute(f"ALTER TABLE cases_survivalobservation DROP CONSTRAINT IF EXISTS {key}")
        owner.execute("SELECT setseed(0.26)")
        owner.execute(FILL.format(centers=CENTERS), [first, last, centers])
        owner.execute("VACUUM (ANALYZE) cases_survivalobservation")


def measure(size: int, centers: list[int], *, plans: bool) -> None:
    """Time each stratum, ours and bare in turn."""
    from registry import access

    found = {}
    with access.scope(centers), scratch.owner() as owner:
        for stratum in ("", "margin", "center"):
            found[stratum or "everybody"] = compared(owner, stratum, plans=plans)
    worst = max(found, key=lambda name: found[name]["ratio"])
    line = {
        "benchmark": "cohorts",
        "measures": "life tables from PostgreSQL against the bare index-only GROUP BY",
        "figure": found["margin"]["life_table_ms"],
        "unit": "ms",
        "peer": "bare GROUP BY as the owner",
        "ratio": found[worst]["ratio"],
        "goal": GOAL,
        "by_stratum": found,
        "sizes": {"observations": size, "centers": CENTERS},
        "versions": {"python": platform.python_version(), "postgresql": version()},
    }
    print(json.dumps(line))


def compared(owner: Any, stratum: str, *, plans: bool) -> dict[str, float]:
    """Medians of one stratum; what the bare query counts must be what the life table holds."""
    from reports import cohorts, survival
    from reports.cohorts import Cut

    cut = Cut(as_of=AS_OF)
    column = {"": "1", "center": "center_id"}.get(stratum, stratum)
    bare_query = BARE.format(stratum=column, as_of=AS_OF)

    # From the index alone, whatever PostgreSQL thinks of it.
    owner.execute("SET enable_seqscan = off")
    owner.execute("SET enable_bitmapscan = off")

    def bare() -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = owner.execute(bare_query).fetchall()
        return rows

    def ours() -> Any:
        return cohorts.life_table(cut, stratum=stratum)

    table, rows = ours(), bare()
    assert int(table.size.sum()) == sum(row[-1] for row in rows)
    assert int(table.failed.sum()) == sum(row[-2] for row in rows)
    if plans:
        show_plans(owner, bare_query, ours)
    tables, bares = in_turn(ours, bare)
    (estimates,) = in_turn(lambda: (survival.kaplan_meier(table), survival.logrank(table)))
    return {
        "life_table_ms": round(1000 * tables, 1),
        "bare_ms": round(1000 * bares, 1),
        "ratio": round(tables / bares, 2),
        "estimates_ms": round(1000 * estimates, 1),
        "rows": len(rows),
    }


def in_turn(*tasks: Callable[[], Any]) -> list[float]:
    """Median seconds of each, one run of each after the other, so that a busy moment hits all alike."""
    spent: list[list[float]] = [[] for _ in tasks]
    for _ in range(ROUNDS):
        for task, times in zip(tasks, spent, strict=True):
            start = time.perf_counter()
            task()
            times.append(time.perf_counter() - start)
    return [statistics.median(times) for times in spent]


def show_plans(owner: Any, bare_query: str, ours: Callable[[], Any]) -> None:
    """Print how PostgreSQL goes about both."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for (line,) in owner.execute(f"EXPLAIN (ANALYZE, BUFFERS) {bare_query}").fetchall():
        print("bare ", line)
    with CaptureQueriesContext(connection) as seen:
        ours()
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + seen[-1]["sql"])
        for (line,) in cursor.fetchall():
            print("ours ", line)


def version() -> str:
    """PostgreSQL's version."""
    from django.db import connection

    return f"{connection.pg_version // 10000}.{connection.pg_version % 10000}"


if __name__ == "__main__":
    main()
