"""Each wall alone: with the other lowered it still holds, and without it the matrix turns red.

A wall that only stands behind another is never seen to fail. So row security is asked by SQL that no view has looked
at, and the views are asked while row security shows everybody everything.
"""

import re

import pytest
from django.db import DatabaseError, connection, transaction

from cases.querysets import TransferQuerySet
from registry import access, walls
from registry.admin.base import Guarded, RegistryAdmin
from registry.adminsite import RegistryAdminSite
from registry.api.permissions import Allowed
from registry.api.views import RegistryView
from registry.database.session import holding, sight
from reports.querysets import ReportQuerySet
from tests.matrix import cells
from tests.matrix.cast import MISSING, OTHER
from tests.matrix.database import as_owner
from tests.matrix.rules import Policy
from tests.matrix.test_matrix import cast, desk, judged  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db


# --- PostgreSQL alone ------------------------------------------------------------------------------------------------


def walled_tables():
    return sorted(
        table
        for model in walls.scoped_models()
        for table in {model._meta.db_table, *walls.event_tables(model)}
    )


def passes(table, own, other):
    """What gets through the wall of a table, asked by plain SQL in the scope of one center."""
    with holding(**sight([own.pk])), connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{table}" WHERE center_id = %s', [other.pk])
        yield from ["SELECT"] * bool(cursor.fetchone()[0])
        for statement in ("UPDATE", "DELETE FROM"):
            setting = "SET center_id = center_id" if statement == "UPDATE" else ""
            try:
                with transaction.atomic():
                    cursor.execute(f'{statement} "{table}" {setting} WHERE center_id = %s', [other.pk])
                    if cursor.rowcount:
                        yield statement
            except DatabaseError:
                pass  # no right to it at all, or other rows depend on it


def rows_of(table, center):
    with as_owner() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{table}" WHERE center_id = %s', [center.pk])
        return cursor.fetchone()[0]


def test_row_security_alone_holds_in_every_table_and_without_it_rows_get_through(cast, north, south):  # noqa: F811
    through, unseen, tried = {}, [], 0
    for table in walled_tables():
        if found := list(passes(table, south, north)):
            through[table] = found
        if not rows_of(table, north):
            continue
        tried += 1
        with transaction.atomic():
            with as_owner() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
            unseen += [] if list(passes(table, south, north)) else [table]
            transaction.set_rollback(True)

    print(f"row security: {tried - len(unseen)} of {tried} removed walls noticed")
    assert through == {}
    assert unseen == []
    assert tried > 30


# --- the views alone -------------------------------------------------------------------------------------------------


def asked(world, who, routes, methods=("GET", "POST")):
    """What these people ask of these addresses."""
    return [
        one
        for one in cells.whole(world)
        if one.who in who and one.method in methods and one.whose != MISSING and re.search(routes, one.route)
    ]


def faults(desk, found):  # noqa: F811
    policy = Policy()
    return (fault for cell in found for fault in judged(desk, policy, cell, desk.ask(cell)))


def test_views_alone_let_nobody_in(desk, seen_by_all):  # noqa: F811
    """Of the rows of another center, with row security open."""
    found = [one for one in asked(desk.world, "c", ".", ("GET",)) if one.whose == OTHER]

    assert list(faults(desk, found)) == []
    assert desk.asked > 50


def anybody(*_, **__):
    return True


def all_rows(page, request):
    return page.model._default_manager.all()


CASE, REPORT = r"^admin/cases/case/.*(change|summary)/$", r"reports/<int:pk>/$|admin/reports/report/<int"
# What is removed, where the matrix must notice, and who asks there.
REMOVED = {
    "scoped rows of the pages": (RegistryAdmin, "get_queryset", all_rows, CASE, "c"),
    "permission to view": (Guarded, "has_view_permission", anybody, "^admin/registry/apikey/$", "c"),
    "permission to add": (Guarded, "has_add_permission", anybody, "^admin/registry/center/add/$", "c"),
    "permission to change": (
        Guarded,
        "has_change_permission",
        anybody,
        "^admin/registry/center/.*change/$",
        "c",
    ),
    "the door of the site": (RegistryAdminSite, "has_permission", anybody, "^admin/$", "n"),
    "permission of the API": (Allowed, "has_permission", anybody, "^api/v1/cases/$", "n"),
    "scoped rows of the API": (
        RegistryView,
        "visible",
        lambda view, rows: rows,
        r"^api/v1/(queries|cases)/",
        "c",
    ),
    "scoped transfers": (
        TransferQuerySet,
        "of_either",
        lambda rows, centers: rows.all(),
        r"^(admin|api/v1)/transfers/<int:pk>/$",
        "c",
    ),
    "scoped reports": (ReportQuerySet, "visible_to", lambda rows, user: rows.all(), REPORT, "c"),
    "what use cases require": (access, "require", lambda *_: None, "case/.*lock/|deviation/.*change", "ci"),
    "what roles allow": (access, "may", anybody, "case/.*lock/|deviation/.*change|center/.*change", "ci"),
}


@pytest.mark.parametrize("removed", REMOVED)
def test_the_matrix_turns_red_without_a_wall(desk, seen_by_all, monkeypatch, removed):  # noqa: F811
    owner, name, instead, routes, who = REMOVED[removed]
    found = asked(desk.world, who, routes)
    assert list(faults(desk, found)) == []

    monkeypatch.setattr(owner, name, instead)

    assert next(faults(desk, found), None), f"{len(found)} cells, and none noticed."
