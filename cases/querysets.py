"""Reading words for cases: what people ask of lists, on top of who may see what."""

from typing import Self

from cases.vocabulary import CLINICAL_SOURCES, Decision, ReviewState
from registry.access import ScopedQuerySet


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
