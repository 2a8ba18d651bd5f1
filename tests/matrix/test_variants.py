"""An address that is written otherwise opens no door that it would not open as it is."""

import logging
from itertools import product
from urllib.parse import quote

import pytest

from cases.models import Case
from reports.models import Report
from tests.addresses import NO_PAGES, every_address
from tests.matrix.rules import Policy
from tests.matrix.test_matrix import cast, desk  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db

# What anybody may ask who has not signed in. The pages of the description say nothing of any patient.
OPEN = {
    "": "leads to the door",
    "favicon.ico": "the picture on the tab",
    ".well-known/security.txt": "whom to tell of a hole",
    "admin/login/": "the door",
    "admin/logout/": "leaves",
    "admin/forgotten/": "asks for a link to the own address",
    "admin/link/<str:text>/": "opens such a link, and uses nothing up",
    "admin/new-password/": "sets a password, for who opened one",
    "api/v1/schema/": "the description of the API",
    "api/v1/docs/": "the same to read",
    "unsubscribe/<str:token>/": "ends a mail, for who holds its signed link",
}
BEFORE_THE_DOORS = ("/healthz", "/readyz")  # and styles, scripts and icons, the same for everybody

VARIANTS = {
    "encoded": lambda url: "/".join(quote(part, safe="").replace("a", "%61") for part in url.split("/")),
    "encoded twice": lambda url: url.replace("a", "%2561"),
    "an encoded slash": lambda url: url.replace("/", "%2f", 3).replace("%2f", "/", 1),
    "an encoded slash at the end": lambda url: url.rstrip("/") + "%2f",
    "a parameter of the path": lambda url: url.rstrip("/") + ";jsessionid=1/",
    "a parameter within": lambda url: url.replace("/", ";x=1/", 2),
    "a line end": lambda url: url + "%0a",
    "a line end before the slash": lambda url: url.rstrip("/") + "%0a/",
    "a NUL": lambda url: url.rstrip("/") + "%00/",
    "capitals": str.upper,
    "dots": lambda url: "/api/../" + url.lstrip("/"),
    "encoded dots": lambda url: "/api/%2e%2e/" + url.lstrip("/"),
    "a backslash": lambda url: url.replace("/", "\\", 2).replace("\\", "/", 1),
    "two slashes": lambda url: "/" + url,
    "a zero before": lambda url: url.replace("/1/", "/01/"),
    "a space": lambda url: url.rstrip("/") + "%20/",
    "digits of another script": lambda url: url.replace("1", "%D9%A1"),
    "no slash": lambda url: url.rstrip("/"),
}
OVERRIDES = ("HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_X_METHOD_OVERRIDE", "HTTP_X_HTTP_METHOD")
REWRITES = ("HTTP_X_ORIGINAL_URL", "HTTP_X_REWRITE_URL", "HTTP_X_FORWARDED_PREFIX")


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_only_a_short_list_is_open_to_who_has_not_signed_in(client, north):
    let_in = set()
    for address in every_address():
        if address.route in NO_PAGES or address.route in OPEN:
            continue
        row = 1 if address.is_of_a_row else None
        for url in address.written(row):
            answer = client.get(url)
            is_door = answer.status_code == 302 and answer["Location"].startswith("/admin/login/")
            if not is_door and answer.status_code not in (401, 404, 405):
                let_in.add((url, answer.status_code))

    assert let_in == set()
    assert {
        route for route, line in Policy().lines.items() if {"all", "strangers"} & set(line.values())
    } == set(OPEN)
    assert [client.get(one).status_code for one in BEFORE_THE_DOORS] == [200] * len(BEFORE_THE_DOORS)


def test_no_way_of_writing_an_address_lets_more_in(desk):  # noqa: F811
    """Asked by nobody, and by a coordinator for the rows of another center."""
    world, found = desk.world, []
    far = world.rows["other"]
    urls = [f"/admin/cases/case/{far[Case].pk}/{page}/" for page in ("change", "summary", "history")]
    urls += [f"/api/v1/cases/{far[Case].pk}/", f"/admin/reports/report/{far[Report].pk}/report.pdf"]
    urls += ["/admin/cases/case/", "/admin/audit/", "/admin/registry/user/", "/api/v1/cases/"]
    for url, (name, write) in product(urls, VARIANTS.items()):
        for who in ("-", "c"):
            answer = world.client(who).get(write(url), follow=who == "c")
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            told = body.decode(errors="replace").replace(write(url), "")
            if answer.status_code >= 500 or (who == "-" and answer.status_code == 200):
                found.append((who, name, url, answer.status_code))
            found += [(who, name, url, word) for word in world.foreign_words(who) if word in told]

    assert found == []


def test_no_header_makes_another_request_of_a_request(desk):  # noqa: F811
    world = desk.world
    url = f"/api/v1/cases/{world.rows['own'][Case].pk}/"
    for header in OVERRIDES:
        assert world.client("k").post(url, {}, format="json", **{header: "DELETE"}).status_code == 405
        assert world.client("c").get(url, **{header: "DELETE"}).status_code == 200
    for header in REWRITES:
        answer = world.client("-").get("/admin/login/", **{header: "/admin/cases/case/"})
        assert (answer.status_code, b"login-form" in answer.content) == (200, True)
