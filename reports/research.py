"""Handing out data for research: who may, for what, to whom, what goes into the file, how long it can be fetched.

Only patients whose consent covers it are in it (`in_research` of the observation), after a resection of an eligible
tumor. An export is a row that stays; its file goes after a week, and at once when a patient ends the use of the data.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.translation import gettext

from cases.derived import completed_years
from cases.models import SurvivalObservation
from cases.vocabulary import CLINICAL_SOURCES
from registry import access, audit, clock
from registry.access import Action
from registry.chain import reading
from registry.dates import PartialDate
from registry.models import Center
from reports import deidentified, research_file
from reports.deidentified import UNKNOWN
from reports.models import ResearchExport

if TYPE_CHECKING:
    from registry.models import User

log = logging.getLogger(__name__)

REASON = "export for research"
MAKING = 7_240_010  # advisory lock
# What can be known from outside, and where it comes from; the columns of the file bring the rest.
PERSON = ("case__patient__registry_id", "case__patient__sex", "case__patient__born_on")
PERSON_MORE = (
    "case__patient__age_at_resection_years",
    "center__code",
    "resection_type",
    "ivc_method",
    "origin_on",
)
DAYS = tuple(
    one.source for one in research_file.COLUMNS if one.kind == "days" and one.name != "days_from_diagnosis"
)


def make(
    *,
    purpose: str,
    recipient: str,
    by: User,
    as_of: date | None = None,
    key: bytes | None = None,
    door: str = "admin",
) -> ResearchExport:
    """Make an export; ValidationError says what is missing, or that too few patients agreed to it.

    The key of the pseudonyms is drawn anew, so that two exports cannot be joined by them, and thrown away: nobody can
    tell afterwards whose row is whose. `key` makes the same file again. PermissionDenied unless the person may hand
    out data of the whole registry.
    """
    access.require(by, Action.HAND_OUT, None)
    purpose, recipient = _line(purpose, "purpose", 300), _line(recipient, "recipient", 200)
    as_of, key, now = as_of or clock.now().date(), key or secrets.token_bytes(32), clock.now()
    with access.everywhere(), audit.because(door=door, by=by, reason=REASON):
        _wait_for("pg_advisory_xact_lock")
        found = deidentified.deidentified(
            rows(as_of, key), categories=research_file.CATEGORIES, k=deidentified.K
        )
        if not found.rows:
            told = gettext(
                "Fewer than {k} patients who are alike agreed to this: there is nothing to hand out."
            )
            raise ValidationError(told.format(k=deidentified.K))
        smallest = deidentified.smallest_group(found.rows)
        if smallest < deidentified.K:
            raise AssertionError(f"{smallest} patients alike")
        steps = [[told, touched] for told, touched in found.steps]
        about = _about(found, purpose=purpose, recipient=recipient, as_of=as_of, steps=steps)
        content = research_file.written(found.rows, about=about)
        export = ResearchExport.objects.create(
            purpose=purpose,
            recipient=recipient,
            by=by,
            created_at=now,
            expires_at=now + timedelta(days=settings.KEEP_DAYS["research files"]),
            as_of=as_of,
            k=deidentified.K,
            rows=len(found.rows),
            dropped=found.dropped,
            steps=steps,
            digest=hashlib.sha256(content).hexdigest(),
            content=content,
        )
    log.info("research export=%s user=%s rows=%s dropped=%s", export.pk, by.pk, export.rows, export.dropped)
    return export


def fetch(export: ResearchExport, *, by: User, door: str = "admin") -> bytes:
    """Give the file, and note who fetched it; ValidationError once it has expired."""
    access.require(by, Action.HAND_OUT, None)
    if not export.content or export.expires_at <= clock.now():
        raise ValidationError(gettext("The file of this export has expired: make a new one."))
    reading.of_research(export, by=by, door=door)
    return bytes(export.content)


def let_go() -> None:
    """Empty the files that lie here: somebody in them ended the use of the data, or was erased.

    One that is being made meanwhile is waited for, and emptied, too.
    """
    with access.everywhere():
        _wait_for("pg_advisory_xact_lock_shared")
        ResearchExport.objects.exclude(content=b"").update(content=b"")


def _wait_for(lock: str) -> None:
    """Hold, to the end of the transaction, what keeps an export from being made while somebody ends the use of data."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(%s)", [MAKING])


