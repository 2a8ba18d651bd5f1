"""How a text is said: in English, as it is declared and kept, or in the language of whoever reads it.

What is declared (labels, rules, help) is declared in English, and what is stored is said in English, so that no digest
depends on a reader. A `Saying` is a sentence before it is put into a language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import models
from django.utils.formats import get_format
from django.utils.functional import Promise, lazy
from django.utils.translation import (
    get_language,
    gettext,
    gettext_lazy,
    ngettext,
    npgettext,
    override,
    pgettext,
    pgettext_lazy,
)

DECLARED = "en"  # the language of the source
OWN_APPS = ("registry", "cases", "reports")


class Tongue:
    """English: every text is said as it is written."""

    def text(self, english: str, context: str = "") -> str:
        """Say a text; the context tells equal English texts apart that other languages do not write alike."""
        return english

    def many(self, one: str, many: str, n: int, context: str = "") -> str:
        """Choose and say the form of a text that goes with a number."""
        return one if n == 1 else many

    def number(self, value: float) -> str:
        """Write a number."""
        return f"{value:g}"


class _ReadersTongue(Tongue):
    """The language that is active: that of the request's reader."""

    def text(self, english: str, context: str = "") -> str:
        return pgettext(context, english) if context else gettext(english)

    def many(self, one: str, many: str, n: int, context: str = "") -> str:
        return npgettext(context, one, many, n) if context else ngettext(one, many, n)

    def number(self, value: float) -> str:
        return f"{value:g}".replace(".", get_format("DECIMAL_SEPARATOR"))


ENGLISH = Tongue()


@cache
def _tongue(language: str) -> Tongue:
    return ENGLISH if language.partition("-")[0] == DECLARED else _ReadersTongue()


def reader() -> Tongue:
    """The tongue of whoever reads now; English outside of any request."""
    return _tongue(get_language() or DECLARED)


def as_stored() -> AbstractContextManager[None]:
    """Speak English in this block, whoever reads: for what is composed to be kept."""
    return override(DECLARED)


# --- sentences -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Saying:
    """A text with what stands in its braces; `plural` is its form for other numbers than one, by `n`."""

    english: str
    values: Mapping[str, Any] = field(default_factory=dict)
    plural: str = ""
    n: int = 1
    context: str = ""

    def put(self, tongue: Tongue) -> str:
        """Put it into a language, and what stands in it."""
        text = (
            tongue.many(self.english, self.plural, self.n, self.context)
            if self.plural
            else tongue.text(self.english, self.context)
        )
        return text.format(**{name: put(value, tongue) for name, value in self.values.items()})

    def __str__(self) -> str:
        return self.put(reader())


def say(text: str, /, **values: Any) -> Saying:
    """A sentence; the catalog gathers the texts that this is called with."""
    return Saying(text, values)


def say_many(one: str, many: str, /, n: int, **values: Any) -> Saying:
    """A sentence that depends on a number, {n}."""
    return Saying(one, {"n": n, **values}, plural=many, n=n)


def term(text: str, context: str = "") -> Saying:
    """A word or label that is declared elsewhere."""
    return Saying(text, {}, context=context)


def put(value: Any, tongue: Tongue) -> str:
    """Put a value into a sentence."""
    if isinstance(value, Saying):
        return value.put(tongue)
    return tongue.number(value) if isinstance(value, int | float) else str(value)


_put_late = lazy(lambda saying: saying.put(reader()), str)


def lazily(text: str | Saying, context: str = "") -> Any:
    """A text that is put into the reader's language when it is shown."""
    if isinstance(text, Saying):
        return _put_late(text)
    return pgettext_lazy(context, text) if context and text else gettext_lazy(text) if text else ""


# --- choices ---------------------------------------------------------------------------------------------------------


class Labeled(models.TextChoices):
    """Choices whose `label` is said in the reader's language; `english` is the label as declared."""

    @property
    def english(self) -> str:
        """The label as it is declared."""
        return str(self._label_)  # type: ignore[attr-defined]

    @property
    def label(self) -> Any:
        """The label, put into the reader's language when it is shown."""
        return pgettext_lazy(type(self).__name__, self.english)

    def said(self, tongue: Tongue) -> str:
        """The label in a language."""
        return tongue.text(self.english, type(self).__name__)


def labeled() -> Iterable[type[Labeled]]:
    """Every set of choices there is."""
    waiting: list[Any] = [Labeled]
    while waiting:
        below = waiting.pop().__subclasses__()
        waiting += below
        yield from (choices for choices in below if len(choices))


# --- models ----------------------------------------------------------------------------------------------------------


def say_model(sender: type[models.Model], **_: Any) -> None:
    """Let the names and help of a model of ours be said in the reader's language wherever Django shows them.

    Called when a model is made (apps.py), so that models say their texts plainly and nobody has to wrap each of them.
    """
    meta = sender._meta
    if meta.app_label not in OWN_APPS or sender.__module__ == "__fake__":  # those of migrations
        return
    for holder, name in [
        (meta, "verbose_name"),
        (meta, "verbose_name_plural"),
        *((declared, name) for declared in meta.local_fields for name in ("verbose_name", "help_text")),
    ]:
        text = getattr(holder, name)
        if not isinstance(text, Promise) or name == "verbose_name_plural":
            setattr(holder, name, lazily(str(text)))
