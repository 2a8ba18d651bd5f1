"""Privacy on one page: what was handed out for research, who left the registry, and what is kept for how long.

Who may read the audit trail may read this. Data managers of the whole registry hand out data here.
"""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from cases.models import Consent, Tombstone
from cases.vocabulary import ConsentBasis
from registry import access
from registry.access import Action
from registry.admin import site
from registry.models import User
from reports import deidentified, research, retention
from reports.models import ResearchExport

LATEST = 50


def page(request: HttpRequest) -> HttpResponse:
    """Show it; hand out data, or a file that was made before."""
    if not access.may_somewhere(request.user, Action.READ_AUDIT):
        raise PermissionDenied
    user = cast(User, request.user)
    if request.method == "POST":
        access.require(user, Action.HAND_OUT, None)
        try:
            return _file(request, user) if "fetch" in request.POST else _made(request, user)
        except ValidationError as error:
            for told in error.messages:
                messages.error(request, told)
        return _show(request, user)
    return _show(request, user)


def _made(request: HttpRequest, user: User) -> HttpResponse:
    sent = request.POST
    export = research.make(
        purpose=sent.get("purpose", ""),
        recipient=sent.get("recipient", ""),
        by=user,
    )
    told = gettext("{export}. Patients: {rows}; left out because too few are like them: {dropped}.")
    messages.success(request, told.format(export=export, rows=export.rows, dropped=export.dropped))
    return HttpResponseRedirect(reverse("admin:privacy"))


def _file(request: HttpRequest, user: User) -> HttpResponse:
    number = request.POST.get("fetch", "")
    pk = int(number) if number.isascii() and number.isdigit() and len(number) < 18 else 0
    export = ResearchExport.objects.filter(pk=pk).first()
    if export is None:
        raise ValidationError(gettext("There is no such export."))
    answer = HttpResponse(research.fetch(export, by=user), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="research-{export.pk}.zip"'
    return answer


def _show(request: HttpRequest, user: User) -> HttpResponse:
    sees_all = access.may_everywhere(user, Action.READ_AUDIT)
    centers = access.centers_of(user, Action.READ_AUDIT)
    withdrawn = Consent.objects.filter(center__in=centers, basis=ConsentBasis.WITHDRAWN)
    exports = research.made() if sees_all else ()
    context = {
        **site.each_context(request),
        "title": gettext("Privacy"),
        "may_hand_out": access.may_everywhere(user, Action.HAND_OUT),
        "sees_all": sees_all,
        "exports": list(exports[:LATEST]),
        "k": deidentified.K,
        "days": settings.KEEP_DAYS["research files"],
        "purpose": request.POST.get("purpose", ""),
        "recipient": request.POST.get("recipient", ""),
        "stones": Tombstone.objects.filter(center__in=centers).select_related("center", "by")[:LATEST],
        "withdrawn": withdrawn.select_related("case", "center").order_by("-withdrawn_on", "-pk")[:LATEST],
        "due": retention.due() if sees_all else [],
        "last_run": retention.last_run(),
    }
    return TemplateResponse(request, "reports/admin/privacy.html", context)


site.add_page("privacy/", page, "privacy")
