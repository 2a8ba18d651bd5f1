"""Transfers of follow-up over HTTP: lists, one, an offer, and its answer. Steps are a person's, no key takes them."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cases import duty, summary, transferring
from cases.api import openapi_transfers
from cases.api.filters import CODE, CodeFilter
from cases.api.texts import refused, texts
from cases.api.views import CaseView
from cases.api.work import WorkList
from cases.document import load
from cases.models import Transfer
from cases.vocabulary import Source, TransferState
from registry.access import Action
from registry.api.permissions import reach
from registry.api.views import RegistryView
from registry.chain import reading
from registry.models import User

SHOWN = ("registry_id", "sex", "resected_year", "note", "offered_at", "accepted_at", "decided_at", "reason")


def seen(request: Request) -> QuerySet[Transfer]:
    """What the centers that this request may read offered, and what was offered to them."""
    rows = Transfer.objects.of_either(reach(request, Action.READ))
    return rows.select_related("center", "receiving_center", "offered_by", "decided_by")


def shown(request: Request, row: Transfer) -> dict[str, Any]:
    """A transfer as both centers see it; its case has a number for the receiving one once that accepted it."""
    is_known = row.center_id in reach(request, Action.READ) or row.state == TransferState.ACCEPTED
    return {
        "id": row.pk,
        "url": reverse("api-transfer", args=[row.pk]),
        "state": row.state,
        "center": row.center.code,
        "receiving_center": row.receiving_center.code,
        "case": row.case_id if is_known else None,
        "offered_by": _name(row.offered_by),
        "decided_by": _name(row.decided_by),
        **{name: getattr(row, name) for name in SHOWN},
    }


def _name(user: User | None) -> str | None:
    return None if user is None else user.get_full_name() or user.username


class TransferFilter(django_filters.FilterSet):
    """By state, and by center on either side."""

    state = CodeFilter(choices=TransferState.choices, help_text="How far it is")
    center = django_filters.CharFilter(
        method="with_center", help_text="Code of a center on either side", validators=[CODE]
    )

    def with_center(self, rows: QuerySet[Transfer], name: str, value: str) -> QuerySet[Transfer]:
        """Keep those with this center on either side."""
        return rows.filter(Q(center__code=value) | Q(receiving_center__code=value))


class Transfers(WorkList):
    """Offers and transfers, the latest first."""

    filters, order = TransferFilter, ("-id",)

    @extend_schema(**openapi_transfers.LIST)
    def get(self, request: Request) -> Response:
        """List what your center offered, and what was offered to it."""
        return self.page(request, seen(request), lambda row: shown(request, row))


class OneTransfer(RegistryView):
    """One transfer."""

    needs = {"GET": Action.READ}

    @extend_schema(**openapi_transfers.READ)
    def get(self, request: Request, pk: int) -> Response:
        """Read a transfer; once it is accepted, its receiving center reads the summary of the case, too."""
        row = _one(request, pk)
        follows = row.receiving_center_id in reach(request, Action.READ)
        told: list[dict[str, str]] = []
        if follows and row.state == TransferState.ACCEPTED:
            by = cast(User, request.user)
            with duty.opened(row, by=by) as case:
                reading.of_case(case, by=by, door="api", form="transfer")
                (stored,) = load([case.pk])
            told = [{"name": fact.name, "text": fact.text} for fact in summary.facts(stored.document)]
        return Response({**shown(request, row), "summary": told})


class OfferTransfer(CaseView):
    """The follow-up of a case is offered to another center."""

    needs = {"POST": Action.TRANSFER}

    @extend_schema(**openapi_transfers.OFFER)
    def post(self, request: Request, pk: int) -> Response:
        """Offer the follow-up of a case; the same offer again is the one that stands."""
        case = self.case_to_change(request, pk, Action.TRANSFER)
        said = texts(request, ("center", "note"))
        by = cast(User, request.user)
        try:
            row = transferring.offer(
                case, center_code=said["center"], note=said["note"], by=by, door=Source.API
            )
        except ValidationError as error:
            raise refused(error, "not_to_be_offered") from None
        response = Response(shown(request, _one(request, row.pk)), 201)
        response["Location"] = request.build_absolute_uri(reverse("api-transfer", args=[row.pk]))
        return response


class _Step(RegistryView):
    """A step of one transfer."""

    needs = {"POST": Action.TRANSFER}
    says: ClassVar[tuple[str, ...]] = ("reason",)

    def take(self, row: Transfer, by: User, said: dict[str, str]) -> Transfer:
        """Take it, or not at all."""
        raise NotImplementedError

    def answer(self, request: Request, pk: int) -> Response:
        """The transfer as it is after the step."""
        row = _one(request, pk)
        said = texts(request, self.says) if self.says else {}
        try:
            row = self.take(row, cast(User, request.user), said)
        except ValidationError as error:
            raise refused(error, "wrong_state") from None
        return Response(shown(request, _one(request, row.pk)))


class AcceptTransfer(_Step):
    """The receiving center takes the follow-up over."""

    says = ()

    def take(self, row: Transfer, by: User, said: dict[str, str]) -> Transfer:
        return transferring.accept(row, by=by, door=Source.API)

    @extend_schema(**openapi_transfers.step("accept_transfer", has_reason=False))
    def post(self, request: Request, pk: int) -> Response:
        """Accept an offer: your center follows the patient from now on."""
        return self.answer(request, pk)


class DeclineTransfer(_Step):
    """The receiving center declines."""

    def take(self, row: Transfer, by: User, said: dict[str, str]) -> Transfer:
        return transferring.decline(row, by=by, door=Source.API, **said)

    @extend_schema(**openapi_transfers.step("decline_transfer", has_reason=True))
    def post(self, request: Request, pk: int) -> Response:
        """Decline an offer, and say why."""
        return self.answer(request, pk)


class WithdrawTransfer(_Step):
    """The center that operated withdraws its offer."""

    def take(self, row: Transfer, by: User, said: dict[str, str]) -> Transfer:
        return transferring.withdraw(row, by=by, door=Source.API, **said)

    @extend_schema(**openapi_transfers.step("withdraw_transfer", has_reason=True))
    def post(self, request: Request, pk: int) -> Response:
        """Withdraw an offer that was not answered yet, and say why."""
        return self.answer(request, pk)


class ReturnTransfer(_Step):
    """Either center ends a transfer."""

    def take(self, row: Transfer, by: User, said: dict[str, str]) -> Transfer:
        return transferring.give_back(row, by=by, door=Source.API, **said)

    @extend_schema(**openapi_transfers.step("return_transfer", has_reason=True))
    def post(self, request: Request, pk: int) -> Response:
        """Return the follow-up to the center that operated, or take it back, and say why."""
        return self.answer(request, pk)


def _one(request: Request, pk: int) -> Transfer:
    """The transfer; missing and foreign ones do not exist alike."""
    row = seen(request).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row
