"""The founding cohort: 8 rows rebuilt from what its abstract prints in aggregate (Rusin 2021).

The rows are not patients. The abstract prints how often, not who: every joint assignment below (who had
which segment, approach, graft, loss and outcome) is a choice, made once by hand so that each printed figure
comes out again. No day is printed, so there are none: times stand as months after the resection.
`manage.py demo_files` writes founding_cohort.csv again.

V. I. Rusin et al., Klinicheskaia khirurgiia 2021;88(9-10):44, doi 10.26779/2522-1396.2021.9-10.44;
segments a patient: V. I. Rusin et al., Wiad Lek 2022;75(4):965-969, doi 10.36740/wlek20220420108.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from cases.demo.centers import FOUNDING
from cases.flat.columns import sorted_names

CASES = Path(__file__).parent / "founding_cohort.csv"
CITATION = (
    "Reconstruction from the aggregates of: Rusin VI et al. 2021, doi 10.26779/2522-1396.2021.9-10.44 "
    "and 2022, doi 10.36740/wlek20220420108. Not a patient."
)
NOTE = "Joint assignment of the printed aggregates is a choice of the registry."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What differs between the rows. `months` is the time of death, or of the last contact of a survivor."""

    sex: str
    age: int
    growth: str
    segments: str
    approach: str
    brand: str
    diameter: int
    veins: str
    minutes: int
    loss: int
    grade_ii: bool
    radical: bool
    dead: bool
    months: int


# Printed: 7 F and 1 M; median age 57; growth 3/1/4; one, two, three segments in 4, 3, 1; 7 Chevron, 1 midline;
# 6 PTFE, 2 Gore-Tex, 18-22 mm; both renal veins into the graft in 2, the left one in 1; 215 (160-320) min,
# here median and mean; 305 (250-500) mL, taken as the mean; Clavien-Dindo II in 2; radical in 7; 3 deaths
# between 10 and 34 months, of liver and lung metastases; survival 87.5, 75 and 62.5% at 1, 2 and 3 years.
# The abstract prints neither the span of years nor the follow-up of survivors: 36 months and more is the
# least that its three-year survival asks for.
ROWS = (
    Row(sex="female", age=44, growth="intravasal", segments="infrarenal", approach="chevron", brand="",
        diameter=18, veins="", minutes=160, loss=250, grade_ii=False, radical=True, dead=False, months=48),
    Row(sex="female", age=49, growth="extravasal", segments="infrarenal", approach="median_laparotomy", brand="",
        diameter=20, veins="", minutes=165, loss=250, grade_ii=False, radical=True, dead=False, months=36),
    Row(sex="female", age=53, growth="mixed", segments="suprarenal", approach="chevron", brand="",
        diameter=20, veins="", minutes=170, loss=260, grade_ii=False, radical=True, dead=False, months=60),
    Row(sex="female", age=56, growth="mixed", segments="suprarenal", approach="chevron", brand="Gore-Tex",
        diameter=18, veins="", minutes=210, loss=270, grade_ii=True, radical=True, dead=False, months=42),
    Row(sex="female", age=58, growth="intravasal", segments="infrarenal|interrenal", approach="chevron", brand="",
        diameter=20, veins="left", minutes=220, loss=280, grade_ii=False, radical=True, dead=True, months=34),
    Row(sex="male", age=61, growth="mixed", segments="interrenal|suprarenal", approach="chevron", brand="",
        diameter=22, veins="both", minutes=225, loss=300, grade_ii=False, radical=True, dead=False, months=54),
    Row(sex="female", age=64, growth="mixed", segments="suprarenal|retrohepatic", approach="chevron", brand="",
        diameter=22, veins="", minutes=250, loss=330, grade_ii=False, radical=True, dead=True, months=20),
    Row(sex="female", age=68, growth="intravasal", segments="infrarenal|interrenal|suprarenal", approach="chevron",
        brand="Gore-Tex", diameter=22, veins="both", minutes=320, loss=500, grade_ii=True, radical=False, dead=True,
        months=10),
)  # fmt: skip

