"""One's own account: name, roles, password, the language in which the registry speaks, and the weekly mail."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanWidget

from registry import audit, second_factor
from registry.accounts import passkeys
from registry.admin.base import site
from registry.models import User


class AccountForm(forms.Form):
    """What one chooses for oneself."""

    language = forms.ChoiceField(
        choices=[("", gettext_lazy("As my browser asks")), *settings.LANGUAGES],
        required=False,
        label=gettext_lazy("Language"),
        help_text=gettext_lazy("Of pages and mails."),
        widget=UnfoldAdminSelectWidget,
    )
    weekly_mail = forms.BooleanField(
        required=False,
        label=gettext_lazy("Weekly mail"),
        help_text=gettext_lazy(
            "Once a week, how many findings came up or came back that wait for you; none when there is none."
        ),
        widget=UnfoldBooleanWidget,
    )


def page(request: HttpRequest) -> HttpResponse:
    """Show the account of whoever is signed in; keep the language that is chosen."""
    user = cast(User, request.user)
    form = AccountForm(
        request.POST if request.method == "POST" else None,
        initial={"language": user.language, "weekly_mail": user.weekly_mail},
    )
    if request.method == "POST" and form.is_valid():
        return _keep(request, user, **form.cleaned_data)
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": gettext("My account"),
        "form": form,
        "person": user,
        "roles": user.memberships.select_related("center").order_by("center__code", "role"),
    }
    if second_factor.has(user):
        context |= {"codes_left": second_factor.codes_left(user), "passkeys": len(passkeys.of(user))}
    return TemplateResponse(request, "registry/account.html", context)


def _keep(request: HttpRequest, user: User, language: str, weekly_mail: bool) -> HttpResponse:
    with audit.because(door="admin", by=user, reason="own account"):
        user.language, user.weekly_mail = language, weekly_mail
        user.save(update_fields=["language", "weekly_mail"])
    with translation.override(language or translation.get_language_from_request(request)):
        messages.success(request, gettext("Saved."))
    return HttpResponseRedirect(reverse("account"))
