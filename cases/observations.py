"""The survival observation of a case as a row: written at intake, and put right when the rulebooks are read again.

What an observation says is decided in `cases/endpoints.py`. When a release counts something new or otherwise, the
next reading brings the rows of all cases up to it; those that say the same already are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cases import consents, endpoints, store
from cases.document import StoredCase
from cases.models import SurvivalObservation
from cases.vocabulary import ConsentScope, Source

# What else holds data of cases and has to let go of them: called in the transaction that ends the use of a case.
END_OF_USE: list[Callable[[], None]] = []
BEYOND_CENTER = {
    "in_reports": ConsentScope.REPORTS,
    "in_research": ConsentScope.DATA_SHARING_THIRD_PARTY,
}
COLUMNS = tuple(f.attname for f in SurvivalObservation._meta.local_fields)


def row(
    document: Any,
    *,
    case_id: int | None,
    center_id: int,
    source: str,
    is_counted_elsewhere: bool = False,
) -> dict[str, Any] | None:
    """Reduce a case to its observation, by column; None where nothing may be counted (`cases/consents.py`).

    A patient whom another center's case counts (`cases/matching.py`) counts here in the own center's reports alone.
    """
    if not consents.may_be_used(document):
        return None
    seen = endpoints.observe(document, published=source == Source.LITERATURE)
    own = {"case_id": case_id, "center_id": center_id, "source": source}
    uses = {
        name: not is_counted_elsewhere and consents.covers(document, scope, source=source)
        for name, scope in BEYOND_CENTER.items()
    }
    return {**own, **uses, **endpoints.strata(document), **endpoints.columns(seen)}


def write(rows: Mapping[int, dict[str, Any] | None], *, are_new: bool = False) -> None:
    """Write the observations of cases, new ones and those that changed; a case without one loses what it had.

    Whoever holds data of a case that is not for research any more lets go of them, by whatever door that came.
    """
    is_ended = not are_new and _ends_use(rows)
    store.write(
        SurvivalObservation,
        COLUMNS,
        [one for one in rows.values() if one],
        key=[] if are_new else ["case_id"],
    )
    if unused := [case_id for case_id, one in rows.items() if one is None]:
        SurvivalObservation.objects.filter(pk__in=unused).delete()
    if is_ended:
        end_use()


def _ends_use(rows: Mapping[int, dict[str, Any] | None]) -> bool:
    """Whether a case was for research, and is not any more."""
    not_shared = [case_id for case_id, one in rows.items() if one is None or not one["in_research"]]
    shared = SurvivalObservation.objects.filter(pk__in=not_shared, in_research=True)
    return bool(not_shared) and shared.exists()


def end_use() -> None:
    """Tell whoever else holds data of cases."""
    for let_go in END_OF_USE:
        let_go()


def renew(cases: Sequence[StoredCase]) -> int:
    """Bring the observations of stored cases up to what is counted today; returns how many said something else."""
    there = SurvivalObservation.objects.filter(pk__in=[case.id for case in cases])
    stored = {values[0]: values for values in there.values_list(*COLUMNS)}
    wanted = {
        c.id: row(
            c.document,
            case_id=c.id,
            center_id=c.center_id,
            source=c.source,
            is_counted_elsewhere=c.is_counted_elsewhere,
        )
        for c in cases
    }
    differing = {
        case_id: one
        for case_id, one in wanted.items()
        if stored.get(case_id) != (None if one is None else tuple(one[name] for name in COLUMNS))
    }
    write(differing)
    return len(differing)
