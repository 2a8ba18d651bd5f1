"""Locking on the page of a case and in the list of cases: the version that the person saw, and no newer one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from cases import locking
from cases.locking import Outcome
from cases.models import Case
from cases.vocabulary import Status
from registry import access
from registry.access import Action
from registry.audit import LONGEST_REASON
from registry.models import User

if TYPE_CHECKING:
    from registry.admin import RegistryAdmin as Base
else:
    Base = object

SHOWN = "version-"  # before a case's id: the version that the list showed of it


def offered(request: HttpRequest, case: Case | None, *, open_queries: int) -> dict[str, Any]:
    """What the page of a case offers this person: to lock, with what hinders it, or to unlock."""
    if case is None:
        return {}
    if case.status == Status.LOCKED:
        may_unlock = access.may(request.user, Action.UNLOCK, case.center_id)
        return {"may_unlock": may_unlock, "longest": LONGEST_REASON}
    if not access.may(request.user, Action.LOCK, case.center_id):
        return {}
    return {"may_lock": True, "hindrance": locking.hindrance(case, open_queries)}


class Locks(Base):
    """What the admin of cases gains: two addresses for the page of a case, two actions for the list."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/lock/", view(require_POST(self.lock_view)), name="cases_case_lock"),
            path("<int:pk>/unlock/", view(require_POST(self.unlock_view)), name="cases_case_unlock"),
            *super().get_urls(),
        ]

    # --- the page -----------------------------------------------------------------------------------------------

    def lock_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lock one case, at the version that its page showed."""
        return self._turn_one(request, pk, Action.LOCK)

    def unlock_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Unlock one case for the reason given."""
        return self._turn_one(request, pk, Action.UNLOCK)

    def _turn_one(self, request: HttpRequest, pk: int, action: Action) -> HttpResponse:
        case = self.get_object(request, str(pk))
        if case is None:
            raise Http404
        self._turn(request, [(case, _version(request.POST.get("version")))], action)
        return HttpResponseRedirect(reverse("admin:cases_case_change", args=[pk]))

    # --- the list -----------------------------------------------------------------------------------------------

    def action_checkbox(self, obj: Case) -> str:
        """The box that chooses a case, and the version that is chosen."""
        shown = format_html('<input type="hidden" name="{}{}" value="{}">', SHOWN, obj.pk, obj.version)
        return super().action_checkbox(obj) + shown

    def has_lock_permission(self, request: HttpRequest) -> bool:
        """Whether the list offers to lock."""
        return access.may_somewhere(request.user, Action.LOCK)

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        """Whether the list offers to unlock."""
        return access.may_somewhere(request.user, Action.UNLOCK)

    @admin.action(description=gettext_lazy("Lock the selected cases"), permissions=["lock"])
    def lock_chosen(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        """Lock the chosen cases that can be locked, and say of the others why not."""
        self._turn(request, self._chosen(request, queryset, Action.LOCK), Action.LOCK)

    @admin.action(description=gettext_lazy("Unlock the selected cases"), permissions=["unlock"])
    def unlock_chosen(self, request: HttpRequest, queryset: QuerySet[Case]) -> HttpResponse | None:
        """Ask for the reason, then unlock."""
        chosen = self._chosen(request, queryset, Action.UNLOCK)
        if not chosen or (request.POST.get("reason") and self._turn(request, chosen, Action.UNLOCK)):
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Unlock cases"),
            "opts": self.opts,
            "chosen": chosen,
            "reason": request.POST.get("reason", ""),
            "longest": LONGEST_REASON,
        }
        return TemplateResponse(request, "cases/admin/unlock.html", context)

    def _chosen(
        self, request: HttpRequest, queryset: QuerySet[Case], action: Action
    ) -> list[tuple[Case, int]]:
        """The cases with the versions shown, of the centers where the person may do this."""
        if request.POST.get("select_across") == "1":
            told = gettext("Choose cases of one page at a time: the others were not shown to you.")
            self.message_user(request, told, messages.ERROR)
            return []
        centers = access.centers_of(request.user, action)
        ours, others = [], []
        for case in queryset:
            (ours if case.center_id in centers else others).append(case)
        told = gettext("You may not do this in its center.")
        self._tell(request, [Outcome(case_number=case.case_number, refused=told) for case in others], "")
        return [(case, _version(request.POST.get(f"{SHOWN}{case.pk}"))) for case in ours]

    # --- both ---------------------------------------------------------------------------------------------------

    def _turn(self, request: HttpRequest, chosen: Sequence[tuple[Case, int]], action: Action) -> bool:
        """Lock or unlock, and say what became of each case; False when nothing was tried."""
        by = cast(User, request.user)
        try:
            if action == Action.LOCK:
                self._tell(request, locking.lock(chosen, by=by), gettext("Locked: {cases}."))
            else:
                reason = request.POST.get("reason", "")
                self._tell(
                    request, locking.unlock(chosen, reason=reason, by=by), gettext("Unlocked: {cases}.")
                )
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return False
        return True

    def _tell(self, request: HttpRequest, outcomes: list[Outcome], done: str) -> None:
        if turned := [outcome.case_number for outcome in outcomes if not outcome.refused]:
            self.message_user(request, done.format(cases=", ".join(turned)), messages.SUCCESS)
        for outcome in outcomes:
            if outcome.refused:
                told = gettext("Case {number} stays as it was. {why}")
                told = told.format(number=outcome.case_number, why=outcome.refused)
                self.message_user(request, told, messages.WARNING)


def _version(sent: str | None) -> int:
    """The version that was sent; one that no case has where none was."""
    return int(sent) if sent and sent.isascii() and sent.isdigit() and len(sent) < 10 else 0
