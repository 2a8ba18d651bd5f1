"""What a report says, as plain data: numbers with their denominators, never finished sentences or markup.

A ReportContent is stored whole with its Report row. PDF, mail and figure are functions of it alone, so a report can be
rendered again years later with the same bytes. It knows no database, clock or reader.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from reports.regression_content import Regression
from reports.survival_content import Outcome, Prognosis, Subgroups, Survival

REPORT_VERSION = "1.4"

# The data a report may be cut from. Clinical data and each kind of demonstration data never meet in one report.
Source = Literal["clinical", "literature", "reconstruction", "synthetic"]


@dataclass(frozen=True, kw_only=True)
class Share:
    """n of a denominator, with an exact interval where one is asked for; `hidden` replaces a suppressed n.

    A denominator that readers may not see is None; then there is no percentage either.
    """

    kind: Literal["share"] = "share"
    n: int | None
    of: int | None
    lower: float | None = None
    upper: float | None = None
    hidden: str = ""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A mean or median and its brackets; which is which is always part of the value, so they cannot be confused."""

    kind: Literal["spread"] = "spread"
    center: Literal["median", "mean", "none"]
    value: float | None
    brackets: Literal["range", "IQR", "none"]
    low: float | None = None
    high: float | None = None
    n: int
    decimals: int = 0
    hidden: str = ""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """An estimated probability with its interval; None = not estimable."""

    kind: Literal["rate"] = "rate"
    estimate: float | None
    lower: float | None = None
    upper: float | None = None
    hidden: str = ""


