"""The survival observation of a case as a row: written at intake, and put right when the rulebooks are read again.

What an observation says is decided in `cases/endpoints.py`. When a release counts something new or otherwise, the
next reading brings the rows of all cases up to it; those that say the same already are not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cases import endpoints, store
from cases.document import StoredCase
from cases.models import SurvivalObservation
from cases.vocabulary import Source

COLUMNS = tuple(f.attname for f in SurvivalObservation._meta.local_fields)


def row(document: Any, *, case_id: int | None, center_id: int, source: str) -> dict[str, Any]:
    """Reduce a case to its observation, by column."""
    seen = endpoints.observe(document, published=source == Source.LITERATURE)
    own = {"case_id": case_id, "center_id": center_id, "source": source}
    return {**own, **endpoints.strata(document), **endpoints.columns(seen)}


def write(rows: Sequence[dict[str, Any]], *, are_new: bool = False) -> None:
    """Write observations, new ones and those that changed."""
    store.write(SurvivalObservation, COLUMNS, rows, key=[] if are_new else ["case_id"])


def renew(cases: Sequence[StoredCase]) -> int:
    """Bring the observations of stored cases up to what is counted today; returns how many said something else."""
    there = SurvivalObservation.objects.filter(pk__in=[case.id for case in cases])
    stored = {values[0]: values for values in there.values_list(*COLUMNS)}
    wanted = (row(c.document, case_id=c.id, center_id=c.center_id, source=c.source) for c in cases)
    differing = [one for one in wanted if stored.get(one["case_id"]) != tuple(one[name] for name in COLUMNS)]
    write(differing)
    return len(differing)
