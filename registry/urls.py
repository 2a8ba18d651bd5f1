"""Where each address leads."""

from django.conf import settings
from django.urls import include, path
from django.views.generic import RedirectView

from registry import contact
from registry.admin import account, second_step, site

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}registry/icon.svg")),
    path(contact.PATH, contact.security_txt),
    path("admin/account/", site.admin_view(account.page), name="account"),
    path("admin/account/second-factor/", site.admin_view(second_step.page), name="second_factor"),
    path("admin/second-step/", second_step.second_step, name="second_step"),
    path("admin/", site.urls),
    path("api/v1/", include("registry.api.urls")),
    path("api/v1/", include("cases.api.urls")),
    path("api/v1/", include("reports.api.urls")),
    path("", include("reports.urls")),
]
handler404 = "registry.api.problems.page_not_found"
handler500 = "registry.api.problems.server_error"
