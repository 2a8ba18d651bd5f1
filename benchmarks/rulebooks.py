"""How many cases a second both rulebooks read on one core, over full, loaded documents.

Prints one JSON line last. The documents are made here from a seed: about 70 values and 12 child rows each, most of
them as expected. `--quick` reads fewer. The contract is 10,000 cases a second for the verdicts of both rulebooks.
"""

import argparse
import json
import os
import platform
import random
import statistics
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.settings")

AS_OF = date(2026, 6, 30)
CONTRACT = 10_000
SEGMENTS = (
    ["infrarenal"],
    ["infrarenal", "interrenal"],
    ["interrenal", "suprarenal"],
    ["suprarenal", "retrohepatic"],
    ["retrohepatic", "infradiaphragmatic"],
)


def case(rng: random.Random, number: int) -> dict[str, Any]:
    """One operated case as plain values."""
    year, month = rng.randint(2005, 2024), rng.randint(1, 12)
    segments = rng.choice(SEGMENTS)
    behind_liver = "retrohepatic" in segments
    size = rng.randint(40, 160)
    t = "T1" if size <= 50 else "T2" if size <= 100 else "T3" if size <= 150 else "T4"
    return {
        "case_number": f"B-{number}",
        "patient": {"born_on": f"{year - rng.randint(30, 80)}-05", "sex": rng.choice(["female", "male"])},
        "consent": {"basis": "written", "signed_on": f"{year}-{month:02d}-01", "scopes": ["registry"]},
        "presentation": {
            "symptoms": ["abdominal_pain"],
            "collaterals": "moderate",
            "height_cm": 168.0,
            "weight_kg": float(rng.randint(50, 95)),
            "asa": rng.randint(1, 3),
            "ecog": rng.randint(0, 1),
            "creatinine_preop_umol_l": float(rng.randint(50, 110)),
        },
        "diagnosis": {
            "diagnosis_on": f"{year}-{month:02d}-02",
            "diagnosis_basis": "biopsy",
            "icd10": "C49.4",
        },
        "imaging": [
            {
                "modality": "ct",
                "performed_on": f"{year}-{month:02d}-01",
                "regions": ["chest", "abdomen", "pelvis"],
                "finding_cranial_extent": segments[-1],
                "ivc_diameter_cranial_mm": 24.0,
            },
            {"modality": "ct", "performed_on": f"{year + 1}-{month:02d}", "regions": ["chest", "abdomen"]},
        ],
        "biopsies": [
            {"type": "core_needle", "performed_on": f"{year}-{month:02d}-02", "done_at": "own_center"}
        ],
        "mdt_meetings": [
            {"held_on": f"{year}-{month:02d}-03", "is_sarcoma_mdt": True, "phase": "pre_treatment"}
        ],
        "tumor": {
            "segments": segments,
            "segments_source": "operation",
            "growth_pattern": rng.choice(["intravasal", "extravasal", "mixed"]),
            "max_diameter_mm": size,
            "renal_vein_left_involved": "no",
            "hepatic_veins_involved": ["none"],
            "metastasis_at_diagnosis": False,
            "c_t": t,
            "c_n": "N0",
            "c_m": "M0",
            "origin_certainty": "ivc_certain",
            "presentation_type": "primary",
        },
        "operations": [
            {
                "operation_type": "index_resection",
                "operated_on": f"{year}-{month:02d}-10",
                "urgency": "elective",
                "intent": "curative",
                "approach": [rng.choice(["chevron", "median_laparotomy"])],
                "exposure_steps": ["staged_ivc_dissection", *["piggyback_mobilization"] * behind_liver],
                "pringle_used": behind_liver,
                "vascular_exclusion": "none",
                "bypass": ["none"],
                "resection_type": "circumferential",
                "resected_segments": segments,
                "organs_resected": ["none"],
                "tumor_rupture": False,
                "gross_result": "complete",
                "skin_to_skin_min": rng.randint(150, 400),
                "blood_loss_ml": rng.randint(150, 2500),
                "rbc_units": rng.randint(0, 4),
                "intraop_events": ["none"],
                "reconstruction": {
                    "ivc_method": "tube_graft",
                    "material": "eptfe",
                    "ringed": True,
                    "diameter_mm": float(rng.choice([14, 16, 18, 20, 22])),
                    "length_mm": 90,
                    "av_fistula": False,
                },
                "veins": [
                    {"vein": "left_renal", "handling": "reimplanted_graft"},
                    {"vein": "right_renal", "handling": "preserved"},
                ],
            }
        ],
        "pathology": [
            {
                "reported_on": f"{year}-{month:02d}-25",
                "histology": "leiomyosarcoma",
                "fnclcc_grade": "G2",
                "mitoses_per_10hpf": 9.0,
                "specimen_length_mm": size,
                "margin": rng.choice(["R0", "R0", "R0", "R1"]),
                "closest_margin_mm": 2.0,
                "p_t": t,
            }
        ],
        "complications": [
            {
                "type": "ileus",
                "onset_on": f"{year}-{month:02d}-14",
                "clavien_dindo": "II",
                "treatment": ["drugs"],
            }
        ],
        "discharge": {
            "discharged_on": f"{year}-{month:02d}-22",
            "discharge_to": "home",
            "icu_days": 2,
            "creatinine_discharge_umol_l": 90.0,
        },
        "antithrombotics": [{"agent": "lmwh_prophylactic", "started_on": f"{year}-{month:02d}-11"}],
        "follow_ups": [
            {
                "visit_on": f"{year + after}-{month:02d}-20",
                "contact_type": "clinic",
                "vital_status": "alive",
                "disease_status": "NED",
                "graft_status": "patent",
                "creatinine_umol_l": 88.0,
            }
            for after in (1, 2, 3)
            if year + after < 2026
        ],
    }


