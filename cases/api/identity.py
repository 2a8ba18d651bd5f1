"""Who the patient of a case is, for linkage: a program may send and remove it, and nobody reads it here.

An identity is read on its page alone, by a lead who signs in again and says why: a key can do neither.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cases import identifying, matching
from cases.api import openapi_identity, saving
from cases.api.views import CaseView
from cases.api.work import named
from cases.models import Case
from cases.problems import Problem
from cases.vocabulary import Source
from registry.access import Action
from registry.api.permissions import key_of
from registry.api.problems import Refused
from registry.vault import keyring


class CaseIdentity(CaseView):
    """What is held of a patient's identity, and never the identity."""

    needs = {"GET": Action.IDENTIFY, "PUT": Action.IDENTIFY, "DELETE": Action.IDENTIFY}
    keeps_answers = False  # what is kept of a request has a digest of its body, which could be guessed

    @extend_schema(**openapi_identity.READ)
    def get(self, request: Request, pk: int) -> Response:
        """Read what is held and since when, and whether another center may hold the patient; never who it is."""
        return self._told(self._case(request, pk))

    @extend_schema(**openapi_identity.PUT)
    def put(self, request: Request, pk: int) -> Response:
        """Keep who the patient is, in place of what was kept. The same again does no harm."""
        case = self._case(request, pk)
        sent = saving.body_of(request)
        with _refusing():
            identifying.put(case, sent, **_said(request))
        return self._told(case)

    @extend_schema(**openapi_identity.DELETE)
    def delete(self, request: Request, pk: int) -> Response:
        """Remove who the patient is, at once and for good; where nothing is held that is no error."""
        case = self._case(request, pk)
        with _refusing():
            identifying.remove(case, **_said(request))
        return self._told(case)

    def _case(self, request: Request, pk: int) -> Case:
        if not keyring.is_on():
            raise Http404
        return self.case_to_change(request, pk, Action.IDENTIFY)

    def _told(self, case: Case) -> Response:
        row = identifying.held(case)
        kinds = {"name": row and row.has_name, "national_number": row and row.has_number}
        return Response(
            {
                **named(case, case.center),
                "holds": [kind for kind, is_held in kinds.items() if is_held],
                "recorded_at": row and row.recorded_at,
                "elsewhere": matching.told_to_center(case),
            }
        )


def _said(request: Request) -> dict[str, Any]:
    """By whom, with which key, and why, if the request says so."""
    key = key_of(request)
    return {
        "by": request.user,
        "door": Source.API,
        "sender": f"key {key.prefix}" if key else "",
        "reason": saving.change_reason(request),
    }


class _refusing:  # noqa: N801 (used as a block)
    """What the use case refuses, as problems: fields 422, a patient who may not be linked 409."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if not isinstance(error, ValidationError):
            return
        if not hasattr(error, "error_dict"):
            raise Refused(409, "not_linkable", " ".join(error.messages)) from None
        found = [
            Problem(pointer=f"/{name}" if name else "", code="invalid", message=message)
            for name, messages in error.message_dict.items()
            for message in messages
        ]
        raise Refused(
            422, "invalid_identity", gettext("The identity was not saved; correct these errors."), found
        ) from None
