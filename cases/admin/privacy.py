"""The page of a case's consent: what the patient agreed to and when, and what a withdrawal would do and does.

A withdrawal takes two steps, the page and its confirmation with what will go, since an erasure cannot be taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext

from cases import consents, erasing, withdrawing
from cases.document import load
from cases.models import Case, Consent
from cases.vocabulary import ConsentScope, WithdrawalEffect
from registry import access, history
from registry.access import Action
from registry.audit import LONGEST_REASON
from registry.dates import PartialDate, as_iso
from registry.models import User

if TYPE_CHECKING:
    from registry.admin import RegistryAdmin as Base
else:
    Base = object

TAKE_BACK = "take_back"


class Privacy(Base):
    """What the admin of cases gains: the page on which a patient's wish is carried out."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.privacy_view)
        return [path("<int:pk>/privacy/", view, name="cases_case_privacy"), *super().get_urls()]

    def privacy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the consent; ask again with what will happen; do it."""
        case = self.get_object(request, str(pk))
        if case is None:
            raise Http404
        if not access.may(request.user, Action.WITHDRAW, case.center_id):
            raise PermissionDenied(gettext("You may read this case, but not carry out a withdrawal."))
        page = PrivacyPage(self, request, case)
        if request.method != "POST":
            return page.show()
        return page.carry_out() if request.POST.get("confirmed") == "yes" else page.ask()


class PrivacyPage:
    """One request for that page."""

    def __init__(self, admin: Privacy, request: HttpRequest, case: Case):
        self.admin, self.request, self.case = admin, request, case
        self.by = cast(User, request.user)
        (self.stored,) = load([case.pk])
        sent = request.POST
        self.effect, self.reason = sent.get("effect", ""), " ".join(sent.get("reason", "").split())
        self.withdrawn_on = as_iso(sent.get("withdrawn_on", "").strip())
        version = sent.get("version", "")
        self.version = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0

    def show(self, errors: list[str] | None = None) -> HttpResponse:
        """What is recorded of the consent, its history, and the choice."""
        for told in errors or ():
            messages.error(self.request, told)
        rows = Consent.objects.filter(case=self.case)
        is_withdrawn = consents.is_withdrawn(self.stored.document)
        return self._page(
            "cases/admin/privacy.html",
            title=gettext("Consent of case {number}").format(number=self.case.case_number),
            consent=rows.first(),
            scopes=[(scope.label, scope in self._scopes()) for scope in ConsentScope],
            entries=history.entries(rows),
            is_withdrawn=is_withdrawn,
            effects=WithdrawalEffect,
            today=timezone.localdate(),
        )

    def ask(self) -> HttpResponse:
        """Say once more what would happen, with what would go."""
        try:
            withdrawing.checked_reason(self.reason)
            if self.effect != TAKE_BACK:
                told = {"effect": self._known_effect(), "withdrawn_on": self._date()}
                withdrawing.check(self.stored, self.case, **told)  # type: ignore[arg-type]
        except ValidationError as error:
            return self.show(error.messages)
        is_erasure = self.effect == WithdrawalEffect.ERASE
        return self._page(
            "cases/admin/privacy_confirm.html",
            title=self._question().format(number=self.case.case_number),
            parts=erasing.preview(self.case) if is_erasure else [],
            label=dict(WithdrawalEffect.choices).get(self.effect, ""),
        )

    def _question(self) -> str:
        if self.effect == WithdrawalEffect.ERASE:
            return gettext("Erase case {number} for good?")
        if self.effect == TAKE_BACK:
            return gettext("Take back the withdrawal in case {number}?")
        return gettext("Carry out the withdrawal in case {number}?")

    def carry_out(self) -> HttpResponse:
        """Do it, and say so without naming an erased case: messages are kept, too."""
        page = reverse("admin:cases_case_privacy", args=[self.case.pk])
        try:
            told = self._done()
        except ValidationError as error:
            for said in error.messages:
                messages.error(self.request, said)
            return HttpResponseRedirect(page)
        messages.success(self.request, told)
        is_gone = self.effect == WithdrawalEffect.ERASE
        return HttpResponseRedirect(reverse("admin:cases_case_changelist") if is_gone else page)

    def _done(self) -> str:
        told = {"reason": self.reason, "by": self.by, "version": self.version}
        if self.effect == TAKE_BACK:
            withdrawing.take_back(self.case, **told)  # type: ignore[arg-type]
            return gettext("The withdrawal is taken back: the consent is what it was before.")
        effect, on = self._known_effect(), self._date()
        if effect == WithdrawalEffect.ERASE:
            erasing.erase(self.case, withdrawn_on=on, **told)  # type: ignore[arg-type]
            return gettext("The case is erased. What is left is that it was there, and why it went.")
        withdrawing.withdraw(self.case, effect=effect, withdrawn_on=on, **told)  # type: ignore[arg-type]
        return gettext("The withdrawal is carried out.")

    def _known_effect(self) -> WithdrawalEffect:
        if self.effect not in WithdrawalEffect.values:
            raise ValidationError(gettext("Choose what the patient wants."))
        return WithdrawalEffect(self.effect)

    def _date(self) -> PartialDate:
        try:
            return PartialDate.parse(self.withdrawn_on)
        except ValueError:
            raise ValidationError(
                gettext("Write the day of the patient's wish: YYYY-MM-DD, YYYY-MM or YYYY.")
            ) from None

    def _scopes(self) -> Any:
        consent = self.stored.document.consent  # type: ignore[attr-defined]
        return (consent.scopes if consent else None) or ()

    def _page(self, template: str, **more: Any) -> HttpResponse:
        context = {
            **self.admin.admin_site.each_context(self.request),
            "opts": self.admin.opts,
            "original": self.case,
            "version": self.stored.version,
            "effect": self.effect,
            "reason": self.reason,
            "withdrawn_on": self.withdrawn_on,
            "longest": LONGEST_REASON,
            **more,
        }
        return TemplateResponse(self.request, template, context)
