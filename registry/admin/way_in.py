"""Pages for people who have no password yet, or forgot it: they ask for a link, open it, and set one.

Nobody is signed in by them: after the new password comes the sign-in page, which asks for the second factor as ever.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from registry import audit, signin, signin_log
from registry.accounts import links, mails
from registry.admin.base import site
from registry.adminsite import looser
from registry.models import SignIn


class AskingForm(forms.Form):
    """Who asks for a link."""

    who = forms.CharField(
        max_length=254,
        label=gettext_lazy("User name or mail address"),
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "username", "autofocus": True, "spellcheck": "false"}
        ),
    )


class NewPasswordForm(SetPasswordForm):
    """The new password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
            field.help_text = ""  # the page says it, in words of its own


@looser
@csrf_protect
@never_cache
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link; the answer is the same whether there is such an account or not."""
    form = AskingForm(request.POST or None)
    is_asked = request.method == "POST" and form.is_valid()
    if is_asked:
        mails.ask_for_link(form.cleaned_data["who"], request)
    context = {
        **site.each_context(request),
        "title": gettext("New password"),
        "form": form,
        "is_asked": is_asked,
        "hours": links.HOURS[links.RESET],
    }
    return TemplateResponse(request, "registry/forgotten.html", context)


@looser  # type: ignore[arg-type]
@sensitive_variables("text")
@never_cache
def link(request: HttpRequest, text: str) -> HttpResponse:
    """Open a link: whoever only looks, as mail scanners do, uses nothing up.

    The form stands at another address, which does not hold the link. Of one that no longer works the answer is no
    error: errors are logged with their address.
    """
    found = links.read(text)
    if found is None:
        return _no_longer(request)
    links.open_page(request, found)
    return HttpResponseRedirect(reverse("new_password"))


@looser
@sensitive_post_parameters()
@csrf_protect
@never_cache
def new_password(request: HttpRequest) -> HttpResponse:
    """Set the password of whoever opened a link in this browser; all sessions of the person end."""
    found = links.opened(request)
    if found is None:
        return _no_longer(request)
    user = found.user
    form: Any = NewPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        held = links.opened(request, is_to_write=True)  # to choose and to judge a password takes a while
        if held is None:
            return _no_longer(request)
        form.user = user = held.user
        with audit.because(door="mail", by=user, reason="password set by a link"):
            form.save(commit=False).save(update_fields=["password", "password_set_at"])
        signin_log.note(request, user.username, SignIn.Outcome.PASSWORD_SET, way=SignIn.Way.LINK)
        signin.forget_failures(user.username)
        if found.kind == links.RESET:
            mails.write(mails.Kind.PASSWORD_CHANGED, user)
        logout(request)
        messages.success(request, gettext("Your password is set. Sign in with it."))
        return HttpResponseRedirect(reverse("admin:login"))
    context = {
        **site.each_context(request),
        "title": gettext("Choose your password"),
        "form": form,
        "person": user,
    }
    return TemplateResponse(request, "registry/new_password.html", context)


def _no_longer(request: HttpRequest) -> HttpResponse:
    context = {**site.each_context(request), "title": gettext("This link no longer works")}
    return TemplateResponse(request, "registry/dead_link.html", context)
