"""A body of a few texts: what people say to a finding, an offer, a transfer."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext
from rest_framework.request import Request

from cases.api.saving import body_of
from cases.problems import Problem
from registry.api.problems import Refused


def texts(request: Request, names: tuple[str, ...]) -> dict[str, str]:
    """The texts of the body; 422 for what is not text, and for what does not belong there."""
    body = body_of(request)
    if not isinstance(body, Mapping):
        raise invalid([_problem("", "wrong_type", gettext("Send one JSON object."))])
    known = ", ".join(names)
    told = gettext("Unknown field; known here: {names}.").format(names=known)
    wrong = [_problem(f"/{name}", "unknown_field", told) for name in body if name not in names]
    wrong += [
        _problem(f"/{name}", "wrong_type", gettext("This must be a text."))
        for name in names
        if name in body and not isinstance(body[name], str)
    ]
    if wrong:
        raise invalid(wrong)
    return {name: body.get(name, "") for name in names}


def _problem(pointer: str, code: str, message: str) -> Problem:
    return Problem(pointer=pointer, code=code, message=message)


def invalid(problems: list[Problem]) -> Refused:
    """What is wrong with the texts."""
    return Refused(422, "invalid_answer", gettext("Nothing was saved; correct these errors."), problems)


def refused(error: ValidationError, code: str) -> Refused:
    """What the use case says: about a text of the body 422, about how things stand 409 with this code."""
    told: dict[str, Any] = error.message_dict
    if general := told.get(NON_FIELD_ERRORS):
        return Refused(409, code, " ".join(general))
    return invalid([_problem(f"/{name}", "invalid", text) for name, said in told.items() for text in said])
