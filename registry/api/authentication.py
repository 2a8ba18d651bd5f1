"""Who asks: a machine by its key, or a person by their session; then the database sees their centers alone."""

from django.utils.translation import gettext
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from registry import access, keys
from registry.models import ApiKey, User

SCHEMES = (b"bearer", b"api-key")


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer ivcr_...`; from here on the transaction sees the center of the key."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, text = get_authorization_header(request).strip().partition(b" ")
        if scheme.lower() not in SCHEMES:
            return None
        try:
            key = keys.recognize(text.strip().decode("ascii"))
        except UnicodeDecodeError:
            raise AuthenticationFailed(gettext("This key is not known here.")) from None
        except keys.KeyRefusedError as refused:
            raise AuthenticationFailed(str(refused)) from None
        access.enter([key.center_id])
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="registry"'
