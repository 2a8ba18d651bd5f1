"""docs/security.md says of each item how it stands; what it names must be there, and what it counts must be so."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")

# what the standard numbers, section by section
NUMBERED = (ROOT / "tests/data/asvs-5.0.0-level-2.txt").read_text().splitlines()[1:]
LEVEL_2 = [f"{section}.{n}" for section, *numbers in map(str.split, NUMBERED) for n in numbers]
STATES = {"met", "not applicable", "**open**"}

ROWS = re.findall(r"^\| (V\d+\.\d+\.\d+) \| (.*?) \| (.*?) \| (.*?) \| (.*?) ?\|$", PAGE, re.MULTILINE)
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
FILES = sorted(set(re.findall(r"`((?:\.?[\w-]+/)*\.?[\w-]+\.(?:py|md|js|yaml|txt|lock|toml))`", PAGE)))
COMMANDS = {"`make audit`", "`make check`"}


@cache
def functions(file):
    return {
        node.name for node in ast.parse((ROOT / file).read_text()).body if isinstance(node, ast.FunctionDef)
    }


def of_state(state):
    return [item for item, _, is_so, _, _ in ROWS if is_so == state]


def test_each_item_of_level_2_stands_once():
    assert len(LEVEL_2) == 253  # levels 1 and 2 of the CSV: 70 and 183
    assert sorted(item for item, *_ in ROWS) == sorted(LEVEL_2)


def test_each_item_has_a_state_and_says_how():
    assert {state for _, _, state, _, _ in ROWS} == STATES
    assert not [item for item, asks, _, how, _ in ROWS if not asks or not how]


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_each_test_that_is_named_exists(file, name):
    assert name in functions(file)


def test_each_file_that_is_named_exists():
    assert len(FILES) > 20
    assert not [file for file in FILES if not (ROOT / file).exists()]


def test_what_is_met_names_a_test_a_command_a_file_or_a_chapter():
    chapters = set(re.findall(r"^## (.*)$", PAGE, re.MULTILINE))
    bare = [
        item
        for item, _, state, how, proof in ROWS
        if state == "met"
        and not (proof or re.search(r"`[\w./-]+`", how) or chapters & set(re.findall(r"\*([^*]+)\*", how)))
    ]

    assert not bare
    for *_, proof in ROWS:
        for said in filter(None, proof.split("<br>")):
            assert said in COMMANDS or re.fullmatch(r"`tests/[\w/]+\.py::test_\w+`", said)


def test_the_counts_on_top_are_those_of_the_tables():
    told = dict(re.findall(r"^\| ([a-z][a-z0-9, ]+) \| (\d+) \|$", PAGE, re.MULTILINE))
    met, other, is_open = (len(of_state(state)) for state in ("met", "not applicable", "**open**"))

    assert {name: int(n) for name, n in told.items()} == {
        "level 2": len(LEVEL_2),
        "not applicable": other,
        "applicable": len(LEVEL_2) - other,
        "met": met,
        "of these, with a test named": sum(
            "`tests/" in proof for *_, state, _, proof in ROWS if state == "met"
        ),
        "open": is_open,
    }


def test_what_is_open_is_listed_on_top():
    listed = re.findall(r"^- (V\d+\.\d+\.\d+), ", PAGE, re.MULTILINE)

    assert sorted(listed) == sorted(of_state("**open**"))


def test_each_exception_to_bandit_is_counted_and_says_why():
    lines = [
        line
        for folder in ("registry", "cases", "reports")
        for file in (ROOT / folder).rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if "# nosec" in line
    ]

    assert not [line for line in lines if not re.search(r"# nosec( B\d{3})+  # \w", line)]
    assert f"**{len(lines)} lines**" in PAGE
    of_kinds = re.findall(r"^\| (B\d{3}[^|]*) \| (\d+) \|", PAGE, re.MULTILINE)
    for kinds, n in of_kinds:
        ids = re.findall(r"B\d{3}", kinds)
        assert sum(any(kind in line for kind in ids) for line in lines) == int(n)
    assert sum(int(n) for _, n in of_kinds) == len(lines)
