"""Survival as a page: choose an endpoint and of whom, see the curve with every number behind it, take it along."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from registry import access, language
from registry.access import Action
from registry.admin import site
from registry.chain import reading
from registry.models import Center
from reports import (
    asking,
    cohorts,
    documents,
    estimates,
    outcome_chapters,
    remarks,
    strata,
    survival_chapter,
    wording,
)
from reports.admin import survival_form, survival_tables
from reports.asking import SOURCES, Answer, Question
from reports.endpoints import OVERALL_SURVIVAL
from reports.mean_differences import MeanDifference
from reports.speech import told
from reports.survival import DAYS_PER_MONTH
from reports.survival_content import GroupTest, Outcome, Survival
from reports.survival_files import FILES, svg

MOST_DAYS = 300  # a longer table is for programs, which read the file


def survival(request: HttpRequest) -> HttpResponse:
    """Show what is asked for in the address, or in the form what is wrong with it."""
    given, centers = survival_form.given(request), survival_form.centers(request)
    context: dict[str, Any] = {**site.each_context(request), "title": gettext("Survival")}
    question, wrong = None, {}
    try:
        question = asking.read(given, centers=centers)
    except ValidationError as error:
        wrong = {name: " ".join(told) for name, told in error.message_dict.items()}
    is_wrong = bool(wrong and given)  # who reads several centers has to choose one first: that is no mistake
    context["is_wrong"] = is_wrong
    with documents.speaking(language.spoken()):
        context["fields"] = list(survival_form.fields(given, wrong, centers, question))
        if question is not None:
            context |= _told(request, asking.estimate(question), centers)
    status = 422 if is_wrong else 200
    return TemplateResponse(request, "reports/admin/survival.html", context, status=status)


def survival_file(request: HttpRequest, name: str) -> HttpResponse:
    """Give the answer as a file; what cannot be answered is said on the page."""
    if name not in FILES:
        raise Http404
    try:
        question = asking.read(survival_form.given(request), centers=survival_form.centers(request))
    except ValidationError:
        return HttpResponseRedirect(f"{reverse('admin:survival')}?{request.GET.urlencode()}")
    made = FILES[name].make(asking.estimate(question))
    if made is None:
        raise Http404
    reading.of_survival(question.center, by=request.user, door="admin", form=name)
    response = HttpResponse(made, content_type=FILES[name].media_type)
    response["Content-Disposition"] = f'attachment; filename="{_file_name(question, name)}"'
    return response


def _file_title(name: str) -> str:
    kind = name.partition(".")[2].upper()
    return gettext("R script") if kind == "R" else kind


def _file_name(question: Question, name: str) -> str:
    """Say in the name what is in the file."""
    parts = [
        question.endpoint.name,
        f"by-{question.stratum}" if question.stratum else "",
        question.center.code if question.center else "",
        question.cut.era,
        question.cut.source if question.cut.source != "clinical" else "",
        question.cut.as_of.isoformat(),
    ]
    return "-".join(filter(None, parts)) + f".{name.partition('.')[2]}"


# --- the answer ------------------------------------------------------------------------------------------------------


def _told(request: HttpRequest, answer: Answer, centers: Sequence[Center]) -> dict[str, Any]:
    """Everything that the page says of an answer."""
    question, drawn = answer.question, answer.drawn
    query = urlencode(survival_form.asked(question))
    banner = remarks.BANNERS[question.cut.source]
    context: dict[str, Any] = {
        "question": question,
        "heading": survival_form.title(question.endpoint),
        "stratum": question.stratum,
        "banner": gettext(banner) if banner else "",
        "definition": list(_definition(answer)),
        "api": f"{reverse('api-survival')}?{query}",
    }
    if drawn is None:
        return context | _empty(request, question, centers)
    groups = list(_groups(answer, drawn))
    context |= {
        "groups": [survival_tables.group_line(one, label) for label, one in groups],
        "times": [lines for label, one in groups if (lines := survival_tables.estimates(one, label)).lines],
        "is_incidence": isinstance(drawn, Outcome) and drawn.kind == "incidence",
        "note": told(drawn.note),
        "least_at_risk": estimates.LEAST_AT_RISK,
    }
    if question.stratum:
        context |= {
            "test": _test(answer.test, question.stratum) if answer.test else "",
            "means": _means(answer.mean_difference, question.stratum) if answer.mean_difference else "",
            "least_tested": estimates.LEAST_TESTED,
            "least_events": estimates.LEAST_EVENTS,
        }
    return context | (_drawn(answer, drawn, query) if drawn.curves else {})


def _drawn(answer: Answer, drawn: Survival | Outcome, query: str) -> dict[str, Any]:
    """The figure, the counts behind it, and the files."""
    days = survival_tables.life_tables(drawn, lambda label: _name(answer, label))
    picture = svg(answer) or b""
    return {
        "figure": base64.b64encode(picture).decode(),
        "caption": outcome_chapters.caption(drawn)
        if isinstance(drawn, Outcome)
        else survival_chapter.caption(drawn),
        "risk_tables": survival_tables.risk_tables(drawn, lambda label: _name(answer, label)),
        "life_tables": days if sum(len(one.lines) for one in days) <= MOST_DAYS else [],
        "files": [
            (_file_title(name), f"{reverse('admin:survival_file', args=[name])}?{query}") for name in FILES
        ],
    }


def _groups(answer: Answer, drawn: Survival | Outcome) -> Iterator[tuple[str, Survival | Outcome]]:
    """Everybody, then each group by itself."""
    yield gettext("All patients"), drawn
    if answer.question.stratum:
        for label, found in answer.each():
            yield _name(answer, label), found


def _name(answer: Answer, label: str) -> str:
    stratum = answer.question.stratum
    return strata.word(stratum, label) if stratum else gettext("All patients")


def _definition(answer: Answer) -> Iterator[tuple[str, str]]:
    """What was estimated, in words."""
    question, cut, endpoint = answer.question, answer.question.cut, answer.question.endpoint
    scope = question.center.code if question.center else gettext("All centers")
    yield (
        gettext("Data"),
        " · ".join((survival_form.data(cut.source), scope, cut.era or gettext("All decades"))),
    )
    if question.stratum:
        yield gettext("Curves by"), gettext(strata.WORDS[question.stratum].title)
    yield gettext("Data cut"), wording.day(cut.as_of)
    among = gettext("index resections of eligible primary tumors")
    yield gettext("Of whom"), "; ".join((among, told(endpoint.whom)) if endpoint.whom else (among,))
    yield gettext("Time zero"), told(endpoint.origin)
    yield gettext("Event"), told(endpoint.event)
    if endpoint.competitor:
        yield gettext("Competing event"), told(endpoint.competitor)
    yield gettext("Censored"), told(estimates.CENSORING)
    yield (
        gettext("Dates without a day"),
        gettext("{n}, taken as the 15th of their month or 1 July").format(n=answer.imputed_dates)
        if answer.imputed_dates
        else gettext("none"),
    )


def _test(test: GroupTest, stratum: str) -> str:
    """The test in one sentence, never without its number of events."""
    pattern = (
        gettext("Gray's test between {groups}: chi-square {statistic}, df {df}, p {p}; {events}.")
        if test.test == "Gray"
        else gettext("Log-rank test between {groups}: chi-square {statistic}, df {df}, p {p}; {events}.")
    )
    return pattern.format(
        groups=wording.listed(tuple(strata.word(stratum, label) for label in test.groups)),
        statistic=wording.number(test.statistic, 2),
        df=test.df,
        p=wording.p_value(test.p_value),
        events=wording.counted(test.events, *remarks.EVENTS),
    )


def _means(found: MeanDifference, stratum: str) -> str:
    """The means of two groups and their difference in one sentence, in months."""
    in_months = [wording.number(days / DAYS_PER_MONTH, 1) for days in found.mean_days]
    difference, lower, upper = (
        wording.number(days / DAYS_PER_MONTH, 1)
        for days in (found.difference_days, found.lower_days, found.upper_days)
    )
    first, second = (strata.word(stratum, label) for label in found.groups)
    return gettext(
        "Mean time until the event within {months} months: {first} {first_mean}, {second} {second_mean} months; the "
        "second less the first {difference} months ({level} CI {lower} to {upper}), p {p}; {events} by then."
    ).format(
        months=found.months,
        first=first,
        first_mean=in_months[0],
        second=second,
        second_mean=in_months[1],
        difference=difference,
        level=f"{found.level:.0%}",
        lower=lower,
        upper=upper,
        p=wording.p_value(found.p_value),
        events=wording.counted(found.events, *remarks.EVENTS),
    )


def _empty(request: HttpRequest, question: Question, centers: Sequence[Center]) -> dict[str, Any]:
    """Why there is nobody, and where to go on."""
    asked_of = [question.center] if question.center else centers
    center = {"center": question.center.code} if question.center and len(centers) > 1 else {}
    page = reverse("admin:survival")
    wider = {
        name: f"{page}?{urlencode({**survival_form.asked(question), name: ''})}"
        for name, is_narrow in (
            ("era", bool(question.cut.era)),
            ("endpoint", question.endpoint is not OVERALL_SURVIVAL),
        )
        if is_narrow
    }
    others = [
        one
        for one in SOURCES
        if one != question.cut.source and cohorts.followed(replace(question.cut, source=one, era="")).exists()
    ]
    return {
        "only_with_consent": gettext(remarks.ONLY_WITH_CONSENT) if question.cut.needs_consent else "",
        "is_sandbox": bool(asked_of) and all(center.is_sandbox for center in asked_of),
        "wider": wider,
        "may_import": access.may_somewhere(request.user, Action.IMPORT_CASES),
        "other_sources": [
            (f"{page}?{urlencode({**center, 'source': one})}", survival_form.data(one)) for one in others
        ],
    }


site.add_page("survival/", survival, "survival")
site.add_page("survival/<str:name>", survival_file, "survival_file")
