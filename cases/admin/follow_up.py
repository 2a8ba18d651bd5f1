"""Follow-up due, and lost: two lists on which an attempt to reach a patient is written down in its row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext, gettext_lazy

from cases import duty, follow_up, intake, versions
from cases.follow_up import News, Outcome, Which
from cases.models import Case, ContactAttempt, Deviation, FollowUp, SurvivalObservation, Transfer
from cases.rulebook import retelling
from cases.vocabulary import AttemptOutcome, ContactType, VitalStatus
from registry import access
from registry.access import Action
from registry.admin import centers_where, site
from registry.bounded import BoundedPaginator
from registry.dates import PartialDate, as_iso, months_later
from registry.models import Center, User

PER_PAGE = 25
Visit = tuple[str, PartialDate | None]  # vital status, date
WAYS = [(way.value, way.label) for way in ContactType if way != ContactType.PUBLICATION]
# Days overdue, as one filters by them: (least, most).
SPANS: dict[Which, dict[str, tuple[int, int | None]]] = {
    Which.DUE: {"0-30": (0, 30), "31-60": (31, 60), "61-": (61, None)},
    Which.LOST: {"0-180": (0, 180), "181-365": (181, 365), "366-": (366, None)},
}
SPAN_LABELS = {
    "0-30": gettext_lazy("up to 30 days"),
    "31-60": gettext_lazy("31 to 60 days"),
    "61-": gettext_lazy("more than 60 days"),
    "0-180": gettext_lazy("up to 180 days"),
    "181-365": gettext_lazy("181 to 365 days"),
    "366-": gettext_lazy("more than 365 days"),
}
ABOUT_FOLLOW_UP = ("S-17", "L-20")  # deviations that the next contact can mend
SAID, WAY = (
    "follow_up_said",
    "follow_up_way",
)  # in the session: what became of the last click, how it was made


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was typed in a row, as it comes back when something is wrong with it."""

    on: str = ""
    died_on: str = ""
    way: str = ""
    note: str = ""
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Row:
    """One patient on the list."""

    case: Case
    last_contact: PartialDate
    due_on: date
    days: int
    status: str
    also_due: list[str]
    attempt: ContactAttempt | None
    may_record: bool
    typed: Typed
    transfer: Transfer | None = None  # of a patient who is followed for another center


