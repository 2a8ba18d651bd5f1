"""Keys: shown once, kept as a digest, for one center, never more than their person, refused at once when withdrawn."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from registry import keys
from registry.access import Role
from registry.audit import history_of
from registry.models import ApiKey, Membership
from tests.clients import issue, machine

pytestmark = pytest.mark.django_db

WHOAMI = "/api/v1/whoami/"


def whoami(client, text):
    return client.get(WHOAMI, HTTP_AUTHORIZATION=f"Bearer {text}")


def test_only_a_digest_is_kept(north, alice):
    key, text = issue(north, alice)

    assert bytes(key.digest) == sha256(text.encode()).digest()
    assert text.startswith(key.prefix)
    assert text not in str(ApiKey.objects.values())


def test_a_key_says_who_it_is_and_what_it_may_do(client, north, alice):
    key, text = issue(north, alice, "read")

    answer = whoami(client, text).json()

    assert answer["user"]["username"] == "alice"
    assert answer["key"]["prefix"] == key.prefix
    assert answer["key"]["scopes"] == ["read"]
    assert answer["limit"] == {"requests": 6000, "seconds": 60}
    assert answer["centers"] == [{"code": "NORTH", "name": north.name, "sandbox": False, "may": ["read"]}]


def test_both_schemes_are_taken(client, north, alice):
    _, text = issue(north, alice)

    assert client.get(WHOAMI, HTTP_AUTHORIZATION=f"Api-Key {text}").status_code == 200


def test_nobody_gets_in_without_a_key(client, db):
    answer = client.get(WHOAMI)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "sent",
    [
        "Bearer",
        "Bearer ",
        "Bearer ivcr_",
        "Bearer ivcr_00000000_x",
        "Bearer \xff",
        "Bearer a b c",
        "Basic YTpi",
    ],
)
def test_what_is_no_key_is_refused(client, north, alice, sent):
    issue(north, alice)

    assert client.get(WHOAMI, HTTP_AUTHORIZATION=sent).status_code == 401


def test_a_wrong_end_is_refused(client, north, alice):
    _, text = issue(north, alice)

    answer = whoami(client, text[:-1] + ("A" if text[-1] != "A" else "B"))

    assert (answer.status_code, answer.json()["detail"]) == (401, "This key is not known here.")


def test_a_revoked_key_is_refused_at_once(client, north, alice, lena):
    key, text = issue(north, alice)
    assert whoami(client, text).status_code == 200

    assert keys.revoke(ApiKey.objects.filter(pk=key.pk), by=lena) == 1

    assert "revoked" in whoami(client, text).json()["detail"]


@pytest.mark.parametrize(
    ("of", "change", "told"),
    [
        ("key", {"expires_at": timezone.now()}, "expired"),
        ("user", {"is_active": False}, "has left"),
        ("center", {"data_agreement_signed_on": None}, "agreement"),
    ],
)
def test_a_key_out_of_force_says_why(client, north, alice, of, change, told):
    key, text = issue(north, alice)
    row = key if of == "key" else getattr(key, of)

    type(row).objects.filter(pk=row.pk).update(**change)

    answer = whoami(client, text)
    assert answer.status_code == 401
    assert told in answer.json()["detail"]


def test_a_key_loses_what_its_person_loses(client, north, alice):
    _, text = issue(north, alice)

    Membership.objects.filter(user=alice).delete()

    assert whoami(client, text).json()["centers"] == []
    assert client.get("/api/v1/cases/", HTTP_AUTHORIZATION=f"Bearer {text}").status_code == 403


def test_a_key_may_no_more_than_its_person(north, ines):
    with pytest.raises(ValidationError, match="ines may not import cases"):
        issue(north, ines, "import_cases")


def test_a_key_lives_a_year_at_most(north, alice):
    with pytest.raises(ValidationError, match="12 months"):
        issue(north, alice, expires_at=timezone.now() + timedelta(days=400))


def test_only_who_manages_the_center_makes_keys(north, alice, bob):
    with pytest.raises(PermissionDenied):
        issue(north, alice, by=alice)
    with pytest.raises(PermissionDenied):
        issue(north, alice, by=bob)


def test_only_who_manages_the_center_revokes(north, alice, bob):
    issue(north, alice)

    with pytest.raises(PermissionDenied):
        keys.revoke(ApiKey.objects.all(), by=bob)


def test_a_key_without_the_scope_may_not(north, alice):
    reader = machine(north, alice, "read")

    answer = reader.post("/api/v1/cases/", {"case_number": "A-1"})

    assert answer.status_code == 403


def test_a_key_of_a_person_of_two_centers_reaches_one(north, south, alice):
    Membership.objects.create(user=alice, center=south, role=Role.COORDINATOR)

    (seen,) = machine(north, alice).get(WHOAMI).json()["centers"]

    assert seen["code"] == "NORTH"


def test_last_use_is_noted_without_an_audit_event(client, north, alice):
    key, text = issue(north, alice)

    whoami(client, text)
    whoami(client, text)

    key.refresh_from_db()
    assert key.last_used_at is not None
    assert history_of(key).count() == 1


def test_a_key_in_the_name_of_the_registry_is_made_by_the_registry(north, dana, lena, ada):
    with pytest.raises(ValidationError, match="dana has no role in NORTH"):
        issue(north, dana, by=lena)

    key, _ = issue(north, dana, by=ada)

    assert key.user == dana
    assert keys.issuer(key) == "Ada"


def test_a_lead_makes_a_key_for_a_colleague_and_is_named(north, alice, lena):
    key, _ = issue(north, alice, by=lena)

    assert (key.user, keys.issuer(key)) == (alice, "Lena")
