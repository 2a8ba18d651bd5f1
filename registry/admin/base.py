"""The base of every admin page: closed by default, scoped to centers, audited, without deletion."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy
from psycopg.errors import UniqueViolation
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList

from registry import access
from registry.access import Action
from registry.admin import versions
from registry.bounded import BoundedPaginator, Pages
from registry.history import Entry, entries

if TYPE_CHECKING:
    from registry.adminsite import RegistryAdminSite

site = cast("RegistryAdminSite", admin.site)  # apps.py names it
OF_THE_REGISTRY = (
    Action.MANAGE_REGISTRY,
    Action.MANAGE_REFERENCE,
    Action.MANAGE_ALGORITHM,
    Action.RELEASE_REPORTS,
)  # not to be had for one center alone


def centers_where(request: HttpRequest, action: Action | None) -> tuple[int, ...]:
    """List the centers where the person may do this; nobody may what a page does not name."""
    return () if action is None else access.centers_of(request.user, action)


class Guarded:
    """Permission by role: a page names the action that viewing, adding and changing need; None is nobody."""

    to_view: ClassVar[Action | None] = None
    to_add: ClassVar[Action | None] = None
    to_change: ClassVar[Action | None] = None

    def center_of(self, row: Any) -> int | None:
        """The center a row belongs to; None when it is the registry's."""
        return row.center_id

    def may(self, request: HttpRequest, action: Action | None, row: Any = None) -> bool:
        """Tell whether the person may do this to the row, or without one to any."""
        if action is None:
            return False
        if action in OF_THE_REGISTRY:
            return access.may_everywhere(request.user, action)
        if row is None:
            return access.may_somewhere(request.user, action)
        return access.may(request.user, action, self.center_of(row))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.to_view, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.to_add)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.to_change, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Leave it to the models: of an application, those are listed that one may see."""
        return True

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer no windows that open from beside a field: each thing has a page of its own."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        for way in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
            if hasattr(getattr(field, "widget", None), way):
                setattr(field.widget, way, False)
        return field


class OwnCenters(admin.RelatedFieldListFilter):
    """Offers the centers whose rows the person sees, and does not name the others."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        seen = {"pk__in": model_admin.centers_seen(request)}
        return field.get_choices(include_blank=False, limit_choices_to=seen)


class RegistryChangeList(ChangeList):
    """A list whose rows are counted to a bound, and once."""

    paginator: BoundedPaginator

    def get_filters(self, request: HttpRequest) -> Any:
        """Refuse what PostgreSQL cannot be asked; what is searched for, Django looks at itself."""
        asked = (text for name, texts in request.GET.lists() if name != SEARCH_VAR for text in texts)
        if any("\x00" in text for text in asked):
            raise IncorrectLookupParameters
        return super().get_filters(request)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        is_narrowed = self.query or self.has_active_filters
        # The page's head tells how many of all were found. A list that was not narrowed has nothing to tell.
        self.full_result_count = (
            None if is_narrowed and not self.paginator.counted.is_more else self.result_count
        )

    @property
    def pages(self) -> Pages:
        """What stands under the list."""
        return self.paginator.pages(self.page_num, lambda page: self.get_query_string({PAGE_VAR: page}))


class RegistryAdmin(Guarded, ModelAdmin):
    """A page of the registry; the rows of other centers do not exist for it."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would count the whole list
    list_per_page = 50
    list_max_show_all = 0  # page by page
    compressed_fields = False
    warn_unsaved_form = True
    actions_on_top = True
    change_form_before_template = "registry/drawn.html"
    to_audit: ClassVar[Action] = Action.READ_AUDIT
    nothing_yet: Any = gettext_lazy("Nothing is here yet.")  # what an empty list says

    def centers_seen(self, request: HttpRequest) -> tuple[int, ...]:
        """The centers whose rows exist for this person."""
        return centers_where(request, self.to_view)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(center_id__in=self.centers_seen(request))

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> Any:
        """Answer as every other address does; Django would lead to the overview and say so there."""
        raise Http404

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Call the list by its name, not "Select … to change"."""
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """Seal what the form is drawn with, and offer the history to those who may read it."""
        rows = (form for inline in context["inline_admin_formsets"] for form in inline.formset.initial_forms)
        context["drawn"] = versions.seal([context["adminform"].form, *rows])
        context["show_history"] = obj is not None and self.may(request, self.to_audit, obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RegistryChangeList]:
        return RegistryChangeList

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        chosen = super().get_list_filter(request)
        return [("center", OwnCenters) if one == "center" else one for one in chosen]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        row = self.get_object(request, unquote(object_id)) if object_id else None
        if row is not None and self.has_change_permission(request, row):
            versions.hold(row, [inline.model for inline in self.inlines])
        try:
            with transaction.atomic():
                return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as error:
            if not isinstance(error.__cause__, UniqueViolation):
                raise
        # Somebody wrote the same between the look at the form and the writing. Now it is there, and the form says so.
        return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask once more, and remove what was shown, not what somebody else has made of it meanwhile."""
        row = self.get_object(request, unquote(object_id))
        if row is not None and request.method == "POST":
            versions.hold(row, ())
            row = self.get_object(request, unquote(object_id))
        if row is None or not self.has_delete_permission(request, row):
            return super().delete_view(request, object_id, extra_context)
        if told := self.why_kept(request, row):
            messages.error(request, told)
            return HttpResponseRedirect(
                reverse(admin_urlname(self.opts, SafeString("change")), args=[row.pk])
            )
        form = self.get_form(request, row, change=True)(instance=row)
        if request.method == "POST" and not versions.is_as_drawn(form, request.POST):
            messages.error(request, gettext("Nothing was removed: somebody else changed this meanwhile."))
            return HttpResponseRedirect(request.get_full_path())
        return super().delete_view(
            request, object_id, {"drawn": versions.seal([form]), **(extra_context or {})}
        )

    def why_kept(self, request: HttpRequest, row: Any) -> str:
        """Say why this person cannot remove the row; nothing if they can."""
        return ""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (versions.Watching, form), {}) if change else form

    # --- history: from the audit trail, which knows more than the admin's own log ---------------------------------

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Write nothing: the audit trail has it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Write nothing: the audit trail has it."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Write nothing: the audit trail has it."""

    def history_of(self, row: models.Model) -> list[Entry]:
        """What happened to the row, newest first."""
        return entries([row]) if hasattr(row, "events") else []

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.may(request, self.to_audit, row):
            raise PermissionDenied(gettext("The history is for the center lead and the auditor."))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("History of {row}").format(row=row),
            "opts": self.opts,
            "original": row,
            "entries": self.history_of(row),
        }
        return TemplateResponse(request, "registry/history.html", context)


class ReadOnlyAdmin(RegistryAdmin):
    """Rows that the registry writes itself: to look at."""

    to_view = Action.READ
    warn_unsaved_form = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(self.fields or (field.name for field in self.opts.local_fields if field.name != "id"))


class RegistryInline(Guarded, TabularInline):
    """Rows inside a page, under the same permissions."""

    extra = 0
    formset = versions.WatchingRows
