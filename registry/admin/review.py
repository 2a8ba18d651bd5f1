"""The list of accounts and keys that is looked over each quarter: administrators see all, leads those of the center."""

import csv
import io
import logging
from datetime import datetime
from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache

from registry import access
from registry.access import Action
from registry.accounts import reviewing
from registry.admin.base import site
from registry.formulas import guarded
from registry.models import User

logger = logging.getLogger(__name__)
COLUMNS = (
    gettext_lazy("What"),
    gettext_lazy("Name"),
    gettext_lazy("Person"),
    gettext_lazy("What to look at"),
    gettext_lazy("Roles, or use of the key"),
    gettext_lazy("Center"),
    gettext_lazy("Made"),
    gettext_lazy("Last used"),
    gettext_lazy("Second factor"),
    gettext_lazy("Expires"),
    gettext_lazy("Closed"),
)


@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Show the list; note that it was reviewed."""
    by = _reviewer(request)
    if request.method == "POST":
        reviewing.reviewed(by)
        messages.success(request, gettext("Noted: you have reviewed accounts and keys today."))
        return HttpResponseRedirect(reverse("admin:review_accounts"))
    context = {
        **site.each_context(request),
        "title": gettext("Review of accounts"),
        "lines": reviewing.lines(by),
        "reviews": [(one, last, reviewing.is_due(last)) for one, last in reviewing.last_reviews(by)],
        "account": reviewing.ACCOUNT,
        "may_open_people": access.may_everywhere(by, Action.MANAGE_REGISTRY),
        "columns": COLUMNS,
    }
    return TemplateResponse(request, "registry/review.html", context)


@never_cache
def file(request: HttpRequest) -> HttpResponse:
    """The same as CSV; it is asked for by a button, not by an address alone."""
    by = _reviewer(request)
    if request.method != "POST":
        raise Http404
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(str(column) for column in COLUMNS)
    found = reviewing.lines(by)
    writer.writerows([guarded(value) for value in _row(line)] for line in found)
    logger.info("review of accounts taken out by=%s rows=%s", by.pk, len(found))
    name = f"accounts-{timezone.now():%Y-%m-%d}.csv"
    return HttpResponse(  # the mark tells Excel that it is UTF-8
        written.getvalue().encode("utf-8-sig"),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _row(line: reviewing.Line) -> tuple[str, ...]:
    closed = gettext("Yes") if line.is_closed else gettext("No")
    return (
        *(str(line.kind), line.name, line.person, line.told, line.roles, line.center),
        *(_day(line.created_at), _day(line.used_at), line.second_factor, _day(line.expires_at), closed),
    )


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else ""


def _reviewer(request: HttpRequest) -> User:
    if not access.may_somewhere(request.user, Action.MANAGE_CENTER):
        raise PermissionDenied(gettext("Accounts and keys are reviewed by administrators and center leads."))
    return cast(User, request.user)


site.add_page("accounts/", page, "review_accounts")
site.add_page("accounts/review.csv", file, "review_accounts_file")
