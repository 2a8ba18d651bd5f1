"""A script for R that makes an answer about survival again from its counts, and stops where R finds other numbers.

It holds how many patients of each group left on each day, as the life table does, and no patient. R's packages survival
and, for Gray's test, cmprsk are all it needs. It is in English, whoever asks.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator

from reports.asking import Answer
from reports.mean_differences import MeanDifference
from reports.strata import NOT_RECORDED
from reports.survival_content import Estimate, GroupTest, Outcome, OutcomeEstimate, Quantile, Survival

TOLERANCE = 1e-9
WIDTH = 100

_CHECK = f"""\
checked <- 0
check <- function(what, here, page) {{
  cat(sprintf("%-58s %s\\n", what, paste(format(here, digits = 10), collapse = "  ")))
  near <- (is.na(here) & is.na(page)) | abs(here - page) <= {TOLERANCE!r} * pmax(1, abs(page))
  if (length(here) != length(page) || !all(near %in% TRUE))
    stop(what, ": the registry says ", paste(format(page, digits = 16), collapse = "  "), call. = FALSE)
  checked <<- checked + length(here)
}}
"""
# One row for each patient of the counts. Who leaves on a day is one who was there: entries and exits are paired in
# their order, which gives everyone an entry before the exit and changes no number at risk.
_PATIENTS = """\
one_each <- function(g) {
  times <- c(g$event, g$competing, g$censored)
  rows <- data.frame(group = g$group[1], day = rep(rep(g$day, 3), times),
                     cause = rep(rep(c(1, 2, 0), each = nrow(g)), times))
  rows <- rows[order(rows$day), ]
  rows$entry <- sort(c(rep(-1, nrow(rows) - sum(g$entered)), rep(g$day, g$entered)))
  rows
}
patients <- do.call(rbind, lapply(split(counts, counts$group), one_each))
"""
_SURVIVAL = """\
observed <- function(rows, event) {time}
at <- function(rows, days) {{
  s <- summary(survfit(observed(rows, rows$cause > 0) ~ 1, conf.type = "{interval}"), times = days, extend = TRUE)
  with_limits(s$surv, s$std.err, s$lower, s$upper)
}}
"""
_INCIDENCE = """\
observed <- function(rows, event) {time}
at <- function(rows, days) {{
  causes <- factor(rows$cause, 0:2)
  s <- summary(survfit(observed(rows, causes) ~ 1, conf.type = "{interval}"), times = days, extend = TRUE)
  own <- function(values) matrix(values, ncol = 3)[, 2]
  with_limits(own(s$pstate), own(s$std.err), own(s$lower), own(s$upper))
}}
"""
_LIMITS = """\
# Before the first event the estimate is its own limits; survival before 3.8 gives none there.
with_limits <- function(estimate, error, lower, upper) {
  if (error %in% 0) c(estimate, estimate, estimate) else c(estimate, lower, upper)
}
"""
_MEDIAN = """\
median_of <- function(rows, event) {{
  q <- quantile(survfit(observed(rows, event) ~ 1, conf.type = "{interval}"), 0.5)
  as.numeric(c(q$quantile, q$lower, q$upper))
}}
"""
_LOGRANK = """\
test <- survdiff(Surv(day, cause > 0) ~ group, data = known)
df <- sum(test$exp > 0) - 1
found <- c(test$chisq, df, pchisq(test$chisq, df, lower.tail = FALSE))
"""
_LATE_LOGRANK = """\
model <- coxph(Surv(entry, day, cause > 0) ~ group, data = known, ties = "exact")
df <- sum(!is.na(model$coefficients))
found <- c(model$score, df, pchisq(model$score, df, lower.tail = FALSE))
"""
_MEANS = """\
known <- patients[patients$group != {unknown}, ]
means <- summary(survfit({time} ~ factor(group, {groups}), data = known), rmean = {months} * 365.25 / 12)$table
less <- diff(means[, "rmean"])
error <- sqrt(sum(means[, "se(rmean)"]^2))
found <- c(means[, "rmean"], less, less + c(-1, 1) * qnorm((1 + {level}) / 2) * error, 2 * pnorm(-abs(less / error)))
"""
_GRAY = """\
test <- cmprsk::cuminc(known$day, known$cause, known$group, cencode = 0)$Tests
found <- test[1, c("stat", "df", "pv")]
"""


def script(answer: Answer) -> str:
    """Write the script; ValueError where nobody is followed."""
    if answer.drawn is None:
        raise ValueError("There is nothing to make again: nobody is followed.")
    parts = [_head(answer, answer.drawn), _counts(answer), _PATIENTS, *_functions(answer, answer.drawn)]
    parts.append("\n".join(_checks(answer, answer.drawn)) + "\n")
    if answer.test is not None:
        parts.append(_test(answer, answer.test))
    if answer.mean_difference is not None:
        parts.append(_means(answer, answer.mean_difference))
    parts.append(f'cat("All", checked, "numbers agree with the registry to {TOLERANCE!r}.\\n")\n')
    return "\n".join(parts)


def _head(answer: Answer, drawn: Survival | Outcome) -> str:
    question = answer.question
    endpoint, cut = question.endpoint, question.cut
    told = [
        f"{endpoint.title} after {endpoint.origin}"
        + (f", by {question.stratum}" if question.stratum else ""),
        f"Data: {cut.source}, {question.center.code if question.center else 'all centers'}, "
        f"{cut.era or 'all decades'}, data cut {cut.as_of.isoformat()}. Endpoint: {endpoint.name}.",
        f"Event: {endpoint.event}." + (f" Competing: {endpoint.competitor}." if endpoint.competitor else ""),
        "Counts by group and day, as the registry estimated from; no row is a patient's.",
        "Run: Rscript FILE. It stops with an error where R finds another number than the registry.",
    ]
    comments = "\n".join(f"# {line}" for one in told for line in textwrap.wrap(one, WIDTH - 2))
    needs_gray = answer.test is not None and answer.test.test == "Gray"
    packages = ["survival", *(["cmprsk"] if needs_gray else [])]
    return f"{comments}\n\n" + "".join(f"library({name})\n" for name in packages)


def _counts(answer: Answer) -> str:
    table = answer.table
    sizes = [span.stop - span.start for span in table.spans()]
    competing = table.failed - table.events[0]
    counted = {"day": table.time, "event": table.events[0], "competing": competing}
    counted |= {"censored": table.censored, "entered": table.entered}
    columns = [f"  group = rep({_vector(map(_text, answer.labels))}, {_vector(map(_number, sizes))})"]
    columns += [f"  {name} = {_vector(map(_number, values.tolist()))}" for name, values in counted.items()]
    return "# entered: at risk after that day only\ncounts <- data.frame(\n" + ",\n".join(columns) + "\n)\n"


def _functions(answer: Answer, drawn: Survival | Outcome) -> Iterator[str]:
    time = "Surv(rows$entry, rows$day, event)" if answer.table.entered.any() else "Surv(rows$day, event)"
    yield _LIMITS
    competes = bool(answer.question.endpoint.competing)
    yield (_INCIDENCE if competes else _SURVIVAL).format(time=time, interval=drawn.interval)
    yield _MEDIAN.format(interval=drawn.interval)
    yield _CHECK


def _checks(answer: Answer, drawn: Survival | Outcome) -> Iterator[str]:
    """What is said of everybody, and of each group."""
    yield from _of("patients", "all", drawn)
    if answer.question.stratum:
        for label, found in answer.each():
            yield from _of(f"patients[patients$group == {_text(label)}, ]", label, found)


def _of(rows: str, who: str, found: Survival | Outcome) -> Iterator[str]:
    yield f"rows <- {rows}"
    yield f"check({_text(f'{who}: patients')}, nrow(rows), {found.n})"
    yield f"check({_text(f'{who}: events')}, sum(rows$cause == 1), {found.events})"
    for one in found.estimates:
        values = (_estimate(one), one.lower, one.upper)
        yield _line(
            f"{who}: {one.months} months, with limits", f"at(rows, {one.months} * 365.25 / 12)", values
        )
    if found.median is not None:
        yield _line(f"{who}: median, with limits", "median_of(rows, rows$cause > 0)", _days(found.median))
    if found.follow_up is not None:
        yield _line(
            f"{who}: median follow-up, with limits",
            "median_of(rows, rows$cause == 0)",
            _days(found.follow_up),
        )


def _test(answer: Answer, test: GroupTest) -> str:
    """The test between the groups whose value is known."""
    found = _GRAY if test.test == "Gray" else _LATE_LOGRANK if answer.table.entered.any() else _LOGRANK
    values = (test.statistic, float(test.df), test.p_value)
    return (
        f"known <- patients[patients$group != {_text(NOT_RECORDED)}, ]\n{found}"
        + _line(f"{test.test} test: statistic, df, p", "as.numeric(found)", values)
        + "\n"
    )


def _means(answer: Answer, found: MeanDifference) -> str:
    """The means of two groups; in R, too, their groups stand in the order of the page."""
    entry = "entry, " if answer.table.entered.any() else ""
    made = _MEANS.format(
        unknown=_text(NOT_RECORDED),
        time=f"Surv({entry}day, cause > 0)",
        groups=_vector(map(_text, found.groups)),
        months=found.months,
        level=found.level,
    )
    values = (
        *found.mean_days,
        found.difference_days,
        found.lower_days,
        found.upper_days,
        found.p_value,
    )
    return (
        made + _line(f"means within {found.months} months, difference, p", "as.numeric(found)", values) + "\n"
    )


def _estimate(one: Estimate | OutcomeEstimate) -> float | None:
    return one.estimate if isinstance(one, OutcomeEstimate) else one.survival


def _days(quantile: Quantile) -> tuple[float | None, ...]:
    return quantile.days, quantile.lower, quantile.upper


def _line(what: str, here: str, page: Iterable[float | None]) -> str:
    return f"check({_text(what)}, {here}, c({', '.join(map(_number, page))}))"


def _number(value: float | None) -> str:
    return "NA" if value is None else f"{value!r}"


def _text(text: str) -> str:
    """Quote a text; codes of groups are plain letters and digits."""
    return json.dumps(text)


def _vector(values: Iterable[str]) -> str:
    """A vector on as many lines as it needs."""
    lines = [""]
    for value in values:
        if len(lines[-1]) + len(value) > WIDTH - 8:
            lines.append("")
        lines[-1] += f"{value}, "
    return "c(" + "\n    ".join(line.rstrip() for line in lines).rstrip(",") + ")"
