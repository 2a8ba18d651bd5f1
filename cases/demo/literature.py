"""Published cases: from what 50 papers print (literature.csv) to the import format (published_cases.csv).

Nothing is invented. A fact that a code says goes into its field; one that no code says stays in words in the
note; a blank of the source becomes NK. What was mapped, assumed, noted or left is counted for each column.
`manage.py demo_files` writes published_cases.csv again.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

from cases.demo import course, mapping, operation
from cases.demo.mapping import Mapping, Outcome
from cases.flat.columns import sorted_names

HERE = Path(__file__).parent
FACTS = HERE / "literature.csv"
CASES = HERE / "published_cases.csv"
NOTE_LIMIT = 1000
# About the paper and its transcription, not the patient.
ABOUT_THE_PAPER = ("source_key", "year_published", "case_label", "level_basis", "excerpt_scope")


def mapped() -> list[Mapping]:
    """Map every published case, in the order of the source."""
    with FACTS.open(newline="", encoding="utf-8") as file:
        return [_mapped(facts) for facts in csv.DictReader(file)]


def _mapped(facts: dict[str, str]) -> Mapping:
    case = Mapping(facts)
    for column, value in facts.items():
        case.outcomes[column] = "left" if value else "not printed"
    mapping.identity(case)
    mapping.tumor(case)
    if operation.operated(facts):
        operation.operation(case)
        operation.reconstruction(case)
        operation.pathology(case)
    course.therapies(case)
    course.complications(case)
    course.recurrences(case)
    course.last_contact(case)
    if facts["notes"]:
        case.notes.append(facts["notes"])
        case.outcomes["notes"] = "noted"
    case.columns["note"] = "; ".join(case.notes)[:NOTE_LIMIT]
    return case


def counts(cases: list[Mapping]) -> dict[str, Counter[str]]:
    """Count for each column of the source what became of its cells."""
    return {column: Counter(case.outcomes[column] for case in cases) for column in cases[0].facts}


OUTCOMES: tuple[Outcome, ...] = ("mapped", "assumed", "noted", "left", "not printed")


def account(cases: list[Mapping]) -> str:
    """Write the counts as the table that stands in README.md."""
    lines = ["| column of the source | " + " | ".join(OUTCOMES) + " |", "|---|" + "---:|" * len(OUTCOMES)]
    for column, count in counts(cases).items():
        lines.append(
            f"| `{column}` | " + " | ".join(str(count[outcome] or "") for outcome in OUTCOMES) + " |"
        )
    return "\n".join(lines)


def table(cases: list[Mapping]) -> str:
    """Write the cases in the import format, columns in the order of the data dictionary."""
    names = sorted_names({name for case in cases for name, value in case.columns.items() if value})
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="", lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(case.columns for case in cases)
    return out.getvalue()
