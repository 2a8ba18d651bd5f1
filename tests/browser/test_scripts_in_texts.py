"""Texts in every field that takes one, on every page: they stay texts, and nothing of them runs.

Each field holds one of the polyglots, the next field the next. POLYGLOT_ROUNDS=60 gives every field each of them, one
after another (an hour); the build takes one round.
"""

import os

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction
from django.template import base as templates

from registry import access
from registry.models import User
from tests import rows
from tests.addresses import addresses
from tests.browser.conftest import become
from tests.browser.polyglots import BECAME, COUNTER, POLYGLOTS
from tests.clients import browser

ROUNDS = int(os.environ.get("POLYGLOT_ROUNDS", "1"))
CAST = ("lena", "ada", "rita", "alice", "otto")
LEAST_FIELDS, LEAST_PAGES = 40, 60
SHORT = 20  # letters: a shorter field holds nothing that runs


@pytest.fixture
def everything(monkeypatch, north, alice, lena, ada, rita, otto):
    monkeypatch.setattr(rows, "words", lambda center: f"{center.code.lower()}canary")
    return rows.one_of_each(north, by=alice, lead=lena)


@pytest.mark.parametrize("place", range(ROUNDS))
def test_no_text_runs_wherever_it_stands(request, live_server, stranger, everything, place):
    planted = _plant(place)
    page = _watching(stranger())

    faults, seen = _crawl(page, request, live_server, everything)

    assert len(planted) >= LEAST_FIELDS, planted
    assert seen >= LEAST_PAGES
    assert not faults, "\n".join(f"{what}\n    on {where}" for where, what in sorted(faults.items()))


def test_the_crawl_finds_a_page_that_escapes_nothing(
    monkeypatch, live_server, stranger, watch_of, everything, ada
):
    """The control: without it, a crawl that sees nothing would pass, too."""
    _plant(0)
    page = _watching(stranger())
    watch_of(page).expect(
        "Content Security Policy", "Content-Security-Policy", "status of 404", "script error"
    )
    monkeypatch.setattr(templates, "conditional_escape", str)
    become(page, browser(ada), live_server)

    page.goto(f"/admin/registry/user/{ada.pk}/change/")

    assert page.evaluate(BECAME)


def _watching(page):
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.context.add_init_script(COUNTER)
    return page


def _plant(place):
    """Put a polyglot into every text of every row that takes it, by its own validators and those of the database."""
    planted, texts = [], list(POLYGLOTS)
    with access.everywhere():
        for model in _models():
            for field in model._meta.concrete_fields:
                text = texts[(place + len(planted)) % len(texts)]
                if _takes(field, text) and _is_written(model, field, text):
                    planted.append(f"{model._meta.label}.{field.name}")
    return planted


def _models():
    ours = (one for one in apps.get_models() if one._meta.app_label in ("registry", "cases", "reports"))
    return [one for one in ours if one._meta.managed and not one.__name__.endswith("Event")]


def _takes(field, text):
    if not isinstance(field, models.CharField | models.TextField) or field.primary_key or field.choices:
        return False
    if field.model is User and field.name == "password":
        return False
    if (field.max_length or SHORT) < SHORT:
        return False
    try:
        field.clean(text[: field.max_length], None)
    except (ValidationError, AttributeError, TypeError, ValueError):
        return False
    return True


def _is_written(model, field, text):
    """One row is enough for a unique field, and all hold the text of any other."""
    rows = model._base_manager.all()
    try:
        with transaction.atomic():
            if field.unique:
                rows = rows.filter(pk__in=rows.values("pk")[:1])
            return bool(rows.update(**{field.name: text[: field.max_length]}))
    except DatabaseError:  # written once, for the database alone, or of a form that it holds to
        return False


def _crawl(page, request, server, found):
    faults, seen = {}, set()
    for name in CAST:
        client = browser(User.objects.get(pk=request.getfixturevalue(name).pk))
        become(page, client, server)
        for address in addresses():
            for url in address.written(found[address.model].pk if address.is_of_a_row else None):
                if url in seen:
                    continue
                answer = client.get(url)
                assert answer.status_code < 500, url
                if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
                    continue
                seen.add(url)
                page.goto(url)
                if became := page.evaluate(BECAME):
                    faults[f"{url} as {name}"] = f"became elements: {became}"
                if page.evaluate("window.ran"):
                    faults[f"{url} as {name}"] = "a text ran"
    return faults, len(seen)