class FollowUpPage:
    """One request for one of the two lists."""

    def __init__(self, request: HttpRequest, which: Which):
        self.request, self.which = request, which
        self.by = cast(User, request.user)

    def answer(self) -> HttpResponse:
        """Show the list, or write down what came of an attempt and show it again."""
        return self._record() if self.request.method == "POST" else self._show()

    # --- the list ---------------------------------------------------------------------------------------------------

    @cached_property
    def centers(self) -> list[Center]:
        """The centers whose cases the person reads."""
        return access.center_rows(self.by)

    @cached_property
    def center(self) -> Center | None:
        """The one center that was chosen; another's does not exist."""
        chosen = self.request.GET.get("center", "")
        return next((center for center in self.centers if str(center.pk) == chosen), None)

    @cached_property
    def taken(self) -> dict[int, Transfer]:
        """The patients of other centers who are followed here, by case."""
        return duty.taken_over(self.centers)

    @cached_property
    def text(self) -> str:
        """What the case number begins with."""
        return self.request.GET.get("q", "").replace("\x00", "").strip()

    def _show(
        self, case_id: int | None = None, typed: Typed | None = None, status: int = 200
    ) -> HttpResponse:
        span = self.request.GET.get("overdue", "")
        least, most = SPANS[self.which].get(span, (0, None))
        rows = follow_up.waiting(
            self.which,
            [self.center] if self.center else self.centers,
            taken=self.taken,
            least=least,
            most=most,
        )
        if self.text:
            rows = rows.filter(case__case_number__begins=self.text)
        paginator = BoundedPaginator(rows.select_related("case__center", "case__patient"), PER_PAGE)
        with duty.seeing([center.pk for center in self.centers], self.taken):
            page = paginator.get_page(self.request.GET.get("p"))
            shown = self._rows(list(page.object_list), case_id, typed)
        said = self.request.session.pop(SAID, {"text": "", "place": 0})
        context = {
            **site.each_context(self.request),
            "title": self.which.label,
            "which": self.which,
            "rows": shown,
            "said": said["text"],
            "said_at": min(said["place"], len(shown)),
            "typed": typed,
            "wrong_in": case_id,
            "pages": paginator.pages(page.number, self._address),
            "centers": self.centers,
            "center": self.center,
            "spans": [(value, SPAN_LABELS[value], value == span) for value in SPANS[self.which]],
            "text": self.text,
            "is_narrowed": bool(self.text or self.center or span in SPANS[self.which]),
            "ways": WAYS,
            "outcomes": AttemptOutcome,
            "longest_note": follow_up.LONGEST_NOTE,
        }
        return TemplateResponse(self.request, "cases/admin/follow_up.html", context, status=status)

    def _address(self, page: int) -> str:
        query: QueryDict = self.request.GET.copy()
        query["p"] = str(page)
        return f"?{query.urlencode()}"

    def _rows(self, seen: list[SurvivalObservation], case_id: int | None, typed: Typed | None) -> list[Row]:
        ids = [one.case_id for one in seen]
        visits, attempts, due = _visits(ids), _attempts(ids), _due(ids)
        mine = centers_where(self.request, Action.RECORD_FOLLOW_UP)
        way = Typed(way=self.request.session.get(WAY, ""))
        rows = []
        for one in seen:
            assert one.last_contact_on is not None
            assert one.last_contact is not None
            transfer = self.taken.get(one.case_id)
            follows = one.case.center if transfer is None else transfer.receiving_center
            rows.append(
                Row(
                    case=one.case,
                    last_contact=one.last_contact,
                    due_on=months_later(one.last_contact_on, follow_up.DUE_MONTHS),
                    days=follow_up.days_overdue(one.last_contact_on, intake.today_at(follows)),
                    status=_status(visits.get(one.case_id, []), one.last_contact),
                    also_due=due.get(one.case_id, []),
                    attempt=attempts.get(one.case_id),
                    may_record=follows.pk in mine,
                    typed=typed if typed and one.case_id == case_id else way,
                    transfer=transfer,
                )
            )
        return rows

    # --- writing ----------------------------------------------------------------------------------------------------

    def _record(self) -> HttpResponse:
        sent = self.request.POST
        case = self._case(_number(sent.get("case")))
        typed = Typed(
            on=sent.get("on", "").strip(),
            died_on=sent.get("died_on", "").strip(),
            way=sent.get("way", ""),
            note=sent.get("note", "").strip(),
        )
        outcome = AttemptOutcome(sent["outcome"]) if sent.get("outcome") in AttemptOutcome.values else None
        if outcome is None:
            raise Http404
        news, wrong = _read(typed, outcome)
        if news is None:
            return self._refuse(case, typed, wrong)
        self.request.session[WAY] = news.contact_type
        said = follow_up.record(
            case,
            news,
            by=self.by,
            if_version=_number(sent.get("version")),
            is_meant=sent.get("is_meant") == "yes",
            under=None if access.may(self.by, Action.RECORD, case.center_id) else self.taken.get(case.pk),
        )
        if said.verdict == "refused":
            return self._refuse(case, typed, said.reasons)
        if said.verdict == "unusual":
            return self._ask(case, news, said.others)
        place = _number(sent.get("place")) or 0
        self.request.session[SAID] = {"place": place, "text": _told(case, news, said)}
        return HttpResponseRedirect(f"{self.request.get_full_path()}#said")

    def _case(self, pk: int | None) -> Case:
        """The case, an own one or one followed for another center; missing and foreign ones do not exist alike."""
        case = Case.objects.visible_to(self.by).select_related("center").filter(pk=pk).first()
        if case is not None and access.may(self.by, Action.RECORD, case.center_id):
            return case
        if pk in self.taken:
            with duty.opened(self.taken[pk], by=self.by, action=Action.RECORD_FOLLOW_UP) as opened:
                return opened
        if case is None:
            raise Http404
        raise PermissionDenied(gettext("You may read this case, but not change it."))

    def _refuse(self, case: Case, typed: Typed, reasons: list[str]) -> HttpResponse:
        told = [gettext("Case {number}: nothing was saved.").format(number=case.case_number), *reasons]
        return self._show(case.pk, replace(typed, wrong=tuple(told)), status=422)

    def _ask(self, case: Case, news: News, others: int) -> HttpResponse:
        """Let the person say that one date for many patients is meant."""
        context = {
            **site.each_context(self.request),
            "title": gettext("One date for many patients?"),
            "case": case,
            "date": news.died_on or news.on,
            "others": others,
            "hours": follow_up.RECENTLY.seconds // 3600,
            "sent": {
                name: self.request.POST.get(name, "")
                for name in ("case", "version", "on", "died_on", "way", "note", "outcome", "place")
            },
            "back": f"{self.request.get_full_path()}#case-{case.pk}",
        }
        return TemplateResponse(self.request, "cases/admin/follow_up_unusual.html", context)


