"""Cohorts as rows, with the values of the founding abstract (Rusin 2021, doi 10.26779/2522-1396.2021.9-10.44)."""

from datetime import UTC, date, datetime
from itertools import count

from cases.models import (
    Assessment,
    Case,
    Complication,
    Discharge,
    Operation,
    Pathology,
    Patient,
    Reconstruction,
    SurvivalObservation,
    Tumor,
    VeinHandling,
)

_SERIAL = count(1)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MONTH = 30.4375
# Death at 10, 18 and 34 months gives the printed 87.5, 75 and 62.5%; five survivors are followed beyond 36 months.
MONTHS = (10, 18, 34, 40, 52, 60, 75, 90)
# Minimum, maximum, median and mean of operating time; minimum, maximum and mean of blood loss are those printed.
MINUTES = (160, 165, 170, 210, 220, 225, 250, 320)
BLOOD_ML = (250, 250, 260, 270, 280, 300, 330, 500)
AGES = (41, 48, 52, 56, 58, 60, 66, 71)


def add_case(
    center,
    number,
    *,
    source="admin",
    sex="female",
    age=57,
    operated_on=date(2015, 5, 20),
    days=None,
    died=False,
    dated=True,
    in_main_curve=True,
    **strata,
):
    """Add one case with its patient and its observation; the forms come from the caller."""
    patient = Patient.objects.create(
        center=center, registry_id=f"P{next(_SERIAL):08}", sex=sex, age_at_resection_years=age
    )
    case = Case.objects.create(
        center=center, patient=patient, case_number=str(number), source=source, created_at=NOW, updated_at=NOW
    )
    SurvivalObservation.objects.create(
        case=case, center=center, source=source, in_main_curve=in_main_curve, origin_on=operated_on,
        followed_days=None if died else days, death_days=days if died else None, death_is_dated=died and dated,
        sex=sex, **{"in_reports": True, **strata},
    )  # fmt: skip
    return case


def add_operation(case, **fields):
    given = {
        "operation_type": "index_resection",
        "resection_type": "circumferential",
        "gross_result": "complete",
    }
    return Operation.objects.create(case=case, center=case.center, **{**given, **fields})


def founding(center, *, source="reconstruction"):
    """Add the eight founding rows."""
    cases = []
    for i in range(8):
        case = add_case(
            center, f"F{i + 1}", source=source, sex="male" if i == 7 else "female", age=AGES[i],
            operated_on=None, days=round(MONTHS[i] * MONTH), died=i < 3,
        )  # fmt: skip
        forms(case, i)
        cases.append(case)
    return cases


def recurring(center, patients=40):
    """Patients by margin; a third recurs, a third dies without, a third lives on for 1,000 days or more."""
    for i in range(patients):
        era = "2010s" if i % 12 < 8 else "2020s"
        case = add_case(center, i, operated_on=date(2012 + i % 12, 1, 1), days=1000 + i,
                        died=i % 3 == 1, margin=("R0", "R1")[i % 2], era=era)  # fmt: skip
        seen = {"made_disease_free": True, "ivc_method": "tube_graft"}
        seen["days_from_diagnosis"] = 30 + i % 7
        if i % 3 == 0:
            seen |= {"recurrence_days": 100 + i, "local_recurrence_days": 100 + i,
                     "graft_occlusion_days": 200 + i}  # fmt: skip
        SurvivalObservation.objects.filter(case=case).update(**seen)


def forms(case, i):
    """Add the forms of founding row i: growth 3/1/4, 7 Chevron, 6 and 2 prostheses, procedures 5/2/1, 2 grade II."""
    center, growth = case.center, ("intravasal",) * 3 + ("extravasal",) + ("mixed",) * 4
    segments = [["infrarenal"], ["infrarenal", "interrenal"], ["infrarenal", "interrenal", "suprarenal"]]
    size = (0, 0, 0, 0, 1, 1, 1, 2)[i]
    Tumor.objects.create(case=case, center=center, segments=segments[size], growth_pattern=growth[i])
    add_operation(
        case, approach=["median_laparotomy" if i == 0 else "chevron"], skin_to_skin_min=MINUTES[i],
        blood_loss_ml=BLOOD_ML[i], gross_result="macroscopic_residue" if i == 1 else "complete",
    )  # fmt: skip
    brand = "Gore-Tex" if i in (3, 5) else None
    Reconstruction.objects.create(
        case=case,
        center=center,
        ivc_method="tube_graft",
        material="ptfe",
        brand=brand,
        diameter_mm=18 + 2 * (i % 3),
    )
    veins = {5: ("left_renal", "right_renal"), 6: ("left_renal", "right_renal"), 7: ("left_renal",)}.get(
        i, ()
    )
    for position, vein in enumerate(veins):
        VeinHandling.objects.create(
            case=case, center=center, position=position, vein=vein, handling="reimplanted_graft"
        )
    Pathology.objects.create(case=case, center=center, margin="RX")
    if i in (2, 4):
        Complication.objects.create(case=case, center=center, type="other", clavien_dindo="II")
    Discharge.objects.create(case=case, center=center, no_complication_90d=i not in (2, 4))


def assess(case, **verdicts):
    """Add a current assessment: rule id with "_" for "-", and its verdict."""
    findings = [
        {"rule": rule.replace("_", "-"), "verdict": verdict, "severity": "minor", "pointer": ""}
        for rule, verdict in verdicts.items()
    ]
    return Assessment.objects.create(
        case=case, center=case.center, algorithm_version="test", case_version=1, as_of=date(2026, 1, 1),
        assessed_at=NOW, digest=str(case.pk), findings=findings,
    )  # fmt: skip
