"""What of the cases waits for a person: the cards of the home page."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext

from cases import follow_up, intake
from cases.follow_up import Which
from cases.models import Case, DataQuery, Deviation, EntryDraft, ImportBatch, ListExport
from cases.models.review import ReviewItem
from cases.rulebook import retelling
from cases.vocabulary import ReviewState, Status
from registry.access import Action
from registry.home import Card, Desk, Line, first

LATEST = 5


def _list(name: str, **narrowed: str) -> str:
    """The address of a list, narrowed."""
    address = reverse(f"admin:{name}")
    return f"{address}?{urlencode(narrowed)}" if narrowed else address


def _case(case_id: int, anchor: str = "") -> str:
    return reverse("admin:cases_case_change", args=[case_id]) + anchor


def _begun(entry: EntryDraft) -> str:
    """Where a new case that was never saved goes on."""
    return f"{reverse('admin:cases_case_add')}?{urlencode({'entry': entry.token})}"


def unsaved(desk: Desk) -> Card | None:
    """What the person has typed and not saved; nothing is said when there is nothing."""
    rows, count = first(
        EntryDraft.objects.filter(by=desk.user.pk).select_related("case", "center").order_by("-updated_at")
    )
    if not rows:
        return None
    return Card(
        title=gettext("My unsaved entries"),
        count=count,
        lines=[
            Line(
                text=entry.case.case_number if entry.case else gettext("New case"),
                address=_case(entry.case_id) if entry.case_id else _begun(entry),
                aside=f"{entry.center.code} · {entry.updated_at:%Y-%m-%d %H:%M}",
            )
            for entry in rows
        ],
        address=_list("cases_case_changelist", unsaved="mine"),
    )


def drafts(desk: Desk) -> Card | None:
    """Cases that are not complete yet; in an empty registry, the way to the first one."""
    centers = desk.centers(Action.RECORD)
    if not centers:
        return None
    rows, count = first(
        Case.objects.filter(center__in=centers, status=Status.DRAFT).order_by("-updated_at", "-id")
    )
    codes = {center.pk: center.code for center in centers}
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
                aside=f"{codes[case.center_id]} · {case.updated_at:%Y-%m-%d}",
            )
            for case in rows
        ],
        address=_list("cases_case_changelist", status__exact=Status.DRAFT),
        empty=empty,
        ways=ways,
    )


def queries(desk: Desk) -> Card | None:
    """Implausible values that nobody has confirmed or corrected."""
    return _findings(
        desk,
        DataQuery,
        ReviewState.OPEN,
        title=gettext("Open data queries"),
        empty=gettext("No value is in question."),
    )


def deviations(desk: Desk) -> Card | None:
    """Deviations that nobody has explained."""
    if desk.may(Action.DECIDE):
        return None
    return _findings(
        desk,
        Deviation,
        ReviewState.OPEN,
        title=gettext("New deviations"),
        empty=gettext("Every deviation is explained."),
    )


def explained(desk: Desk) -> Card | None:
    """Explanations that wait for a decision: for reviewers."""
    if not desk.may(Action.DECIDE):
        return None
    return _findings(
        desk,
        Deviation,
        ReviewState.ANSWERED,
        title=gettext("Explained deviations to decide on"),
        empty=gettext("No explanation waits for a decision."),
    )


def _findings(desk: Desk, model: type[ReviewItem], state: ReviewState, *, title: str, empty: str) -> Card:
    rows, count = first(
        model.objects.filter(center__in=desk.centers(Action.READ), state=state)
        .select_related("case")
        .order_by("-opened_at", "-id")
    )
    return Card(
        title=title,
        count=count,
        lines=[
            Line(
                text=one.case.case_number, address=_case(one.case_id, "#review"), aside=retelling.of_item(one)
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
    centers = desk.centers(Action.READ)
    rows, count = first(follow_up.waiting(which, centers).select_related("case"))
    today = {center.pk: intake.today_at(center) for center in centers}
    lines = []
    for one in rows:
        assert one.last_contact_on is not None
        days = follow_up.days_overdue(one.last_contact_on, today[one.center_id])
        told = gettext("last contact {date}, {days} days overdue").format(date=one.last_contact_on, days=days)
        lines.append(Line(text=one.case.case_number, address=_case(one.case_id), aside=told))
    return Card(
        title=str(which.label),
        count=count,
        lines=lines,
        address=_list(f"follow_up_{which.value}"),
        empty=empty,
    )


def imports(desk: Desk) -> Card | None:
    """The last files that came in."""
    centers = desk.centers(Action.IMPORT_CASES)
    if not centers:
        return None
    rows = ImportBatch.objects.filter(center__in=centers).defer("content", "verdicts", "preview", "mapping")
    return Card(
        title=gettext("Last imports"),
        lines=[
            Line(
                text=batch.file_name,
                address=reverse("admin:cases_importbatch_change", args=[batch.pk]),
                aside=f"{batch.created_at:%Y-%m-%d} · {batch.get_state_display()}",
            )
            for batch in rows.order_by("-id")[:LATEST]
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
                text=gettext("{count} cases of {center}").format(count=one.rows, center=one.center.code),
                address=reverse("admin:cases_listexport_change", args=[one.pk]),
                aside=f"{one.created_at:%Y-%m-%d} · {one.by.get_username()}",
            )
            for one in rows
        ],
        address=_list("cases_listexport_changelist"),
        empty=gettext("No list of cases was taken out yet."),
    )


CARDS = (
    (10, unsaved),
    (20, drafts),
    (30, queries),
    (40, deviations),
    (41, explained),
    (50, due),
    (60, lost),
    (70, imports),
    (100, exports),
)
