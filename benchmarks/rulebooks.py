"""How many cases a second both rulebooks read on one core, over full, loaded documents.

The documents are synthetic, some 95 values and 16 rows each. What is promised is 10,000 cases a second for the verdicts
of both rulebooks. Prints one JSON line last.

    .venv/bin/python benchmarks/rulebooks.py [--quick]
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.settings")

AS_OF = date(2026, 6, 30)
CONTRACT = 10_000


def main() -> None:
    """Read the documents several times and print the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="500 cases instead of 4,000")
    options = parser.parse_args()
    django.setup()
    count, runs = (500, 5) if options.quick else (4000, 9)
    figures = {name: round(count / seconds) for name, seconds in measured(count, runs).items()}
    line = {
        "benchmark": "rulebooks",
        "measures": "validity and algorithm over loaded documents, one core",
        "figure": figures["verdicts"],
        "unit": "cases/s",
        "limit": CONTRACT,
        "ratio": round(figures["verdicts"] / CONTRACT, 2),
        "with_findings_and_sentences": figures["findings"],
        "completeness": figures["complete"],
        "sizes": {"cases": count, "runs": runs, "rules": rules_read()},
        "versions": {"python": platform.python_version(), "django": django.__version__},
    }
    print(f"both rulebooks, {rules_read()} rules: {figures['verdicts']:,} cases/s")
    print(json.dumps(line))


def rules_read() -> int:
    """How many rules a case is read by."""
    from cases.rulebook.algorithm import ALGORITHM
    from cases.rulebook.validity import VALIDITY

    return sum(rule.is_read for book in (VALIDITY, ALGORITHM) for rule in book.rules)


def measured(count: int, runs: int) -> dict[str, float]:
    """Median processor seconds of each piece of work over all documents, made anew for each run."""
    from cases import synthesis
    from cases.rulebook import completeness, engine
    from cases.rulebook.algorithm import ALGORITHM
    from cases.rulebook.validity import VALIDITY

    def verdicts(document: Any) -> None:
        engine.read(VALIDITY, document, AS_OF)
        engine.read(ALGORITHM, document, AS_OF)

    def findings(document: Any) -> None:
        engine.read(VALIDITY, document, AS_OF).findings  # noqa: B018 - making them is what is measured
        engine.read(ALGORITHM, document, AS_OF).findings  # noqa: B018

    def complete(document: Any) -> None:
        completeness.missing_answers(document)

    findings(next(synthesis.documents(1)))  # compiles the rulebooks
    seconds: dict[str, list[float]] = {}
    for _ in range(runs):
        for work in (verdicts, findings, complete):
            documents = list(synthesis.documents(count))  # anew: nothing derived is remembered
            started = time.process_time()
            for document in documents:
                work(document)
            seconds.setdefault(work.__name__, []).append(time.process_time() - started)
    return {name: statistics.median(each) for name, each in seconds.items()}


if __name__ == "__main__":
    main()
