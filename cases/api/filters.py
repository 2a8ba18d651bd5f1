"""What a list of cases can be filtered by: exact values in ASCII digits, nothing guessed."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy

from cases.models import Case, DataQuery, Deviation, Tumor
from cases.vocabulary import Level, Segment, Source, Status
from registry.api.pages import YEARS

_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
CODE = RegexValidator(
    r"\A[A-Z0-9]{2,8}\Z", gettext_lazy("A center code has 2 to 8 capital letters or digits.")
)
_YEAR = RegexValidator(r"\A(19|20)[0-9][0-9]\Z", gettext_lazy("Write the year as YYYY."))
WORK: dict[str, Any] = {"query": DataQuery, "deviation": Deviation}


class Moment(forms.Field):
    """A moment in ISO 8601 with its offset from UTC."""

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            found = datetime.fromisoformat(value) if _MOMENT.fullmatch(value) else None
        except ValueError:
            found = None
        if found is None or found.year not in YEARS:
            raise ValidationError(
                gettext("Write the moment as 2026-01-31T12:00:00Z; a + in an address is written %2B."),
                code="moment",
            )
        return found


class MomentFilter(django_filters.Filter):
    """Compares with a moment."""

    field_class = Moment


class CodeFilter(django_filters.ChoiceFilter):
    """One of some codes; another one is answered with those that there are."""

    def __init__(self, *, choices: Iterable[tuple[str, Any]], **options: Any) -> None:
        codes = ", ".join(code for code, _ in choices)
        told = format_lazy(gettext_lazy("Must be one of: {codes}."), codes=codes)
        super().__init__(choices=choices, error_messages={"invalid_choice": told}, **options)


class CaseFilter(django_filters.FilterSet):
    """Exact matches, and everything since a moment."""

    case_number = django_filters.CharFilter(help_text="The center's own number, exactly", max_length=40)
    center = django_filters.CharFilter(
        field_name="center__code", help_text="Code of the center", validators=[CODE]
    )
    status = CodeFilter(choices=Status.choices, help_text="How far it is")
    source = CodeFilter(choices=Source.choices, help_text="Door or origin")
    year = django_filters.CharFilter(
        method="operated_in", help_text="Year of the index resection", validators=[_YEAR]
    )
    level = CodeFilter(
        field_name="observation__level", choices=Level.choices, help_text="Most cranial level of the tumor"
    )
    segment = CodeFilter(
        method="involving", choices=Segment.choices, help_text="A segment that the tumor involves"
    )
    open = CodeFilter(
        method="waiting",
        choices=[("query", "query"), ("deviation", "deviation")],
        help_text="Cases with an open data query, or an open deviation",
    )
    updated_since = MomentFilter(
        field_name="updated_at",
        lookup_expr="gte",
        help_text=(
            "Changed at this moment or later, ISO 8601 with offset. To follow the changes, ask each time from"
            " 30 minutes before the latest updated_at you have: a change can be seen once its whole import is saved,"
            " and bears an earlier moment. `version` tells what you have already."
        ),
    )

    class Meta:
        model = Case
        fields: tuple[str, ...] = ()

    def operated_in(self, cases: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """Keep the cases whose index resection was in a year, imputed where only that is known."""
        year = int(value)
        return cases.filter(observation__origin_on__range=(date(year, 1, 1), date(year, 12, 31)))

    def involving(self, cases: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """Keep the cases whose tumor involves a segment."""
        return cases.filter(Exists(Tumor.objects.filter(case=OuterRef("pk"), segments__contains=[value])))

    def waiting(self, cases: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        """Keep the cases in which a finding waits for somebody."""
        return cases.filter(Exists(WORK[value].objects.open().filter(case=OuterRef("pk"))))
