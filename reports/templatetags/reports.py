"""Words that the HTML report needs and Django's templates lack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django import template

from reports.printed import Column, Row

register = template.Library()
_BAR_PIXELS = 80


@register.filter
def with_columns(row: Row, columns: Iterable[Column]) -> list[tuple[str, Column]]:
    """Pair each cell with the column it stands in."""
    return list(zip(row.cells, columns, strict=True))


@register.filter
def bar_width(share: float) -> int:
    """Turn a share into the width of its bar in pixels."""
    return round(_BAR_PIXELS * share)


@register.filter
def picture_of(pictures: Mapping[str, str], name: str) -> str:
    """Find where the picture of a figure is."""
    return pictures[name]