SAME = {
    "citation": CITATION,
    "note": NOTE,
    "patient.born_on": "NK",
    "tumor.max_diameter_mm": "NK",
    "tumor.metastasis_at_diagnosis": "NK",
    "tumor.origin_certainty": "ivc_certain",
    "tumor.presentation_type": "primary",
    "operations.1.operation_type": "index_resection",
    "operations.1.operated_on": "NK",
    "operations.1.bypass": "NK",
    "operations.1.organs_resected": "NK",
    "operations.1.resection_type": "circumferential",
    "operations.1.reconstruction.ivc_method": "tube_graft",
    "operations.1.reconstruction.length_mm": "NK",
    "pathology.1.reported_on": "NK",
    "pathology.1.histology": "leiomyosarcoma",
    "pathology.1.fnclcc_grade": "NK",
}


def table() -> str:
    """Write the rows in the import format."""
    rows = [_columns(number, row) for number, row in enumerate(ROWS, start=1)]
    out = io.StringIO()
    names = sorted_names({name for row in rows for name in row})
    writer = csv.DictWriter(out, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _columns(number: int, row: Row) -> dict[str, str]:
    return {
        "case_number": f"R-{number}",
        "center": FOUNDING.code,
        **SAME,
        "patient.sex": row.sex,
        "patient.age_at_resection_years": str(row.age),
        "tumor.segments": row.segments,
        "tumor.growth_pattern": row.growth,
        "operations.1.approach": row.approach,
        # All segments involved were taken out: each resection was circular.
        "operations.1.resected_segments": row.segments,
        # "Radical" is not defined in the abstract: R0 and R1 cannot be told apart, and the one that was not
        # radical is taken for one with a residue that was seen.
        "operations.1.gross_result": "complete" if row.radical else "macroscopic_residue",
        "pathology.1.margin": "RX" if row.radical else "R2",
        "operations.1.skin_to_skin_min": str(row.minutes),
        "operations.1.blood_loss_ml": str(row.loss),
        # Gore-Tex is a brand of expanded PTFE; the other six are printed as polytetrafluoroethylene alone.
        "operations.1.reconstruction.material": "eptfe" if row.brand else "ptfe",
        "operations.1.reconstruction.brand": row.brand or "NK",
        "operations.1.reconstruction.diameter_mm": str(row.diameter),
        **_veins(row),
        **_complications(row),
        **_outcome(row),
    }


def _veins(row: Row) -> dict[str, str]:
    """Printed: both renal veins, or the left one, into the prosthesis; what became of the right one is not."""
    if not row.veins:
        return {}
    return {
        "operations.1.veins.1.vein": "left_renal",
        "operations.1.veins.1.handling": "reimplanted_graft",
        "operations.1.veins.2.vein": "right_renal",
        "operations.1.veins.2.handling": "reimplanted_graft" if row.veins == "both" else "NK",
    }


def _complications(row: Row) -> dict[str, str]:
    """Printed: grade II in two, and what did not occur; not which complications, so their type is 'other'."""
    if not row.grade_ii:
        return {"discharge.no_complication_90d": "true"}
    return {
        "discharge.no_complication_90d": "false",
        "complications.1.type": "other",
        "complications.1.onset_on": "NK",
        "complications.1.clavien_dindo": "II",
    }


def _outcome(row: Row) -> dict[str, str]:
    if row.dead:
        return {
            "recurrences.1.detected_on": "NK",
            "recurrences.1.kind": "distant",
            "recurrences.1.sites": "liver|lung",
            "death.died_on": "NK",
            "death.months_after_resection": str(row.months),
            "death.time_qualifier": "exact",
            "death.cause_category": "disease",
            "death.source": "publication",
        }
    return {
        "follow_ups.1.visit_on": "NK",
        "follow_ups.1.months_after_resection": str(row.months),
        "follow_ups.1.time_qualifier": "at_least",
        "follow_ups.1.contact_type": "publication",
        "follow_ups.1.vital_status": "alive",
        "follow_ups.1.disease_status": "NK",
        "follow_ups.1.graft_status": "NK",
    }