def main() -> None:
    """Read the documents several times and print the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="500 cases instead of 4,000")
    options = parser.parse_args()
    django.setup()
    count, runs = (500, 5) if options.quick else (4000, 9)
    rng = random.Random(20260101)  # noqa: S311 - the same documents each time
    raw = [case(rng, number) for number in range(count)]
    figures = {name: round(count / seconds) for name, seconds in measured(raw, runs).items()}
    line = {
        "benchmark": "rulebooks",
        "measures": "validity and algorithm over loaded documents, one core",
        "figure": figures["verdicts"],
        "unit": "cases/s",
        "limit": CONTRACT,
        "ratio": round(figures["verdicts"] / CONTRACT, 2),
        "with_findings_and_sentences": figures["findings"],
        "completeness": figures["complete"],
        "sizes": {"cases": count, "runs": runs, "rules": rules_read()},
        "versions": {"python": platform.python_version(), "django": django.__version__},
    }
    print(f"both rulebooks, {rules_read()} rules: {figures['verdicts']:,} cases/s")
    print(json.dumps(line))


def rules_read() -> int:
    """How many rules a case is read by."""
    from cases.rulebook.algorithm import ALGORITHM
    from cases.rulebook.validity import VALIDITY

    return sum(rule.is_read for book in (VALIDITY, ALGORITHM) for rule in book.rules)


def measured(raw: list[dict[str, Any]], runs: int) -> dict[str, float]:
    """Median processor seconds of each piece of work over all documents, parsed anew for each run."""
    from cases.document import parse
    from cases.rulebook import completeness, engine
    from cases.rulebook.algorithm import ALGORITHM
    from cases.rulebook.validity import VALIDITY

    def verdicts(document: Any) -> None:
        engine.read(VALIDITY, document, AS_OF)
        engine.read(ALGORITHM, document, AS_OF)

    def findings(document: Any) -> None:
        engine.read(VALIDITY, document, AS_OF).findings  # noqa: B018 - making them is what is measured
        engine.read(ALGORITHM, document, AS_OF).findings  # noqa: B018

    def complete(document: Any) -> None:
        completeness.missing_answers(document)

    findings(parse(raw[0]))  # compiles the rulebooks
    seconds: dict[str, list[float]] = {}
    for _ in range(runs):
        for work in (verdicts, findings, complete):
            documents = [parse(one) for one in raw]  # anew: nothing derived is remembered
            started = time.process_time()
            for document in documents:
                work(document)
            seconds.setdefault(work.__name__, []).append(time.process_time() - started)
    return {name: statistics.median(each) for name, each in seconds.items()}


if __name__ == "__main__":
    main()
