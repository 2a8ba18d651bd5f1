"""How rules are read: four verdicts, facts by name, absences with their reasons, and a fast reading that agrees."""

import random
import re

import pytest

from cases.document import DocumentError, parse
from cases.rulebook import engine, findings, wording
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.engine import Rule, Rulebook
from cases.rulebook.facts import derived
from cases.rulebook.findings import TOLD_IN_FULL
from cases.rulebook.scopes import CASE, INDEX, each
from cases.rulebook.validity import VALIDITY
from cases.vocabulary import Severity, Verdict
from registry.dates import PartialDate
from registry.fields import Coded, CodedSet, Measurement, PartialDateField, Text
from registry.tongues import ENGLISH
from tests.cases import random_documents
from tests.cases.rulebook_reading import AS_OF, NA, NO, OPEN, YES, case, index, operated

BOOKS = (VALIDITY, ALGORITHM)


def rule(**parts):
    return Rule(
        **{
            "id": "T-01",
            "title": "A test",
            "source": "tests",
            "firmness": "LOGIC",
            "severity": Severity.MINOR,
            "scope": INDEX,
            "needs_to_apply": ("resection_type",),
            "applies": lambda resection_type: resection_type == "circumferential",
            "needs_to_judge": ("reconstruction.diameter_mm",),
            "expects": lambda diameter_mm: diameter_mm >= 18,
            "says": "The graft measures {diameter_mm} after a {resection_type} resection.",
            **parts,
        }
    )


def of(**answers):
    return case(**operated(operation=answers))


# --- verdicts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "document"),
    [
        (YES, of(resection_type="circumferential", reconstruction={"diameter_mm": 18.0})),
        (NO, of(resection_type="circumferential", reconstruction={"diameter_mm": 16.0})),
        (NA, of(resection_type="tangential_wall")),
        (NA, case()),
        (OPEN, of(resection_type="circumferential")),
        (OPEN, of(reconstruction={"diameter_mm": 16.0})),
    ],
)
def test_four_verdicts(verdict, document):
    (finding,) = engine.judge(rule(), document, AS_OF)

    assert finding.verdict == verdict


def test_what_judges_cannot_make_a_rule_open_that_does_not_apply():
    (finding,) = engine.judge(rule(), of(resection_type="none"), AS_OF)

    assert (finding.verdict, finding.missing) == (NA, ())


def test_a_deviation_says_the_values_it_rests_on():
    (finding,) = engine.judge(
        rule(), of(resection_type="circumferential", reconstruction={"diameter_mm": 16.0}), AS_OF
    )

    assert finding.sentence == "The graft measures 16 mm after a circumferential (circular) resection."
    assert finding.values == {"resection_type": "circumferential", "diameter_mm": 16.0}
    assert finding.pointer == "/operations/0/reconstruction/diameter_mm"


def test_a_missing_answer_is_named_with_its_reason():
    document = of(resection_type="circumferential", reconstruction={"missing": {"diameter_mm": "NK"}})

    (finding,) = engine.judge(rule(), document, AS_OF)

    assert [(m.pointer, m.reason) for m in finding.missing] == [
        ("/operations/0/reconstruction/diameter_mm", "NK")
    ]
    assert finding.sentence == "Cannot be judged without: Graft diameter (not known after enquiry, NK)."


def test_a_predicate_never_sees_an_unknown_fact_unless_it_is_optional():
    seen = []
    book = Rulebook(
        name="test",
        title="",
        version="1",
        rules=(
            rule(expects=lambda diameter_mm: seen.append(diameter_mm) or True),
            rule(
                needs_to_judge=("reconstruction.diameter_mm?",),
                expects=lambda diameter_mm: diameter_mm and True,
            ),
        ),
    )

    reading = engine.read(book, of(resection_type="circumferential"), AS_OF)

    assert [finding.verdict for finding in reading.findings] == [OPEN, OPEN]
    assert seen == []


def test_a_rule_is_read_over_each_row_of_its_scope_and_points_there():
    visits = rule(
        scope=each("follow_ups"), needs_to_apply=(), applies=None, needs_to_judge=("visit_on", "as_of"),
        expects=lambda visit_on, as_of: visit_on.earliest <= as_of, says="{visit_on}",
    )  # fmt: skip
    document = case(follow_ups=[{"visit_on": "2021"}, {"visit_on": "2027"}, {"vital_status": "alive"}])

    findings = engine.judge(visits, document, AS_OF)

    assert [(f.verdict, f.pointer) for f in findings] == [
        (YES, "/follow_ups/0/visit_on"),
        (NO, "/follow_ups/1/visit_on"),
        (OPEN, "/follow_ups/2/visit_on"),
    ]


