"""The numbers of rules: declared with them, taken by name, published, and set anew without touching a predicate."""

import math
import re
from datetime import date

import pytest

from cases.rulebook import catalogue, engine
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.rulebook.scopes import INDEX
from cases.rulebook.thresholds import LARGEST, Threshold
from cases.vocabulary import Severity
from registry.tongues import say
from tests.cases import test_rulebook_aftercare as aftercare
from tests.cases import test_rulebook_algorithm as paper
from tests.cases import test_rulebook_board as board
from tests.cases import test_rulebook_workup as workup
from tests.cases.rulebook_reading import AS_OF, NO, YES, case, operated

SMALLEST = Threshold("smallest_mm", "Smallest diameter", 18.0, "mm")


@derived("shortfall", "operations.reconstruction")
def shortfall_mm(case, row, as_of, smallest_mm):
    return smallest_mm - row.reconstruction.diameter_mm


def rule(**parts):
    return Rule(
        **{
            "id": "T-01",
            "title": "At least {smallest_mm} mm",
            "asks": "{smallest_mm} mm or more",
            "source": "tests",
            "firmness": "LOGIC",
            "severity": Severity.MINOR,
            "scope": INDEX,
            "thresholds": (SMALLEST,),
            "needs_to_judge": ("reconstruction.diameter_mm",),
            "expects": lambda diameter_mm, smallest_mm: diameter_mm >= smallest_mm,
            "says": "The graft measures {diameter_mm}, less than {smallest_mm} mm.",
            **parts,
        }
    )


def book(*rules):
    return engine.Rulebook(name="test", title="", version="1", rules=rules)


def grafted(mm):
    return case(**operated(operation={"reconstruction": {"diameter_mm": mm}}))


def read_both(one, document):
    """The finding of the fast reading and of the plain one, which must be the same."""
    (fast,) = engine.read(book(one), document, AS_OF).findings
    (plain,) = engine.judge(one, document, AS_OF, "1")
    assert (fast, fast.sentence) == (plain, plain.sentence)
    return fast


@pytest.mark.parametrize(("mm", "verdict"), [(18.0, YES), (17.9, NO)])
def test_a_predicate_takes_a_threshold_by_its_name(mm, verdict):
    assert read_both(rule(), grafted(mm)).verdict == verdict


def test_texts_and_sentences_name_the_number_that_is_read():
    lower = rule().with_values({"smallest_mm": 16})
    found = read_both(lower, grafted(15.5))

    assert (str(rule().title), str(lower.title), str(lower.asks)) == (
        "At least 18 mm",
        "At least 16 mm",
        "16 mm or more",
    )
    assert found.sentence == "The graft measures 15.5 mm, less than 16 mm."
    assert found.values == {"diameter_mm": 15.5}, "a threshold belongs to the version, not to the finding"


def test_severity_sentences_and_derived_facts_take_thresholds_too():
    one = rule(
        needs_to_judge=(shortfall_mm,),
        expects=lambda shortfall_mm: shortfall_mm <= 0,
        severity=lambda shortfall_mm, far_mm: Severity.MAJOR if shortfall_mm > far_mm else Severity.MINOR,
        severities="minor (major if far too small)",
        thresholds=(SMALLEST, Threshold("far_mm", "Far too small", 4, "mm")),
        says=lambda shortfall_mm, smallest_mm: say(
            "{short} below {least}", short=shortfall_mm, least=smallest_mm
        ),
    )
    told = [read_both(one, grafted(mm)) for mm in (14.0, 13.0)]

    assert [(finding.severity, finding.sentence) for finding in told] == [
        ("minor", "4 below 18"),
        ("major", "5 below 18"),
    ]
    assert read_both(one.with_values({"smallest_mm": 13}), grafted(13.0)).verdict == YES


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"expects": lambda diameter_mm, least_mm: True}, "least_mm"),
        ({"asks": "{least_mm} mm"}, "least_mm"),
        ({"asks": "{diameter_mm}"}, "diameter_mm"),
        ({"needs_to_judge": ("reconstruction.diameter_mm as smallest_mm",)}, "both a threshold and a fact"),
        ({"thresholds": (SMALLEST, SMALLEST)}, "declared twice"),
        ({"thresholds": (SMALLEST, Threshold("idle_mm", "Idle", 1, "mm"))}, "nothing uses"),
        (
            {"thresholds": (), "title": "", "asks": "", "says": "", "needs_to_judge": (shortfall_mm,)},
            "smallest_mm",
        ),
    ],
)
def test_a_typing_error_stops_the_start(parts, said):
    with pytest.raises(ValueError, match=said):
        rule(**parts)


