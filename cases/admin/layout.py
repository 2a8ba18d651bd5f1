"""The page of a case put together: its parts with their states, what is missing or asked, and what was left unsaved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from cases import consents, drafts, matching, versions
from cases.admin import glossary, locking, questions, review, verdicts
from cases.admin.blocks import Drawing, templates
from cases.admin.handing_over import standing as standing_transfer
from cases.admin.record import TEXTS, WIDE, RecordForm, token_of
from cases.admin.sheet import Sheet, Told
from cases.admin.standing import Section, Standing, case_status, reading, standing
from cases.forms import CaseDocument
from cases.models import Assessment, EntryDraft
from cases.pathway import pathway
from cases.rulebook.algorithm import ALGORITHM
from registry import access
from registry.access import Action
from registry.vault import keyring

if TYPE_CHECKING:
    from cases.admin.page import CasePage

NOBODY_YET = CaseDocument(case_number="?")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the page with its forms drawn."""

    section: Section
    blocks: list[SafeString]


class Layout:
    """One drawing of the page."""

    def __init__(
        self,
        page: "CasePage",
        record: RecordForm,
        sheet: Sheet,
        *,
        told: Sequence[Told],
        data: QueryDict | None,
    ):
        self.page, self.record, self.sheet, self.told = page, record, sheet, list(told)
        self.review = review.standing_of(page.case, page.request.user) if page.case else {}
        open_queries = [line.item for line in self.review.get("queries_open", ())]
        self.asked = sheet.ask(open_queries, data or QueryDict(), is_old=self._is_old())

    def response(
        self, *, entry: EntryDraft | None, offered: EntryDraft | None, is_gone: bool, status: int
    ) -> HttpResponse:
        """Draw it."""
        page, request = self.page, self.page.request
        how_far = self._standing()
        drawing = Drawing(is_locked=self.sheet.is_locked, states=how_far.forms)
        context = {
            **page.admin.admin_site.each_context(request),
            "title": gettext("Case {number}").format(number=page.case.case_number)
            if page.case
            else gettext("New case"),
            "opts": page.admin.opts,
            "preserved_filters": page.admin.get_preserved_filters(request),
            "original": page.case,
            "stored": page.stored,
            "record": self.record,
            "wide": WIDE,
            "record_errors": sum(len(errors) for errors in self.record.errors.values()),
            "case_status": case_status(page.stored.status if page.stored else None),
            "standing": how_far,
            "parts": [
                Part(section=section, blocks=[drawing.block(block) for block in section.blocks])
                for section in how_far.sections
            ],
            "problems": self.told,
            "asked_of_case": self._asked_of_case(),
            "may_record": page.may_record,
            "is_locked": page.is_locked,
            "lock": locking.offered(request, page.case, open_queries=len(self.asked)),
            "may_withdraw": page.case is not None
            and access.may(request.user, Action.WITHDRAW, page.case.center_id),
            "may_transfer": page.case is not None
            and access.may(request.user, Action.TRANSFER, page.case.center_id),
            "transfer": standing_transfer(page.case) if page.case else None,
            **self._linkage(),
            "is_withdrawn": page.stored is not None and consents.is_withdrawn(page.stored.document),
            **self._unsaved(entry, is_gone),
            "entry_offered": offered,
            **self._once(),
            **self._review(),
        }
        return TemplateResponse(request, "cases/admin/case.html", context, status=status)

    def _is_old(self) -> bool:
        """Whether what the page shows was begun on another version than the one that is stored."""
        stored = self.page.stored
        return stored is not None and str(self.record["version"].value()) != str(stored.version)

    def _asked_of_case(self) -> SafeString | str:
        asked = self.sheet.asked
        return questions.asked(asked, "case", is_locked=self.sheet.is_locked) if asked else ""

    def _standing(self) -> Standing:
        stored = self.page.stored
        blocks = self.sheet.blocks.values()
        if not any(form.is_bound for block in blocks for form in block.forms()):
            document = stored.document if stored else NOBODY_YET
        else:
            texts = {name: self.record[name].value() or "" for name in TEXTS}
            document = reading(self.sheet, {**texts, "case_number": "?"}) or NOBODY_YET
        return standing(self.sheet, document, wrong=self.told, asked=self.asked)

    def _unsaved(self, entry: EntryDraft | None, is_gone: bool) -> dict[str, Any]:
        """What this page shows unsaved, or could show."""
        page = self.page
        address = "admin:cases_case_entry"
        return {
            "entry": entry,
            "entry_is_old": bool(entry and self._is_old()),
            "entry_is_gone": is_gone and entry is None,
            "entry_waits": page.is_locked and page.may_keep and drafts.find(by=page.user, case=page.case),
            "entry_address": reverse(address, args=[page.case.pk if page.case else "add"]),
            "begun": [] if page.case or entry or not page.may_record else self._begun(),
            "csrf_cookie": settings.CSRF_COOKIE_NAME,
        }

    def _begun(self) -> list[EntryDraft]:
        """The person's entries of new cases, but for the one on this page."""
        own = token_of(str(self.record["entry"].value()))
        return [entry for entry in drafts.begun(self.page.user) if entry.token != own]

    def _linkage(self) -> dict[str, Any]:
        """Where there is a vault: the way to the identity, and what the center is told of another center."""
        case = self.page.case
        if case is None or not keyring.is_on():
            return {}
        may_identify = access.may(self.page.request.user, Action.IDENTIFY, case.center_id)
        return {"may_identify": may_identify, "elsewhere": matching.told_to_center(case)}

    def _once(self) -> dict[str, Any]:
        """What all fields of the page share."""
        return {
            "meanings": glossary.meanings(),
            "offered_terms": glossary.offered_terms() if self.page.may_record else "",
            "templates": list(templates()) if self.page.may_record else [],
        }

    def _review(self) -> dict[str, Any]:
        """What the algorithm says of the stored case."""
        if self.page.stored is None:
            return {}
        assessment = Assessment.objects.current().filter(case=self.page.stored.id).first()
        document = self.page.stored.document
        book = versions.named(assessment.algorithm_version) if assessment else ALGORITHM
        lines = (*self.review["deviations_open"], *self.review["answered"])
        deviations = [line.item for line in lines if line.is_deviation]
        return {
            **self.review,
            "assessment": assessment,
            "findings": verdicts.findings(assessment, document, book),
            "phases": pathway(document, assessment.findings, deviations, book) if assessment else [],
        }
