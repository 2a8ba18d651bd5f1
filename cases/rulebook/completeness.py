"""What a case still lacks to be complete: a state of the case, never a condition of saving it.

R needs a value; C needs a value or a reason (NK, ND, NA; "not yet recorded" is no reason); a field that applies only
with another answer is asked only then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from cases.document import FIELDS, OPERATION_FORMS, OUTER_FORMS
from cases.models import Antithrombotic, Patient, Reconstruction
from cases.rulebook import engine
from cases.rulebook.terms import NEEDS_ANTITHROMBOTIC
from cases.rulebook.validity import VALIDITY
from cases.vocabulary import DischargeTo, Missing, Verdict
from registry.fields import ClinicalField, meets
from registry.tongues import Saying, say, term

REASONS = frozenset({Missing.NK, Missing.ND, Missing.NA})
# Forms of every case, and those of a case with an index resection; a list needs one row.
ALWAYS = ("patient", "consent", "presentation", "diagnosis", "imaging", "tumor")
OPERATED = ("pathology", "discharge", "follow_ups")
_TO_COMPLETE = tuple(rule for rule in VALIDITY.rules if rule.only_to_complete)
_TITLES = {model.name: model.title for model in (Patient, *OUTER_FORMS, *OPERATION_FORMS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingAnswer:
    """An answer or a whole form that a complete case must have, and where it belongs; said in the reader's language."""

    pointer: str
    name: Any
    saying: Saying

    @property
    def label(self) -> str:
        return str(self.name)

    @property
    def sentence(self) -> str:
        return str(self.saying)


def missing_answers(document: Any) -> list[MissingAnswer]:
    """Every required answer that is absent, in the order of the forms; empty for a complete case."""
    return list(_missing(document))


def is_complete(document: Any) -> bool:
    """Whether nothing required is absent; the first absence answers, so it costs little."""
    return next(_missing(document), None) is None


def _missing(document: Any) -> Iterator[MissingAnswer]:
    yield from _missing_forms(document)
    yield from _missing_fields(document)
    yield from _unfulfilled(document)


def _missing_forms(document: Any) -> Iterator[MissingAnswer]:
    for name in (*ALWAYS, *(OPERATED if document.index else ())):
        # After a death nobody comes back: the death form stands for the follow-up.
        if getattr(document, name) in (None, ()) and not (name == "follow_ups" and document.death):
            yield _form(f"/{name}", _TITLES[name])
    for place, operation in enumerate(document.operations):
        decides, codes = Reconstruction.only_if
        if operation.reconstruction is None and meets(getattr(operation, decides), codes):
            yield _form(f"/operations/{place}/reconstruction", _TITLES["reconstruction"])
    if not document.index:
        return
    discharge = document.discharge
    if discharge and discharge.no_complication_90d is False and not document.complications:
        yield _form("/complications", _TITLES["complications"])
    method = document.reconstruction.ivc_method if document.reconstruction else None
    died = bool(discharge and discharge.discharge_to == DischargeTo.DIED)
    if method in NEEDS_ANTITHROMBOTIC and not document.antithrombotics and not died:
        yield _form("/antithrombotics", Antithrombotic.title)


def _form(pointer: str, title: Any) -> MissingAnswer:
    saying = say("The form '{form}' is missing; fill it in.", form=title)
    return MissingAnswer(pointer=pointer, name=title, saying=saying)


def _missing_fields(document: Any) -> Iterator[MissingAnswer]:
    for model in (Patient, *OUTER_FORMS):
        value = getattr(document, model.name)
        if model.repeats:
            for place, row in enumerate(value):
                yield from _of_form(row, f"/{model.name}/{place}")
                if model.name == "operations":
                    yield from _of_operation(row, f"/operations/{place}")
        elif value is not None:
            yield from _of_form(value, f"/{model.name}")


def _of_operation(operation: Any, pointer: str) -> Iterator[MissingAnswer]:
    if operation.reconstruction is not None:
        yield from _of_form(operation.reconstruction, f"{pointer}/reconstruction")
    for place, vein in enumerate(operation.veins):
        yield from _of_form(vein, f"{pointer}/veins/{place}")


_REQUIRED = {
    kind: tuple((name, declared) for name, declared in fields.items() if declared.need in ("R", "C"))
    for kind, fields in FIELDS.items()
}


def _of_form(form: Any, pointer: str) -> Iterator[MissingAnswer]:
    for name, declared in _REQUIRED[type(form)]:
        if getattr(form, name) is None and _asked(form, declared):
            if declared.need == "C" and form.missing.get(name) in REASONS:
                continue
            field = declared.verbose_name
            saying = (
                say("{field} is missing; give a value.", field=field)
                if declared.need == "R"
                else say("{field} is missing; give a value or the reason why there is none.", field=field)
            )
            yield MissingAnswer(pointer=f"{pointer}/{name}", name=field, saying=saying)


def _asked(form: Any, declared: ClinicalField) -> bool:
    if declared.only_if is None:
        return True
    sibling, codes = declared.only_if
    return meets(getattr(form, sibling), codes)


def _unfulfilled(document: Any) -> Iterator[MissingAnswer]:
    """What the validity rules ask of a complete case beyond single fields (X-37)."""
    for rule in _TO_COMPLETE:
        # These rules ask no date, so any day will do.
        for finding in engine.judge(rule, document, date.min):
            if finding.verdict == Verdict.DEVIATION:
                saying = term(finding.stored_sentence)
                yield MissingAnswer(pointer=finding.pointer, name=rule.title, saying=saying)
