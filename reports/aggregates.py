"""Aggregates that PostgreSQL computes and Django has no words for, and their way into content values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from django.db.models import Aggregate, Avg, Count, FloatField, Func, IntegerField, Max, Min, Q, QuerySet

from reports import remarks
from reports.content import Group, Line, Share, Spread
from reports.proportions import clopper_pearson
from reports.remarks import mark


class Percentile(Aggregate):
    """The share-p quantile, interpolated as in percentile_cont (type 7 of Hyndman and Fan)."""

    function = "percentile_cont"
    template = "%(function)s(%(p)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: str, p: float, **extra: Any) -> None:
        super().__init__(expression, p=float(p), **extra)


class Size(Func):
    """How many codes a set holds."""

    function = "cardinality"
    output_field = IntegerField()


ALL = 2**62  # rows


def worked_out(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Have each annotation worked out once a row: an aggregate repeats what it reads, subqueries too, each time.

    A limit that no table reaches puts the annotations into a query of their own, below the aggregates.
    """
    return rows[:ALL]


Kind = Literal["median", "quartiles", "mean", "range"]


def spreads(rows: QuerySet[Any], expression: str, *, decimals: int = 0) -> dict[Kind, Spread]:
    """Compute median (range or quartiles), mean (range) and range of one column in one query."""
    return spreads_of(rows, {expression: decimals})[expression]


def spreads_of(rows: QuerySet[Any], decimals: Mapping[str, int]) -> dict[str, dict[Kind, Spread]]:
    """Compute the same of several columns in one query; named with them, the decimals to be shown."""
    return spreads_in(rows.aggregate(**measured(decimals)), decimals)


def measured(columns: Iterable[str]) -> dict[str, Aggregate]:
    """Name the aggregates of columns, for a query that asks for more; `spreads_in` reads its answer."""
    return {
        f"{name}_{what}": aggregate
        for name in columns
        for what, aggregate in {
            "median": Percentile(name, 0.5),
            "lower": Percentile(name, 0.25),
            "upper": Percentile(name, 0.75),
            "mean": Avg(name),
            "low": Min(name),
            "high": Max(name),
            "n": Count(name),
        }.items()
    }


def spreads_in(found: Mapping[str, Any], decimals: Mapping[str, int]) -> dict[str, dict[Kind, Spread]]:
    """Read the spread of each column from what was found."""
    return {name: _spreads(found, name, places) for name, places in decimals.items()}


def _spreads(found: Mapping[str, Any], name: str, decimals: int) -> dict[Kind, Spread]:
    low, high, n = found[f"{name}_low"], found[f"{name}_high"], found[f"{name}_n"]
    median = found[f"{name}_median"]
    common: dict[str, Any] = {"low": low, "high": high, "n": n, "decimals": decimals}
    brackets: Literal["range", "none"] = "range" if n else "none"
    return {
        "median": Spread(center="median", value=median, brackets=brackets, **common),
        "quartiles": Spread(
            center="median",
            value=median,
            brackets="IQR" if n else "none",
            **{**common, "low": found[f"{name}_lower"], "high": found[f"{name}_upper"]},
        ),
        "mean": Spread(center="mean", value=found[f"{name}_mean"], brackets=brackets, **common),
        "range": Spread(center="none", value=None, brackets=brackets, **common),
    }


def spread_group(
    heading: str, value: Spread, applicable: int, *, brackets: bool = True, note: str = ""
) -> tuple[Group, ...]:
    """Make the one-line group of a measurement; nothing when nobody has a value."""
    if not value.n:
        return ()
    if not brackets:
        value = Spread(
            center=value.center, value=value.value, brackets="none", n=value.n, decimals=value.decimals
        )
    words = {"median": mark("median"), "mean": mark("mean"), "none": ""}[value.center]
    with_range = {"median": mark("median (range)"), "mean": mark("mean (range)"), "none": mark("range")}
    statistic = with_range[value.center] if brackets else words
    if value.brackets == "IQR":
        statistic = mark("median (IQR)")
    line = Line(label="", value=value)
    return (
        Group(
            heading=heading,
            statistic=statistic,
            lines=(line,),
            recorded=value.n,
            applicable=applicable,
            note=note,
        ),
    )


