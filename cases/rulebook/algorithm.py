"""The treatment algorithm: did care follow it? It never refuses, it flags; each rule gives one verdict a case.

A deviation is a prompt for review, not a judgement: most rules of the founding paper rest on eight patients.
"""

from __future__ import annotations

from datetime import date

from cases.rulebook import algorithm_exposure, algorithm_outcome, algorithm_resection
from cases.rulebook.engine import Rulebook

ALGORITHM = Rulebook(
    name="algorithm",
    title="Algorithm: did care follow it?",
    version="2026.1",
    valid_from=date(2026, 1, 1),
    rules=tuple(
        sorted(
            (*algorithm_exposure.RULES, *algorithm_resection.RULES, *algorithm_outcome.RULES),
            key=lambda rule: rule.id,
        )
    ),
)
