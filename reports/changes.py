"""What a report says that the one before it did not: from the two contents alone, both as their readers see them. Pure.

Readers who may not see the cases get rounded counts, then and now: what stood there before may have been exact.
"""

from __future__ import annotations

from reports import remarks
from reports.content import Changes, CountChange, ReportContent, SurvivalChange
from reports.remarks import mark
from reports.small_numbers import COMPLEMENT, shown

WITHDRAWN = mark("Consent withdrawn")
DEATHS = mark("Deaths after resection")


def since(
    before: ReportContent | None, now: ReportContent, *, threshold: int | None = None, note: str = ""
) -> Changes:
    """Compare with the report before, if there is one; with a threshold for readers outside.

    `note` says to readers inside who came and who left.
    """
    if before is None:
        return Changes(since=None)
    counts = tuple(
        CountChange(label=step.label, before=_size(before, place), now=step.n)
        for place, step in enumerate(now.flow)
    )
    if threshold is None:
        deaths = (
            CountChange(label=DEATHS, before=_deaths(before), now=_deaths(now)),
            CountChange(label=WITHDRAWN, before=before.withdrawn, now=now.withdrawn),
        )
        return Changes(
            since=before.as_of, counts=(*counts, *deaths), survival=_survival(before, now), note=note
        )
    return Changes(
        since=before.as_of,
        counts=tuple(_rounded(change, threshold) for change in counts),
        note=remarks.ROUNDED_CHANGES,
    )


def _size(content: ReportContent, place: int) -> int | None:
    return content.flow[place].n if place < len(content.flow) else None


def _deaths(content: ReportContent) -> int | None:
    return content.survival.events if content.survival else 0


def _survival(before: ReportContent, now: ReportContent) -> tuple[SurvivalChange, ...]:
    """Compare at the times that either report estimates."""
    then, today = _estimates(before), _estimates(now)
    return tuple(
        SurvivalChange(months=months, before=then.get(months), now=today.get(months))
        for months in sorted({*then, *today})
    )


def _estimates(content: ReportContent) -> dict[int, float | None]:
    return {e.months: e.survival for e in content.survival.estimates} if content.survival else {}


def _rounded(change: CountChange, threshold: int) -> CountChange:
    before, now = shown(change.before, threshold), shown(change.now, threshold)
    is_told = before is not None and now is not None
    return CountChange(label=change.label, before=before, now=now, hidden="" if is_told else COMPLEMENT)
