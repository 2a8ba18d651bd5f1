"""Logs: who, when, where, what, and never a value: a whole day of use is looked through for what only patients have."""

import io
import json
import logging
import os
import re
import subprocess
import sys

import pytest
from django.db import connection, transaction
from django.http import HttpRequest
from django.test import Client
from django.urls import include, path

from cases.document import dump
from cases.models import Case
from registry import access, clock, logs, slots
from registry.models import Center, Slot
from reports import delivery
from tests.addresses import NO_PAGES, every_address
from tests.cases.examples import resected
from tests.clients import bearing, browser, issue
from tests.network import ROOT, same_database
from tests.rows import one_of_each, secrets

CANARY = "canaryvalue7f3a"


def unforeseen(request: HttpRequest) -> None:
    """Fail as nobody foresaw: PostgreSQL repeats the values in its DETAIL."""
    with transaction.atomic():
        Center.objects.create(code=request.GET["code"], name="x", country="PL", timezone="UTC")


def chained(request: HttpRequest) -> None:
    """Fail by an error that holds a value, while another is handled that does so, too."""
    try:
        int(CANARY)
    except ValueError as error:
        raise RuntimeError(f"{CANARY} was no number") from error


urlpatterns = [
    path("broken/", unforeseen),
    path("broken/chained/", chained),
    path("", include("registry.urls")),
]


@pytest.fixture
def written():
    """All that is written, in each form: as configured, as JSON, and as Python would (the control)."""
    handlers = {}
    for name, form in (("line", logs.Line()), ("json", logs.JSONLine()), ("plain", logging.Formatter())):
        handler = handlers[name] = logging.StreamHandler(io.StringIO())
        handler.setFormatter(form)
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    for handler in handlers.values():
        root.addHandler(handler)
    yield lambda name: handlers[name].stream.getvalue()
    for handler in handlers.values():
        root.removeHandler(handler)
    root.setLevel(before)


def hits(words, text):
    return {word for word in words if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)}


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_a_day_of_use_leaves_nothing_of_patients_people_or_keys_in_the_log(written, north, alice, lena, ada):
    rows = one_of_each(north, by=alice, lead=lena)
    key, key_text = issue(north, alice, by=lena)
    words = secrets(north, rows) | {CANARY, key_text, "wrong-password-1234", "alice@example.org"}
    words -= {key.prefix}
    people, program = [browser(lena), browser(ada)], bearing(key_text)
    for client in (*people, program):
        client.raise_request_exception = False
        for address in every_address():
            if address.route in NO_PAGES:
                continue
            row = rows.get(address.model)
            if client is program and not address.route.startswith("api/"):
                continue
            for one in address.written(row.pk if row is not None else 10**9)[:2]:
                client.get(one.replace("//", "/"), {"q": CANARY, "search": CANARY})
    _write_badly(people[0], program, rows[Case])
    _sign_in_wrongly(CANARY)
    _sign_in_wrongly("alice")
    people[0].get(f"/broken/?code={north.code}")
    people[0].get("/broken/chained/")
    with pytest.raises(ValueError, match="Jane"):
        _fail_in_the_background()
    delivery.send_due()
    words |= {"Jane Doe"}

    for form in ("line", "json"):
        assert hits(words, written(form)) == set(), form
    assert hits(words, written("plain")) >= {CANARY, north.code, "Jane Doe"}, (
        "the control found nothing to hide"
    )
    assert "route=admin:cases_case_change" in written("line")


def _write_badly(person, program, case):
    bad = {**dump(resected("A-9")), "note": CANARY, "presentation": {"height_cm": CANARY}}
    program.post("/api/v1/cases/", bad, format="json")
    program.post("/api/v1/cases/", f'{{"{CANARY}": ', content_type="application/json")
    program.put(f"/api/v1/cases/{CANARY}/", bad, format="json")
    person.post(f"/admin/cases/case/{case.pk}/change/", {"note": CANARY})
    person.get(f"/admin/nowhere/{CANARY}/")
    person.get("/admin/", headers={"host": f"{CANARY}.example.org"})
    person.post("/admin/cases/importbatch/add/", {"file": io.BytesIO(CANARY.encode())})


def _sign_in_wrongly(name):
    Client().post("/admin/login/", {"username": name, "password": "wrong-password-1234"})


def _fail_in_the_background():
    from tests.registry import bell

    due = Slot.objects.create(task=bell.fail.name, due_at=clock.now())
    try:
        slots.carry_out(due.pk)
    finally:
        result = bell.fail.apply()
        assert result.failed()


@pytest.mark.django_db
def test_a_request_is_a_line_with_who_what_and_how_long(written, alice, north):
    browser(alice).get("/admin/", {"q": CANARY})
    key, text = issue(north, alice)
    bearing(text).get("/api/v1/cases/")
    Client().get("/admin/")

    lines = [json.loads(line) for line in written("json").splitlines()]
    told = [line for line in lines if line["event"] == "request"]

    page, api, stranger = told
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", page["at"])
    assert (page["method"], page["route"], page["status"]) == ("GET", "admin:index", 200)
    assert (page["person"], "key" in page) == (alice.pk, False)
    assert (api["person"], api["key"]) == (alice.pk, key.pk)
    assert (stranger["status"], "person" in stranger) == (302, False)
    assert len({page["request"], api["request"], stranger["request"]}) == 3
    assert isinstance(page["ms"], int)


@pytest.mark.django_db
def test_lines_of_a_request_bear_its_number(written, alice):
    browser(alice).get("/admin/nowhere/")

    numbers = {json.loads(line).get("request") for line in written("json").splitlines()}
    assert len(numbers) == 1
    assert None not in numbers


@pytest.mark.django_db
def test_a_database_error_tells_its_kind_and_place_and_not_its_words(written, north):
    with access.everywhere(), transaction.atomic():
        pass
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO registry_center SELECT (jsonb_populate_record(c, jsonb_build_object('id', -1))).*"
                " FROM registry_center c WHERE code = %s",
                [north.code],
            )
    except Exception:
        logging.getLogger("anything").exception("It failed: %s", CANARY and north)

    said = written("line")
    assert "psycopg.errors.UniqueViolation sqlstate=23505" in said
    assert "test_logs.py" in said
    assert "already exists" not in said
    assert "already exists" in written("plain")


def test_what_breaks_lines_makes_no_second_line(written):
    logging.getLogger("registry").info("one\ntwo\r\nthree")

    assert len(written("line").splitlines()) == 1
    assert len(written("json").splitlines()) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("form", ["line", "json"])
def test_the_form_is_a_setting_of_every_process(form):
    program = (
        "import django, logging; django.setup(); logging.getLogger('registry').warning('heard id=%s', 7)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | same_database() | {"LOG_FORM": form, "DJANGO_SETTINGS_MODULE": "registry.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    line = done.stderr.splitlines()[-1]

    assert (json.loads(line)["event"] if form == "json" else line).endswith("heard id=7")