def made() -> Any:
    """All exports without their files, each with `has_file`: whether it can still be fetched."""
    has_file = ~Q(content=b"") & Q(expires_at__gt=clock.now())
    rows = ResearchExport.objects.annotate(has_file=ExpressionWrapper(has_file, output_field=BooleanField()))
    return rows.defer("content").select_related("by")


def expired() -> Any:
    """The exports whose files are to go."""
    return ResearchExport.objects.filter(expires_at__lte=clock.now()).exclude(content=b"")


def _line(text: str, name: str, longest: int) -> str:
    text = " ".join(text.split())
    if not text:
        said = {
            "purpose": gettext("Say what the data are for."),
            "recipient": gettext("Say who gets the data."),
        }
        raise ValidationError({name: said[name]})
    if not audit.is_line(text, longest):
        raise ValidationError({name: gettext("Write one line of at most {n} characters.").format(n=longest)})
    return text


def _about(
    found: deidentified.Outcome, *, steps: list[list[Any]], as_of: date, **said: str
) -> dict[str, Any]:
    return {
        **said,
        "data_cut": as_of.isoformat(),
        "patients": len(found.rows),
        "dropped": found.dropped,
        "k": deidentified.K,
        "alike_in": list(deidentified.QUASI),
        "generalized": [{"step": told, "patients": touched} for told, touched in steps],
        "rules": [
            "Only patients who agreed to it, after an index resection of an eligible primary tumor.",
            "Days count from the resection; nothing after the data cut counts.",
            "Codes of fewer than k patients are called 'rare'. Free texts are left out.",
            "Do not try to find out who a patient is, and do not join this file with others about persons.",
        ],
    }


# --- the rows --------------------------------------------------------------------------------------------------------


def rows(as_of: date, key: bytes) -> list[dict[str, Any]]:
    """Read the patients who agreed to it, by the names of an export; nothing is generalized yet."""
    sandboxes = Center.objects.filter(is_sandbox=True).values("pk")
    wanted = SurvivalObservation.objects.filter(
        source__in=CLINICAL_SOURCES, in_research=True, in_main_curve=True, origin_on__lte=as_of
    ).exclude(center_id__in=sandboxes)
    sources = {one.name: one.source for one in research_file.COLUMNS if one.source}
    found = list(wanted.order_by("case_id").values(*PERSON, *PERSON_MORE, *sources.values()))
    centers = deidentified.center_names(key, (row["center__code"] for row in found))
    return [_row(row, sources, centers, key, as_of) for row in found]


def _row(
    row: Mapping[str, Any], sources: Mapping[str, str], centers: Mapping[str, str], key: bytes, as_of: date
) -> dict[str, Any]:
    seen = _at_cut(row, as_of)
    said = {name: seen[source] for name, source in sources.items()}
    coded = {
        name: None if value in ("", None) else str(value) for name, value in said.items() if name in CODED
    }
    return {
        **said,
        **coded,
        "patient": deidentified.pseudonym(key, row["case__patient__registry_id"]),
        "center": centers[row["center__code"]],
        "age_band": deidentified.age_band(_age(row)),
        "sex": row["case__patient__sex"] or UNKNOWN,
        "year": str(row["origin_on"].year),
        "procedure": f"{row['resection_type'] or UNKNOWN} + {row['ivc_method'] or UNKNOWN}",
    }


CODED = frozenset(research_file.CATEGORIES)


def _at_cut(row: Mapping[str, Any], as_of: date) -> dict[str, Any]:
    """What had happened by the cut."""
    limit = (as_of - row["origin_on"]).days
    seen = dict(row)
    for name in DAYS:
        if seen[name] is not None and seen[name] > limit:
            seen[name] = limit if name == "followed_days" else None
    if seen["death_days"] is None:
        seen |= {"death_cause": None, "death_is_dated": False}
        if row["death_days"] is not None:
            seen["followed_days"] = limit
    if seen["recurrence_days"] is None:
        seen["recurrence_kind"] = None
    return seen


def _age(row: Mapping[str, Any]) -> int | None:
    born: PartialDate | None = row["case__patient__born_on"]
    if born is None:
        published = row["case__patient__age_at_resection_years"]
        return None if published is None else int(published)
    return completed_years(born.imputed(), row["origin_on"])
