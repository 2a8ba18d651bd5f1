"""What the list of cases can be narrowed to; the page draws each as one control of a form."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from cases import follow_up
from cases.models import Case, DataQuery, Deviation, EntryDraft, Tumor
from cases.vocabulary import Level, Segment, Source, Status
from registry import access

YEARS = (1900, 2100)
YEAR = re.compile(r"\d{4}", re.ASCII)


class Narrowing(SimpleListFilter):
    """One control: by default a choice among `choices_of`; a value that is not offered is refused."""

    title: ClassVar[Any]
    parameter_name: str
    kind = "choice"
    is_main = False  # always in sight, not under "More filters"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return self.choices_of(request)

    def choices_of(self, request: HttpRequest) -> list[tuple[str, Any]]:
        """What can be chosen."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        value = self.value()
        if not value:
            return queryset
        if value not in {str(offered) for offered, _ in self.lookup_choices}:
            raise IncorrectLookupParameters
        return self.narrow(request, queryset, value)

    def narrow(self, request: HttpRequest, cases: QuerySet[Case], value: str) -> QuerySet[Case]:
        """Keep the cases that this value means."""
        raise NotImplementedError

    @property
    def options(self) -> list[tuple[str, Any, bool]]:
        """What the control offers, and whether it is chosen."""
        return [(value, label, value == self.value()) for value, label in self.lookup_choices]


class ByCenter(Narrowing):
    """The centers whose cases the person sees; the others are not named."""

    title, parameter_name, is_main = gettext_lazy("Center"), "center__id__exact", True

    def choices_of(self, request: HttpRequest) -> list[tuple[str, Any]]:
        return [(str(center.pk), str(center)) for center in access.center_rows(request.user)]

    def narrow(self, request: HttpRequest, cases: QuerySet[Case], value: str) -> QuerySet[Case]:
        return cases.filter(center=int(value))


class ByStatus(Narrowing):
    """How complete."""

    title, parameter_name, is_main = gettext_lazy("Status"), "status__exact", True

    def choices_of(self, request: HttpRequest) -> list[tuple[str, Any]]:
        return list(Status.choices)

    def narrow(self, request: HttpRequest, cases: QuerySet[Case], value: str) -> QuerySet[Case]:
        return cases.filter(status=value)


class ByWork(Narrowing):
    """What waits in it."""

    title, parameter_name, is_main = gettext_lazy("Has"), "open", True

    def choices_of(self, request: HttpRequest) -> list[tuple[str, Any]]:
        return [("query", gettext_lazy("an open query")), ("deviation", gettext_lazy("an open deviation"))]

    def narrow(self, request: HttpRequest, cases: QuerySet[Case], value: str) -> QuerySet[Case]:
        model = DataQuery if value == "query" else Deviation
        return cases.filter(Exists(model.objects.open().filter(case=OuterRef("pk"))))


class ByOverdue(Narrowing):
    """How long news of the patient has been due, counted from a year after the last contact."""

    title, parameter_name, is_main = gettext_lazy("News overdue"), "overdue", True
    spans: ClassVar[dict[str, tuple[int, int | None]]] = {
        "0-90": (0, 90),
        "91-365": (91, 365),
        "366-": (366, None),
    }

    def choices_of(self, request: HttpRequest) -> list[tuple[str, Any]]:
        return [
            ("0-90", gettext_lazy("up to 90 days")),
            ("91-365", gettext_lazy("91 to 365 days")),
            ("366-", gettext_lazy("more than 365 days")),
        ]

    def narrow(self, request: HttpRequest, cases: QuerySet[Case], value: str) -> QuerySet[Case]:
        least, most = self.spans[value]
        centers = access.center_rows(request.user)
        return cases.filter(pk__in=follow_up.overdue(centers, least=least, most=most).values("case_id"))


class BySegment(Narrowing):
    """A segment that the tumor involves."""

    title, parameter_name = gettext_lazy("Segment involved"), "segment"

    def choices_of(self, request: HttpRequest) -> list[tuple[str, Any]]:
        return list(Segment.choices)

    def narrow(self, request: HttpRequest, cases: QuerySet[Case], value: str) -> QuerySet[Case]:
        return cases.filter(Exists(Tumor.objects.filter(case=OuterRef("pk"), segments__contains=[value])))


class ByLevel(Narrowing):
    """The most cranial level that the tumor reaches."""

    title, parameter_name = gettext_lazy("Level"), "level"

    def choices_of(self, request: HttpRequest) -> list[tuple[str, Any]]:
        return list(Level.choices)

    def narrow(self, request: HttpRequest, cases: QuerySet[Case], value: str) -> QuerySet[Case]:
        return cases.filter(observation__level=value)


class ByYear(Narrowing):
    """The year of the index resection, typed."""

    title, parameter_name, kind = gettext_lazy("Year of resection"), "year", "year"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return []

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        value = (self.value() or "").strip()
        if not value:
            return queryset
        if not (YEAR.fullmatch(value) and YEARS[0] <= int(value) <= YEARS[1]):
            raise IncorrectLookupParameters
        year = int(value)
        return queryset.filter(observation__origin_on__range=(date(year, 1, 1), date(year, 12, 31)))


class BySource(Narrowing):
    """The door or origin."""

    title, parameter_name = gettext_lazy("Source"), "source__exact"

    def choices_of(self, request: HttpRequest) -> list[tuple[str, Any]]:
        return list(Source.choices)

    def narrow(self, request: HttpRequest, cases: QuerySet[Case], value: str) -> QuerySet[Case]:
        return cases.filter(source=value)


class ByUnsaved(Narrowing):
    """Cases in which the person has typed something and not saved it."""

    title, parameter_name = gettext_lazy("Entries not saved"), "unsaved"

    def choices_of(self, request: HttpRequest) -> list[tuple[str, Any]]:
        return [("mine", gettext_lazy("mine"))]

    def narrow(self, request: HttpRequest, cases: QuerySet[Case], value: str) -> QuerySet[Case]:
        return cases.filter(
            pk__in=EntryDraft.objects.filter(by=request.user.pk, case__isnull=False).values("case_id")
        )


FILTERS = (ByCenter, ByStatus, ByWork, ByOverdue, BySegment, ByLevel, ByYear, BySource, ByUnsaved)
