"""The standing words of a report: what kind of data it shows, and what a reader of the papers will ask."""

from __future__ import annotations

from reports.content import Note, Source

TITLE = "Survival after resection of leiomyosarcoma of the inferior vena cava"

SCOPES: dict[Source, str] = {
    "clinical": "Whole registry",
    "literature": "Published cases",
    "reconstruction": "Founding cohort",
    "synthetic": "Synthetic cases",
}

BANNERS: dict[Source, str] = {
    "clinical": "",
    "literature": (
        "Published cases, transcribed from case reports and small series. Case reports over-represent success: "
        "this is a demonstration of the registry, not evidence."
    ),
    "reconstruction": (
        "Reconstruction. These rows were rebuilt from the figures printed in a published abstract. They are not "
        "patient records, and which values stand together in a row is a choice; only figures that the abstract "
        "prints are shown in the tables of patients and operations."
    ),
    "synthetic": "Synthetic data from the registry's generator. No line of it describes a patient.",
}

# The founding abstract and a later paper on the same patients do not agree; readers of one will ask about the other.
FOUNDING: tuple[Note, ...] = (
    Note(
        title="Two papers, two sets of survival figures",
        text=(
            "The founding abstract (Rusin and others 2021, doi 10.26779/2522-1396.2021.9-10.44) prints survival of "
            "87.5, 75 and 62.5% at 1, 2 and 3 years, which this report reproduces. A 2022 paper on the same "
            "8 patients prints 87.5, 71.4 and 57.7%. No Kaplan–Meier estimate on 8 patients with single deaths "
            "gives 71.4% after 87.5%; 5 of 7 is 71.4%, which suggests another denominator."
        ),
    ),
    Note(
        title="Median or average",
        text=(
            "Operating time of 215 (160–320) min is called a median in 2021 and an average in 2022. Blood loss of "
            "305 (250–500) mL is called an average in both; with this range 305 cannot be both mean and median."
        ),
    ),
    Note(
        title="Words the abstract does not define",
        text=(
            "Gore-Tex is a brand of expanded PTFE, so 6 and 2 count a generic name and a brand, not two materials. "
            "“Radical” is taken as no visible tumor left. “Not observed” is taken to mean within 90 days."
        ),
    ),
)

TIMES_AS_PRINTED = Note(
    title="Times as printed",
    text=(
        "Most papers print an interval in months and no date; a month counts 30.4375 days. Some intervals are printed "
        "as “at least” or “almost”: they are taken as they stand, so the curve is approximate."
    ),
)

INTERVALS = (
    "Survival: Kaplan–Meier with Greenwood variance and pointwise 95% intervals on the log-log scale; follow-up by "
    "the reverse Kaplan–Meier method. Proportions: exact 95% intervals of Clopper and Pearson."
)

DEFINITIONS: tuple[str, ...] = (
    "Time zero is the index resection, curative or palliative, of an eligible primary tumor; recurrent tumors and "
    "patients without resection stay in the registry and out of the curve. Patients who refused are not counted.",
    "Patients are followed to death or the last day known alive, and to the data cut at most.",
    "Nobody counts as free of an event unless that was recorded, and a death whose day is not known is no early death.",
)

NOTHING_WITHHELD = "None withheld: these data are public or made up."


def withheld(threshold: int) -> str:
    """Say what readers outside the center do not see."""
    return (
        f"Readers outside the center see no count from 1 to {threshold - 1}, none that would give one back by "
        f"subtraction, no ranges and no exact times: <{threshold} stands for such a count, [c] for one withheld with "
        "it. Centers are never ranked."
    )
