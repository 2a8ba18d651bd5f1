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

from registry import access, audit, second_factor, sessions, signin, signin_log
from registry.access import Action
from registry.accounts import oidc, passkeys
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


class NameForm(forms.Form):
    """How a passkey is called in the list."""

    name = forms.CharField(
        max_length=passkeys.LONGEST_NAME,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Where this passkey is kept, to tell it from others."),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


@looser
@sensitive_post_parameters()
@csrf_protect
@never_cache
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for a passkey or a code after the password; only now somebody is signed in."""
    first = signin.first_step(request)
    if first is None:
        messages.warning(request, gettext("Please sign in again: the first step was too long ago."))
        return HttpResponseRedirect(reverse("admin:login"))
    sent = request.POST if request.method == "POST" else None
    answer = sent.get("credential") if sent is not None else None  # the form of a code has no such field
    form, passkey_wrong = CodeForm(sent if answer is None else None), ""
    if answer == "":
        passkey_wrong = str(passkeys.NOTHING_SENT)
    elif sent is not None:
        if (answer or form.is_valid()) and _opens(request, first.user, answer or "", form):
            login(request, first.user, backend=settings.AUTHENTICATION_BACKENDS[0])
            if first.name_at_provider:
                oidc.link(first.user, first.name_at_provider)
            return HttpResponseRedirect(first.leads_to)
        if answer:
            passkey_wrong = gettext("This passkey does not open. Try again, or use a code.")
    context = {
        **site.each_context(request),
        "title": gettext("Second step"),
        "form": form,
        "asked": passkeys.ask_to_sign(request, first.user),
        "has_app": second_factor.has_app(first.user),
        "passkey_wrong": passkey_wrong,
    }
    return TemplateResponse(request, "registry/second_step.html", context)


def _opens(request: HttpRequest, user: User, answer: str, form: CodeForm) -> bool:
    """Look at a passkey's answer, or at a code; note what became of it."""
    if signin_log.is_paused(request):
        kind = ""
    elif answer:
        kind = second_factor.PASSKEY if passkeys.verify(request, user, answer) else ""
        note(request, user, SignIn.Way.PASSKEY, kind)
    else:
        kind = second_factor.verify(user, form.cleaned_data["code"])
        way = SignIn.Way.RECOVERY_CODE if kind == second_factor.RECOVERY else SignIn.Way.APP
        note(request, user, way, kind)
    if not kind and not answer:
        form.add_error("code", str(_WRONG))
    return bool(kind)


def note(request: HttpRequest, user: User, way: SignIn.Way, kind: str) -> None:
    """Write the second step down."""
    outcome = SignIn.Outcome.SIGNED_IN if kind else SignIn.Outcome.WRONG
    signin_log.note(request, user.username, outcome, way=way)


@sensitive_post_parameters()
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Set the own second factor up; add and remove passkeys; draw new recovery codes; remove all of it."""
    if (leads_to := sessions.ask_again(request)) is not None:
        return leads_to
    user = cast(User, request.user)
    sent = request.POST if request.method == "POST" else None
    is_of_passkeys = sent is not None and ("credential" in sent or "remove_passkey" in sent)
    form = CodeForm(None if is_of_passkeys else sent)
    if is_of_passkeys:
        return _change_passkeys(request, user)
    if sent is not None and form.is_valid():
        answer = _do(request, user, form.cleaned_data["code"])
        if answer is not None:
            return answer
        form.add_error("code", str(_WRONG))
    is_set_up = sent is not None and "set_up" in sent
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": gettext("Second factor"),
        "form": form,
        "person": user,
        "is_required": settings.SECOND_FACTOR == "required",
    }
    if second_factor.has(user):
        context["codes_left"] = second_factor.codes_left(user)
        context["form"] = CodeForm() if is_set_up else form
    if not second_factor.has_app(user):
        is_for_app = is_set_up or not second_factor.has(user)
        context |= {**_key(user), "app_form": form if is_for_app else CodeForm(auto_id="app_%s")}
    if passkeys.can_be_made():
        program = sessions.program_in_words(request.headers.get("User-Agent", ""))
        context |= {
            "asked": passkeys.ask_to_make(request, user),
            "passkeys": passkeys.of(user),
            "name_form": NameForm(initial={"name": program}),
        }
    return TemplateResponse(request, "registry/second_factor.html", context)


def _change_passkeys(request: HttpRequest, user: User) -> HttpResponse:
    """Keep or remove a passkey. This session goes on, under another key."""
    if "remove_passkey" in request.POST:
        if second_factor.remove_passkey(user, request.POST["remove_passkey"]):
            update_session_auth_hash(request, user)
            messages.success(request, gettext("The passkey is removed."))
        return HttpResponseRedirect(reverse("second_factor"))
    name = NameForm(request.POST)
    called = name.cleaned_data["name"] if name.is_valid() else gettext("Passkey")
    codes = second_factor.keep_passkey(request, user, request.POST["credential"], called)
    if codes is None:
        messages.error(request, gettext("The passkey could not be kept. Try again."))
        return HttpResponseRedirect(reverse("second_factor"))
    update_session_auth_hash(request, user)
    return _kept(request, codes)


def _do(request: HttpRequest, user: User, code: str) -> HttpResponse | None:
    """Do what was asked for; nothing when the code is wrong. This session goes on, under another key."""
    if "remove" in request.POST and second_factor.has(user):
        if not second_factor.remove(user, code):
            return None
        update_session_auth_hash(request, user)
        messages.success(request, gettext("The second factor is removed."))
        return HttpResponseRedirect(reverse("second_factor"))
    is_for_app = "set_up" in request.POST or not second_factor.has(user)
    codes = (second_factor.confirm if is_for_app else second_factor.renew_codes)(user, code)
    if codes is None:
        return None
    update_session_auth_hash(request, user)
    return _kept(request, codes)


def _kept(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Show the recovery codes that were drawn, this once; without any there is nothing to keep."""
    if not codes:
        messages.success(request, gettext("Saved."))
        return HttpResponseRedirect(reverse("second_factor"))
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
    if (ask := sessions.ask_again(request)) is not None:
        return ask
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
