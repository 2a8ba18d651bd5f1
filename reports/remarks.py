"""The standing words of a report: what kind of data it shows, what a reader of the papers will ask, and the patterns of
its sentences. They are stored in English; `reports/speech.py` says them in other languages.
"""

from __future__ import annotations

from reports.content import Note, Source


def mark(text: str) -> str:
    """Mark a text that is stored, for the catalogs."""
    return text


def mark_many(one: str, many: str) -> tuple[str, str]:
    """Mark the two forms of a text with a number."""
    return one, many


TITLE = mark("Survival after resection of leiomyosarcoma of the inferior vena cava")

SCOPES: dict[Source, str] = {
    "clinical": mark("Whole registry"),
    "literature": mark("Published cases"),
    "reconstruction": mark("Founding cohort"),
    "synthetic": mark("Synthetic cases"),
}

BANNERS: dict[Source, str] = {
    "clinical": "",
    "literature": mark(
        "Published cases, transcribed from case reports and small series. Case reports over-represent success: "
        "this is a demonstration of the registry, not evidence."
    ),
    "reconstruction": mark(
        "Reconstruction. These rows were rebuilt from the figures printed in a published abstract. They are not "
        "patient records, and which values stand together in a row is a choice; only figures that the abstract "
        "prints are shown in the tables of patients and operations."
    ),
    "synthetic": mark("Synthetic data from the registry's generator. No line of it describes a patient."),
}

# The founding abstract and a later paper on the same patients do not agree; readers of one will ask about the other.
FOUNDING: tuple[Note, ...] = (
    Note(
        title=mark("Two papers, two sets of survival figures"),
        text=mark(
            "The founding abstract (Rusin and others 2021, doi 10.26779/2522-1396.2021.9-10.44) prints survival of "
            "87.5, 75 and 62.5% at 1, 2 and 3 years, which this report reproduces. A 2022 paper on the same "
            "8 patients prints 87.5, 71.4 and 57.7%. No Kaplan–Meier estimate on 8 patients with single deaths "
            "gives 71.4% after 87.5%; 5 of 7 is 71.4%, which suggests another denominator."
        ),
    ),
    Note(
        title=mark("Median or average"),
        text=mark(
            "Operating time of 215 (160–320) min is called a median in 2021 and an average in 2022. Blood loss of "
            "305 (250–500) mL is called an average in both; with this range 305 cannot be both mean and median."
        ),
    ),
    Note(
        title=mark("Words the abstract does not define"),
        text=mark(
            "Gore-Tex is a brand of expanded PTFE, so 6 and 2 count a generic name and a brand, not two materials. "
            "“Radical” is taken as no visible tumor left. “Not observed” is taken to mean within 90 days."
        ),
    ),
)

TIMES_AS_PRINTED = Note(
    title=mark("Times as printed"),
    text=mark(
        "Most papers print an interval in months and no date; a month counts 30.4375 days. Some intervals are printed "
        "as “at least” or “almost”: they are taken as they stand, so the curve is approximate."
    ),
)

INTERVALS = mark(
    "Survival: Kaplan–Meier with Greenwood variance and pointwise 95% intervals on the log-log scale; follow-up by "
    "the reverse Kaplan–Meier method. Proportions: exact 95% intervals of Clopper and Pearson."
)

DEFINITIONS: tuple[str, ...] = (
    mark(
        "Time zero is the index resection, curative or palliative, of an eligible primary tumor; recurrent tumors and "
        "patients without resection stay in the registry and out of the curve. Patients who refused are not counted."
    ),
    mark("Patients are followed to death or the last day known alive, and to the data cut at most."),
    mark(
        "Nobody counts as free of an event unless that was recorded, and a death whose day is not known is no early "
        "death."
    ),
    mark(
        "Recurrence is counted among patients made free of tumor. Where death or another event competes, the "
        "cumulative incidence is that of Aalen and Johansen, with the usual delta-method variance and intervals on the "
        "log-log scale."
    ),
    mark(
        "Subgroups are compared by the log-rank test, not adjusted and without correction for their number."
    ),
    mark(
        "A patient counts for the center that operated, with the operation, its deviations, its outcome and all later "
        "news, also where another center has taken the follow-up over; nobody counts twice."
    ),
)

