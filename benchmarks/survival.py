"""Time Kaplan-Meier with limits and the log-rank test on 20 groups against every peer that installs.

Each contestant runs alone in its own process on the same rows, one BLAS thread, medians of repeated runs.
Peers live in their own environment under var/, made on first use; R and prodlim take part where R is there.

    .venv/bin/python benchmarks/survival.py [--quick] [--size N]
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
CONTESTANTS = Path(__file__).parent / "contestants"
PEER_PYTHON = ROOT / "var" / "bench-venv" / "bin" / "python"
PEER_PACKAGES = ("lifelines==0.30.3", "scikit-survival==0.28.0", "statsmodels==0.15.0", "numpy==2.4.6")
GROUPS, YEARS, SEED = 20, 20, 20260101
OURS = "registry"


def main() -> None:
    """Make the rows, let each contestant run, print a table and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20,000 patients instead of 1,000,000")
    parser.add_argument("--size", type=int, help="this many patients")
    options = parser.parse_args()
    size = options.size or (20_000 if options.quick else 1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        write_patients(size, Path(folder))
        results = {name: result for name, command in contestants() if (result := run(name, command, folder))}
    show(results)
    peers = {name: round(result["both_ms"], 3) for name, result in results.items() if name != OURS}
    fastest = min(peers, key=peers.__getitem__, default=None)
    ours = results[OURS]["both_ms"]
    line = {
        "benchmark": "survival",
        "measures": "Kaplan-Meier with limits and log-rank from arrays",
        "figure": round(ours, 3),
        "unit": "ms",
        "peer": fastest,
        "ratio": round(peers[fastest] / ours, 1) if fastest else None,
        "peers_ms": peers,
        "sizes": {"patients": size, "groups": GROUPS, "days": YEARS * 365},
        "versions": {"python": platform.python_version()} | {n: r["version"] for n, r in results.items()},
    }
    print(json.dumps(line))


def write_patients(size: int, folder: Path) -> None:
    """Weibull times in whole days, censored uniformly over 20 years, 20 groups that differ a little."""
    random = np.random.default_rng(SEED)
    group = random.integers(0, GROUPS, size)
    death = random.weibull(0.8, size) * 9000 * np.exp(-0.02 * group)
    censoring = random.uniform(0, YEARS * 365.25, size)
    np.floor(np.minimum(death, censoring)).astype("<i4").tofile(folder / "time")
    (death <= censoring).astype("<i4").tofile(folder / "event")
    group.astype("<i4").tofile(folder / "group")


def contestants() -> list[tuple[str, list[str]]]:
    """Each contestant's name and command."""
    script = str(CONTESTANTS / "survival.py")
    found = [(OURS, [sys.executable, script, OURS])]
    if peers_are_installed():
        names = ("statsmodels", "lifelines", "scikit-survival")
        found += [(name, [str(PEER_PYTHON), script, name]) for name in names]
    if rscript := shutil.which("Rscript"):
        script = str(CONTESTANTS / "survival.R")
        found += [(name, [rscript, script, name]) for name in ("R survival", "R prodlim")]
    return found


def peers_are_installed() -> bool:
    """Make the peers' environment, unless it is there; without a network they stay out."""
    if not PEER_PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", PEER_PYTHON.parents[1]], check=True)
    pip = [sys.executable, "-m", "pip", "--python", PEER_PYTHON, "--disable-pip-version-check", "install"]
    done = subprocess.run([*pip, "--quiet", *PEER_PACKAGES], stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def run(name: str, command: list[str], folder: str) -> dict[str, Any] | None:
    """Run one contestant; None, with a word why, if it is not installed."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, folder], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{name} left out: {(done.stderr.strip().splitlines() or ['no message'])[-1]}", file=sys.stderr)
        if name == OURS:
            sys.exit(1)
        return None
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if "both_ms" not in result:
        result["both_ms"] = result["kaplan_meier_ms"] + result["logrank_ms"]
    return result


def show(results: dict[str, dict[str, Any]]) -> None:
    """Print medians, ratios to ours, and whether the answers agree."""
    ours = results[OURS]
    print(f"{'':18}{'Kaplan-Meier':>14}{'log-rank':>12}{'both':>12}{'ratio':>8}  same answer")
    for name, result in results.items():
        same = all(
            abs(result[key] - ours[key]) <= 1e-9 * abs(ours[key])
            for key in ("chi_square", "survival_5_years")
        )
        print(
            f"{name:18}{result['kaplan_meier_ms']:11.1f} ms{result['logrank_ms']:9.1f} ms"
            f"{result['both_ms']:9.1f} ms{result['both_ms'] / ours['both_ms']:8.1f}  {'yes' if same else 'NO'}"
        )


if __name__ == "__main__":
    main()
