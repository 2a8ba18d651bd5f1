"""The page of one case: drawn from its document, read back as a document, written through intake alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from django.contrib import messages
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext

from cases import answering, drafts, intake
from cases import document as documents
from cases.admin import answer_history, merge
from cases.admin.answers import CONFIRM, SEEN
from cases.admin.layout import Layout
from cases.admin.record import NEVER_SAVED, OWN, TEXTS, RecordForm, beginning, record_form, token_in
from cases.admin.sheet import Sheet, Told, TooManyRowsError, with_one_more
from cases.document import StoredCase
from cases.intake import Receipt, Submission
from cases.models import Case, DataQuery, EntryDraft
from cases.problems import DocumentError, Problem
from cases.vocabulary import Source, Status
from registry.access import Action
from registry.admin import centers_where
from registry.models import User

if TYPE_CHECKING:
    from cases.admin.case import CaseAdmin

ADD = "_add"  # the button that asks for one row more


class _NotSaved(Exception):  # noqa: N818 (it is no error)
    """Takes back what was written: something that was sent with it cannot be taken."""

    def __init__(self, told: list[Told]):
        self.told = told


class CasePage:
    """One request for the page of a case, or of a new one."""

    def __init__(
        self, model_admin: "CaseAdmin", request: HttpRequest, case: Case | None, *, may_record: bool
    ):
        self.admin, self.request, self.case = model_admin, request, case
        self.user = cast(User, request.user)
        self.stored = _stored(case) if case else None
        self.is_locked = bool(case and case.status == Status.LOCKED)
        self.may_keep = may_record  # also what comes too late for a case that was locked meanwhile
        self.may_record = may_record and not self.is_locked
        self.confirmed = 0  # answers that were said to be right
        self.passed_over = 0  # and those that were typed to another question than is asked now

    # --- reading ----------------------------------------------------------------------------------------------------

    def show(self) -> HttpResponse:
        """Draw the page from what this person has typed and not saved, else from what is stored."""
        token = token_in(self.request.GET)
        entry = drafts.find(by=self.user, token=token, case=self.case) if self.may_record else None
        if entry is not None and not self._is_unsaved(entry):
            entry = None
        if entry is not None and (drafts.is_of(entry, token) or not self._is_old(entry)):
            return self._show_entry(entry)
        record = self._record(initial=beginning(self.stored, self.user))
        sheet = Sheet.of(self.stored.document if self.stored else None)
        self._mark(sheet, record)
        return self._draw(record, sheet, offered=entry, is_gone=bool(token and not self.case))

    def typed(self, data: QueryDict) -> HttpResponse:
        """Draw the page with what was typed and not saved."""
        self._keep(data)
        return self._draw(self._record(data=data), Sheet.sent(data), data=data)

    def _show_entry(self, entry: EntryDraft) -> HttpResponse:
        data = _sent(entry)
        record, sheet = self._record(data=data), Sheet.sent(data)
        self._mark(sheet, record)
        return self._draw(record, sheet, data=data, entry=entry)

    def _mark(self, sheet: Sheet, record: RecordForm) -> None:
        """Put a mark beside the answers that have a history; rows have kept their places so far."""
        if self.case:
            for form in sheet.forms():
                form.pointer = form.stored_pointer
            answer_history.mark(sheet, record, self.case)

    def _is_old(self, entry: EntryDraft) -> bool:
        """Whether it was begun on another version: it is offered then, and what is stored is shown."""
        return self.stored is not None and entry.fields.get("version") != [str(self.stored.version)]

    def _is_unsaved(self, entry: EntryDraft) -> bool:
        """Whether an entry says anything else than what is stored; one that came in after the saving does not."""
        if self.stored is None or self._says_more(entry) or self.read(_sent(entry)) != self.stored.document:
            return True
        drafts.discard(entry.token, by=self.user)
        return False

    def _says_more(self, entry: EntryDraft) -> bool:
        """Whether an entry holds a reason, or the answer to a query that is still open."""
        if entry.fields.get("reason"):
            return True
        confirmed = [int(name) for name in _confirmations(_sent(entry))]
        return DataQuery.objects.open().filter(case=self.case, pk__in=confirmed).exists()

    # --- writing ----------------------------------------------------------------------------------------------------

    def save(self, data: QueryDict) -> HttpResponse:
        """Take what was sent through intake; whatever is wrong comes back on the page with all that was typed."""
        record = self._record(data=data)
        try:
            sheet = Sheet.sent(data)
        except TooManyRowsError as error:
            stored = Sheet.of(self.stored.document if self.stored else None)
            return self._draw(record, stored, told=[Told(message=str(error))], data=data, status=422)
        if (asked := self._asked_before_saving(data, sheet)) is not None:
            return asked
        if not record.is_valid():
            told = [_told(record, name, error) for name, errors in record.errors.items() for error in errors]
            return self._refused(record, sheet, told, data)
        try:
            problems = self._submit(record.cleaned_data, sheet, data)
        except _NotSaved as refused:
            return self._refused(record, sheet, refused.told, data)
        if isinstance(problems, merge.Overtaken):
            self._keep(data)
            return merge.show(self, data, problems)
        if isinstance(problems, Receipt):
            return self._saved(problems)
        own = [problem for problem in problems if problem.pointer in OWN]
        for problem in own:
            record.add_error(OWN[problem.pointer], problem.message)
        told = [Told(message=p.message, anchor=f"answer-{OWN[p.pointer]}", pointer=p.pointer) for p in own]
        told += sheet.place(problem for problem in problems if problem not in own)
        return self._refused(record, sheet, told, data)

    def _asked_before_saving(self, data: QueryDict, sheet: Sheet) -> HttpResponse | None:
        if ADD in data:
            return self._one_row_more(data, sheet)
        is_anothers = data.get("person", str(self.user.pk)) != str(self.user.pk)
        return self._anothers(data) if is_anothers else None

    def _anothers(self, data: QueryDict) -> HttpResponse:
        """Ask whoever signed in meanwhile whether they answer for what another person typed."""
        mine = data.copy()
        mine["person"], mine["entry"] = str(self.user.pk), str(uuid4())
        said = gettext(
            "Somebody else opened this page, and you are signed in as {name}. Look at what is entered;"
            " save again to save it under your name."
        )
        told = [Told(message=said.format(name=self.user.get_full_name() or self.user.username))]
        return self._refused(self._record(data=mine), Sheet.sent(mine), told, mine)

    def _one_row_more(self, data: QueryDict, sheet: Sheet) -> HttpResponse:
        """Draw the page again with one row more in a list, and nothing saved: for browsers without scripts."""
        prefix, *answer = str(data[ADD]).split() or [""]
        if (block := sheet.block(prefix)) is not None:
            data = with_one_more(block, data, answer)
            sheet = Sheet.sent(data)
            sheet.begin(prefix)
        self._keep(data)
        return self._draw(self._record(data=data), sheet, data=data)

    def read(self, data: QueryDict) -> Any:
        """What was typed, as a document; None when something in it is wrong."""
        record = self._record(data=data)
        try:
            return self._document(record.cleaned_data, Sheet.sent(data)) if record.is_valid() else None
        except (DocumentError, TooManyRowsError):
            return None

    def _document(self, given: dict[str, Any], sheet: Sheet) -> Any:
        own = {name: given[name] for name in TEXTS}
        if self.case:
            own["case_number"] = self.case.case_number
        return documents.parse({**own, **sheet.plain()})

    def _submit(
        self, given: dict[str, Any], sheet: Sheet, data: QueryDict
    ) -> "Receipt | list[Problem] | merge.Overtaken":
        try:
            document = self._document(given, sheet)
        except DocumentError as error:
            return error.problems
        version = given["version"] if self.case else NEVER_SAVED
        center = self.case.center if self.case else given["center"]
        submission = Submission(document=document, if_version=version or NEVER_SAVED)
        reason = given.get("reason", "")
        with transaction.atomic():
            receipt = intake.save_case(
                submission, center=center, by=self.user, source=Source.ADMIN, reason=reason
            )
            judged = self._judged(receipt, document)
            if isinstance(judged, Receipt):
                passed_over = self._confirm(judged, data)
                if token := token_in(data):
                    drafts.discard(token, by=self.user, fields=typed_in(data))
                if passed_over:
                    self._keep_answers(judged, passed_over)
        return judged

    def _judged(self, receipt: Receipt, document: Any) -> "Receipt | list[Problem] | merge.Overtaken":
        if receipt.verdict != "rejected":
            return receipt
        if all(problem.code != "stale_version" for problem in receipt.errors) or receipt.case_id is None:
            return receipt.errors
        there = self.stored
        if there is None or there.version != receipt.version:
            (there,) = documents.load([receipt.case_id])
        if there.document == document:  # the same page sent twice
            return Receipt(
                case_number=receipt.case_number, verdict="unchanged", case_id=there.id, version=there.version
            )
        if self.case:
            return merge.Overtaken(theirs=there, mine=document)
        return [self._taken(receipt.case_number)]

    def _taken(self, number: str) -> Problem:
        told = gettext(
            "Case number {number} is used already in this center. Open that case, or choose another number."
        )
        return Problem(pointer="/case_number", code="case_exists", message=told.format(number=number))

    def _confirm(self, receipt: Receipt, data: QueryDict) -> dict[str, str]:
        """Answer the queries that were said to be right; one that the correction closed needs no answer.

        Gives back what was typed to a query that asks about another value now: that is an answer to no question.
        """
        wanted, passed_over = _confirmations(data), {}
        for query in DataQuery.objects.open().filter(case=receipt.case_id, pk__in=map(int, wanted)):
            text = wanted[str(query.pk)]
            if data.get(f"{SEEN}{query.pk}") != answering.fingerprint(query):
                passed_over[f"{CONFIRM}{query.pk}"] = text
                continue
            try:
                answering.confirm(query, text=text, by=self.user)
                self.confirmed += 1
            except ValidationError as error:
                told = [Told(message=said, anchor=f"{CONFIRM}{query.pk}") for said in error.messages]
                raise _NotSaved(told) from None
        return passed_over

    def _keep_answers(self, receipt: Receipt, answers: dict[str, str]) -> None:
        """Keep answers that were not taken as an entry on the case that is stored now, beside what it asks."""
        assert receipt.case_id is not None
        assert self.case is not None
        (stored,) = documents.load([receipt.case_id])
        told = {name: [str(value)] for name, value in beginning(stored, self.user).items()}
        told |= dict(Sheet.of(stored.document).as_sent()) | {name: [text] for name, text in answers.items()}
        drafts.keep(uuid4(), center=self.case.center, case=self.case, fields=told, by=self.user)
        self.passed_over = len(answers)

    def _saved(self, receipt: Receipt) -> HttpResponse:
        said = []
        if receipt.verdict != "unchanged":
            said.append(gettext("Saved as version {version}.").format(version=receipt.version))
        if n := self.confirmed:
            said.append(ngettext("{n} answer confirmed.", "{n} answers confirmed.", n).format(n=n))
        said = said or [gettext("Nothing was changed.")]
        told = gettext("Case {number}: {said}").format(number=receipt.case_number, said=" ".join(said))
        messages.success(self.request, told)
        self._warn(receipt)
        return HttpResponseRedirect(self.address(receipt.case_id))

    def _warn(self, receipt: Receipt) -> None:
        """Say what the saved case asks for."""
        was_complete = self.case is not None and self.case.status == Status.COMPLETE
        if was_complete and Case.objects.filter(pk=receipt.case_id, status=Status.DRAFT).exists():
            link = '<a class="case-go" href="#missing">{}</a>'
            told = gettext("The case is a draft again: answers are missing that a complete case needs.")
            messages.warning(self.request, format_html(link, told))
        if n := DataQuery.objects.open().filter(case=receipt.case_id).count():
            told = ngettext(
                "{n} answer is to be confirmed or corrected.",
                "{n} answers are to be confirmed or corrected.",
                n,
            )
            link = '<a class="case-go" href="#review">{}</a>'
            messages.warning(self.request, format_html(link, told.format(n=n)))
        if n := self.passed_over:
            told = ngettext(
                "{n} answer was not taken: the value changed. It stands beside the question as it is now.",
                "{n} answers were not taken: the values changed. They stand beside the questions as they are now.",
                n,
            )
            messages.warning(self.request, told.format(n=n))

    def address(self, case_id: int | None) -> str:
        """The page of a case, which still knows the list that the person came from."""
        kept = {"opts": self.admin.opts, "preserved_filters": self.admin.get_preserved_filters(self.request)}
        return add_preserved_filters(kept, reverse("admin:cases_case_change", args=[case_id]))

    # --- what is not saved ------------------------------------------------------------------------------------------

    def _refused(self, record: RecordForm, sheet: Sheet, told: list[Told], data: QueryDict) -> HttpResponse:
        """Draw the page again with what is wrong; what was typed is kept, in case the page is left."""
        self._keep(data)
        return self._draw(record, sheet, told=told, data=data, status=422)

    def _keep(self, data: QueryDict) -> None:
        token, center = token_in(data), self.case.center if self.case else self._chosen_center(data)
        if token and center and self.may_keep:
            try:
                drafts.keep(token, center=center, case=self.case, fields=typed_in(data), by=self.user)
            except (ValidationError, PermissionDenied):
                return  # what was typed is on the page all the same

    def _chosen_center(self, data: QueryDict) -> Any:
        record = self._record(data=data)
        record.is_valid()
        return record.cleaned_data.get("center")

    # --- drawing ----------------------------------------------------------------------------------------------------

    def _record(self, **given: Any) -> RecordForm:
        centers = () if self.case else centers_where(self.request, Action.RECORD)
        return record_form(self.case, centers, may_record=self.may_record, **given)

    def _draw(
        self,
        record: RecordForm,
        sheet: Sheet,
        *,
        told: Sequence[Told] = (),
        data: QueryDict | None = None,
        entry: EntryDraft | None = None,
        offered: EntryDraft | None = None,
        is_gone: bool = False,
        status: int = 200,
    ) -> HttpResponse:
        sheet.is_locked = not self.may_record
        layout = Layout(self, record, sheet, told=told, data=data)
        return layout.response(entry=entry, offered=offered, is_gone=is_gone, status=status)


def _stored(case: Case) -> StoredCase:
    (stored,) = documents.load([case.pk])
    return stored


def typed_in(data: QueryDict) -> dict[str, list[str]]:
    """What a page sent, without what belongs to the request."""
    return {
        name: values
        for name, values in data.lists()
        if name != "csrfmiddlewaretoken" and not name.startswith("_")
    }


def _sent(entry: EntryDraft) -> QueryDict:
    """An entry as if a page that goes on with it had just been sent."""
    data = QueryDict(mutable=True)
    for name, values in drafts.going_on_from(entry).items():
        data.setlist(name, values)
    return data


def _confirmations(data: QueryDict) -> dict[str, str]:
    """What was typed to say that a value is right, by the number of its query."""
    typed = {name.removeprefix(CONFIRM): str(text) for name, text in data.items() if name.startswith(CONFIRM)}
    return {
        n: text for n, text in typed.items() if n.isascii() and n.isdigit() and len(n) < 19 and text.strip()
    }


def _told(form: RecordForm, name: str, error: Any) -> Told:
    return Told(message=f"{form[name].label}: {error}", anchor=f"answer-{name}", pointer=f"/{name}")
