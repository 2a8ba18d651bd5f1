"""On whose word a rule stands: its source and how firm that is."""

from __future__ import annotations

from datetime import date
from typing import Any

from cases.vocabulary import Firmness

# What follows from the meaning of the registry's own fields, or from a published definition.
LOGIC = {"source": "The registry's own definition", "firmness": Firmness.LOGIC}
PROPOSAL = {"source": "The registry's own proposal", "firmness": Firmness.D}
AJCC = {"source": "AJCC 8, soft tissue sarcoma of the retroperitoneum", "firmness": Firmness.LOGIC}
FNCLCC = {"source": "FNCLCC grading of soft tissue sarcoma", "firmness": Firmness.LOGIC}
CLAVIEN = {"source": "Clavien-Dindo classification", "firmness": Firmness.LOGIC}
CKD_EPI = {"source": "CKD-EPI 2021", "firmness": Firmness.LOGIC}

PAPER = "Rusin 2021, doi 10.26779/2522-1396.2021.9-10.44"
# The first year after the paper: earlier operations are read and marked as historical.
SEED_SINCE = date(2022, 1, 1)

# Publications that several rules of the literature rest on.
UK_2024 = "UK guideline (Hayes, Br J Cancer 2024, doi 10.1038/s41416-024-02674-y)"
JIM_2024 = "French two-center practice (JIM 2024)"
TARPSWG_2021 = "TARPSWG (Swallow 2021, doi 10.1245/s10434-021-09654-z)"
WORLD_J_SURG_2020 = "review (World J Surg 2020, doi 10.1007/s00268-020-05602-2)"
VLFDC_2020 = "VLFDC 2020 (90 patients)"
TO_BE_CHECKED = "(still to be checked against the publication)"

# What has been published against rules of the founding paper.
MINIMALLY_INVASIVE_REPORTS = (
    "Laparoscopic and robot-assisted resections (Suryawanshi 2017, doi 10.4103/jmas.JMAS_152_16; Cheng 2021, doi"
    " 10.21037/tau-20-1523)"
)
CLAMP_FREE = (
    "Parenchyma-sparing resection without clamping (Ann Surg Oncol 2020, doi 10.1245/s10434-020-09428-z)"
)


def seed(words: str, aside: str = "") -> dict[str, Any]:
    """Return what all rules of the founding paper share, with its words that this one rests on, and a remark."""
    source = f"{PAPER}: “{words}”{f' ({aside})' if aside else ''}"
    return {"source": source, "firmness": Firmness.SEED, "since": SEED_SINCE}


def literature(*sources: str, firmness: Firmness, since: int) -> dict[str, Any]:
    """Return the authority of a rule of guidance or series; `since` is the first year after the youngest of them."""
    return {"source": "; ".join(sources), "firmness": firmness, "since": date(since, 1, 1)}


def proposal(since: int) -> dict[str, Any]:
    """Return the authority of a rule of our own, in force from a year on."""
    return {**PROPOSAL, "since": date(since, 1, 1)}
