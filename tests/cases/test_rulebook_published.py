"""What the rules of guidance and literature say of the published cases and of the founding cohort, as transcribed."""

import pytest

from cases.demo import founding, literature
from cases.rulebook import engine
from tests.cases.files import documents
from tests.cases.rulebook_reading import AS_OF, NA, NO, OPEN, RULES, YES


@pytest.fixture(scope="module")
def published():
    files = (literature.CASES, founding.CASES)
    return {one.case_number: one for file in files for one in documents(file.read_bytes())}


@pytest.mark.parametrize(
    ("number", "rule", "verdict"),
    [
        # "ringed ePTFE", "ringed Gore-Tex"; "Gore-Tex" alone; "ringed PTFE" may be another PTFE.
        ("vaquero2024-C1", "L-10", YES),
        ("sharma2022-C1", "L-10", YES),
        ("jgis2013-C1", "L-10", OPEN),
        ("hirohashi2002-C1", "L-10", NA),
        # The left renal vein divided or not reimplanted, the right kidney removed: drained by collaterals.
        ("ijs2020-C1", "L-13", YES),
        ("brasoveanu2021-C1", "L-13", YES),
        ("rodrigues2025-C1", "L-13", YES),
        # Tied off; what the collaterals were is not printed, or only as the reason.
        ("mzoughi2010-C1", "L-09", OPEN),
        ("thieme2020-C1", "L-09", OPEN),
        # Warfarin and aspirin for life; patent at 12 months, and nothing printed of the time before.
        ("jgis2013-C1", "L-15", YES),
        ("jgis2013-C1", "L-16", NO),
        # Radiotherapy before the resection; whether a board decided is not printed.
        ("jgis2013-C1", "L-19", OPEN),
        ("diez2021-C1", "L-19", OPEN),
        ("thieme2020-C1", "L-19", NA),
        # Into the atrium under bypass, dyspnea: neither team nor imaging is printed.
        ("tuxun2021-C1", "L-06", OPEN),
        ("reddy2010-C1", "L-05", OPEN),
        ("cbc_congress-C1", "L-06", NA),
        # Came back: no board is printed.
        ("zhang2010-C1", "L-25", OPEN),
        ("mzoughi2010-C1", "L-25", NA),
        # Not resected.
        ("abisi2006-M1", "L-08", NA),
        # Nobody calls the patients of a publication back.
        ("cheng2021-C1", "L-20", NA),
        # The founding paper: nobody died early, every complication graded; diameters of the native vein not printed.
        ("R-1", "L-21", YES),
        ("R-8", "L-21", YES),
        ("R-3", "L-11", OPEN),
        ("R-1", "L-06", NA),
        ("R-1", "L-24", NO),
    ],
)
def test_published_case(published, number, rule, verdict):
    (finding,) = engine.judge(RULES[f"{rule}/0"], published[number], AS_OF)

    assert finding.verdict == verdict
