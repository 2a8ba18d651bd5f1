"""Erasing a case: its rows, what the audit trail says of it, every copy of its answers on the way; a tombstone stays.

All of it is one transaction. What is erased can never be brought back from here; an older backup brings it back into
another database, and `cases/reapplying.py` erases it there before anybody comes in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Value
from django.utils.text import capfirst
from django.utils.translation import gettext

from cases import duplicates, erasure_log, matching, review, transferring, withdrawing
from cases.erasure_log import Wish
from cases.importing import mapping, waiting
from cases.intake import today_at
from cases.models import Case, DataQuery, EntryDraft, ImportBatch, ImportRow, Patient, Tombstone
from cases.vocabulary import Source, WithdrawalEffect
from registry import access, audit, clock
from registry.access import Action
from registry.chain import forgetting
from registry.dates import PartialDate
from registry.models import AnsweredRequest, Reading, Session
from registry.walls import event_models

if TYPE_CHECKING:
    from registry.models import User

MESSAGES = "_messages"  # where a session keeps what the next page tells


@dataclass(frozen=True, kw_only=True)
class Part:
    """One kind of thing that goes, and how many of them there are."""

    name: str
    count: int


def tables_of_cases() -> list[type[models.Model]]:
    """List every model whose rows belong to one case, by whatever application: a new one is erased without asking."""
    kept: set[Any] = {Reading, *event_models()}
    return [
        model
        for model in apps.get_models()
        if model not in kept
        and any(
            isinstance(f, models.ForeignKey) and f.related_model is Case for f in model._meta.local_fields
        )
    ]


def preview(case: Case) -> list[Part]:
    """Count what an erasure takes away."""
    found = [
        Part(name=_name(model), count=model._base_manager.filter(case=case).count())
        for model in tables_of_cases()
    ]
    events = sum(
        model._base_manager.filter(case_id=case.pk).count()
        for model in event_models()
        if "case_id" in {f.column for f in model._meta.local_fields}
        and model.pgh_tracked_model is not Tombstone
    )
    return [
        *(part for part in found if part.count),
        Part(name=gettext("events of the audit trail"), count=events),
        Part(name=gettext("rows of imported files"), count=_import_rows(case).count()),
        Part(
            name=gettext("files of the center that wait to be imported"),
            count=_waiting_files(case.center_id).count(),
        ),
        Part(name=gettext("stored answers of the API"), count=_count_answers(case)),
    ]


def _count_answers(case: Case) -> int:
    with access.scope(_writers(case)):
        return _answers(case).count()


def _name(model: type[models.Model]) -> str:
    """What people call it."""
    return str(getattr(model, "title", capfirst(model._meta.verbose_name)))


def erase(
    case: Case,
    *,
    withdrawn_on: PartialDate,
    reason: str,
    by: User | None,
    version: int | None = None,
    door: str = Source.ADMIN,
) -> Tombstone:
    """Erase a case for good; ValidationError says what is against it.

    PermissionDenied unless the person may carry this out. Waits for who writes into the audit trail at the moment.
    """
    if by is not None:
        access.require(by, Action.WITHDRAW, case.center_id)
    reason = withdrawing.checked_reason(reason)
    with audit.because(door=door, by=by, reason=reason, centers=[case.center_id]):
        stored = withdrawing.held(case, version)
        withdrawing.check(stored, case, effect=WithdrawalEffect.ERASE, withdrawn_on=withdrawn_on)
        if ImportBatch.objects.filter(center=case.center_id, state=waiting.State.RUNNING).exists():
            raise ValidationError(
                gettext("An import of this center is being worked on; try again when it has ended.")
            )
        transferring.end([case.pk], by=by, door=door, reason=withdrawing.CONSENT_ENDED)
        forgetting.hold()
        line = withdrawing.wish(
            stored, case, effect=WithdrawalEffect.ERASE, withdrawn_on=withdrawn_on, reason=reason, by=by
        )
        stone = leave_tombstone(line, case.center_id, by=by)
        _carry_out(case, stone)
        erasure_log.add(line)
    return stone


def erase_again(case: Case, line: Wish) -> None:
    """Erase a case of a restored copy, as the log tells; needs the transaction of `audit.because`."""
    withdrawing.held(case, None)
    forgetting.hold()
    _carry_out(case, leave_tombstone(line, case.center_id, by=None))


def leave_tombstone(line: Wish, center_id: int, *, by: User | None) -> Tombstone:
    """Write down that there was this case, so that its number is refused from now on."""
    return Tombstone.objects.create(
        center_id=center_id,
        case_id=line.case_id,
        patient_id=line.patient_id,
        registered_at=line.first_saved,
        number_digest=line.number_digest,
        basis=line.basis,
        withdrawn_on=PartialDate.parse(line.withdrawn_on),
        erased_at=line.moment,
        reason=line.reason,
        by=by,
    )


def _carry_out(case: Case, stone: Tombstone) -> None:
    """Remove it from rows and trail, and read those cases again that were taken for the same patient's."""
    twins = _forget_number(case)
    matching.end(case.pk)
    _remove(case)
    forgetting.forget(stone.case_id, stone.patient_id, case_number=case.case_number, reason=stone.reason)
    withdrawing.end_use()
    if twins:
        review.reassess(twins, as_of=today_at(case.center))


