"""What a center keeps for itself: people of another one find nothing of it, whichever address they try and however.

Every address of the admin pages is tried, those that nobody has written yet, too (tests/addresses.py).
"""

import io
import logging
import re
import zipfile
from urllib.parse import quote

import pytest
from django.contrib.admin.sites import site
from django.core import serializers
from django.db.models import ForeignKey

from registry import access
from registry.access import Role
from registry.models import ApiKey
from registry.walls import scoped_models
from tests.addresses import ROOT, addresses
from tests.clients import browser
from tests.nightly import at_night
from tests.rows import one_of_each, secrets

pytestmark = pytest.mark.django_db
MISSING = 10**9
SHARED = {"referenceterm"}  # the registry's own lists, for everybody


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.ERROR, "django.request")  # most of what is tried here is refused


@pytest.fixture
def theirs(north, alice, lena, ines):
    """The rows of the other center."""
    return one_of_each(north, by=alice, lead=lena)


@pytest.fixture
def hidden(north, theirs):
    """The words that nobody of this center may read."""
    return secrets(north, theirs)


@pytest.fixture(params=["coordinator", *at_night("lead")])
def visitor(request, person, south, bob):
    """People who see as much as one can see of a center, in their own."""
    lead = person("sofia", Role.CENTER_LEAD, south)
    one_of_each(south, by=bob, lead=lead)
    return browser(bob if request.param == "coordinator" else lead)


def read(answer):
    """Everything that an answer says, in a workbook, too."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(archive.read(name) for name in archive.namelist())
    told = body.decode(errors="replace") + answer.get("Location", "")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", told)


def leaked(text, hidden):
    found = (word for word in hidden if word in text)  # much quicker than the expression, which then decides
    return sorted(word for word in found if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text))


def without(word, text):
    """The text without what was asked for, which a page may well repeat."""
    return text.replace(word, "").replace(quote(word), "")


def in_list(model):
    return f"{ROOT}{model._meta.app_label}/{model._meta.model_name}/"


# --- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["coordinator", "lead"])
def test_the_own_people_do_find_all_of_it(alice, lena, ines, theirs, hidden, who):
    """What is hidden is there to be found: pages that show nothing would pass the tests below."""
    client, found = browser(alice if who == "coordinator" else lena), set()
    of_leads = {
        theirs[ApiKey].prefix,
        ines.username,
        ines.email,
    }  # keys, and colleagues who have done nothing yet

    for address in addresses():
        row = theirs[address.model].pk if address.is_of_a_row else None
        for url in address.written(row) if address.name != "logout" else ():
            found |= set(leaked(read(client.get(url)), hidden))

    assert found == (hidden - of_leads if who == "coordinator" else hidden)


def test_no_page_names_anything_of_another_center(visitor, hidden):
    for address in addresses():
        if not address.is_of_a_row:
            for url in address.written():
                answer = visitor.get(url)
                assert answer.status_code < 500, url
                assert not leaked(read(answer), hidden), url


def test_no_search_filter_or_order_finds_anything_of_another_center(visitor, north, hidden):
    for model, page in site._registry.items():
        if visitor.get(in_list(model)).status_code != 200:
            continue
        asked = [f"?q={word}" for word in hidden] + ["?e=1", "?_facets=True", "?all=", "?o=1.-2"]
        asked += [f"?{name}={north.pk}" for name in _center_filters(model)]
        for query in asked:
            answer = visitor.get(in_list(model) + query)
            told = without(query.partition("=")[2], read(answer))
            assert answer.status_code < 500, (page, query)
            assert not leaked(told, hidden), (page, query)


def test_no_completion_offers_anything_of_another_center(visitor, hidden):
    for model in site._registry:
        for field in model._meta.get_fields():
            if isinstance(field, ForeignKey):
                names = {
                    "app_label": model._meta.app_label,
                    "model_name": model._meta.model_name,
                    "field_name": field.name,
                }
                for term in ("", *hidden):
                    told = read(visitor.get(f"{ROOT}autocomplete/", {**names, "term": term}))
                    assert not leaked(told, hidden), (names, term)


def test_the_search_of_the_site_finds_nothing_of_another_center(visitor, hidden):
    for word in hidden:
        told = without(word, read(visitor.get(f"{ROOT}search/", {"s": word})))
        assert not leaked(told, hidden)


# --- one row -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_belongs_to_another_center_answers_as_if_it_were_not_there(
    visitor, north, theirs, hidden, method
):
    before = _rows_of(north)
    for address in addresses():
        if not address.is_of_a_row or address.model._meta.model_name in SHARED:
            continue
        row = theirs[address.model].pk
        for foreign, missing in zip(address.written(row), address.written(MISSING), strict=True):
            answers = [getattr(visitor, method)(url) for url in (foreign, missing)]
            told = [re.sub(rf"\b({row}|{MISSING})\b", "N", read(answer)) for answer in answers]

            assert answers[0].status_code == answers[1].status_code, foreign
            assert answers[0].status_code in (302, 403, 404, 405), foreign
            assert told[0] == told[1], foreign
            assert not leaked(told[0], hidden), foreign
    assert _rows_of(north) == before


def test_no_action_of_a_list_reaches_another_center(visitor, north, theirs, hidden):
    before = _rows_of(north)
    for model, page in site._registry.items():
        answer = visitor.get(in_list(model))
        if answer.status_code != 200 or model._meta.model_name in SHARED:
            continue
        request = answer.wsgi_request
        for action in page.get_actions(request):
            sent = {
                "action": action,
                "_selected_action": [theirs[model].pk],
                "select_across": "0",
                "index": "0",
            }
            for more in ({}, {"select_across": "1"}, {"post": "yes"}):
                told = read(visitor.post(in_list(model), {**sent, **more}))
                assert not leaked(told, hidden), (page, action)
    assert _rows_of(north) == before


def _rows_of(center):
    """The rows of a center, word for word."""
    with access.everywhere():
        rows = [
            row for model in scoped_models() for row in model.objects.filter(center=center).order_by("pk")
        ]
        rows += [center, *center.memberships.order_by("pk"), *center.api_keys.order_by("pk")]
        return serializers.serialize("json", rows)


def _center_filters(model):
    """The ways in which an address may name a center."""
    for field in model._meta.get_fields():
        if isinstance(field, ForeignKey) and field.related_model._meta.model_name == "center":
            yield f"{field.name}__id__exact"
    if model._meta.model_name == "user":
        yield "memberships__center__id__exact"