NOBODY_FOLLOWED = mark(
    "No patient of this report is followed after an index resection up to the data cut, so there is no survival to "
    "estimate."
)

ONLY_WITH_CONSENT = mark(
    "In what is told of all centers only those patients count whose consent covers reports."
)

NOTHING_WITHHELD = mark("None withheld: these data are public or made up.")

ROUNDED = mark(
    "Counts are rounded to 5; counts from 1 to {most} are not shown. Percentages, intervals, curves and times are "
    "worked out from the rounded counts, so they are approximate, and sums need not agree. Differences between two "
    "reports are differences of rounded counts: they may be rounding alone."
)

COARSE_CURVE = mark(
    "Estimated from counts of each half-year, rounded to 5, with {small} for small ones: steps stand in the middle of "
    "the half-years, and the curve ends where fewer than 10 patients are at risk."
)

FROM_DIAGNOSIS = mark(
    "Of patients with a dated diagnosis, who are at risk from their resection on. Those who never came to a resection "
    "are not in it, and early numbers at risk are small."
)

NEARLY_THE_SAME = mark(
    "Withheld: it is nearly survival after resection, and the few deaths between the two curves would follow from both."
)

SERIES_WARNING = mark(
    "This is context, never a target and never a test of a center: patients, years and endpoints differ, some print "
    "disease-specific or crude survival, and several series hold the same patients."
)

ROUNDED_TIMES = mark("Estimated from counts of each half-year, rounded to 5.")

# Words of reports of version 1.1, which are printed as they were.
EARLIER: tuple[str, ...] = (
    mark(
        "Steps of the curve stand at the ticks of the axis; times are whole months; numbers at risk and of deaths are "
        "rounded to 5."
    ),
    mark("Only what follows from the estimates shown; times are whole months, counts rounded to 5."),
)
EARLIER_PATTERNS: tuple[str, ...] = (
    mark("about {n}"),
    mark(
        "Withheld: fewer than {patients} patients or {events} events, or so few beside another curve that subtraction "
        "would give them."
    ),
    mark(
        "Differences from 1 to {most} are withheld. Deaths, withdrawals and the effect on the curve are not told: the "
        "few patients between two reports would follow from them."
    ),
    mark(
        "Readers outside the center see no count from 1 to {most}, none that would give one back by subtraction, no "
        "ranges and no exact times: <{threshold} stands for such a count, [c] for one withheld with it. Centers are "
        "never ranked."
    ),
)


# --- patterns: of sentences, and of counts in the forms for one and for many -----------------------------------------

