"""Time `assess --all` end to end: load every case, read both rulebooks, store what they say.

Synthetic cases; their assessments are thrown away first, so that every one is stored anew, and then read a second time,
as each night, when nothing has changed. Memory is the peak of the assessing process.

    .venv/bin/python benchmarks/assess.py [--quick] [--cases N]
"""

import argparse
import json
import platform
import resource
import time

import scratch


def main() -> None:
    """Fill, forget, assess twice; print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2,000 cases instead of 100,000")
    parser.add_argument("--cases", type=int, help="this many cases")
    options = parser.parse_args()
    count = options.cases or (2_000 if options.quick else 100_000)
    scratch.prepare()
    started = time.perf_counter()
    scratch.manage("synthesize", str(count), "--centers", "4")
    filling = time.perf_counter() - started
    with scratch.owner() as owner:
        owner.execute("TRUNCATE cases_assessment, cases_deviation, cases_dataquery")
        owner.execute("ANALYZE")
        first = assess(count, expected=count)
        again = assess(count, expected=0)
        (version,) = owner.execute("SHOW server_version").fetchone()
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"assess --all {first:,.0f} cases/s, again {again:,.0f}; peak {peak_mb:.0f} MB")
    print(
        json.dumps(
            {
                "benchmark": "assess",
                "measures": "assess --all, whole process: load, read both rulebooks, store",
                "figure": round(first),
                "unit": "cases/s",
                "again_with_nothing_to_store": round(again),
                "synthesize": round(count / filling),
                "peak_mb_of_any_process": round(peak_mb),
                "ratio": round(again / first, 2),
                "sizes": {"cases": count},
                "versions": {"python": platform.python_version(), "postgresql": version},
            }
        )
    )


def assess(count: int, *, expected: int) -> float:
    """Run the command; cases a second, its start included."""
    started = time.perf_counter()
    said = json.loads(scratch.manage("assess", "--all", "--json"))
    if (said["read"], said["changed"]) != (count, expected):
        raise SystemExit(f"unexpected: {said}")
    return count / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
