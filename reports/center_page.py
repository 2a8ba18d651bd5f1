"""One center beside all others together: early outcome, margin and follow-up, with the limits of chance. Never ranked.

Others are shown to the center as to any reader outside: only from three centers and ten patients on, and rounded.
"""

from __future__ import annotations

from dataclasses import replace

from registry import access
from reports import cohorts, disclosure, outcomes, remarks, small_numbers
from reports.aggregates import share
from reports.center_statistics import funnel_limits
from reports.coarse_survival import LEAST_PATIENTS
from reports.cohorts import Cut
from reports.content import CenterPage, Compared, Funnel, Share
from reports.disclosure import LEAST_CENTERS
from reports.remarks import mark
from reports.small_numbers import COMPLEMENT

LEAST_IN_FUNNEL, LEAST_FUNNEL_CENTERS = 10, 5  # patients of the center; centers in all
LEVEL, OUTER_LEVEL = 0.95, 0.998
DRAWN_SIZES = 60  # sizes of centers at which the limits of a funnel are worked out
MAJOR = mark("Complication of grade IIIa or higher")
MINOR_GRADES = (remarks.GRADE.format(grade="I"), remarks.GRADE.format(grade="II"))
COMPARED = (*(remarks.DEATH_WITHIN.format(days=days) for days in outcomes.DEATH_DAYS), MAJOR)


def center_page(cut: Cut, *, threshold: int) -> CenterPage | None:
    """Compare the center of a clinical cut with all others; None for any other cut."""
    if cut.center_id is None or cut.source != "clinical":
        return None
    rest = replace(cut, center_id=None, without_center_id=cut.center_id)
    own, told = _measures(cut), _measures(replace(cut, is_for_all=True))
    with access.everywhere():
        around, others = cohorts.frame(rest), _measures(rest)
        heard = cohorts.follow_up(rest)
    is_shown = around.centers >= LEAST_CENTERS and around.resected >= LEAST_PATIENTS
    return CenterPage(
        patients=cohorts.main_curve(cut).count(),
        others=disclosure.shown(around.resected, threshold) if is_shown else None,
        lines=tuple(
            _compared(
                label,
                own[label],
                others.get(label) if is_shown else None,
                told.get(label),
                around.centers,
                threshold,
            )
            for label in COMPARED
            if label in own
        ),
        follow_up=cohorts.follow_up(cut),
        others_follow_up=round(heard, 2) if is_shown and heard is not None else None,
    )


def funnels(page: CenterPage | None) -> tuple[Funnel, ...]:
    """Work out the limits of chance for centers of any size, where those for the size of this one are shown."""
    return tuple(
        _funnel(line.label, line.own.n or 0, line.own.of or 0, line.others.n / line.others.of)
        for line in (page.lines if page else ())
        if line.limits and line.others and line.others.n and line.others.of
    )


def _funnel(label: str, n: int, of: int, target: float) -> Funnel:
    last = 2 * of
    sizes = sorted({1, of, last, *(max(1, round(last * step / DRAWN_SIZES)) for step in range(DRAWN_SIZES))})
    inner, outer = (
        [funnel_limits(target, size, level=level) for size in sizes] for level in (LEVEL, OUTER_LEVEL)
    )
    return Funnel(
        label=label,
        n=n,
        of=of,
        target=target,
        sizes=tuple(sizes),
        lower=tuple(low for low, _ in inner),
        upper=tuple(high for _, high in inner),
        outer_lower=tuple(low for low, _ in outer),
        outer_upper=tuple(high for _, high in outer),
    )


def _measures(cut: Cut) -> dict[str, Share]:
    """Early deaths, each among those of whom it is known, and major complications among those who were judged."""
    early, graded = outcomes.early_events(cut), outcomes.complications(cut)
    found = {
        line.label: line.value for line in (early.lines if early else ()) if isinstance(line.value, Share)
    }
    if graded is not None:
        counts = {line.label: line.value.n or 0 for line in graded.lines if isinstance(line.value, Share)}
        recorded = graded.recorded or 0
        minor = (counts.get(label, 0) for label in (graded.lines[0].label, *MINOR_GRADES))
        found[MAJOR] = share(recorded - sum(minor), recorded, exact=True)
    return found


def _compared(
    label: str, own: Share, others: Share | None, told: Share | None, centers: int, threshold: int
) -> Compared:
    """Put a share beside that of others; `told` is what the report for all counts of the own."""
    seen = disclosure.share_told(others, threshold) if others and (others.of or 0) >= LEAST_PATIENTS else None
    if seen and others and _is_given_away((told and told.n) or 0, others.n or 0, threshold):
        seen = replace(seen, n=None, hidden=COMPLEMENT, lower=None, upper=None)
    limits = outer = None
    if seen and seen.n and seen.of and seen.n < seen.of and own.of and _is_funnel(own.of, centers):
        target = seen.n / seen.of
        limits, outer = (funnel_limits(target, own.of, level=level) for level in (LEVEL, OUTER_LEVEL))
    return Compared(label=label, own=own, others=seen, limits=limits, outer_limits=outer)


def _is_given_away(own: int, others: int, threshold: int) -> bool:
    """Tell whether the small number of the others follows from the report for all, which shows the sum of both."""
    low, high = small_numbers.known(others, threshold)
    least, most = small_numbers.known(own + others, threshold)
    return small_numbers.is_small(others, threshold) and max(low, least - own) == min(high, most - own)


def _is_funnel(patients: int, others: int) -> bool:
    return patients >= LEAST_IN_FUNNEL and others + 1 >= LEAST_FUNNEL_CENTERS
