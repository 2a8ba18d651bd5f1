"""Who may do what, and whose cases anybody can see: decided here, enforced again by PostgreSQL (walls.py).

Everything is closed by default. A web request, a task or a command sees the rows of the centers in its scope;
outside a scope it sees none, whatever it asks.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import InternalError, OperationalError, models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext

from registry import disk
from registry.database.session import holding, sight
from registry.tongues import Labeled

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    from registry.models import Center, User


class Role(Labeled):
    """What a person is, in one center or, for some roles, in the whole registry."""

    COORDINATOR = "coordinator"
    CENTER_LEAD = "center_lead"
    INVESTIGATOR = "investigator"
    REVIEWER = "reviewer"
    DATA_MANAGER = "data_manager"
    REGISTRY_ADMIN = "registry_admin"
    AUDITOR = "auditor"


REGISTRY_WIDE = (Role.REVIEWER, Role.DATA_MANAGER, Role.REGISTRY_ADMIN, Role.AUDITOR)


class Action(Labeled):
    """What can be done; use cases ask for one of these, never for a role."""

    READ = "read"
    RECORD = "record"
    RECORD_FOLLOW_UP = "record_follow_up", "Record follow-up"
    IMPORT_CASES = "import_cases"
    EXPLAIN = "explain"
    DECIDE = "decide"
    DECIDE_QUERIES = "decide_queries", "Decide data queries"
    LOCK = "lock"
    UNLOCK = "unlock"
    EXPORT = "export"
    READ_REPORT = "read_report"
    RELEASE_REPORTS = "release_reports"
    MANAGE_CENTER = "manage_center"
    MANAGE_REGISTRY = "manage_registry"
    MANAGE_REFERENCE = "manage_reference"
    MANAGE_ALGORITHM = "manage_algorithm"
    READ_AUDIT = "read_audit"
    WITHDRAW = "withdraw", "Carry out a withdrawal of consent"
    HAND_OUT = "hand_out", "Hand out data for research"
    TRANSFER = "transfer", "Hand over or take over follow-up"
    IDENTIFY = "identify", "Record who a patient is, for linkage"
    READ_IDENTITY = "read_identity", "Read who a patient is"
    LINK = "link", "Link patients and registers"


class Scope(Labeled):
    """What may be given to a machine's key: nothing that decides or manages."""

    READ = Action.READ
    RECORD = Action.RECORD
    RECORD_FOLLOW_UP = Action.RECORD_FOLLOW_UP, "Record follow-up"
    IMPORT_CASES = Action.IMPORT_CASES
    EXPLAIN = Action.EXPLAIN
    EXPORT = Action.EXPORT
    READ_REPORT = Action.READ_REPORT
    IDENTIFY = Action.IDENTIFY, "Record who a patient is, for linkage"


# Whoever records cases records what became of the patients; a key may be for that alone.
INCLUDED: dict[Action, frozenset[Action]] = {Action.RECORD: frozenset({Action.RECORD_FOLLOW_UP})}


def with_included(actions: Iterable[Action]) -> frozenset[Action]:
    """Add the actions that others bring with them."""
    found = frozenset(actions)
    return found.union(*(INCLUDED.get(action, ()) for action in found))


# Everybody who has a role reads the cases and reports of the place where it is held; beyond that:
BEYOND_READING: dict[Role, set[Action]] = {
    Role.INVESTIGATOR: {Action.RECORD, Action.EXPLAIN},
    Role.COORDINATOR: {
        Action.RECORD,
        Action.EXPLAIN,
        Action.IMPORT_CASES,
        Action.EXPORT,
        Action.TRANSFER,
        Action.IDENTIFY,
    },
    Role.CENTER_LEAD: {
        Action.RECORD,
        Action.EXPLAIN,
        Action.IMPORT_CASES,
        Action.EXPORT,
        Action.LOCK,
        Action.MANAGE_CENTER,
        Action.READ_AUDIT,
        Action.WITHDRAW,
        Action.TRANSFER,
        Action.IDENTIFY,
        Action.READ_IDENTITY,
    },
    Role.REVIEWER: {Action.DECIDE, Action.DECIDE_QUERIES, Action.MANAGE_ALGORITHM},
    Role.DATA_MANAGER: {
        Action.DECIDE_QUERIES,
        Action.MANAGE_ALGORITHM,
        Action.RECORD,
        Action.IMPORT_CASES,
        Action.EXPORT,
        Action.LOCK,
        Action.UNLOCK,
        Action.MANAGE_REFERENCE,
        Action.READ_AUDIT,
        Action.RELEASE_REPORTS,
        Action.WITHDRAW,
        Action.HAND_OUT,
        Action.LINK,
    },
    Role.REGISTRY_ADMIN: {
        Action.MANAGE_CENTER,
        Action.MANAGE_REGISTRY,
        Action.MANAGE_REFERENCE,
        Action.RELEASE_REPORTS,
    },
    Role.AUDITOR: {Action.READ_AUDIT},
}
ALLOWED = {
    role: with_included({Action.READ, Action.READ_REPORT} | more) for role, more in BEYOND_READING.items()
}


