"""What of the cases waits for a person: the cards of the home page."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models.fields.json import KT
from django.urls import reverse
from django.utils.translation import gettext

from cases import answering, duty, follow_up, intake, matching
from cases.drafts import MOST_OF_ONE_PERSON
from cases.follow_up import Which
from cases.models import Case, DataQuery, Deviation, EntryDraft, ImportBatch, ListExport, Transfer
from cases.models.review import ReviewItem
from cases.rulebook import retelling
from cases.vocabulary import ReviewState, Status, TransferState
from registry.access import Action
from registry.bounded import Count
from registry.home import MOST, ROWS, Card, Desk, Line, first
from registry.models import Center
from registry.vault import keyring

LATEST = 5


def _list(name: str, **narrowed: str) -> str:
    """The address of a list, narrowed."""
    address = reverse(f"admin:{name}")
    return f"{address}?{urlencode(narrowed)}" if narrowed else address


def _case(case_id: int, anchor: str = "") -> str:
    return reverse("admin:cases_case_change", args=[case_id]) + anchor


def _new_case(number: str | None) -> str:
    """How an unsaved new case is named."""
    return gettext("New case {number}").format(number=number) if number else gettext("New case")


def _there(at: datetime, center: Center) -> datetime:
    """A moment by the clock of the center."""
    return at.astimezone(ZoneInfo(center.timezone))


def _begun(entry: EntryDraft) -> str:
    """Where a new case that was never saved goes on."""
    return f"{reverse('admin:cases_case_add')}?{urlencode({'entry': entry.token})}"


def unsaved(desk: Desk) -> Card | None:
    """All that the person has typed and not saved; nothing is said when there is nothing."""
    entries = (
        EntryDraft.objects.filter(by=desk.user.pk)
        .select_related("case", "center")
        .defer("fields")
        .annotate(typed_number=KT("fields__case_number__0"))
    )
    rows, count = first(entries.order_by("-updated_at"), MOST_OF_ONE_PERSON)
    if not rows:
        return None
    return Card(
        title=gettext("My unsaved entries"),
        count=count,
        lines=[
            Line(
                text=entry.case.case_number if entry.case else _new_case(entry.typed_number),
                address=_case(entry.case_id) if entry.case_id else _begun(entry),
                aside=f"{entry.center.short} · {_there(entry.updated_at, entry.center):%Y-%m-%d %H:%M}",
            )
            for entry in rows
        ],
    )


def drafts(desk: Desk) -> Card | None:
    """Cases that are not complete yet; in an empty registry, the way to the first one."""
    centers = desk.centers(Action.RECORD)
    if not centers:
        return None
    rows, count = first(
        Case.objects.filter(center__in=centers, status=Status.DRAFT).order_by("-updated_at", "-id")
    )
    by_id = {center.pk: center for center in centers}
    empty, ways = gettext("Every case is complete."), []
    if not rows and not Case.objects.filter(center__in=centers).exists():
        empty = gettext("There are no cases yet.")
        ways = [Line(text=gettext("Enter the first case"), address=reverse("admin:cases_case_add"))]
        if desk.may(Action.IMPORT_CASES):
            ways.append(Line(text=gettext("Import a file"), address=_list("cases_importbatch_changelist")))
    return Card(
        title=gettext("Draft cases"),
        count=count,
        lines=[
            Line(
                text=case.case_number,
                address=_case(case.pk),
                aside=f"{by_id[case.center_id].short} · {_there(case.updated_at, by_id[case.center_id]):%Y-%m-%d}",
            )
            for case in rows
        ],
        address=_list("cases_case_changelist", status__exact=Status.DRAFT),
        empty=empty,
        ways=ways,
    )


def queries(desk: Desk) -> Card | None:
    """Implausible values that nobody has confirmed or corrected; for who only decides, what was confirmed."""
    return _findings(
        desk,
        DataQuery,
        to_answer=(gettext("Open data queries"), gettext("No value is in question.")),
        to_decide=(
            gettext("Confirmed values to decide on"),
            gettext("No confirmed value waits for a decision."),
        ),
    )


def deviations(desk: Desk) -> Card | None:
    """Deviations that nobody has explained; for reviewers, what was explained."""
    return _findings(
        desk,
        Deviation,
        to_answer=(gettext("New deviations"), gettext("Every deviation is explained.")),
        to_decide=(gettext("Explained deviations"), gettext("There is no explained deviation.")),
    )


def _findings(
    desk: Desk, model: type[ReviewItem], *, to_answer: tuple[str, str], to_decide: tuple[str, str]
) -> Card:
    """The card of what waits: title and empty state depend on whether the person answers or decides."""
    decides = desk.may(answering.TO_DECIDE[model]) and not desk.may(answering.TO_ANSWER[model])
    state, (title, empty) = (ReviewState.ANSWERED, to_decide) if decides else (ReviewState.OPEN, to_answer)
    rows, count = first(
        model.objects.filter(center__in=desk.centers(Action.READ), state=state)
        .select_related("case__center")
        .order_by("-opened_at", "-id")
    )
    return Card(
        title=title,
        count=count,
        lines=[
            Line(
                text=one.case.case_number,
                address=_case(one.case_id, "#review"),
                aside=f"{one.case.center.short} · {retelling.of_item(one)}",
            )
            for one in rows
        ],
        address=_list(f"cases_{model._meta.model_name}_changelist", state__exact=state),
        empty=empty,
    )


def due(desk: Desk) -> Card | None:
    """Patients of whom news is due."""
    return _waiting(desk, Which.DUE, gettext("No patient is due."))


def lost(desk: Desk) -> Card | None:
    """Patients of whom news is overdue."""
    return _waiting(desk, Which.LOST, gettext("No patient is lost."))


def _waiting(desk: Desk, which: Which, empty: str) -> Card | None:
    if not desk.may(Action.RECORD):
        return None
    centers, taken = desk.centers(Action.READ), _taken(desk)
    with duty.seeing([center.pk for center in centers], taken):
        rows, count = first(follow_up.waiting(which, centers, taken=taken).select_related("case"))
    by_id = {center.pk: center for center in centers}
    lines = []
    for one in rows:
        assert one.last_contact_on is not None
        transfer = taken.get(one.case_id)
        center = transfer.receiving_center if transfer else by_id[one.center_id]
        days = follow_up.days_overdue(one.last_contact_on, intake.today_at(center))
        told = gettext("last contact {date}, {days} days overdue").format(date=one.last_contact, days=days)
        address = reverse("admin:transfer", args=[transfer.pk]) if transfer else _case(one.case_id)
        lines.append(Line(text=one.case.case_number, address=address, aside=f"{center.short} · {told}"))
    return Card(
        title=str(which.label),
        count=count,
        lines=lines,
        address=_list(f"follow_up_{which.value}"),
        empty=empty,
    )


def _received(desk: Desk) -> list[Transfer]:
    """What other centers offered to the person's centers and is not over; looked up once for all cards."""
    if not hasattr(desk.request, "received_transfers"):
        rows = Transfer.objects.standing().filter(receiving_center__in=desk.centers(Action.READ))
        desk.request.received_transfers = list(rows.select_related("center", "receiving_center"))  # type: ignore[attr-defined]
    found: list[Transfer] = desk.request.received_transfers  # type: ignore[attr-defined]
    return found


