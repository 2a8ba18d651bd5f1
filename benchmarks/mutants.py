"""Take each permission away, one at a time, and see whether the tests notice: a wall that nobody misses is no wall.

In a copy of the program: a `require` that asks nothing, a queryset that keeps the rows of everybody, a refusal that is
never raised, a permission that is always given. One run of all tests but those of browsers notes which test comes by
which of these places; then each mutant is tried with the tests that come by it, some of every file first. Killed is one
with which a test fails. Names each that lives.

    .venv/bin/python benchmarks/mutants.py [--only TEXT] [--every N] [--list] [--reached FOLDER]
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from queue import SimpleQueue
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ("registry", "cases", "reports")
LEFT_OUT = shutil.ignore_patterns(".*_cache", ".git", ".venv", "__pycache__", "var")
FEW, MORE = 30, 300  # tests that are tried first, and next
MINUTE_S = 60.0
AT_ONCE = 2  # mutants, each in a copy of its own
REACHED = """
import os

seen = set()


def at(place):
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    if test and (place, test) not in seen:
        seen.add((place, test))
        with open(f"{os.environ['REACHED']}/{os.getpid()}", "a") as kept:
            kept.write(f"{place}\\t{test}\\n")
"""
GIVEN = ("has_", "may_", "_may")  # how methods begin that give or refuse a permission
WHO_IS_LET_IN = re.compile(r"test_admin\w*\.py|opens|nobody|may|cannot|refused|roles|keys")
KILLERS: Counter[str] = Counter()  # test functions, and how many mutants each has killed in this run
GOAL = 0.98


@dataclass(frozen=True)
class Mutant:
    """A place in a file, and what stands there instead."""

    path: Path
    line: int
    start: int
    end: int
    instead: str
    what: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} {self.what}"

    def written(self) -> str:
        """The file with the mutant in it."""
        text = self.path.read_bytes()
        return (text[: self.start] + self.instead.encode() + text[self.end :]).decode()


def main() -> None:
    """Try them; print the figures as one line of JSON, and fail below the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="those of which the description contains this text")
    parser.add_argument("--every", type=int, default=1, help="each Nth alone")
    parser.add_argument("--list", action="store_true", help="name them and end")
    parser.add_argument("--reached", type=Path, help="the notes of an earlier run of the same mutants")
    options = parser.parse_args()
    everything = list(mutants())
    chosen = [n for n, mutant in enumerate(everything) if options.only in str(mutant)][:: options.every]
    found = [everything[n] for n in chosen]
    if options.list:
        print(*found, sep="\n")
        return
    copies = [Copy(ROOT / "var" / "mutants" / str(n)) for n in range(AT_ONCE)]
    started, free, alive = time.perf_counter(), SimpleQueue[Copy](), []
    for copy in copies:
        free.put(copy)
    coming = _coming_by(options.reached or _reached(copies[0], everything), everything)
    tests = [coming[n] for n in chosen]

    def tried(n: int) -> bool:
        copy = free.get()
        try:
            lives = copy.lives(found[n], tests[n])
            print(f"{'lives' if lives else 'killed'}: {found[n]}", file=sys.stderr, flush=True)
            return lives
        finally:
            free.put(copy)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for mutant, lives in zip(found, pool.map(tried, range(len(found))), strict=True):
            alive += [str(mutant)] * lives
    killed = len(found) - len(alive)
    print(
        json.dumps(
            {
                "benchmark": "mutants",
                "measures": "permissions taken away one at a time, and whether tests notice",
                "figure": round(killed / len(found), 3),
                "unit": "share killed",
                "goal": GOAL,
                "mutants": len(found),
                "killed": killed,
                "alive": alive,
                "minutes": round((time.perf_counter() - started) / 60, 1),
                "versions": {"python": platform.python_version()},
            }
        )
    )
    if killed < GOAL * len(found):
        raise SystemExit(1)


# --- which ----------------------------------------------------------------------------------------------------------


def mutants() -> Iterator[Mutant]:
    """Find all that there are, in the order of files and lines."""
    for folder in PROGRAM:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from _of_file(path)


def _of_file(path: Path) -> Iterator[Mutant]:
    text = path.read_bytes()
    begins = [0]
    for line in text.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    for node in ast.walk(ast.parse(text)):
        for place, instead, what in _weaker(node, text.decode()):
            start = begins[place.lineno - 1] + place.col_offset
            end = begins[(place.end_lineno or place.lineno) - 1] + (place.end_col_offset or 0)
            yield Mutant(path, place.lineno, start, end, instead, what)


def _weaker(node: ast.AST, text: str) -> Iterator[tuple[ast.stmt | ast.expr, str, str]]:
    """What this node could be instead, so that it lets more through."""
    if isinstance(node, ast.Expr) and _called(node.value) == "require":
        yield node, "pass", "require is not asked"
    elif (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _called(node) == "visible_to"
    ):
        kept = ast.get_source_segment(text, node.func.value)
        yield node, f"{kept}.all()", "visible_to keeps everybody's"
    elif isinstance(node, ast.If) and _raises(node, "PermissionDenied"):
        yield node.test, "False", "PermissionDenied is not raised"
    elif isinstance(node, ast.FunctionDef) and node.name.startswith(GIVEN):
        for one in ast.walk(node):
            if isinstance(one, ast.Return) and one.value is not None and not _is_plain(one.value):
                yield one.value, "True", f"{node.name} always gives"


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _raises(node: ast.If, name: str) -> bool:
    return any(
        isinstance(one, ast.Raise) and name in ast.dump(one.exc or ast.Constant(None)) for one in node.body
    )


def _is_plain(value: ast.expr) -> bool:
    """False stays what it is: a method that never gives is no question."""
    return isinstance(value, ast.Constant)


