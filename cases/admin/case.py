"""The case: its list, and the address of the page on which a coordinator enters and corrects it."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from cases.admin import history, merge, summary
from cases.admin.case_list import CaseList
from cases.admin.entries import entry_view
from cases.admin.handing_over import HandingOver
from cases.admin.identity import Identities
from cases.admin.locking import Locks
from cases.admin.page import CasePage
from cases.admin.privacy import Privacy
from cases.models import Case
from registry.access import Action
from registry.admin import site
from registry.chain import reading

# What was typed, and the document it began with, stand in no report of an error.
unlogged = method_decorator(sensitive_post_parameters())


@admin.register(Case, site=site)
class CaseAdmin(HandingOver, Identities, Privacy, Locks, CaseList):
    """Cases of the centers one works for."""

    to_view, to_add, to_change = Action.READ, Action.RECORD, Action.RECORD
    actions = ("lock_chosen", "unlock_chosen")
    fields = ("case_number",)  # the page has its own forms

    # --- the page ---------------------------------------------------------------------------------------------------

    @unlogged
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        case = None if object_id is None else self._case(request, object_id)
        allowed = (
            self.has_add_permission(request) if case is None else self.has_change_permission(request, case)
        )
        page = CasePage(self, request, case, may_record=allowed)
        if request.method == "POST":
            if not allowed:
                raise PermissionDenied(gettext("You may read this case, but not change it."))
            return page.save(request.POST)
        if case is None and not allowed:
            raise PermissionDenied(gettext("You may not record cases."))
        if case is not None:
            reading.of_case(case, by=request.user, door="admin", form="page")
        return page.show()

    def _case(self, request: HttpRequest, object_id: str) -> Case:
        """The case; missing and foreign ones do not exist alike."""
        case = self.get_object(request, object_id)
        if case is None:
            raise Http404("There is no such case.")
        return case

    def entry_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Where the page leaves what is typed and not saved."""
        return entry_view(request, None if object_id == "add" else self._case(request, object_id))

    # --- two people, one case; what happened ------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<str:object_id>/entry/", view(self.entry_view), name="cases_case_entry"),
            path("<path:object_id>/merge/", view(self.merge_view), name="cases_case_merge"),
            *summary.routes(self),
            *super().get_urls(),
        ]

    @unlogged
    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the choices of whoever saved too late."""
        case = self._case(request, object_id)
        if not self.has_change_permission(request, case):
            raise PermissionDenied(gettext("You may read this case, but not change it."))
        return merge.view(CasePage(self, request, case, may_record=True), request)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show the history: who may read a case may read what became of it."""
        case = self._case(request, object_id)
        reading.of_case(case, by=request.user, door="admin", form="history")
        return history.view(self, request, case)
