"""Run the long form of every proof of trust, one after the other, and write what was measured into docs/evidence.md.

Each goal is a row: what is promised, the command that tries it, the figure, and when it was measured on which program.
Rows of goals that are not run now stay as they were. Some hours; `make soak GOALS="G6 G7"` for some.

    .venv/bin/python benchmarks/soak.py [GOAL ...]
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EVIDENCE = ROOT / "docs" / "evidence.md"
PYTEST = ("-m", "pytest", "-p", "no:xdist")  # quiet by itself; quieter, it would not say how many passed
HEAD = """\
# Evidence

What was promised of safety and of lasting, how it was tried, and what was measured: the long forms, on the program as
it is shipped (real keys, row security, audit trail on). `make soak` runs them and writes this page; `make test` runs a
short form of each, with the controls that must go red. Tests here ran with NIGHTLY=1, which adds the longest controls.
A row names the version that it was measured on. What is not here was not measured.

| goal | promise | command | figure | measured |
|---|---|---|---|---|
"""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One promise and the command that tries it; `tell` reads its figure from the last line, or the tests' summary."""

    promise: str
    command: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)
    tell: Callable[[dict[str, Any]], str] | None = None

    @property
    def shown(self) -> str:
        """The command as a person types it."""
        words = [*(f"{name}={value}" for name, value in self.variables.items()), *self.command]
        return shlex.join(words).replace(" ".join(PYTEST[1:]), "pytest").replace("-m pytest", "pytest")


def _of(*names: str) -> Callable[[dict[str, Any]], str]:
    """Tell these figures of a benchmark's line."""

    def tell(said: dict[str, Any]) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {_value(said, name)}" for name in names)

    return tell


def _value(said: dict[str, Any], name: str) -> Any:
    for step in name.split("."):
        said = said[step]
    return said


