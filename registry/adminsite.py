"""The admin site: for everybody who has a role, and for nobody else."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext, gettext_lazy
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from registry import audit, home, second_factor, sessions, signin, signin_log
from registry.accounts import mails, oidc
from registry.models import SignIn, User

# Unfold's scripts evaluate the expressions in its pages, and its styles stand beside them. Nowhere else is it allowed.
looser = csp_update({"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]})


def has_a_role(user: User) -> bool:
    """Tell whether a person works for any center, or for the whole registry."""
    return bool(user.is_active and user.memberships.all())


class SignInForm(AuthenticationForm):
    """Name and password; a role decides who may come in, not a flag on the account."""

    error_messages: ClassVar[dict[str, Any]] = {
        **AuthenticationForm.error_messages,
        "invalid_login": gettext_lazy(
            "This user name and password do not belong together. Capital and small letters count."
        ),
    }

    def confirm_login_allowed(self, user: User) -> None:
        if not has_a_role(user):
            signin_log.note(self.request, self.cleaned_data["username"], SignIn.Outcome.NO_ROLE)
            raise ValidationError(
                gettext("This account has no role in any center yet. Ask the registry's administrator."),
                code="no_role",
            )


class SignInView(LoginView):
    """Name and password; whoever has a second factor goes on to the second step."""

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        typed = form.cleaned_data["username"]
        if not second_factor.has(user):
            signin_log.note(self.request, typed, SignIn.Outcome.SIGNED_IN)
            return super().form_valid(form)
        signin_log.note(self.request, typed, SignIn.Outcome.FIRST_STEP)
        signin.take_first_step(self.request, user, self.get_success_url())
        return HttpResponseRedirect(reverse("second_step"))


class RegistryAdminSite(UnfoldAdminSite):
    """Unfold's site behind our own door."""

    login_form = SignInForm
    index_title = gettext_lazy("Overview")
    enable_nav_sidebar = True
    index_template = "registry/home.html"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.pages: list[URLPattern] = []

    def add_page(self, route: str, view: Callable[..., HttpResponse], name: str) -> None:
        """Put a page on the site that is no list of one table."""
        self.pages.append(path(route, self.admin_view(view), name=name))

    def extra_urls(self) -> list[URLPattern]:
        return self.pages

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and has_a_role(request.user)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(
            request, {"title": gettext("Home"), "cards": home.cards(request), **(extra_context or {})}
        )

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Let whatever a page writes bear its door and its person."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def keeping(request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
            if is_lost(request):
                return signed_out(request)
            if request.method != "POST" or not request.user.is_authenticated:
                return guarded(request, *args, **options)
            with audit.because(door="admin", by=request.user):
                return guarded(request, *args, **options)

        return looser(keeping)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Ask for name and password, as Django's own page, but for the second step."""
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        context = {
            **self.each_context(request),
            "title": gettext("Log in"),
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            "provider": settings.OIDC_NAME if oidc.is_on() else "",
            "wanted": request.GET.get(REDIRECT_FIELD_NAME, ""),
            REDIRECT_FIELD_NAME: reverse("admin:index"),
            **(extra_context or {}),
        }
        request.current_app = self.name  # type: ignore[attr-defined]
        page: Callable[..., Any] = SignInView.as_view(
            extra_context=context, authentication_form=self.login_form, template_name="registry/sign_in.html"
        )
        guarded: Callable[..., Any] = looser(page)
        return guarded(request)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change the own password, and tell its person by mail."""
        if (leads_to := sessions.ask_again(request)) is not None:
            return leads_to
        if request.method == "POST" and not sessions.hold(request):
            return HttpResponseRedirect(reverse("admin:login"))
        response = super().password_change(request, extra_context)
        if request.method == "POST" and response.status_code == 302:
            mails.write(mails.Kind.PASSWORD_CHANGED, request.user)  # type: ignore[arg-type]
        return response

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        try:
            return super().search(request, extra_context)
        except (ValueError, InvalidPage):
            raise Http404 from None


def is_lost(request: HttpRequest) -> bool:
    """Tell whether a person sent a form after the session had ended; scripts see to themselves."""
    by_person = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    leaves = request.path == reverse("admin:logout")
    return request.method == "POST" and not request.user.is_authenticated and by_person and not leaves


def signed_out(request: HttpRequest) -> HttpResponse:
    """Give back what was entered, to be sent again after signing in. It came from a page of ours: the token says so.

    A form with a password is not given back: the page may stand open for hours.
    """
    given = [(name, value) for name, values in request.POST.lists() for value in values]
    has_password = any("password" in name.lower() for name, _ in given)
    context = {
        "sent": [
            (name, value) for name, value in given if not has_password and name != "csrfmiddlewaretoken"
        ],
        "has_password": has_password,
        "has_files": bool(request.FILES),
        "address": request.get_full_path(),
        "sign_in": reverse("admin:login"),
    }
    response = TemplateResponse(request, "registry/signed_out.html", context, status=403)
    add_never_cache_headers(response)
    return response


def style_sheet(request: HttpRequest) -> str:
    """Name the style sheet that every page adds."""
    return static("registry/registry.css")


def keyboard(request: HttpRequest) -> str:
    """Name the script that lets keys reach what a mouse can."""
    return static("registry/keyboard.js")


def sending(request: HttpRequest) -> str:
    """Name the script that sends each form once, with a fresh token."""
    return static("registry/sending.js")


def icon(request: HttpRequest) -> str:
    """Name the picture that browsers put on the tab."""
    return static("registry/icon.svg")
