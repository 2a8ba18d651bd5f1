"""Lists of terms that are offered where a text is typed: kept by the data manager, with their history."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy, ngettext
from unfold.decorators import display

from registry.access import Action
from registry.admin.base import RegistryAdmin, site
from registry.models import ReferenceTerm


class TermForm(forms.ModelForm):
    """One term, once in its list however it is written."""

    class Meta:
        model = ReferenceTerm
        fields = ("list", "term", "explanation", "is_retired")

    def clean_term(self) -> str:
        """Keep one space between words: more of them make no other term."""
        return " ".join(self.cleaned_data["term"].split())

    def _get_validation_exclusions(self) -> set[str]:
        """Look at the list of a term also where it is only shown, or nobody would compare the term with the others."""
        return super()._get_validation_exclusions() - {"list"}  # type: ignore[misc]


@admin.register(ReferenceTerm, site=site)
class ReferenceTermAdmin(RegistryAdmin):
    """Terms are retired, not deleted: cases that have one keep it."""

    to_view = to_add = to_change = to_audit = Action.MANAGE_REFERENCE
    form = TermForm
    list_display = ("of_list", "term", "explanation", "state")
    list_display_links = ("term",)
    list_filter = ("list", "is_retired")
    search_fields = ("term__icontains", "explanation__icontains")
    search_help_text = gettext_lazy("A part of the term or of its explanation")
    ordering = ("list", "is_retired", "term")
    list_per_page = 200
    actions = ("retire", "offer_again")
    fields = ("list", "term", "explanation", "is_retired")

    def center_of(self, row: Any) -> None:
        """Nobody's: the lists are the registry's."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReferenceTerm]:
        return ReferenceTerm.objects.all()

    def get_fields(self, request: HttpRequest, obj: ReferenceTerm | None = None) -> tuple[str, ...]:
        return self.fields if obj else self.fields[:-1]

    def get_readonly_fields(self, request: HttpRequest, obj: ReferenceTerm | None = None) -> tuple[str, ...]:
        return ("list",) if obj else ()

    @display(description=gettext_lazy("List"), ordering="list")
    def of_list(self, term: ReferenceTerm) -> str:
        """Where it is offered."""
        return term.get_list_display()

    @display(
        description=gettext_lazy("State"),
        ordering="is_retired",
        label={"offered": "success", "retired": "info"},
    )
    def state(self, term: ReferenceTerm) -> tuple[str, str]:
        """Whether it is offered."""
        return ("retired", gettext("Retired")) if term.is_retired else ("offered", gettext("Offered"))

    @admin.action(description=gettext_lazy("Retire the selected terms"), permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[ReferenceTerm]) -> None:
        """Offer terms no longer."""
        count = queryset.filter(is_retired=False).update(is_retired=True)
        told = ngettext(
            "{n} term retired: it is offered no longer.",
            "{n} terms retired: they are offered no longer.",
            count,
        )
        self.message_user(request, told.format(n=count), messages.SUCCESS)

    @admin.action(description=gettext_lazy("Offer the selected terms again"), permissions=["change"])
    def offer_again(self, request: HttpRequest, queryset: QuerySet[ReferenceTerm]) -> None:
        """Take terms out of retirement."""
        count = queryset.filter(is_retired=True).update(is_retired=False)
        told = ngettext("{n} term is offered again.", "{n} terms are offered again.", count)
        self.message_user(request, told.format(n=count), messages.SUCCESS)
