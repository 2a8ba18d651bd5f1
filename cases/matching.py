"""One patient in two centers: found by the vault, told without telling who or where, decided by the data manager.

The vault compares keyed digests (`registry/vault/marks.py`) and gives numbers of cases. A pair is two rows of
`PossibleDuplicate`, one in each center, so a center learns that there may be another case and not whose. Of one
patient's two cases, reports and exports of the whole registry count the one that the data manager chose; the other
counts in its own center's reports alone (`cases/observations.py`), until the first is erased or used no longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext

from cases import document as documents
from cases import observations
from cases.models import Case, Consent, PairVerdict, PossibleDuplicate
from cases.vocabulary import ConsentBasis, ConsentScope, Source
from registry import access, audit, clock
from registry.access import Action
from registry.models import Center
from registry.vault import store

if TYPE_CHECKING:
    from registry.models import User

DOOR = "vault"
COMPARED = "compared with other centers"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two cases that may be one patient's."""

    id: UUID
    rows: tuple[PossibleDuplicate, PossibleDuplicate]

    @property
    def verdict(self) -> PairVerdict:
        """What was decided."""
        return PairVerdict(self.rows[0].verdict)


# --- finding --------------------------------------------------------------------------------------------------------


def look(case: Case) -> None:
    """Bring the pairs of a case up to what the vault finds alike now; what was decided stays."""
    with _by_registry():
        alike, known = _alike(case), _known(case.pk)
        for other in alike:
            if other.pk not in known:
                _pair(case, other)
        there = {other.pk for other in alike}
        gone = [row.pair for pk, row in known.items() if pk not in there and row.verdict == PairVerdict.OPEN]
        PossibleDuplicate.objects.filter(pair__in=gone).delete()


def _by_registry() -> AbstractContextManager[None]:
    """All centers, in the registry's own name: who acted in one of them, and why, is not for the trail of the other."""
    return audit.because(door=DOOR, reason=COMPARED, centers=Center.objects.values_list("pk", flat=True))


def _alike(case: Case) -> list[Case]:
    """What is invented in a sandbox is nobody's, and asks after nobody."""
    if case.center.is_sandbox or not (found := store.twins(case.pk)):
        return []
    linked = covering_consents().filter(case__in=found).values("case")
    return list(Case.objects.filter(pk__in=linked, center__is_sandbox=False).order_by("pk"))


def covering_consents() -> QuerySet[Consent]:
    """The recorded consents that cover linkage now; an identity whose consent did once is kept until the night."""
    ended = (ConsentBasis.REFUSED, ConsentBasis.WITHDRAWN)
    return Consent.objects.filter(scopes__contains=[ConsentScope.LINKAGE]).exclude(basis__in=ended)


def _known(case_id: int) -> dict[int, PossibleDuplicate]:
    """The pairs that a case is in, by the other case."""
    own = {row.pair: row for row in PossibleDuplicate.objects.filter(case=case_id)}
    others = PossibleDuplicate.objects.filter(pair__in=own).exclude(case=case_id) if own else ()
    return {other.case_id: own[other.pair] for other in others}


def _pair(*cases: Case) -> None:
    pair, now = uuid4(), clock.now()
    PossibleDuplicate.objects.bulk_create(
        PossibleDuplicate(case=case, center_id=case.center_id, pair=pair, found_at=now) for case in cases
    )


# --- what each sees -------------------------------------------------------------------------------------------------


def told_to_center(case: Case) -> str:
    """What the center of a case is told: no center, no number. Empty where there is nothing to tell."""
    rows = PossibleDuplicate.objects.filter(case=case).exclude(verdict=PairVerdict.DIFFERENT)
    found = set(rows.values_list("verdict", "is_counted"))
    if (PairVerdict.SAME, False) in found:
        return gettext(
            "Another center holds this patient, too; reports of the whole registry count its case, and your own"
            " center's reports count this one. The registry's data manager decided that."
        )
    if (PairVerdict.OPEN, True) in found:
        return gettext(
            "Another center may hold this patient; the registry's data manager has been told and will decide."
        )
    return ""


def pairs(*verdicts: PairVerdict) -> list[Pair]:
    """The pairs of these verdicts with both cases, the oldest first; for who sees the whole registry."""
    rows = PossibleDuplicate.objects.filter(verdict__in=verdicts).order_by("found_at", "pair", "center__code")
    by_pair: dict[UUID, list[PossibleDuplicate]] = {}
    for row in rows.select_related("case__patient", "center", "decided_by"):
        by_pair.setdefault(row.pair, []).append(row)
    return [Pair(id=pair, rows=(two[0], two[1])) for pair, two in by_pair.items() if len(two) == 2]


