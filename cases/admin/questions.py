"""One question of the page: label, control, unit, reason, meaning of the code, query, error and help, as HTML.

Written straight, because a page has hundreds; what is the same for everybody is written once for each language.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from cases.admin import applies
from cases.admin.answers import CONFIRM, SEEN, Answer, Asked, help_text, unit
from cases.answering import LONGEST
from cases.definitions import DEFINITIONS
from registry.fields import ClinicalField, Coded, CodedSet

NOTHING = SafeString("")


@dataclass(frozen=True, kw_only=True)
class _Texts:
    """What is the same on every page in one language, escaped."""

    label: str
    unit: str
    help: str
    when: str
    means: dict[str, str]
    what: str


@lru_cache(maxsize=2048)
def _texts(declared: ClinicalField, language: str) -> _Texts:
    coded = getattr(declared, "vocabulary", None)
    defined = DEFINITIONS.get(coded, {}) if coded else {}
    labels = dict(coded.choices) if coded else {}
    star = f" {_needed(declared.need)}" if declared.need != "O" else ""
    return _Texts(
        label=f"{escape(declared.verbose_name)}{star}",
        unit=escape(unit(declared)),
        help=escape(help_text(declared)),
        when=escape(applies.sentence(declared.only_if, declared.model)) if declared.only_if else "",
        means={
            code: format_html(
                '<span data-code="{}">{}</span>', code, _meaning(declared, labels[code], gettext(text))
            )
            for code, text in defined.items()
        },
        what=format_html(
            '<a class="case-what" href="#means-{0}" title="{1}" aria-label="{1}" data-what>?</a>',
            coded.__name__,
            gettext("What do these mean?"),
        )
        if defined and coded
        else "",
    )


def _needed(need: str) -> SafeString:
    """The mark of what a complete case needs: a value, or else a reason why there is none."""
    mark, told = {
        "R": ("*", gettext("Needed for a complete case")),
        "C": ("○", gettext("A complete case needs a value, or the reason why there is none")),
    }[need]
    return format_html('<span class="case-need case-need-{}" title="{}">{}</span>', need.lower(), told, mark)


def _meaning(declared: ClinicalField, label: Any, text: str) -> str:
    return f"{label}: {text}" if isinstance(declared, CodedSet) else text


def drawn(answer: Answer, *, is_locked: bool = False, is_first: bool = False) -> SafeString:
    """The whole question; `is_first` takes the focus of the page."""
    field, declared = answer.field, answer.declared
    name = field.html_name
    texts = _texts(declared, get_language() or "")
    errors = [*field.errors, *answer.why.errors]
    below = list(_below(answer, texts, errors, is_locked))
    described = " ".join(f"{kind}-{name}" for kind, _ in below)
    classes = "case-answer" + " case-wide" * answer.is_wide + " case-wrong" * bool(errors)
    when = applies.control(declared.only_if, str(field.form.prefix)) if declared.only_if else ""
    applies_when = f' data-when="{when}"' if when else ""
    beside = f'<span class="case-unit" id="unit-{name}">{texts.unit}</span>' if texts.unit else ""
    control = _control(answer, described, bool(errors), is_locked, is_first)
    reason = _reason(answer, is_locked) if answer.asks_why else ""
    return SafeString(  # nosec B703  # escaped parts
        f'<div class="{classes}" id="answer-{name}"{applies_when}>{_label(answer, texts)}'
        f'<div class="case-input">{control}{beside}{reason}</div>{"".join(html for _, html in below)}</div>'
    )


def _label(answer: Answer, texts: _Texts) -> str:
    name = answer.field.html_name
    if answer.is_group:
        label = f'<span class="case-label" id="label-{name}">{texts.label}</span>'
    else:
        label = f'<label class="case-label" for="id_{name}">{texts.label}</label>'
    return f'<div class="case-top">{label}{texts.what}{_history(answer)}</div>'


def _history(answer: Answer) -> SafeString:
    """The way to what became of the answer, where anything did; answer_history.py marks it."""
    address = getattr(answer.field, "history", "")
    if not address:
        return NOTHING
    label = gettext("History of {question}").format(question=answer.declared.verbose_name)
    mark = '<a class="history-mark" href="{}" data-history aria-label="{}" title="{}">H</a>'
    return format_html(mark, address, label, gettext("History"))


def _control(answer: Answer, described: str, is_wrong: bool, is_locked: bool, is_first: bool) -> SafeString:
    field = answer.field
    attrs: dict[str, Any] = {
        "id": f"id_{field.html_name}",
        "aria-invalid": "true" if is_wrong else None,
        "aria-describedby": described or None,
        "aria-labelledby": f"label-{field.html_name}" if answer.is_group else None,
        "disabled": is_locked,
        "autofocus": is_first,
    }
    given = {key: value for key, value in attrs.items() if value not in (None, False)}
    return field.field.widget.render(field.html_name, field.value(), given)


def _reason(answer: Answer, is_locked: bool) -> SafeString:
    label = gettext("No answer because: {question}").format(question=answer.declared.verbose_name)
    attrs: dict[str, Any] = {"class": "case-why", "aria-label": label, "title": gettext("No answer because…")}
    if is_locked:
        attrs["disabled"] = True
    why = answer.why
    return why.field.widget.render(why.html_name, why.value(), attrs)


def _below(answer: Answer, texts: _Texts, errors: list[Any], is_locked: bool) -> Iterator[tuple[str, str]]:
    """What describes the control, each with its kind; the unit stands beside it and is drawn there."""
    name = answer.field.html_name
    if texts.unit:
        yield "unit", ""
    if errors:
        yield (
            "error",
            format_html(
                '<div class="case-error" id="error-{}">{}</div>',
                name,
                format_html_join("", "<p>{}</p>", ((error,) for error in errors)),
            ),
        )
    if answer.asked:
        yield "query", asked(answer.asked, name, is_locked=is_locked)
    if texts.means:
        yield "means", f'<p class="case-meaning" id="means-{name}">{_chosen(answer, texts)}</p>'
    if texts.help:
        yield "help", f'<p class="case-help" id="help-{name}">{texts.help}</p>'
    if texts.when:
        yield "when", f'<p class="case-help case-when" id="when-{name}">{texts.when}</p>'


def _chosen(answer: Answer, texts: _Texts) -> str:
    value = answer.field.value() or ()
    codes = [value] if isinstance(answer.declared, Coded) else value
    return "".join(texts.means.get(str(code), "") for code in codes)


def asked(queries: list[Asked], name: str, *, is_locked: bool) -> SafeString:
    """What the registry asks about a value, and where one says that it is right."""
    said = format_html_join(
        "", "<p>{}</p>{}", ((q.sentence, NOTHING if is_locked else _confirm(q)) for q in queries)
    )
    return format_html('<div class="case-query" id="query-{}">{}</div>', name, said)


def _confirm(query: Asked) -> SafeString:
    return format_html(
        '<p class="case-confirm"><label for="{0}">{1}</label>'
        ' <input type="text" id="{0}" name="{0}" value="{2}" maxlength="{3}" autocomplete="off">'
        '<input type="hidden" name="{4}" value="{5}"></p>',
        f"{CONFIRM}{query.query_id}",
        gettext("It is right, because"),
        query.typed,
        LONGEST,
        f"{SEEN}{query.query_id}",
        query.seen,
    )
