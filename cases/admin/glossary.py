"""What stands once on the page for all its fields: what the codes mean, and the terms that are offered."""

from functools import lru_cache

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from cases.definitions import DEFINITIONS
from cases.models import FORMS, Patient
from cases.vocabulary import Missing
from registry.fields import clinical_fields
from registry.models import ReferenceTerm


def meanings() -> SafeString:
    """The definitions of every vocabulary that the page uses, each under the name of its first question."""
    return _meanings(get_language() or "")


@lru_cache(maxsize=16)
def _meanings(language: str) -> SafeString:
    asked = {
        field.vocabulary: str(field.verbose_name)  # type: ignore[attr-defined]
        for model in reversed((Patient, *FORMS))
        for field in reversed(clinical_fields(model))
        if getattr(field, "vocabulary", None) in DEFINITIONS
    }
    titles = {**dict(reversed(asked.items())), Missing: gettext("Why there is no answer")}
    return format_html_join(
        "",
        '<section id="means-{}"><h3>{}</h3><dl>{}</dl></section>',
        ((coded.__name__, title, _listed(coded)) for coded, title in titles.items()),
    )


def _listed(coded: type) -> SafeString:
    labels = dict(coded.choices)  # type: ignore[attr-defined]
    return format_html_join(
        "",
        '<dt>{1}</dt><dd data-code="{0}">{2}</dd>',
        ((code, labels[code], gettext(text)) for code, text in DEFINITIONS[coded].items()),
    )


def offered_terms() -> SafeString:
    """The terms that the data manager keeps, for the fields that offer them; one query for all lists."""
    lists: dict[str, list[tuple[str, str]]] = {}
    for name, term, explanation in ReferenceTerm.objects.filter(is_retired=False).values_list(
        "list", "term", "explanation"
    ):
        lists.setdefault(name, []).append((term, explanation))
    return format_html_join(
        "",
        '<datalist id="offers-{}">{}</datalist>',
        (
            (name, format_html_join("", '<option value="{}">{}</option>', terms))
            for name, terms in lists.items()
        ),
    )
