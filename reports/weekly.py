"""The weekly mail: how many findings came up or came back in a person's centers that wait for them, and where.

Counts and links, no patient data; one mail a person and week, and none when there is nothing. Coordinators are told of
all findings of their centers, center leads of deviations that weigh, reviewers and data managers of what waits for a
decision. That a patient was not heard of for long is told where the duty lies: to who follows the patient for another
center, instead of that one. Offers of follow-up are told until they are answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, ngettext, override

from cases import duty
from cases.models import DataQuery, Deviation, Transfer
from cases.models.review import ReviewItem
from cases.vocabulary import ReviewState, Severity
from registry import access, language
from registry.access import Action, Role
from registry.models import Center, User
from registry.tongues import DECLARED
from reports import letters, mails, receiving
from reports.letters import Letter
from reports.models import Delivery

STALE = "X-55"  # the query that asks for news of a patient
OFFERED, UNHEARD_OF = "offered", "unheard_of"
WEIGHTY = (Severity.MAJOR, Severity.SENTINEL)


@dataclass(frozen=True, kw_only=True)
class Line:
    """How many of one kind, and the list that shows them."""

    text: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """What waits in one center, or for a decision in the whole registry."""

    title: str
    lines: list[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Findings that are counted together."""

    model: type[ReviewItem] | type[Transfer]
    center: int
    standing: str  # new, returned or answered: a choice of the work list; of transfers, what waits
    weighs: bool


def last_week(today: date) -> tuple[str, datetime, datetime]:
    """Name the ISO week that has ended by today, and the moments (UTC) at which it began and ended."""
    end = today - timedelta(days=today.weekday())
    begin = end - timedelta(days=7)
    year, week, _ = begin.isocalendar()
    return f"{year}-W{week:02}", _midnight(begin), _midnight(end)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def write(today: date) -> int:
    """Write the mails of the week that has ended, for whoever has none yet; tell how many."""
    week, begin, end = last_week(today)
    with access.everywhere():
        has_one = Delivery.objects.filter(week=week).values("recipient")
        people = User.objects.filter(is_active=True, weekly_mail=True).exclude(
            Q(email="") | Q(pk__in=has_one)
        )
        wanting = list(people.prefetch_related("memberships__center").order_by("pk"))
        counts = _counts(begin, end)
        centers = {center.pk: center for center in Center.objects.filter(is_sandbox=False)}
    letters = (
        (user, _letter(user, week, counts, centers)) for user in wanting if receiving.wants_weekly(user)
    )
    return mails.write_weekly(week, [(user, letter) for user, letter in letters if letter])


def _counts(begin: datetime, end: datetime) -> Counter[Kind]:
    """What came up, came back or was answered in that week and still stands so."""
    found: Counter[Kind] = Counter()
    for model in (Deviation, DataQuery):
        waits = Q(state=ReviewState.OPEN, waiting_since__gte=begin, waiting_since__lt=end)
        answered = Q(state=ReviewState.ANSWERED, answered_at__gte=begin, answered_at__lt=end)
        rows = model.objects.filter(waits | answered).order_by()
        if model is DataQuery:
            found.update(_elsewhere(begin, end))
            rows = rows.exclude(rule_id=STALE, case__in=duty.handed_over())
        grouped = rows.values_list("center", "state", "severity", "answer").annotate(n=Count("pk"))
        for center, state, severity, answer, n in grouped:
            standing = "answered" if state == ReviewState.ANSWERED else "returned" if answer else "new"
            weighs = severity in WEIGHTY
            found[Kind(model=model, center=center, standing=standing, weighs=weighs)] += n
    for center in Transfer.objects.offered().order_by().values_list("receiving_center", flat=True):
        found[Kind(model=Transfer, center=center, standing=OFFERED, weighs=False)] += 1
    return found


def _elsewhere(begin: datetime, end: datetime) -> Iterator[Kind]:
    """Patients without news, as of that week, who are followed for another center: each under the one that follows."""
    stale = DataQuery.objects.open().filter(rule_id=STALE, waiting_since__gte=begin, waiting_since__lt=end)
    followed = Transfer.objects.accepted().filter(case__in=stale.values("case")).order_by()
    for center in followed.values_list("receiving_center", flat=True):
        yield Kind(model=Transfer, center=center, standing=UNHEARD_OF, weighs=False)


# --- one person ------------------------------------------------------------------------------------------------------