def undecided() -> QuerySet[PossibleDuplicate]:
    """One row for each pair that waits for the data manager: of two, the older."""
    waiting = PossibleDuplicate.objects.filter(verdict=PairVerdict.OPEN)
    return waiting.order_by("pair", "id").distinct("pair")


# --- deciding -------------------------------------------------------------------------------------------------------


def decide(pair: UUID, *, verdict: str, counted: int | None, reason: str, by: User) -> None:
    """Say that a pair is one patient, and which case counts beyond its center, or two; also instead of what was said.

    ValidationError says what is missing. PermissionDenied unless the person links patients of the whole registry.
    """
    access.require(by, Action.LINK, None)
    reason = " ".join(reason.split())
    if wrong := gettext("Say why.") if not reason else audit.wrong_reason(reason):
        raise ValidationError({"reason": wrong})
    with access.everywhere(), audit.because(door=Source.ADMIN, by=by, reason=reason):
        two = PossibleDuplicate.objects.filter(pair=pair)
        _hold(two.values("case"))
        rows = list(two.select_for_update().order_by("pk"))
        if len(rows) != 2:
            raise ValidationError(
                gettext("This pair is no longer there: an identity was changed or removed.")
            )
        if verdict not in (PairVerdict.SAME, PairVerdict.DIFFERENT):
            raise ValidationError({"verdict": gettext("Choose whether this is one patient or two.")})
        if verdict == PairVerdict.SAME and counted not in {row.case_id for row in rows}:
            told = gettext("Choose which of the two cases reports of the whole registry count.")
            raise ValidationError({"counted": told})
        if verdict == PairVerdict.SAME and {row.case_id for row in rows} <= _counted_for(counted, but=pair):
            told = gettext(
                "Then no case of this patient would count: by earlier decisions the one you chose is left out for the"
                " other. Choose the other one, or decide the earlier pair otherwise first."
            )
            raise ValidationError({"counted": told})
        for row in rows:
            row.verdict, row.reason = verdict, reason
            row.is_counted = verdict != PairVerdict.SAME or row.case_id == counted
            row.decided_at, row.decided_by = clock.now(), by
            row.save()
        _settle(row.case_id for row in rows)


def _hold(case_ids: Any) -> list[Case]:
    """Let nobody else change these cases; held first, as whoever ends their use does."""
    return list(Case.objects.select_for_update().filter(pk__in=case_ids).order_by("pk"))


def hold(case_id: int) -> None:
    """Hold a case with those it is paired with, the lower number first: of two that end at once one waits."""
    with _by_registry():
        _hold([case_id, *_known(case_id)])


def _counted_for(case_id: int | None, *, but: UUID) -> set[int | None]:
    """A case with all those for which it is left out, directly or by others, whatever the pair `but` says."""
    found: set[int | None] = set()
    more: set[int | None] = {case_id}
    while more:
        found |= more
        rows = PossibleDuplicate.objects.exclude(pair=but)
        left_out = rows.filter(case__in=more, is_counted=False).values("pair")
        more = set(rows.filter(pair__in=left_out, is_counted=True).values_list("case_id", flat=True)) - found
    return found


def end(case_id: int) -> None:
    """Take a case that is erased, or used no longer, out of its pairs: the other case counts again."""
    with _by_registry():
        known = _known(case_id)
        PossibleDuplicate.objects.filter(pair__in=[row.pair for row in known.values()]).delete()
        _settle([case_id, *known])


def _settle(case_ids: Iterable[int]) -> None:
    """Let each of these cases count where the verdicts say, by the case and by its observation."""
    ids = sorted(set(case_ids))
    left_out = set(
        PossibleDuplicate.objects.filter(case__in=ids, is_counted=False).values_list("case_id", flat=True)
    )
    changed = [case.pk for case in _hold(ids) if case.is_counted_elsewhere != (case.pk in left_out)]
    Case.objects.filter(pk__in=changed).exclude(pk__in=left_out).update(is_counted_elsewhere=False)
    Case.objects.filter(pk__in=[*left_out.intersection(changed)]).update(is_counted_elsewhere=True)
    observations.renew(documents.load(changed))