# --- what goes -------------------------------------------------------------------------------------------------------


def _remove(case: Case) -> None:
    """Remove every row of the case and of its patient, and every copy of its answers."""
    _forget_files(case)
    with access.scope(_writers(case)):
        _answers(case).delete()
    _forget_messages(case)
    EntryDraft.objects.filter(
        center=case.center_id, case=None, fields__case_number__contains=[case.case_number]
    ).delete()
    for model in tables_of_cases():
        model._base_manager.filter(case=case)._raw_delete(using="default")
    patient = case.patient_id
    Case.objects.filter(pk=case.pk)._raw_delete(using="default")
    Patient.objects.filter(pk=patient)._raw_delete(using="default")


def _forget_number(case: Case) -> list[int]:
    """Take its number out of the queries that ask whether another case is the same patient's; returns these cases."""
    rows = DataQuery.objects.filter(
        center=case.center_id, rule_id=duplicates.RULE_ID, values__case_number__contains=[case.case_number]
    ).exclude(case=case)
    for row in rows:
        others = [number for number in row.values["case_number"] if number != case.case_number]
        row.values = {**row.values, "case_number": others}
        row.save(update_fields=["values"])
    return [row.case_id for row in rows]


def _import_rows(case: Case) -> models.QuerySet[ImportRow]:
    return ImportRow.objects.filter(center=case.center_id, case_number=case.case_number)


def _waiting_files(center_id: int) -> models.QuerySet[ImportBatch]:
    """The files of the center that nobody has imported yet: any of them may hold the patient, and none can be cut."""
    return ImportBatch.objects.filter(center=center_id).exclude(content=b"")


def _forget_files(case: Case) -> None:
    """Forget files of the center, and the rows of the case."""
    forget_waiting_files(case.center_id)
    _import_rows(case).delete()


def forget_waiting_files(center_id: int) -> None:
    """Cancel files that wait, empty those that ended, and forget first values."""
    waiting.forget(_waiting_files(center_id).filter(state__in=waiting.UNDECIDED))
    ended = ImportBatch.objects.filter(center=center_id).exclude(preview={}, content=b"")
    for batch in ended.defer("content"):
        columns = mapping.columns_of(mapping.heads_of(batch))
        ImportBatch.objects.filter(pk=batch.pk).update(content=b"", preview=columns)


def _writers(case: Case) -> set[int]:
    """The centers whose programs may have written in the case: its own, and those that followed the patient."""
    return {case.center_id, *case.transfers.order_by().values_list("receiving_center", flat=True)}


def _answers(case: Case) -> models.QuerySet[AnsweredRequest]:
    """Answers that the API keeps: those that name the case, and all refusals."""
    address = f"/cases/{case.pk}/"
    told = Q(headers__Location__icontains=address)
    for name in (json.dumps(case.case_number, ensure_ascii=False), case.patient.registry_id, address):
        told |= Q(Position(Value(name.encode()), F("body")))
    writers = _writers(case)
    return AnsweredRequest.objects.filter(told, center__in=writers) | refusals(writers)


def refusals(center_ids: Iterable[int]) -> models.QuerySet[AnsweredRequest]:
    """Answers that refused something, whose sentences may repeat its values.

    What was refused saved nothing; the same request again is judged again.
    """
    return AnsweredRequest.objects.filter(center__in=center_ids, status__gte=400)


class Position(models.Func):
    """Whether some bytes stand among others."""

    template = "(position(%(expressions)s) > 0)"
    arg_joiner = " IN "
    output_field = models.BooleanField()


def _forget_messages(case: Case) -> None:
    """Forget what the next page of a session would tell of the case."""
    for session in _sessions():
        data = session.get_decoded()
        if case.case_number in str(data.get(MESSAGES, "")):
            del data[MESSAGES]
            session.session_data = Session.get_session_store_class()().encode(data)
            session.save(update_fields=["session_data"])


def _sessions() -> Iterator[Session]:
    return Session.objects.filter(expire_date__gt=clock.now()).iterator()