# --- whether they live ----------------------------------------------------------------------------------------------


def _reached(copy: Copy, found: list[Mutant]) -> Path:
    """Run the tests once with a note at each place that they come by; what fails meanwhile is no matter here."""
    notes = copy.folder / "reached"
    notes.mkdir()
    (copy.folder / "reached.py").write_text(REACHED, encoding="utf-8")
    paths = {mutant.path for mutant in found}
    for path in paths:
        places = [(n, mutant) for n, mutant in enumerate(found) if mutant.path == path]
        (copy.folder / path.relative_to(ROOT)).write_bytes(_noting(path.read_bytes(), places))
    command = (sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "not browser and not made_up", "tests")
    subprocess.run(
        [*command, "-p", "no:cacheprovider", f"--junitxml={notes}.xml", "-o", "junit_duration_report=total"],
        cwd=copy.folder, env={**os.environ, "PYTHONPATH": str(copy.folder), "REACHED": str(notes)},
        stdout=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    for path in paths:
        shutil.copy(path, copy.folder / path.relative_to(ROOT))
    return notes


def _coming_by(notes: Path, found: list[Mutant]) -> list[list[str]]:
    """Which tests come by which mutant: the quickest of each file, then the next of each."""
    tests: list[set[str]] = [set() for _ in found]
    for file in notes.iterdir():
        for line in file.read_text(encoding="utf-8").splitlines():
            place, _, test = line.partition("\t")
            tests[int(place)].add(test)
    took = _took(notes.with_suffix(".xml"))
    return [_mixed(sorted(of_one, key=lambda test: took.get(test, MINUTE_S))) for of_one in tests]


def _took(file: Path) -> dict[str, float]:
    """How many seconds each test took."""
    cases = ElementTree.parse(file).iter("testcase")  # noqa: S314 - pytest wrote it just now
    return {
        f"{one.get('classname', '').replace('.', '/')}.py::{one.get('name')}": float(one.get("time", 0))
        for one in cases
    }


def _noting(text: bytes, places: list[tuple[int, Mutant]]) -> bytes:
    """The text with a note before each of these places is worked out; one may stand within another."""
    added = [(mutant.start, 1, -mutant.end, b'(__import__("reached").at(%d), ' % n) for n, mutant in places]
    added += [(mutant.end, 0, -mutant.start, b")[1]") for _, mutant in places]
    for at, _, _, what in sorted(added, reverse=True):
        text = text[:at] + what + text[at:]
    return text


def _likely(tests: list[str], app: str, killers: Counter[str]) -> list[str]:
    """Those that killed others first, in turn with those of the application that ask who is let in; then all."""
    known = [test for test in tests if _function(test) in killers]
    asking = [test for test in tests if test.startswith(f"tests/{app}/") and WHO_IS_LET_IN.search(test)]
    most = sorted(known, key=lambda test: -killers[_function(test)])
    turns = zip_longest(_mixed(most, _function), _mixed(asking, _function))
    return [*dict.fromkeys([*(test for turn in turns for test in turn if test), *tests])]


def _function(test: str) -> str:
    return test.partition("[")[0]


def _file(test: str) -> str:
    return test.partition("::")[0]


def _mixed(tests: list[str], kind: Callable[[str], str] = _file) -> list[str]:
    """The first test of each file or other kind, then the second of each."""
    by_kind: dict[str, list[str]] = {}
    for test in tests:
        by_kind.setdefault(kind(test), []).append(test)
    return [test for turn in zip_longest(*by_kind.values()) for test in turn if test]


@dataclass
class Copy:
    """A copy of the program, in which one mutant at a time is tried."""

    folder: Path
    sound: set[str] = field(default_factory=set)  # tests that are known to pass without any mutant

    def __post_init__(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(ROOT, self.folder, ignore=LEFT_OUT)

    def lives(self, mutant: Mutant, tests: list[str]) -> bool:
        """Try a mutant with a few tests that come by it, then with the others; what fails without it says nothing."""
        place = self.folder / mutant.path.relative_to(ROOT)
        tests = _likely(tests, mutant.path.relative_to(ROOT).parts[0], KILLERS)
        for part in (tests[:FEW], tests[FEW:MORE], tests[MORE:]):
            left = part
            while left:
                place.write_text(mutant.written(), encoding="utf-8")
                try:
                    failed = self.failing(left)
                finally:
                    shutil.copy(mutant.path, place)
                if not failed:
                    break
                if failed <= self.sound or not self.failing(failed):
                    self.sound |= failed
                    KILLERS.update(map(_function, failed))
                    return False
                left = [test for test in left if test not in failed]
        return True

    def failing(self, tests: Iterable[str], *options: str, **variables: str) -> set[str]:
        """Run these tests until one fails; which did. They are named in a file: a command line holds too few."""
        wanted, named = list(tests), self.folder / "tests.txt"
        named.write_text("\n".join(wanted), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-rfE", "--tb=no", f"@{named}", *options]
        done = subprocess.run(
            [*command, "-p", "no:xdist", "-p", "no:cacheprovider"],
            cwd=self.folder, env={**os.environ, "PYTHONPATH": str(self.folder), **variables},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return set()
        if done.returncode in (4, 5):
            raise SystemExit(f"pytest found no such test: {done.stdout[-500:]}{done.stderr[-500:]}")
        told = [
            line.split(" ", 1)[1]
            for line in done.stdout.splitlines()
            if line.startswith(("FAILED ", "ERROR "))
        ]
        return {test for test in wanted for line in told if f"{line} -".startswith(f"{test} -")} or set(
            wanted
        )


if __name__ == "__main__":
    main()
