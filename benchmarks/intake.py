"""Time the writing path: documents in through intake, with audit, row security and both rulebooks on.

Batches of new cases of 57 values, three forms and six child rows; beside them synthetic drafts (63 values in 18
form rows) and complete synthetic cases (117 values). From documents ready to be judged to the commit, one process,
fsync on. The limit beside it is a raw COPY of the drafts' very rows (the clinical tables alone) into tables of the
same shape and indexes, without audit, row security, foreign keys or rules.

    .venv/bin/python benchmarks/intake.py [--quick]
"""

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

import scratch

BATCH = 1000
# 57 values in the patient, three forms and six child rows: near the shape that the goal was set for.
GOAL = 1500
COMPACT: dict[str, Any] = {
    "patient": {"born_on": "1960-05", "sex": "female"},
    "presentation": {
        "symptoms": ["abdominal_pain"],
        "collaterals": "moderate",
        "height_cm": 168.0,
        "weight_kg": 70.0,
        "asa": 2,
        "ecog": 1,
        "diabetes": False,
        "hypertension": True,
        "creatinine_preop_umol_l": 80.0,
    },
    "tumor": {
        "segments": ["infrarenal", "interrenal"],
        "growth_pattern": "mixed",
        "max_diameter_mm": 90,
        "bland_thrombus": "none",
        "metastasis_at_diagnosis": False,
        "origin_certainty": "ivc_certain",
        "presentation_type": "primary",
        "c_t": "T2",
        "c_n": "N0",
        "c_m": "M0",
    },
    "operations": [
        {
            "operation_type": "index_resection",
            "operated_on": "2015-03-02",
            "urgency": "elective",
            "intent": "curative",
            "approach": ["chevron"],
            "exposure_steps": ["staged_ivc_dissection"],
            "pringle_used": False,
            "vascular_exclusion": "none",
            "bypass": ["none"],
            "team": ["vascular"],
            "resection_type": "circumferential",
            "resected_segments": ["infrarenal", "interrenal"],
            "organs_resected": ["none"],
            "tumor_rupture": False,
            "gross_result": "complete",
            "skin_to_skin_min": 215,
            "blood_loss_ml": 300,
            "intraop_events": ["none"],
            "reconstruction": {"ivc_method": "tube_graft", "material": "ptfe", "diameter_mm": 20.0},
            "veins": [
                {"vein": "left_renal", "handling": "reimplanted_graft"},
                {"vein": "right_renal", "handling": "reimplanted_graft"},
            ],
        }
    ],
    "complications": [{"type": "other", "onset_on": "2015-03-05", "clavien_dindo": "II"}],
    "follow_ups": [
        {
            "visit_on": "2015-09-02",
            "vital_status": "alive",
            "disease_status": "NED",
            "graft_status": "patent",
        },
        {
            "visit_on": "2016-03-02",
            "vital_status": "alive",
            "disease_status": "NED",
            "graft_status": "patent",
        },
    ],
}


