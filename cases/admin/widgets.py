"""Controls of the page of a case, written straight: a page has hundreds, and a template for each takes a second."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


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

    def __init__(self, suggestions: Iterable[Any]):
        super().__init__(attrs={"autocomplete": "off"})
        self.suggestions = suggestions

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        listed = f"{(attrs or {}).get('id', name)}_suggestions"
        line = super().render(name, value, {**(attrs or {}), "list": listed}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((text,) for text in self.suggestions))
        return format_html('{}<datalist id="{}">{}</datalist>', line, listed, options)


class Choice(forms.Select):
    """One of several."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((code, _if(str(code) == chosen, " selected"), label) for code, label in _pairs(self.choices)),
        )
        return format_html(
            '<select name="{}"{}>{}</select>', name, flatatt(self.build_attrs(self.attrs, attrs)), options
        )


class Choices(forms.CheckboxSelectMultiple):
    """Any of several."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = self.build_attrs(self.attrs, attrs)
        chosen, first = set(map(str, value or ())), given.pop("id", name)
        boxes = (
            (name, code, first, place, _if(str(code) in chosen, " checked"), flatatt(given), label)
            for place, (code, label) in enumerate(_pairs(self.choices))
        )
        box = '<label><input type="checkbox" name="{}" value="{}" id="{}_{}"{}{}> {}</label>'
        return format_html('<div class="case-choices">{}</div>', format_html_join("", box, boxes))


def _pairs(choices: Any) -> Iterable[tuple[Any, Any]]:
    return choices


def _if(condition: bool, text: str) -> SafeString:
    return SafeString(text if condition else "")
