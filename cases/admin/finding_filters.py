"""Filters of the work lists of findings: where each stands, how much it matters, its rule, how long it has waited."""

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language, gettext, gettext_lazy

from cases import answering, duplicates
from cases.rulebook.catalogue import Entry, entries
from cases.rulebook.engine import Rule, Rulebook
from cases.rulebook.validity import VALIDITY
from cases.vocabulary import ReviewState, Severity
from registry import access, clock

DAYS = (7, 30, 90, 180, 365)
MATTERING = (Severity.MAJOR, Severity.MINOR, Severity.SENTINEL)


def entry(rulebook: Rulebook, rule_id: str) -> Entry | None:
    """A rule in the reader's words; None where there is no such rule any more."""
    return _entries(rulebook, get_language() or "").get(rule_id)


@lru_cache(maxsize=512)
def _entries(rulebook: Rulebook, language: str) -> dict[str, Entry]:
    return {entry.id: entry for entry in entries(rulebook)}


def found_by(rulebook: Rulebook) -> list[str]:
    """The rules that can put something into a list: of a validity rulebook those that ask, as errors refuse."""
    rules = [rule for rule in rulebook.rules if rule.is_read or rule.id == duplicates.RULE_ID]
    asking = [rule for rule in rules if rulebook is not VALIDITY or _asks(rule)]
    return list(dict.fromkeys(rule.id for rule in asking))


def _asks(rule: Rule) -> bool:
    return Severity.QUERY in (rule.severities.split() if callable(rule.severity) else (rule.severity,))


ANSWERED, DECIDED, CLOSED = (state.value for state in ReviewState if state != ReviewState.OPEN)
STANDINGS: dict[str, Any] = {
    "": gettext_lazy("To do"),
    "new": gettext_lazy("New"),
    "returned": gettext_lazy("Returned"),
    ANSWERED: gettext_lazy("Answered"),
    DECIDED: gettext_lazy("Decided"),
    "mine": gettext_lazy("Answered or decided by me"),
    CLOSED: gettext_lazy("Closed"),
    "all": gettext_lazy("All"),
}


def to_do(request: HttpRequest, model_admin: Any) -> Q:
    """What waits for this person: to answer what is open, to decide what others answered."""
    user = request.user
    decides = access.centers_of(user, answering.TO_DECIDE[model_admin.model])
    if not decides:
        return Q(state=ReviewState.OPEN)
    waits = Q(state=ReviewState.ANSWERED, center__in=decides) & ~Q(answered_by=user.pk)
    answers = access.centers_of(user, answering.TO_ANSWER[model_admin.model])
    return waits | Q(state=ReviewState.OPEN, center__in=answers)


def tabs(request: HttpRequest, model_admin: Any) -> list[dict[str, Any]]:
    """The choices of `Standing` as links above the list, which keep the other filters."""
    name, found = Standing.parameter_name, []
    chosen = request.GET.get(name, "")
    for value, label in STANDINGS.items():
        others = {key: given for key, given in request.GET.items() if key not in (name, "p")}
        address = urlencode({**others, **({name: value} if value else {})})
        found.append({"name": label, "address": f"?{address}", "is_chosen": value == chosen})
    return found


class Standing(admin.SimpleListFilter):
    """Where a finding stands; without a choice, what waits for the person who looks."""

    title = gettext_lazy("state")
    parameter_name = "state__exact"  # as a link to one state of the model would name it

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        self.waiting = to_do(request, model_admin)
        return list(STANDINGS.items())[1:]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": STANDINGS[""]}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        open_now = queryset.filter(state=ReviewState.OPEN)
        match self.value():
            case "new":
                return open_now.filter(answer="")
            case "returned":
                return open_now.exclude(answer="")
            case "mine":
                return queryset.filter(Q(answered_by=request.user.pk) | Q(decided_by=request.user.pk))
            case ReviewState.OPEN | ReviewState.ANSWERED | ReviewState.DECIDED | ReviewState.CLOSED:
                return queryset.filter(state=self.value())
            case "all":
                return queryset
        return queryset.filter(self.waiting)


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
        return queryset.filter(opened_at__lt=clock.now() - timedelta(days=int(self.value() or 0)))


class OfRule(admin.SimpleListFilter):
    """Which rule found it."""

    title = gettext_lazy("rule")
    parameter_name = "rule_id__exact"
    template = "cases/admin/rule_filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        book = model_admin.rulebook()
        self.known = found_by(book)
        told = [(rule_id, entry(book, rule_id)) for rule_id in self.known]
        return [(rule_id, f"{rule_id} {rule.title}" if rule else rule_id) for rule_id, rule in told]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(rule_id=self.value()) if self.value() in self.known else queryset
