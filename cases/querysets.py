"""Reading words for cases: what people ask of lists, on top of who may see what."""

from typing import Self

from cases.vocabulary import CLINICAL_SOURCES
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
    """Deviations and data queries: rows that open and close."""

    def open(self) -> Self:
        return self.filter(state="open")
