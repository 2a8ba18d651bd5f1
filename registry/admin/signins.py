"""The sign-in log, for the registry's administrators: to look at."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import display

from registry.access import Action
from registry.admin.base import ReadOnlyAdmin, site
from registry.models import SignIn

_GOOD, _BAD = (SignIn.Outcome.SIGNED_IN, SignIn.Outcome.FIRST_STEP), (SignIn.Outcome.WRONG,)


@admin.register(SignIn, site=site)
class SignInAdmin(ReadOnlyAdmin):
    """Who tried to come in, when, from where, and what became of it."""

    to_view = to_audit = Action.MANAGE_REGISTRY
    fields = ("at", "who", "way", "outcome", "address")
    list_display = ("at", "who", "way", "what", "address")
    list_filter = ("outcome", "way", "at")
    list_select_related = ("user",)
    search_fields = ("user__username__istartswith", "address__startswith")
    search_help_text = gettext_lazy("Beginning of the user name or of the address")
    ordering = ("-at", "-id")

    def center_of(self, row: SignIn) -> None:
        """Nobody's: people work for several centers."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[SignIn]:
        """All rows, or none: to who may not read them, they are not there."""
        rows = SignIn.objects.select_related("user")
        return rows if self.has_view_permission(request) else rows.none()

    @display(description=gettext_lazy("Who"), ordering="user__username")
    def who(self, row: SignIn) -> str:
        """The person, or the beginning of what stands for a name that nobody has, to recognize it again."""
        unknown = gettext("a name that nobody has ({digest})").format(digest=row.name_digest[:8])
        return str(row.user) if row.user else unknown

    @display(
        description=gettext_lazy("Outcome"),
        ordering="outcome",
        label={"good": "success", "bad": "warning", "pause": "danger"},
    )
    def what(self, row: SignIn) -> tuple[str, str]:
        """What became of it."""
        kind = "good" if row.outcome in _GOOD else "bad" if row.outcome in _BAD else "pause"
        return kind, row.get_outcome_display()
