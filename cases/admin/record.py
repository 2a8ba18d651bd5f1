"""What belongs to the case itself: its number, its notes, why it changes; and which page of which version it is."""

import uuid
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from cases.admin import merge
from cases.admin.widgets import Choice, Line, Suggesting
from cases.document import StoredCase
from cases.drafts import TURN
from cases.models import Case
from registry import audit
from registry.models import Center, User

NEVER_SAVED = 0  # no stored case has this version, so a new one cannot overwrite any
TEXTS = ("case_number", "citation", "note")  # what the document holds of it
OWN = {f"/{name}": name for name in (*TEXTS, "reason")}
COMMON_REASONS = (
    gettext_lazy("New information"),
    gettext_lazy("Typing error"),
    gettext_lazy("Source document corrected"),
    gettext_lazy("Query answered"),
)
WIDE = ("citation", "note")


class RecordForm(forms.Form):
    """The case's own answers; the hidden ones name the version that was read and the entry that keeps what is typed."""

    center = forms.ModelChoiceField(
        Center.objects.none(), empty_label=None, label=gettext_lazy("Center"), widget=Choice
    )
    case_number = forms.CharField(
        required=False,
        label=gettext_lazy("Case number"),
        widget=Line(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "The center's own number for this case; never a hospital or national id. It stays as it is."
        ),
    )
    reason = forms.CharField(
        required=False,
        label=gettext_lazy("Reason for this change"),
        widget=Suggesting(COMMON_REASONS, longest=audit.LONGEST_REASON),
        help_text=gettext_lazy("Kept in the history; needed once the case is complete"),
    )
    citation = forms.CharField(
        required=False,
        strip=False,
        label=gettext_lazy("Citation"),
        widget=Line(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("The publication, for a case from the literature"),
    )
    note = forms.CharField(
        required=False,
        strip=False,
        label=gettext_lazy("Note"),
        widget=Line(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("What no field says; never anything that identifies a person"),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    base = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)  # merge.py says what for
    entry = forms.CharField(widget=forms.HiddenInput, required=False)
    turn = forms.CharField(widget=forms.HiddenInput, required=False)
    follows = forms.CharField(widget=forms.HiddenInput, required=False)
    person = forms.CharField(widget=forms.HiddenInput, required=False)  # who opened the page

    def clean_reason(self) -> str:
        """Take a reason that can be kept."""
        reason: str = self.cleaned_data["reason"]
        if wrong := audit.wrong_reason(reason):
            raise forms.ValidationError(wrong)
        return reason


def record_form(case: Case | None, centers: tuple[int, ...], *, may_record: bool, **given: Any) -> RecordForm:
    """The form of a stored case, whose number stays, or of a new one in one of these centers."""
    form = RecordForm(**given)
    if case is None:
        del form.fields["reason"]
        field: Any = form.fields["center"]
        field.queryset = Center.objects.filter(pk__in=centers)
        return form
    del form.fields["center"]
    form.fields["case_number"].disabled = True
    form.initial["case_number"] = case.case_number
    if not may_record:
        del form.fields["reason"]
        for answer in form.fields.values():
            answer.widget.attrs["disabled"] = True  # a field that is disabled itself forgets what was typed
    return form


def beginning(stored: StoredCase | None, by: User) -> dict[str, Any]:
    """What the form begins with; a page that is opened anew has an entry of its own."""
    begun: dict[str, Any] = {
        "version": NEVER_SAVED,
        "entry": str(uuid.uuid4()),
        TURN: "0",
        "person": str(by.pk),
    }
    if stored is None:
        return begun
    texts = {name: getattr(stored.document, name) for name in TEXTS}
    return {**begun, **texts, "version": stored.version, "base": merge.as_text(stored.document)}


def token_in(data: QueryDict) -> UUID | None:
    """The entry that a page or address names."""
    return token_of(data.get("entry", ""))


def token_of(text: str) -> UUID | None:
    """The name of an entry; None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
