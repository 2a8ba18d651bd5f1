"""News of patients: who is due, who is lost, and what becomes of an attempt to reach one.

Two lists, as cancer registrars keep them: *due* is whose last contact is 12 to 15 months old, *lost* whose is older.
Months are counted by the calendar and by the center's own day. A patient known dead, withdrawn or known from a
publication alone is on neither (`cases/endpoints.py`). Whose follow-up was handed over is on the lists of the center
that accepted it (`cases/duty.py`), by that center's day.

News is written through `cases/intake.py`, so that every rule is read and a case changes only as its reader saw it; the
attempt itself stands beside it, in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from django.db.models import Count, Q, QuerySet, TextChoices
from django.utils.translation import gettext, gettext_lazy

from cases import batches, consents, duty, intake
from cases import document as documents
from cases.duty import Taken
from cases.intake import Submission
from cases.models import Case, ContactAttempt, Death, SurvivalObservation, Transfer
from cases.problems import DocumentError
from cases.vocabulary import (
    AttemptOutcome,
    ContactType,
    DeathCause,
    DeathSource,
    DiseaseStatus,
    Missing,
    Source,
    VitalStatus,
)
from registry import access, audit, clock
from registry.access import Action
from registry.dates import PartialDate, months_earlier, months_later

if TYPE_CHECKING:
    from registry.models import Center, User

NONE: Taken = MappingProxyType({})
DUE_MONTHS, LOST_MONTHS = 12, 15
# One date for many patients: from this many others on, the person is asked whether it is meant.
MANY = 3
RECENTLY = timedelta(hours=12)
REASON = "follow-up recorded"
LONGEST_NOTE = 200


class Which(TextChoices):
    """The two lists."""

    DUE = "due", gettext_lazy("Follow-up due")
    LOST = "lost", gettext_lazy("Lost to follow-up")


# --- who is waited for ----------------------------------------------------------------------------------------------


def waiting(
    which: Which,
    centers: Iterable[Center],
    *,
    taken: Taken = NONE,
    least: int = 0,
    most: int | None = None,
) -> QuerySet[SurvivalObservation]:
    """Patients whom these centers follow on one of the lists, the most overdue first; `least`, `most`: days overdue.

    `taken` are those followed for other centers; rows of these are found while `duty.seeing` them.
    """
    months = {Which.DUE: (DUE_MONTHS, LOST_MONTHS), Which.LOST: (LOST_MONTHS, None)}[which]
    chosen = Q(pk__in=[])
    for today, ids in _by_day(centers).items():
        until = months_earlier(today if which == Which.DUE else today - timedelta(days=1), months[0])
        since = months_earlier(today - timedelta(days=1), months[1]) if months[1] else None
        chosen |= _followed_by(ids, taken) & _between(since, until) & _overdue(today, least, most)
    rows = SurvivalObservation.objects.filter(chosen, is_followed=True)
    return rows.order_by("last_contact_on", "case_id")


def overdue(
    centers: Iterable[Center], *, least: int, most: int | None = None
) -> QuerySet[SurvivalObservation]:
    """Own cases of these centers, on either list, that are so many days overdue."""
    chosen = Q(pk__in=[])
    for today, ids in _by_day(centers).items():
        chosen |= _followed_by(ids, NONE) & _overdue(today, least, most)
    return SurvivalObservation.objects.filter(chosen, is_followed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How complete the follow-up of some centers is today, counted where the duty lies."""

    patients: int  # of whom news is expected
    recently: int  # of these, heard of in the last 15 months
    for_others: int  # of all, followed for another center


def heard(centers: Iterable[Center], *, taken: Taken = NONE) -> Heard:
    """Count whom these centers follow, and of whom they have news; call it while `duty.seeing` those taken over."""
    followed, recent = Q(pk__in=[]), Q(pk__in=[])
    for today, ids in _by_day(centers).items():
        own = _followed_by(ids, taken)
        followed |= own
        recent |= own & Q(last_contact_on__gt=months_earlier(today - timedelta(days=1), LOST_MONTHS))
    found = SurvivalObservation.objects.filter(followed, is_followed=True).aggregate(
        patients=Count("pk"),
        recently=Count("pk", filter=recent),
        for_others=Count("pk", filter=Q(pk__in=list(taken))),
    )
    return Heard(**found)