def main() -> None:
    """Write several rounds of cases, copy their rows, print the medians as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 cases a round instead of 5,000")
    count = 1_000 if parser.parse_args().quick else 5_000
    scratch.prepare()
    from django.db import connection

    from cases import synthesis
    from cases.document import FIELDS, dump, parse
    from cases.models import FORMS, Case, Patient

    seconds: dict[str, list[float]] = {
        "compact": [],
        "intake": [],
        "intake, parsing included": [],
        "complete documents": [],
        "one case at a time": [],
        "COPY": [],
    }
    rounds = 5
    settle(list(synthesis.documents(BATCH, stream=rounds, thorough=0.0)))
    for number in range(rounds):
        center = scratch.center(f"B{number:03d}")
        compact = [parse(COMPACT | {"case_number": f"C{i}"}) for i in range(count)]
        seconds["compact"].append(write(compact, center))
        documents = list(synthesis.documents(count, stream=number, thorough=0.0))
        seconds["intake"].append(write(documents, center))
        raw = [dump(document) | {"case_number": f"R{i}"} for i, document in enumerate(documents)]
        started = time.perf_counter()
        parsed = [parse(one) for one in raw]
        parsing = time.perf_counter() - started
        seconds["intake, parsing included"].append(write(parsed, center) + parsing)
        complete = list(synthesis.documents(count, stream=number, thorough=1.0, seed=1))
        seconds["complete documents"].append(write(complete, center))
        single = [parse(one | {"case_number": f"S{i}"}) for i, one in enumerate(raw[:100])]
        seconds["one case at a time"].append(write(single, center, batch=1) * count / len(single))
    tables = [model._meta.db_table for model in (Patient, Case, *FORMS)]
    with scratch.owner() as owner:
        rows = copy_out(owner, tables, count)
        for _ in range(rounds):
            seconds["COPY"].append(copy_in(owner, rows))
    values = statistics.mean(
        sum(v is not None for f in forms(d) for v in answers(f, FIELDS)) for d in documents[:500]
    )
    children = statistics.mean(sum(1 for _ in forms(d)) for d in documents[:500])
    rates = {name: count / statistics.median(taken) for name, taken in seconds.items()}
    for name, rate in rates.items():
        print(f"{name:26} {rate:10,.0f} cases/s")
    print(
        json.dumps(
            {
                "benchmark": "intake",
                "measures": f"new cases written in batches of {BATCH}",
                "figure": round(rates["compact"]),
                "unit": "cases/s",
                "goal": GOAL,
                "synthetic_drafts": round(rates["intake"]),
                "with_parsing": round(rates["intake, parsing included"]),
                "complete_documents": round(rates["complete documents"]),
                "one_case_at_a_time": round(rates["one case at a time"]),
                "raw_copy_of_synthetic_drafts": round(rates["COPY"]),
                "ratio": round(rates["intake"] / rates["COPY"], 3),
                "sizes": {
                    "cases": count,
                    "rounds": rounds,
                    "values_of_a_draft": round(values),
                    "form_rows": round(children),
                },
                "versions": {"python": platform.python_version(), "postgresql": connection.pg_version},
            }
        )
    )


def settle(documents: list) -> None:
    """Write a first batch and let PostgreSQL look at it, as it does by itself within a minute.

    Until then it has no statistics, checks keys by an index of the center, and keeps that plan for the session.
    """
    from django.db import connection

    write(documents, scratch.center("FIRST"))
    with scratch.owner() as owner:
        owner.execute("ANALYZE")
    connection.close()


def write(documents: list, center: Any, *, batch: int = BATCH, source: str = "synthetic") -> float:
    """Write documents in batches; returns the seconds it took."""
    from cases import intake

    started = time.perf_counter()
    for first in range(0, len(documents), batch):
        submissions = [intake.Submission(document=one) for one in documents[first : first + batch]]
        for receipt in intake.save_cases(submissions, center=center, by=None, source=source):
            if receipt.verdict != "new":
                sys.exit(f"not new: {receipt}")
    return time.perf_counter() - started


def copy_out(owner: Any, tables: list[str], count: int) -> dict[str, bytes]:
    """The rows of the first round of cases, table by table, as COPY writes them."""
    (center,) = owner.execute("SELECT min(id) FROM registry_center WHERE code = 'B000'").fetchone()
    of_center = f"SELECT id, patient_id FROM cases_case WHERE center_id = {center} ORDER BY id LIMIT {count}"
    rows = {}
    for table in tables:
        key = {"cases_case": "id IN (SELECT id", "cases_patient": "id IN (SELECT patient_id"}.get(
            table, "case_id IN (SELECT id"
        )
        select = f"SELECT * FROM {table} WHERE {key} FROM ({of_center}) AS c)"
        with owner.cursor().copy(f"COPY ({select}) TO STDOUT") as out:
            rows[table] = b"".join(bytes(part) for part in out)
    return rows


def copy_in(owner: Any, rows: dict[str, bytes]) -> float:
    """Copy ready rows into tables of the same shape, in one transaction; returns the seconds it took."""
    owner.execute("DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench")
    for table in rows:
        alike = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES"
        owner.execute(f"CREATE TABLE bench.{table} (LIKE public.{table} {alike})")
    started = time.perf_counter()
    with owner.transaction():
        for table, text in rows.items():
            with owner.cursor().copy(f"COPY bench.{table} FROM STDIN") as into:
                into.write(text)
    return time.perf_counter() - started


def forms(document: Any) -> Iterator[Any]:
    """Every form of a document."""
    from cases.document import MODEL_OF

    for name in document.__dataclass_fields__:
        value = getattr(document, name)
        for form in value if isinstance(value, tuple) else (value,):
            if type(form) in MODEL_OF:
                yield form
                yield from forms(form)


def answers(form: Any, fields: Any) -> list:
    """The values of a form."""
    return [getattr(form, name) for name in fields[type(form)]]


if __name__ == "__main__":
    main()
