"""A hundred cases that cannot be true, made from the dictionary and the rulebook, and how each door is told of them."""

from datetime import date

from cases.dictionary import entries
from cases.document import parse
from cases.rulebook import engine
from cases.rulebook.validity import VALIDITY
from registry.fields import Measurement
from tests.cases import (
    test_rulebook_dates,
    test_rulebook_operation,
    test_rulebook_outcome,
    test_rulebook_within,
)
from tests.cases.rulebook_reading import NO, RULES

COUNT = 100
EXAMPLES = [
    example
    for module in (test_rulebook_dates, test_rulebook_operation, test_rulebook_outcome, test_rulebook_within)
    for example in module.EXAMPLES
]


def hundred():
    """The documents by a name that says what is wrong."""
    contradictions = dict(_contradictions())
    wrong = list(_wrong_answers())
    left = COUNT - len(contradictions)
    step = len(wrong) / left
    chosen = {**dict(wrong[int(n * step)] for n in range(left)), **contradictions}
    assert len(chosen) == COUNT
    return {
        name: {"case_number": f"N-{n:03d}", **forms}
        for n, (name, forms) in enumerate(chosen.items(), start=1)
    }


def _wrong_answers():
    """For each field of the dictionary an answer that it cannot have."""
    for entry in entries():
        for kind, value in _wrong_values(entry):
            form = {entry.name: value}
            told = [form] if entry.repeats else form
            if entry.of_operation:
                told = [{"operation_type": "index_resection", entry.form: told}]
            yield f"{kind}: {entry.path}", {"operations" if entry.of_operation else entry.form: told}


def _wrong_values(entry):
    if entry.kind == "code":
        yield "unknown code", "nonsense"
    elif entry.kind == "codes":
        yield "unknown code in a set", ["nonsense"]
    elif entry.kind == "yes/no":
        yield "no yes or no", "maybe"
    elif entry.kind == "date":
        yield "impossible day", "2015-02-30"
        yield "date out of time", "1700-01-01"
    elif isinstance(entry.field, Measurement):
        low, high = entry.field.possible
        yield "too large", high + 1
        yield "too small", low - 1


def _contradictions():
    """The examples of the rulebook's own tests that a validity rule refuses, one for each rule."""
    for name, verdict, forms in EXAMPLES:
        if verdict == NO and name in RULES and name.startswith("X-"):
            document = parse({"case_number": "1", **forms})
            if engine.read(VALIDITY, document, date.today()).errors:
                yield f"contradiction: {name}", forms


# --- as each door takes it -----------------------------------------------------------------------------------------


def cells(value, place=""):
    """The columns and cells that say this document in a file."""
    for name, below in value.items():
        here = f"{place}.{name}" if place else name
        if isinstance(below, dict):
            yield from cells(below, place if name == "missing" else here)
        elif isinstance(below, list) and isinstance(below[0], dict):
            for number, row in enumerate(below, start=1):
                yield from cells(row, f"{here}.{number}")
        else:
            yield here, "|".join(below) if isinstance(below, list) else _as_text(below)


def form_fields(value, prefix=""):
    """The fields that a page of the administration sends for this document."""
    for name, below in value.items():
        here = f"{prefix}-{name}" if prefix else name
        if name == "missing":
            yield from ((f"{prefix}-{field}-why", reason) for field, reason in below.items())
        elif isinstance(below, dict):
            yield from form_fields(below, here)
        elif isinstance(below, list) and isinstance(below[0], dict):
            yield f"{here}-row", [str(number) for number in range(len(below))]
            for number, row in enumerate(below):
                yield from form_fields(row, f"{here}-{number}")
        else:
            yield here, below if isinstance(below, list) else _as_text(below)


def _as_text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)
