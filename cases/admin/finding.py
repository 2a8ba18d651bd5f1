"""The page of one finding: what was found on which values, the way to correct them, the answer, the decision on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from cases import answering, duplicates, telling
from cases import document as documents
from cases.admin import places
from cases.admin.finding_filters import entry
from cases.models import Case, DataQuery, Deviation
from cases.models.review import ReviewItem
from cases.rulebook import retelling
from cases.rulebook.evidence import evidence
from cases.vocabulary import EXPLANATIONS, Answer, Decision, ReviewState, Severity
from registry import access
from registry.access import Action
from registry.audit import history_of
from registry.history import capitalized, people
from registry.models import User

if TYPE_CHECKING:
    from cases.admin.findings import FindingAdmin

ANSWER, DECIDE = ("answer", "answer_text"), ("decision", "decision_text")
NAMES = {
    "new": gettext_lazy("New"),
    "returned": gettext_lazy("Returned"),
    "sent_back": gettext_lazy("Sent back: correct the data"),
    "answered": gettext_lazy("Answered"),
    "accepted": gettext_lazy("Accepted"),
    "not_accepted": gettext_lazy("Not accepted"),
    "closed": gettext_lazy("Closed"),
}


def standing(item: ReviewItem) -> tuple[str, str]:
    """Where a finding stands: its key, and the word for it."""
    key = str(item.state)
    if item.state == ReviewState.OPEN:
        key = "new" if not item.is_returned else "sent_back" if item.is_sent_back else "returned"
    elif item.state == ReviewState.DECIDED:
        key = str(item.decision)
    return key, str(NAMES[key])


class ConfirmForm(forms.Form):
    """Why the value is right."""

    answer_text = forms.CharField(
        required=False,
        label=gettext_lazy("Why the value is right"),
        help_text=gettext_lazy(
            "How you checked it, in at most 1000 characters. Never anything that identifies a person."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ExplainForm(ConfirmForm):
    """Why care was not as the algorithm expects."""

    answer = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Reason"),
        choices=[("", "–"), *((answer.value, answer.label) for answer in EXPLANATIONS)],
    )
    field_order = ("answer", "answer_text")

    def __init__(self, *args: Any, is_historical: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_historical:
            answer = cast(forms.ChoiceField, self.fields["answer"])
            answer.choices = [
                ("", "–"),
                *((a.value, a.label) for a in EXPLANATIONS if a != Answer.HISTORICAL_CASE),
            ]
        self.fields["answer_text"].label = gettext_lazy("In your words")
        self.fields["answer_text"].help_text = gettext_lazy(
            "Needed with another reason; at most 1000 characters. Never anything that identifies a person."
        )


class DecideForm(forms.Form):
    """What a second person makes of the answer."""

    decision = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Decision"),
        choices=Decision.choices,
        widget=forms.RadioSelect,
    )
    decision_text = forms.CharField(
        required=False,
        label=gettext_lazy("Why"),
        help_text=gettext_lazy(
            "Needed unless you accept; at most 1000 characters. Never anything that identifies a person."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@dataclass(frozen=True, kw_only=True)
class Place:
    """A field on the page of the case."""

    label: str
    anchor: str


@dataclass(frozen=True, kw_only=True)
class Used:
    """A value that the finding rests on, and where it can be corrected."""

    label: str
    value: str
    places: list[Place]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step in the life of the finding."""

    when: str
    what: str
    told: str = ""
    by: str = ""


