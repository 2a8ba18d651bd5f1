"""Roles on the admin pages: which of them a person may know of, the form that gives them, the filters by them."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from registry import access
from registry.access import REGISTRY_WIDE, Action, Role
from registry.admin.base import centers_where
from registry.admin.versions import WatchingRows
from registry.models import Center, Membership, User

WHOLE_REGISTRY = "registry"
KEPT = gettext_lazy(
    "You cannot give up your own role as registry administrator: ask another administrator to take it from you."
)


def sees_all(request: HttpRequest) -> bool:
    """Tell whether this person gives the roles, or audits them."""
    return any(
        access.may_everywhere(request.user, action) for action in (Action.MANAGE_REGISTRY, Action.READ_AUDIT)
    )


def centers_of_people(request: HttpRequest) -> tuple[int, ...]:
    """The centers whose people this person may know: all, or for a lead the own."""
    if sees_all(request):
        return tuple(Center.objects.values_list("pk", flat=True))
    return centers_where(request, Action.MANAGE_CENTER)


def roles_seen(request: HttpRequest) -> QuerySet[Membership]:
    """The roles this person may know of: for a lead, who reaches the own center, and nothing of other centers."""
    rows = Membership.objects.select_related("center")
    if sees_all(request):
        return rows
    centers = centers_of_people(request)
    return rows.filter(Q(center__in=centers) | Q(center=None)) if centers else rows.none()


def is_own_administration(by: User, user: User | None, role: str, center: Any) -> bool:
    """Tell whether this is the role by which the person gives roles. Who keeps it leaves the registry with one."""
    return user == by and role == Role.REGISTRY_ADMIN and center is None


class RoleForm(forms.ModelForm):
    """One role of one person; what is wrong is said beside the field."""

    by: ClassVar[User]  # who gives it; the page sets it for each request

    class Meta:
        model = Membership
        fields = ("user", "role", "center")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        role, center = given.get("role"), given.get("center")
        if not role or "center" in self.errors:
            return given
        if center is None and role not in REGISTRY_WIDE:
            self.add_error("center", gettext("This role belongs to a center: name the center."))
        elif self._is_held(given.get("user"), role, center):
            self.add_error("role", gettext("This person already has this role there."))
        elif self._was_own() and not is_own_administration(self.by, given.get("user"), role, center):
            self.add_error("role", KEPT)
        return given

    def _was_own(self) -> bool:
        """Look at the row as it is stored: what was given is not in it yet."""
        row = self.instance
        return row.pk is not None and is_own_administration(self.by, row.user, row.role, row.center_id)

    def _is_held(self, user: User | None, role: str, center: Center | None) -> bool:
        if user is None or user.pk is None:
            return False
        held = Membership.objects.filter(user=user, role=role, center=center)
        return held.exclude(pk=self.instance.pk).exists()


class RolesFormSet(WatchingRows):
    """The roles of one person, each once."""

    by: ClassVar[User]

    def clean(self) -> None:
        """Name the second of two that say the same; Django would say so on top, in its own words."""
        seen: set[tuple[Any, Any]] = set()
        for form in self.forms:
            given = getattr(form, "cleaned_data", {})
            if not given.get("role") or given.get("DELETE"):
                continue
            if (said := (given["role"], given.get("center"))) in seen:
                form.add_error("role", gettext("This role stands here twice: remove one."))
            seen.add(said)
        if any(self._is_own_going(form) for form in self.initial_forms):
            raise ValidationError(KEPT)
        self.watch()

    def _is_own_going(self, form: Any) -> bool:
        role, center = form.initial.get("role"), form.initial.get("center")
        is_going = self.can_delete and self._should_delete_form(form)  # type: ignore[attr-defined]
        return is_going and is_own_administration(self.by, self.instance, role, center)


class RoleFilter(admin.SimpleListFilter):
    """People by the role they have, as far as the reader may know of it."""

    title, parameter_name = gettext_lazy("role"), "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(role.value, role.label) for role in Role]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        return queryset.filter(pk__in=roles_seen(request).filter(role=self.value()).values("user"))


class CenterFilter(admin.SimpleListFilter):
    """People by the center they work for, as far as the reader may know of it."""

    title, parameter_name = gettext_lazy("center"), "center"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        centers = Center.objects.filter(pk__in=centers_of_people(request))
        return [
            *((str(center.pk), str(center)) for center in centers),
            (WHOLE_REGISTRY, gettext("Whole registry")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = dict(self.lookup_choices)
        if self.value() not in chosen:
            return queryset
        roles = roles_seen(request)
        held = (
            roles.filter(center=None)
            if self.value() == WHOLE_REGISTRY
            else roles.filter(center_id=str(self.value()))
        )
        return queryset.filter(pk__in=held.values("user"))
