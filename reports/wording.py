"""How a number is written: digits, brackets, dashes, units. One place, so that PDF, mail and text agree.

Pure functions of content values. Percentages have one decimal; ranges take an en dash; "–" means not estimable.
"""

from __future__ import annotations

from datetime import date

from reports.content import Rate, Share, Spread, Value
from reports.remarks import mark
from reports.speech import say, say_many, told, voice
from reports.survival_content import Estimate, Quantile

DAYS_PER_MONTH = 365.25 / 12
NOT_ESTIMABLE = "–"
DAYS = (
    mark("{day} January {year}"),
    mark("{day} February {year}"),
    mark("{day} March {year}"),
    mark("{day} April {year}"),
    mark("{day} May {year}"),
    mark("{day} June {year}"),
    mark("{day} July {year}"),
    mark("{day} August {year}"),
    mark("{day} September {year}"),
    mark("{day} October {year}"),
    mark("{day} November {year}"),
    mark("{day} December {year}"),
)


def number(value: float, decimals: int = 0) -> str:
    """Write with a fixed number of decimals and a true minus sign; halves go up, as a reader expects."""
    scaled = abs(value) * 10**decimals
    whole = int(scaled + 0.5 + 1e-9)
    text = f"{whole / 10**decimals:,.{decimals}f}".replace(",", "\u202f").replace(".", voice().decimal)
    return f"\u2212{text}" if value < 0 and whole else text


def percent(fraction: float, decimals: int = 1) -> str:
    """Write a fraction as a percentage with one decimal, or as many as it has."""
    return f"{number(100 * fraction, decimals)}%"


def interval(lower: float | None, upper: float | None, decimals: int = 1) -> str:
    """Write the limits of a proportion in percent, without the sign; an en dash when there is no interval."""
    if lower is None or upper is None or lower == upper:
        return NOT_ESTIMABLE
    return f"{number(100 * lower, decimals)}–{number(100 * upper, decimals)}"


def main(value: Value) -> str:
    """Write what stands before the brackets: the count, or the mean or median."""
    if value.hidden:
        return told(value.hidden)
    if isinstance(value, Share):
        return number(value.n) if value.n is not None else NOT_ESTIMABLE
    if isinstance(value, Rate):
        return percent(value.estimate) if value.estimate is not None else NOT_ESTIMABLE
    if value.value is None:
        return _bracket_range(value) or NOT_ESTIMABLE
    return number(value.value, value.decimals)


def bracket(value: Value) -> str:
    """Write what stands in brackets: the percentage, or the range or quartiles."""
    if value.hidden:
        return ""
    if isinstance(value, Share):
        return f"({percent(value.n / value.of)})" if value.n is not None and value.of else ""
    if isinstance(value, Rate):
        return f"({interval(value.lower, value.upper)})"
    inside = _bracket_range(value)
    return f"({inside})" if inside and value.value is not None else ""


def limits(value: Value) -> str:
    """Write the interval of a share or rate."""
    if isinstance(value, Spread) or value.hidden:
        return NOT_ESTIMABLE
    return interval(value.lower, value.upper)


def of_total(value: Value) -> str:
    """Write "2 of 8"."""
    if not isinstance(value, Share) or value.of is None:
        return main(value)
    return say("{n} of {all}", n=main(value), all=number(value.of))


def _bracket_range(value: Spread) -> str:
    if value.low is None or value.high is None or (value.n == 1 and value.value is not None):
        return ""  # the range of one patient says nothing that the value does not
    return f"{number(value.low, value.decimals)}–{number(value.high, value.decimals)}"


def months(days: float) -> str:
    """Write days as months: whole from 10 months on, one decimal below."""
    value = days / DAYS_PER_MONTH
    return number(value) if value >= 9.95 else number(value, 1)


def quantile(value: Quantile, *, level: float = 0.95) -> str:
    """Write a median time with its interval, or that it was not reached."""
    share = f"{level:.0%}"
    if value.days is None and value.lower is None:
        return say("not reached")
    if value.days is None:
        low = months(value.lower or 0)
        return say("not reached (lower {level} limit {low} months)", level=share, low=low)
    low = NOT_ESTIMABLE if value.lower is None else months(value.lower)
    if value.upper is None:
        return say(
            "{months} months ({level} CI {low} to not reached)",
            months=months(value.days),
            level=share,
            low=low,
        )
    return say(
        "{months} months ({level} CI {low}–{high})",
        months=months(value.days),
        level=share,
        low=low,
        high=months(value.upper),
    )


def survival(estimate: Estimate) -> str:
    """Write S(t) in percent, or that it cannot be estimated at that time."""
    return NOT_ESTIMABLE if estimate.survival is None else percent(estimate.survival)


def p_value(p: float) -> str:
    """Write a p-value with its sign: three decimals, and no smaller than that."""
    return f"< {number(0.001, 3)}" if p < 0.001 else f"= {number(p, 3)}"


def day(value: date) -> str:
    """Write a date in words, so that no country misreads it."""
    return say(DAYS[value.month - 1], day=value.day, year=value.year)


def years(first: int | None, last: int | None) -> str:
    """Write a period of years; nothing when no year is known."""
    if first is None or last is None:
        return ""
    return f"{first}" if first == last else f"{first}–{last}"


def counted(n: int, one: str, many: str) -> str:
    """Write a count with its noun: texts for one and for many, with {n} for the count."""
    return say_many(one, many, n, n=number(n))


def listed(items: tuple[str, ...]) -> str:
    """Join with commas and a final "and"."""
    if len(items) < 2:
        return "".join(items)
    return say("{items} and {last}", items=", ".join(items[:-1]), last=items[-1])
