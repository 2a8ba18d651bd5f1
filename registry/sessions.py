"""How long a session lasts, what it opens before the second factor is set up, and when it asks for the password again.

Half an hour without a click ends it, and so do twelve hours, whatever was done (SESSION_IDLE_MINUTES, SESSION_HOURS).
The other sessions of a person end when the password or the second factor changes (`User` in models.py). What decides
who comes in is changed only by a session that signed in, or signed in again, a few minutes ago.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.middleware import SessionMiddleware as DjangoMiddleware
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from registry import access, clock, second_factor
from registry.accounts import oidc, session_store
from registry.accounts.session_store import LONGEST_PROGRAM, PLACE, PROGRAM
from registry.addresses import address_of
from registry.models import Session, User

SINCE, CONFIRMED = "signed_in_at", "confirmed_at"
FRESH_S = 15 * 60  # how long after a sign-in a page opens that changes what one signs in with
SENT_BY_S = 2 * FRESH_S  # and until when it is taken, once it is filled in
PAGES = f"/{settings.ADMIN_PATH}"


@receiver(user_logged_in, dispatch_uid="registry.sessions")
def note_begin(request: HttpRequest, **_: Any) -> None:
    """Note when the session began, where, and by which program."""
    request.session[SINCE] = request.session[CONFIRMED] = int(session_store.moment(request).timestamp())
    request.session[PLACE] = address_of(request)
    request.session[PROGRAM] = request.headers.get("User-Agent", "")[:LONGEST_PROGRAM]


class StoreMiddleware(DjangoMiddleware):
    """Django's, which reads and keeps sessions; when the database gives up at that, clients are asked to come back."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        return access.or_later(request, lambda: cast(HttpResponse, DjangoMiddleware.__call__(self, request)))


class SessionMiddleware:
    """Ends sessions that are too old, and leads people without the required second factor to its page.

    For everything but the pages of the administration such a person has not signed in: no API, no document opens.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        return access.or_later(request, lambda: self._bounded(request))

    def _bounded(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and is_over(request):
            logout(request)
        if request.user.is_authenticated and _lacks_factor(request):
            if not request.path.startswith(PAGES):
                request.user = AnonymousUser()
            elif request.path not in open_pages():
                return HttpResponseRedirect(reverse("second_factor"))
        return self.get_response(request)


def _lacks_factor(request: HttpRequest) -> bool:
    """Tell whether the second factor is still to be set up; the settings may let a provider's stand for it."""
    user = cast(User, request.user)
    return second_factor.is_missing(user) and not request.session.get(oidc.BY_PROVIDER)


def is_over(request: HttpRequest) -> bool:
    """Tell whether a session is too old; of one that does not say when it began, nobody knows."""
    return _has_ended(request.session.get(SINCE, 0), session_store.moment(request))


def _has_ended(began_s: int, now: datetime) -> bool:
    return now.timestamp() - began_s > settings.SESSION_HOURS * 3600


def open_pages() -> tuple[str, ...]:
    """What is open before the second factor is set up: its page, signing in again, words of scripts, the way out."""
    names = ("second_factor", "again", "admin:jsi18n", "admin:logout", "admin:login")
    # who came by a provider and has no password yet signs in there again
    by_provider = ("oidc_authentication_init", "oidc_authentication_callback") if oidc.is_on() else ()
    return tuple(reverse(name) for name in (*names, *by_provider))


# --- signing in again ------------------------------------------------------------------------------------------------


def ask_again(request: HttpRequest) -> HttpResponse | None:
    """Lead to the page that asks for the password again, unless the last sign-in is fresh.

    A form that was opened in time is taken a while longer, so that nothing is typed in vain.
    """
    lasts_s = SENT_BY_S if request.method == "POST" else FRESH_S
    if session_store.moment(request).timestamp() - request.session.get(CONFIRMED, 0) <= lasts_s:
        return None
    return HttpResponseRedirect(f"{reverse('again')}?{urlencode({'next': request.get_full_path()})}")


def hold(request: HttpRequest) -> bool:
    """Hold the account of who is signed in until the transaction ends, as it is by now; tell whether it is still open.

    So nothing that somebody else changed meanwhile is written back; and of two who change a password at once, the
    second has a session that the first has ended.
    """
    user = cast(User, request.user)
    user.refresh_from_db(from_queryset=User.objects.select_for_update(no_key=True))
    noted = request.session.get(HASH_SESSION_KEY, "")
    return user.is_active and constant_time_compare(noted, user.get_session_auth_hash())


def confirm(request: HttpRequest) -> None:
    """Note that the person has just shown again who they are; the session goes on under another key."""
    request.session[CONFIRMED] = int(session_store.moment(request).timestamp())
    request.session.cycle_key()


# --- a person's own sessions ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Open:
    """One session that is open, as its person is shown it; `mark` names it without opening it."""

    mark: str
    began_at: datetime
    seen_at: datetime
    address: str | None
    program: str
    is_this: bool


def open_sessions(user: User, this: str | None) -> list[Open]:
    """The sessions of a person that still open something, the one of this key first, then the latest."""
    found = [
        Open(
            mark=_mark(row.session_key),
            began_at=datetime.fromtimestamp(data[SINCE], tz=timezone.get_default_timezone()),
            seen_at=row.expire_date - timedelta(seconds=settings.SESSION_COOKIE_AGE),
            address=row.address,
            program=program_in_words(row.program),
            is_this=row.session_key == this,
        )
        for row, data in _live(user)
    ]
    return sorted(found, key=lambda one: (not one.is_this, -one.seen_at.timestamp()))


def end(user: User, mark: str) -> int:
    """End one session of this person; returns how many that was."""
    keys = [row.session_key for row, _ in _live(user) if constant_time_compare(_mark(row.session_key), mark)]
    return Session.objects.filter(user=user, session_key__in=keys).delete()[0]


def end_others(user: User, this: str | None) -> int:
    """End all sessions of this person but the one of this key; returns how many that were."""
    return Session.objects.filter(user=user).exclude(session_key=this).delete()[0]


def _live(user: User) -> list[tuple[Session, dict[str, Any]]]:
    now = clock.now()
    rows = Session.objects.filter(user=user, expire_date__gt=now)
    found = [(row, row.get_decoded()) for row in rows]
    of_now = user.get_session_auth_hash()
    return [
        (row, data)
        for row, data in found
        if data.get(HASH_SESSION_KEY) == of_now and not _has_ended(data.get(SINCE, 0), now)
    ]


def _mark(key: str) -> str:
    return salted_hmac("registry.sessions", key, algorithm="sha256").hexdigest()[:24]


def program_in_words(text: str) -> str:
    """Name browser and system as far as the browser tells them; programs pretend to be others, so the order counts."""
    browsers = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
    systems = ("Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux")
    names = {"Edg": "Edge", "OPR": "Opera", "Mac OS X": "macOS"}
    found = [next((one for one in kinds if one in text), "") for kinds in (browsers, systems)]
    return ", ".join(names.get(one, one) for one in found if one)
