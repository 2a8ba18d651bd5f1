"""People and their roles: the registry's administrators give them; a lead sees who reaches the own center.

Nobody types another person's password: whoever is added, or cannot come in, is sent a link to set the own one.
"""

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import Group
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext, gettext_lazy
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from registry import audit, second_factor
from registry.access import Action
from registry.accounts import links, mails
from registry.admin import inviting, second_step
from registry.admin.again import AsksAgain
from registry.admin.base import Guarded, RegistryAdmin, RegistryInline, site
from registry.admin.roles import (
    KEPT,
    CenterFilter,
    RoleFilter,
    RoleForm,
    RolesFormSet,
    centers_of_people,
    is_own_administration,
    roles_seen,
    sees_all,
)
from registry.models import Membership, User

site.unregister((Group, TOTPDevice, StaticDevice))  # roles are memberships; second factors are their person's
TAKEN = gettext_lazy(
    "There is a user of this name already. If you pressed Save twice, the first was enough: see the list of users."
)


# What other applications know of a person that their page should say; empty where there is nothing to say.
Notice = Callable[[User], str]
_notices: list[Notice] = []


def tell(notice: Notice) -> None:
    """Let the page of a person say this; what is offered twice is said once."""
    if notice not in _notices:
        _notices.append(notice)


class OfPeople(Guarded):
    """What the registry's administrators give and take away, and leads and auditors look at."""

    to_add = to_change = Action.MANAGE_REGISTRY

    def center_of(self, row: Any) -> None:
        """Nobody's: a role in a center is given by the registry, too."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let in whoever may know of any role; which rows there are is for the list to say."""
        return sees_all(request) or bool(centers_of_people(request))

    def centers_seen(self, request: HttpRequest) -> tuple[int, ...]:
        """The centers whose people exist for this person."""
        return centers_of_people(request)


class MembershipInline(OfPeople, RegistryInline):
    """The roles of a person."""

    model, form, formset = Membership, RoleForm, RolesFormSet
    verbose_name, verbose_name_plural = gettext_lazy("role"), gettext_lazy("roles")
    fields = ("role", "center")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return roles_seen(request).select_related("user").order_by("center__code", "role")

    def get_formset(self, request: HttpRequest, obj: User | None = None, **kwargs: Any) -> Any:
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.by = formset.form.by = request.user
        return formset

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Ask for the centers once, not for each role."""
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.choices = [(str(value), label) for value, label in field.choices]
        return field

    def get_extra(self, request: HttpRequest, obj: User | None = None, **kwargs: Any) -> int:
        """Offer a first role to a new person, who could not come in without one."""
        return 0 if obj else 1

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request)


class AccountForm(forms.ModelForm):
    """Name and address of a person; the address belongs to one account, since links are sent to it."""

    username = UsernameField(
        max_length=150,
        label=gettext_lazy("User name"),
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "username" in self.fields:  # who only reads has no fields
            self.fields["username"].error_messages["unique"] = TAKEN
            self.fields["username"].validators = User._meta.get_field("username").validators

    def clean_username(self) -> str:
        """Refuse a name that another account has but for capital letters."""
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exclude(pk=self.instance.pk).exists():
            self.add_error("username", TAKEN)
        return name

    def clean_email(self) -> str:
        """Refuse an address that another account has."""
        address: str = self.cleaned_data["email"].strip()
        others = User.objects.filter(email__iexact=address, is_active=True).exclude(pk=self.instance.pk)
        if "email" in self.changed_data and address and others.exists():
            self.add_error(
                "email", gettext("Another account has this address: links of both would go to it.")
            )
        return address


class NewPersonForm(AccountForm):
    """Somebody new, who is sent an invitation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["email"].help_text = gettext("The invitation goes here; its link works once.")


class PersonForm(AccountForm):
    """A person's account; nobody switches off the own."""

    by: ClassVar[User]  # who changes it; the page sets it for each request

    def clean_is_active(self) -> bool:
        """Refuse what would lock the person at the keys out."""
        is_active: bool = self.cleaned_data["is_active"]
        if not is_active and self.instance == self.by:
            self.add_error("is_active", gettext("You cannot switch off your own account."))
        return is_active