def days_overdue(last_contact_on: date, today: date) -> int:
    """Days since news was due: a year after the last contact."""
    return (today - months_later(last_contact_on, DUE_MONTHS)).days


def _by_day(centers: Iterable[Center]) -> dict[date, list[int]]:
    """The centers by their own calendar day, of which the earth has two at a time."""
    days: dict[date, list[int]] = defaultdict(list)
    for center in centers:
        days[intake.today_at(center)].append(center.pk)
    return days


def _followed_by(center_ids: Collection[int], taken: Taken) -> Q:
    """The own cases that nobody else follows, and those taken over from others."""
    own = Q(center_id__in=center_ids) & ~Q(pk__in=duty.handed_over())
    return own | Q(pk__in=[pk for pk, row in taken.items() if row.receiving_center_id in center_ids])


def _between(since: date | None, until: date) -> Q:
    """A last contact after `since`, at the latest on `until`."""
    return Q(last_contact_on__lte=until) & (Q(last_contact_on__gt=since) if since else Q())


def _overdue(today: date, least: int, most: int | None) -> Q:
    since = None if most is None else months_earlier(today - timedelta(days=most + 1), DUE_MONTHS)
    return _between(since, months_earlier(today - timedelta(days=least), DUE_MONTHS))


# --- news -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What came of an attempt: alive on the day of the contact, dead since a date, or not reached.

    `on` is the day of the contact, today when none is said, and never that of a death.
    """

    outcome: AttemptOutcome
    contact_type: ContactType
    on: PartialDate | None = None
    died_on: PartialDate | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of news: written, there already, refused with reasons, or to be confirmed first."""

    verdict: Literal["recorded", "known", "refused", "unusual"]
    reasons: list[str] = field(default_factory=list)
    others: int = 0  # patients to whom the person has given the same date


def record(
    case: Case,
    news: News,
    *,
    by: User,
    if_version: int | None,
    is_meant: bool = False,
    under: Transfer | None = None,
    door: str = Source.ADMIN,
) -> Outcome:
    """Write news of a patient into the case, and the attempt beside it; the same news twice is written once.

    Refused if the case changed since version `if_version`, is locked, or a rule of validity says no. A date that the
    person gave to many patients just now is only taken when it `is_meant`. PermissionDenied if the person may not
    record in the center, or in the one that took the follow-up over by the transfer `under`.
    """
    follows = case.center if under is None else under.receiving_center
    access.require(by, Action.RECORD if under is None else Action.RECORD_FOLLOW_UP, follows)
    today = intake.today_at(follows)
    if wrong := _wrong(news, today):
        return Outcome(verdict="refused", reasons=wrong)
    told = REASON if under is None else f"{follows.code}: {REASON}"
    with audit.because(door=door, by=by, reason=told, centers=[case.center_id]):
        Case.objects.select_for_update().get(pk=case.pk)  # two clicks, one after the other
        if under is not None:
            duty.hold(under)
        (stored,) = documents.load([case.pk])
        if consents.is_withdrawn(stored.document):
            return Outcome(verdict="refused", reasons=[batches.withdrawn()])
        if _is_known(stored, news, by, today):
            return Outcome(verdict="known")
        if not is_meant and (others := same_date(case, news, by=by)) >= MANY:
            return Outcome(verdict="unusual", others=others)
        if news.outcome == AttemptOutcome.UNREACHABLE:
            said = Outcome(verdict="recorded")
        else:
            said = _save(
                stored,
                news,
                center=case.center,
                by=by,
                if_version=if_version,
                today=today,
                under=under,
                door=door,
            )
        if said.verdict == "recorded":
            _note(case, news, by=by, today=today)
        return said


def _wrong(news: News, today: date) -> list[str]:
    """Say what is wrong with note and dates before any case is looked at."""
    told = []
    if not audit.is_line(news.note, LONGEST_NOTE):
        said = gettext("Write the note as one line of at most {n} characters.")
        told.append(said.format(n=LONGEST_NOTE))
    if news.outcome == AttemptOutcome.ALIVE and news.on is None:
        told.append(gettext("Write the date of the contact."))
    if news.on is not None and news.on.precision != "day":
        told.append(gettext("Write the day of the contact as YYYY-MM-DD."))
    if news.outcome == AttemptOutcome.DEAD and news.died_on is None:
        told.append(gettext("Write when the patient died: YYYY-MM-DD, YYYY-MM or YYYY."))
    for on in (news.on, news.died_on):
        if on is not None and on.surely_after(today):
            told.append(gettext("{date} lies in the future. Correct the date.").format(date=on))
    return told


