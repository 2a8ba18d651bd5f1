"""Who asks: a machine by its key, or a person by their session."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from registry import keys
from registry.api import callers
from registry.models import ApiKey, User


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer ivcr_...`; the transaction sees the center of the key already (registry.api.callers)."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        if callers.shown(request._request) is None:
            return None
        key = request._request.machine  # type: ignore[attr-defined]
        if told := keys.refusal(key, at=request._request.at):  # type: ignore[attr-defined]
            raise AuthenticationFailed(told)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="registry"'
