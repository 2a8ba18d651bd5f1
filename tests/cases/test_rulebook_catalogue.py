"""The rules as people read them: complete, in step with what is read, printed without a database."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from cases.pathway import PHASES
from cases.rulebook import catalogue
from cases.rulebook.algorithm import ALGORITHM, LEFT_OUT
from cases.rulebook.validity import VALIDITY
from cases.vocabulary import Firmness, Severity
from tests.cases import (
    test_rulebook_aftercare,
    test_rulebook_algorithm,
    test_rulebook_board,
    test_rulebook_dates,
    test_rulebook_operation,
    test_rulebook_outcome,
    test_rulebook_reconstruction,
    test_rulebook_within,
    test_rulebook_workup,
)
from tests.cases.rulebook_reading import NA, OPEN, RULES

DOCUMENT = Path(__file__).parents[2] / "docs" / "algorithm.md"
BOOKS = (ALGORITHM, VALIDITY)
EXAMPLES = [
    example
    for module in (
        test_rulebook_aftercare,
        test_rulebook_algorithm,
        test_rulebook_board,
        test_rulebook_dates,
        test_rulebook_operation,
        test_rulebook_outcome,
        test_rulebook_reconstruction,
        test_rulebook_within,
        test_rulebook_workup,
    )
    for example in module.EXAMPLES
]
# Verdicts that a rule cannot give: it applies to every case, or nothing that it needs can be absent.
CANNOT = {
    "L-02/0": {NA},
    "S-02/0": {NA},
    "X-02/0": {NA},
    "X-03/0": {NA},
    "X-11/0": {NA},
    "X-45/0": {OPEN},
    "X-61/0": {NA, OPEN},
    "X-62/0": {OPEN},
}


def test_the_printed_rules_are_up_to_date(capsys):
    call_command("rules")

    assert capsys.readouterr().out == DOCUMENT.read_text(encoding="utf-8"), (
        "run `manage.py rules > docs/algorithm.md`"
    )


def test_the_rules_as_json(capsys):
    call_command("rules", "--format", "json")

    books = json.loads(capsys.readouterr().out)

    assert [book["name"] for book in books] == ["algorithm", "validity"]
    assert books[0]["valid_from"] == "2026-01-01"
    told = {rule["id"]: rule for book in books for rule in book["rules"]}
    assert told["S-04"]["severity"] == "minor (info if only the infrarenal segment is involved)"
    assert told["X-27"]["asks"] == "12 to 24 mm"


@pytest.mark.parametrize("book", BOOKS)
def test_every_rule_says_what_it_asks_on_whose_word(book):
    for entry in catalogue.entries(book):
        assert entry.title, entry.id
        assert entry.asks, entry.id
        assert entry.source, entry.id
        assert entry.firmness in Firmness.labels, entry.id
        assert entry.severity.split()[0] in Severity.values, entry.id
        assert entry.held_by or entry.needs_to_apply or entry.needs_to_judge, entry.id


def test_every_rule_has_an_example_of_every_verdict_it_can_give():
    """X-01 and the plausible ranges are made for many fields at once; they have tests of their own."""
    told = {}
    for name, verdict, _ in EXAMPLES:
        told.setdefault(name, set()).add(verdict)
    verdicts = {"concordant", "deviation", NA, OPEN}
    lacking = {
        name: verdicts - told.get(name, set()) - CANNOT.get(name, set())
        for name, rule in RULES.items()
        if rule.is_read and not name.startswith(("P-", "X-01/"))
    }

    assert {name: verdicts for name, verdicts in lacking.items() if verdicts} == {}


# --- the account of the clinical reference ---------------------------------------------------------------------------

# Every id of its two tables: the founding paper's rules, and those of guidance and literature.
REFERENCE = {*(f"S-{n:02d}" for n in range(1, 18)), "S-08b", *(f"L-{n:02d}" for n in range(1, 27)), "L-01b"}


def test_every_rule_of_the_reference_is_read_or_it_is_said_why_not():
    built = {rule.id for rule in ALGORITHM.rules if rule.is_read}

    assert built | LEFT_OUT.keys() == REFERENCE
    assert not built & LEFT_OUT.keys()
    assert all(LEFT_OUT.values())


def test_the_document_accounts_for_every_rule_of_the_reference():
    _, account = DOCUMENT.read_text(encoding="utf-8").split("## Account of the clinical reference")
    rows = [line.strip("| ").split(" | ") for line in account.splitlines() if line.startswith("| ")]
    states = {row[0]: row[-1] for row in rows if row[0] in REFERENCE}

    assert states.keys() == REFERENCE
    assert {rule for rule, state in states.items() if state.startswith("not built")} == LEFT_OUT.keys()


def test_the_document_tells_the_algorithm_phase_by_phase():
    algorithm, _ = DOCUMENT.read_text(encoding="utf-8").split(f"## {VALIDITY.title}")
    headings = [line for line in algorithm.splitlines() if line.startswith("###")]
    expected = [
        heading
        for _, title, rules in PHASES
        for heading in (f"### {title}", *(f"#### {rule} {ALGORITHM.rule(rule).title}" for rule in rules))
    ]

    assert headings == expected


def test_every_rule_has_its_example_of_each_severity():
    """A rule whose severity depends on the case has an example of both; every L-rule has one of its own."""
    shown = {}
    for module in (
        test_rulebook_aftercare,
        test_rulebook_algorithm,
        test_rulebook_board,
        test_rulebook_reconstruction,
        test_rulebook_workup,
    ):
        for name, severity, _ in module.SEVERITIES:
            shown.setdefault(name.partition("/")[0], set()).add(severity)

    for rule in ALGORITHM.rules:
        if callable(rule.severity):
            words = {word.strip("(") for word in rule.severities.split()}
            assert shown[rule.id] == words & set(Severity.values), rule.id
        elif rule.id.startswith("L-"):
            assert shown[rule.id] == {rule.severity}, rule.id


def test_rules_that_ask_otherwise_name_each_other():
    pairs = {(rule.id, other) for rule in ALGORITHM.rules for other in rule.conflicts_with}

    assert pairs == {(other, one) for one, other in pairs}
    assert {frozenset(pair) for pair in pairs} == {
        frozenset(pair) for pair in (("S-09", "L-09"), ("S-13", "L-11"), ("S-10", "L-13"))
    }
    assert {rule.id for rule in ALGORITHM.rules if str(rule.challenged_by)} == {"S-03", "S-07"}