# On the user of a request: all centers as they were when it came in. A page asks for them a dozen times.
KNOWN = "known_centers"


def center_rows(user: "User | AnonymousUser", action: Action = Action.READ) -> "list[Center]":
    """List the centers where this person may do this, as rows, by code; in a request they are there already."""
    from registry.models import Center

    held = _held(user, action)
    known = getattr(user, KNOWN, None)
    if known is None:
        return list(Center.objects.filter(pk__in=centers_of(user, action)))
    return [center for center in known if None in held or center.pk in held]


def centers_of(user: "User | AnonymousUser", action: Action = Action.READ) -> tuple[int, ...]:
    """List the ids of the centers where this person may do this; nobody and the inactive may nowhere."""
    from registry.models import Center

    held = _held(user, action)
    if None in held:
        known = getattr(user, KNOWN, None)
        if known is not None:
            return tuple(sorted(center.pk for center in known))
        return tuple(Center.objects.order_by("pk").values_list("pk", flat=True))
    return tuple(sorted(pk for pk in held if pk is not None))


def remember(user: "User") -> None:
    """Fetch what a request asks for again and again: the person's roles, and the centers they are held in."""
    from registry.models import Center, Membership

    held = models.Prefetch("memberships", Membership.objects.select_related("center"))
    models.prefetch_related_objects([user], held)
    centers = {membership.center for membership in user.memberships.all()}
    setattr(
        user, KNOWN, tuple(Center.objects.all() if None in centers else sorted(centers, key=lambda c: c.code))
    )


def may(user: "User | AnonymousUser", action: Action, center: "Center | int | None") -> bool:
    """Tell whether this person may do this in this center; None is the registry, and needs a role in all of it."""
    held = _held(user, action)
    return None in held or (center.pk if isinstance(center, models.Model) else center) in held


def may_somewhere(user: "User | AnonymousUser", action: Action) -> bool:
    """Tell whether this person may do this in any center: what decides if a page is offered at all."""
    return bool(_held(user, action))


def may_everywhere(user: "User | AnonymousUser", action: Action) -> bool:
    """Tell whether this person may do this in the whole registry, even while it has no centers."""
    return None in _held(user, action)


def _held(user: "User | AnonymousUser", action: Action) -> set[int | None]:
    """List where the roles that allow this are held; a request asks often, so its memberships are fetched once."""
    if not user.is_active or user.pk is None:
        return set()
    return {held.center_id for held in user.memberships.all() if action in ALLOWED[Role(held.role)]}


def require(user: "User | AnonymousUser", action: Action, center: "Center | int | None") -> None:
    """Refuse unless this person may do this in this center, or without one in the whole registry."""
    if not may(user, action, center):
        told = (
            gettext("You may not {action} in the whole registry.")
            if center is None
            else gettext("You may not {action} in this center.")
        )
        raise PermissionDenied(told.format(action=Action(action).label.lower()))


class ScopedQuerySet(models.QuerySet):
    """Rows that belong to a center. Views and the admin begin with `visible_to`."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep the rows of the centers this person may read."""
        return self.filter(center_id__in=centers_of(user))


def scope(center_ids: Iterable[int]) -> AbstractContextManager[None]:
    """Open a transaction that sees these centers, and no others."""
    return holding(**sight(center_ids))


def everywhere() -> AbstractContextManager[None]:
    """Open a transaction that sees all centers: for commands and jobs of the registry itself."""
    from registry.models import Center

    return scope(Center.objects.values_list("pk", flat=True))


class ScopeMiddleware:
    """Give each request one transaction, and in it the scope of the person signed in, or of the key it came with.

    A failed request leaves nothing behind. A database that is away or too slow is a 503: clients repeat it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        return or_later(request, lambda: self._in_scope(request))

    def _in_scope(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            remember(request.user)
        of_key = getattr(request, "centers", None)  # set by registry.api.callers
        with scope(centers_of(request.user) if of_key is None else of_key):
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Ask the client to come back when the database gave up (limit, lock, lost connection) or a disk is full.

        What was there when the page looked and is not when it writes was erased meanwhile.
        """
        if isinstance(exception, ObjectDoesNotExist):
            logger.warning("row_gone model=%s", type(exception).__qualname__)
            raise Http404 from exception
        return _later(request, exception) if _gave_up(exception) else None


def or_later(request: HttpRequest, work: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer a request, or ask the client to come back when the database gave up or a disk is full."""
    try:
        return work()
    except (OperationalError, InternalError, OSError) as error:
        if not _gave_up(error):
            raise
        return _later(request, error)


def _gave_up(error: Exception) -> bool:
    """Whether the database may answer another time; a transaction that we left idle too long it ends as 25P03."""
    ended = isinstance(error, OperationalError) or getattr(error.__cause__, "sqlstate", "") == "25P03"
    return disk.is_full(error) or ended


def _later(request: HttpRequest, error: Exception) -> HttpResponse:
    from registry.api import problems  # the framework of the API needs the models, which need this module

    return problems.busy(request, error)