class FindingPage:
    """One request for the page of a finding."""

    def __init__(self, model_admin: "FindingAdmin", request: HttpRequest, item: ReviewItem):
        self.admin, self.request, self.item = model_admin, request, item
        self.may_answer = access.may(request.user, answering.TO_ANSWER[type(item)], item.center_id)
        self.may_decide = access.may(request.user, answering.TO_DECIDE[type(item)], item.center_id)

    def show(self) -> HttpResponse:
        """Draw the page; a returned finding begins with the answer that it had, a decided one with its decision."""
        return self._draw(
            self._answer_form(initial=self._said(ANSWER)), DecideForm(initial=self._said(DECIDE))
        )

    def take(self) -> HttpResponse:
        """Take the answer or the decision; what is wrong comes back with all that was typed."""
        is_decision = self.request.POST.get("act") == "decide"
        posted = {name: self.request.POST.get(name, "") for name in (*ANSWER, *DECIDE, "seen")}
        try:
            self._decide(posted) if is_decision else self._answer(posted)
        except ValidationError as error:
            self.item.refresh_from_db()
            answer = self._answer_form(initial=self._said(ANSWER))
            decide = DecideForm(initial=self._said(DECIDE))
            if is_decision:
                decide = _with_errors(DecideForm(self.request.POST), error)
            else:
                answer = _with_errors(self._answer_form(data=self.request.POST), error)
            return self._draw(answer, decide, status=422)
        told = (
            gettext("{rule} of case {number}: your decision is kept.")
            if is_decision
            else gettext("{rule} of case {number}: your answer is kept.")
        )
        messages.success(self.request, told.format(rule=self.item.rule_id, number=self.item.case.case_number))
        return HttpResponseRedirect(self._back())

    def _answer(self, posted: dict[str, str]) -> None:
        by, text, seen = cast(User, self.request.user), posted["answer_text"], posted["seen"]
        if isinstance(self.item, Deviation):
            answering.explain(self.item, answer=posted["answer"], text=text, by=by, if_seen=seen)
        else:
            answering.confirm(cast(DataQuery, self.item), text=text, by=by, if_seen=seen)

    def _decide(self, posted: dict[str, str]) -> None:
        answering.decide(
            self.item,
            decision=posted["decision"],
            text=posted["decision_text"],
            by=cast(User, self.request.user),
            if_seen=posted["seen"],
        )

    def _said(self, names: tuple[str, str]) -> dict[str, str]:
        return {name: getattr(self.item, name) for name in names}

    def _back(self) -> str:
        """To where the person came from: the case, else the list as it was filtered."""
        if self.request.GET.get("from") == "case":
            return f"{reverse('admin:cases_case_change', args=[self.item.case_id])}#review"
        address = reverse(f"admin:cases_{self.admin.opts.model_name}_changelist")
        chosen = self.request.GET.get("_changelist_filters", "")
        return f"{address}?{chosen}" if chosen else address

    # --- drawing ----------------------------------------------------------------------------------------------------

    def _answer_form(self, **given: Any) -> ConfirmForm:
        if isinstance(self.item, Deviation):
            return ExplainForm(is_historical=self.item.is_historical, **given)
        return ConfirmForm(**given)

    def _draw(self, form: ConfirmForm, decide: DecideForm, status: int = 200) -> HttpResponse:
        item, (key, word) = self.item, standing(self.item)
        is_own = item.answered_by_id == self.request.user.pk
        to_answer = self.may_answer and item.state in (ReviewState.OPEN, ReviewState.ANSWERED)
        to_decide = self.may_decide and item.state in (ReviewState.ANSWERED, ReviewState.DECIDED)
        zone = ZoneInfo(item.center.timezone)
        title = gettext("{rule} of case {number}")
        title = title.format(rule=item.rule_id, number=item.case.case_number)
        context = {
            **self.admin.admin_site.each_context(self.request),
            "title": title,
            "opts": self.admin.opts,
            "item": item,
            "standing": {"key": key, "word": word},
            "is_deviation": isinstance(item, Deviation),
            "rule": entry(retelling.book_of(item), item.rule_id),
            "sentence": retelling.of_item(item),
            "severity": Severity(item.severity).label,
            "used": list(self._used()),
            "first": self._first(),
            "others": self._others(),
            "form": form,
            "decide": decide,
            "wrong": [*form, *decide],
            "general": [*form.non_field_errors(), *decide.non_field_errors()],
            "seen": answering.fingerprint(item),
            "may_answer": to_answer,
            "may_decide": to_decide and not is_own,
            "is_own": to_decide and is_own,
            "kept": _kept(form, "answer_text", to_answer) or _kept(decide, "decision_text", to_decide),
            "answered_when": _when(item.answered_at, zone) if item.answered_at else "",
            "decided_when": _when(item.decided_at, zone) if item.decided_at else "",
            "opened_on": item.opened_at.astimezone(zone).date(),
            "steps": _steps(item, zone),
            "back": self._back(),
            "may_audit": self.admin.may(self.request, Action.READ_AUDIT, item),
        }
        return TemplateResponse(self.request, "cases/admin/finding.html", context, status=status)

    def _used(self) -> Iterator[Used]:
        item = self.item
        (stored,) = documents.load([item.case_id])
        book = retelling.book_of(item)
        for fact in evidence(book, item.rule_id, item.pointer, item.values, stored.document):
            found = [
                Place(label=places.label(p) or fact.label, anchor=places.anchor(p)) for p in fact.pointers
            ]
            yield Used(label=fact.label, value=fact.value, places=[place for place in found if place.anchor])

    def _first(self) -> Place | None:
        """The place that the finding points at."""
        anchor = places.anchor(self.item.pointer)
        return Place(label=places.label(self.item.pointer), anchor=anchor) if anchor else None

    def _others(self) -> list[Case]:
        """The cases that may be the same patient's."""
        if self.item.rule_id != duplicates.RULE_ID:
            return []
        numbers = self.item.values.get("case_number", [])
        return list(Case.objects.filter(center=self.item.center_id, case_number__in=numbers))


