"""The second step at the door; the pages that set a second factor up, and remove one that was lost."""

from typing import Any, cast

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminTextInputWidget

from registry import access, audit, second_factor, signin, signin_log
from registry.access import Action
from registry.admin.base import site
from registry.adminsite import looser
from registry.models import SignIn, User

_WRONG = gettext_lazy(
    "This code does not open. A code of the app opens once and for about a minute; after wrong codes the next one is"
    " looked at only after a while."
)


class CodeForm(forms.Form):
    """One code."""

    code = forms.CharField(
        max_length=32,
        label=gettext_lazy("Code"),
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )


class ReasonForm(forms.Form):
    """Why somebody's second factor is removed."""

    reason = forms.CharField(
        max_length=audit.LONGEST_REASON,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("How you made sure who asks for it. The audit trail keeps it."),
        widget=UnfoldAdminTextInputWidget(),
    )

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        if told := audit.wrong_reason(reason):
            raise forms.ValidationError(told)
        return reason


@looser
@sensitive_post_parameters()
@csrf_protect
@never_cache
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the code after the password; only now somebody is signed in."""
    first = signin.first_step(request)
    if first is None:
        messages.warning(request, gettext("Please sign in again: the first step was too long ago."))
        return HttpResponseRedirect(reverse("admin:login"))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if signin_log.is_paused(request):
            kind = ""
        else:
            kind = second_factor.verify(first.user, form.cleaned_data["code"])
            way = SignIn.Way.RECOVERY_CODE if kind == second_factor.RECOVERY else SignIn.Way.APP
            outcome = SignIn.Outcome.SIGNED_IN if kind else SignIn.Outcome.WRONG
            signin_log.note(request, first.user.username, outcome, way=way)
        if kind:
            login(request, first.user, backend=settings.AUTHENTICATION_BACKENDS[0])
            return HttpResponseRedirect(first.leads_to)
        form.add_error("code", str(_WRONG))
    context = {**site.each_context(request), "title": gettext("Second step"), "form": form}
    return TemplateResponse(request, "registry/second_step.html", context)


@sensitive_post_parameters()
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Set the own second factor up; draw new recovery codes; remove it."""
    user = cast(User, request.user)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer = _do(request, user, form.cleaned_data["code"])
        if answer is not None:
            return answer
        form.add_error("code", str(_WRONG))
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": gettext("Second factor"),
        "form": form,
        "person": user,
        "is_required": settings.SECOND_FACTOR == "required",
    }
    if second_factor.has(user):
        context["codes_left"] = second_factor.codes_left(user)
    else:
        context |= _key(user)
    return TemplateResponse(request, "registry/second_factor.html", context)


def _do(request: HttpRequest, user: User, code: str) -> HttpResponse | None:
    """Do what was asked for; nothing when the code is wrong. This session goes on, under another key."""
    if "remove" in request.POST and second_factor.has(user):
        if not second_factor.remove(user, code):
            return None
        update_session_auth_hash(request, user)
        messages.success(request, gettext("The second factor is removed."))
        return HttpResponseRedirect(reverse("second_factor"))
    draw = second_factor.renew_codes if second_factor.has(user) else second_factor.confirm
    if not (codes := draw(user, code)):
        return None
    update_session_auth_hash(request, user)
    context = {**site.each_context(request), "title": gettext("Recovery codes"), "codes": codes}
    return TemplateResponse(request, "registry/recovery_codes.html", context)


def _key(user: User) -> dict[str, Any]:
    """The key for the app, as a picture and as text in fours."""
    device = second_factor.begin(user)
    text = second_factor.key_text(device)
    picture = segno.make(device.config_url, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", title=gettext("QR code of the key")
    )
    return {
        "picture": mark_safe(picture),  # nosec B308 B703  # noqa: S308 - drawn by the library from a key of ours
        "key": " ".join(text[at : at + 4] for at in range(0, len(text), 4)),
        "config_url": device.config_url,
    }


def reset_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove the second factor of somebody who lost it."""
    by = cast(User, request.user)
    if not access.may_everywhere(by, Action.MANAGE_REGISTRY):
        raise PermissionDenied(gettext("The registry's administrators reset a second factor."))
    person = get_object_or_404(User, pk=pk)
    form = ReasonForm(request.POST or None)
    leads_to = reverse("admin:registry_user_change", args=[pk])
    if request.method == "POST" and form.is_valid():
        second_factor.reset(person, by=by, reason=form.cleaned_data["reason"])
        messages.success(
            request, gettext("The second factor is removed. All sessions of this person have ended.")
        )
        return HttpResponseRedirect(leads_to)
    context = {
        **site.each_context(request),
        "title": gettext("Reset the second factor"),
        "form": form,
        "person": person,
        "back": leads_to,
    }
    return TemplateResponse(request, "registry/reset_second_factor.html", context)
