"""Sign in again before changing what one signs in with; see and end the own sessions."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from registry import second_factor, sessions, signin_log
from registry.accounts import oidc, passkeys
from registry.admin.base import site
from registry.models import SignIn, User

SIGN_INS_SHOWN = 20


class AgainForm(forms.Form):
    """The password, or of who has none a code of the second factor."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=32,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )

    way: SignIn.Way

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.user = request, cast(User, request.user)
        del self.fields["code" if self.user.has_usable_password() else "password"]

    def clean_password(self) -> str:
        """Look at it as at the door: slowly, and noted."""
        given: str = self.cleaned_data["password"]
        if authenticate(self.request, username=self.user.get_username(), password=given) != self.user:
            raise ValidationError(gettext("This is not your password. Capital and small letters count."))
        self.way = SignIn.Way.PASSWORD
        return given

    def clean_code(self) -> str:
        """Look at a code as at the second step."""
        given: str = self.cleaned_data["code"]
        kind = "" if signin_log.is_paused(self.request) else second_factor.verify(self.user, given)
        self.way = SignIn.Way.RECOVERY_CODE if kind == second_factor.RECOVERY else SignIn.Way.APP
        if not kind:
            signin_log.note(self.request, self.user.get_username(), SignIn.Outcome.WRONG, way=self.way)
            raise ValidationError(gettext("This code does not open."))
        return given


class AsksAgain:
    """For pages that decide who comes in: whoever may change something there signs in again first; to look is free."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Ask before something is added or changed."""
        may: Any = self.has_change_permission if object_id else self.has_add_permission  # type: ignore[attr-defined]
        if may(request) and (ask := sessions.ask_again(request)) is not None:
            return ask
        return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc]

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask before something is taken away."""
        may = self.has_delete_permission(request)  # type: ignore[attr-defined]
        if may and (ask := sessions.ask_again(request)) is not None:
            return ask
        return super().delete_view(request, object_id, extra_context)  # type: ignore[misc]


@sensitive_post_parameters()
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Ask who it is, and lead back to what was to be changed."""
    user, answer = cast(User, request.user), request.POST.get("credential")
    form = AgainForm(request, request.POST if request.method == "POST" and answer is None else None)
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    is_own = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    leads_to = wanted if is_own and wanted.startswith("/") else reverse("account")
    way = _way(request, user, answer, form) if request.method == "POST" else None
    if way is not None:
        signin_log.note(request, user.get_username(), SignIn.Outcome.AGAIN, way=way)
        sessions.confirm(request)
        return HttpResponseRedirect(leads_to)
    context = {
        **site.each_context(request),
        "title": gettext("Sign in again"),
        "form": form,
        "asked": passkeys.ask_to_sign(request, user, shows_person=True),
        "provider": settings.OIDC_NAME if oidc.is_on() and user.oidc_subject else "",
        "leads_to": leads_to,
    }
    return TemplateResponse(request, "registry/again.html", context)


def _way(request: HttpRequest, user: User, answer: str | None, form: AgainForm) -> SignIn.Way | None:
    """By what the person has shown who they are; nothing when it was wrong, or when a passkey gave nothing."""
    if answer is None:
        return form.way if form.is_valid() else None
    if not answer:
        messages.error(request, str(passkeys.NOTHING_SENT))
        return None
    if not signin_log.is_paused(request) and passkeys.verify(request, user, answer, shows_person=True):
        return SignIn.Way.PASSKEY
    signin_log.note(request, user.get_username(), SignIn.Outcome.WRONG, way=SignIn.Way.PASSKEY)
    messages.error(request, gettext("This passkey does not open. Try again, or use a code."))
    return None


@never_cache
def own_sessions(request: HttpRequest) -> HttpResponse:
    """Show the own sessions and sign-ins; end the sessions that are chosen."""
    user, this = cast(User, request.user), request.session.session_key
    if request.method == "POST":
        mark = request.POST.get("end", "")
        count = sessions.end_others(user, this) if mark == "others" else sessions.end(user, mark)
        told = ngettext("{n} session has ended.", "{n} sessions have ended.", count).format(n=count)
        messages.success(request, told)
        return HttpResponseRedirect(reverse("own_sessions"))
    context = {
        **site.each_context(request),
        "title": gettext("My sessions"),
        "open": sessions.open_sessions(user, this),
        "sign_ins": SignIn.objects.filter(user=user).order_by("-at", "-id")[:SIGN_INS_SHOWN],
    }
    return TemplateResponse(request, "registry/own_sessions.html", context)
