"""The pages of reports: everybody finds what they may read, and nothing else exists for them."""

from datetime import date

import pytest
from django.urls import reverse

from registry import access
from registry.access import Action, Role
from reports import receiving
from reports.models import Delivery, Report, Subscription
from reports.rendering import DOCUMENTS
from tests.rows import a_mail, a_report

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("audience", ["inside", "outside"])
def test_who_has_no_role_receives_no_report_of_the_registry(nobody, alice, audience):
    report = a_report(audience=audience)

    assert not receiving.may_receive(nobody, report)
    assert receiving.may_receive(alice, report) == (audience == "outside")


def document(report, name="report.pdf"):
    return reverse("admin:reports_report_document", args=[report.pk, name])


@pytest.fixture
def rows(north, south, alice, bob, ada):
    """One report of each center, one of the registry for each audience; a mail and a subscription of each."""
    found = {
        "north": a_report(north),
        "south": a_report(south),
        "full": a_report(),
        "less": a_report(audience="outside"),
    }
    for report in found.values():
        readers = [user for user in (alice, bob, ada) if receiving.may_receive(user, report)]
        with access.everywhere():
            for user in readers:
                a_mail(report, user)
    with access.everywhere():
        for center in (north, south, None):
            Subscription.objects.create(user=ada, center=center)
    return found


SEEN = {
    "alice": {"north", "less"},
    "bob": {"south", "less"},
    "ada": {"north", "south", "full", "less"},
    "rita": {"north", "south", "full", "less"},
    "nobody": set(),
}


@pytest.mark.parametrize("who", SEEN)
def test_documents_exist_for_those_who_may_read_them(rows, client, request, who):
    client.force_login(request.getfixturevalue(who))

    for name, report in rows.items():
        status = client.get(document(report)).status_code
        assert status == 200 if name in SEEN[who] else status in (302, 404), name


@pytest.mark.parametrize("page", ["report", "delivery", "subscription"])
@pytest.mark.parametrize("who", ["alice", "ada"])
def test_lists_open(rows, client, request, who, page):
    client.force_login(request.getfixturevalue(who))

    response = client.get(reverse(f"admin:reports_{page}_changelist"))

    assert response.status_code == 200


def test_a_role_that_reads_no_reports_opens_none(rows, client, alice, monkeypatch):
    monkeypatch.setitem(access.ALLOWED, Role.COORDINATOR, {Action.READ})
    client.force_login(alice)

    assert client.get(reverse("admin:reports_report_changelist")).status_code == 403
    assert client.get(document(rows["north"])).status_code == 404


def test_a_list_shows_the_reports_of_the_person(rows, client, alice):
    client.force_login(alice)

    page = client.get(reverse("admin:reports_report_changelist")).content.decode()

    assert document(rows["north"]) in page
    assert document(rows["south"]) not in page
    assert document(rows["full"]) not in page


def test_a_report_page_leads_to_its_mails(rows, client, ada):
    client.force_login(ada)

    page = client.get(reverse("admin:reports_report_change", args=[rows["full"].pk])).content.decode()

    assert "1 waiting" in page
    mails = f"{reverse('admin:reports_delivery_changelist')}?report__id__exact={rows['full'].pk}"
    assert client.get(mails).status_code == 200


def test_nothing_can_be_added_changed_or_deleted(rows, client, ada):
    client.force_login(ada)

    for page in ("report", "delivery"):
        assert client.get(reverse(f"admin:reports_{page}_add")).status_code == 403
    url = reverse("admin:reports_report_change", args=[rows["full"].pk])
    assert client.post(url, {"source": "rumor"}).status_code == 403


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, one.media_type) for name, one in DOCUMENTS.items()],
)
def test_each_document_has_its_type_and_is_not_kept(rows, client, ada, name, kind):
    client.force_login(ada)

    response = client.get(document(rows["full"], name))

    assert response["Content-Type"] == kind
    shown = "inline" if DOCUMENTS[name].is_shown else "attachment"
    assert response["Content-Disposition"].startswith(f'{shown}; filename="survival-')
    assert "no-store" in response["Cache-Control"]


def test_no_other_file_can_be_asked_for(rows, client, ada):
    client.force_login(ada)

    assert client.get(document(rows["full"], "settings.py")).status_code == 404


def test_a_waiting_report_has_no_document(client, ada, north):
    with access.everywhere():
        waiting = Report.objects.create(as_of=date(2026, 11, 22))
    client.force_login(ada)

    assert client.get(document(waiting)).status_code == 404
    assert "waiting" in client.get(reverse("admin:reports_report_changelist")).content.decode()


# --- subscriptions -------------------------------------------------------------------------------------------------


def subscribe(client, user, center, cadence="quarterly"):
    fields = {
        "user": user.pk,
        "center": center.pk if center else "",
        "cadence": cadence,
        "is_active": "on",
        "format": "link",
    }
    return client.post(reverse("admin:reports_subscription_add"), fields)


def subscriptions():
    with access.everywhere():
        return {(row.user.username, row.center and row.center.code) for row in Subscription.objects.all()}


def test_a_lead_subscribes_people_of_the_center_to_its_report(client, lena, alice, bob, north, south):
    client.force_login(lena)

    assert subscribe(client, alice, north).status_code == 302
    for user, center in ((alice, south), (bob, north), (alice, None)):
        assert subscribe(client, user, center).status_code == 200, "the form comes back with its errors"

    assert subscriptions() == {("alice", "NORTH")}


def test_the_registry_subscribes_everybody_to_what_they_may_read(client, ada, alice, north, south):
    client.force_login(ada)

    assert subscribe(client, alice, None).status_code == 302
    assert "may not read this report" in subscribe(client, alice, south).content.decode()

    assert subscriptions() == {("alice", None)}


def test_a_coordinator_reads_subscriptions_and_makes_none(client, alice, north):
    client.force_login(alice)

    assert client.get(reverse("admin:reports_subscription_changelist")).status_code == 200
    assert subscribe(client, alice, north).status_code == 403


# --- rows of the whole registry ------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["alice", "lena", "ada", "otto", "rita", "dana"])
def test_pages_of_rows_without_a_center_open_or_are_refused(rows, client, request, who):
    client.force_login(request.getfixturevalue(who))
    with access.everywhere():
        found = [*Report.objects.filter(center=None), *Subscription.objects.filter(center=None)]
        found += Delivery.objects.filter(center=None)

    statuses = {
        client.get(reverse(f"admin:reports_{row._meta.model_name}_{page}", args=[row.pk])).status_code
        for row in found
        for page in ("change", "history")
    }

    assert statuses <= {200, 302, 403, 404}


@pytest.mark.parametrize(
    ("who", "change", "history"), [("otto", 200, 200), ("rita", 200, 403), ("ada", 200, 403)]
)
def test_a_subscription_of_the_registry_is_read_by_its_people(rows, client, request, who, change, history):
    client.force_login(request.getfixturevalue(who))
    with access.everywhere():
        row = Subscription.objects.get(center=None)

    answers = [
        client.get(reverse(f"admin:reports_subscription_{page}", args=[row.pk]))
        for page in ("change", "history")
    ]

    assert [answer.status_code for answer in answers] == [change, history]


def test_whoever_gets_the_report_with_small_numbers_withheld_opens_its_page(rows, client, alice):
    client.force_login(alice)

    pages = [
        client.get(reverse("admin:reports_report_change", args=[rows[name].pk])) for name in ("less", "full")
    ]

    assert [page.status_code for page in pages] == [200, 404]
