"""Where on the page of a case stands what a pointer into its document names, without drawing the page."""

from typing import Any

from cases.forms import FIELDS, OPERATION_FORMS, OUTER_FORMS, TYPES
from cases.models import Patient

OWN = frozenset({"case_number", "citation", "note"})
_FORMS = {model.name: model for model in (Patient, *OUTER_FORMS, *OPERATION_FORMS)}


def anchor(pointer: str) -> str:
    """The id of the field, row or form on the page; empty where a pointer names the case as a whole."""
    steps = [step for step in pointer.strip("/").split("/") if step and step != "missing"]
    if not steps:
        return ""
    if steps[0] in OWN:
        return f"answer-{steps[0]}"
    whole, last = "-".join(steps), steps[-1]
    if last in _FORMS:
        return f"block-{whole}" if _FORMS[last].repeats else f"form-{whole}"
    return f"form-{whole}" if last.isdigit() else f"answer-{whole}"


def label(pointer: str) -> str:
    """The name of the field, or of the form with the number of its row."""
    steps = [step for step in pointer.strip("/").split("/") if step and step != "missing"]
    form = _form(steps)
    if form is None:
        return ""
    declared = FIELDS[TYPES[form]].get(steps[-1])
    if declared is not None:
        return str(declared.verbose_name)
    return f"{form.title} {int(steps[-1]) + 1}" if steps[-1].isdigit() else str(form.title)


def _form(steps: list[str]) -> Any:
    """The form that the steps end in."""
    return next((_FORMS[step] for step in reversed(steps) if step in _FORMS), None)