def _taken(desk: Desk) -> duty.Taken:
    """The patients of other centers whom the person's centers follow."""
    return {row.case_id: row for row in _received(desk) if row.state == TransferState.ACCEPTED}


def offers(desk: Desk) -> Card | None:
    """Patients whose follow-up other centers offer; nothing is said when there are none."""
    centers = {center.pk for center in desk.centers(Action.TRANSFER)}
    rows = [
        row
        for row in (_received(desk) if centers else ())
        if row.state == TransferState.OFFERED and row.receiving_center_id in centers
    ]
    if not rows:
        return None
    return Card(
        title=gettext("Follow-up offered to you"),
        count=Count.of(len(rows), MOST),
        lines=[
            Line(
                text=one.registry_id,
                address=reverse("admin:transfer", args=[one.pk]),
                aside=f"{one.center.short} · {one.offered_at:%Y-%m-%d}",
            )
            for one in rows[:ROWS]
        ],
        address=_list("transfers"),
    )


def imports(desk: Desk) -> Card | None:
    """The last files that came in."""
    centers = desk.centers(Action.IMPORT_CASES)
    if not centers:
        return None
    found = ImportBatch.objects.filter(center__in=centers).select_related("center")
    rows = found.defer("content", "verdicts", "preview", "mapping").order_by("-id")
    return Card(
        title=gettext("Last imports"),
        lines=[
            Line(
                text=batch.shown_name,
                address=reverse("admin:cases_importbatch_change", args=[batch.pk]),
                aside=f"{_there(batch.created_at, batch.center):%Y-%m-%d} · {batch.get_state_display()}",
            )
            for batch in rows[:LATEST]
        ],
        address=_list("cases_importbatch_changelist"),
        empty=gettext("No file was imported yet."),
    )


def exports(desk: Desk) -> Card | None:
    """The last files that were taken out: for the auditor. A lead finds them in the list of exports."""
    if not desk.may_everywhere(Action.READ_AUDIT) or desk.may(Action.RECORD):
        return None
    centers = desk.centers(Action.READ_AUDIT)
    rows = (
        ListExport.objects.filter(center__in=centers).select_related("center", "by").order_by("-id")[:LATEST]
    )
    return Card(
        title=gettext("Last exports"),
        lines=[
            Line(
                text=gettext("{count} cases of {center}").format(count=one.rows, center=one.center.short),
                address=reverse("admin:cases_listexport_change", args=[one.pk]),
                aside=f"{one.created_at:%Y-%m-%d} · {one.by.get_username()}",
            )
            for one in rows
        ],
        address=_list("cases_listexport_changelist"),
        empty=gettext("No list of cases was taken out yet."),
    )


def duplicates(desk: Desk) -> Card | None:
    """Patients whom two centers may hold, for who decides; nothing is said where there is no vault."""
    if not keyring.is_on() or not desk.may_everywhere(Action.LINK):
        return None
    rows, count = first(matching.undecided())
    return Card(
        title=gettext("Patients of two centers"),
        count=count,
        lines=[
            Line(
                text=gettext("Found on {day}").format(day=f"{row.found_at:%Y-%m-%d}"),
                address=f"{reverse('admin:duplicates')}#pair-{row.pair}",
            )
            for row in rows
        ],
        address=reverse("admin:duplicates"),
        empty=gettext("No patient of two centers waits for a decision."),
    )


CARDS = (
    (10, unsaved),
    (20, drafts),
    (30, queries),
    (40, deviations),
    (50, due),
    (60, lost),
    (65, offers),
    (70, imports),
    (75, duplicates),
    (100, exports),
)
