"""The rules as people read them: complete, in step with what is read, printed without a database."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from cases.rulebook import catalogue
from cases.rulebook.algorithm import ALGORITHM
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
