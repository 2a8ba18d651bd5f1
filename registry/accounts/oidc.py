"""Sign-in by an identity provider of a hospital (OpenID Connect), off unless `OIDC_ISSUER` names one.

The code flow with PKCE, state and nonce is that of mozilla-django-oidc; what it leaves to its users is done here: the
token must be made by this provider (`iss`) for this registry (`aud`), and be in time. Nobody is let in who was not
invited: a person is found by the address that the provider has verified, once, and from then on by the provider's own
name for the person (`sub`), whatever becomes of the address.

The provider is asked before the transaction of a request begins: a slow one holds no row, and no connection idle in a
transaction. What a provider that is away leaves undone is no attempt of anybody's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import jwt
import requests
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.utils import import_from_settings

from registry import access, audit, clock, signin_log
from registry.accounts import mails
from registry.models import User

logger = logging.getLogger(__name__)
TIMEOUT_S, KNOWN_FOR_S = 3, 3600  # of one question; a sign-in asks up to four
AGAIN_WITHIN_S = 300  # how old a sign-in there may be that counts as signing in again here
BY_PROVIDER = "second_factor_by_provider"
QUESTIONS = "oidc_states"  # where the library notes in the session what it asked
# What can go wrong with a provider or its answers; each is a refusal.
FAULTS = (SuspiciousOperation, requests.RequestException, jwt.PyJWTError, KeyError, TypeError, ValueError)
_ENDPOINTS = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
    "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint",
}
_known: dict[str, tuple[float, dict[str, Any]]] = {}


def is_on() -> bool:
    """Tell whether an identity provider is named."""
    return bool(settings.OIDC_ISSUER)


def described() -> dict[str, Any]:
    """What the provider says of itself (OpenID Connect Discovery), asked for once an hour."""
    issuer = settings.OIDC_ISSUER
    asked_at, found = _known.get(issuer, (-KNOWN_FOR_S, {}))
    if time.monotonic() - asked_at > KNOWN_FOR_S:
        answer = requests.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=TIMEOUT_S)
        answer.raise_for_status()
        found = answer.json()
        if found["issuer"] != issuer:
            raise SuspiciousOperation("The provider calls itself otherwise than OIDC_ISSUER.")
        if issuer.startswith("https:") and any(
            not found.get(name, "https:").startswith("https:") for name in _ENDPOINTS.values()
        ):
            raise SuspiciousOperation("The provider names an address without TLS.")
        _known[issuer] = time.monotonic(), found
    return found


def setting(name: str, *default: Any) -> Any:
    """Answer the library's questions for its settings."""
    if name in _ENDPOINTS:
        return described().get(_ENDPOINTS[name])
    if name == "OIDC_TOKEN_USE_BASIC_AUTH":
        taken = described().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return "client_secret_basic" in taken
    fixed = {
        "OIDC_RP_CLIENT_ID": settings.OIDC_CLIENT_ID,
        "OIDC_RP_CLIENT_SECRET": settings.OIDC_CLIENT_SECRET,
        "OIDC_RP_SIGN_ALGO": settings.OIDC_SIGN_ALGO,
        "OIDC_RP_SCOPES": "openid email",
        "OIDC_USE_PKCE": True,
        "OIDC_TIMEOUT": TIMEOUT_S,
    }
    return fixed[name] if name in fixed else import_from_settings(name, *default)


class Backend(OIDCAuthenticationBackend):
    """The library's backend, stricter: it makes no account, and believes a token only that was made for us."""

    get_settings = staticmethod(setting)

    def __init__(self) -> None:
        self.UserModel = User  # the provider is asked for its addresses when somebody comes by it

    def authenticate(self, request: HttpRequest | None, **given: Any) -> User | None:
        """Exchange the code for a token, and find whom it is of."""
        if "nonce" not in given or not is_on():
            return None
        super().__init__()
        user: User | None = super().authenticate(request, **given)
        return user

    def verify_token(self, token: Any, **given: Any) -> dict[str, Any]:
        """Ask of a token what OpenID Connect Core 3.1.3.7 asks, beside signature, nonce and end."""
        if not given.get("nonce"):
            raise SuspiciousOperation("There is no nonce to compare.")
        payload: dict[str, Any] = super().verify_token(token, **given)
        audience = payload.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if payload.get("iss") != settings.OIDC_ISSUER:
            raise SuspiciousOperation("The token is of another provider.")
        if settings.OIDC_CLIENT_ID not in audiences:
            raise SuspiciousOperation("The token is for another program.")
        if payload.get("azp", settings.OIDC_CLIENT_ID) != settings.OIDC_CLIENT_ID or (
            len(audiences) > 1 and "azp" not in payload
        ):
            raise SuspiciousOperation("The token was given to another program.")
        if not isinstance(payload.get("sub"), str) or not payload["sub"] or "exp" not in payload:
            raise SuspiciousOperation("The token names nobody, or no end.")
        return payload

    def get_or_create_user(self, access_token: str, id_token: str, payload: dict[str, Any]) -> User | None:
        """Find whom the token is of; nobody is made."""
        known = User.objects.filter(oidc_issuer=payload["iss"], oidc_subject=payload["sub"]).first()
        user = known or self._met_first(access_token, id_token, payload)
        if user is not None:
            user.by_provider = payload  # type: ignore[attr-defined] # for the view, which decides on the second factor
        return user

    def _met_first(self, access_token: str, id_token: str, payload: dict[str, Any]) -> User | None:
        """Find by the verified address who was invited and never came this way."""
        claims = payload
        if "email" not in payload:
            claims = self.get_userinfo(access_token, id_token, payload)
            if claims.get("sub") != payload["sub"]:
                raise SuspiciousOperation("The provider tells of somebody else than the token.")
        address = claims.get("email")
        if claims.get("email_verified") is not True or not isinstance(address, str) or not address:
            return None
        found = list(User.objects.filter(email__iexact=address, is_active=True, oidc_subject="")[:2])
        return found[0] if len(found) == 1 else None


