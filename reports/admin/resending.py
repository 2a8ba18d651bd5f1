"""Sending chosen mails again, from their list: a reason is asked for first, and each mail is told of."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, gettext_lazy

from registry import access
from registry.access import Action
from registry.audit import LONGEST_REASON
from registry.models import User
from reports import resending
from reports.models import Delivery

if TYPE_CHECKING:
    from registry.admin import ReadOnlyAdmin as Base
else:
    Base = object


class Resends(Base):
    """What the admin of mails gains: an action for the list."""

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Whether the list offers to send again."""
        return access.may_somewhere(request.user, Action.MANAGE_CENTER)

    @admin.action(description=gettext_lazy("Send the selected mails again"), permissions=["resend"])
    def resend_chosen(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        """Ask for the reason, then queue them."""
        chosen = self._chosen(request, queryset)
        if not chosen or (request.POST.get("reason") and self._resend(request, chosen)):
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Send mails again"),
            "opts": self.opts,
            "chosen": chosen,
            "reason": request.POST.get("reason", ""),
            "longest": LONGEST_REASON,
        }
        return TemplateResponse(request, "reports/admin/resend.html", context)

    def _chosen(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> list[Delivery]:
        """The mails of the centers that the person manages; those of the registry for whoever manages it."""
        if request.POST.get("select_across") == "1":
            told = gettext("Choose mails of one page at a time: the others were not shown to you.")
            self.message_user(request, told, messages.ERROR)
            return []
        ours = [row for row in queryset if access.may(request.user, Action.MANAGE_CENTER, row.center_id)]
        if len(ours) < len(queryset):
            told = gettext("You may not do this in its center.")
            self.message_user(request, told, messages.WARNING)
        return ours

    def _resend(self, request: HttpRequest, chosen: list[Delivery]) -> bool:
        """Queue them and say what became of each; False when nothing was tried."""
        by, reason = cast(User, request.user), request.POST.get("reason", "")
        try:
            outcomes = resending.send_again([row.pk for row in chosen], reason=reason, by=by)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return False
        for outcome in outcomes:
            if outcome.refused:
                told = gettext("{mail} stays as it was: {why}").format(
                    mail=outcome.delivery, why=outcome.refused
                )
                self.message_user(request, told, messages.WARNING)
            else:
                told = gettext("{mail} goes again, to {address}.")
                told = told.format(mail=outcome.delivery, address=outcome.to)
                self.message_user(request, told, messages.SUCCESS)
        return True
