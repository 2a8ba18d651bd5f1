"""Counts that stop: "more than 1,000" is said in the time it takes to count to a thousand, however many there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import IntegerField, QuerySet, Subquery
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are, or that there are more than this."""

    number: int
    is_more: bool = False

    @classmethod
    def of(cls, counted: int, most: int) -> Count:
        """Read what was counted to at most one more than `most`."""
        return cls(min(counted, most), counted > most)

    def __str__(self) -> str:
        number = number_format(self.number, force_grouping=True)
        return gettext("more than {number}").format(number=number) if self.is_more else number

    def __bool__(self) -> bool:
        return self.number > 0


class Counted(Subquery):
    """How many rows a query has, to at most one more than `most`, as a column: rows and their number in one query."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet, most: int):
        super().__init__(rows.order_by().values("pk")[: most + 1])


class BoundedPaginator(Paginator):
    """Pages through the first ten thousand rows; who looks for a later one narrows the list, or turns its order."""

    most = 10_000
    template_name = "registry/list_pages.html"

    @cached_property
    def counted(self) -> Count:
        """How many rows there are, or that there are more than can be paged through."""
        rows = self.object_list.order_by().values("pk")[: self.most + 1]  # type: ignore[attr-defined]
        return Count.of(rows.count(), self.most)

    @cached_property
    def count(self) -> int:
        """The rows that can be paged through."""
        return self.counted.number

    def pages(self, number: int, address: Callable[[int], str]) -> Pages:
        """What to say and offer under one page of the list."""
        number = max(1, min(number, self.num_pages))
        first = (number - 1) * self.per_page
        links = [
            PageLink(page, address(page), page == number) if isinstance(page, int) else None
            for page in self.get_elided_page_range(number, on_each_side=2, on_ends=1)
        ]
        return Pages(
            first=min(first + 1, self.count),
            last=min(first + self.per_page, self.count),
            count=self.counted,
            links=links if self.num_pages > 1 else [],
        )


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page of a list."""

    number: int
    address: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Which rows of how many stand on a page, and the other pages to offer; None where some are left out."""

    first: int
    last: int
    count: Count
    links: list[PageLink | None]
