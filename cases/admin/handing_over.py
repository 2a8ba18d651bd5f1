"""The page on which the follow-up of a case is offered to another center."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext

from cases import transferring
from cases.document import load
from cases.models import Case, Transfer
from registry import access
from registry.access import Action
from registry.models import User

if TYPE_CHECKING:
    from registry.admin import RegistryAdmin as Base
else:
    Base = object


class HandingOver(Base):
    """What the admin of cases gains: offering follow-up to another center."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.transfer_view)
        return [path("<int:pk>/transfer/", view, name="cases_case_transfer"), *super().get_urls()]

    def transfer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for the other center, and offer."""
        case = self.get_object(request, str(pk))
        if case is None:
            raise Http404
        if not access.may(request.user, Action.TRANSFER, case.center_id):
            raise PermissionDenied(gettext("You may read this case, but not hand over its follow-up."))
        if request.method != "POST":
            return self._ask(request, case)
        sent = {"center_code": request.POST.get("center", ""), "note": request.POST.get("note", "")}
        try:
            row = transferring.offer(case, by=cast(User, request.user), **sent)
        except ValidationError as error:
            return self._ask(request, case, errors=error.messages)
        told = gettext("The follow-up is offered to {center}; its people get a mail.")
        messages.success(request, told.format(center=row.receiving_center.code))
        return HttpResponseRedirect(reverse("admin:transfer", args=[row.pk]))

    def _ask(self, request: HttpRequest, case: Case, errors: list[str] | None = None) -> HttpResponse:
        (stored,) = load([case.pk])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Offer the follow-up of case {number} to another center").format(
                number=case.case_number
            ),
            "original": case,
            "standing": standing(case),
            "hindrance": transferring.hindrance(stored),
            "registry_id": stored.registry_id,
            "center_code": request.POST.get("center", ""),
            "note": request.POST.get("note", ""),
            "longest": transferring.LONGEST_NOTE,
            "errors": errors or [],
        }
        status = 422 if errors else 200
        return TemplateResponse(request, "cases/admin/transfer_offer.html", context, status=status)


def standing(case: Case) -> Transfer | None:
    """The offer or transfer that stands of a case."""
    return Transfer.objects.standing().filter(case=case.pk).select_related("receiving_center").first()
