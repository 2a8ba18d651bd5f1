"""Who may do what: the table of roles, scoped reading, and one scope for each web request."""

import time

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import InternalError, OperationalError, connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory

from cases.models import Case
from registry import access
from registry.access import ALLOWED, REGISTRY_WIDE, Action, Role, ScopeMiddleware, centers_of, require
from registry.api.callers import CallerMiddleware
from registry.database import session

READERS = ["alice", "lena", "ines"]


@pytest.mark.parametrize("name", READERS)
def test_people_of_a_center_see_that_center(name, request, north, south):
    assert centers_of(request.getfixturevalue(name)) == (north.pk,)


@pytest.mark.parametrize("name", ["rita", "dana", "ada", "otto"])
def test_people_of_the_registry_see_all_centers(name, request, north, south):
    assert centers_of(request.getfixturevalue(name)) == (north.pk, south.pk)


def test_strangers_see_nothing(nobody, north):
    assert centers_of(nobody) == ()
    assert centers_of(AnonymousUser()) == ()


def test_who_left_sees_nothing(alice):
    alice.is_active = False

    assert centers_of(alice) == ()


def test_a_superuser_without_a_role_sees_nothing(person, north):
    assert centers_of(person("root", is_superuser=True)) == ()


def test_two_centers_make_one_scope(person, north, south):
    both = person("carl", Role.COORDINATOR, north)
    both.memberships.create(role=Role.INVESTIGATOR, center=south)

    assert centers_of(both) == (north.pk, south.pk)
    assert centers_of(both, Action.EXPORT) == (north.pk,)


def test_a_case_is_visible_to_its_center_alone(everywhere, alice, bob, rita, nobody, north, make_case):
    case = make_case(north)

    assert [case in Case.objects.visible_to(user) for user in (alice, bob, rita, nobody)] == [
        True,
        False,
        True,
        False,
    ]


def test_what_belongs_to_no_center_is_for_those_with_a_role_in_the_whole_registry(alice, otto):
    assert access.may(otto, Action.READ_AUDIT, None)
    assert not access.may(otto, Action.RECORD, None)
    assert not access.may(alice, Action.READ, None)
    with pytest.raises(PermissionDenied):
        access.require(alice, Action.READ, None)


def test_requiring_is_silent_or_refuses(alice, north, south):
    require(alice, Action.RECORD, north)
    with pytest.raises(PermissionDenied, match="may not record"):
        require(alice, Action.RECORD, south)
    with pytest.raises(PermissionDenied, match="may not decide"):
        require(alice, Action.DECIDE, north)


# Read by people: a change of the table in access.py must be made here, too.
GRANTS = {
    Role.COORDINATOR: "read record record_follow_up import_cases explain export read_report transfer identify",
    Role.CENTER_LEAD: "read record record_follow_up import_cases explain lock export read_report manage_center"
    " read_audit withdraw transfer identify read_identity",
    Role.INVESTIGATOR: "read record record_follow_up explain read_report",
    Role.REVIEWER: "read decide decide_queries manage_algorithm read_report",
    Role.DATA_MANAGER: "read record record_follow_up import_cases decide_queries lock unlock export read_report"
    " read_audit manage_reference manage_algorithm release_reports withdraw hand_out link",
    Role.REGISTRY_ADMIN: "read manage_center manage_registry manage_reference read_report release_reports",
    Role.AUDITOR: "read read_audit read_report",
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_each_role_may_do_what_the_protocol_says(role, action):
    assert (action in ALLOWED[role]) == (action in GRANTS[role].split())


def test_nobody_both_explains_and_decides():
    assert not [role for role, actions in ALLOWED.items() if {Action.EXPLAIN, Action.DECIDE} <= actions]


@pytest.mark.parametrize("role", sorted(set(Role) - set(REGISTRY_WIDE)))
def test_a_role_of_a_center_needs_its_center(role, person):
    from django.db import IntegrityError

    with pytest.raises(IntegrityError), transaction.atomic():
        person("lost", role)


def request_as(user, view):
    request = RequestFactory().get("/")
    request.user = user
    return ScopeMiddleware(view)(request)


def test_a_request_sees_the_centers_of_its_person(everywhere, alice, bob, north, make_case):
    make_case(north)

    def count(_):
        return HttpResponse(str(Case.objects.count()))

    answers = [request_as(user, count).content for user in (alice, bob, AnonymousUser())]
    assert answers == [b"1", b"0", b"0"]


def test_a_request_with_a_key_sees_the_center_of_the_key_and_nothing_of_its_session(
    everywhere, alice, north, south, make_case
):
    make_case(north)

    def seen(centers):
        request = RequestFactory().get("/")
        request.user, request.centers = alice, centers
        return ScopeMiddleware(lambda _: HttpResponse(str(Case.objects.count())))(request).content

    assert [seen(centers) for centers in ((north.pk,), (south.pk,), ())] == [b"1", b"0", b"0"]


@pytest.mark.django_db(transaction=True)
def test_setting_a_scope_outside_a_transaction_is_an_error(north):
    with pytest.raises(transaction.TransactionManagementError):
        session.apply(session.sight([north.pk]))


def test_a_failed_request_leaves_nothing_behind(everywhere, alice, north, make_case):
    def view(_):
        make_case(north)
        return HttpResponse(status=500)

    request_as(alice, view)

    assert not Case.objects.exists()


def test_a_database_that_gives_up_is_a_503_to_repeat(alice):
    def view(_):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '10ms'")
            cursor.execute("SELECT pg_sleep(1)")

    response = request_as(alice, view)

    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.django_db(transaction=True)
def test_a_request_that_worked_too_long_between_queries_is_a_503_to_repeat(alice):
    def view(_):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '20ms'")
            time.sleep(0.3)
            cursor.execute("SELECT 1")

    response = request_as(alice, view)

    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_other_errors_stay_what_they_are(alice):
    assert ScopeMiddleware(None).process_exception(None, InternalError()) is None
    assert ScopeMiddleware(None).process_exception(None, ValueError()) is None


@pytest.mark.parametrize(
    ("address", "kind"),
    [("/api/v1/cases/", "application/problem+json"), ("/admin/", "text/html; charset=utf-8")],
)
def test_a_database_that_gave_up_is_a_503_that_programs_can_read(rf, address, kind):
    answer = ScopeMiddleware(None).process_exception(rf.get(address), OperationalError())

    assert (answer.status_code, answer["Retry-After"], answer["Content-Type"]) == (503, "5", kind)


def test_a_database_that_gives_up_while_requests_are_counted_is_a_503_likewise(rf, alice):
    def gave_up(_):
        raise OperationalError

    request = rf.get("/api/v1/whoami/")
    request.user = alice
    answer = CallerMiddleware(gave_up)(request)

    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