Value = Annotated[Share | Spread | Rate, Field(discriminator="kind")]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a table."""

    label: str
    value: Value


@dataclass(frozen=True, kw_only=True)
class Group:
    """Lines under one heading; `recorded` of `applicable` patients is the denominator behind them."""

    heading: str
    statistic: str
    lines: tuple[Line, ...]
    recorded: int | None
    applicable: int | None
    exclusive: bool = True  # each patient counts in at most one line, so the lines add up to `recorded`
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Headline:
    """A number for the top of page 1."""

    label: str
    value: Value
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class FlowStep:
    """A box of the patient flow; `left` lists who did not reach the next box and why."""

    label: str
    n: int | None
    left: tuple[Line, ...] = ()
    hidden: str = ""


@dataclass(frozen=True, kw_only=True)
class CountChange:
    """A count then and now; a withheld one is None, and `hidden` replaces a withheld difference."""

    label: str
    before: int | None
    now: int | None
    hidden: str = ""


@dataclass(frozen=True, kw_only=True)
class SurvivalChange:
    """Overall survival at one time then and now."""

    months: int
    before: float | None
    now: float | None


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What differs from the report before this one; `since` is its cut, None when there is none."""

    since: date | None
    counts: tuple[CountChange, ...] = ()
    survival: tuple[SurvivalChange, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PublishedRate:
    """A percentage as printed, or the range of a review."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class PublishedSeries:
    """What a publication prints of survival, for context; None = not printed in what was read of it."""

    citation: str
    source: str
    n: int
    period: str
    at_years: tuple[PublishedRate | None, ...]  # 1, 3, 5 and 10 years
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class RuleCount:
    """How many patients each verdict of one rule got; the five counts add up to all patients read."""

    rule: str
    title: str
    source: str
    severity: str
    concordant: int | None
    deviation: int | None
    justified: int | None
    not_applicable: int | None
    not_assessable: int | None
    sentinel: bool = False  # an event to look at, not a departure from the algorithm
    hidden: str = ""


@dataclass(frozen=True, kw_only=True)
class MissingCount:
    """How often one variable is recorded among the patients to whom it applies."""

    form: str
    variable: str
    recorded: int | None
    applicable: int | None
    hidden: str = ""


@dataclass(frozen=True, kw_only=True)
class QueryCount:
    """How many data queries of one rule are open, and in how many cases."""

    rule: str
    title: str
    queries: int
    cases: int


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A share of one center beside that of all others, and where it lies by chance if the others' is true of it."""

    label: str
    own: Share
    others: Share | None  # None: of too few centers or patients
    limits: tuple[float, float] | None = None  # 95%
    outer_limits: tuple[float, float] | None = None  # 99.8%


@dataclass(frozen=True, kw_only=True)
class CenterPage:
    """One center beside all others together; they are shown to it as to any reader outside."""

    patients: int
    others: int | None  # patients
    lines: tuple[Compared, ...]
    follow_up: float | None  # completeness of follow-up
    others_follow_up: float | None


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """A share of one center, and the limits of chance around that of all others for centers of each size."""

    label: str
    n: int
    of: int
    target: float  # the share of all others, from their rounded counts
    sizes: tuple[int, ...]  # patients of a center, the smallest first
    lower: tuple[float, ...]  # 95%
    upper: tuple[float, ...]
    outer_lower: tuple[float, ...]  # 99.8%
    outer_upper: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Note:
    """A remark that a reader needs to judge the figures."""

    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Methods:
    """Everything needed to make the same report again."""

    data_digest: str
    code_version: str
    report_version: str
    rulebooks: tuple[str, ...]
    software: tuple[str, ...]
    intervals: str
    definitions: tuple[str, ...]
    suppression: str


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """A whole report."""

    title: str
    subtitle: str
    scope: str
    source: Source
    as_of: date
    operated_from: int | None
    operated_to: int | None
    centers: int
    banner: str
    headlines: tuple[Headline, ...]
    flow: tuple[FlowStep, ...]
    patients: tuple[Group, ...]
    operations: tuple[Group, ...]
    complications: Group | None
    early_events: Group | None
    survival: Survival | None
    rules: tuple[RuleCount, ...]
    rules_read: int | None
    missing: tuple[MissingCount, ...]
    imputed_dates: int | None
    notes: tuple[Note, ...]
    methods: Methods
    # since 1.1
    withdrawn: int | None = None
    from_diagnosis: Survival | None = None
    outcomes: tuple[Outcome, ...] = ()
    prognosis: Prognosis | None = None
    subgroups: tuple[Subgroups, ...] = ()
    changes: Changes | None = None
    series: tuple[PublishedSeries, ...] = ()
    standards: tuple[Note, ...] = ()
    # since 1.2
    regression: Regression | None = None
    follow_up: float | None = (
        None  # completeness of follow-up: observed person-time of that possible until the cut
    )
    center_page: CenterPage | None = None
    queries: tuple[QueryCount, ...] = ()
    entry: Group | None = None  # from the resection to the first entry
    graft: tuple[Group, ...] = ()
    kidneys: tuple[Group, ...] = ()
    recurrences: tuple[Group, ...] = ()
    after_recurrence: Survival | None = None
    short_term: tuple[Group, ...] = ()
    from_day_90: Survival | None = None
    # since 1.3
    funnels: tuple[Funnel, ...] = ()


# The parts that are groups of counts: what is withheld of one is withheld of all.
GROUPED = ("patients", "operations", "graft", "kidneys", "recurrences", "short_term")

_ADAPTER: TypeAdapter[ReportContent] = TypeAdapter(ReportContent)
# What a content of an earlier version does not have is not written either, so that its text and digest stay.
_SINCE_1_2 = {
    *("regression", "follow_up", "center_page", "queries", "entry", "graft", "kidneys"),
    *("recurrences", "after_recurrence", "short_term", "from_day_90"),
}
_SINCE_1_1 = {
    *("withdrawn", "from_diagnosis", "outcomes", "prognosis", "subgroups"),
    *("changes", "series", "standards"),
}
_SINCE_1_3 = {"funnels"}
_LATER: dict[str, set[str]] = {
    "1.0": _SINCE_1_1 | _SINCE_1_2 | _SINCE_1_3,
    "1.1": _SINCE_1_2 | _SINCE_1_3,
    "1.2": _SINCE_1_3,
}


def to_json(content: ReportContent, *, indent: int | None = None) -> str:
    """Write the content as JSON with a fixed key order; equal contents give equal text."""
    return _ADAPTER.dump_json(content, indent=indent, exclude=_unknown_to(content)).decode()


def from_json(text: str) -> ReportContent:
    """Read what `to_json` wrote; raise ValueError naming the path of anything else."""
    return _ADAPTER.validate_json(text)


def to_plain(content: ReportContent) -> dict[str, object]:
    """Dump to dicts, lists, strings and numbers, as a JSON column takes them."""
    plain: dict[str, object] = _ADAPTER.dump_python(content, mode="json", exclude=_unknown_to(content))
    return plain


def is_since(content: ReportContent, version: str) -> bool:
    """Tell whether a content is of this version of the report or a later one: earlier ones are printed as they were."""
    own, asked = (tuple(map(int, text.split("."))) for text in (content.methods.report_version, version))
    return own >= asked


def _unknown_to(content: ReportContent) -> set[str] | None:
    return _LATER.get(content.methods.report_version)


def from_plain(plain: object) -> ReportContent:
    """Read what `to_plain` wrote (key order does not matter: a jsonb column keeps none)."""
    return _ADAPTER.validate_python(plain)


def digest(content: ReportContent) -> str:
    """SHA-256 of the content, the identity of what a report says."""
    return hashlib.sha256(to_json(content).encode()).hexdigest()