def share_group(
    heading: str,
    counts: Iterable[tuple[str, int]],
    *,
    recorded: int,
    applicable: int,
    exclusive: bool = True,
    exact: bool = False,
    note: str = "",
) -> tuple[Group, ...]:
    """Make a group of shares of those recorded; nothing when nobody is recorded."""
    if not recorded:
        return ()
    lines = tuple(Line(label=label, value=share(n, recorded, exact=exact)) for label, n in counts)
    return (
        Group(
            heading=heading,
            statistic="n (%)",
            lines=lines,
            recorded=recorded,
            applicable=applicable,
            exclusive=exclusive,
            note=note,
        ),
    )


def share(n: int, of: int, *, exact: bool = False) -> Share:
    """Make a share, with its exact interval where asked for."""
    lower, upper = clopper_pearson(n, of) if exact and of else (None, None)
    return Share(n=n, of=of, lower=lower, upper=upper)


def coded_counts(rows: QuerySet[Any], field: str) -> dict[str, int]:
    """Count the rows by a code; rows without one are left out."""
    counted = rows.exclude(**{field: None}).values_list(field).annotate(n=Count("pk")).order_by(field)
    return {code: n for code, n in counted if code != ""}


def set_counts(rows: QuerySet[Any], field: str) -> tuple[dict[str, int], int]:
    """Count the rows that hold each code of a set, and the rows that hold any."""
    vocabulary = rows.model._meta.get_field(field).codes  # type: ignore[union-attr]
    recorded = rows.exclude(**{field: None})
    found = recorded.aggregate(
        everybody=Count("pk"),
        **{
            f"code_{i}": Count("pk", filter=Q(**{f"{field}__contains": [code]}))
            for i, code in enumerate(vocabulary)
        },
    )
    counts = {code: found[f"code_{i}"] for i, code in enumerate(vocabulary)}
    return {code: n for code, n in counts.items() if n}, found["everybody"]


def in_order(counts: Mapping[str, int], vocabulary: Any, *, empty: bool = False) -> list[tuple[str, int]]:
    """Put counts in the order and words of a vocabulary; codes that nobody has are left out unless `empty`."""
    return [
        (str(member.label), counts.get(str(member), 0)) for member in vocabulary if empty or member in counts
    ]


def coded_group(
    heading: str, rows: QuerySet[Any], field: str, vocabulary: Any, everybody: int
) -> tuple[Group, ...]:
    """Make the group of one code a patient; the applicable are at least the recorded."""
    found = coded_counts(rows, field)
    return share_group(
        heading,
        in_order(found, vocabulary),
        recorded=sum(found.values()),
        applicable=max(everybody, sum(found.values())),
    )


def set_group(
    heading: str, rows: QuerySet[Any], field: str, vocabulary: Any, everybody: int
) -> tuple[Group, ...]:
    """Make the group of a set of codes, saying so where a patient counts in several lines."""
    found, recorded = set_counts(rows, field)
    several = sum(found.values()) > recorded
    note = remarks.SEVERAL_LINES.format(heading=heading) if several else ""
    return share_group(
        heading,
        in_order(found, vocabulary),
        recorded=recorded,
        applicable=everybody,
        exclusive=not several,
        note=note,
    )


def flag_group(heading: str, rows: QuerySet[Any], field: str, everybody: int) -> tuple[Group, ...]:
    """Make the group of a yes or no."""
    yes, no = rows.filter(**{field: True}).count(), rows.filter(**{field: False}).count()
    return share_group(
        heading, [(mark("Yes"), yes), (mark("No"), no)], recorded=yes + no, applicable=everybody
    )
