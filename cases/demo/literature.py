"""Published cases: from what 50 papers print (literature.csv) to the import format (published_cases.csv).

Nothing is invented. A fact that a code says goes into its field; one that no code says stays in words in the
note; a blank of the source becomes NK. What was mapped, assumed, noted or left is counted for each column.
`manage.py demo_files` writes published_cases.csv again.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cases.demo import wordings
from cases.demo.centers import PUBLISHED
from cases.flat.columns import sorted_names

HERE = Path(__file__).parent
FACTS = HERE / "literature.csv"
CASES = HERE / "published_cases.csv"

Outcome = Literal["mapped", "assumed", "noted", "left", "not printed"]
NOTE_LIMIT = 1000
# About the paper and its transcription, not the patient.
ABOUT_THE_PAPER = ("source_key", "year_published", "case_label", "level_basis", "excerpt_scope")


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


def mapped() -> list[Mapping]:
    """Map every published case, in the order of the source."""
    with FACTS.open(newline="", encoding="utf-8") as file:
        return [_mapped(facts) for facts in csv.DictReader(file)]


def _mapped(facts: dict[str, str]) -> Mapping:
    case = Mapping(facts)
    for column, value in facts.items():
        case.outcomes[column] = "left" if value else "not printed"
    _identity(case)
    _tumor(case)
    if _operated(facts):
        _operation(case)
        _reconstruction(case)
        _pathology(case)
    _therapies(case)
    _complications(case)
    _recurrences(case)
    _last_contact(case)
    if facts["notes"]:
        case.notes.append(facts["notes"])
        case.outcomes["notes"] = "noted"
    case.columns["note"] = "; ".join(case.notes)[:NOTE_LIMIT]
    return case


def _identity(case: Mapping) -> None:
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


def _tumor(case: Mapping) -> None:
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


def _operated(facts: dict[str, str]) -> bool:
    """Whether the paper tells of an operation on the tumor, in whatever words."""
    if facts["resection_type"] == wordings.NOT_OPERATED:
        return False
    told = facts["resection_type"] or facts["ivc_management"] or facts["approach"]
    return bool(told) or wordings.FROM_RESECTION.get(facts["follow_up_origin"], False)


def _operation(case: Mapping) -> None:
    facts = case.facts
    again = facts["case_id"] in wordings.RECURRENT_AT_OPERATION
    case.columns["operations.1.operation_type"] = "resection_recurrence" if again else "index_resection"
    if facts["operation_date"]:
        case.take("operation_date", {"operations.1.operated_on": facts["operation_date"]})
    if facts["approach"]:
        case.take("approach", {"operations.1.approach": wordings.APPROACH[facts["approach"]]}, "Approach")
    if facts["resection_type"]:
        answers = wordings.RESECTION[facts["resection_type"]]
        case.take("resection_type", _under("operations.1", answers), "Resection")
        if not {"resection_type", "operated_on"} & set(answers) and answers:
            case.notes.append(f"Resection: {facts['resection_type']}")
    if facts["multivisceral"]:
        organs = wordings.ORGANS[facts["multivisceral"]]
        case.take("multivisceral", {"operations.1.organs_resected": organs}, "Organs resected")
    if facts["extracorporeal_support"]:
        answers = wordings.BYPASS[facts["extracorporeal_support"]]
        case.take("extracorporeal_support", _under("operations.1", answers), "Bypass")
    if facts["op_time_min"]:
        case.take("op_time_min", {"operations.1.skin_to_skin_min": facts["op_time_min"]})
    _renal_veins(case)
    case.unknown(
        *_under(
            "operations.1",
            dict.fromkeys(
                (
                    "operated_on",
                    "approach",
                    "resection_type",
                    "organs_resected",
                    "bypass",
                    "skin_to_skin_min",
                    "blood_loss_ml",
                ),
                "",
            ),
        )
    )


def _under(place: str, answers: dict[str, str]) -> dict[str, str]:
    return {f"{place}.{name}": value for name, value in answers.items()}


def _renal_veins(case: Mapping) -> None:
    rows = 0
    for column, vein in (("left_renal_vein", "left_renal"), ("right_renal_vein", "right_renal")):
        wording = case.facts[column]
        if not wording:
            continue
        handling = wordings.RENAL_VEIN[wording]
        if handling:
            rows += 1
            case.take(column, _under(f"operations.1.veins.{rows}", {"vein": vein, "handling": handling}))
        elif wording == "not involved":
            case.take(column, {f"tumor.renal_vein_{vein.removesuffix('_renal')}_involved": "no"})
        else:
            case.note(column, f"{vein.replace('_', ' ').capitalize()} vein")


def _reconstruction(case: Mapping) -> None:
    facts, place = case.facts, "operations.1.reconstruction"
    if facts["ivc_management"]:
        answers = wordings.IVC[facts["ivc_management"]]
        case.take("ivc_management", _under(place, answers), "Vena cava")
        if facts["ivc_management"] in ("prosthetic graft", "graft (material not seen)", "biological graft"):
            case.outcomes["ivc_management"] = "assumed"  # that the graft is a tube
    if facts["graft_material"]:
        case.take("graft_material", _under(place, wordings.MATERIAL[facts["graft_material"]]), "Material")
    if facts["graft_diameter_mm"]:
        case.take("graft_diameter_mm", {f"{place}.diameter_mm": facts["graft_diameter_mm"]})
    case.unknown(f"{place}.ivc_method")
    method = case.columns[f"{place}.ivc_method"]
    if method in ("tube_graft", "patch"):
        case.unknown(f"{place}.material")
    if method == "tube_graft":
        case.unknown(f"{place}.diameter_mm", f"{place}.length_mm")


def _pathology(case: Mapping) -> None:
    # Every paper reports a leiomyosarcoma; that is why it is here.
    case.columns["pathology.1.histology"] = "leiomyosarcoma"
    if case.facts["margin"]:
        answers = wordings.MARGIN[case.facts["margin"]]
        case.take("margin", answers, "Margin")
        if "pathology.1.margin" not in answers:
            case.notes.append(f"Margin: {case.facts['margin']}")
    case.unknown(
        "pathology.1.reported_on",
        "pathology.1.fnclcc_grade",
        "pathology.1.margin",
        "operations.1.gross_result",
    )


def _therapies(case: Mapping) -> None:
    facts = case.facts
    rows = []
    if facts["neoadjuvant"]:
        rows += wordings.NEOADJUVANT[facts["neoadjuvant"]]
        case.outcomes["neoadjuvant"] = "mapped"
    if facts["adjuvant"]:
        rows += wordings.ADJUVANT[facts["adjuvant"]]
        case.outcomes["adjuvant"] = "mapped"
    if facts["resection_type"] == wordings.NOT_OPERATED:
        rows.append({"setting": "palliative", "modality": "chemo", "regimen": "NK"})
        case.outcomes["resection_type"] = "mapped"
    for number, row in enumerate(wordings.ANTITHROMBOTICS.get(facts["case_id"], ()), start=1):
        case.columns |= _under(f"antithrombotics.{number}", row)
    for number, row in enumerate(rows, start=1):
        case.columns |= _under(f"therapies.{number}", row)
        if row["modality"] != "none_given":
            case.unknown(f"therapies.{number}.started_on")


def _complications(case: Mapping) -> None:
    wording = case.facts["complications"]
    if not wording:
        case.unknown("discharge.no_complication_90d")
        return
    rows = wordings.COMPLICATIONS[wording]
    if rows == []:
        case.take("complications", {"discharge.no_complication_90d": "true"})
        case.outcomes["complications"] = "assumed"  # "none" without a window means the first 90 days
        return
    for number, row in enumerate(rows or (), start=1):
        case.take("complications", _under(f"complications.{number}", row))
        case.unknown(f"complications.{number}.onset_on", f"complications.{number}.clavien_dindo")
    case.unknown("discharge.no_complication_90d")
    case.notes.append(f"Complications: {wording}")
    if rows is None:
        case.outcomes["complications"] = "noted"


def _recurrences(case: Mapping) -> None:
    facts = case.facts
    if facts["recurrence"].startswith("no"):
        case.outcomes["recurrence"] = "mapped"  # as no evidence of disease at the last contact
        return
    if facts["recurrence"] != "yes":
        if facts["recurrence"]:
            case.note("recurrence", "Recurrence")
        return
    case.outcomes["recurrence"] = "mapped"
    for number, row in enumerate(wordings.RECURRENCE[facts["recurrence_site"]], start=1):
        case.columns |= _under(f"recurrences.{number}", row)
        case.unknown(f"recurrences.{number}.detected_on")
    if facts["recurrence_site"]:
        case.outcomes["recurrence_site"] = "mapped"
    if facts["time_to_recurrence_months"]:
        case.take(
            "time_to_recurrence_months",
            {
                "recurrences.1.months_after_resection": facts["time_to_recurrence_months"],
                "recurrences.1.time_qualifier": "exact",
            },
        )


def _last_contact(case: Mapping) -> None:
    """The last contact or the death, with its time where it counts from the first resection."""
    facts = case.facts
    if not facts["vital_status"]:
        return
    dead = facts["vital_status"] == "dead"
    place = "death" if dead else "follow_ups.1"
    case.columns |= (
        {"death.source": "publication"}
        if dead
        else {
            "follow_ups.1.contact_type": "publication",
            "follow_ups.1.vital_status": "alive",
        }
    )
    case.outcomes["vital_status"] = "mapped"
    _time(case, place)
    case.unknown(f"{place}.died_on" if dead else f"{place}.visit_on")
    if facts["disease_status"]:
        told = (
            _cause(facts)
            if dead
            else {"follow_ups.1.disease_status": wordings.DISEASE[facts["disease_status"]]}
        )
        case.take("disease_status", told)
    case.unknown("death.cause_category" if dead else "follow_ups.1.disease_status")
    if facts["cause_of_death"]:
        case.note("cause_of_death", "Cause of death")
    if facts["graft_patency"]:
        status = wordings.PATENCY[facts["graft_patency"]]
        case.take("graft_patency", {"follow_ups.1.graft_status": status}, "Graft")


def _cause(facts: dict[str, str]) -> dict[str, str]:
    return {"death.cause_category": wordings.DEATH_CAUSE[facts["disease_status"]]}


def _time(case: Mapping, place: str) -> None:
    facts = case.facts
    months, origin = facts["follow_up_months"], facts["follow_up_origin"]
    qualifier, _, why = facts["follow_up_qualifier"].partition(" ")
    if not months:
        if facts["follow_up_qualifier"]:
            case.note("follow_up_qualifier", "Follow-up in months")
        case.unknown(f"{place}.months_after_resection")
        return
    if not wordings.FROM_RESECTION[origin]:
        case.columns[f"{place}.months_after_resection"] = "NA"
        case.notes.append(f"Follow-up: {months} months from {origin}")
        case.outcomes |= dict.fromkeys(
            ("follow_up_months", "follow_up_qualifier", "follow_up_origin"), "noted"
        )
        return
    case.take(
        "follow_up_months",
        {
            f"{place}.months_after_resection": months,
            f"{place}.time_qualifier": wordings.QUALIFIER[qualifier],
        },
    )
    case.outcomes["follow_up_qualifier"] = "mapped"
    case.outcomes["follow_up_origin"] = (
        "mapped" if origin == "surgery" or origin == "first surgery" else "assumed"
    )
    if why:
        case.notes.append(f"Follow-up {facts['follow_up_qualifier']}")


# --- the file and its account -------------------------------------------------------------------------


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
