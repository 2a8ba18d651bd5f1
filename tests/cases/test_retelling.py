"""What was found is stored in English and told in the reader's language, by the rule that found it."""

import json
import random
from types import SimpleNamespace

from django.utils.translation import override

from cases.document import parse
from cases.rulebook import engine, retelling
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.validity import VALIDITY
from cases.vocabulary import Severity, Verdict
from registry.tongues import ENGLISH
from tests.cases import random_documents
from tests.cases.rulebook_reading import AS_OF, case, operated


def readings(count=60):
    rng = random.Random(11)
    for _ in range(count):
        document = parse(random_documents.make(rng))
        for book in (ALGORITHM, VALIDITY):
            yield engine.read(book, document, AS_OF)


def stored(finding):
    return json.loads(json.dumps(finding.as_json()))


def small():
    rebuilt = {"ivc_method": "tube_graft", "diameter_mm": 12.5}
    document = case(**operated(operation={"resection_type": "circumferential", "reconstruction": rebuilt}))
    return engine.read(ALGORITHM, document, AS_OF)


def test_what_is_stored_is_english_whoever_saves_it():
    english = [finding.as_json() for finding in small().findings]

    with override("uk"):
        assert [finding.as_json() for finding in small().findings] == english


def test_every_deviation_that_is_stored_can_be_said_again_from_its_values():
    said = 0
    for reading in readings():
        for finding in reading.deviations:
            if finding.severity != Severity.ERROR:  # those refuse the case and are not stored
                kept = stored(finding)
                rules = retelling._RULES[finding.rule_id]
                again = {retelling._says(rule, kept.get("values", {}), ENGLISH) for rule in rules}
                assert kept["sentence"] in again, finding
                said += 1

    assert said > 200


def test_a_finding_is_told_in_the_language_of_the_reader():
    (finding,) = [f for f in small().findings if f.rule_id == "S-13"]
    item = SimpleNamespace(
        rule_id=finding.rule_id, values=dict(finding.values), sentence=finding.stored_sentence
    )

    with override("uk"):
        told, of_finding = retelling.of_item(item), retelling.of_finding(stored(finding))

    assert retelling.of_item(item) == finding.stored_sentence
    assert told == of_finding != finding.stored_sentence
    assert "12,5 мм" in told


def test_what_is_missing_is_told_in_the_language_of_the_reader():
    (finding,) = [f for f in small().findings if f.rule_id == "S-08"]

    with override("uk"):
        shown = retelling.retold(stored(finding))

    assert finding.verdict == Verdict.NOT_ASSESSABLE
    assert finding.missing[0].label == "Intent"
    assert shown["missing"][0]["label"] == "Мета операції"
    assert "Мета операції" in shown["sentence"]


def test_a_sentence_that_the_rule_would_not_say_today_is_shown_as_it_was_stored():
    item = SimpleNamespace(rule_id="S-13", values={"diameter_mm": 12.5}, sentence="The graft was narrow.")
    gone = SimpleNamespace(rule_id="S-99", values={}, sentence="A rule of another time.")

    with override("uk"):
        assert retelling.of_item(item) == "The graft was narrow."
        assert retelling.of_item(gone) == "A rule of another time."
