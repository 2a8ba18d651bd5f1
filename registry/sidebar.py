"""What stands beside every page: the lists a person may open, the daily ones first.

A list that no group names stands at the end of the last one, so that none can be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from registry import access
from registry.access import Action
from registry.vault import keyring


@dataclass(frozen=True, kw_only=True)
class Place:
    """A page: the name of its address and its icon; of one that is no list of a table, its title and who may see it.

    A page that is not there everywhere asks itself (`is_there`).
    """

    name: str
    icon: str = "list"
    title: Any = ""
    action: Action | None = None
    is_there: Callable[[HttpRequest], bool] | None = None


def _links(request: HttpRequest) -> bool:
    return keyring.is_on() and access.may_everywhere(request.user, Action.LINK)


GROUPS: tuple[tuple[Any, tuple[Place, ...]], ...] = (
    (
        gettext_lazy("Work"),
        (
            Place(name="index", icon="home", title=gettext_lazy("Home"), action=Action.READ),
            Place(name="cases_case_changelist", icon="folder_shared"),
            Place(name="cases_dataquery_changelist", icon="help"),
            Place(name="cases_deviation_changelist", icon="alt_route"),
            Place(
                name="follow_up_due",
                icon="event_upcoming",
                title=gettext_lazy("Follow-up due"),
                action=Action.READ,
            ),
            Place(
                name="follow_up_lost",
                icon="person_search",
                title=gettext_lazy("Lost to follow-up"),
                action=Action.READ,
            ),
            Place(
                name="transfers",
                icon="swap_horiz",
                title=gettext_lazy("Transfers of follow-up"),
                action=Action.READ,
            ),
            Place(name="cases_importbatch_changelist", icon="upload_file"),
            Place(
                name="duplicates",
                icon="join_inner",
                title=gettext_lazy("Patients of two centers"),
                is_there=_links,
            ),
        ),
    ),
    (
        gettext_lazy("Reports"),
        (
            Place(
                name="algorithm",
                icon="account_tree",
                title=gettext_lazy("The algorithm"),
                action=Action.READ,
            ),
            Place(
                name="adherence",
                icon="query_stats",
                title=gettext_lazy("What the registry learns"),
                action=Action.READ,
            ),
            Place(
                name="survival", icon="stacked_line_chart", title=gettext_lazy("Survival"), action=Action.READ
            ),
            Place(name="reports_report_changelist", icon="monitoring"),
            Place(name="reports_subscription_changelist", icon="mark_email_unread"),
            Place(name="reports_delivery_changelist", icon="outgoing_mail"),
        ),
    ),
    (
        gettext_lazy("Administration"),
        (
            Place(name="registry_center_changelist", icon="local_hospital"),
            Place(name="registry_user_changelist", icon="person"),
            Place(name="registry_membership_changelist", icon="badge"),
            Place(name="registry_apikey_changelist", icon="key"),
            Place(
                name="review_accounts",
                icon="rule",
                title=gettext_lazy("Review of accounts"),
                action=Action.MANAGE_CENTER,
            ),
            Place(name="registry_signin_changelist", icon="login"),
            Place(name="registry_setback_changelist", icon="assignment_late"),
            Place(name="registry_referenceterm_changelist", icon="menu_book"),
            Place(name="cases_algorithmversion_changelist", icon="rule_settings"),
            Place(name="cases_contactattempt_changelist", icon="call"),
            Place(name="cases_listexport_changelist", icon="download"),
            Place(
                name="audit_trail",
                icon="fact_check",
                title=gettext_lazy("Audit trail"),
                action=Action.READ_AUDIT,
            ),
            Place(
                name="privacy", icon="shield_person", title=gettext_lazy("Privacy"), action=Action.READ_AUDIT
            ),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups as Unfold draws them, with what this person may open."""
    lists = _lists(request)
    named = {place.name for _, places in GROUPS for place in places}
    groups = []
    for title, places in GROUPS:
        shown = [place for place in places if _may(request, place, lists)]
        if places is GROUPS[-1][1]:
            shown += [Place(name=name) for name in lists if name not in named]
        if shown:
            groups.append({"title": title, "items": [_item(request, place, lists) for place in shown]})
    return groups


def _lists(request: HttpRequest) -> dict[str, Any]:
    """The titles of the lists of tables that the person may open, by the name of their address."""
    from registry.admin import site

    return {
        f"{model._meta.app_label}_{model._meta.model_name}_changelist": capfirst(
            model._meta.verbose_name_plural
        )
        for model, page in site._registry.items()
        if page.has_module_permission(request) and page.has_view_permission(request)
    }


def _may(request: HttpRequest, place: Place, lists: dict[str, str]) -> bool:
    if place.is_there is not None:
        return place.is_there(request)
    if place.action is None:
        return place.name in lists
    return access.may_somewhere(request.user, place.action)


def _item(request: HttpRequest, place: Place, lists: dict[str, str]) -> dict[str, Any]:
    link = reverse(f"admin:{place.name}")
    is_here = request.path == link or (place.name != "index" and request.path.startswith(link))
    return {"title": place.title or lists[place.name], "icon": place.icon, "link": link, "active": is_here}
