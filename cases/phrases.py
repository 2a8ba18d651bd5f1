"""Codes and answers as parts of a sentence, and published intervals in words."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext

from cases import telling
from cases.forms import FIELDS
from cases.rulebook.wording import within
from cases.vocabulary import Margin, TimeQualifier
from registry.fields import Coded, CodedSet, Flag
from registry.tongues import reader


def label(vocabulary: Any, code: str) -> str:
    """Give the label of a code."""
    return str(vocabulary(code).label)


def heading(form: Any, name: str) -> str:
    """Give the label of one coded answer as it stands alone; empty when there is none."""
    value = getattr(form, name, None) if form is not None else None
    return "" if value is None else label(FIELDS[type(form)][name].vocabulary, value)


def margin(specimen: Any) -> str:
    """Say the margin of a specimen so that it can stand among other answers; empty when there is none."""
    is_open = specimen is not None and specimen.margin == Margin.RX
    return gettext("margin cannot be assessed") if is_open else answer(specimen, "margin")


def listed(vocabulary: Any, codes: Iterable[str]) -> str:
    """Name several codes in the order of their vocabulary, as inside a sentence."""
    chosen = frozenset(codes)
    return ", ".join(within(str(member.label)) for member in vocabulary if member.value in chosen)


def interval(months: float, qualifier: str | None) -> tuple[str, str]:
    """Say a published interval without a date: in full, and as short as a label can take it."""
    told, brief = {
        TimeQualifier.AT_LEAST: (gettext("at least {n} months after the resection"), gettext("≥ {n} mo")),
        TimeQualifier.APPROXIMATE: (gettext("about {n} months after the resection"), gettext("~ {n} mo")),
    }.get(
        TimeQualifier(qualifier or TimeQualifier.EXACT),
        (gettext("{n} months after the resection"), gettext("{n} mo")),
    )
    number = reader().number(months)
    return told.format(n=number), brief.format(n=number)


def when(form: Any, name: str) -> str:
    """Say when it was: the date as recorded, or the published interval; empty when there is neither."""
    if form is None or getattr(form, name) is not None or form.months_after_resection is None:
        return answer(form, name)
    return interval(form.months_after_resection, form.time_qualifier)[0]


def answer(form: Any, name: str) -> str:
    """Say one answer of a form as inside a sentence; empty when there is none."""
    value = getattr(form, name, None) if form is not None else None
    if value is None:
        return ""
    declared = FIELDS[type(form)][name]
    if isinstance(declared, CodedSet):
        return listed(declared.vocabulary, value)
    told = telling.answer(declared, value)
    return within(told) if isinstance(declared, Coded | Flag) else told


__all__ = ["answer", "heading", "interval", "label", "listed", "when", "within"]
