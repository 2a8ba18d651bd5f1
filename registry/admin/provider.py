"""To the identity provider and back: the button of the sign-in page, and what follows from the provider's answer."""

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from registry import second_factor, sessions, signin, signin_log
from registry.accounts import oidc
from registry.adminsite import has_a_role
from registry.models import SignIn, User

logger = logging.getLogger(__name__)
PROVIDER = SignIn.Way.PROVIDER
# What is told of an answer that is nobody's attempt.
_TOLD = {
    oidc.Answer.NOT_ASKED: gettext_lazy(
        "This sign-in did not begin here, or has ended already. Begin it again."
    ),
    oidc.Answer.PAUSED: gettext_lazy("Too many attempts. Please try again in a quarter of an hour."),
    oidc.Answer.STOPPED: gettext_lazy(
        "The identity provider did not sign you in. Try again, or come in another way."
    ),
    oidc.Answer.AWAY: gettext_lazy(
        "The identity provider cannot be reached. Use your password, or try again later."
    ),
}


@method_decorator(never_cache, name="dispatch")
class Begin(OIDCAuthenticationRequestView):
    """Lead to the provider; whoever is signed in here is asked to sign in there anew."""

    get_settings = staticmethod(oidc.setting)

    def __init__(self, **options: Any) -> None:
        self.options = options  # the provider's addresses are asked for when somebody wants to go there

    def get(self, request: HttpRequest) -> HttpResponse:
        _or_not_there()
        try:
            super().__init__(**self.options)
            return super().get(request)
        except oidc.FAULTS as error:
            logger.error("identity provider cannot be used error=%s", type(error).__name__)
            return _refused(request, _TOLD[oidc.Answer.AWAY])

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        return {"prompt": "login", "max_age": "0"} if request.user.is_authenticated else {}


@require_GET
@never_cache
def back(request: HttpRequest) -> HttpResponse:
    """Let in whom the provider names, after the second step where one is due.

    What counts as a wrong attempt answers a question of this session: any page can lead a browser here without one.
    And a provider that is away guesses nothing.
    """

    _or_not_there()
    brought: oidc.Brought = request.brought  # type: ignore[attr-defined]
    if brought.answer in _TOLD:
        return _refused(request, _TOLD[brought.answer])
    if brought.answer != oidc.Answer.NAMED or brought.user is None:
        return _wrong(request, brought.user)
    leads_to = request.session.get("oidc_login_next") or reverse("admin:index")
    if request.user.is_authenticated:
        return _again(request, brought.user, brought.said, leads_to)
    return _come_in(request, brought, brought.user, leads_to)


def _come_in(request: HttpRequest, brought: oidc.Brought, user: User, leads_to: str) -> HttpResponse:
    """Go on as after a right password."""
    if not has_a_role(user):
        signin_log.note(request, user.username, SignIn.Outcome.NO_ROLE, way=PROVIDER)
        return _refused(
            request, gettext("This account has no role in any center yet. Ask the registry's administrator.")
        )
    is_strong, name = oidc.is_strong(brought.said), oidc.name_of(brought)
    if second_factor.has(user) and not is_strong:
        signin_log.note(request, user.username, SignIn.Outcome.FIRST_STEP, way=PROVIDER)
        signin.take_first_step(request, user, leads_to, name)
        return HttpResponseRedirect(reverse("second_step"))
    signin_log.note(request, user.username, SignIn.Outcome.SIGNED_IN, way=PROVIDER)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session[oidc.BY_PROVIDER] = is_strong
    if name:
        oidc.link(user, name)
    return HttpResponseRedirect(leads_to)


def _again(request: HttpRequest, user: User, said: dict[str, Any], leads_to: str) -> HttpResponse:
    """Whoever is signed in has signed in again: the same person, who came by it before and was there just now."""
    if user != request.user or not user.oidc_subject or not oidc.is_again(said):
        return _wrong(request, user)
    signin_log.note(request, user.username, SignIn.Outcome.AGAIN, way=PROVIDER)
    sessions.confirm(request)
    return HttpResponseRedirect(leads_to)


def _wrong(request: HttpRequest, user: User | None) -> HttpResponse:
    """Say one sentence, whatever was wrong; the log of sign-ins has the attempt."""
    signin_log.note(request, user.get_username() if user else "", SignIn.Outcome.WRONG, way=PROVIDER)
    return _refused(
        request,
        gettext(
            "The identity provider did not lead to an account here. You need an invitation, and an address that the"
            " provider has verified and that is the one of your invitation."
        ),
    )


def _refused(request: HttpRequest, told: Any) -> HttpResponse:
    messages.error(request, str(told))
    return HttpResponseRedirect(reverse("again" if request.user.is_authenticated else "admin:login"))


def _or_not_there() -> None:
    if not oidc.is_on():
        raise Http404
