"""Deviations and data queries over HTTP: lists, one with its history, the answer of its center, the decision on it."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import django_filters
from django.core.exceptions import ValidationError
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cases import answering
from cases.api import openapi_findings, records
from cases.api.filters import CodeFilter
from cases.api.texts import refused, texts
from cases.api.work import OfCenter, WorkList, named
from cases.models import DataQuery, Deviation
from cases.models.review import ReviewItem
from cases.rulebook.retelling import of_item
from cases.vocabulary import ReviewState, Severity, Source
from registry.access import Action
from registry.api.permissions import reach
from registry.api.versions import refuse_changed, refuse_unless_seen
from registry.api.views import RegistryView
from registry.audit import history_of
from registry.history import people
from registry.models import User

LONGEST_RULE = 40
LIFE = ("state", "severity", "answer", "answer_text", "decision", "decision_text")


def tag(item: ReviewItem) -> str:
    """The ETag of a finding: another one as soon as anything changes that an answer is given to."""
    return f'"{answering.fingerprint(item)[:32]}"'


def shown(item: ReviewItem) -> dict[str, Any]:
    """A finding with its case, and what people said to it."""
    said = {name: getattr(item, name) for name in records.FINDING}
    about = {"code": item.rule_id, "message": of_item(item), "closed_at": item.closed_at}
    return {"id": item.pk, **named(item.case, item.center), **about, **said, "etag": tag(item)}


# --- lists -----------------------------------------------------------------------------------------------------------


class FindingFilter(OfCenter):
    """By state, rule, severity, age and case."""

    state = CodeFilter(
        choices=ReviewState.choices, help_text="Where it stands; what is not closed without it"
    )
    code = django_filters.CharFilter(
        field_name="rule_id", max_length=LONGEST_RULE, help_text="Id of the rule"
    )
    severity = CodeFilter(choices=Severity.choices, help_text="How much it matters")
    opened_before = django_filters.DateFilter(
        field_name="opened_at", lookup_expr="date__lt", help_text="First found before this day (UTC)"
    )
    case_number = django_filters.CharFilter(
        field_name="case__case_number", max_length=40, help_text="The center's own number of the case"
    )


class _Findings(WorkList):
    """What the rulebooks found, the latest first."""

    model: ClassVar[type[ReviewItem]]
    filters, order = FindingFilter, ("-opened_at", "-id")

    def _answer(self, request: Request) -> Response:
        rows = self.visible(self.model.objects.select_related("case", "center"))
        if "state" not in request.query_params:
            rows = rows.standing()  # type: ignore[attr-defined]
        return self.page(request, rows, shown)


class Queries(_Findings):
    """Data queries."""

    model = DataQuery

    @extend_schema(**openapi_findings.QUERIES)
    def get(self, request: Request) -> Response:
        """List implausible values, to be confirmed or corrected."""
        return self._answer(request)


class Deviations(_Findings):
    """Deviations from the algorithm."""

    model = Deviation

    @extend_schema(**openapi_findings.DEVIATIONS)
    def get(self, request: Request) -> Response:
        """List where care was not as the algorithm expects."""
        return self._answer(request)


# --- one, and what is said to it -------------------------------------------------------------------------------------


class FindingView(RegistryView):
    """One finding: reading it, or saying something to it as it was read."""

    model: ClassVar[type[ReviewItem]]
    versioned = frozenset({"GET", "POST"})
    says: ClassVar[tuple[str, ...]] = ()  # the texts that the body may have

    def item(self, request: Request, pk: int) -> ReviewItem:
        """The finding, if the person may see it."""
        rows = self.visible(self.model.objects.select_related("case", "center"))
        if (item := rows.filter(pk=pk).first()) is None:
            raise Http404
        return item

    def said(self, request: Request, pk: int) -> Response:
        """Take what the body says to the finding, and show it as it is now."""
        item = self.item(request, pk)
        needed = Action(self.needs["POST"])
        if item.center_id not in reach(request, needed):
            raise Http404
        refuse_unless_seen(request, tag(item))
        try:
            self.take(item, texts(request, self.says), cast(User, request.user))
        except answering.ChangedError:  # somebody else was quicker, since it was read above
            refuse_changed(tag(self.item(request, pk)))
        except ValidationError as error:
            raise refused(error, "not_to_be_answered") from None
        item = self.item(request, pk)
        return Response(shown(item), headers={"ETag": tag(item)})

    def take(self, item: Any, texts: dict[str, str], by: User) -> None:
        """Say it to the finding as it was read, or not at all."""
        raise NotImplementedError


class _OneFinding(FindingView):
    needs = {"GET": Action.READ}

    def _answer(self, request: Request, pk: int) -> Response:
        item = self.item(request, pk)
        return Response({**shown(item), "history": _history(item)}, headers={"ETag": tag(item)})


def _history(item: ReviewItem) -> list[dict[str, Any]]:
    """Every step of its life, oldest first, with who took it where a person did."""
    events = list(history_of(item))
    names = people(pk for event in events for pk in (event.answered_by_id, event.decided_by_id))
    return [
        {
            "at": event.pgh_created_at,
            **{name: getattr(event, name) for name in LIFE},
            "answered_by": names.get(event.answered_by_id),
            "decided_by": names.get(event.decided_by_id),
            "rulebook_version": event.rulebook_version,
            "values": event.values,
        }
        for event in events
    ]


class OneQuery(_OneFinding):
    """One data query."""

    model = DataQuery

    @extend_schema(**openapi_findings.one("query"))
    def get(self, request: Request, pk: int) -> Response:
        """Read a data query with its history."""
        return self._answer(request, pk)


class OneDeviation(_OneFinding):
    """One deviation."""

    model = Deviation

    @extend_schema(**openapi_findings.one("deviation"))
    def get(self, request: Request, pk: int) -> Response:
        """Read a deviation with its history."""
        return self._answer(request, pk)


class AnswerQuery(FindingView):
    """The center says that the value is right."""

    model, says = DataQuery, ("answer_text",)
    needs = {"POST": answering.TO_ANSWER[DataQuery]}

    def take(self, item: Any, texts: dict[str, str], by: User) -> None:
        seen = answering.fingerprint(item)
        answering.confirm(item, text=texts["answer_text"], by=by, if_seen=seen, door=Source.API)

    @extend_schema(**openapi_findings.taking("answer_query", "Confirmation"))
    def post(self, request: Request, pk: int) -> Response:
        """Confirm the value that is asked about, and say why it is right."""
        return self.said(request, pk)


class ExplainDeviation(FindingView):
    """The center says why care was otherwise."""

    model, says = Deviation, ("answer", "answer_text")
    needs = {"POST": answering.TO_ANSWER[Deviation]}

    def take(self, item: Any, texts: dict[str, str], by: User) -> None:
        answering.explain(
            item,
            answer=texts["answer"],
            text=texts["answer_text"],
            by=by,
            if_seen=answering.fingerprint(item),
            door=Source.API,
        )

    @extend_schema(**openapi_findings.taking("explain_deviation", "Explanation"))
    def post(self, request: Request, pk: int) -> Response:
        """Explain a deviation by a reason from the list, and in words."""
        return self.said(request, pk)


class _Decide(FindingView):
    says = ("decision", "decision_text")

    def take(self, item: Any, texts: dict[str, str], by: User) -> None:
        answering.decide(
            item,
            decision=texts["decision"],
            text=texts["decision_text"],
            by=by,
            if_seen=answering.fingerprint(item),
            door=Source.API,
        )


class DecideQuery(_Decide):
    """A second person decides on a confirmation."""

    model = DataQuery
    needs = {"POST": answering.TO_DECIDE[DataQuery]}

    @extend_schema(**openapi_findings.taking("decide_query", "Decision"))
    def post(self, request: Request, pk: int) -> Response:
        """Decide on a confirmation; never by who gave it."""
        return self.said(request, pk)


class DecideDeviation(_Decide):
    """A second person decides on an explanation."""

    model = Deviation
    needs = {"POST": answering.TO_DECIDE[Deviation]}

    @extend_schema(**openapi_findings.taking("decide_deviation", "Decision"))
    def post(self, request: Request, pk: int) -> Response:
        """Decide on an explanation; never by who gave it."""
        return self.said(request, pk)
