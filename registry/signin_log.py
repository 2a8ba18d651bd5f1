"""The sign-in log: who tried to come in, when, from where, how, and what became of it.

Attempts that are not looked at are not noted, so that no stranger fills the log: of one name at most five, of one
address at most thirty wrong ones in a quarter of an hour.
"""

from datetime import timedelta

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from registry import clock
from registry.addresses import address_of
from registry.models import SignIn, User

FAILURES_OF_ADDRESS = 30  # a hospital may have one address for all
PAUSE = timedelta(minutes=15)
FAILURES = (SignIn.Outcome.WRONG, SignIn.Outcome.NAME_PAUSED, SignIn.Outcome.ADDRESS_PAUSED)


def name_digest(name: str) -> str:
    """What stands for a name that was typed, however it is written."""
    return salted_hmac("registry.signin", name.strip().lower(), algorithm="sha256").hexdigest()


def note(
    request: HttpRequest | None, name: str, outcome: SignIn.Outcome, *, way: SignIn.Way = SignIn.Way.PASSWORD
) -> None:
    """Write one attempt down."""
    address = address_of(request)
    if outcome == SignIn.Outcome.WRONG and failures_of(address) + 1 >= FAILURES_OF_ADDRESS:
        outcome = SignIn.Outcome.ADDRESS_PAUSED
    SignIn.objects.create(
        user=User.objects.filter(username=name).first(),
        name_digest=name_digest(name),
        address=address,
        way=way,
        outcome=outcome,
    )


def is_paused(request: HttpRequest | None) -> bool:
    """Tell whether too many attempts from this address were wrong; some more may slip through at the same moment."""
    return failures_of(address_of(request)) >= FAILURES_OF_ADDRESS


def failures_of(address: str | None) -> int:
    """Count the wrong attempts of the last quarter of an hour; without an address there is nothing to count by."""
    if address is None:
        return 0
    since = clock.now() - PAUSE
    return SignIn.objects.filter(address=address, at__gt=since, outcome__in=FAILURES).count()


def older_than(days: int) -> QuerySet[SignIn]:
    """What is to go; of less than 24 months the database lets nothing go."""
    return SignIn.objects.filter(at__lt=clock.now() - timedelta(days=days))
