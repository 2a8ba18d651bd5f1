"""Sign-in by an identity provider of a hospital (OpenID Connect), off unless `OIDC_ISSUER` names one.

The code flow with PKCE, state and nonce is that of mozilla-django-oidc; what it leaves to its users is done here: the
token must be made by this provider (`iss`) for this registry (`aud`), and be in time. Nobody is let in who was not
invited: a person is found by the address that the provider has verified, once, and from then on by the provider's own
name for the person (`sub`), whatever becomes of the address.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import jwt
import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.utils import import_from_settings

from registry import audit
from registry.models import User

logger = logging.getLogger(__name__)
TIMEOUT_S, KNOWN_FOR_S = 10, 3600
AGAIN_WITHIN_S = 300  # how old a sign-in there may be that counts as signing in again here
BY_PROVIDER = "second_factor_by_provider"
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
    asked_at, found = _known.get(issuer, (0.0, {}))
    if time.time() - asked_at > KNOWN_FOR_S:
        answer = requests.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=TIMEOUT_S)
        answer.raise_for_status()
        found = answer.json()
        if found["issuer"] != issuer:
            raise SuspiciousOperation("The provider calls itself otherwise than OIDC_ISSUER.")
        if issuer.startswith("https:") and any(
            not found.get(name, "https:").startswith("https:") for name in _ENDPOINTS.values()
        ):
            raise SuspiciousOperation("The provider names an address without TLS.")
        _known[issuer] = time.time(), found
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
        """Find by the verified address who was invited and never came this way, and remember the provider's name."""
        claims = payload
        if "email" not in payload:
            claims = self.get_userinfo(access_token, id_token, payload)
            if claims.get("sub") != payload["sub"]:
                raise SuspiciousOperation("The provider tells of somebody else than the token.")
        address = claims.get("email")
        if claims.get("email_verified") is not True or not isinstance(address, str) or not address:
            return None
        found = list(User.objects.filter(email__iexact=address, is_active=True, oidc_subject="")[:2])
        if len(found) != 1:
            return None
        user = found[0]
        with audit.because(door="admin", by=user, reason="identity provider linked"):
            user.oidc_issuer, user.oidc_subject = payload["iss"], payload["sub"]
            user.save(update_fields=["oidc_issuer", "oidc_subject"])
        return user


def is_strong(payload: dict[str, Any]) -> bool:
    """Tell whether the provider says that it asked for a second factor in a way that the settings take for one."""
    said = payload.get("amr") if isinstance(payload.get("amr"), list) else []
    return bool(set(settings.OIDC_SECOND_FACTOR) & {*map(str, said or ()), str(payload.get("acr", ""))})


def is_again(payload: dict[str, Any]) -> bool:
    """Tell whether the person has signed in there just now."""
    at = payload.get("auth_time")
    return isinstance(at, int) and -AGAIN_WITHIN_S <= time.time() - at <= AGAIN_WITHIN_S
