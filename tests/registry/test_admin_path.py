"""The pages for people under another path than admin/."""

import importlib
import re
from pathlib import Path

import pytest
from django.conf import settings as of_installation
from django.urls import clear_url_caches, reverse

from registry import sessions, urls
from tests.clients import browser
from tests.pages import text

ROOT = Path(of_installation.BASE_DIR)


@pytest.fixture
def under_work(settings, monkeypatch):
    settings.ADMIN_PATH = "work/"
    monkeypatch.setattr(sessions, "PAGES", "/work/")
    importlib.reload(urls)
    clear_url_caches()
    yield
    settings.ADMIN_PATH = "admin/"
    importlib.reload(urls)
    clear_url_caches()


def test_people_come_in_there_and_nowhere_else(under_work, alice, client):
    alice.set_password("violet harbor lamp")
    alice.save()
    assert client.get("/")["Location"] == "/work/"
    assert client.get("/work/")["Location"] == "/work/login/?next=/work/"
    given = {"username": "alice", "password": "violet harbor lamp"}
    assert client.post("/work/login/", given)["Location"] == "/work/"

    assert client.get("/work/cases/case/").status_code == 200
    assert client.get("/admin/").status_code == 404
    assert client.get("/admin/login/").status_code == 404
    assert "/work/" in client.get("/nowhere/").content.decode()


def test_pages_lead_to_no_other_path(under_work, ada):
    for page in (
        "/work/",
        "/work/account/",
        "/work/account/sessions/",
        "/work/accounts/",
        "/work/registry/user/",
    ):
        assert 'href="/admin/' not in browser(ada).get(page).content.decode(), page


def test_who_lacks_the_second_factor_is_led_to_it_there(under_work, settings, alice):
    settings.SECOND_FACTOR = "required"
    client = browser(alice)

    assert client.get("/work/")["Location"] == reverse("second_factor") == "/work/account/second-factor/"
    assert "Set up a second factor" in text(client.get("/work/account/second-factor/"))


def test_no_page_or_script_names_the_path_itself():
    files = [file for app in ("registry", "cases", "reports") for file in (ROOT / app).rglob("*.*")]
    sources = [file for file in files if file.suffix in (".py", ".html", ".js")]
    named = [str(file) for file in sources if re.search(r"[\"'`(]/admin/", file.read_text(encoding="utf-8"))]

    assert len(sources) > 300
    assert named == []
