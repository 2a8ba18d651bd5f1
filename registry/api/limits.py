"""How many requests a key or a person may send in a minute, counted in PostgreSQL for all web processes together.

Each connection to the database counts in a row of its own, so that no request waits for another. It does so before the
transaction of the request, so that what fails counts as well, and before anybody is refused, so that strangers count,
by their address. Whoever sends more waits for the next minute, and is told how long; nobody is banned.
Headers as in draft-ietf-httpapi-ratelimit-headers-10.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from registry import disk, keys
from registry.models import RequestCount

if TYPE_CHECKING:
    from rest_framework.views import APIView

WINDOW = 60  # seconds
_COUNT = """
INSERT INTO {table} AS own (who, backend, minute, n) VALUES (%(who)s, pg_backend_pid(), %(minute)s, 1)
ON CONFLICT (who, backend) DO UPDATE
  SET n = CASE own.minute WHEN excluded.minute THEN own.n + 1 ELSE 1 END, minute = excluded.minute
RETURNING n + (
  SELECT coalesce(sum(other.n), 0) FROM {table} other
  WHERE other.who = %(who)s AND other.minute = %(minute)s AND other.backend <> pg_backend_pid()
)
"""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whose requests are counted together, and how many they may be."""

    kind: str
    who: str

    @property
    def limit(self) -> int:
        """Requests in one window."""
        return settings.API_LIMITS[self.kind]

    @property
    def policy(self) -> str:
        """The limit, as the header says it."""
        return f'"{self.kind}";q={self.limit};w={WINDOW}'


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How many requests of a caller there were in this minute, and how long it still is."""

    caller: Caller
    used: int
    seconds_left: int


def caller(request: HttpRequest) -> Caller:
    """A key by itself, a person by their sessions together, anybody else by their address."""
    key = request.machine  # type: ignore[attr-defined]
    if key and not keys.refusal(key, at=request.at):  # type: ignore[attr-defined]
        return Caller(kind="key", who=f"key {key.pk}")
    if request.user.is_authenticated:
        return Caller(kind="person", who=f"person {request.user.pk}")
    address = BaseThrottle().get_ident(request)  # type: ignore[arg-type]
    return Caller(kind="address", who=f"address {sha256(str(address).encode()).hexdigest()[:32]}")


def counted(request: HttpRequest) -> Rate:
    """Count a request of its caller, in one statement; where a full disk has no room for that, it goes uncounted."""
    asking = caller(request)
    minute, passed = divmod(int(request.at.timestamp()), WINDOW)  # type: ignore[attr-defined]
    used = 0
    with disk.or_not():
        used = count(asking.who, minute)
    return Rate(caller=asking, used=used, seconds_left=WINDOW - passed)


def count(who: str, minute: int) -> int:
    """Count one request, and tell how many there were in this minute."""
    # Planned once: the index decides whose row it is, however many there are.
    with connection.prepared_cursor() as cursor:  # type: ignore[attr-defined]
        table = connection.ops.quote_name(RequestCount._meta.db_table)
        cursor.execute(_COUNT.format(table=table), {"who": who, "minute": minute})
        return int(cursor.fetchone()[0])


class PerCaller(BaseThrottle):
    """Refuses what is beyond the limit, and says in the headers of each answer what is left."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Tell whether this request is within the limit."""
        rate = request._request.rate  # type: ignore[attr-defined]
        asking, self.left = rate.caller, rate.seconds_left
        view.headers["RateLimit-Policy"] = asking.policy
        view.headers["RateLimit"] = f'"{asking.kind}";r={max(0, asking.limit - rate.used)};t={self.left}'
        return rate.used <= asking.limit

    def wait(self) -> int:
        """Seconds until the next minute."""
        return self.left
