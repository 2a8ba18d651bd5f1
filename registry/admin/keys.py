"""API keys: made by those who manage a center, shown once, withdrawn but never changed."""

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, gettext_lazy, ngettext
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from registry import access, clock, keys, sessions
from registry.access import Action, Scope
from registry.admin.again import AsksAgain
from registry.admin.base import RegistryAdmin, centers_where, site
from registry.models import ApiKey, Center, User


class ApiKeyForm(forms.ModelForm):
    """What a new key needs."""

    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        label=gettext_lazy("Scopes"),
        help_text=gettext_lazy("What the key may do, never more than its person may."),
    )

    class Meta:
        model = ApiKey
        fields = ("center", "user", "name", "scopes", "expires_at")

    by: ClassVar[User]  # who makes the key; the page sets it for each request

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            wanted = {name: cleaned[name] for name in ("center", "user", "scopes", "expires_at")}
            try:
                keys.check(**wanted, by=self.by)
            except ValidationError as error:
                self.add_error(None, error)
        return cleaned


@admin.register(ApiKey, site=site)
class ApiKeyAdmin(AsksAgain, RegistryAdmin):
    """The keys of the centers one manages."""

    to_view = to_add = Action.MANAGE_CENTER
    form = ApiKeyForm
    list_display = ("prefix", "name", "center", "user", "allowed", "state", "expires_at", "last_used_at")
    list_filter = ("center",)
    list_select_related = ("center", "user")
    ordering = ("-id",)
    actions = ("revoke", "rotate")
    change_form_outer_after_template = "registry/rotate_key.html"
    fields = ("center", "user", "name", "scopes", "expires_at")
    readonly_fields = (
        "prefix",
        "center",
        "user",
        "name",
        "allowed",
        "created_at",
        "made_by",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )

    @display(description=gettext_lazy("Scopes"))
    def allowed(self, key: ApiKey) -> str:
        """What the key may do, in words."""
        return ", ".join(str(Scope(scope).label) for scope in key.scopes)

    @display(
        description=gettext_lazy("State"),
        label={"in force": "success", "expired": "warning", "revoked": "danger"},
    )
    def state(self, key: ApiKey) -> tuple[str, str]:
        """Whether the key still opens anything."""
        if key.revoked_at:
            return "revoked", gettext("Revoked")
        if key.expires_at > clock.now():
            return "in force", gettext("In force")
        return "expired", gettext("Expired")

    @display(description=gettext_lazy("Made by"))
    def made_by(self, key: ApiKey) -> str:
        """Whoever drew it, which may be another than the person it speaks for."""
        return keys.issuer(key)

    def get_form(
        self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kw: Any
    ) -> Any:
        return type("FormOfRequest", (super().get_form(request, obj, change, **kw),), {"by": request.user})

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"expires_at": clock.now() + timedelta(days=365), "scopes": [Scope.READ, Scope.RECORD]}

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        centers = centers_where(request, Action.MANAGE_CENTER)
        if db_field.name == "center":
            kwargs["queryset"] = Center.objects.filter(pk__in=centers)
        if db_field.name == "user":
            roles = Q(memberships__center__in=centers)
            if access.may_everywhere(request.user, Action.MANAGE_CENTER):
                roles |= Q(memberships__center=None, memberships__isnull=False)
            kwargs["queryset"] = User.objects.filter(roles, is_active=True).distinct()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: forms.ModelForm, change: bool) -> None:
        wanted = {name: form.cleaned_data[name] for name in self.fields}
        made, request.key_text = keys.issue(**wanted, by=request.user)  # type: ignore[attr-defined, arg-type]
        obj.pk, obj.prefix = made.pk, made.prefix

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._show(request, obj, request.key_text)  # type: ignore[attr-defined]

    def _show(self, request: HttpRequest, key: ApiKey, text: str, old: ApiKey | None = None) -> HttpResponse:
        """Show the key in this one answer: it is not kept anywhere, not even in a message."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("New API key"),
            "opts": self.opts,
            "key": key,
            "text": text,
            "old": old,
        }
        return TemplateResponse(request, "registry/new_key.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """Offer another key in place of one that works."""
        context["can_rotate"] = obj is not None and self.state(obj)[0] == "in force"
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    @admin.action(description=gettext_lazy("Revoke the selected keys"), permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Withdraw keys at once."""
        count = keys.revoke(queryset, by=request.user)  # type: ignore[arg-type]
        told = ngettext(
            "{n} key revoked: it is refused from now on.",
            "{n} keys revoked: they are refused from now on.",
            count,
        )
        self.message_user(request, told.format(n=count), messages.SUCCESS)

    @admin.action(description=gettext_lazy("Replace the selected key by a new one"), permissions=["view"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        """Make a new key like this one, shown once; the old one ends within days."""
        if (ask := sessions.ask_again(request)) is not None:
            return ask
        chosen = list(queryset[:2])
        try:
            if len(chosen) != 1:
                raise ValidationError(gettext("Choose one key: each new one is shown once."))
            made, text = keys.rotate(chosen[0], by=request.user)  # type: ignore[arg-type]
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return None
        return self._show(request, made, text, old=ApiKey.objects.get(pk=chosen[0].pk))