def same_date(case: Case, news: News, *, by: User) -> int:
    """To how many other patients of the center the person has given this date since a few hours ago."""
    attempts = ContactAttempt.objects.filter(
        by=by, center=case.center_id, outcome=news.outcome, created_at__gte=clock.now() - RECENTLY
    ).exclude(case=case.pk)
    if news.outcome == AttemptOutcome.ALIVE:
        assert news.on is not None
        return attempts.filter(tried_on=news.on.earliest).values("case").distinct().count()
    if news.outcome == AttemptOutcome.DEAD:
        return Death.objects.filter(died_on=news.died_on, case__in=attempts.values("case")).count()
    return 0


def _is_known(stored: documents.StoredCase, news: News, by: User, today: date) -> bool:
    case: Any = stored.document
    if news.outcome == AttemptOutcome.ALIVE:
        return any(v.visit_on == news.on and v.vital_status == VitalStatus.ALIVE for v in case.follow_ups)
    if news.outcome == AttemptOutcome.DEAD:
        return case.death is not None and case.death.died_on == news.died_on
    tried = ContactAttempt.objects.filter(case=stored.id, by=by, outcome=news.outcome, note=news.note)
    return tried.filter(tried_on=_tried_on(news, today), contact_type=news.contact_type).exists()


def _save(
    stored: documents.StoredCase,
    news: News,
    *,
    center: Center,
    by: User,
    if_version: int | None,
    today: date,
    under: Transfer | None,
    door: str,
) -> Outcome:
    case: Any = stored.document
    if news.outcome == AttemptOutcome.DEAD and case.death is not None:
        told = gettext("The case has a death form already. Open the case and correct it there.")
        return Outcome(verdict="refused", reasons=[told])
    try:
        changed = documents.parse(_with(documents.dump(case), news, today))
    except DocumentError as error:
        return Outcome(verdict="refused", reasons=[problem.message for problem in error.problems])
    (receipt,) = intake.save_cases(
        [Submission(document=changed, if_version=if_version or 0)],
        center=center,
        by=by,
        source=Source.ADMIN,
        door=door,
        reason=REASON,
        under=under,
    )
    if receipt.verdict == "rejected":
        return Outcome(verdict="refused", reasons=[_sentence(problem) for problem in receipt.errors])
    return Outcome(verdict="recorded")


def _sentence(problem: Any) -> str:
    if problem.code != "stale_version":
        return problem.message
    return gettext("Somebody else changed this case meanwhile. Look at it below as it is now, then repeat.")


def _with(case: dict[str, Any], news: News, today: date) -> dict[str, Any]:
    """The case with the visit that the news is, and for a death its form; it was heard of on the day of the contact."""
    visit: dict[str, Any] = {"contact_type": news.contact_type}
    if news.outcome == AttemptOutcome.ALIVE:
        # By one click nobody looked at disease or graft, and says so: a complete case stays complete.
        visit |= {
            "visit_on": str(news.on),
            "vital_status": VitalStatus.ALIVE,
            "disease_status": DiseaseStatus.NOT_ASSESSED,
            "missing": {"graft_status": Missing.ND, "creatinine_umol_l": Missing.ND},
        }
    else:
        reasons = {"graft_status": Missing.NA, "creatinine_umol_l": Missing.NA}
        heard_on = _tried_on(news, today).isoformat()
        visit |= {"visit_on": heard_on, "vital_status": VitalStatus.DEAD, "missing": reasons}
        death = {"died_on": str(news.died_on), "cause_category": DeathCause.UNKNOWN}
        if news.contact_type == ContactType.REGISTRY_LINKAGE:
            death["source"] = DeathSource.LINKAGE
        case |= {"death": death}
    return case | {"follow_ups": [*case.get("follow_ups", ()), visit]}


def _note(case: Case, news: News, *, by: User, today: date) -> None:
    ContactAttempt.objects.create(
        case=case,
        center_id=case.center_id,
        tried_on=_tried_on(news, today),
        contact_type=news.contact_type,
        outcome=news.outcome,
        note=news.note,
        by=by,
        created_at=clock.now(),
    )


def _tried_on(news: News, today: date) -> date:
    return today if news.on is None else news.on.earliest
