"""Time a backup of the whole registry and the drill that proves it, at 100,000 synthetic cases, five times over.

Whole commands, from start to end: counting and dumping into an encrypted file; decrypting, restoring, comparing every
table, migrating, checking, verifying the audit trail, signing in. The limit beside it is the dump alone, piped from
pg_dump to pg_restore without encryption, manifest and proof.

    .venv/bin/python benchmarks/backups.py [--quick | --cases N]
"""

import argparse
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import scratch

GOALS = {"restore_s": 600, "drills_passed": 5}
DRILLS = 5


def main() -> None:
    """Fill, back up, drill; print the figures as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 cases instead of 100,000, one drill")
    parser.add_argument("--cases", type=int, help="this many cases")
    options = parser.parse_args()
    cases, drills = options.cases or (1_000 if options.quick else 100_000), 1 if options.quick else DRILLS
    scratch.prepare()
    scratch.manage("synthesize", str(cases), "--centers", "20")
    scratch.manage("audit", "seal")
    key = scratch.FOLDER / "backup.key"
    os.environ["BACKUP_KEY"] = scratch.manage("backup", "--new-key", str(key)).split("=")[1].split()[0]
    with scratch.owner() as owner:  # keeps an embedded server running meanwhile
        owner.execute("VACUUM ANALYZE")
        (version,) = owner.execute("SHOW server_version").fetchone()
        _, making = timed(lambda: scratch.manage("backup", str(scratch.FOLDER)))
        (file,) = scratch.FOLDER.glob("*.age")
        taken = [
            timed(lambda: scratch.manage("restore", str(file), "--key", str(key), "--drill"))
            for _ in range(drills)
        ]
        _, limit = timed(bare)
    seconds = [seconds for _, seconds in taken]
    print(
        json.dumps(
            {
                "benchmark": "backups",
                "measures": "backup and drill of the whole registry, whole commands",
                "figure": round(max(seconds), 1),
                "unit": "s",
                "backup_s": round(making, 1),
                "drills_s": [round(one, 1) for one in seconds],
                "drills_passed": sum("dropped again" in said for said, _ in taken),
                "file_mb": round(file.stat().st_size / 1e6, 1),
                "said": taken[-1][0].strip(),
                "limit": "pg_dump piped to pg_restore",
                "limit_s": round(limit, 1),
                "ratio": round(limit / max(seconds), 2),
                "goals": GOALS,
                "sizes": {"cases": cases},
                "load_before": round(os.getloadavg()[0], 1),
                "versions": {"python": platform.python_version(), "postgresql": version},
            }
        )
    )


def bare() -> None:
    """Copy the database as it is, into another."""
    import psycopg

    from registry.backup import programs, proving
    from registry.database import embedded, roles

    name, found = "registry_bare", Path(embedded.programs(None))
    roles.make(programs.address("postgres", owner=False), database=name, can_login=True)
    try:
        dump = subprocess.Popen(
            [found / "pg_dump", "--format=custom", "--exclude-schema=pgmq", f"--dbname={programs.address()}"],
            stdout=subprocess.PIPE,
        )
        subprocess.run(
            [
                found / "pg_restore",
                "--single-transaction",
                "--no-owner",
                f"--dbname={programs.address(name)}",
            ],
            stdin=dump.stdout,
            check=True,
        )
        if dump.wait():
            raise SystemExit("pg_dump failed")
        psycopg.connect(programs.address(name)).close()
    finally:
        proving.drop(name)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What the work gives, and its seconds."""
    started = time.perf_counter()
    made = work()
    return made, time.perf_counter() - started


if __name__ == "__main__":
    main()
