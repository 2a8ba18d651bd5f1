"""Reading words for cases: what people ask of lists, on top of who may see what."""

from datetime import date

from django.db.models import Q

from registry.access import ScopedQuerySet


class CaseQuerySet(ScopedQuerySet):
    def numbered(self, numbers) -> "CaseQuerySet":
        return self.filter(case_number__in=list(numbers))


class AssessmentQuerySet(ScopedQuerySet):
    def current(self) -> "AssessmentQuerySet":
        return self.filter(is_current=True)


class FindingQuerySet(ScopedQuerySet):
    """Deviations and data queries: rows that open and close."""

    def open(self) -> "FindingQuerySet":
        return self.filter(state="open")

    def opened_before(self, day: date) -> "FindingQuerySet":
        return self.filter(Q(opened_at__date__lt=day))
