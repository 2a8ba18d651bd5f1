"""Life tables that add: how many failed, were censored or entered on each day, by group.

A LifeTable is all that the estimators of this package need, so the table of two centers, months or
shards added together gives exactly the estimate of the pooled patients. Pure numpy, no Django.

Order within one day: failures, then censorings, then late entries. Whoever is censored on a day is
still at risk for the deaths of that day; whoever enters on a day is not. Day 0 counts.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reports import counting
from reports.counting import Counts, LifeTableError, Reals


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTable:
    """What stands under a survival curve, each (G, M): at risk at, censored and failed before each time."""

    times: Reals
    at_risk: Counts
    censored: Counts
    events: Counts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LifeTable:
    """Counts of patients at the distinct times of G groups, N cells sorted by group and time.

    groups     G labels
    offsets    (G+1,) the cells of group g are offsets[g] to offsets[g+1]
    time       (N,) days since the operation, rising within a group
    events     (K, N) failures of cause 1..K
    censored   (N,)
    entered    (N,) late entries: at risk only after this time
    """

    groups: tuple[Hashable, ...]
    offsets: Counts
    time: NDArray[Any]
    events: Counts
    censored: Counts
    entered: Counts

    @classmethod
    def from_arrays(
        cls,
        time: ArrayLike,
        event: ArrayLike,
        *,
        group: ArrayLike | None = None,
        groups: Sequence[Hashable] | None = None,
        entry: ArrayLike | None = None,
        causes: int | None = None,
    ) -> LifeTable:
        """Count patients, one per row, each observed on (entry, time]; an entry of NaN means from the start.

        event is 0 for censored, else the cause 1..causes. Groups are sorted; with ``groups`` their order
        is given and ``group`` holds positions in it. Raises LifeTableError naming the first bad row.
        """
        days = counting.as_days(time, "time")
        cause = counting.as_whole_numbers(event, "event", days.size)
        known = max(1, int(cause.max(initial=0))) if causes is None else causes
        counting.refuse(
            (cause < 0) | (cause > known), "event", f"is not 0 (censored) or a cause from 1 to {known}"
        )
        labels, code = counting.as_positions(group, groups, days.size)
        moments, slot = days, cause
        if entry is not None:
            start = np.asarray(entry, np.float64)
            counting.same_length(start, days.size, "entry")
            late = ~np.isnan(start)
            counting.refuse(
                late & ~(start >= 0), "entry", "is negative; leave it out for a patient seen from the start"
            )
            counting.refuse(
                late & (start >= days), "entry", "is not before time; observation must last some time"
            )
            moments = counting.as_days(np.concatenate([days, start[late]]), "time")
            code = np.concatenate([code, code[late]])
            slot = np.concatenate([cause, np.full(int(late.sum()), known + 1)])
        axis, place = counting.axis_of(moments)
        cell, planes = counting.tally(slot, code * axis.size + place, known + 2, len(labels) * axis.size)
        return cls._from_cells(labels, axis, cell, planes)

    @classmethod
    def from_counts(
        cls,
        group: ArrayLike,
        time: ArrayLike,
        events: ArrayLike,
        censored: ArrayLike,
        entered: ArrayLike | None = None,
        *,
        groups: Sequence[Hashable] | None = None,
    ) -> LifeTable:
        """Take M rows counted elsewhere (SQL: GROUP BY group, time), in any order; repeated rows add up.

        events is (K, M), or (M,) for one cause. ``group`` and ``groups`` as in ``from_arrays``.
        """
        days = counting.as_days(time, "time")
        failed = np.atleast_2d(np.asarray(events))
        given = [censored, *failed, np.zeros(days.size, np.int64) if entered is None else entered]
        fields = ["censored", *["events"] * len(failed), "entered"]
        for values, field in zip(given, fields, strict=True):
            counts = counting.as_whole_numbers(values, field, days.size)
            counting.refuse(counts < 0, field, "is a negative count")
        planes = np.array(given, np.int64)
        labels, code = counting.as_positions(group, groups, days.size)
        axis, place = counting.axis_of(days)
        cell = code * axis.size + place
        if not (np.diff(cell) > 0).all():
            cell, position = np.unique(cell, return_inverse=True)
            total = np.zeros((len(planes), cell.size), np.int64)
            for counts, added in zip(planes, total, strict=True):
                np.add.at(added, position, counts)
            planes = total
        table = cls._from_cells(labels, axis, cell, planes)
        if (table.at_risk < table.failed + table.censored).any() or (table.started < 0).any():
            raise LifeTableError("more patients leave than were ever at risk; count each entry and exit once")
        return table

    @classmethod
    def _from_cells(
        cls, labels: tuple[Hashable, ...], axis: NDArray[Any], cell: Counts, planes: Counts
    ) -> LifeTable:
        """cell = group position * axis size + place on the axis; planes = censored, causes..., entered."""
        bounds = np.searchsorted(cell, np.arange(len(labels) + 1) * axis.size)
        place = cell - np.repeat(np.arange(len(labels)) * axis.size, np.diff(bounds))
        return cls(
            groups=labels,
            offsets=bounds,
            time=axis[place],
            events=planes[1:-1],
            censored=planes[0],
            entered=planes[-1],
        )

    def __add__(self, other: LifeTable) -> LifeTable:
        """Pool two sets of patients: exact, associative, and commutative but for the order of new groups."""
        if len(self.events) != len(other.events):
            raise LifeTableError("tables with different numbers of causes cannot be added")
        labels = tuple(dict.fromkeys(self.groups + other.groups))
        position = {label: i for i, label in enumerate(labels)}
        return LifeTable.from_counts(
            np.concatenate(
                [table.over_cells([position[label] for label in table.groups]) for table in (self, other)]
            ),
            np.concatenate([self.time, other.time]),
            np.concatenate([self.events, other.events], axis=1),
            np.concatenate([self.censored, other.censored]),
            np.concatenate([self.entered, other.entered]),
            groups=labels,
        )

    def relabel(self, name: Callable[[Hashable], Hashable]) -> LifeTable:
        """Rename every group (center to country, stage to I-II and III-IV) and pool those named alike."""
        names = [name(label) for label in self.groups]
        labels = tuple(dict.fromkeys(names))
        codes = self.over_cells([labels.index(label) for label in names])
        return LifeTable.from_counts(
            codes, self.time, self.events, self.censored, self.entered, groups=labels
        )

    def pool(self, label: Hashable = "all") -> LifeTable:
        """Everyone in one group."""
        return self.relabel(lambda _: label)

    def select(self, labels: Iterable[Hashable]) -> LifeTable:
        """These groups only, in this order."""
        chosen = tuple(labels)
        unknown = [label for label in chosen if label not in self.groups]
        if unknown:
            raise LifeTableError(
                f"no group {unknown[0]!r}; the groups are {list(self.groups)}", field="groups"
            )
        spans = [self.spans()[self.groups.index(label)] for label in chosen]
        cells = np.concatenate([np.zeros(0, np.int64), *(np.arange(span.start, span.stop) for span in spans)])
        sizes = [span.stop - span.start for span in spans]
        return LifeTable(
            groups=chosen,
            offsets=np.cumsum([0, *sizes]),
            time=self.time[cells],
            events=self.events[:, cells],
            censored=self.censored[cells],
            entered=self.entered[cells],
        )

    def reverse(self) -> LifeTable:
        """Failures and censorings exchanged: the distribution of follow-up (Schemper and Smith 1996)."""
        return self._with(self.censored[np.newaxis], self.failed)

    def cause_specific(self, cause: int) -> LifeTable:
        """Failures of one cause; those of the other causes become censorings."""
        own = self.events[cause - 1]
        return self._with(own[np.newaxis], self.censored + self.failed - own)

    def landmark(self, day: float) -> LifeTable:
        """Only patients still under observation after ``day``; the clock is not reset."""
        if self.entered.any():
            raise LifeTableError(
                "a landmark with late entries needs the patients, not the counts", field="entry"
            )
        after = self.time > day
        return LifeTable.from_counts(
            self.over_cells(range(len(self.groups)))[after],
            self.time[after],
            self.events[:, after],
            self.censored[after],
            groups=self.groups,
        )

    @property
    def failed(self) -> Counts:
        """(N,) failures of any cause."""
        return self.events[0] if len(self.events) == 1 else self.events.sum(axis=0)

    @property
    def size(self) -> Counts:
        """(G,) patients."""
        return self.total(self.failed + self.censored)

    @property
    def started(self) -> Counts:
        """(G,) patients at risk from the start: all who leave did either start or enter."""
        return self.total(self.failed + self.censored - self.entered)

    @property
    def at_risk(self) -> Counts:
        """(N,) patients with entry < time <= exit, at every cell."""
        left = np.cumsum(np.concatenate([[0], self.failed + self.censored - self.entered]))
        return self.over_cells(self.started + left[self.offsets[:-1]]) - left[:-1]

    def at_risk_at(self, times: ArrayLike) -> Counts:
        """(G, M) patients with entry < t <= exit."""
        return self.risk_table(times).at_risk

    def risk_table(self, times: ArrayLike) -> RiskTable:
        """Count the numbers to print under a curve (KMunicate: Morris 2019, doi 10.1136/bmjopen-2019-030215).

        Censored and events are cumulative and strictly before t, so without late entries the three add
        up to n at every t.
        """
        moments = np.asarray(times, np.float64)
        spans = self.spans()
        upto = np.empty((len(spans), moments.size), np.int64)
        for row, span in zip(upto, spans, strict=True):
            row[:] = span.start + np.searchsorted(self.time[span], moments, side="left")

        def before(counts: Counts) -> Counts:
            running = np.cumsum(np.concatenate([[0], counts]))
            return running[upto] - running[self.offsets[:-1], np.newaxis]

        censored, events = before(self.censored), before(self.failed)
        at_risk = self.started[:, np.newaxis] + before(self.entered) - censored - events
        return RiskTable(times=moments, at_risk=at_risk, censored=censored, events=events)

    def last(self) -> Reals:
        """(G,) last day anyone leaves, NaN for an empty group."""
        leaves = self.failed + self.censored > 0
        ends = [self.time[span][leaves[span]] for span in self.spans()]
        return np.array([end[-1] if end.size else np.nan for end in ends], np.float64)

    def spans(self) -> list[slice]:
        """The cells of each group."""
        bounds = self.offsets.tolist()
        return [slice(a, b) for a, b in pairwise(bounds)]

    def running(self, operation: np.ufunc, values: Reals) -> Reals:
        """(N,) running sum or product inside each group, strictly left to right as in R's loops."""
        result = np.empty(values.shape)
        for span in self.spans():
            operation.accumulate(values[span], out=result[span])
        return result

    def just_before(self, values: Reals, first: float) -> Reals:
        """(N,) the value of a step function just before each time: the cell before, or ``first``."""
        result = np.empty(values.shape)
        result[1:] = values[:-1]
        result[self.offsets[:-1][np.diff(self.offsets) > 0]] = first
        return result

    def _with(self, events: Counts, censored: Counts) -> LifeTable:
        return LifeTable(
            groups=self.groups,
            offsets=self.offsets,
            time=self.time,
            events=events,
            censored=censored,
            entered=self.entered,
        )

    def over_cells(self, values: ArrayLike) -> Counts:
        """(N,) one value per group, repeated over its cells."""
        return np.repeat(np.asarray(values, np.int64), np.diff(self.offsets))

    def total(self, counts: Counts) -> Counts:
        """(G,) the sum over the cells of each group."""
        running = np.cumsum(np.concatenate([[0], counts]))
        return np.diff(running[self.offsets])