# --- what a browser brings back ---------------------------------------------------------------------------------------


class Answer(Enum):
    """What became of a question to the provider."""

    NOT_ASKED = auto()  # this session asked no such question, or has its answer
    PAUSED = auto()
    STOPPED = auto()  # the person went back there, or the provider would not
    AWAY = auto()
    REFUSED = auto()
    NAMED = auto()


@dataclass(frozen=True, kw_only=True)
class Brought:
    """An answer, and whom it names; that may be somebody who stays outside."""

    answer: Answer
    user: User | None = None

    @property
    def said(self) -> dict[str, Any]:
        """What the token says of the person."""
        said: dict[str, Any] = getattr(self.user, "by_provider", {})
        return said


class ProviderMiddleware:
    """Takes what a browser brings back from the provider, before the request has a transaction."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        return access.or_later(request, lambda: self._with_answer(request))

    def _with_answer(self, request: HttpRequest) -> HttpResponse:
        if is_on() and request.method == "GET" and request.path == reverse("oidc_authentication_callback"):
            request.brought = _take(request)  # type: ignore[attr-defined]
        return self.get_response(request)


def _take(request: HttpRequest) -> Brought:
    """Look at an answer; each question is answered once, in the session that asked it."""
    asked = request.session.get(QUESTIONS, {}).pop(request.GET.get("state", ""), None)
    if asked is None:
        return Brought(answer=Answer.NOT_ASKED)
    request.session.save()
    # read anew after the provider has answered: another tab may write to the session meanwhile
    request.session = request.session.__class__(request.session.session_key)
    if signin_log.is_paused(request):
        return Brought(answer=Answer.PAUSED)
    if "code" not in request.GET or "error" in request.GET:
        return Brought(answer=Answer.STOPPED)
    return _ask(request, asked)


def _ask(request: HttpRequest, asked: dict[str, Any]) -> Brought:
    try:
        described()
    except FAULTS as error:
        logger.error("identity provider cannot be used error=%s", type(error).__name__)
        return Brought(answer=Answer.AWAY)
    try:
        user: Any = authenticate(request, nonce=asked["nonce"], code_verifier=asked.get("code_verifier"))
    except requests.RequestException as error:
        logger.error("identity provider cannot be used error=%s", type(error).__name__)
        return Brought(answer=Answer.AWAY)
    except FAULTS as error:
        logger.warning("identity provider refused error=%s", type(error).__name__)
        return Brought(answer=Answer.REFUSED)
    is_named = user is not None and user.is_active
    return Brought(answer=Answer.NAMED if is_named else Answer.REFUSED, user=user)


# --- the provider's name of a person ----------------------------------------------------------------------------------


def name_of(brought: Brought) -> dict[str, str]:
    """What is to be remembered of who comes by the provider for the first time; nothing of who is known."""
    user = brought.user
    if user is None or user.oidc_subject:
        return {}
    return {"issuer": brought.said["iss"], "subject": brought.said["sub"], "address": user.email}


def link(user: User, name: dict[str, str]) -> None:
    """Remember the provider's name of a person who has come in, and tell the person.

    Not when an administrator has changed the address meanwhile: by that address the person was found.
    """
    found = User.objects.filter(pk=user.pk, oidc_subject="", email=name["address"])
    with audit.because(door="admin", by=user, reason="identity provider linked"):
        count = found.update(oidc_issuer=name["issuer"], oidc_subject=name["subject"])
    if count:
        mails.write(mails.Kind.PROVIDER_LINKED, user)


def is_strong(payload: dict[str, Any]) -> bool:
    """Tell whether the provider says that it asked for a second factor in a way that the settings take for one."""
    said = payload.get("amr") if isinstance(payload.get("amr"), list) else []
    return bool(set(settings.OIDC_SECOND_FACTOR) & {*map(str, said or ()), str(payload.get("acr", ""))})


def is_again(payload: dict[str, Any]) -> bool:
    """Tell whether the person has signed in there just now."""
    at = payload.get("auth_time")
    return isinstance(at, int) and -AGAIN_WITHIN_S <= clock.now().timestamp() - at <= AGAIN_WITHIN_S
