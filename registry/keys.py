"""Keys of machines: drawn here, shown once, kept as a digest, found by their beginning.

A key reaches one center and does what its scopes say, never more than the person who answers for it may do.
"""

import hmac
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from registry import access, audit, clock, disk, history
from registry.access import Action
from registry.models import ApiKey, Center, User

MARK = "ivcr_"  # scanners for leaked secrets can look for it
PREFIX_LENGTH = len(MARK) + 8
LONGEST_LIFE = timedelta(days=366)
OVERLAP = timedelta(days=7)  # how long the old key works beside the new one
NOTED_EVERY = timedelta(minutes=1)  # last use: a write for each request would make one row the bottleneck


def issue(
    *,
    center: Center,
    user: User,
    name: str,
    scopes: Collection[str],
    expires_at: datetime,
    by: User,
    first: ApiKey | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its text, which nobody can ever read again."""
    access.require(by, Action.MANAGE_CENTER, center)
    check(center=center, user=user, scopes=scopes, expires_at=expires_at, by=by)
    prefix = MARK + secrets.token_hex(4)
    text = f"{prefix}_{secrets.token_urlsafe(32)}"
    with audit.because(door="admin", by=by, reason="new key"):
        key = ApiKey.objects.create(
            center=center,
            user=user,
            name=name,
            prefix=prefix,
            digest=digest(text),
            scopes=list(scopes),
            expires_at=expires_at,
            first=first,
        )
    return key, text


def rotate(key: ApiKey, *, by: User) -> tuple[ApiKey, str]:
    """Make a key that may do what this one does; this one ends soon, so that programs can change over meanwhile.

    Whoever rotates a key answers for no more than before: what its person may no longer do, the new one is refused.
    To the registry it is the same machine: what was sent under the old key is not done again under the new one.
    """
    now = clock.now()
    with transaction.atomic():
        old = ApiKey.objects.select_for_update(of=("self",), no_key=True).get(pk=key.pk)
        if old.revoked_at is not None or old.expires_at <= now:
            raise ValidationError(gettext("This key is no longer in force: make a new one."))
        life = min(old.expires_at - old.created_at, LONGEST_LIFE)
        made, text = issue(
            center=old.center,
            user=old.user,
            name=old.name,
            scopes=old.scopes,
            expires_at=now + max(life, OVERLAP),
            by=by,
            first=old.first or old,
        )
        with audit.because(door="admin", by=by, reason="key rotated"):
            ends = min(old.expires_at, now + OVERLAP)
            ApiKey.objects.filter(pk=old.pk).update(expires_at=ends)
    return made, text


def check(*, center: Center, user: User, scopes: Collection[str], expires_at: datetime, by: User) -> None:
    """Refuse a key that outlives a year, that would do what its person may not, or that borrows a foreign name.

    What a key does is told in the name of its person. A lead may give a colleague of the center a key, and is named
    as its maker; keys in the name of the registry's people are the registry's to give.
    """
    if not (user == by or access.may_everywhere(by, Action.MANAGE_CENTER)) and not works_in(user, center):
        raise ValidationError(
            {
                "user": gettext(
                    "{person} has no role in {center}: choose somebody who works there, or yourself."
                ).format(person=user, center=center.code)
            }
        )
    now = clock.now()
    if not now < expires_at <= now + LONGEST_LIFE:
        raise ValidationError({"expires_at": gettext("Choose a moment within the next 12 months.")})
    refused = [scope for scope in scopes if not access.may(user, Action(scope), center)]
    if refused:
        told = gettext(
            "{person} may not {actions} in {center}: choose another person or fewer scopes."
        ).format(
            person=user,
            actions=", ".join(Action(scope).label.lower() for scope in refused),
            center=center.code,
        )
        raise ValidationError({"scopes": told})


def works_in(user: User, center: Center) -> bool:
    """Tell whether a person has a role in the center itself."""
    return any(role.center_id == center.pk for role in user.memberships.all())


def issuer(key: ApiKey) -> str:
    """Name who made the key, as the audit trail has it."""
    return history.entries([key])[-1].stamp.by


def revoke(keys: QuerySet[ApiKey], *, by: User) -> int:
    """Withdraw keys at once and for ever; returns how many were still in use."""
    for center in Center.objects.filter(pk__in=keys.values("center")):
        access.require(by, Action.MANAGE_CENTER, center)
    with audit.because(door="admin", by=by, reason="key revoked"):
        return ApiKey.objects.filter(pk__in=keys.values("pk"), revoked_at=None).update(revoked_at=clock.now())


def recognize(text: str, *, at: datetime) -> ApiKey | None:
    """Find the key that was sent, in force by now or not (`refusal`); None for one that is not known."""
    known = ApiKey.objects.select_related("center", "user").prefetch_related("user__memberships")
    key = known.filter(prefix=text[:PREFIX_LENGTH]).first()
    if not hmac.compare_digest(digest(text), bytes(key.digest) if key else b""):
        return None
    if key is not None and not refusal(key, at=at):
        _note_use(key, at)
    return key


def refusal(key: ApiKey | None, *, at: datetime) -> str:
    """Say to whoever shows the key at this moment why it is not accepted; empty for one that is in force."""
    if key is None:
        return gettext("This key is not known here.")
    if key.revoked_at is not None:
        return gettext("This key was revoked. Ask your center lead for a new one.")
    if key.expires_at <= at:
        told = gettext("This key expired on {day}. Ask your center lead for a new one.")
        return told.format(day=f"{key.expires_at:%Y-%m-%d}")
    if not key.user.is_active:
        return gettext("The person who answers for this key has left. Ask your center lead for a new one.")
    if key.center.data_agreement_signed_on is None and not key.center.is_sandbox:
        told = gettext("Keys work once the data sharing agreement with {center} is signed.")
        return told.format(center=key.center.code)
    return ""


def digest(text: str) -> bytes:
    """SHA-256 of the whole key: it is random enough to need no salt or stretching."""
    return sha256(text.encode("utf-8", "surrogateescape")).digest()


def _note_use(key: ApiKey, now: datetime) -> None:
    if key.last_used_at is not None and key.last_used_at >= now - NOTED_EVERY:
        return
    # A request that is noting it already is good enough: nobody waits for its lock. Nor does a full disk keep anybody
    # from reading.
    with disk.or_not(), transaction.atomic(savepoint=False):
        free = ApiKey.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=key.pk)
        ApiKey.objects.filter(pk__in=list(free.values_list("pk", flat=True))).update(last_used_at=now)
