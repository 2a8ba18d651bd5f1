"""The page of one case: drawn from its document, read back as a document, written through intake alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy

from cases import document as documents
from cases import intake
from cases.admin import answer_history, locking, merge, review
from cases.admin.sheet import Block, Sheet, Told, TooManyRowsError
from cases.admin.widgets import Choice, Line, Suggesting
from cases.document import StoredCase
from cases.intake import Receipt, Submission
from cases.models import Assessment, Case, DataQuery
from cases.problems import DocumentError, Problem
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.completeness import missing_answers
from cases.vocabulary import Severity, Source, Status, Verdict
from registry.access import Action
from registry.admin import centers_where
from registry.models import Center, User

if TYPE_CHECKING:
    from cases.admin.case import CaseAdmin

NEVER_SAVED = 0  # no stored case has this version, so a new one cannot overwrite any
SECTIONS = (
    ("Patient", ("patient", "consent")),
    ("Presentation", ("presentation",)),
    ("Work-up", ("diagnosis", "imaging", "biopsies", "mdt_meetings")),
    ("Tumor", ("tumor",)),
    ("Therapy", ("therapies",)),
    ("Operation", ("operations",)),
    ("Pathology", ("pathology",)),
    ("Early outcome", ("complications", "discharge", "antithrombotics")),
    ("Follow-up", ("follow_ups", "recurrences", "death")),
)
OWN = {
    "/case_number": "case_number",
    "/citation": "citation",
    "/note": "note",
    "/reason": "reason",
}
COMMON_REASONS = (
    gettext_lazy("New information"),
    gettext_lazy("Typing error"),
    gettext_lazy("Source document corrected"),
    gettext_lazy("Query answered"),
)
VERDICT_ORDER = (Verdict.DEVIATION, Verdict.NOT_ASSESSABLE, Verdict.CONCORDANT, Verdict.NOT_APPLICABLE)


class RecordForm(forms.Form):
    """What belongs to the case itself: its number, its notes, and why it changes."""

    center = forms.ModelChoiceField(Center.objects.none(), empty_label=None, widget=Choice)
    case_number = forms.CharField(
        required=False,
        strip=False,
        widget=Line(attrs={"autocomplete": "off"}),
        help_text="The center's own number for this case; never a hospital or national id. It stays as it is.",
    )
    reason = forms.CharField(
        required=False,
        max_length=200,
        label=gettext_lazy("Reason for this change"),
        widget=Suggesting(COMMON_REASONS),
        help_text=gettext_lazy("Kept in the history; needed once the case is complete"),
    )
    citation = forms.CharField(
        required=False,
        strip=False,
        widget=Line,
        help_text="The publication, for a case from the literature",
    )
    note = forms.CharField(
        required=False,
        strip=False,
        widget=Line,
        help_text="What no field says; never anything that identifies a person",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    base = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)  # merge.py says what for


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page."""

    title: str
    anchor: str
    blocks: list[Block]

    @property
    def error_count(self) -> int:
        """How many answers in it are wrong."""
        return sum(block.error_count for block in self.blocks)


