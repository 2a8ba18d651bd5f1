"""Send a person the link by which they set the own password: an invitation again, or the way to a new one."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from registry import access, audit, sessions
from registry.access import Action
from registry.accounts import links, mails
from registry.admin.base import site
from registry.models import User
from registry.signs import Signs


def warn_without_sender(request: HttpRequest) -> None:
    """Say that a mail just written waits, while no program sends any."""
    if "sender" in Signs.read().missing():
        messages.warning(
            request, gettext("No sender of mails runs at the moment. The mail goes out once one does.")
        )


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once more, and send it. A new invitation ends the link of the one before."""
    by = cast(User, request.user)
    if not access.may_everywhere(by, Action.MANAGE_REGISTRY):
        raise PermissionDenied(gettext("The registry's administrators send links to people."))
    if (ask := sessions.ask_again(request)) is not None:
        return ask
    person = get_object_or_404(User, pk=pk, is_active=True)
    leads_to = reverse("admin:registry_user_change", args=[pk])
    has_password = person.has_usable_password()
    if request.method == "POST" and person.email:
        if not has_password:
            person.set_unusable_password()
            with audit.because(door="admin", by=by, reason="invited"):
                person.save(update_fields=["password", "password_set_at"])
        mails.write_link(person)
        messages.success(request, gettext("A mail to {address} is on its way.").format(address=person.email))
        warn_without_sender(request)
        return HttpResponseRedirect(leads_to)
    context = {
        **site.each_context(request),
        "title": gettext("Send a link") if has_password else gettext("Send an invitation"),
        "person": person,
        "has_password": has_password,
        "hours": links.HOURS[links.RESET if has_password else links.INVITATION],
        "back": leads_to,
    }
    return TemplateResponse(request, "registry/send_link.html", context)