def _kept(form: Any, name: str, is_drawn: bool) -> str:
    """What was typed into a form that is not drawn any more."""
    return "" if is_drawn else form.data.get(name, "")


def _with_errors(form: Any, error: ValidationError) -> Any:
    """The form with what was typed and what the use case says of it, which is all that counts."""
    form.full_clean()
    form.errors.clear()
    for name, told in error.message_dict.items():
        form.add_error(name if name in form.fields else None, told)
    return form


# --- the life of a finding ------------------------------------------------------------------------------------------


def _steps(item: ReviewItem, zone: ZoneInfo) -> list[Step]:
    """What became of the finding, newest first; who answered is told, who changed the data the case's history tells."""
    events = list(history_of(item))
    names = people(pk for event in events for pk in (event.answered_by_id, event.decided_by_id))
    before, steps = None, []
    for event in events:
        was, told = before.state if before else None, _told(before, event)
        if told or was != event.state:
            what = capitalized(telling.became(was, event.state, decision=_newly_decided(before, event)))
            by = names.get(_by(before, event), "")
            steps.append(Step(when=_when(event.pgh_created_at, zone), what=what, told=told, by=by))
        before = event
    return steps[::-1]


def _when(at: datetime, zone: ZoneInfo) -> str:
    """The minute, where the patient is."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _newly_decided(before: Any, after: Any) -> str:
    """The decision, if it was taken at this step."""
    return after.decision if before is None or before.decided_at != after.decided_at else ""


def _by(before: Any, after: Any) -> int | None:
    """Who spoke at this step; nobody where the finding came or went by itself."""
    if _newly_decided(before, after):
        return after.decided_by_id
    return after.answered_by_id if after.state == ReviewState.ANSWERED else None


def _told(before: Any, after: Any) -> str:
    """What was answered, decided or found at one step; empty where there is nothing new to say."""
    was = before.state if before else None
    if _newly_decided(before, after):
        return after.decision_text
    if after.state == ReviewState.ANSWERED:
        return _answer(after) if was != after.state or _answer(before) != _answer(after) else ""
    if after.state in (ReviewState.CLOSED, ReviewState.DECIDED):
        return ""
    return retelling.of_item(after) if was != after.state or before.sentence != after.sentence else ""


def _answer(event: Any) -> str:
    label = str(Answer(event.answer).label) if event.answer else ""
    return f"{label}. {event.answer_text}" if event.answer_text else label
