"""Where the page of a case leaves what is typed and not saved; it gets back how far the case is with it.

What is impossible or unusual is said at once in the same sentences as when saving; nothing of it refuses the keeping.
"""

from typing import Any, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext

from cases import document as documents
from cases import drafts, intake
from cases.admin.page import typed_in
from cases.admin.record import TEXTS, record_form, token_in
from cases.admin.sheet import Sheet, Told, TooManyRowsError
from cases.admin.standing import case_status, reading, standing
from cases.models import Case, DataQuery
from cases.problems import DocumentError, Problem
from cases.rulebook import engine
from cases.rulebook.validity import VALIDITY
from cases.vocabulary import Status
from registry import access
from registry.access import Action
from registry.admin import centers_where
from registry.models import Center, User

DISCARD = "_discard"


def entry_view(request: HttpRequest, case: Case | None) -> HttpResponse:
    """Keep what was typed on the page of a case or of a new one, or forget it."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    by, token = cast(User, request.user), token_in(request.POST)
    if token and DISCARD in request.POST:
        drafts.discard(token, by=by)
        return HttpResponseRedirect(_address(case))
    center = case.center if case else _center(request)
    try:
        if center is None:
            raise PermissionDenied(gettext("You may not record here."))
        access.require(by, Action.RECORD, center)
        if token is None:
            raise ValidationError(gettext("Send what was typed on the page of a case."))
        entry = drafts.keep(token, center=center, case=case, fields=typed_in(request.POST), by=by)
        if case and case.status == Status.LOCKED:
            told = gettext("Somebody locked this case. What you typed is kept until it is unlocked.")
            raise PermissionDenied(told)
        said = _said(request.POST, center, case)
    except PermissionDenied as error:
        return JsonResponse({"told": str(error)}, status=403)
    except (ValidationError, TooManyRowsError) as error:
        told = error.messages if isinstance(error, ValidationError) else [str(error)]
        return JsonResponse({"told": " ".join(told)}, status=422)
    return JsonResponse({"kept_at": entry.updated_at.isoformat(), **said})


def _address(case: Case | None) -> str:
    if case is None:
        return reverse("admin:cases_case_add")
    return reverse("admin:cases_case_change", args=[case.pk])


def _center(request: HttpRequest) -> Center | None:
    """The center that was chosen for a new case; one where the person may not record does not exist."""
    record = record_form(None, centers_where(request, Action.RECORD), may_record=True, data=request.POST)
    record.is_valid()
    return record.cleaned_data.get("center")


def _said(data: QueryDict, center: Center, case: Case | None) -> dict[str, Any]:
    """How far the case on the page is, and what the rulebook says of it."""
    sheet = Sheet.sent(data)
    own = {**{name: data.get(name, "") for name in TEXTS}, "case_number": "?"}
    document = reading(sheet, own)
    if document is None:
        return {}
    told = _errors(sheet) + _findings(sheet, document, center)
    wrong = [one for problem, one in told if problem.severity == "error"]
    how_far = standing(sheet, document, wrong=wrong, asked=_asked(sheet, data, case))
    return {
        "sections": {
            section.anchor: {"state": section.state, "kind": section.kind, "target": section.target}
            for section in how_far.sections
        },
        "forms": how_far.forms,
        "missing": render_to_string(
            "cases/admin/missing.html",
            {"standing": how_far, "case_status": case_status(case.status if case else None)},
        ),
        "told": [
            {"anchor": one.anchor, "kind": problem.severity, "message": one.message}
            for problem, one in told
            if one.anchor
        ],
    }


def _asked(sheet: Sheet, data: QueryDict, case: Case | None) -> list[Told]:
    """What the registry asks about the stored case."""
    if case is None:
        return []
    queries = DataQuery.objects.open().filter(case=case)
    return sheet.ask(queries, QueryDict(), is_old=data.get("version") != str(case.version))


def _errors(sheet: Sheet) -> list[tuple[Problem, Told]]:
    """What the parser says of single answers."""
    try:
        documents.parse({"case_number": "?", **sheet.plain()})
    except DocumentError as error:
        return list(zip(error.problems, sheet.place(error.problems), strict=True))
    return []


def _findings(sheet: Sheet, document: Any, center: Center) -> list[tuple[Problem, Told]]:
    """What the rulebook says of answers together."""
    read = engine.read(VALIDITY, document, intake.today_at(center))
    problems = [
        Problem(pointer=finding.pointer, code=finding.rule_id, message=finding.sentence, severity=severity)
        for severity, findings in (("error", read.errors), ("query", read.queries))
        for finding in findings
    ]
    return list(zip(problems, sheet.place(problems), strict=True))
