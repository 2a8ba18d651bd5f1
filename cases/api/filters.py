"""What a list of cases can be filtered by."""

import django_filters

from cases.models import Case
from cases.vocabulary import Source, Status


class CaseFilter(django_filters.FilterSet):
    """Exact matches, and everything since a moment."""

    case_number = django_filters.CharFilter(help_text="The center's own number, exactly")
    center = django_filters.CharFilter(field_name="center__code", help_text="Code of the center")
    status = django_filters.ChoiceFilter(choices=Status.choices, help_text="How far it is")
    source = django_filters.ChoiceFilter(choices=Source.choices, help_text="Door or origin")
    updated_since = django_filters.IsoDateTimeFilter(
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
