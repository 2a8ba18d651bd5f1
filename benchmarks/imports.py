"""Time the import of a file as a worker does it: the check that saves nothing, then the import of what was checked.

A CSV file of synthetic drafts (some 63 values in 18 form rows each), uploaded, its columns confirmed as proposed, then
checked and imported by the worker's own function in this process, on the embedded database, fsync on. Beside it, in
the same run, the raw intake of the very same documents in batches of the same size: what reading the file, comparing
old and new, and keeping a row for each row costs on top.

    .venv/bin/python benchmarks/imports.py [--quick]
"""

import argparse
import csv
import io
import json
import platform
import statistics
import time
from typing import Any

import intake as raw
import scratch


def main() -> None:
    """Import some rounds of files, write the same documents raw, print the medians as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="1,000 cases in one round instead of 5,000 in three"
    )
    quick = parser.parse_args().quick
    count, rounds = (1_000, 1) if quick else (5_000, 3)
    scratch.prepare()
    from django.db import connection

    from cases import synthesis
    from cases.importing import running

    raw.settle(list(synthesis.documents(raw.BATCH, stream=rounds, thorough=0.0)))
    seconds: dict[str, list[float]] = {"check": [], "import": [], "check again": [], "intake": []}
    for number in range(rounds):
        documents = list(synthesis.documents(count, stream=number, thorough=0.0))
        content = flattened(documents)
        center, by = staffed(f"I{number}")
        for step, taken in steps(content, center, by, saves=True).items():
            seconds[step].append(taken)
        seconds["check again"].append(steps(content, center, by, saves=False)["check"])
        beside = scratch.center(f"R{number}")
        seconds["intake"].append(raw.write(documents, beside, batch=running.CHUNK, source="import"))
    rates = {name: count / statistics.median(taken) for name, taken in seconds.items()}
    for name, rate in rates.items():
        print(f"{name:12} {rate:10,.0f} rows/s")
    print(
        json.dumps(
            {
                "benchmark": "imports",
                "measures": f"rows of a CSV file of {count} new cases, in chunks of {running.CHUNK}",
                "figure": round(rates["import"]),
                "unit": "rows/s",
                "check": round(rates["check"]),
                "check_of_what_is_there": round(rates["check again"]),
                "intake_of_the_same_documents": round(rates["intake"]),
                "ratio": round(rates["import"] / rates["intake"], 2),
                "ratio_of_check": round(rates["check"] / rates["intake"], 2),
                "sizes": {"cases": count, "rounds": rounds, "file_MiB": round(len(content) / 2**20, 1)},
                "versions": {"python": platform.python_version(), "postgresql": connection.pg_version},
            }
        )
    )


def staffed(code: str) -> tuple[Any, Any]:
    """Make a center and somebody who may import there."""
    from registry.models import Membership, User

    center = scratch.center(code)
    person = User.objects.create(username=f"importer-{code}")
    Membership.objects.create(user=person, center=center, role="coordinator")
    return center, person


def steps(content: bytes, center: Any, by: Any, *, saves: bool) -> dict[str, float]:
    """Take a file through its check and, if it is to be saved, its import; the seconds that each took a worker."""
    from cases import importing
    from cases.importing import mapping
    from registry import access

    with access.scope([center.pk]):
        batch = importing.upload(content, file_name="cases.csv", center=center, by=by)
        heads = mapping.heads_of(batch)
        chosen = {head.name: found for head, found in zip(heads, mapping.proposed(batch), strict=True)}
        importing.check(batch, fields=chosen, blank_erases=False, by=by, seen_round=batch.round)
    taken = {"check": worked(batch, "checked")}
    if saves:
        with access.scope([center.pk]):
            batch.refresh_from_db()
            importing.commit(batch, by=by, seen_round=batch.round)
        taken["import"] = worked(batch, "done")
    return taken


def worked(batch: Any, state: str) -> float:
    """Let a worker do what waits; returns the seconds it took."""
    from cases import importing
    from registry import access

    started = time.perf_counter()
    importing.apply(batch.pk)
    seconds = time.perf_counter() - started
    with access.scope([batch.center_id]):
        batch.refresh_from_db()
    if batch.state != state or batch.verdicts["counts"]["rejected"]:
        raise SystemExit(f"{batch.state}: {batch.verdicts}")
    return seconds


def flattened(documents: list[Any]) -> bytes:
    """The CSV file that says these documents."""
    from cases.document import dump
    from cases.flat.columns import sorted_names

    rows = [dict(leaves(dump(document), "")) for document in documents]
    names = sorted_names({name for row in rows for name in row})
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def leaves(value: Any, place: str) -> Any:
    """Every answer of a document with its column, as people write it; a reason for absence in its field's column."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from leaves(below, place if name == "missing" else f"{place}.{name}".lstrip("."))
    elif isinstance(value, list) and isinstance(value[0], dict):
        for number, below in enumerate(value, start=1):
            yield from leaves(below, f"{place}.{number}")
    else:
        told = "|".join(value) if isinstance(value, list) else value
        yield place, str(told).lower() if isinstance(told, bool) else told


if __name__ == "__main__":
    main()