def test_severity_may_depend_on_the_facts():
    severe = rule(
        severity=lambda diameter_mm: Severity.MAJOR if diameter_mm < 10 else Severity.MINOR,
        severities="minor (major)",
    )
    said = [
        engine.judge(severe, of(resection_type=kind, reconstruction={"diameter_mm": mm}), AS_OF)[0].severity
        for kind, mm in (("circumferential", 8.0), ("circumferential", 16.0), ("none", 8.0))
    ]

    assert said == ["major", "minor", "minor"]


# --- declarations --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"needs_to_judge": ("reconstruction.diametre_mm",)}, "diametre_mm"),
        ({"needs_to_judge": ("graft.diameter_mm",)}, "graft"),
        ({"scope": CASE}, "resection_type"),
        ({"expects": lambda length_mm: True}, "length_mm"),
        ({"applies": lambda diameter_mm: True}, "diameter_mm"),
        ({"says": "{length_mm}"}, "length_mm"),
        ({"at": "length_mm"}, "length_mm"),
        ({"expects": None}, "expects something"),
        ({"severity": lambda diameter_mm: "minor"}, "severities"),
        ({"needs_to_judge": ("reconstruction.diameter_mm as resection_type",)}, "different names"),
    ],
)
def test_a_typing_error_in_a_rule_stops_the_start(parts, said):
    with pytest.raises(ValueError, match=said):
        rule(**parts)


def test_a_typing_error_in_a_derived_fact_stops_the_start():
    with pytest.raises(ValueError, match=r"complications\.kind"):
        derived("kind", "complications.kind")(lambda case, row, as_of: None)


def test_two_facts_of_one_name_are_refused():
    def fact(answer):
        def settled(case, row, as_of):
            return answer

        return derived("settled", "complications")(settled)

    rules = tuple(rule(needs_to_judge=(fact(answer),), expects=lambda: True, says="") for answer in (1, 2))

    with pytest.raises(ValueError, match="give one another name"):
        engine.read(Rulebook(name="test", title="", version="1", rules=rules), case(), AS_OF)


def test_a_retired_rule_is_listed_and_not_read():
    book = Rulebook(name="test", title="", version="1", rules=(rule(retired="2"),))

    assert engine.read(book, of(resection_type="circumferential"), AS_OF).findings == []
    assert book.rule("T-01").retired == "2"


@pytest.mark.parametrize("book", BOOKS)
def test_ids_fit_the_column_and_sentences_name_no_day_of_reading(book):
    for one in book.rules:
        volatile = {fact.name for fact in one.facts if fact.volatile}
        assert len(one.id) <= 40
        assert isinstance(one.says, str) is False or not volatile & set(engine.arguments(one.says)), one.id


def test_no_number_of_the_validity_rules_is_left_out():
    assert {r.id for r in VALIDITY.rules if r.id.startswith("X-")} == {f"X-{n:02d}" for n in range(1, 70)}


# --- the fast reading ------------------------------------------------------------------------------


def _random_cases(count):
    rng = random.Random(7)
    for _ in range(count):
        try:
            yield parse(random_documents.make(rng))
        except DocumentError as error:  # pragma: no cover - a generator that makes bad documents is no test
            raise AssertionError([p.message for p in error.problems]) from None


def test_the_fast_reading_agrees_with_the_plain_one():
    told = {book.name: set() for book in BOOKS}
    for document in _random_cases(150):
        for book in BOOKS:
            rules = [r for r in book.rules if r.is_read and not r.only_to_complete]
            plain = [f for r in rules for f in engine.judge(r, document, AS_OF, book.version)]
            fast = engine.read(book, document, AS_OF).findings

            told_of = [f for f in plain if f.verdict in book.tells]
            assert fast == told_of
            assert [f.sentence for f in fast] == [f.sentence for f in told_of]
            told[book.name] |= {(f.rule_id, f.verdict) for f in plain}

    # The documents are random enough to say something of nearly every rule.
    deviating = {rule_id for rule_id, verdict in told["validity"] if verdict == Verdict.DEVIATION}
    assert len(deviating) > 60


