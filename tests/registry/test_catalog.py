"""The catalog holds every text that people see, and gathering again loses no translation."""

import pytest
from django.utils.translation import gettext, ngettext, override, pgettext

from registry import catalog
from registry.catalog import Text


@pytest.fixture(scope="module")
def texts():
    return {text.key: text for text in catalog.gathered()}


@pytest.mark.parametrize(
    ("context", "english", "plural", "place"),
    [
        ("", "The case is locked; ask the data manager to unlock it.", "", "cases/batches.py"),
        (
            "",
            "Too many attempts. Please try again in {minutes} minute.",
            "Too many attempts. Please try again in {minutes} minutes.",
            "registry/signin.py",
        ),
        ("", "There is nothing here that you may see", "", "registry/templates/404.html"),
        ("Segment", "Retrohepatic", "", "cases/vocabulary.py"),
        ("Role", "Center Lead", "", "registry/access.py"),
        ("", "Legal basis", "", "cases/models/patient.py"),
        ("", "Name of the hospital as it should stand in reports.", "", "registry/models.py"),
        ("", "Presentation and comorbidity", "", "cases/models/patient.py"),
        ("", "Radical resection (R0 or R1)", "", "cases/rulebook/S-08"),
        ("", "{field}: plausible range", "", "cases/rulebook/validity.py"),
        ("unit", "umol/L", "", "registry/fields.py"),
        ("", "Not Found", "", "registry/api/problems.py"),
        ("", "Type to search", "", "unfold/templates/admin/search_form.html"),
    ],
)
def test_each_kind_of_text_is_gathered_from_where_it_stands(texts, context, english, plural, place):
    assert place in texts[context, english, plural].places


def test_what_django_translates_itself_is_not_gathered_from_its_own_models(texts):
    assert ("", "last login", "") not in texts


def test_gathering_again_keeps_translations_and_those_of_texts_that_went_and_came_back():
    def gather(texts, old):
        return catalog.merged("uk", [Text(*key, {"a.py"}) for key in texts], old)

    first = gather(
        [("", "Save", ""), ("Status", "Draft", ""), ("", "{n} row", "{n} rows")], catalog.Catalog()
    )
    for message, said in zip(
        [m for m in first if m.id],
        ["Зберегти", "Чернетка", ("{n} рядок", "{n} рядки", "{n} рядків")],
        strict=True,
    ):
        message.string = said

    without = gather([("", "Save", "")], first)
    again = gather([("", "{n} row", "{n} rows"), ("Status", "Draft", ""), ("", "Save", "")], without)

    assert [m.string for m in without if m.id] == ["Зберегти"]
    assert [m.string for m in again if m.id] == [
        ("{n} рядок", "{n} рядки", "{n} рядків"),
        "Чернетка",
        "Зберегти",
    ]


def test_ukrainian_has_three_forms_and_falls_back_to_english_for_what_is_unknown():
    one, many = (
        "Too many attempts. Please try again in {minutes} minute.",
        "Too many attempts. Please try again in {minutes} minutes.",
    )
    with override("uk"):
        forms = [ngettext(one, many, n) for n in (1, 21, 2, 22, 5, 11, 12)]
        unknown = gettext("A sentence that nobody wrote.")
        told_apart = pgettext("Status", "Complete"), pgettext("Occlusion", "Complete")

    assert forms[0] == forms[1] != forms[2] == forms[3] != forms[4] == forms[5] == forms[6]
    assert unknown == "A sentence that nobody wrote."
    assert told_apart[0] != told_apart[1]


@pytest.mark.parametrize("language", catalog.languages())
def test_the_catalog_is_complete_and_says_what_the_english_says(language):
    assert catalog.faults(language) == []