# --- what a row says of a patient -----------------------------------------------------------------------------------


def _visits(ids: list[int]) -> dict[int, list[Visit]]:
    """What the visits of each case say, and when."""
    found: dict[int, list[Visit]] = {}
    rows = FollowUp.objects.filter(case__in=ids, vital_status__isnull=False).order_by("position")
    for case_id, on, status in rows.values_list("case_id", "visit_on", "vital_status"):
        found.setdefault(case_id, []).append((status, on))
    return found


def _status(visits: list[Visit], last: PartialDate) -> str:
    """Alive, or lost since the last contact; with the date of the visit where that is not the last contact."""
    if not visits:
        return ""
    lost = [on for status, on in visits if status == VitalStatus.LOST]
    standing = [on for on in lost if on is None or not on.surely_before(last)]
    if standing:
        on = min(filter(None, standing), key=lambda on: on.imputed(), default=None)
        return _dated(VitalStatus.LOST, on)
    alive = [on for status, on in visits if status == VitalStatus.ALIVE and on]
    on = max(alive, key=lambda on: (on.latest, on.earliest), default=None)
    return _dated(VitalStatus.ALIVE, None if on == last else on)


def _dated(status: VitalStatus, on: PartialDate | None) -> str:
    return f"{status.label}, {on}" if on else str(status.label)


def _attempts(ids: list[int]) -> dict[int, ContactAttempt]:
    """The latest attempt at each case."""
    rows = (
        ContactAttempt.objects.filter(case__in=ids)
        .order_by("case_id", "-tried_on", "-id")
        .distinct("case_id")
    )
    return {attempt.case_id: attempt for attempt in rows}


def _due(ids: list[int]) -> dict[int, list[str]]:
    """What else the next contact should bring, by the algorithm."""
    due: dict[int, list[str]] = {}
    book = versions.active()
    rows = Deviation.objects.open().filter(case__in=ids, rule_id__in=ABOUT_FOLLOW_UP).order_by("rule_id")
    for case_id, rule_id in rows.values_list("case_id", "rule_id"):
        due.setdefault(case_id, []).append(retelling.title(rule_id, book))
    return due


def _number(text: str | None) -> int | None:
    """A number that the page itself put there; anything else is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _read(typed: Typed, outcome: AttemptOutcome) -> tuple[News | None, list[str]]:
    """What was typed, as news; or all that is wrong with it."""
    wrong = [] if typed.way in dict(WAYS) else [gettext("Choose how the contact was made.")]
    dates: dict[str, PartialDate | None] = {}
    for name in ("on", "died_on") if outcome == AttemptOutcome.DEAD else ("on",):
        text = as_iso(getattr(typed, name))
        try:
            dates[name] = PartialDate.parse(text) if text else None
        except ValueError:
            told = gettext("{date} is no date. Write it as YYYY-MM-DD; of a death, YYYY-MM or YYYY will do.")
            wrong.append(told.format(date=text))
    if wrong:
        return None, wrong
    return News(outcome=outcome, contact_type=ContactType(typed.way), note=typed.note, **dates), []


def _told(case: Case, news: News, said: Outcome) -> str:
    """What became of it, in one sentence, and when the next contact is due."""
    number = case.case_number
    if said.verdict == "known":
        return gettext("Case {number}: this was recorded already; nothing was changed.").format(number=number)
    if news.outcome == AttemptOutcome.UNREACHABLE:
        return gettext("Case {number}: the attempt is noted; the patient stays on the list.").format(
            number=number
        )
    if news.outcome == AttemptOutcome.DEAD:
        told = gettext(
            "Case {number}: dead, {date}. The cause is recorded as unknown; add it on the page of the case."
        )
        return told.format(number=number, date=news.died_on)
    with access.scope([case.center_id]):  # this person has just recorded news of the patient
        last = SurvivalObservation.objects.values_list("last_contact_on", flat=True).get(pk=case.pk)
    told = gettext("Case {number}: alive on {date}. The next contact is due on {due}.")
    return told.format(
        number=number, date=news.on, due=months_later(last, follow_up.DUE_MONTHS) if last else "–"
    )


def page(which: Which) -> Callable[[HttpRequest], HttpResponse]:
    """The view of one list."""

    def view(request: HttpRequest) -> HttpResponse:
        return FollowUpPage(request, which).answer()

    return view


for _which in Which:
    site.add_page(f"follow-up/{_which.value}/", page(_which), f"follow_up_{_which.value}")

__all__: list[Any] = ["FollowUpPage", "page"]
