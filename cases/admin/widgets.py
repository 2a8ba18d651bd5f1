"""Controls of the page of a case, written straight: a page has hundreds, and a template for each takes a second.

What does not change is written once for each language and kept.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext


class Line(forms.TextInput):
    """One line of text."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        shown = self.format_value(value)
        given = {"value": shown} if shown is not None else {}
        return format_html(
            '<input type="text" name="{}"{}>', name, flatatt({**given, **self.build_attrs(self.attrs, attrs)})
        )


class Suggesting(Line):
    """One line of text, with texts to choose from; any other is as good."""

    def __init__(self, suggestions: Iterable[Any], *, longest: int):
        super().__init__(attrs={"autocomplete": "off", "maxlength": longest})
        self.suggestions = suggestions

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        listed = f"{(attrs or {}).get('id', name)}_suggestions"
        line = super().render(name, value, {**(attrs or {}), "list": listed}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((text,) for text in self.suggestions))
        return format_html('{}<datalist id="{}">{}</datalist>', line, listed, options)


class Choice(forms.Select):
    """One of several; `blank` says in the reader's language what choosing none of them means."""

    def __init__(self, attrs: Any = None, choices: Any = (), blank: Callable[[], str] | None = None):
        super().__init__(attrs, choices)
        self.blank = blank
        self.written: dict[str, str] = {}  # the options by language, shared by all copies of the widget

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = f'value="{escape("" if value is None else value)}"'
        options = self._options().replace(chosen, f"{chosen} selected", 1)
        return format_html(
            '<select name="{}"{}>{}</select>',
            name,
            flatatt(self.build_attrs(self.attrs, attrs)),
            SafeString(options),  # nosec B703  # escaped parts
        )

    def _options(self) -> str:
        if self.blank is None:
            return self._write()  # its choices are those of one person
        language = get_language() or ""
        if language not in self.written:
            self.written[language] = self._write()
        return self.written[language]

    def _write(self) -> str:
        pairs = [("", self.blank()), *_pairs(self.choices)] if self.blank else _pairs(self.choices)
        return format_html_join("", '<option value="{}">{}', pairs)  # HTML closes an option by itself


class YesNo(forms.RadioSelect):
    """Yes, no, or no answer yet: one click, or one key."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = self.build_attrs(self.attrs, attrs)
        first, said = given.pop("id", name), "" if value is None else str(value)
        group = {key: given.pop(key) for key in list(given) if key.startswith("aria-")}
        pairs = (("true", gettext("Yes")), ("false", gettext("No")), ("", "–"))
        buttons = (
            (name, code, _if(said == code, " checked"), flatatt(given), label) for code, label in pairs
        )
        button = '<label><input type="radio" name="{}" value="{}"{}{}><span>{}</span></label>'
        return format_html(
            '<div class="case-yesno" role="radiogroup"{}>{}</div>',
            flatatt({"id": first, **group}),
            format_html_join("", button, buttons),
        )


class Choices(forms.CheckboxSelectMultiple):
    """Any of several."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = self.build_attrs(self.attrs, attrs)
        chosen, first = set(map(str, value or ())), given.pop("id", name)
        group = {key: given.pop(key) for key in list(given) if key.startswith("aria-")}
        boxes = (
            (name, code, _if(str(code) in chosen, " checked"), flatatt(given), label)
            for code, label in _pairs(self.choices)
        )
        box = '<label><input type="checkbox" name="{}" value="{}"{}{}> {}</label>'
        return format_html(
            '<div class="case-choices" role="group"{}>{}</div>',
            flatatt({"id": first, **group}),
            format_html_join("", box, boxes),
        )


def _pairs(choices: Any) -> Iterable[tuple[Any, Any]]:
    return choices


def _if(condition: bool, text: str) -> SafeString:
    return SafeString(text if condition else "")  # nosec B703  # fixed words of the callers
