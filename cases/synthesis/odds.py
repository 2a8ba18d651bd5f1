"""How often things happen in synthetic cases: near published series, never a claim about patients.

Ages, sexes, levels, sizes, grades, margins and grafts follow the pooled and multi-center series of the
clinical reference (Wachtel 2015, VLFDC 2020, Bertrand 2024, Hu 2023); what no series prints is our choice.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any


class Odds:
    """Values with their weights; `draw` wants a number from 0 to 1."""

    __slots__ = ("bounds", "values")

    def __init__(self, weights: Mapping[Any, float] | Sequence[tuple[Any, float]]) -> None:
        pairs = list(weights.items()) if isinstance(weights, Mapping) else list(weights)
        total = sum(weight for _, weight in pairs)
        self.values = [value for value, _ in pairs]
        self.bounds = list(accumulate(weight / total for _, weight in pairs))[:-1]

    def draw(self, u: float) -> Any:
        return self.values[bisect(self.bounds, u)]


def codes(*members: str) -> frozenset[str]:
    """A set of codes, made once."""
    return frozenset(members)


NONE = codes("none")
SEX = Odds({"female": 76, "male": 24})
COUNTRY = Odds({"PL": 3, "UA": 3, "IT": 2, "FR": 2, "DE": 2})

# Runs of neighbors: lower, middle and upper in about the proportions of VLFDC 2020 and Mingoli 1996.
RUNS = Odds(
    [
        (("infrarenal",), 13),
        (("infrarenal", "interrenal"), 14),
        (("interrenal",), 6),
        (("interrenal", "suprarenal"), 15),
        (("suprarenal",), 10),
        (("suprarenal", "retrohepatic"), 14),
        (("retrohepatic",), 7),
        (("infrarenal", "interrenal", "suprarenal"), 6),
        (("retrohepatic", "infradiaphragmatic"), 6),
        (("suprarenal", "retrohepatic", "infradiaphragmatic"), 4),
        (("retrohepatic", "infradiaphragmatic", "supradiaphragmatic"), 3),
        (("retrohepatic", "infradiaphragmatic", "supradiaphragmatic", "intracardial"), 2),
    ]
)
GROWTH = Odds({"intravasal": 30, "extravasal": 35, "mixed": 35})
GRADE = Odds({"G1": 19, "G2": 40, "G3": 33, "GX": 8})
MARGIN = Odds({"R0": 74, "R1": 19, "R2": 4, "RX": 3})
ORIGIN = Odds({"ivc_certain": 91, "ivc_probable": 7, "retroperitoneal_invading": 2})
PRESENTED = Odds({"primary": 93, "recurrent": 5, "residual_after_outside_surgery": 2})
SYMPTOMS = Odds(
    [
        (codes("abdominal_pain"), 30),
        (codes("abdominal_pain", "mass"), 12),
        (codes("back_flank_pain"), 14),
        (codes("leg_edema"), 8),
        (codes("leg_edema", "dvt"), 6),
        (codes("incidental"), 18),
        (codes("weight_loss", "abdominal_pain"), 8),
        (codes("dyspnea"), 4),
    ]
)
COLLATERALS = Odds({"none": 45, "moderate": 35, "well_developed": 20})
ASA = Odds({1: 12, 2: 55, 3: 30, 4: 3})
ECOG = Odds({0: 60, 1: 33, 2: 7})
OCCLUSION = Odds({"patent": 25, "partial": 55, "complete": 20})
THROMBUS = Odds({"none": 70, "below_tumor": 18, "above_tumor": 7, "both": 5})
INVOLVED = Odds({"no": 55, "ostium": 30, "lumen": 15})
BIOPSY = Odds({"core_needle": 88, "fna": 6, "endovascular": 4, "incisional": 2})
APPROACH = Odds(
    [
        (codes("median_laparotomy"), 38),
        (codes("chevron"), 34),
        (codes("j_makuuchi"), 12),
        (codes("right_subcostal"), 8),
        (codes("retroperitoneal_flank"), 4),
        (codes("laparoscopic"), 2),
        (codes("robotic"), 2),
    ]
)
APPROACH_TO_THE_CHEST = Odds(
    [
        (codes("chevron", "sternotomy"), 60),
        (codes("median_laparotomy", "sternotomy"), 25),
        (codes("thoracoabdominal"), 15),
    ]
)
STEPS_BELOW_LIVER = Odds(
    [
        (codes("kocher_cattell", "infrarenal_control", "renal_vein_control", "staged_ivc_dissection"), 55),
        (codes("kocher_cattell", "infrarenal_control"), 35),
        (codes("none"), 10),
    ]
)
STEPS_AT_LIVER = Odds(
    [
        (
            codes("kocher_cattell", "piggyback_mobilization", "suprarenal_control", "staged_ivc_dissection"),
            55,
        ),
        (codes("right_liver_mobilization", "suprarenal_control"), 35),
        (codes("kocher_cattell", "suprarenal_control"), 10),
    ]
)
STEPS_TO_THE_HEART = codes(
    "piggyback_mobilization", "suprarenal_control", "diaphragm_incision", "intrapericardial_control"
)
ORGANS = Odds(
    [
        (codes("none"), 40),
        (codes("right_kidney"), 16),
        (codes("right_kidney", "right_adrenal"), 12),
        (codes("right_adrenal"), 12),
        (codes("gonadal"), 8),
        (codes("duodenum"), 3),
        (codes("liver_minor"), 6),
        (codes("right_adrenal", "caudate"), 3),
    ]
)
OF_A_TUBE = Odds({"tube_graft": 78, "ligation": 16, "bifurcated_graft": 3, "autologous_tube": 3})
OF_THE_WALL = Odds({"primary_closure": 58, "patch": 42})
GRAFT_MATERIAL = Odds({"eptfe": 66, "ptfe": 20, "dacron": 8, "cryopreserved_homograft": 6})
PATCH_MATERIAL = Odds({"bovine_pericardium": 60, "ptfe": 15, "autologous_vein": 25})
DIAMETER_MM = Odds({14.0: 8, 16.0: 20, 18.0: 27, 20.0: 30, 22.0: 11, 24.0: 4})
TEAM = Odds(
    [
        (codes("surgical_oncology", "vascular"), 50),
        (codes("surgical_oncology", "vascular", "hpb_transplant"), 30),
        (
            codes(
                "surgical_oncology",
            ),
            12,
        ),
        (codes("vascular", "urology"), 8),
    ]
)
EVENTS = Odds([(codes("none"), 85), (codes("major_bleeding"), 12), (codes("organ_injury"), 3)])

# Highest grade of those who have a complication (Hu 2023: 13% major).
CLAVIEN_DINDO = Odds({"I": 24, "II": 46, "IIIa": 14, "IIIb": 9, "IVa": 6, "IVb": 1})
COMPLICATION = Odds(
    {"bleeding": 14, "aki": 16, "ileus": 14, "pneumonia": 10, "lymph_chyle_leak": 10, "ssi_superficial": 10,
     "leg_edema": 10, "dvt": 6, "pe": 4, "other": 6}
)  # fmt: skip
TREATMENT = {
    "I": codes("none"),
    "II": codes("drugs"),
    "IIIa": codes("radiology"),
    "IIIb": codes("reoperation"),
    "IVa": codes("icu"),
    "IVb": codes("icu", "drugs"),
    "V": codes("icu"),
}
AGENT = Odds({"lmwh_therapeutic": 30, "doac": 26, "vka": 18, "aspirin": 16, "lmwh_prophylactic": 10})
PLANNED = Odds({"3_months": 25, "6_months": 30, "12_months": 15, "lifelong": 30})
RECURRENCE = Odds(
    [
        (("distant", codes("lung")), 26),
        (("distant", codes("liver")), 20),
        (("distant", codes("liver", "lung")), 16),
        (("distant", codes("bone")), 6),
        (("local", codes("retroperitoneum")), 20),
        (("local", codes("ivc_stump_or_graft")), 8),
        (("regional", codes("peritoneum")), 4),
    ]
)
DEATH_CAUSE = Odds({"disease": 85, "other": 11, "unknown": 4})
REASON = Odds({"NK": 60, "ND": 40})
WHY_NOT = Odds({"collaterals": 70, "chronic_occlusion": 30})
CHEST_TO_PELVIS = codes("chest", "abdomen", "pelvis")
