"""JSON Merge Patch (RFC 7396) of a case: what is named is set, `null` removes, a list replaces the whole list."""

from functools import cache
from typing import Any

from django.utils.translation import gettext
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

from cases.api import saving
from cases.forms import FIELDS, OUTER_FORMS, TYPES, CaseDocument
from cases.models import Patient
from registry.api.problems import Refused
from registry.api.strict_json import StrictJSONParser

MEDIA_TYPE = "application/merge-patch+json"
ACCEPTED = f"{MEDIA_TYPE}, {StrictJSONParser.media_type}"

Names = dict[str, "Names"]


class MergePatchParser(StrictJSONParser):
    """Reads a patch as strictly as any other body."""

    media_type = MEDIA_TYPE


def sent(request: Request) -> Any:
    """The patch in the body; 415 names the kinds that are taken."""
    try:
        return saving.body_of(request)
    except UnsupportedMediaType as error:
        told = f"{error.detail} " + gettext("Send one of: {kinds}.").format(kinds=ACCEPTED)
        raise Refused(415, "unsupported_media_type", told, headers={"Accept-Patch": ACCEPTED}) from None


def merged(target: Any, patch: Any, names: Names | None = None) -> Any:
    """Put a patch into a document; a `null` for a name that no document has stays, so that the parser refuses it."""
    if not isinstance(patch, dict):
        return patch
    names = _names() if names is None else names
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None and name in names:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value, names.get(name, {}))
    return result


@cache
def _names() -> Names:
    """What can be removed: the names of the document, and within the forms that it has once those of their fields."""
    nothing: Names = {}
    once = [model for model in (Patient, *OUTER_FORMS) if not model.repeats]
    forms = {model.name: dict.fromkeys(FIELDS[TYPES[model]], nothing) for model in once}
    return {
        **dict.fromkeys(CaseDocument.__dataclass_fields__, nothing),
        **{name: {**fields, "missing": fields} for name, fields in forms.items()},
    }
