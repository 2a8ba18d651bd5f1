"""A question about survival and its answer: read from the parameters of an address, once for API and page.

What may be asked, by whom, and the sentence for what may not, are decided here; how an answer looks is not
(survival_files.py, api/, admin/).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext

from registry import clock
from registry.models import Center
from reports import cohorts, estimates, mean_differences, strata
from reports.cohorts import Cut
from reports.content import Source
from reports.endpoints import ENDPOINTS, OVERALL_SURVIVAL, Endpoint
from reports.lifetable import LifeTable
from reports.mean_differences import MeanDifference
from reports.survival_content import GroupTest, Outcome, Survival

SOURCES: tuple[Source, ...] = get_args(Source)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked: an endpoint, of whom, in one curve or one for each value of a stratum ("" for one curve)."""

    endpoint: Endpoint
    stratum: str
    cut: Cut
    center: Center | None  # None is the registry


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was estimated: overall survival as reports have it, other endpoints as an outcome; None if of nobody."""

    question: Question
    table: LifeTable
    labels: tuple[str, ...]  # of the groups of the table
    drawn: Survival | Outcome | None
    test: GroupTest | None
    mean_difference: MeanDifference | None
    imputed_dates: int

    @property
    def survival(self) -> Survival | None:
        """Overall survival, from whatever origin."""
        return self.drawn if isinstance(self.drawn, Survival) else None

    @property
    def outcome(self) -> Outcome | None:
        """Any other endpoint."""
        return self.drawn if isinstance(self.drawn, Outcome) else None

    def each(self) -> Iterator[tuple[str, Survival | Outcome]]:
        """Every group of a stratum, estimated by itself: label and estimate."""
        for group, label in zip(self.table.groups, self.labels, strict=True):
            if (found := _drawn(self.table.select([group]), self.question.endpoint)) is not None:
                yield label, found


# --- reading ---------------------------------------------------------------------------------------------------------


def read(given: Mapping[str, str], *, centers: Sequence[Center]) -> Question:
    """Read a question from parameters; what is not given is overall survival of clinical data as of today.

    `centers` are those that the reader may read. Raises ValidationError with a sentence for each parameter that cannot
    be used, and Http404 for a center that is not among them. Parameters that are no part of a question are passed over.
    """
    found: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for name, reads in _readers(centers).items():
        try:
            found[name] = reads(given.get(name, ""))
        except ValueError as error:
            wrong[name] = [str(error)]
    if wrong:
        raise ValidationError(wrong)
    center: Center | None = found["center"]
    return Question(
        endpoint=found["endpoint"],
        stratum=found["stratum"],
        cut=Cut(
            as_of=found["as_of"],
            source=found["source"],
            center_id=center.pk if center else None,
            era=found["era"],
        ),
        center=center,
    )


def reads_all(centers: Sequence[Center]) -> bool:
    """Tell whether these are all the centers of the registry, so that its whole may be asked for."""
    return not Center.objects.exclude(pk__in=[center.pk for center in centers]).exists()


def is_overall(endpoint: Endpoint) -> bool:
    """Tell overall survival from whatever origin: it has had its own answer from the beginning."""
    return endpoint.title == OVERALL_SURVIVAL.title


def one_of(known: Collection[str]) -> str:
    """Say what a parameter may be."""
    return gettext("Must be one of: {codes}.").format(codes=", ".join(known))


def _readers(centers: Sequence[Center]) -> dict[str, Callable[[str], Any]]:
    return {
        "endpoint": lambda text: ENDPOINTS[_chosen(text or OVERALL_SURVIVAL.name, ENDPOINTS)],
        "stratum": lambda text: text and _chosen(text, cohorts.STRATA),
        "era": _era,
        "source": lambda text: _chosen(text or "clinical", SOURCES),
        "as_of": _day,
        "center": lambda code: _center(code, centers),
    }


def _chosen(text: str, known: Collection[str]) -> str:
    if text not in known:
        raise ValueError(one_of(known))
    return text


def _day(text: str) -> date:
    return cohorts.read_cut(text) if text else clock.now().date()


def _era(text: str) -> str:
    if text and not cohorts.ERA.fullmatch(text):
        raise ValueError(gettext("Write the decade as 2010s."))
    return text


def _center(code: str, centers: Sequence[Center]) -> Center | None:
    """Find the one center asked for; without one the only center of the reader, or all if the reader reads all."""
    if code:
        found = next((center for center in centers if center.code == code), None)
        if found is None:
            raise Http404
        return found
    if len(centers) == 1:
        return centers[0]
    if not reads_all(centers):
        raise ValueError(gettext("Name the center: you read several, but not all."))
    return None


# --- answering -------------------------------------------------------------------------------------------------------


def estimate(question: Question) -> Answer:
    """Estimate what is asked, from counts: nobody is loaded."""
    endpoint, stratum = question.endpoint, question.stratum
    counted, imputed_dates = cohorts.dated_life_table(question.cut, endpoint=endpoint, stratum=stratum)
    table = counted.select(strata.ordered(stratum, counted.groups))
    label = _label(stratum)
    # Centers are shown and never ranked: no comparison finds the worst of them.
    compared = table.select([]) if stratum == "center" else table
    return Answer(
        question=question,
        table=table,
        labels=tuple(label(group) for group in table.groups),
        drawn=_drawn(table, endpoint, label),
        test=estimates.compare_groups(compared, label=label),
        mean_difference=mean_differences.compare(compared, label=label),
        imputed_dates=imputed_dates,
    )


def _drawn(
    table: LifeTable, endpoint: Endpoint, label: Callable[[object], str] = str
) -> Survival | Outcome | None:
    if is_overall(endpoint):
        return estimates.overall_survival(table, label=label, origin=endpoint.origin)
    return estimates.outcome(table, endpoint, label=label)


def _label(stratum: str) -> Callable[[object], str]:
    if stratum == "center":
        codes = dict(Center.objects.values_list("pk", "code"))
        return lambda pk: codes.get(pk, "") if isinstance(pk, int) else ""
    return lambda value: str(value) or strata.NOT_RECORDED
