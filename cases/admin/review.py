"""What the part 'Review' on the page of a case says of its findings: what to do, and what was answered."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.urls import reverse

from cases import answering
from cases.admin import places
from cases.admin.finding import standing
from cases.admin.finding_filters import entry
from cases.models import Case, DataQuery, Deviation
from cases.models.review import ReviewItem
from cases.rulebook import retelling
from cases.vocabulary import ReviewState
from registry import access

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from registry.models import User


@dataclass(frozen=True, kw_only=True)
class Line:
    """One finding, the way to its field on this page, and to the page where it is answered."""

    item: ReviewItem
    title: str
    sentence: str
    key: str
    word: str
    field: str
    anchor: str
    address: str
    is_deviation: bool
    offers: str  # what the person may do on that page: answer, change (the answer), decide, or read


def standing_of(case: Case, user: "User | AnonymousUser") -> dict[str, Any]:
    """What stands of both kinds: open ones to do, and answered or decided ones to read."""
    queries = [_line(item, user) for item in _standing(DataQuery, case)]
    deviations = [_line(item, user) for item in _standing(Deviation, case)]
    return {
        "queries_open": [line for line in queries if line.item.state == ReviewState.OPEN],
        "deviations_open": [line for line in deviations if line.item.state == ReviewState.OPEN],
        "answered": [line for line in (*queries, *deviations) if line.item.state != ReviewState.OPEN],
    }


def _standing(model: type[ReviewItem], case: Case) -> QuerySet[ReviewItem]:
    rows = model.objects.standing().filter(case=case)
    return rows.select_related("answered_by", "decided_by").order_by("rule_id", "pointer")


def _offers(item: ReviewItem, user: "User | AnonymousUser") -> str:
    may_decide = access.may(user, answering.TO_DECIDE[type(item)], item.center_id)
    if may_decide and item.state == ReviewState.ANSWERED and item.answered_by_id != user.pk:
        return "decide"
    if not access.may(user, answering.TO_ANSWER[type(item)], item.center_id):
        return "read"
    return {ReviewState.OPEN: "answer", ReviewState.ANSWERED: "change"}.get(ReviewState(item.state), "read")


def _line(item: ReviewItem, user: "User | AnonymousUser") -> Line:
    key, word = standing(item)
    rule = entry(retelling.book_of(item), item.rule_id)
    return Line(
        item=item,
        title=rule.title if rule else "",
        sentence=retelling.of_item(item),
        key=key,
        word=word,
        field=places.label(item.pointer),
        anchor=places.anchor(item.pointer),
        address=reverse(f"admin:cases_{item._meta.model_name}_change", args=[item.pk]) + "?from=case",
        is_deviation=isinstance(item, Deviation),
        offers=_offers(item, user),
    )
