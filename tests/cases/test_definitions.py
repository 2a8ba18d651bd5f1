"""What the codes mean is told of codes that exist, in one sentence each."""

import pytest

from cases import vocabulary
from cases.definitions import DEFINITIONS
from cases.dictionary import FORMATS
from cases.vocabulary import Vocabulary

WHOLE = [
    vocabulary.Segment,
    vocabulary.Growth,
    vocabulary.ResectionType,
    vocabulary.IvcMethod,
    vocabulary.Handling,
    vocabulary.VascularExclusion,
    vocabulary.Margin,
    vocabulary.Grade,
    vocabulary.ClavienDindo,
    vocabulary.ComplicationSeverity,
    vocabulary.ConsentBasis,
    vocabulary.Missing,
    vocabulary.VitalStatus,
    vocabulary.DiseaseStatus,
    vocabulary.GraftStatus,
    vocabulary.RecurrenceKind,
]


@pytest.mark.parametrize("coded", DEFINITIONS, ids=lambda coded: coded.__name__)
def test_every_definition_is_of_a_code_that_exists(coded):
    assert issubclass(coded, Vocabulary)
    assert set(DEFINITIONS[coded]) <= set(coded.values)


@pytest.mark.parametrize("coded", WHOLE, ids=lambda coded: coded.__name__)
def test_where_labels_do_not_define_themselves_every_code_is_defined(coded):
    assert list(DEFINITIONS[coded]) == coded.values


@pytest.mark.parametrize("text", [text for codes in DEFINITIONS.values() for text in codes.values()])
def test_a_definition_is_one_short_sentence(text):
    assert text[0].isupper() or text[0].isdigit()
    assert text.endswith(".")
    assert len(text) <= 120


def test_the_dictionary_prints_the_definitions():
    page = FORMATS["markdown"]()

    assert "The part that carries the mouths of the renal veins." in page
    assert "a transfusion or heparin alone is II." in page
