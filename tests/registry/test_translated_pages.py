"""No page of the administration speaks English to a person who reads Ukrainian, whether its texts are marked or not."""

import logging
import re
from html.parser import HTMLParser

import pytest

from cases.models import Transfer
from cases.rulebook.algorithm import ALGORITHM
from cases.texts import IN_OUR_WORDS
from registry import access, catalog
from registry.access import Role
from registry.models import Membership, ReferenceTerm, User
from tests.addresses import addresses
from tests.clients import browser
from tests.rows import one_of_each, secrets, words

pytestmark = pytest.mark.django_db

LATIN, CYRILLIC = re.compile(r"[A-Za-z]{3}"), re.compile(r"[А-Яа-яІіЇїЄєҐґ]")
SPOKEN = ("title", "aria-label", "placeholder", "alt")  # attributes that people read or hear
ICONS = "material-symbols"
# A report is printed from its content (tests/reports), that of this test from a handmade one.
ELSEWHERE = {"reports_report_document", "logout"}
# What is alike in all languages: formats, keys, codes; a citation; the name of the language itself.
ALIKE = re.compile(
    r"API|CSV|Excel|HTML|JSON|PDF(?:, A4|, US Letter)?|Message-ID|English|Enter|Ctrl S|Alt Page.|IVa|PTFE"
    r"|ISO 3166-1 alpha-2|[-\d]+ [\d:]+ UTC|(?:[A-Z2-7]{4} ?){8}"
    r"|admin|clinical|P-[a-z_.]+|[a-z]+\.[a-z_]+|[0-9a-f]{64}|<[-\d]+@registry.test>|Rusin 2021, .*"
    # What is wrong with the rows of a file is kept as it was found, in English.
    r"|Sex \(patient.sex\) must be one of: .*"
)


@pytest.fixture
def reader(person, north):
    """Somebody who may see every page, and reads Ukrainian."""
    user = person("olena", language="uk")
    for role in Role:
        center = None if role in access.REGISTRY_WIDE else north
        Membership.objects.create(user=user, role=role, center=center)
    return user


@pytest.fixture(scope="module")
def in_english():
    """Every text of the registry that is another one in Ukrainian, as a pattern."""
    found = set()
    for message in catalog.read("uk"):
        english = message.id if isinstance(message.id, tuple) else (message.id,)
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        found |= {text for text in english if text not in said and LATIN.search(catalog.HOLES.sub("", text))}
    patterns = [".+".join(map(re.escape, catalog.HOLES.split(text))) for text in found]
    return re.compile("|".join(sorted(patterns)))


class _Said(HTMLParser):
    """Each text of a page on its own, with those that a screen reader says."""

    SILENT = ("script", "style", "template", "textarea")
    EMPTY = ("input", "br", "img", "link", "meta", "hr", "source", "use", "path", "circle", "line", "rect")

    def __init__(self):
        super().__init__()
        self.texts, self.inside = set(), []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.texts |= {given[name] for name in SPOKEN if given.get(name)}
        if tag not in self.EMPTY:
            self.inside.append((tag, tag in self.SILENT or ICONS in given.get("class", "")))

    def handle_endtag(self, tag):
        while (
            self.inside and tag in (open_tag for open_tag, _ in self.inside) and self.inside.pop()[0] != tag
        ):
            pass

    def handle_data(self, data):
        if not any(is_silent for _, is_silent in self.inside):
            self.texts.add(" ".join(data.split()))


def said(answer):
    """The texts of an answer; none of one that is no page."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    reader = _Said()
    if answer["Content-Type"].startswith("text/html"):
        reader.feed(body.decode())
    return reader.texts


def names(center, rows):
    """What people gave names to, wherever it stands in a text."""
    given = {f"{words(center)}.csv", f"{center.code} machine", rows[ReferenceTerm].term, "Doxorubicin"}
    given.add(center.timezone)
    other = rows[Transfer].receiving_center
    given |= {other.code, other.name}
    people = {text for user in User.objects.all() for text in (user.username, user.email, user.first_name)}
    found = sorted(secrets(center, rows) | given | people, key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in found), re.IGNORECASE)


def terms():
    """What stands in the lists of terms: they are kept in one language."""
    return {text for term in ReferenceTerm.objects.all() for text in (term.term, term.explanation)}


def citations():
    """On which publications rules rest: they stand in their own words."""
    return {str(rule.source) for rule in ALGORITHM.rules if rule.firmness not in IN_OUR_WORDS}


def test_no_page_speaks_english_to_who_reads_ukrainian(reader, north, alice, lena, in_english, caplog):
    caplog.set_level(logging.CRITICAL, "django.request")
    rows, client, found = one_of_each(north, by=alice, lead=lena), browser(reader), {}
    with access.everywhere():
        named, listed = names(north, rows), terms() | citations()

    for address in addresses():
        row = rows[address.model].pk if address.is_of_a_row else None
        for url in address.written(row) if address.name not in ELSEWHERE else ():
            for text in said(client.get(url, follow=True)) - listed:
                if is_english(named.sub("", text).strip(" :·.,"), in_english):
                    found.setdefault(text, url)

    assert found == {}


def is_english(text, in_english):
    """Tell whether a text has words of no other language, or is one that the catalog translates."""
    if not LATIN.search(text) or ALIKE.fullmatch(text):
        return False
    return not CYRILLIC.search(text) or bool(in_english.fullmatch(text))
