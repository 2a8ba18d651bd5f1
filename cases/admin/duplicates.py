"""Patients whom two centers may hold: for the data manager of the registry, who sees both cases and decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from cases import consents, matching
from cases import document as documents
from cases.matching import Pair
from cases.models import PairVerdict, PossibleDuplicate
from cases.vocabulary import ConsentScope, OperationType
from registry import access
from registry.access import Action
from registry.admin import site
from registry.audit import LONGEST_REASON
from registry.chain import reading
from registry.models import User
from registry.vault import keyring

MOST = 50  # pairs of each kind on the page


@dataclass(frozen=True, kw_only=True)
class Side:
    """One case of a pair, with what tells patients apart; nothing of the vault."""

    row: PossibleDuplicate
    sex: str
    born_on: str
    operated_on: str
    died_on: str
    in_reports: str
    is_chosen: bool  # as the one that counts, in what was sent and not taken


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A pair as it stands on the page."""

    pair: Pair
    sides: tuple[Side, ...]
    sent: QueryDict | None  # what was typed, where it could not be taken


def page(request: HttpRequest) -> HttpResponse:
    """Show the pairs; decide on one."""
    if not keyring.is_on():
        raise Http404
    if not access.may_everywhere(request.user, Action.LINK):
        raise PermissionDenied
    if request.method != "POST":
        return _show(request)
    try:
        _decide(request)
    except ValidationError as error:
        for told in error.messages:
            messages.error(request, told)
        return _show(request, status=422)
    messages.success(request, gettext("Decided."))
    return HttpResponseRedirect(reverse("admin:duplicates"))


def _decide(request: HttpRequest) -> None:
    sent = request.POST
    try:
        pair = UUID(sent.get("pair", ""))
    except ValueError:
        raise ValidationError(gettext("Choose a pair.")) from None
    verdict, _, number = sent.get("verdict", "").partition(":")
    counted = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None
    matching.decide(
        pair, verdict=verdict, counted=counted, reason=sent.get("reason", ""), by=cast(User, request.user)
    )


def _show(request: HttpRequest, status: int = 200) -> HttpResponse:
    sent = request.POST if status != 200 else QueryDict()
    is_open = matching.pairs(PairVerdict.OPEN)[:MOST]
    decided = matching.pairs(PairVerdict.SAME, PairVerdict.DIFFERENT)[::-1][:MOST]
    cases = [row.case for pair in (*is_open, *decided) for row in pair.rows]
    stored = {case.id: case.document for case in documents.load([case.pk for case in cases])}
    reading.of_cases(cases, by=request.user, door="admin", form="possible duplicates")
    context = {
        **site.each_context(request),
        "title": gettext("Patients of two centers"),
        "open": [_shown(pair, stored, sent) for pair in is_open],
        "decided": [_shown(pair, stored, sent) for pair in decided],
        "longest": LONGEST_REASON,
    }
    return TemplateResponse(request, "cases/admin/duplicates.html", context, status=status)


def _shown(pair: Pair, stored: dict[int, Any], sent: QueryDict) -> Shown:
    own = sent if sent.get("pair") == str(pair.id) else None
    chosen = own.get("verdict") if own else None
    return Shown(
        pair=pair, sides=tuple(_side(row, stored[row.case_id], chosen) for row in pair.rows), sent=own
    )


def _side(row: PossibleDuplicate, document: Any, chosen: str | None) -> Side:
    patient = document.patient
    index = [one for one in document.operations if one.operation_type == OperationType.INDEX_RESECTION]
    return Side(
        row=row,
        sex=str(row.case.patient.get_sex_display() or ""),
        born_on=str((patient and patient.born_on) or ""),
        operated_on=str((index and index[0].operated_on) or ""),
        died_on=str((document.death and document.death.died_on) or ""),
        in_reports=_in_reports(row, document),
        is_chosen=chosen == f"same:{row.case_id}",
    )


def _in_reports(row: PossibleDuplicate, document: Any) -> str:
    """Whether reports of the whole registry count this case, or why not."""
    if not row.is_counted:
        return gettext("left out")
    is_covered = consents.covers(document, ConsentScope.REPORTS, source=row.case.source)
    return gettext("counted") if is_covered else gettext("no: its consent does not cover reports")


site.add_page("duplicates/", page, "duplicates")