GOALS: dict[str, Goal] = {
    "G1": Goal(
        promise="60 submissions/s for ten minutes, p99 300 ms, no error",
        command=("benchmarks/api.py", "--seconds", "600", "--clients", "8"),
        tell=lambda said: json.dumps({name: said[name] for name in ("submit", "read") if name in said}),
    ),
    "G2 R1": Goal(
        promise="10,000 submissions sent 1 to 6 times over a cut network: each case once; 1,000 pairs: one winner each",
        command=("benchmarks/retries.py",),
        tell=_of("figure", "keys_with_one_answer", "failures", "pairs_with_one_winner"),
    ),
    "G2 R2": Goal(
        promise="200 SIGKILL of composers and of senders: no mail lost, copies identical",
        command=(*PYTEST, "tests/reports/test_issuing.py", "tests/reports/test_delivery.py"),
        variables={"KILLS": "200"},
    ),
    "G2 R3": Goal(
        promise="50 times all messages thrown away under load: no work lost; without the reconciler it is",
        command=(*PYTEST, "tests/registry/test_jobs.py", "-k", "emptied"),
        variables={"FLUSHES": "50"},
    ),
    "G2 R3 restarts": Goal(
        promise="50 restarts of RabbitMQ under load: each submission saved or told to wait, all done in 5 minutes",
        command=(*PYTEST, "tests/registry/test_broker_restarts.py"),
        variables={"BROKER_RESTARTS": "50"},
    ),
    "G2 R6": Goal(
        promise="web, worker and scheduler 26 hours behind and ahead of the database: nothing decided wrongly",
        command=(*PYTEST, "tests/registry/test_clocks.py"),
    ),
    "G2 R7": Goal(
        promise="a held row: who waits is answered within 3 s, who holds it idle is ended within 15 s",
        command=(*PYTEST, "tests/registry/test_held_up.py"),
    ),
    "G2 R8": Goal(
        promise="a release is installed under load: no answer 5xx or none, nothing lost; a renamed column is noticed",
        command=("benchmarks/upgrade.py",),
        tell=_of(
            *("figure", "migrations", "migrating_s", "requests", "p99_ms", "longest_wait_ms"),
            *("acknowledged", "lost", "set_aside", "control.failures"),
        ),
    ),
    "G2 R9": Goal(
        promise="20 times a full disk under load: no case lost, only 201 and 503, again within 60 s; the control loses",
        command=("benchmarks/full_disk.py",),
        tell=_of(
            *(
                "fillings",
                "database_stopped",
                "acknowledged",
                "lost",
                "wrong_answers",
                "statuses",
                "while_full",
            ),
            *("recovery_s", "damaged_pages", "control.lost"),
        ),
    ),
    "G2 R10": Goal(
        promise="a task that ends its process among 1,000 others: set aside at 3, the others done, the worker alive",
        command=(*PYTEST, "tests/registry/test_jobs.py", "-k", "poison"),
        variables={"POISONED_AMONG": "1000"},
    ),
    "G2 R14": Goal(
        promise="each birth on 29 February from 1900 on, each day until 2100: the age that PostgreSQL counts",
        command=(*PYTEST, "tests/cases/test_leap_days.py"),
    ),
    "G2 R15": Goal(
        promise="500 slow connections for five minutes: p99 of others at most doubled; without the proxy all wait",
        command=("benchmarks/overload.py", "slow"),
        tell=_of(
            "slow.open", "slow.p99_alone_ms", "slow.p99_beside_ms", "slow.ratio", "slow.control.statuses"
        ),
    ),
    "G2 R16": Goal(
        promise="five schedulers, 1,000 times of the schedule: each rung for once",
        command=(*PYTEST, "tests/registry/test_slots.py", "-k", "schedulers"),
        variables={"SLOT_MINUTES": "250"},
    ),
    "G2 R17": Goal(
        promise="ten times the load for two minutes: only 2xx, 429, 503, each case once, as before within 30 s",
        command=("benchmarks/overload.py", "flood"),
        tell=_of(
            "flood.sent_per_second",
            "flood.statuses",
            "flood.without_retry_after",
            "flood.acknowledged",
            "flood.lost",
            "flood.twice",
            "flood.normal_after_s",
            "flood.control.statuses",
        ),
    ),
    "G2 R18": Goal(
        promise="1,000 documents, 100 bad: 900 saved, 100 named; again, and after a kill: nothing added, the same end",
        command=(*PYTEST, "tests/cases/test_api_imports.py", "-k", "thousand or killed"),
    ),
    "G2 R19": Goal(
        promise="50 restarts of web, worker, sender and scheduler under load: no 5xx, nothing lost or done twice",
        command=(*PYTEST, "tests/registry/test_restarts.py"),
        variables={"RESTARTS": "50"},
    ),
    "G2 R20": Goal(
        promise="four times as many programs as connections: nobody meets the limit, ten stay free, who waits is told",
        command=("benchmarks/overload.py", "connections"),
        tell=_of(
            "connections.programs",
            "connections.most_connections",
            "connections.limit_met",
            "connections.statuses",
            "connections.slowest_s",
            "connections.control.limit_met",
        ),
    ),
    "G2 R21": Goal(
        promise="1,000 copies with one bit changed, and cut ones: each noticed, nothing restored",
        command=(*PYTEST, "tests/registry/test_backup.py", "-k", "damage"),
        variables={"DAMAGED": "1000"},
    ),
    "G2 R5": Goal(
        promise="45 ways a mail server misbehaves, 100 mails each: every mail in the state that operations.md says",
        command=(*PYTEST, "tests/reports/test_misbehaving_servers.py"),
        variables={"MAILS": "100"},
    ),
    "G2 R12": Goal(
        promise="200 reports while 50 files of 120 rows come in: each file wholly or not at all, in all parts",
        command=(*PYTEST, "tests/reports/test_one_moment.py"),
        variables={"REPORTS": "200", "IMPORTS": "50", "ROWS": "120"},
    ),
    "G2 R22": Goal(
        promise="the n-th statement, commit or word to a mail server fails, for every n: all or nothing, and once",
        command=(*PYTEST, "tests/test_faults.py"),
        variables={"EVERY": "1"},
    ),
    "G3": Goal(
        promise="50,000 made-up requests in every role, no answer 5xx, nothing undocumented",
        command=(*PYTEST, "-m", "made_up"),
        variables={"MADE_UP_SECONDS": "400"},
    ),
    "G4 matrix": Goal(
        promise="every address, method, person and ownership: what the policy says, and nothing of other centers",
        command=(*PYTEST, "tests/matrix"),
        variables={"MATRIX": "whole"},
    ),
    "G4 mutants": Goal(
        promise="each permission taken away: 98% of that noticed by a test",
        command=("benchmarks/mutants.py",),
        tell=_of("figure", "mutants", "killed", "alive"),
    ),
    "G5 routes": Goal(
        promise="every audited table by 12 ways of writing: an event for each",
        command=(*PYTEST, "tests/registry/test_audit_routes.py"),
    ),
    "G5 tampering": Goal(
        promise="200 tamperings as owner of the tables: all found",
        command=(*PYTEST, "tests/registry/test_audit_chain.py"),
        variables={"TAMPERINGS": "200"},
    ),
    "G5 erasures": Goal(
        promise="200 of 400 erased: in no list, report, export, kept answer or audit payload, nor after a restore",
        command=(*PYTEST, "tests/reports/test_erasing.py"),
        variables={"ERASURES": "200"},
    ),
    "G6": Goal(
        promise="100 crashes of the database under load: no acknowledged case lost; the control loses",
        command=("benchmarks/crashes.py",),
        tell=_of("crashes_under_load", "acknowledged", "lost", "without_event", "statuses", "control.lost"),
    ),
    "G7": Goal(
        promise="restore of 100,000 cases within 10 minutes, proved five times",
        command=("benchmarks/backups.py",),
        tell=_of("backup_s", "drills_s", "drills_passed", "file_mb"),
    ),
    "G8": Goal(
        promise="1,000 pairs for each two doors of a case and of an answer: one wins, the other is told",
        command=(*PYTEST, "tests/cases/test_at_once.py", "-k", "pair"),
        variables={"PAIRS": "1000"},
    ),
    "G10": Goal(
        promise="60 texts that try to run, in every field that takes one, on every page in Chromium: none does",
        command=(*PYTEST, "tests/browser/test_scripts_in_texts.py"),
        variables={"POLYGLOT_ROUNDS": "60"},
    ),
    "G11": Goal(
        promise="a day of use: nothing of patients, people or keys in the log",
        command=(*PYTEST, "tests/registry/test_logs.py"),
    ),
    "G13": Goal(
        promise="48 changes of the clock in 6 zones: each time of the schedule once",
        command=(*PYTEST, "tests/registry/test_slots.py", "-k", "clock"),
    ),
    "G15": Goal(
        promise="bandit: nothing medium or high; a bill of materials; no known vulnerability, where that can be asked",
        command=(".ci/audit.py",),
    ),
}


