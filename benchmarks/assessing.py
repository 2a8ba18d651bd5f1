"""Time what reads all cases again: `assess --all` with nothing and with everything to say, and a draft's preview.

Synthetic cases in four centers, of which the first has half. The nightly reading finds nothing new; a version of the
algorithm that came into force makes every assessment anew. Whole processes, from start to end, on all processors; their
memory is the peak of any. The limit beside it is what the same processors need to load the documents alone. Last, what
both rulebooks add to one save of one case.

    .venv/bin/python benchmarks/assessing.py [--quick | --cases N]
"""

import argparse
import gc
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from unittest import mock

import scratch

CENTERS, SAVES = 4, 60
GOALS = {"assess_s": 60, "preview_s": 90, "rules_add_ms": 30}  # for 100,000 cases; the last one for a save


def main() -> None:
    """Fill, read again, preview, read under another version, load, save; print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2,000 cases instead of 100,000")
    parser.add_argument("--cases", type=int, help="this many cases")
    options = parser.parse_args()
    count = options.cases or (2_000 if options.quick else 100_000)
    scratch.prepare()
    filling = timed(lambda: scratch.manage("synthesize", str(count), "--centers", str(CENTERS)))
    with scratch.owner() as owner:
        owner.execute("VACUUM ANALYZE")  # as PostgreSQL does by itself, a little later
        (version,) = owner.execute("SHOW server_version").fetchone()
    assess(count)  # brings what intake said in the synthetic world to today
    nightly = assess(count, expected=0)
    preview = previewed_and_put_in_force()
    anew = assess(count, expected=count)
    load = timed(load_all) / (os.cpu_count() or 1)
    adds = rules_add()
    print(
        f"assess --all: nothing new {nightly['seconds']} s, all new {anew['seconds']} s;"
        f" preview {preview['seconds']} s; rules add {adds['rules_add_ms']} ms to a save"
    )
    print(
        json.dumps(
            {
                "benchmark": "assessing",
                "measures": "assess --all, whole command on all processors: load, read both rulebooks, store",
                "figure": nightly["cases_s"],
                "unit": "cases/s",
                "nothing_new": nightly,
                "all_new": anew,
                "preview": preview,
                "one_save": adds,
                "limit": "loading the documents alone, on as many processors",
                "load_s": round(load, 1),
                "ratio": round(load / nightly["seconds"], 2),
                "ratio_all_new": round(load / anew["seconds"], 2),
                "synthesize": round(count / filling),
                "goals": GOALS,
                "sizes": {"cases": count, "centers": CENTERS, "processors": os.cpu_count()},
                "versions": {"python": platform.python_version(), "postgresql": version},
            }
        )
    )


def timed(work: Callable[[], Any]) -> float:
    """Seconds of work."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def assess(count: int, *, expected: int | None = None) -> dict[str, float]:
    """Run the command; its seconds, its processor time without that of the database, its peak memory."""
    started = time.perf_counter()
    command = [sys.executable, "manage.py", "assess", "--all", "--json"]
    process = subprocess.Popen(command, cwd=scratch.ROOT, stdout=subprocess.PIPE, text=True)
    said = json.loads(process.stdout.read())  # type: ignore[union-attr]
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    seconds = time.perf_counter() - started
    if said["read"] != count or expected not in (None, said["changed"]):
        raise SystemExit(f"unexpected: {said}")
    return {
        "seconds": round(seconds, 1),
        "cases_s": round(count / seconds),
        "processor_s": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(used.ru_maxrss / 1024),
    }


def previewed_and_put_in_force() -> dict[str, float]:
    """Draft other numbers for two rules, preview them over all cases, put them in force."""
    from cases import versions
    from registry.access import Role
    from registry.models import Membership, User

    first, second = (
        User.objects.create(username=name, email=f"{name}@example.org") for name in ("one", "two")
    )
    for person in (first, second):
        Membership.objects.create(user=person, role=Role.DATA_MANAGER)
    draft = versions.draft(
        version="bench",
        valid_from=date(2020, 1, 1),
        note="To be measured.",
        thresholds={"S-13": {"largest_mm": 19}, "S-17": {"window_months": 7}},
        by=first,
    )
    asked = versions.start_preview(draft, by=first).pk
    processor = time.process_time()
    seconds = timed(lambda: versions.carry_out_preview(asked))
    processor = time.process_time() - processor
    preview = draft.previews.get()
    versions.activate(draft, by=second)
    return {
        "seconds": round(seconds, 1),
        "cases_s": round(preview.cases_read / seconds),
        "processor_s": round(processor, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "cases_changed": preview.cases_changed,
    }


def load_all() -> None:
    """Load every document and let go of it."""
    from cases import document, review
    from cases.models import Case
    from registry import access

    with access.everywhere():
        ids = list(Case.objects.order_by("pk").values_list("pk", flat=True))
        for place in range(0, len(ids), review.CHUNK):
            document.load(ids[place : place + review.CHUNK])


def rules_add() -> dict[str, float]:
    """Save new complete cases one by one, in turn with and without rules: medians in milliseconds."""
    from cases import batches, intake, review, synthesis
    from cases.rulebook.validity import VALIDITY
    from cases.vocabulary import Source

    center = scratch.center("ONE")
    nothing, unsaid = replace(VALIDITY, rules=()), review.Recorded(changed=0, asked=frozenset())
    made = synthesis.documents(2 * SAVES, stream=99, thorough=1.0)
    seconds: dict[bool, list[float]] = {True: [], False: []}
    gc.collect()
    for place, document in enumerate(made):
        with_rules = place % 2 == 0
        with (
            mock.patch.multiple(batches, VALIDITY=VALIDITY if with_rules else nothing),
            mock.patch.object(review, "record", review.record if with_rules else lambda *_, **__: unsaid),
        ):
            save = partial(
                intake.save_case,
                intake.Submission(document=document),
                center=center,
                by=None,
                source=Source.SYNTHETIC,
            )
            seconds[with_rules].append(timed(save))
    with_them, without = (statistics.median(seconds[on]) * 1000 for on in (True, False))
    return {
        "with_rules_ms": round(with_them, 1),
        "without_ms": round(without, 1),
        "rules_add_ms": round(with_them - without, 1),
    }


if __name__ == "__main__":
    main()
