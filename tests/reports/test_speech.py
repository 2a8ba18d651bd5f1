"""A report is stored in English and printed in the language of its reader, every word of it."""

import dataclasses
import io
import re
from datetime import date

import pikepdf
import pytest

from registry import catalog
from reports import compose, documents, remarks, speech
from reports.cohorts import Cut
from reports.content import Line
from reports.speech import Voice, say, told
from reports.survival_content import Stratum
from tests.reports import cohort
from tests.reports.handmade import founding_content

# What stands in a content and is no text: numbers of versions, digests, names, citations.
RAW = {"source", "data_digest", "code_version", "report_version", "software", "rule", "kind", "center", "brackets",
       "interval", "scope", "hidden", "citation", "name"}  # fmt: skip


class Marking(Voice):
    """Puts every text that the catalog has into brackets."""

    language, decimal = "xx", ","

    def __init__(self):
        self.known = {key[:2] for key in (text.key for text in catalog.gathered())}

    def text(self, english, context=""):
        return f"‹{english}›" if (context, english) in self.known else english

    def many(self, one, many, n):
        return self.text(one if n == 1 else many)


@pytest.fixture(scope="module")
def marks():
    return Marking()


@pytest.fixture
def marking(marks):
    with speech.spoken(marks):
        yield


def texts_of(value, name="", heading=""):
    """Every text of a content with the context that it is printed in."""
    if isinstance(value, str):
        if value and name not in RAW:
            yield value, speech.VOCABULARIES.get(heading, "severity" if name == "severity" else "")
    elif isinstance(value, tuple | list):
        for item in value:
            yield from texts_of(item, name, heading)
    elif dataclasses.is_dataclass(value):
        inner = getattr(value, "heading", heading if isinstance(value, Line | Stratum) else "")
        for field in dataclasses.fields(value):
            yield from texts_of(getattr(value, field.name), field.name, inner)


@pytest.mark.django_db
@pytest.mark.parametrize("source", ["admin", "literature", "reconstruction", "synthetic"])
def test_every_text_of_a_composed_report_can_be_said_in_another_language(north, everywhere, source, marking):
    for case in cohort.founding(north, source=source):
        cohort.assess(case, S_04="deviation", S_10="concordant", S_14="deviation")
    cut = Cut(as_of=date(2026, 11, 22), source="clinical" if source == "admin" else source)

    content = compose.compose(cut)

    unsaid = {text for text, context in texts_of(content) if told(text, context) == text}
    names = {text for text in unsaid if "Rusin" in text or re.fullmatch(r"[n()\d.,%–\u202f ]*", text)}
    assert unsaid - names == set()


@pytest.mark.parametrize(
    ("stored", "context", "said"),
    [
        ("alive at 12 months", "", "живі через 12 міс."),
        ("Death within 90 days", "", "Смерть протягом 90 днів"),
        ("Grade V (death)", "", "Ступінь V (смерть)"),
        ("Mixed", "Growth", "Змішаний"),
        ("PTFE, brand Gore-Tex", "Material", "ПТФЕ, марка Gore-Tex"),
        (
            "Circular resection, tube graft, left renal vein implanted",
            "IvcMethod",
            "Циркулярна резекція, лінійний протез, ліву ниркову вену імплантовано",
        ),
        ("about 15", "", "близько 15"),
        ("1\u202f204 patients", "", "1\u202f204 пацієнти"),
        ("<5", "", "<5"),
        ("Northern University Hospital (NORTH)", "", "Northern University Hospital (NORTH)"),
        (
            remarks.SUBTITLE.format(scope="Whole registry", registered="1\u202f204", followed="8"),
            "",
            "Увесь реєстр: зареєстровано 1\u202f204, резековано й під спостереженням 8",
        ),
        (
            remarks.HEARD_OF.format(patients="5 patients", stale="2", share="40.0%", months=14),
            "",
            "Про смерть невідомо: 5 пацієнтів; з них 2 (40,0%) востаннє давали про себе знати понад 14 місяців до"
            " зрізу даних.",
        ),
    ],
)
def test_a_stored_text_is_said_by_the_pattern_it_was_made_from(stored, context, said):
    with documents.speaking("uk"):
        assert told(stored, context) == said

    assert told(stored, context) == stored


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("PTFE, brand made for thin patients", "ПТФЕ, марка made for thin patients"),
        ("PTFE, brand 3 patients", "ПТФЕ, марка 3 patients"),
        ("PTFE, brand Mixed, brand Other", "ПТФЕ, марка Mixed, brand Other"),
        (
            remarks.SUBTITLE.format(scope="Grade Clinic (GC)", registered="12", followed="8"),
            "Grade Clinic (GC): зареєстровано 12, резековано й під спостереженням 8",
        ),
        ("Clinic for all patients", "Clinic for all patients"),
    ],
)
def test_what_people_typed_stays_as_they_typed_it(stored, said):
    with documents.speaking("uk"):
        assert told(stored, "Material") == said


def test_the_name_of_a_center_is_no_text_of_ours():
    with documents.speaking("uk"):
        assert told("Grade Clinic") == "Ступінь Clinic"
        assert speech.told_scope("Grade Clinic") == "Grade Clinic"
        assert speech.told_scope("Published cases") == told("Published cases") != "Published cases"


def test_a_printing_speaks_its_own_language_whoever_asked_before(marking):
    content = founding_content()

    ukrainian, english = documents.text(content, "uk"), documents.text(content)

    assert "Виживаність" in ukrainian
    assert "87,5%" in ukrainian
    assert english == documents.text(content)
    assert "87.5%" in english
    assert say("Survival") == "‹Survival›", "and leaves the language around it as it was"


def test_documents_name_their_language_and_are_the_same_each_time():
    content = founding_content()

    html, pdf = documents.html(content, "uk"), documents.pdf(content, "uk")

    assert '<html lang="uk">' in html
    assert "Таблиця 1." in html
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert opened.Root.Lang == "uk-UA"
    documents.forget()
    assert (html, pdf) == (documents.html(content, "uk"), documents.pdf(content, "uk"))