SUBTITLE = mark("{scope}: {registered} registered, {followed} resected and followed")
HEARD_OF = mark(
    "Of {patients} not known to have died, {stale} ({share}) were last heard of more than {months} months before the "
    "data cut."
)
PATIENTS = mark_many("{n} patient", "{n} patients")
EVENTS = mark_many("{n} event", "{n} events")
PUBLICATIONS = mark_many(
    "{n} publication; each case keeps its citation.", "{n} publications; each case keeps its citation."
)
ALIVE_AT = mark("alive at {months} months")
DIED_WITHIN = mark("died within {days} days")
DEATH_WITHIN = mark("Death within {days} days")
GRADE = mark("Grade {grade}")
FATAL_GRADE = mark("Grade {grade} (death)")
WITHIN = mark("Within {days} days of the operation, among patients in whom it is known.")
SEVERAL_LINES = mark("{heading}: a patient may count in more than one line.")
WHOSE_GRAFT = mark("Grafts are tubes, bifurcated and autologous ones too.")
FILTRATION = mark(
    "eGFR: estimated filtration rate by CKD-EPI 2021 without race (Inker 2021). Change: at discharge less before, of "
    "those in whom both are known."
)
FROM_DAY_90 = mark(
    "From day 90 on, of patients alive and observed past it: this separates surgical from oncological mortality."
)
AFTER_RECURRENCE = mark(
    "Of patients made free of tumor, from the day on which it was first found to be back. Who recurs late has lived "
    "long already."
)
WHOSE_RECURRENCE = mark("Of patients made free of tumor, up to the data cut.")
REOPERATED_WITHIN = mark("Reoperation within {days} days")
READMITTED_WITHIN = mark("Readmission within {days} days")
FAILED_TO_RESCUE = mark("Failure to rescue: death after a major complication")
NO_MAJOR = mark("No complication of grade IIIa or higher")
RESCUE = mark(
    "Major: Clavien–Dindo grade IIIa or higher within 90 days. Failure to rescue: deaths by day 90 among patients with "
    "one."
)
TEXTBOOK = mark(
    "Margin R0 or R1, no complication of grade IIIa or higher within 90 days, discharged alive after a stay no longer "
    "than the upper quartile of the registry, not readmitted within 90 days and alive on day 90. All of these: among "
    "patients known in every part, or dead by day 90."
)
TEXTBOOK_OF = mark(
    "Margin R0 or R1, no complication of grade IIIa or higher within 90 days, discharged alive after a stay no longer "
    "than the upper quartile of the registry ({days} days), not readmitted within 90 days and alive on day 90. All of "
    "these: among patients known in every part, or dead by day 90."
)
COMPLICATION_INDEX = mark(
    "Comprehensive Complication Index of all graded complications within 90 days (Slankamenac 2013), from 0 (none) to "
    "100 (death)."
)
BRAND = mark("{material}, brand {brand}")
FEW_FOLLOWED = mark("Fewer than {least} patients are followed: no curve is drawn. {note}")
FEW_FOLLOWED_BARE = mark("Fewer than {least} patients are followed: no curve is drawn.")
FEW_DEATHS = mark("Fewer than {patients} patients or {deaths} deaths: survival is withheld.")
FEW_EVENTS = mark("Withheld: fewer than {patients} patients or {events} events.")
ROUNDED_CHANGES = mark(
    "Differences of rounded counts: a small one may be rounding alone. Deaths and withdrawals are not told."
)
LEDGER = mark(
    "Registered then: {before}. Erased since: {erased}; no longer counted by the patient's wish: {withdrawn}; left by a"
    " correction: {corrected}; added: {added}. Registered now: {now}."
)
UNBALANCED = mark(
    "Cases of the report before that are missing, and nothing says why: {n}. Do not use this report."
)
NO_FIGURES = mark("Figures of other centers are shown from {centers} centers and {patients} patients on.")
GIVEN_AWAY = mark("Beside the earlier reports, figures of this one would give small numbers away.")
ALGORITHM = mark("treatment algorithm {versions}")
VALIDITY = mark("validity {version}")
WITHHELD = mark(
    "Readers outside the center see counts rounded to 5 and none from 1 to {most}, no means, medians and ranges, and "
    "no exact times: <{threshold} stands for a small count, [c] for what is withheld because it would give one back. "
    "Centers are never ranked."
)
PATTERNS: tuple[tuple[str, str], ...] = (
    PATIENTS,
    PUBLICATIONS,
    *(
        (pattern, "")
        for pattern in (
            *(SUBTITLE, HEARD_OF, ALIVE_AT, DIED_WITHIN, DEATH_WITHIN, FATAL_GRADE, GRADE, WITHIN),
            *(SEVERAL_LINES, BRAND, FEW_FOLLOWED, FEW_FOLLOWED_BARE, FEW_DEATHS, NO_FIGURES),
            *(REOPERATED_WITHIN, READMITTED_WITHIN, TEXTBOOK_OF, LEDGER, UNBALANCED),
            *(ALGORITHM, VALIDITY, WITHHELD, FEW_EVENTS, ROUNDED, COARSE_CURVE, *EARLIER_PATTERNS),
        )
    ),
)
