"""Take each permission away, one at a time, and see whether the tests notice: a wall that nobody misses is no wall.

In a copy of the program each of these places gets a switch: a `require` that asks nothing, a queryset that keeps the
rows of everybody, a refusal that is never raised, a permission that is always given. One run of all tests but those of
browsers notes which test comes by which place; then, switch by switch, tests that come by it are run until one fails
that passes with all permissions, and fails again. Tests stay in one process, since to start takes longer than most of
them; what other processes do is not switched. Names each mutant that lives.

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
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, repeat, zip_longest
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ("registry", "cases", "reports")
LEFT_OUT = shutil.ignore_patterns(".*_cache", ".git", ".venv", "__pycache__", "var")
MINUTE_S = 60.0
PROCESSES = 2
SWITCHES = ROOT / "benchmarks" / "switches.py"  # the plugin that turns them, in the copy
GIVEN = re.compile(r"_?may\w*|has_(\w+_)?permission|has_a_role")  # methods that give or refuse a permission
WHO_IS_LET_IN = re.compile(r"test_admin\w*\.py|opens|nobody|may|cannot|refused|roles|keys")
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
    noted = options.reached and _coming_by(options.reached, everything)  # before the copy takes their place
    copy, started = _copied(everything), time.perf_counter()
    coming = noted or _coming_by(_reached(copy), everything)
    killers = _tried(copy, [(n, coming[n]) for n in chosen])
    alive = [str(everything[n]) for n in chosen if not killers[n]]
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
                "not_come_by": [str(everything[n]) for n in chosen if not coming[n]],
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
        yield node, "None", "require is not asked"
    elif (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _called(node) == "visible_to"
    ):
        kept = ast.get_source_segment(text, node.func.value)
        yield node, f"{kept}.all()", "visible_to keeps everybody's"
    elif isinstance(node, ast.If) and _raises(node, "PermissionDenied"):
        yield node.test, "False", "PermissionDenied is not raised"
    elif isinstance(node, ast.FunctionDef) and GIVEN.fullmatch(node.name):
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


def _copied(found: list[Mutant]) -> Path:
    """A copy of the program with all switches in it."""
    folder = ROOT / "var" / "mutants"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    shutil.copy(SWITCHES, folder)
    for path in {mutant.path for mutant in found}:
        places = [(n, mutant) for n, mutant in enumerate(found) if mutant.path == path]
        (folder / path.relative_to(ROOT)).write_bytes(_with_switches(path.read_bytes(), places))
    return folder


def _pytest(copy: Path, *words: str, **variables: str) -> subprocess.Popen[bytes]:
    command = (sys.executable, "-m", "pytest", "-q", "-p", "switches", "-p", "no:cacheprovider")
    environment = {**os.environ, "PYTHONPATH": str(copy), **variables}
    return subprocess.Popen([*command, *words], cwd=copy, env=environment, stdout=subprocess.DEVNULL)


def _reached(copy: Path) -> Path:
    """Run the tests once with a note at each place that they come by; what fails meanwhile is no matter here."""
    notes = copy / "reached"
    notes.mkdir()
    asked = ("-n", str(PROCESSES), "-m", "not browser and not made_up", "tests")
    times = (f"--junitxml={notes}.xml", "-o", "junit_duration_report=total")
    _pytest(copy, *asked, *times, REACHED=str(notes)).wait()
    return notes


def _tried(copy: Path, asked: list[tuple[int, list[str]]]) -> dict[int, str]:
    """The test that kills each mutant, or an empty text."""
    with ThreadPoolExecutor(PROCESSES) as pool:
        parts = [asked[part::PROCESSES] for part in range(PROCESSES)]
        found: dict[int, str] = {}
        for part in pool.map(_part_tried, repeat(copy), count(), parts):
            found |= part
        return found


def _part_tried(copy: Path, part: int, asked: list[tuple[int, list[str]]]) -> dict[int, str]:
    """Those of one process after the other: a new one goes on where a test failed without any mutant, too."""
    file = copy / f"mutants-{part}.json"
    found: dict[int, str] = {}
    told, passed, unsound = file.with_suffix(".json.told"), set[tuple[int, str]](), set[str]()
    while left := [(n, tests) for n, tests in asked if n not in found]:
        sound = [
            (n, [test for test in tests if test not in unsound and (n, test) not in passed])
            for n, tests in left
        ]
        file.write_text(json.dumps(sound), encoding="utf-8")
        told.write_text("", encoding="utf-8")
        files = sorted({_file(test) for _, tests in sound for test in tests})
        _pytest(copy, "-p", "no:xdist", *files, MUTANTS=str(file), NIGHTLY="1").wait()
        lines = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
        if not lines:
            raise SystemExit(f"pytest ended before it tried {len(left)} mutants")
        found |= {n: test for kind, n, test in lines if kind in ("killed", "lives")}
        passed |= {(n, test) for kind, n, test in lines if kind in ("passed", "missing")}
        for test in {test for kind, _, test in lines if kind == "missing"}:
            print(f"noted, and not found again: {test}", file=sys.stderr)
        unsound |= {test for kind, _, test in lines if kind == "unsound"}
        print(f"{len(found)} of {len(asked)} tried in process {part}", file=sys.stderr, flush=True)
    return found


def _coming_by(notes: Path, found: list[Mutant]) -> list[list[str]]:
    """Which tests come by which mutant: the quickest of each file, then the next of each."""
    tests: list[set[str]] = [set() for _ in found]
    for file in notes.iterdir():
        for line in file.read_text(encoding="utf-8").splitlines():
            place, _, test = line.partition("\t")
            tests[int(place)].add(test)
    took = _took(notes.with_suffix(".xml"))
    return [
        _likely(_mixed(sorted(of_one, key=lambda test: took.get(test, MINUTE_S))), mutant)
        for mutant, of_one in zip(found, tests, strict=True)
    ]


def _took(file: Path) -> dict[str, float]:
    """How many seconds each test took."""
    cases = ElementTree.parse(file).iter("testcase")  # noqa: S314 - pytest wrote it just now
    return {
        f"{one.get('classname', '').replace('.', '/')}.py::{one.get('name')}": float(one.get("time", 0))
        for one in cases
    }


def _with_switches(text: bytes, places: list[tuple[int, Mutant]]) -> bytes:
    """The text with a switch at each of these places; one may stand within another."""
    added = [
        (one.start, 1, -one.end, b"(%s if __import__('switches').at(%d) else (" % (one.instead.encode(), n))
        for n, one in places
    ]
    added += [(one.end, 0, -one.start, b"))") for _, one in places]
    for at, _, _, what in sorted(added, reverse=True):
        text = text[:at] + what + text[at:]
    return text


def _likely(tests: list[str], mutant: Mutant) -> list[str]:
    """Those that name the module come first, then those of the application that ask who is let in."""
    app, module = mutant.path.relative_to(ROOT).parts[0], mutant.path.stem
    naming = [test for test in tests if module in test]
    asking = [test for test in tests if test.startswith(f"tests/{app}/") and WHO_IS_LET_IN.search(test)]
    return [*dict.fromkeys([*_mixed(naming, _function)[:30], *_mixed(asking, _function), *tests])]


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


if __name__ == "__main__":
    main()