@pytest.mark.parametrize("value", [-1, math.nan, math.inf, 10_001, True, "18", None])
def test_a_threshold_is_a_number_that_can_be_measured(value):
    with pytest.raises(ValueError, match="smallest_mm"):
        Threshold("smallest_mm", "Smallest diameter", value, "mm")


# --- another version -------------------------------------------------------------------------------------------------


def revised(values, version="2027.1"):
    return ALGORITHM.revised(version=version, valid_from=date(2027, 1, 1), values=values)


def test_a_version_with_other_values_reads_by_them_and_leaves_the_old_one_as_it_was():
    lower, document = revised({"S-13": {"smallest_mm": 16}}), case(
        **operated(operation={"reconstruction": {"ivc_method": "tube_graft", "diameter_mm": 16.0}})
    )  # fmt: skip
    said = {
        rulebook.version: {f.rule_id: f for f in engine.read(rulebook, document, AS_OF).findings}["S-13"]
        for rulebook in (ALGORITHM, lower)
    }

    assert (said["2026.1"].verdict, said["2027.1"].verdict) == (NO, YES)
    assert (said["2027.1"].version, lower.valid_from) == ("2027.1", date(2027, 1, 1))
    assert str(lower.rule("S-13").title) == "Prosthesis of 16 to 22 mm"
    assert [rule.id for rule in lower.rules] == [rule.id for rule in ALGORITHM.rules]
    assert lower.rule("S-12") is ALGORITHM.rule("S-12")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"S-99": {"smallest_mm": 16}}, "the rulebook 'algorithm' has no rule S-99"),
        ({"S-13": {"smallest": 16}}, "S-13 has no threshold 'smallest'; it has: smallest_mm, largest_mm"),
        ({"S-03": {"smallest_mm": 16}}, "S-03 has no threshold 'smallest_mm'; it has: none"),
        ({"S-13": {"smallest_mm": "16"}}, "S-13: smallest_mm: '16' is not a number"),
        ({"S-13": {"smallest_mm": True}}, "S-13: smallest_mm: True is not a number"),
        ({"S-13": {"smallest_mm": -1}}, "S-13: smallest_mm: -1.0 is negative"),
        ({"S-13": {"smallest_mm": math.inf}}, "S-13: smallest_mm: inf is not a finite number"),
        ({"S-16": {"longest_min": 320.5}}, "S-16: longest_min: 320.5 is not a whole number"),
    ],
)
def test_nonsense_is_refused_with_its_reason(values, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        revised(values)


@pytest.mark.parametrize("version", ["", " ", ALGORITHM.version])
def test_other_values_need_another_version(version):
    with pytest.raises(ValueError, match="another version"):
        revised({}, version)


@pytest.mark.parametrize("value", [0, LARGEST])
def test_no_number_that_can_be_set_leaves_the_calendar(value):
    extremes = {one.id: dict.fromkeys(one.numbers, value) for one in ALGORITHM.rules if one.thresholds}
    book = revised(extremes)

    for _, _, forms in (*aftercare.EXAMPLES, *board.EXAMPLES, *paper.EXAMPLES, *workup.EXAMPLES):
        assert len(engine.read(book, case(**forms), AS_OF).findings) >= len(extremes)


def test_the_catalogue_lists_the_thresholds():
    told = {one["id"]: one for one in catalogue.as_json(ALGORITHM)["rules"]}

    assert told["S-13"]["thresholds"] == (
        {"name": "smallest_mm", "label": "Smallest diameter", "value": 18.0, "unit": "mm"},
        {"name": "largest_mm", "label": "Largest diameter", "value": 22.0, "unit": "mm"},
    )
    assert "- **Thresholds**: `smallest_mm` 18 mm, `largest_mm` 22 mm" in catalogue.as_markdown([ALGORITHM])
