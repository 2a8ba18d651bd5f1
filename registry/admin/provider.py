"""To the identity provider and back: the button of the sign-in page, and what follows from the provider's answer."""

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from registry import second_factor, sessions, signin, signin_log
from registry.accounts import oidc
from registry.adminsite import has_a_role
from registry.models import SignIn, User

logger = logging.getLogger(__name__)
PROVIDER = SignIn.Way.PROVIDER


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
            messages.error(
                request,
                gettext("The identity provider cannot be reached. Use your password, or try again later."),
            )
            return HttpResponseRedirect(reverse("admin:login"))

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        return {"prompt": "login", "max_age": "0"} if request.user.is_authenticated else {}


@method_decorator(never_cache, name="dispatch")
class Back(OIDCAuthenticationCallbackView):
    """Let in whom the provider names, after the second step where one is due."""

    get_settings = staticmethod(oidc.setting)
    user: Any

    def get(self, request: HttpRequest) -> HttpResponse:
        _or_not_there()
        self.was = request.user if request.user.is_authenticated else None
        if signin_log.is_paused(request):
            return self._refused(gettext("Too many attempts. Please try again in a quarter of an hour."))
        try:
            return super().get(request)
        except oidc.FAULTS as error:
            logger.warning("identity provider refused error=%s", type(error).__name__)
            return self.login_failure()

    def login_failure(self) -> HttpResponse:
        """Say one sentence, whatever was wrong; the log of sign-ins has the attempt."""
        found = getattr(self, "user", None)
        signin_log.note(
            self.request, found.get_username() if found else "", SignIn.Outcome.WRONG, way=PROVIDER
        )
        return self._refused(
            gettext(
                "The identity provider did not lead to an account here. You need an invitation, and an address that the"
                " provider has verified and that is the one of your invitation."
            )
        )

    def login_success(self) -> HttpResponse:
        """Go on as after a right password."""
        user: User = self.user
        said, leads_to = user.by_provider, self.success_url  # type: ignore[attr-defined]
        if self.was is not None:
            return self._again(user, said, leads_to)
        if not has_a_role(user):
            signin_log.note(self.request, user.username, SignIn.Outcome.NO_ROLE, way=PROVIDER)
            return self._refused(
                gettext("This account has no role in any center yet. Ask the registry's administrator.")
            )
        is_strong = oidc.is_strong(said)
        if second_factor.has(user) and not is_strong:
            signin_log.note(self.request, user.username, SignIn.Outcome.FIRST_STEP, way=PROVIDER)
            signin.take_first_step(self.request, user, leads_to)
            return HttpResponseRedirect(reverse("second_step"))
        signin_log.note(self.request, user.username, SignIn.Outcome.SIGNED_IN, way=PROVIDER)
        login(self.request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        self.request.session[oidc.BY_PROVIDER] = is_strong
        return HttpResponseRedirect(leads_to)

    def _again(self, user: User, said: dict[str, Any], leads_to: str) -> HttpResponse:
        """Whoever is signed in has signed in again, if it is the same person and was just now."""
        if user != self.was or not oidc.is_again(said):
            return self.login_failure()
        signin_log.note(self.request, user.username, SignIn.Outcome.AGAIN, way=PROVIDER)
        sessions.confirm(self.request)
        return HttpResponseRedirect(leads_to)

    def _refused(self, told: str) -> HttpResponse:
        messages.error(self.request, told)
        return HttpResponseRedirect(reverse("again" if self.was is not None else "admin:login"))


def _or_not_there() -> None:
    if not oidc.is_on():
        raise Http404
