"""What a report says of survival and other endpoints: curves, estimates, survivors and subgroups, as plain data."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CurveTable:
    """Kaplan-Meier estimate of one group at its distinct exit times, in days."""

    label: str
    n: int | None
    events: int | None
    time_days: tuple[float, ...]
    at_risk: tuple[int, ...]
    died: tuple[int, ...]
    censored: tuple[int, ...]
    survival: tuple[float, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class RiskColumn:
    """Numbers under the figure at one tick: at risk at that day; censored and died strictly before it."""

    months: int
    at_risk: int | None
    censored: int | None
    died: int | None
    hidden: str = ""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Survival at one time; None = not estimable. `hidden` replaces suppressed counts."""

    months: int
    at_risk: int | None
    died: int | None
    survival: float | None
    lower: float | None
    upper: float | None
    hidden: str = ""


@dataclass(frozen=True, kw_only=True)
class Quantile:
    """A time in days at which a curve reaches a level; None = not reached."""

    days: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, kw_only=True)
class Survival:
    """One endpoint: curve, risk table, estimates, median survival and reverse Kaplan-Meier follow-up."""

    endpoint: str
    origin: str
    event: str
    censoring: str
    interval: str
    level: float
    n: int | None
    events: int | None
    show_until_days: float
    curves: tuple[CurveTable, ...]
    risk_table: tuple[tuple[RiskColumn, ...], ...]
    estimates: tuple[Estimate, ...]
    median: Quantile | None
    follow_up: Quantile | None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class OutcomeCurve:
    """One group of an outcome at its distinct exit times, in days: survival free of it, or its cumulative incidence."""

    label: str
    n: int | None
    events: int | None
    competing: int | None
    time_days: tuple[float, ...]
    at_risk: tuple[int, ...]
    had_event: tuple[int, ...]
    had_competing: tuple[int, ...]
    censored: tuple[int, ...]
    estimate: tuple[float, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class OutcomeColumn:
    """Numbers under the figure at one tick: at risk at that day; the others strictly before it."""

    months: int
    at_risk: int | None
    censored: int | None
    events: int | None
    competing: int | None
    hidden: str = ""


@dataclass(frozen=True, kw_only=True)
class OutcomeEstimate:
    """An outcome at one time; events and competing events so far, None = not estimable or withheld."""

    months: int
    at_risk: int | None
    events: int | None
    competing: int | None
    estimate: float | None
    lower: float | None
    upper: float | None
    hidden: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An endpoint other than overall survival; what the curves give is its `kind`."""

    kind: Literal["survival", "incidence"]
    endpoint: str
    origin: str
    event: str
    competitor: str  # "" where nothing competes
    interval: str
    level: float
    n: int | None
    events: int | None
    competing: int | None
    show_until_days: float
    curves: tuple[OutcomeCurve, ...]
    risk_table: tuple[tuple[OutcomeColumn, ...], ...]
    estimates: tuple[OutcomeEstimate, ...]
    median: Quantile | None  # of survival; None for an incidence
    follow_up: Quantile | None
    note: str = ""
    name: str = ""  # of the endpoint
    whom: str = ""  # of which patients; "" for all


@dataclass(frozen=True, kw_only=True)
class MeanTime:
    """Mean time lived until a month, in days: the area under the curve up to there."""

    months: int
    at_risk: int
    days: float
    lower: float
    upper: float


@dataclass(frozen=True, kw_only=True)
class Onward:
    """Survival until a month after the origin of those alive and observed past an earlier day."""

    since_days: float
    months: int
    alive: int  # and observed past that day
    at_risk: int  # at the month
    survival: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, kw_only=True)
class Prognosis:
    """Overall survival told otherwise: mean time lived, and the outlook of those who lived on."""

    level: float
    means: tuple[MeanTime, ...]
    onward: tuple[Onward, ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class GroupTest:
    """A test of equal groups, with the number of events that it stands on."""

    test: Literal["log-rank", "Gray"]
    groups: tuple[str, ...]
    events: int
    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """Patients and deaths of one subgroup, and its survival at one time; None = too few to say, or withheld."""

    label: str
    n: int | None
    events: int | None
    at: Estimate | None
    is_known: bool = True  # False: those of whom the value is not recorded
    hidden: str = ""


@dataclass(frozen=True, kw_only=True)
class Subgroups:
    """Overall survival by the values of one characteristic."""

    heading: str
    strata: tuple[Stratum, ...]
    test: GroupTest | None
    is_rounded: bool = False  # counts to 5, percentages to whole ones
