"""The treatment algorithm: did care follow it? It never refuses, it flags; each rule gives one verdict a case.

Rules S are those of the founding paper, rules L those of guidance, series and our own proposals. A deviation is a
prompt for review, not a judgement: most rules of the founding paper rest on eight patients.
"""

from __future__ import annotations

from datetime import date

from cases.rulebook import (
    algorithm_board,
    algorithm_exposure,
    algorithm_outcome,
    algorithm_reconstruction,
    algorithm_resection,
    algorithm_result,
    algorithm_surveillance,
    algorithm_team,
    algorithm_workup,
)
from cases.rulebook.engine import Rulebook

ALGORITHM = Rulebook(
    name="algorithm",
    title="Algorithm: did care follow it?",
    version="2026.1",
    valid_from=date(2026, 1, 1),
    rules=tuple(
        sorted(
            (
                *algorithm_exposure.RULES,
                *algorithm_resection.RULES,
                *algorithm_outcome.RULES,
                *algorithm_workup.RULES,
                *algorithm_board.RULES,
                *algorithm_team.RULES,
                *algorithm_reconstruction.RULES,
                *algorithm_result.RULES,
                *algorithm_surveillance.RULES,
            ),
            # The founding paper's rules (S) first, then those of guidance and series (L).
            key=lambda rule: (rule.id[0] != "S", rule.id),
        )
    ),
)

# Rules of the clinical reference that are not read, and why.
LEFT_OUT = {
    "L-26": "that the patient was counselled on the high risk of an upper-level tumor or Budd-Chiari syndrome has no"
    " field, and a tumor board's decision (L-02, L-22) does not say it"
}
