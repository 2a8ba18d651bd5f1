"""Follow-up that moves between centers: what is offered to whom, and one offer with its answer and its patient."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from cases import drawing, duty, follow_up, summary, timeline, transferring
from cases.adding import FORMS
from cases.document import load
from cases.models import Death, Transfer
from cases.vocabulary import TransferState
from registry import access, history
from registry.access import Action
from registry.admin import site
from registry.audit import LONGEST_REASON
from registry.chain import reading
from registry.models import User

MOST = 100  # of each kind on the page; no center has as many
LIST, ONE, ADD = "transfers", "transfer", "transfer_add"
STEPS: dict[str, Callable[..., Transfer]] = {
    "accept": transferring.accept,
    "decline": transferring.decline,
    "withdraw": transferring.withdraw,
    "give_back": transferring.give_back,
}


def rows(by: User) -> QuerySet[Transfer]:
    """What the person's centers offered or were offered, the latest first."""
    found = Transfer.objects.visible_to(by)
    return found.select_related("center", "receiving_center", "offered_by", "decided_by")


def list_view(request: HttpRequest) -> HttpResponse:
    """Show what waits for an answer, who is followed for whom, and what is over."""
    by = cast(User, request.user)
    centers = access.centers_of(by)
    every = rows(by)
    to_us, of_us = every.filter(receiving_center__in=centers), every.filter(center__in=centers)
    taken = duty.taken_over(centers)
    with duty.seeing(centers, taken):
        heard = follow_up.heard(access.center_rows(by), taken=taken)
    context = {
        **site.each_context(request),
        "title": gettext("Transfers of follow-up"),
        "heard": heard,
        "parts": [
            (
                gettext("Offered to you"),
                to_us.offered()[:MOST],
                gettext("No offer waits for your answer."),
            ),
            (
                gettext("Followed here for other centers"),
                to_us.accepted()[:MOST],
                gettext("You follow no patient of another center."),
            ),
            (
                gettext("Your patients, offered to or followed by others"),
                of_us.standing()[:MOST],
                gettext(
                    "No patient of yours is followed elsewhere. An offer begins on the page of the case."
                ),
            ),
            (
                gettext("Over"),
                every.exclude(state__in=(TransferState.OFFERED, TransferState.ACCEPTED))[:MOST],
                gettext("No transfer is over yet."),
            ),
        ],
    }
    return TemplateResponse(request, "cases/admin/transfers.html", context)


class TransferPage:
    """One request for one transfer."""

    def __init__(self, request: HttpRequest, pk: int):
        self.request, self.by = request, cast(User, request.user)
        self.transfer = rows(self.by).filter(pk=pk).first()  # missing and foreign ones do not exist alike
        if self.transfer is None:
            raise Http404

    def answer(self) -> HttpResponse:
        """Show it, or take a step and show what became of it."""
        if self.request.method != "POST":
            return self.show()
        step = STEPS.get(self.request.POST.get("step", ""))
        if step is None:
            raise Http404
        reason = {} if step is transferring.accept else {"reason": self.request.POST.get("reason", "")}
        try:
            row = step(self.transfer, by=self.by, **reason)
        except ValidationError as error:
            self.transfer = rows(self.by).get(pk=self.transfer.pk)  # type: ignore[union-attr]
            return self.show(errors=error.messages, status=422)
        messages.success(self.request, _told(row))
        return HttpResponseRedirect(_address(row))

    def show(self, errors: list[str] | None = None, status: int = 200) -> HttpResponse:
        """The offer, what can be done with it, its history, and to who follows the patient what that needs."""
        row = cast(Transfer, self.transfer)
        context = {
            **site.each_context(self.request),
            "title": str(row),
            "transfer": row,
            "reason": history.reason_in_words(row.reason),
            "steps": transferring.steps(row, self.by),
            "is_ours": access.may(self.by, Action.READ, row.center_id),
            "entries": history.entries([row]),
            "errors": errors or [],
            "typed": self.request.POST.get("reason", ""),
            "longest": LONGEST_REASON,
            **self._followed,
        }
        return TemplateResponse(self.request, "cases/admin/transfer.html", context, status=status)

    @cached_property
    def _followed(self) -> dict[str, Any]:
        """The summary of the case, for the center that follows the patient and while it does."""
        row = cast(Transfer, self.transfer)
        follows = access.may(self.by, Action.READ, row.receiving_center_id)
        if row.state != TransferState.ACCEPTED or not follows:
            return {"case": None}
        with duty.opened(row, by=self.by) as case:
            reading.of_case(case, by=self.by, door="admin", form="transfer")
            (stored,) = load([case.pk])
        story, operation = timeline.story_of(stored.document), stored.document.index  # type: ignore[attr-defined]
        may_add = access.may(self.by, Action.RECORD_FOLLOW_UP, row.receiving_center_id)
        has_died = stored.document.death is not None  # type: ignore[attr-defined]
        return {
            "case": case,
            "facts": summary.facts(stored.document),
            "story": story,
            "after": drawing.after(operation, "after-") if operation else None,
            "forms": [form for form in FORMS.values() if may_add and not (form is Death and has_died)],
        }


def one_view(request: HttpRequest, pk: int) -> HttpResponse:
    """One transfer."""
    return TransferPage(request, pk).answer()


def _told(row: Transfer) -> str:
    """What a step made of it."""
    told = {
        TransferState.ACCEPTED: gettext("Accepted: {center} follows the patient from now on."),
        TransferState.DECLINED: gettext("Declined: {other} goes on following the patient."),
        TransferState.WITHDRAWN: gettext("Withdrawn: {other} goes on following the patient."),
        TransferState.RETURNED: gettext("Returned: {other} follows the patient from now on."),
    }[TransferState(row.state)]
    return told.format(center=row.receiving_center.code, other=row.center.code)


def _address(row: Transfer) -> str:
    return reverse(f"admin:{ONE}", args=[row.pk])


site.add_page("transfers/", list_view, LIST)
site.add_page("transfers/<int:pk>/", one_view, ONE)