class CasePage:
    """One request for the page of a case, or of a new one."""

    def __init__(
        self, model_admin: "CaseAdmin", request: HttpRequest, case: Case | None, *, may_record: bool
    ):
        self.admin, self.request, self.case = model_admin, request, case
        self.stored = _stored(case) if case else None
        self.is_locked = bool(case and case.status == Status.LOCKED)
        self.may_record = may_record and not self.is_locked

    # --- reading ----------------------------------------------------------------------------------------------------

    def show(self) -> HttpResponse:
        """Draw the page from what is stored."""
        document = self.stored.document if self.stored else None
        given = (
            {name: getattr(document, name) for name in ("case_number", "citation", "note")}
            if document
            else {}
        )
        begun = {"version": self.stored.version, "base": merge.as_text(document)} if self.stored else {}
        record = self._record(initial={**given, "version": NEVER_SAVED, **begun})
        sheet = Sheet.of(document)
        if self.case:
            answer_history.mark(sheet, record, self.case)
        return self._draw(record, sheet, [])

    # --- writing ----------------------------------------------------------------------------------------------------

    def typed(self, data: QueryDict) -> HttpResponse:
        """Draw the page with what was typed and not saved."""
        return self._draw(self._record(data=data), Sheet.sent(data), [])

    def save(self, data: QueryDict) -> HttpResponse:
        """Take what was sent through intake; whatever is wrong comes back on the page with all that was typed."""
        record = self._record(data=data)
        try:
            sheet = Sheet.sent(data)
        except TooManyRowsError as error:
            stored = Sheet.of(self.stored.document if self.stored else None)
            return self._draw(record, stored, [Told(message=str(error))], status=422)
        if not record.is_valid():
            told = [_told(record, name, error) for name, errors in record.errors.items() for error in errors]
            return self._draw(record, sheet, told, status=422)
        problems = self._submit(record.cleaned_data, sheet)
        if isinstance(problems, merge.Overtaken):
            return merge.show(self, data, problems)
        if isinstance(problems, Receipt):
            return self._saved(problems)
        own = [problem for problem in problems if problem.pointer in OWN]
        for problem in own:
            record.add_error(OWN[problem.pointer], problem.message)
        told = [Told(message=p.message, anchor=f"answer-{OWN[p.pointer]}") for p in own]
        told += sheet.place(problem for problem in problems if problem not in own)
        return self._draw(record, sheet, told, status=422)

    def read(self, data: QueryDict) -> Any:
        """What was typed, as a document; None when something in it is wrong."""
        record = self._record(data=data)
        try:
            return self._document(record.cleaned_data, Sheet.sent(data)) if record.is_valid() else None
        except (DocumentError, TooManyRowsError):
            return None

    def _document(self, given: dict[str, Any], sheet: Sheet) -> Any:
        own = {name: given[name] for name in ("case_number", "citation", "note")}
        if self.case:
            own["case_number"] = self.case.case_number
        return documents.parse({**own, **sheet.plain()})

    def _submit(self, given: dict[str, Any], sheet: Sheet) -> "Receipt | list[Problem] | merge.Overtaken":
        try:
            document = self._document(given, sheet)
        except DocumentError as error:
            return error.problems
        version = given["version"] if self.case else NEVER_SAVED
        center = self.case.center if self.case else given["center"]
        submission = Submission(document=document, if_version=version or NEVER_SAVED)
        by, reason = cast(User, self.request.user), given.get("reason", "")
        receipt = intake.save_case(submission, center=center, by=by, source=Source.ADMIN, reason=reason)
        return self._judged(receipt, document)

    def _judged(self, receipt: Receipt, document: Any) -> "Receipt | list[Problem] | merge.Overtaken":
        if receipt.verdict != "rejected":
            return receipt
        if all(problem.code != "stale_version" for problem in receipt.problems) or receipt.case_id is None:
            return receipt.problems
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
        told = (
            f"Case number {number} is used already in this center. Open that case, or choose another number."
        )
        return Problem(pointer="/case_number", code="case_exists", message=told)

    def _saved(self, receipt: Receipt) -> HttpResponse:
        said = (
            "Nothing was changed."
            if receipt.verdict == "unchanged"
            else f"Saved as version {receipt.version}."
        )
        messages.success(self.request, f"Case {receipt.case_number}: {said}")
        for problem in receipt.problems:
            messages.warning(self.request, f"Please confirm or correct: {problem.message}")
        return HttpResponseRedirect(reverse("admin:cases_case_change", args=[receipt.case_id]))

    # --- drawing ----------------------------------------------------------------------------------------------------

    def _record(self, **given: Any) -> RecordForm:
        form = RecordForm(**given)
        if self.case:
            del form.fields["center"]
            if not self.may_record:
                del form.fields["reason"]
            form.fields["case_number"].disabled = True
            form.initial["case_number"] = self.case.case_number
        else:
            del form.fields["reason"]
            centers = Center.objects.filter(pk__in=centers_where(self.request, Action.RECORD))
            form.fields["center"].queryset = centers  # type: ignore[attr-defined]
        return form

    def _draw(
        self, record: RecordForm, sheet: Sheet, problems: list[Told], status: int = 200
    ) -> HttpResponse:
        if not self.may_record:
            sheet.lock()
            for answer in record.fields.values():
                answer.widget.attrs["disabled"] = True
        context = {
            **self.admin.admin_site.each_context(self.request),
            "title": f"Case {self.case.case_number}" if self.case else "New case",
            "opts": self.admin.opts,
            "original": self.case,
            "stored": self.stored,
            "record": record,
            "sections": [
                Section(
                    title=title,
                    anchor=title.lower().replace(" ", "-"),
                    blocks=[sheet.blocks[n] for n in names],
                )
                for title, names in SECTIONS
            ],
            "problems": problems,
            "may_record": self.may_record,
            "is_locked": self.is_locked,
            "lock": locking.offered(self.request, self.case),
            **(self._review(sheet) if self.stored else {}),
        }
        return TemplateResponse(self.request, "cases/admin/case.html", context, status=status)

    def _review(self, sheet: Sheet) -> dict[str, Any]:
        """What the rulebooks say of the stored case."""
        assert self.stored is not None
        queries = DataQuery.objects.open().filter(case=self.stored.id).order_by("rule_id", "pointer")
        assessment = Assessment.objects.current().filter(case=self.stored.id).first()
        return {
            "queries": sheet.place(
                Problem(pointer=query.pointer, code=query.rule_id, message=query.sentence, severity="query")
                for query in queries
            ),
            "to_complete": [sheet.find(a.pointer, a.sentence) for a in missing_answers(self.stored.document)],
            "assessment": assessment,
            "findings": _findings(assessment),
            **review.standing_of(cast(Case, self.case), self.request.user),
        }


def _stored(case: Case) -> StoredCase:
    (stored,) = documents.load([case.pk])
    return stored


def _told(form: forms.Form, name: str, error: Any) -> Told:
    return Told(message=f"{form[name].label}: {error}", anchor=f"answer-{name}")


def _findings(assessment: Assessment | None) -> list[dict[str, Any]]:
    """The verdicts with the rules' titles, what deviates first, what does not apply last."""
    titles = {rule.id: rule.title for rule in ALGORITHM.rules}
    found = [
        {
            **finding,
            "title": titles.get(finding["rule"], ""),
            "verdict_label": Verdict(finding["verdict"]).label,
            "severity_label": Severity(finding["severity"]).label
            if finding["verdict"] == Verdict.DEVIATION
            else "",
        }
        for finding in (assessment.findings if assessment else ())
    ]
    return sorted(found, key=lambda finding: VERDICT_ORDER.index(finding["verdict"]))
