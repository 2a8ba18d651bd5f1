"""Reading words for cases: what people ask of lists, on top of who may see what."""

from typing import TYPE_CHECKING, Self

from django.db.models import Q

from cases.vocabulary import CLINICAL_SOURCES, Decision, ReviewState, TransferState
from registry.access import ScopedQuerySet, centers_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from registry.models import User


class CaseQuerySet(ScopedQuerySet):
    """Cases."""

    def clinical(self) -> Self:
        """Keep registered patients: no publications, reconstructions or synthetic cases."""
        return self.filter(source__in=CLINICAL_SOURCES)


class AssessmentQuerySet(ScopedQuerySet):
    """Assessments, old and current."""

    def current(self) -> Self:
        return self.filter(is_current=True)


class FindingQuerySet(ScopedQuerySet):
    """Deviations and data queries: rows that open, are answered and close."""

    def open(self) -> Self:
        """What a person should do something about, also what was answered before its data changed."""
        return self.filter(state=ReviewState.OPEN)

    def standing(self) -> Self:
        """What the data call for today, answered or not."""
        return self.exclude(state=ReviewState.CLOSED)

    def unjustified(self) -> Self:
        """All but those with an answer that a second person accepted."""
        return self.exclude(state=ReviewState.DECIDED, decision=Decision.ACCEPTED)


class TransferQuerySet(ScopedQuerySet):
    """Follow-up that moves to another center: the one kind of row that two centers see."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep what this person's centers offered, and what was offered to them."""
        return self.of_either(centers_of(user))

    def of_either(self, center_ids: tuple[int, ...]) -> Self:
        """Keep those with one of these centers on either side."""
        return self.filter(Q(center_id__in=center_ids) | Q(receiving_center_id__in=center_ids))

    def offered(self) -> Self:
        """What waits for an answer."""
        return self.filter(state=TransferState.OFFERED)

    def accepted(self) -> Self:
        """What is in force: the receiving center follows the patient."""
        return self.filter(state=TransferState.ACCEPTED)

    def standing(self) -> Self:
        """What is not over."""
        return self.filter(state__in=(TransferState.OFFERED, TransferState.ACCEPTED))
