"""One's own account: name, roles, password, and the language in which the registry speaks."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from registry import language
from registry.admin.base import site
from registry.models import User


class LanguageForm(forms.Form):
    """The language of one's own pages and mails."""

    language = forms.ChoiceField(
        choices=[("", gettext_lazy("As my browser asks")), *settings.LANGUAGES],
        required=False,
        label=gettext_lazy("Language"),
        help_text=gettext_lazy("Of pages and mails."),
        widget=UnfoldAdminSelectWidget,
    )


def page(request: HttpRequest) -> HttpResponse:
    """Show the account of whoever is signed in; keep the language that is chosen."""
    user = cast(User, request.user)
    form = LanguageForm(request.POST or None, initial={"language": user.language})
    if request.method == "POST" and form.is_valid():
        return _keep(request, user, form.cleaned_data["language"])
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": gettext("My account"),
        "form": form,
        "person": user,
        "roles": user.memberships.select_related("center").order_by("center__code", "role"),
    }
    return TemplateResponse(request, "registry/account.html", context)


def _keep(request: HttpRequest, user: User, chosen: str) -> HttpResponse:
    language.choose(chosen, by=user)
    with translation.override(chosen or translation.get_language_from_request(request)):
        messages.success(request, gettext("Saved. The registry now speaks this language with you."))
    return HttpResponseRedirect(reverse("account"))
