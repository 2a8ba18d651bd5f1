"""One's own subscriptions: what comes, how often, and the buttons that pause, resume and end it."""

from __future__ import annotations

from datetime import date
from typing import cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from registry import clock
from registry.admin import site
from registry.models import User
from reports import bounces, subscribing


def page(request: HttpRequest) -> HttpResponse:
    """Show a person what they asked for; do what a button says, and say so."""
    user = cast(User, request.user)
    if request.method == "POST":
        try:
            messages.success(request, _done(request, user))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return HttpResponseRedirect(reverse("admin:my_subscriptions"))
    today = clock.now().date()
    context = {
        **site.each_context(request),
        "title": gettext("My subscriptions"),
        "rows": subscribing.of(user),
        "today": today,
        "last": today + subscribing.LONGEST_PAUSE,
        "warning": bounces.warning(user),
    }
    return TemplateResponse(request, "reports/admin/mine.html", context)


def _done(request: HttpRequest, user: User) -> str:
    """Do what was asked and tell it; ValidationError for what cannot be."""
    row = _number(request.POST.get("subscription", ""))
    match request.POST.get("do"):
        case "pause":
            until = _day(request.POST.get("until", ""))
            subscribing.pause(row, until=until, by=user)
            return gettext("Paused until {day}.").format(day=until)
        case "resume":
            subscribing.resume(row, by=user)
            return gettext("You get these reports again.")
        case "end":
            subscribing.end(row, by=user)
            return gettext("You get no more of these reports.")
    raise ValidationError(gettext("Nothing was changed."))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValidationError(gettext("Choose a day after today, within the next 12 months.")) from None


site.add_page("subscriptions/", page, "my_subscriptions")
