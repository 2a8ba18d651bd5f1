"""What an auditor asks of the trail, read from the address: strict where a value cannot be, and each field says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext

from cases.models import Case
from registry import access
from registry.access import Action
from registry.chain.arms import READINGS, Arm, arms
from registry.models import AuditForm, AuditLink, AuditSeal, User

LABELS = ("insert", "update", "delete", "read")
NAMES = ("center", "person", "door", "table", "case", "label", "since", "until")


def kinds() -> dict[str, str]:
    """What each label means to a reader."""
    return {
        "insert": gettext("added"),
        "update": gettext("changed"),
        "delete": gettext("removed"),
        "read": gettext("read"),
    }


def tables() -> dict[str, str]:
    """The tables of the trail, by the names of what they tell of."""
    found = {arm.table: gettext("Reading") if arm.table == READINGS else _name(arm) for arm in arms()}
    return dict(sorted(found.items(), key=lambda one: one[1]))


def _name(arm: Arm) -> str:
    """Forms of a case are called by their titles, other rows by their names."""
    tracked: Any = arm.model.pgh_tracked_model  # type: ignore[attr-defined]
    return capfirst(str(getattr(tracked, "title", tracked._meta.verbose_name)))


@dataclass
class Asked:
    """The filters as they were given, and what is wrong with them by name."""

    given: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: HttpRequest, data: dict[str, str]) -> Asked:
        """Read what the address says; a NUL no database takes, and no filter has it."""
        given = {name: data.get(name, "").strip() for name in NAMES}
        return cls({name: "" if "\x00" in text else text for name, text in given.items()})

    def narrowed(self, user: User) -> QuerySet[AuditLink]:
        """The links that are asked for, of what this person may audit, the newest first."""
        links = AuditLink.objects.order_by("-sequence")
        if not access.may_everywhere(user, Action.READ_AUDIT):
            links = links.filter(center_id__in=access.centers_of(user, Action.READ_AUDIT))
        for name, text in self.given.items():
            if text:
                links = getattr(self, f"_{name}")(links, text)
        return links.none() if self.wrong else links

    def _center(self, links: QuerySet[AuditLink], text: str) -> QuerySet[AuditLink]:
        return links.filter(center__code=text)

    def _person(self, links: QuerySet[AuditLink], text: str) -> QuerySet[AuditLink]:
        found = User.objects.filter(username=text).values_list("pk", flat=True).first()
        if found is None:
            self.wrong["person"] = gettext("Nobody signs in under this name.")
        return links.filter(by_id=found)

    def _door(self, links: QuerySet[AuditLink], text: str) -> QuerySet[AuditLink]:
        return links.filter(door=text)

    def _table(self, links: QuerySet[AuditLink], text: str) -> QuerySet[AuditLink]:
        return links.filter(
            form_id__in=list(AuditForm.objects.filter(table=text).values_list("pk", flat=True))
        )

    def _case(self, links: QuerySet[AuditLink], text: str) -> QuerySet[AuditLink]:
        found = list(Case.objects.filter(case_number=text).values_list("pk", flat=True)[:100])
        if not found:
            self.wrong["case"] = gettext("There is no case of this number.")
        return links.filter(case_id__in=found)

    def _label(self, links: QuerySet[AuditLink], text: str) -> QuerySet[AuditLink]:
        return links.filter(label=text)

    def _since(self, links: QuerySet[AuditLink], text: str) -> QuerySet[AuditLink]:
        """What happened on a day was sealed no earlier: so an index finds where to begin."""
        if (moment := self._midnight("since", text)) is None:
            return links
        before = AuditSeal.objects.filter(sealed_at__lt=moment).order_by("-pk").first()
        return links.filter(at__gte=moment, sequence__gt=before.sequence if before else 0)

    def _until(self, links: QuerySet[AuditLink], text: str) -> QuerySet[AuditLink]:
        moment = self._midnight("until", text)
        if moment is None or moment.date() == date.max:
            return links
        return links.filter(at__lt=moment + timedelta(days=1))

    def _midnight(self, name: str, text: str) -> datetime | None:
        try:
            return datetime.combine(date.fromisoformat(text), time.min, ZoneInfo("UTC"))
        except ValueError:
            self.wrong[name] = gettext("Write the day as 2026-11-22.")
            return None


def model_of(table: str) -> type:
    """The model of the events of a table."""
    return next(model for model in apps.get_models() if model._meta.db_table == table)
