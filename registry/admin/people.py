"""People and their roles: the registry's administrators give them, and take them away."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from registry.access import Action
from registry.admin.base import Guarded, RegistryAdmin, RegistryInline, site
from registry.models import Membership, User

site.unregister(Group)  # roles are memberships


class ForAdministrators(Guarded):
    """What only the registry's administrators see."""

    to_view = to_add = to_change = Action.MANAGE_REGISTRY

    def center_of(self, row: Any) -> None:
        """Nobody's: a role in a center is given by the registry, too."""


class MembershipInline(ForAdministrators, RegistryInline):
    """The roles of a person."""

    model = Membership
    verbose_name, verbose_name_plural = "role", "roles"
    fields = ("role", "center")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request)


@admin.register(User, site=site)
class UserAdmin(ForAdministrators, RegistryAdmin, DjangoUserAdmin):  # type: ignore[misc]
    """Accounts. They are switched off, never deleted: the audit trail names them."""

    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    inlines = (MembershipInline,)
    list_display = ("username", "name", "email", "roles", "is_active", "last_login")
    list_filter = ("is_active", "memberships__role", "memberships__center")
    search_fields = ("username__istartswith", "last_name__istartswith", "email__istartswith")
    search_help_text = "Beginning of the user name, the last name or the address"
    filter_horizontal = ()
    fieldsets = (
        ("Person", {"fields": (("username", "is_active"), ("first_name", "last_name"), "email")}),
        ("Sign-in", {"fields": ("password", "last_login")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", ("first_name", "last_name"), "email", ("password1", "password2"))}),
    )
    readonly_fields = ("last_login",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return User.objects.prefetch_related(
            Prefetch(
                "memberships", Membership.objects.select_related("center").order_by("center__code", "role")
            )
        )

    @display(description="Name", ordering="last_name")
    def name(self, user: User) -> str:
        """First and last name."""
        return user.get_full_name()

    @display(description="Roles")
    def roles(self, user: User) -> str:
        """The roles in one line."""
        return "; ".join(
            f"{role.get_role_display()} ({role.center.code if role.center else 'whole registry'})"
            for role in user.memberships.all()
        )


@admin.register(Membership, site=site)
class MembershipAdmin(ForAdministrators, RegistryAdmin):
    """All roles in one list, to see at a glance who may do what."""

    list_display = ("user", "role", "center")
    list_filter = ("role", "center")
    list_select_related = ("user", "center")
    search_fields = ("user__username__istartswith", "user__last_name__istartswith")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return Membership.objects.all()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request)