@admin.register(User, site=site)
class UserAdmin(AsksAgain, OfPeople, RegistryAdmin):
    """Accounts. They are switched off, never deleted: the audit trail names them."""

    form = PersonForm
    inlines = (MembershipInline,)
    list_display = ("username", "name", "email", "roles", "is_active", "last_login")
    list_filter = ("is_active", RoleFilter, CenterFilter)
    search_fields = ("username__istartswith", "last_name__istartswith", "email__istartswith")
    search_help_text = gettext_lazy("Beginning of the user name, the last name or the address")
    ordering = ("username",)
    actions = None
    person: Any = (
        gettext_lazy("Person"),
        {"fields": (("username", "is_active"), ("first_name", "last_name"), "email")},
    )
    fieldsets = (
        person,
        (
            gettext_lazy("Sign-in"),
            {"fields": (("password_set_at", "second_factor_set_at", "last_login"),)},
        ),
    )
    to_read = (person, (gettext_lazy("Sign-in"), {"fields": (("second_factor_set_at", "last_login"),)}))
    add_fieldsets = ((None, {"fields": ("username", ("first_name", "last_name"), "email")}),)
    readonly_fields = ("password_set_at", "second_factor_set_at", "last_login")
    change_form_outer_after_template = "registry/way_to_reset.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        roles = roles_seen(request).order_by("center__code", "role")
        people = User.objects.order_by("username").prefetch_related(Prefetch("memberships", roles))
        return people if sees_all(request) else people.filter(pk__in=roles.values("user"))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Ask of somebody new what an invitation needs."""
        if obj is None:
            return self.add_fieldsets
        if not self.has_change_permission(request, obj):
            return self.to_read
        return super().get_fieldsets(request, obj)

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kw: Any) -> Any:
        if obj is None:
            kw["form"] = NewPersonForm
        return type(
            "FormOfRequest", (super().get_form(request, obj, change=change, **kw),), {"by": request.user}
        )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Invite who is new; tell both addresses when one takes the place of the other."""
        if not change:
            obj.set_unusable_password()
            with audit.because(door="admin", by=cast(User, request.user), reason="invited"):
                super().save_model(request, obj, form, change)
            mails.write_link(obj)
            messages.info(
                request, gettext("An invitation is on its way to {address}.").format(address=obj.email)
            )
            inviting.warn_without_sender(request)
            return
        if "email" in form.changed_data:  # who comes by a provider is found anew, by the new address
            obj.oidc_issuer = obj.oidc_subject = ""
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            for address in filter(None, {form.initial["email"], obj.email}):
                mails.write(mails.Kind.ADDRESS_CHANGED, obj, address=address)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the page, with what others have to say of the person."""
        if request.method == "GET" and (user := self.get_object(request, unquote(object_id))):
            for told in filter(None, (notice(user) for notice in _notices)):
                messages.warning(request, told)
            if self.has_change_permission(request, user):
                extra_context = {**_ways(user), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra_context)

    def get_urls(self) -> list[Any]:
        """Add the pages that send a link, and that remove a second factor which was lost."""
        guarded = self.admin_site.admin_view
        return [
            path("<int:pk>/link/", guarded(inviting.page), name="send_link"),
            path("<int:pk>/second-factor/", guarded(second_step.reset_page), name="reset_second_factor"),
            *super().get_urls(),
        ]

    @display(description=gettext_lazy("Name"), ordering="last_name")
    def name(self, user: User) -> str:
        """First and last name."""
        return user.get_full_name()

    @display(description=gettext_lazy("Roles"))
    def roles(self, user: User) -> str:
        """The roles in one line."""
        return "; ".join(
            f"{role.get_role_display()} ({role.center.code if role.center else gettext('whole registry')})"
            for role in user.memberships.all()
        )


def _ways(user: User) -> dict[str, Any]:
    """What an administrator can do for a person who cannot come in, and which mail went last."""
    last = user.account_mails.order_by("-pk").first()
    ends_at = None
    if last and last.kind in links.HOURS and last.state == mails.State.SENT and last.done_at:
        ends_at = links.ends_at(mails.Kind(last.kind), last.done_at)
    return {
        "can_reset": second_factor.has(user),
        "can_send": user.is_active,
        "has_password": user.has_usable_password(),
        "last_mail": last,
        "link_ends_at": ends_at,
    }


@admin.register(Membership, site=site)
class MembershipAdmin(AsksAgain, OfPeople, RegistryAdmin):
    """All roles in one list, to see at a glance who may do what."""

    form = RoleForm
    fields = ("user", ("role", "center"))
    list_display = ("user", "full_name", "role", "center")
    list_filter = ("role", "center")
    list_select_related = ("user", "center")
    search_fields = ("user__username__istartswith", "user__last_name__istartswith")
    search_help_text = gettext_lazy("Beginning of the user name or the last name")
    ordering = ("center__code", "role", "user__username")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return roles_seen(request).select_related("user", "center")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request)

    def get_form(
        self, request: HttpRequest, obj: Membership | None = None, change: bool = False, **kw: Any
    ) -> Any:
        return type("FormOfRequest", (super().get_form(request, obj, change, **kw),), {"by": request.user})

    def why_kept(self, request: HttpRequest, row: Membership) -> str:
        by: Any = request.user
        return str(KEPT) if is_own_administration(by, row.user, row.role, row.center_id) else ""

    @display(description=gettext_lazy("Name"), ordering="user__last_name")
    def full_name(self, row: Membership) -> str:
        """First and last name."""
        return row.user.get_full_name()
