"""When a question or a form applies, in words and for the page's scripts; declared with the fields, said here.

Without scripts everything is shown with these words. A script steps back what does not apply, never what has an answer.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from cases.models import Operation
from cases.vocabulary import Segment, Vein
from registry.fields import CodedSet, Condition, Flag, clinical_fields

_HEPATIC = (Vein.HEPATIC_RIGHT, Vein.HEPATIC_MIDDLE, Vein.HEPATIC_LEFT)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A row that a list offers, filled in so far, when another answer of the form around it calls for it."""

    condition: Condition
    field: str
    value: str


# What is to be said of the veins that enter a resected segment (X-37 asks for both renal ones).
OFFERS: dict[str, tuple[Offer, ...]] = {
    "veins": tuple(
        Offer(condition=("resected_segments", frozenset(segments)), field="vein", value=vein)
        for segments, veins in (
            ({Segment.INTERRENAL}, (Vein.LEFT_RENAL, Vein.RIGHT_RENAL)),
            ({Segment.RETROHEPATIC, Segment.INFRADIAPHRAGMATIC}, _HEPATIC),
        )
        for vein in veins
    )
}


def control(condition: Condition, prefix: str) -> str:
    """The name of the control that decides, and the codes that it must have one of; none of them is any answer."""
    decides, codes = condition
    name = decides.lstrip("/") if decides.startswith("/") else f"{prefix}-{decides}"
    return " ".join([name, *sorted(codes)])


def sentence(condition: Condition, model: Any) -> str:
    """When it applies, in words; `model` is the form that has the answer."""
    decides, codes = condition
    if decides.startswith("/"):
        return gettext("Applies to a published case: one with a citation.")
    field = next(field for field in clinical_fields(model) if field.name == decides)
    label = str(field.verbose_name)
    if not codes:
        return gettext("Applies when there is an answer to: {question}.").format(question=label)
    said = _said(field, codes)
    if isinstance(field, CodedSet):
        return gettext("Applies when {question} includes: {answers}.").format(question=label, answers=said)
    return gettext("Applies when {question} is: {answers}.").format(question=label, answers=said)


def of_operation(model: Any) -> str:
    """When a form of an operation applies, in words."""
    return sentence(model.only_if, Operation)


def _said(field: Any, codes: frozenset[str]) -> str:
    if isinstance(field, Flag):
        return gettext("yes") if "true" in codes else gettext("no")
    labels = dict(field.vocabulary.choices)
    return gettext(" or ").join(str(labels[code]) for code in field.codes if code in codes)
