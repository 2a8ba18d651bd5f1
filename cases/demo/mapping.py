"""A published case on its way to the import format, and who the patient was and what the tumor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cases.demo import wordings
from cases.demo.centers import PUBLISHED

Outcome = Literal["mapped", "assumed", "noted", "left", "not printed"]


@dataclass(slots=True)
class Mapping:
    """One published case on its way: its facts, its columns in the import format, its note."""

    facts: dict[str, str]
    columns: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def take(self, column: str, answers: dict[str, str], label: str = "") -> None:
        """Map a wording to fields; without a field it goes into the note under its label."""
        told = {name: value for name, value in answers.items() if value}
        self.columns |= told
        wording = self.facts[column]
        if told:
            self.outcomes[column] = "mapped"
            if wording in wordings.SAID_IN_PART:
                self.notes.append(f"{label}: {wording}")
        elif label:
            self.note(column, label)

    def note(self, column: str, label: str) -> None:
        self.notes.append(f"{label}: {self.facts[column]}")
        self.outcomes[column] = "noted"

    def unknown(self, *columns: str) -> None:
        """Say NK where nothing was said."""
        for column in columns:
            self.columns.setdefault(column, "NK")


def under(place: str, answers: dict[str, str]) -> dict[str, str]:
    """Put the place of a form before the names of its fields."""
    return {f"{place}.{name}": value for name, value in answers.items()}


def identity(case: Mapping) -> None:
    """Case number, center, citation, sex and age."""
    facts = case.facts
    case.columns["case_number"] = facts["case_id"]
    case.columns["center"] = PUBLISHED[facts["country"]].code
    case.columns["citation"] = f"{facts['source_citation']}. {facts['source_doi_or_url']}"
    for column in ("case_id", "source_citation", "source_doi_or_url", "country"):
        if facts[column]:
            case.outcomes[column] = "mapped"
    if facts["sex"]:
        case.take("sex", {"patient.sex": wordings.SEX[facts["sex"]]})
    if facts["age_years"]:
        # Printed with the presentation or the operation; for these cases the two are months apart at most.
        case.columns["patient.age_at_resection_years"] = facts["age_years"]
        case.outcomes["age_years"] = "assumed"
    case.unknown("patient.born_on", "patient.age_at_resection_years", "patient.sex")


def tumor(case: Mapping) -> None:
    """Symptoms and tumor."""
    facts, number = case.facts, case.facts["case_id"]
    if facts["presentation"]:
        case.take("presentation", wordings.SYMPTOMS[facts["presentation"]], "Presentation")
    _extent(case)
    if facts["tumor_size_max_cm"]:
        size_mm = float(facts["tumor_size_max_cm"]) * 10
        case.take("tumor_size_max_cm", {"tumor.max_diameter_mm": f"{size_mm:.0f}"})
    if facts["tumor_dims_cm"]:
        case.note("tumor_dims_cm", "Size in cm")
    if facts["grade_text"]:
        case.take("grade_text", wordings.GRADE[facts["grade_text"]])
        if "pathology.1.fnclcc_grade" not in case.columns:
            case.note("grade_text", "Grade")
    if number in wordings.BIOPSIES:
        case.columns["biopsies.1.type"] = wordings.BIOPSIES[number]
    not_clear = number in wordings.ORIGIN_NOT_CLEAR
    case.columns["tumor.origin_certainty"] = "ivc_probable" if not_clear else "ivc_certain"
    case.columns["tumor.presentation_type"] = _presentation_type(number)
    case.unknown(
        "presentation.symptoms",
        "tumor.segments",
        "tumor.growth_pattern",
        "tumor.max_diameter_mm",
        "tumor.metastasis_at_diagnosis",
    )


def _extent(case: Mapping) -> None:
    facts = case.facts
    if facts["tumor_location_text"]:
        answers = wordings.SEGMENTS.get(facts["tumor_location_text"], {})
        case.take("tumor_location_text", answers, "Location")
        if "tumor.segments" not in answers and answers:
            case.notes.append(f"Location: {facts['tumor_location_text']}")
    if facts["level_std"]:
        case.take("level_std", {"tumor.reported_level": wordings.LEVEL[facts["level_std"]]}, "Levels touched")
    if facts["growth_pattern"]:
        case.take("growth_pattern", {"tumor.growth_pattern": wordings.GROWTH[facts["growth_pattern"]]})
        if facts["growth_pattern"] not in wordings.GROWTH.values():
            case.notes.append(f"Growth: {facts['growth_pattern']}")


def _presentation_type(number: str) -> str:
    if number in wordings.RECURRENT_AT_OPERATION:
        return "recurrent"
    return "NK" if number in wordings.PERHAPS_RECURRENT else "primary"
