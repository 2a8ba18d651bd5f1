"""What every answer bears, what cookies and passwords may be, and whom to tell of a vulnerability."""

import json
import logging
import os
import pickle
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
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


# --- the queue over the network ----------------------------------------------------------------------------------


@pytest.fixture
def certified(tmp_path):
    """A server on localhost with a certificate for a name, of an authority that is known; its port and what it saw."""

    def listen(name):
        key = ec.generate_private_key(ec.SECP256R1())
        today, names = timezone.now(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        number, until = x509.random_serial_number(), today + timedelta(days=1)
        made = x509.CertificateBuilder(names, names, key.public_key(), number, today, until)
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / "known.pem").write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
        (tmp_path / "server.pem").write_bytes(private + (tmp_path / "known.pem").read_bytes())
        context, seen = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
        context.load_cert_chain(tmp_path / "server.pem")
        server = socket.create_server(("127.0.0.1", 0))

        def serve():
            while True:
                line = server.accept()[0]
                with suppress(OSError), context.wrap_socket(line, server_side=True) as line:
                    seen.append(line.recv(4))

        threading.Thread(target=serve, daemon=True).start()
        return server.getsockname()[1], seen

    return listen


@pytest.mark.parametrize(("name", "is_spoken_to"), [("localhost", True), ("elsewhere.example.org", False)])
def test_a_queue_whose_certificate_is_of_another_name_is_not_spoken_to(
    tmp_path, certified, name, is_spoken_to
):
    port, seen = certified(name)
    code = (
        "import django; django.setup(); from registry.celery import app; app.connection_for_write().connect()"
    )
    told = {
        "PATH": os.defpath,
        "DJANGO_SETTINGS_MODULE": "registry.settings",
        "VAR_FOLDER": str(tmp_path),
        "SSL_CERT_FILE": str(tmp_path / "known.pem"),
        "CELERY_BROKER_URL": f"amqps://guest:guest@localhost:{port}//",
    }
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, env=told, capture_output=True, check=False
    )

    assert set(seen) == ({b"AMQP"} if is_spoken_to else set())
    assert (b"Hostname mismatch" in run.stderr) is not is_spoken_to


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
