"""The form of the page of survival: what can be asked, what was, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext

from registry import access
from registry.models import Center
from reports import asking, cohorts, remarks, strata
from reports.asking import SOURCES, Question
from reports.content import Source
from reports.endpoints import ENDPOINTS, OVERALL_SURVIVAL, Endpoint
from reports.speech import say, told

ASKED = ("endpoint", "stratum", "era", "center", "source", "as_of")


@dataclass(frozen=True, kw_only=True)
class Field:
    """A control of the form: a choice, or without options a day; `wrong` says why it cannot be answered."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    wrong: str = ""


def centers(request: HttpRequest) -> list[Center]:
    """The centers that the reader may read."""
    return access.center_rows(request.user)


def given(request: HttpRequest) -> dict[str, str]:
    """What the address asks for; a form sends what was left open as empty."""
    return {name: text for name in ASKED if (text := request.GET.get(name, ""))}


def fields(
    sent: dict[str, str], wrong: dict[str, str], readable: Sequence[Center], question: Question | None
) -> Iterator[Field]:
    """The form, as it was sent or as it stands."""
    options: dict[str, tuple[str, list[tuple[str, str]]]] = {
        "endpoint": (gettext("Endpoint"), [(name, title(one)) for name, one in ENDPOINTS.items()]),
        "stratum": (gettext("Curves by"), _strata()),
        "era": (gettext("Decade of the resection"), _eras(sent.get("era"), question)),
        "center": (gettext("Center"), _center_options(readable)),
        "source": (gettext("Data"), [(one, data(one)) for one in SOURCES]),
        "as_of": (gettext("Data cut"), []),
    }
    standing = {"endpoint": OVERALL_SURVIVAL.name, "source": "clinical"}
    if question is not None:
        standing["as_of"] = question.cut.as_of.isoformat()
    for name, (label, choices) in options.items():
        if name != "center" or len(readable) > 1 or name in wrong:
            value = sent.get(name, standing.get(name, ""))
            yield Field(
                name=name, label=label, value=value, options=tuple(choices), wrong=wrong.get(name, "")
            )


def _strata() -> list[tuple[str, str]]:
    return [
        ("", gettext("One curve of all")),
        *((name, gettext(strata.WORDS[name].title)) for name in cohorts.STRATA),
    ]


def _eras(chosen: str | None, question: Question | None) -> list[tuple[str, str]]:
    """The decades of which there is anybody, and the one that was asked for."""
    found = {*(cohorts.eras(question.cut) if question is not None else ()), *([chosen] if chosen else [])}
    return [("", gettext("All decades")), *((era, era) for era in sorted(found))]


def _center_options(readable: Sequence[Center]) -> list[tuple[str, str]]:
    if len(readable) < 2:
        return []
    first = gettext("All centers") if asking.reads_all(readable) else gettext("Choose a center")
    return [("", first), *((one.code, f"{one.code}, {one.name}") for one in readable)]


def title(endpoint: Endpoint) -> str:
    """Name an endpoint with its time zero."""
    return say(
        "{endpoint} after {origin}", endpoint=told(endpoint.title), origin=told(endpoint.origin, "after")
    )


def data(source: Source) -> str:
    """Name a kind of data."""
    return gettext("Registered patients") if source == "clinical" else gettext(remarks.SCOPES[source])


def asked(question: Question) -> dict[str, str]:
    """The parameters that ask the same again, today or later."""
    parameters = {
        "endpoint": question.endpoint.name,
        "stratum": question.stratum,
        "era": question.cut.era,
        "center": question.center.code if question.center else "",
        "source": question.cut.source,
        "as_of": question.cut.as_of.isoformat(),
    }
    return {name: text for name, text in parameters.items() if text}
