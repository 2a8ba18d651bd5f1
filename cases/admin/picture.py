"""Segments chosen from a drawing: checkboxes as always, and beside them, with JavaScript, the vein that follows them.

The checkboxes stay the one control for the keyboard and for screen readers; the drawing is for the pointer and the
eye. Cranial stands on top, as in the drawing, so that each name stands beside its segment.
"""

from typing import Any

from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from cases import drawing
from cases.admin.widgets import Choices
from cases.definitions import DEFINITIONS
from cases.vocabulary import Segment

TUMOR = "tumor-segments"  # the page's name of the question that resected segments are compared with

EXTENTS = DEFINITIONS[Segment]
ROW = (
    '<div class="segments-row" data-at="{at}"><label><input type="checkbox" name="{name}" value="{code}"'
    ' aria-describedby="{id}"{checked}{given}> {label}</label>'
    ' <span class="segments-extent" id="{id}">{extent}</span></div>'
)


class SegmentChoices(Choices):
    """Any of the seven segments; `fill` is how the chosen ones are painted: tumor, or cut (out)."""

    heights = drawing.heights()

    def __init__(self, *, fill: str, attrs: Any = None, choices: Any = ()):
        self.fill = fill
        super().__init__(attrs=attrs, choices=choices)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = self.build_attrs(self.attrs, attrs)
        chosen, first = set(map(str, value or ())), str(given.pop("id", name))
        group = {key: given.pop(key) for key in list(given) if key.startswith("aria-")}
        rows = (
            {
                "name": name,
                "code": code,
                "label": label,
                "extent": gettext(EXTENTS[code]),
                "id": f"{first}_{code}",
                "at": self.heights[code],
                "checked": SafeString(" checked" if code in chosen else ""),  # nosec B703  # fixed words
                "given": flatatt(given),
            }
            for code, label in reversed(list(self.choices))
        )
        return format_html(
            '<div class="segments segments-{fill}" role="group"{group} data-segments data-hint="{hint}">'
            '<div class="segments-picture" data-picture hidden>{picture}</div>'
            '<div class="segments-list">{rows}</div>{told}</div>',
            fill=self.fill,
            group=flatatt({"id": first, **group}),
            hint=gettext("Click a segment. Draw over several, or hold Shift, for a range."),
            picture=drawing.chooser(f"{first}-", self.fill),
            rows=format_html_join("", ROW, rows),
            told=self._told(),
        )

    def _told(self) -> SafeString:
        """A line for the segment that is pointed at, and for resected segments a way to take over the tumor's."""
        told = '<p class="segments-told" data-told aria-hidden="true" hidden></p>'
        if self.fill != "cut":
            return SafeString(told)
        same = '<button type="button" class="segments-same" data-same="{}" hidden>{}</button>'
        return format_html(told + same, TUMOR, gettext("Take over the tumor's segments"))
