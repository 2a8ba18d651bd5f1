"""Case documents for tests: the smallest that says what a test is about."""

from datetime import date

from cases import synthesis
from cases.document import dump, parse
from cases.rulebook import completeness, engine
from cases.rulebook.validity import VALIDITY


def draft(number="A-1", **forms):
    """A case with nothing but its number and the forms given."""
    return parse({"case_number": number, **forms})


# Rules of the founding paper are asked of operations from 2022 on; older ones are explained by their age.
OF_TODAY = "2023-03-02"


def resected(number="A-1", *, operated_on="2015-03-02", operation=None, **forms):
    """A patient after an index resection with a tube graft."""
    return draft(
        number,
        **{
            "patient": {"born_on": "1960-05", "sex": "female"},
            "tumor": {
                "segments": ["infrarenal", "interrenal"],
                "growth_pattern": "mixed",
                "metastasis_at_diagnosis": False,
            },
            "operations": [
                {
                    "operation_type": "index_resection",
                    "operated_on": operated_on,
                    "intent": "curative",
                    "approach": ["chevron"],
                    "bypass": ["none"],
                    "resection_type": "circumferential",
                    "resected_segments": ["infrarenal", "interrenal"],
                    "organs_resected": ["none"],
                    "gross_result": "complete",
                    "skin_to_skin_min": 215,
                    "blood_loss_ml": 300,
                    "reconstruction": {"ivc_method": "tube_graft", "material": "ptfe", "diameter_mm": 20.0},
                    "veins": [
                        {"vein": "left_renal", "handling": "reimplanted_graft"},
                        {"vein": "right_renal", "handling": "reimplanted_graft"},
                    ],
                    **(operation or {}),
                }
            ],
            **forms,
        },
    )


def complete(number="A-1", **forms):
    """A case that lacks nothing and asks nothing: a synthetic patient who died, with reasons where answers lack."""
    made = next(
        found
        for found in synthesis.documents(500, until=date(2024, 1, 1), thorough=1.0)
        if found.reconstruction and found.death and not _queries(found)
    )
    raw = {**dump(made), "case_number": number}
    for answer in completeness.missing_answers(made):
        *path, name = answer.pointer.strip("/").split("/")
        form = raw
        for step in path:
            form = form[int(step)] if isinstance(form, list) else form[step]
        form.setdefault("missing", {})[name] = "NK"
    return parse({**raw, **forms})


def _queries(document):
    return engine.read(VALIDITY, document, date(2030, 1, 1)).queries