def _letter(user: User, week: str, counts: Counter[Kind], centers: dict[int, Center]) -> Letter | None:
    """The mail of one person in their language; None when nothing waits for them."""
    own = [held.center for held in user.memberships.all() if held.center is not None]
    spoken = language.chosen_by(user) or next((language.offered(center.language) for center in own), "")
    with override(spoken or DECLARED):
        sections = [section for section in _sections(user, counts, centers) if section.lines]
        if not sections:
            return None
        account = settings.PUBLIC_URL + reverse("account")
        said = {"week": week, "sections": sections, "account": account, "language": spoken or DECLARED}
        return letters.plain_letter(
            gettext("Registry: what waits for you, week {week}").format(week=week),
            render_to_string("reports/weekly.txt", said),
            render_to_string("reports/weekly.html", said),
        )


def _sections(user: User, counts: Counter[Kind], centers: dict[int, Center]) -> Iterator[Section]:
    roles: dict[int, set[str]] = {}
    for held in user.memberships.all():
        if held.center_id in centers:
            roles.setdefault(held.center_id, set()).add(held.role)
    for center, own in sorted(roles.items(), key=lambda one: centers[one[0]].code):
        yield Section(title=str(centers[center]), lines=list(_of_center(center, own, counts)))
    yield Section(title=gettext("To decide on"), lines=list(_to_decide(user, counts, centers)))


def _of_center(center: int, roles: set[str], counts: Counter[Kind]) -> Iterator[Line]:
    """A coordinator's lines, or a lead's: of deviations only those that weigh."""
    everything = Role.COORDINATOR in roles
    if not everything and Role.CENTER_LEAD not in roles:
        return
    for model in (Deviation, DataQuery) if everything else (Deviation,):
        for standing in ("new", "returned"):
            weighty, others = (_n(counts, model, [center], standing, weighs) for weighs in (True, False))
            if n := weighty + others if everything else weighty:
                only = "" if everything or model is DataQuery else gettext("major or sentinel")
                yield Line(text=_said(model, standing, n, only), address=_address(model, standing, center))
    for standing in (OFFERED, UNHEARD_OF):
        if n := _n(counts, Transfer, [center], standing, False):
            yield Line(text=_said_of_transfers(standing, n), address=_address_of_transfers(standing))


def _said_of_transfers(standing: str, n: int) -> str:
    told = (
        ngettext("{n} offer of follow-up to answer", "{n} offers of follow-up to answer", n)
        if standing == OFFERED
        else ngettext(
            "{n} patient followed for another center without recent news",
            "{n} patients followed for other centers without recent news",
            n,
        )
    )
    return told.format(n=n)


def _address_of_transfers(standing: str) -> str:
    return settings.PUBLIC_URL + reverse("admin:transfers" if standing == OFFERED else "admin:follow_up_lost")


def _to_decide(user: User, counts: Counter[Kind], centers: dict[int, Center]) -> Iterator[Line]:
    for model, action in ((Deviation, Action.DECIDE), (DataQuery, Action.DECIDE_QUERIES)):
        where = [pk for pk in centers if access.may(user, action, pk)]
        if n := sum(_n(counts, model, where, "answered", weighs) for weighs in (True, False)):
            yield Line(text=_said(model, "answered", n, ""), address=_address(model, "answered"))


def _n(
    counts: Counter[Kind],
    model: type[ReviewItem] | type[Transfer],
    where: Iterable[int],
    standing: str,
    weighs: bool,
) -> int:
    return sum(counts[Kind(model=model, center=center, standing=standing, weighs=weighs)] for center in where)


def _said(model: type[ReviewItem], standing: str, n: int, only: str) -> str:
    """The words of a line."""
    match model, standing:
        case (_, "new") if model is Deviation:
            told = ngettext("{n} new deviation", "{n} new deviations", n)
        case (_, "returned") if model is Deviation:
            told = ngettext("{n} deviation that came back", "{n} deviations that came back", n)
        case (_, "answered") if model is Deviation:
            told = ngettext("{n} explanation", "{n} explanations", n)
        case (_, "new"):
            told = ngettext("{n} new data query", "{n} new data queries", n)
        case (_, "returned"):
            told = ngettext("{n} data query that came back", "{n} data queries that came back", n)
        case _:
            told = ngettext("{n} confirmed value", "{n} confirmed values", n)
    said = told.format(n=n)
    return f"{said} ({only})" if only else said


def _address(model: type[ReviewItem], standing: str, center: int | None = None) -> str:
    """The work list, narrowed to what the line counts (and what else has stood so for longer)."""
    chosen: dict[str, Any] = {"state__exact": standing}
    if center is not None:
        chosen["center__id__exact"] = center
    address = reverse(f"admin:cases_{model._meta.model_name}_changelist")
    return f"{settings.PUBLIC_URL}{address}?{urlencode(chosen)}"
