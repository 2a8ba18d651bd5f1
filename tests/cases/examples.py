"""Case documents for tests: the smallest that says what a test is about."""

from cases.document import parse


def draft(number="A-1", **forms):
    """A case with nothing but its number and the forms given."""
    return parse({"case_number": number, **forms})


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
