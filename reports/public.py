"""The page behind the link in a mail: looking at it changes nothing, one click (RFC 8058) or its button ends the mail.

It asks for no sign-in, since a mail program presses for its reader. The token says what is ended; whoever has none
learns nothing, and the page names no person.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from reports import subscribing
from reports.subscribing import Wish


@csrf_exempt  # the token is what allows it; a mail program has no cookie of ours
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, or end what the token is about."""
    wish = subscribing.opened(token)
    if wish is None:
        raise Http404
    is_over = wish.is_over
    if request.method == "POST":
        subscribing.leave(wish)
        is_over = True
    response = render(request, "reports/public/unsubscribe.html", {"what": _told(wish), "is_over": is_over})
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"  # the address is the permission
    return response


def _told(wish: Wish) -> str:
    if wish.subscription is None:
        return gettext("Weekly mail: what waits for you")
    center = wish.subscription.center
    told = gettext("Survival report, {scope}: {cadence}")
    return told.format(
        scope=center.code if center else gettext("whole registry"),
        cadence=wish.subscription.get_cadence_display().lower(),
    )