def test_findings_of_any_case_can_be_stored():
    for document in _random_cases(100):
        for book in BOOKS:
            reading = engine.read(book, document, AS_OF)
            findings = reading.findings
            assert reading.as_json() == [finding.as_json() for finding in findings]
            assert reading.told_in_full == [f for f in findings if f.verdict in TOLD_IN_FULL]
            places = [(f.rule_id, f.pointer) for f in findings if f.verdict == Verdict.DEVIATION]

            assert len(places) == len(set(places)), "a row is known by case, rule and place"
            for finding in findings:
                stored = finding.as_json()
                assert type(stored["rule"]) is str
                assert _plain(stored), stored
                assert len(finding.sentence) <= 500
                assert len(finding.pointer) <= 200


def _longest(fact):
    """The value of a fact that takes most words."""
    field = fact.field
    if isinstance(field, CodedSet):
        return frozenset(str(code) for code in field.vocabulary.values)
    if isinstance(field, Coded):
        return max(map(str, field.vocabulary.values), key=lambda code: len(wording.spoken(fact, code)))
    if isinstance(field, Text):
        return "W" * field.max_length
    if isinstance(field, Measurement):
        return -123456.7
    if isinstance(field, PartialDateField):
        return PartialDate.parse("2020-12-31")
    if isinstance(fact.codes, tuple):
        kinds, words = fact.codes
        return dict.fromkeys(kinds.values, max(words.values, key=len) if words else "W" * 30)
    return frozenset(
        f"{word} {'m' * 30}" for word in range(40)
    )  # what is derived has at most a list of codes


@pytest.mark.parametrize("book", BOOKS)
def test_the_longest_sentence_of_every_rule_fits_in_a_mail_line(book):
    for one in book.rules:
        values = {fact.name: _longest(fact) for fact in one.facts}
        absent = [findings.MissingFact(pointer="", label=fact.label, reason="NK") for fact in one.facts] * 5
        sentences = [wording.not_assessable(absent)]
        if isinstance(one.says, str):
            sentences.append(findings.deviation(one, values, ENGLISH))
        assert max(map(len, sentences)) <= 500, one.id


@pytest.mark.parametrize("rule_id", ["X-13", "S-17"])
def test_sentences_that_name_rows_stay_short_too(rule_id):
    (said,) = [
        str(one.says(tuple(f"/antithrombotics/{n}/started_on" for n in range(200))))
        for book in BOOKS
        for one in book.rules
        if one.id == rule_id and callable(one.says)
    ]

    assert len(said) <= 500


def test_a_long_list_is_cut_with_the_number_of_what_is_left_out():
    steps = ["kocher_cattell", "staged_ivc_dissection", "infrarenal_control", "renal_vein_control",
             "suprarenal_control", "right_liver_mobilization", "hanging_maneuver"]  # fmt: skip
    (finding,) = engine.judge(
        ALGORITHM.rule("S-06"),
        of(resected_segments=["retrohepatic"], exposure_steps=steps, approach=["chevron"]),
        AS_OF,
    )

    assert re.search(r"\(Kocher.*, and \d more\)", finding.sentence, re.IGNORECASE), finding.sentence
    assert len(finding.values["exposure_steps"]) == len(steps)
    assert wording.listed([]) == ""
    assert wording.listed(["m" * 200, "n"]) == f"{'m' * 200}, and 1 more"


def _plain(value):
    if isinstance(value, dict):
        return all(type(key) is str and _plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(_plain(item) for item in value)
    return value is None or type(value) in (str, int, float, bool)


def test_errors_and_queries_are_told_apart():
    reading = engine.read(
        VALIDITY,
        case(
            operations=[index(operated_on="1975", bypass=["hypothermic_arrest"])], patient={"born_on": "1930"}
        ),
        AS_OF,
    )

    assert [f.rule_id for f in reading.errors] == ["X-31"]
    assert {f.rule_id for f in reading.queries} >= {"X-57"}


@pytest.mark.parametrize(
    ("label", "inside"),
    [
        ("Median laparotomy", "median laparotomy"),
        ("PTFE", "PTFE"),
        ("R0", "R0"),
        ("Kocher or Cattell-Braasch maneuver", "Kocher or Cattell-Braasch maneuver"),
    ],
)
def test_a_label_inside_a_sentence_keeps_the_capitals_of_names(label, inside):
    assert wording.within(label) == inside
