"""The page of a patient's identity: what the vault holds, to record, to remove, and for a lead to read for a reason.

It is there where the vault is on. What was read stands in the answer alone, which no browser keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from cases import identifying, matching
from cases.document import load
from cases.models import Case, HeldIdentity
from cases.vocabulary import Source
from registry import access, history, sessions
from registry.access import Action
from registry.audit import LONGEST_REASON
from registry.dates import as_iso
from registry.models import User
from registry.vault import keyring
from registry.vault.identities import FIELDS, LONGEST, Identity

if TYPE_CHECKING:
    from registry.admin import RegistryAdmin as Base
else:
    Base = object

LABELS = {
    "family_name": gettext_lazy("Family name"),
    "given_name": gettext_lazy("Given name"),
    "born_on": gettext_lazy("Day of birth (YYYY-MM-DD)"),
    "national_number": gettext_lazy("National number"),
    "country": gettext_lazy("Country that gave the number (two letters)"),
}


class Identities(Base):
    """What the admin of cases gains: the page of an identity."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.identity_view)
        return [path("<int:pk>/identity/", view, name="cases_case_identity"), *super().get_urls()]

    @method_decorator(sensitive_post_parameters())
    def identity_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what is held; record, remove or read it."""
        case = self.get_object(request, str(pk)) if keyring.is_on() else None
        if case is None:
            raise Http404
        if not access.may(request.user, Action.IDENTIFY, case.center_id):
            raise PermissionDenied(gettext("You may read this case, but not record who the patient is."))
        return IdentityPage(self, request, case).answer()


class IdentityPage:
    """One request for that page."""

    def __init__(self, admin: Identities, request: HttpRequest, case: Case):
        self.admin, self.request, self.case = admin, request, case
        self.by = cast(User, request.user)
        self.sent = {name: request.POST.get(name, "") for name in FIELDS}
        self.sent["born_on"] = as_iso(self.sent["born_on"].strip())

    def answer(self) -> HttpResponse:
        """Do what was sent, or show the page."""
        done = {"record": self._record, "remove": self._remove, "read": self._read}
        act = done.get(self.request.POST.get("act", "")) if self.request.method == "POST" else None
        if act is None:
            return self._show()
        try:
            return act()
        except ValidationError as error:
            return self._show(error, status=422)

    def _record(self) -> HttpResponse:
        identifying.put(self.case, self.sent, by=self.by, door=Source.ADMIN)
        return self._back(gettext("The identity is recorded."))

    def _remove(self) -> HttpResponse:
        identifying.remove(self.case, by=self.by, door=Source.ADMIN)
        return self._back(gettext("The identity is removed."))

    def _read(self) -> HttpResponse:
        """Let a lead read it who signed in, or again, a few minutes ago."""
        access.require(self.by, Action.READ_IDENTITY, self.case.center_id)
        if (leads_to := sessions.ask_again(self.request)) is not None:
            return leads_to
        reason = self.request.POST.get("reason", "")
        found = identifying.read(self.case, by=self.by, door=Source.ADMIN, reason=reason)
        return self._show(identity=found)

    def _back(self, said: str) -> HttpResponse:
        messages.success(self.request, said)
        return HttpResponseRedirect(reverse("admin:cases_case_identity", args=[self.case.pk]))

    def _show(
        self,
        error: ValidationError | None = None,
        *,
        identity: Identity | None = None,
        status: int = 200,
    ) -> HttpResponse:
        (stored,) = load([self.case.pk])
        events = HeldIdentity.pgh_event_model.objects.filter(case_id=self.case.pk).order_by("pgh_id")  # type: ignore[attr-defined]
        story = history.Story(name=gettext("Identity for linkage"), events=list(events))
        typed = self.sent if error else dict.fromkeys(FIELDS, "")
        wrong = error.message_dict if error and hasattr(error, "error_dict") else {}
        context = {
            **self.admin.admin_site.each_context(self.request),
            "title": gettext("Identity of the patient of case {number}").format(number=self.case.case_number),
            "opts": self.admin.opts,
            "original": self.case,
            "held": identifying.held(self.case),
            "refusal": identifying.refusal(stored),
            "elsewhere": matching.told_to_center(self.case),
            "may_read": access.may(self.by, Action.READ_IDENTITY, self.case.center_id),
            "fields": [(name, LABELS[name], typed[name], " ".join(wrong.get(name, []))) for name in FIELDS],
            "identity": identity and [(LABELS[name], value) for name, value in identity.values().items()],
            "wrong": error and told(error),
            "entries": history.told([story]),
            "longest": LONGEST,
            "longest_reason": LONGEST_REASON,
        }
        return TemplateResponse(self.request, "cases/admin/identity.html", context, status=status)


def told(error: ValidationError) -> list[str]:
    """What is wrong, each with the name of its field as the page has it."""
    if not hasattr(error, "error_dict"):
        return error.messages
    return [
        f"{LABELS[name]}: {message}" if name in LABELS else message
        for name, found in error.message_dict.items()
        for message in found
    ]
