"""An answer about survival as a file: picture, table of counts and estimates, and a script that makes them again in R.

Of fewer patients than a curve is drawn of there is no file but an empty table.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from registry import language
from registry.formulas import guarded
from reports import asking, documents, figures, r_script, strata, survival_chapter
from reports.asking import Answer
from reports.survival_content import Outcome, Survival

_TIMES = ("time_days", "at_risk")
_LIMITS = ("lower", "upper")


@dataclass(frozen=True, kw_only=True)
class File:
    """One kind of file; `make` answers None where there is no curve to make it of."""

    media_type: str
    make: Callable[[Answer], bytes | str | None]


def csv_table(answer: Answer) -> str:
    """Write the life table of each curve with its estimates, by the codes of its groups.

    Columns are named for what the endpoint counts: deaths, or events and what competes with them.
    """
    endpoint = answer.question.endpoint
    if asking.is_overall(endpoint):
        columns = {name: name for name in (*_TIMES, "died", "censored", "survival", *_LIMITS)}
    else:
        competing = {"competing": "had_competing"} if endpoint.competing else {}
        columns = {
            **{name: name for name in _TIMES},
            "events": "had_event",
            **competing,
            "censored": "censored",
        }
        columns |= {
            "incidence" if endpoint.competing else "survival": "estimate",
            **{name: name for name in _LIMITS},
        }
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["group", *columns])
    for curve in answer.drawn.curves if answer.drawn else ():
        values = (getattr(curve, name) for name in columns.values())
        writer.writerows((guarded(curve.label), *row) for row in zip(*values, strict=True))
    return out.getvalue()


def svg(answer: Answer) -> bytes | None:
    """Draw the curves, in the reader's language."""
    return _picture(answer, "svg")


def png(answer: Answer) -> bytes | None:
    """Draw the same as PNG, for slides."""
    return _picture(answer, "png")


def script(answer: Answer) -> str | None:
    """Write the script for R."""
    if answer.drawn is None or not answer.drawn.curves:
        return None
    return r_script.script(answer)


def _picture(answer: Answer, kind: figures.Kind) -> bytes | None:
    drawn = answer.drawn
    if drawn is None or not drawn.curves:
        return None
    with documents.speaking(language.spoken()):
        in_words = _in_words(drawn, answer.question.stratum)
        return figures.curve(in_words, kind, title=survival_chapter.title(drawn))


def _in_words(drawn: Survival | Outcome, stratum: str) -> Survival | Outcome:
    """The same with its groups called as people call them."""
    if not stratum:
        return drawn
    curves: Any = tuple(replace(curve, label=strata.word(stratum, curve.label)) for curve in drawn.curves)
    return replace(drawn, curves=curves)


FILES: dict[str, File] = {
    "survival.svg": File(media_type="image/svg+xml", make=svg),
    "survival.png": File(media_type="image/png", make=png),
    "survival.csv": File(media_type="text/csv; charset=utf-8", make=csv_table),
    "survival.R": File(media_type="text/plain; charset=utf-8", make=script),
}
