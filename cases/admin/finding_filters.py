"""Filters of the work lists of findings: where each stands, how much it matters, its rule, how long it has waited."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, gettext, gettext_lazy

from cases import duplicates
from cases.rulebook.algorithm import ALGORITHM
from cases.rulebook.catalogue import Entry, entries
from cases.rulebook.engine import Rule, Rulebook
from cases.vocabulary import ReviewState, Severity

DAYS = (7, 30, 90, 180, 365)
MATTERING = (Severity.MAJOR, Severity.MINOR, Severity.SENTINEL)


def entry(rulebook: Rulebook, rule_id: str) -> Entry | None:
    """A rule in the reader's words; None where there is no such rule any more."""
    return _entries(rulebook, get_language() or "").get(rule_id)


@cache
def _entries(rulebook: Rulebook, language: str) -> dict[str, Entry]:
    return {entry.id: entry for entry in entries(rulebook)}


def found_by(rulebook: Rulebook) -> list[str]:
    """The rules that can put something into a list: of a validity rulebook those that ask, as errors refuse."""
    rules = [rule for rule in rulebook.rules if rule.is_read or rule.id == duplicates.RULE_ID]
    asking = [rule for rule in rules if rulebook is ALGORITHM or _asks(rule)]
    return list(dict.fromkeys(rule.id for rule in asking))


def _asks(rule: Rule) -> bool:
    return Severity.QUERY in (rule.severities.split() if callable(rule.severity) else (rule.severity,))


STANDINGS: dict[str, Any] = {
    "": gettext_lazy("To do"),
    "new": gettext_lazy("New"),
    "returned": gettext_lazy("Returned"),
    ReviewState.ANSWERED.value: gettext_lazy("Answered"),
    ReviewState.CLOSED.value: gettext_lazy("Closed"),
    "all": gettext_lazy("All"),
}


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The choices of `Standing` as links above the list, which keep the other filters."""
    name, found = Standing.parameter_name, []
    chosen = request.GET.get(name, "")
    for value, label in STANDINGS.items():
        others = {key: given for key, given in request.GET.items() if key not in (name, "p")}
        address = urlencode({**others, **({name: value} if value else {})})
        is_chosen = value == ("" if chosen == ReviewState.OPEN else chosen)
        found.append({"name": label, "address": f"?{address}", "is_chosen": is_chosen})
    return found


class Standing(admin.SimpleListFilter):
    """Where a finding stands; without a choice, what is to do."""

    title = gettext_lazy("state")
    parameter_name = "state__exact"  # as a link to one state of the model would name it

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STANDINGS.items())[1:]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        is_open = self.value() in (None, ReviewState.OPEN)
        yield {**first, "display": STANDINGS[""], "selected": is_open}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        open_now = queryset.filter(state=ReviewState.OPEN)
        match self.value():
            case "new":
                return open_now.filter(answer="")
            case "returned":
                return open_now.exclude(answer="")
            case ReviewState.ANSWERED | ReviewState.CLOSED:
                return queryset.filter(state=self.value())
            case "all":
                return queryset
        return open_now


class Mattering(admin.SimpleListFilter):
    """How much a deviation matters."""

    title = gettext_lazy("severity")
    parameter_name = "severity__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(severity.value, severity.label) for severity in MATTERING]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(severity=self.value()) if self.value() in MATTERING else queryset


class Waiting(admin.SimpleListFilter):
    """How long ago it was first found, in days."""

    title = gettext_lazy("age")
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(days), gettext("More than {n} days").format(n=days)) for days in DAYS]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in map(str, DAYS):
            return queryset
        return queryset.filter(opened_at__lt=timezone.now() - timedelta(days=int(self.value() or 0)))


class OfRule(admin.SimpleListFilter):
    """Which rule found it."""

    title = gettext_lazy("rule")
    parameter_name = "rule_id__exact"
    template = "cases/admin/rule_filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        self.known = found_by(model_admin.rulebook)
        told = [(rule_id, entry(model_admin.rulebook, rule_id)) for rule_id in self.known]
        return [(rule_id, f"{rule_id} {rule.title}" if rule else rule_id) for rule_id, rule in told]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(rule_id=self.value()) if self.value() in self.known else queryset