def main() -> None:
    """Run what is named, or all, and write the page after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "goals", nargs="*", metavar="GOAL", help=f"of {', '.join(GOALS)}; or the first word of several"
    )
    wanted = parser.parse_args().goals
    chosen = [name for name in GOALS if not wanted or name in wanted or name.split()[0] in wanted]
    if not chosen:
        parser.error(f"there is no such goal; goals: {', '.join(GOALS)}")
    failed = [name for name in chosen if not keep(name, *measured(name))]
    if failed:
        raise SystemExit(f"fell short: {', '.join(failed)}")


def measured(name: str) -> tuple[bool, str]:
    """Run one; whether it held, and its figure."""
    goal = GOALS[name]
    print(f"{name}: {goal.shown}", flush=True)
    done = subprocess.run(
        [sys.executable, *goal.command],
        cwd=ROOT, env={**os.environ, "NIGHTLY": "1", **goal.variables}, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(done.stdout, flush=True)  # what fell short after an hour would have to be run again to be known
    lines = [line for line in done.stdout.splitlines() if line.strip()] or ["it said nothing"]
    try:
        figure = goal.tell(json.loads(lines[-1])) if goal.tell else lines[-1].strip("= ")
    except (ValueError, KeyError):
        figure = lines[-1]
    return done.returncode == 0, figure if done.returncode == 0 else f"**fell short**: {figure}"


def keep(name: str, held: bool, figure: str) -> bool:
    """Write the row of a goal, in the order of the goals; whether it held."""
    goal = GOALS[name]
    version = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    ).stdout.strip()
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {version}, load {os.getloadavg()[0]:.1f}"
    rows = {row.split("|")[1].strip(): row for row in _rows()}
    rows[name] = f"| {name} | {goal.promise} | `{goal.shown}` | {_plain(figure)} | {when} |"
    order = [*GOALS, *(other for other in rows if other not in GOALS)]
    EVIDENCE.write_text(HEAD + "".join(f"{rows[one]}\n" for one in order if one in rows), encoding="utf-8")
    return held


def _rows() -> list[str]:
    text = EVIDENCE.read_text(encoding="utf-8") if EVIDENCE.exists() else ""
    return [line for line in text.splitlines() if re.match(r"\| G\d", line)]


def _plain(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


if __name__ == "__main__":
    main()
