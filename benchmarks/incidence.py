"""Time cumulative incidence and Gray's test on 20 groups against R's cmprsk, and what a report needs of 10^7 patients.

Both contestants run alone in their own process on the same rows of whole days with two causes, one BLAS thread. cmprsk
needs R (apt-get install r-base-core r-cran-cmprsk) and is a peer and an oracle alone: no part of the product. Then ours
on ten times as many rows: everything that a report says of an endpoint, from counts.

    .venv/bin/python benchmarks/incidence.py [--quick | --size N --report N]
"""

import argparse
import json
import platform
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from survival import CONTESTANTS, GROUPS, OURS, SEED, YEARS, run

GOALS = {"ratio": 30.0, "report_ms": 500.0}


def main() -> None:
    """Make the rows, let both run, print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20,000 patients and 200,000 for the report")
    parser.add_argument("--size", type=int, help="this many patients (default: 1,000,000)")
    parser.add_argument("--report", type=int, help="this many for the report (default: 10,000,000)")
    options = parser.parse_args()
    size = options.size or (20_000 if options.quick else 1_000_000)
    large = options.report or 10 * size
    ours, theirs = compared(size)
    whole, _ = compared(large, peer=False)
    assert ours is not None
    assert whole is not None
    line = {
        "benchmark": "incidence",
        "measures": "cumulative incidence of two causes and Gray's tests from arrays; a report from counts",
        "figure": round(ours["both_ms"], 3),
        "unit": "ms",
        "peer": theirs["version"] if theirs else None,
        "peer_ms": round(theirs["both_ms"], 1) if theirs else None,
        "ratio": round(theirs["both_ms"] / ours["both_ms"], 1) if theirs else None,
        "report_ms": round(whole["report_ms"], 1),
        "counting_ms": round(whole["counting_ms"], 1),
        "goals": GOALS,
        "sizes": {"patients": size, "report": large, "groups": GROUPS, "days": YEARS * 365},
        "versions": {"python": platform.python_version(), OURS: ours["version"]},
    }
    print(json.dumps(line))


def compared(size: int, *, peer: bool = True) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Run ours, and cmprsk where it is installed; their answers must agree."""
    rscript = shutil.which("Rscript") if peer else None
    with tempfile.TemporaryDirectory() as folder:
        write_patients(size, Path(folder))
        ours = run(OURS, [sys.executable, str(CONTESTANTS / "incidence.py")], folder)
        script = str(CONTESTANTS / "incidence.R")
        theirs = run("cmprsk", [rscript, script, "cmprsk"], folder) if rscript else None
    if ours and theirs:
        for name in ("gray", "incidence_5_years"):
            assert abs(ours[name] - theirs[name]) <= 1e-9 * abs(theirs[name]), name
    return ours, theirs


def write_patients(size: int, folder: Path) -> None:
    """Two Weibull times in whole days, the first of which is the cause, censored uniformly over 20 years."""
    random = np.random.default_rng(SEED)
    group = random.integers(0, GROUPS, size)
    own = random.weibull(0.8, size) * 9000 * np.exp(-0.02 * group)
    other = random.weibull(1.1, size) * 12_000
    censoring = random.uniform(0, YEARS * 365.25, size)
    first = np.minimum(own, other)
    cause = np.where(first > censoring, 0, np.where(own <= other, 1, 2))
    np.floor(np.minimum(first, censoring)).astype("<i4").tofile(folder / "time")
    cause.astype("<i4").tofile(folder / "cause")
    group.astype("<i4").tofile(folder / "group")


if __name__ == "__main__":
    main()
