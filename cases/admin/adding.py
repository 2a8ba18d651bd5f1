"""One form of follow-up, empty: where who follows a patient for another center records a visit or what came late."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from cases import adding, duty
from cases.adding import FORMS
from cases.admin import glossary, questions
from cases.admin.answers import FORM_OF, AnswerForm
from cases.admin.transfers import ADD, ONE, rows
from cases.models import Transfer
from cases.vocabulary import TransferState
from registry import access
from registry.access import Action
from registry.admin import site
from registry.models import User

# What stands in for a date in a published case; whose follow-up is handed over is a patient.
OF_PUBLICATIONS = frozenset({"months_after_resection", "time_qualifier"})


def add_view(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Show the form, or add what was typed; what is wrong comes back beside its question."""
    by = cast(User, request.user)
    transfer = rows(by).filter(pk=pk).first()
    model = FORMS.get(name)
    if transfer is None or model is None:
        raise Http404
    if not access.may(by, Action.RECORD_FOLLOW_UP, transfer.receiving_center_id):
        raise PermissionDenied(gettext("You may read this, but not record follow-up."))
    if transfer.state != TransferState.ACCEPTED:
        raise PermissionDenied(duty.no_longer())
    if request.method != "POST":
        return _show(request, transfer, FORM_OF[model](prefix=name))
    form = FORM_OF[model](request.POST, prefix=name)
    row = form.plain()
    if not row:
        return _show(request, transfer, form, [gettext("Nothing is answered yet.")])
    added = adding.add(transfer, model, row, by=by)
    if added.verdict == "rejected":
        return _show(request, transfer, form, [_placed(form, one) for one in added.problems])
    told = (
        gettext("This was recorded already; nothing was changed.")
        if added.verdict == "unchanged"
        else gettext("{form}: recorded. {center} sees it in the case.")
    )
    messages.success(request, told.format(form=model.title, center=transfer.center.code))
    return HttpResponseRedirect(reverse(f"admin:{ONE}", args=[transfer.pk]))


def _placed(form: AnswerForm, problem: Any) -> str:
    """Put a problem beside the question it is about."""
    name = problem.pointer.removeprefix("/missing").strip("/")
    if name in form.fields:
        form.add_error(name, problem.message)
    return str(problem.message)


def _show(
    request: HttpRequest, transfer: Transfer, form: AnswerForm, errors: list[str] | None = None
) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": str(form.model.title),  # type: ignore[attr-defined]
        "transfer": transfer,
        "answers": [
            questions.drawn(answer)
            for answer in form.answers()
            if answer.declared.name not in OF_PUBLICATIONS
        ],
        "meanings": glossary.meanings(),
        "offered_terms": glossary.offered_terms(),
        "errors": errors or [],
    }
    status = 422 if errors else 200
    return TemplateResponse(request, "cases/admin/transfer_add.html", context, status=status)


site.add_page("transfers/<int:pk>/add/<str:name>/", add_view, ADD)
