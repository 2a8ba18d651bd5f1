"""How the rulebook tests read: one rule over one small document, and the rules by name ("X-05/1" is X-05's second)."""

from collections import Counter
from datetime import date

from cases.document import parse
from cases.rulebook import engine
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.validity import VALIDITY
from cases.vocabulary import Verdict

AS_OF = date(2026, 6, 30)
YES, NO, NA, OPEN = Verdict.CONCORDANT, Verdict.DEVIATION, Verdict.NOT_APPLICABLE, Verdict.NOT_ASSESSABLE


def named(rulebook):
    """The rules of a book by their id and their place among those that share it."""
    seen, rules = Counter(), {}
    for rule in rulebook.rules:
        rules[f"{rule.id}/{seen[rule.id]}"] = rule
        seen[rule.id] += 1
    return rules


RULES = {**named(VALIDITY), **named(ALGORITHM)}


def case(**forms):
    return parse({"case_number": "1", **forms})


def index(**answers):
    """An index resection on 10 March 2020, with whatever a rule is about."""
    return {"operation_type": "index_resection", "operated_on": "2020-03-10", **answers}


def operated(*, operation=None, **forms):
    return {"operations": [index(**(operation or {}))], **forms}


def rebuilt(operation=None, **reconstruction):
    return operated(operation={**(operation or {}), "reconstruction": reconstruction})


def read_one(name, forms, as_of=AS_OF):
    """The finding of one rule over the first row of its scope that it applies to, else over the first row."""
    findings = engine.judge(RULES[name], case(**forms), as_of)
    return next((f for f in findings if f.verdict != NA), findings[0])
