"""What every answer bears, what cookies and passwords may be, and whom to tell of a vulnerability."""

import json
import logging
import os
import pickle
import subprocess
import sys
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.hashers import get_hasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads, prepare_accept_content

from registry import settings as shipped
from registry.adminsite import SignInForm
from registry.celery import app
from registry.models import User
from tests.clients import browser

ANYWHERE = ["/healthz", "/admin/login/", "/api/v1/whoami/", "/static/registry/registry.css", "/nothing-here/"]
PASSWORD = "correct horse battery staple"


@pytest.fixture
def https(settings):
    """A site behind a proxy that ends TLS, as `PUBLIC_URL=https://...` makes it."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    return Client(headers={"x-forwarded-proto": "https"})


# --- headers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ANYWHERE)
def test_every_answer_says_what_a_browser_may_do_with_it(db, https, address):
    answer = https.get(address)
    answer.close()  # a file

    policy = answer["Content-Security-Policy"].split("; ")
    assert {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "default-src 'self'"} <= set(
        policy
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Strict-Transport-Security"].startswith("max-age=31536000; includeSubDomains")


def test_who_comes_without_tls_is_sent_to_it_but_for_monitors(https):
    bare = Client()

    assert bare.get("/admin/login/").status_code == 301
    assert bare.get("/healthz").status_code == 200
    assert bare.get("/healthz/more").status_code == 301


def test_a_program_that_does_not_encrypt_is_refused_and_not_led(db, https):
    refused = Client().post("/api/v1/cases/", headers={"authorization": "Bearer some.key"})

    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    assert refused.json()["type"].endswith(":not_encrypted")
    assert "have the key revoked" in refused.json()["detail"]
    assert https.get("/api/v1/whoami/").status_code == 401


def test_no_other_site_is_let_in(db):
    answer = Client(headers={"origin": "https://elsewhere.example.org"}).get("/api/v1/schema/")

    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("Access-Control-")]


def test_no_request_is_echoed_and_no_folder_listed(db):
    traced = Client(headers={"x-canary": "canary-7f3a"}).trace("/admin/login/")

    assert b"canary-7f3a" not in traced.content
    assert Client().get("/static/").status_code == 404
    assert Client().get("/static/registry/").status_code == 404


def test_a_line_break_in_an_address_makes_no_line_in_the_log(db, caplog):
    caplog.set_level(logging.WARNING, "django.request")

    Client().get("/nothing%0A2026-01-01 ERROR forged")

    assert any("nothing" in record.getMessage() for record in caplog.records)
    assert not any("\n" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("address", ["/api/v1/whoami/", "/admin/account/"])
def test_an_error_that_nobody_foresaw_is_one_sentence_and_a_line_in_the_log(
    ada, monkeypatch, caplog, address
):
    def fail(*args, **kwargs):
        raise RuntimeError("canary-7f3a of SELECT secret")

    monkeypatch.setattr("registry.api.views.WhoAmI.get", fail)
    monkeypatch.setattr("registry.admin.account.AccountForm", fail)
    client = Client(raise_request_exception=False)
    client.force_login(ada)

    answer = client.get(address)

    assert answer.status_code == 500
    assert b"canary" not in answer.content
    assert "SELECT" not in answer.content.decode()
    (line,) = [record for record in caplog.records if record.name == "django.request"]
    assert (line.levelname, line.exc_info[0]) == ("ERROR", RuntimeError)


# --- cookies and sessions ----------------------------------------------------------------------------------------


def test_cookies_of_a_site_with_tls_belong_to_its_host_alone(tmp_path):
    names = ("SESSION", "CSRF")
    code = (
        "import json; from django.conf import settings as s; print(json.dumps([[getattr(s, f'{n}_COOKIE_{k}')"
        f" for k in ('NAME', 'SECURE', 'SAMESITE', 'PATH', 'DOMAIN')] for n in {names}]"
        " + [s.SESSION_COOKIE_HTTPONLY]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(settings.BASE_DIR),
        env={
            "PATH": os.defpath,
            "DJANGO_SETTINGS_MODULE": "registry.settings",
            "VAR_FOLDER": str(tmp_path),
            "PUBLIC_URL": "https://registry.example.org",
        },
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(run.stdout) == [
        ["__Host-session", True, "Lax", "/", None],
        ["__Host-csrf", True, "Lax", "/", None],
        True,
    ]


def test_there_are_no_other_cookies(ada):
    client = browser(ada)
    client.get("/admin/account/")

    told = client.post("/admin/account/", {"language": "en"})  # "Saved." is told on the next page

    assert told.status_code == 302
    assert set(client.cookies) <= {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}


def test_signing_in_begins_another_session_and_leads_nowhere_else(ada):
    ada.set_password(PASSWORD)
    ada.save()
    client = Client()
    client.session.save()
    before = client.session.session_key

    sent = {"username": "ada", "password": PASSWORD, "next": "https://elsewhere.example.org/"}
    answer = client.post("/admin/login/", sent)

    assert answer["Location"] == "/admin/"
    assert client.session.session_key not in (None, before)


def test_signing_out_ends_the_session_on_the_server(ada):
    client = browser(ada)
    stolen = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert client.get("/admin/").status_code == 200

    client.post("/admin/logout/")

    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = stolen
    assert thief.get("/admin/").status_code == 302


def test_a_new_password_ends_all_other_sessions(ada):
    ada.set_password(PASSWORD)
    ada.save()
    here, elsewhere = browser(ada), browser(ada)
    new = {"new_password1": f"{PASSWORD} 2", "new_password2": f"{PASSWORD} 2"}

    refused = here.post("/admin/password_change/", {"old_password": "a guess", **new})
    assert (refused.status_code, elsewhere.get("/admin/").status_code) == (200, 200)
    here.post("/admin/password_change/", {"old_password": PASSWORD, **new})

    assert here.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302


# --- the queue -------------------------------------------------------------------------------------------------


def test_a_task_in_another_form_than_json_is_not_opened():
    taken = prepare_accept_content(app.conf.accept_content)
    forged = pickle.dumps([[1], {}, {}])

    with pytest.raises(ContentDisallowed):
        loads(forged, "application/x-python-serialize", "binary", accept=taken)

    assert loads(b"[[1], {}, {}]", "application/json", "utf-8", accept=taken) == [[1], {}, {}]


# --- passwords ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password", ["violet harbor lamp", "größere木漏れ日über", sha256(b"any").hexdigest() * 2]
)
def test_a_long_password_of_any_letters_is_taken(db, password):
    validate_password(password, User(username="ada"))


@pytest.mark.parametrize("password", ["elevenchars", "1234567890123", "qwertyuiop123", "ada.lovelace.1"])
def test_a_short_common_or_own_password_is_refused(db, password):
    with pytest.raises(ValidationError):
        validate_password(password, User(username="ada.lovelace"))


def test_a_password_is_taken_as_it_is_typed_and_not_shown():
    field = SignInForm.base_fields["password"]

    assert (field.strip, field.widget.input_type) == (False, "password")
    assert field.widget.attrs["autocomplete"] == "current-password"  # managers may fill it in


def test_passwords_are_kept_as_argon2id(settings):
    settings.PASSWORD_HASHERS = shipped.PASSWORD_HASHERS  # the tests put a quicker one before them
    hasher = get_hasher("default")

    assert hasher.algorithm == "argon2"
    # OWASP Password Storage Cheat Sheet: at least 46 MiB with one pass, or 19 MiB with two
    assert (hasher.memory_cost >= 19 * 1024, hasher.time_cost >= 2) == (True, True)
    assert hasher.encode(PASSWORD, hasher.salt()).startswith("argon2$argon2id$")


def test_a_new_registry_has_no_account(db):
    assert not User.objects.exists()


# --- whom to tell ------------------------------------------------------------------------------------------------


def test_the_contact_is_told_as_rfc_9116_says(db, settings):
    settings.SECURITY_CONTACT, settings.PUBLIC_URL = (
        "mailto:security@example.org",
        "https://registry.example.org",
    )

    answer = Client().get("/.well-known/security.txt")

    fields = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert fields["Contact"] == "mailto:security@example.org"
    assert fields["Canonical"] == "https://registry.example.org/.well-known/security.txt"
    assert fields["Preferred-Languages"] == "en, uk"
    ahead = datetime.fromisoformat(fields["Expires"]) - timezone.now()
    assert timedelta(days=1) < ahead < timedelta(days=366)  # RFC 9116 2.5.5: less than a year is recommended


def test_without_a_contact_there_is_no_such_page(db, settings):
    settings.SECURITY_CONTACT = ""

    assert Client().get("/.well-known/security.txt").status_code == 404
