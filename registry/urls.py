"""Where each address leads."""

from django.conf import settings
from django.urls import include, path
from django.views.generic import RedirectView

from registry import contact
from registry.admin import account, again, provider, second_step, site, way_in

PAGES = settings.ADMIN_PATH
urlpatterns = [
    path("", RedirectView.as_view(url=f"/{PAGES}")),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}registry/icon.svg")),
    path(contact.PATH, contact.security_txt),
    path(f"{PAGES}account/", site.admin_view(account.page), name="account"),
    path(f"{PAGES}account/sessions/", site.admin_view(again.own_sessions), name="own_sessions"),
    path(f"{PAGES}again/", site.admin_view(again.page), name="again"),
    path(f"{PAGES}account/second-factor/", site.admin_view(second_step.page), name="second_factor"),
    path(f"{PAGES}forgotten/", way_in.forgotten, name="admin_password_reset"),
    path(f"{PAGES}link/<str:text>/", way_in.link, name="account_link"),
    path(f"{PAGES}new-password/", way_in.new_password, name="new_password"),
    path(f"{PAGES}oidc/begin/", provider.Begin.as_view(), name="oidc_authentication_init"),
    path(f"{PAGES}oidc/callback/", provider.back, name="oidc_authentication_callback"),
    path(f"{PAGES}second-step/", second_step.second_step, name="second_step"),
    path(PAGES, site.urls),
    path("api/v1/", include("registry.api.urls")),
    path("api/v1/", include("cases.api.urls")),
    path("api/v1/", include("reports.api.urls")),
    path("", include("reports.urls")),
]
handler404 = "registry.api.problems.page_not_found"
handler500 = "registry.api.problems.server_error"
