"""One cell of the matrix: who asks where, how, and whose. It is asked, judged, and taken back."""

import io
import re
import zipfile
from dataclasses import dataclass, replace
from itertools import product

from django.db import transaction

from tests.addresses import NO_PAGES, every_address
from tests.matrix import database
from tests.matrix.cast import ALONE, MISSING, OTHER, OWN, TOLD, WIDE
from tests.matrix.sent import body_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
READING = ("GET", "HEAD", "OPTIONS")
REFUSED = (401, 403, 404, 405)
VARYING = re.compile(
    r"(?i)(set-cookie: )?(csrf|session)=[^\n]*|expires: [^\n]*|content-length: \d+|ratelimit: [^\n]*"
)
# Answers that come from outside the views: nobody is let in by them.
NO_SIGN_IN = re.compile(r"/admin/login/")
SHARED = {"referenceterm", "algorithmversion"}  # the registry's own, for everybody


@dataclass(frozen=True)
class Cell:
    """Who asks where, how, and whose."""

    route: str
    name: str | None
    url: str
    method: str
    who: str
    whose: str
    twin: str = ""  # of a row that is not there: the address of the other center's, whose form is sent

    def __str__(self):
        return f"{self.method} {self.url} ({self.whose}) as {TOLD[self.who]}"


@dataclass(frozen=True)
class Answer:
    """What came back, and what it did."""

    status: int
    location: str
    told: str
    changed: tuple = ()

    @property
    def is_in(self):
        """Whether whoever asked was let in: they got the page, or were told what is wrong with what they sent."""
        return self.status not in REFUSED and not NO_SIGN_IN.search(self.location)


def whole(world):
    """Every cell there is, address by address."""
    for address in every_address():
        if address.route in NO_PAGES:
            continue
        kinds = (OWN, OTHER, MISSING) if address.is_of_a_row else (ALONE,)
        for whose in kinds:
            twins = world.written(address, OTHER if whose == MISSING else whose)
            for url, twin in zip(world.written(address, whose), twins, strict=True):
                for method, who in product(METHODS, TOLD):
                    yield Cell(address.route, address.name, url, method, who, whose, twin)


class Desk:
    """Asks, and puts everything back as it was."""

    def __init__(self, world):
        self.world = world
        self.before, self.far = database.state(), database.state(world.other)
        self.asked = 0

    def ask(self, cell, **sent):
        """Ask what a cell says, or with a body or query of its own."""
        client = self.world.client(cell.who)
        client.raise_request_exception = False
        body = sent or self._body(cell)
        self.asked += 1
        with transaction.atomic():
            count = database.written()
            response = client.generic(cell.method, cell.url, **body)
            answer = Answer(response.status_code, response.get("Location", ""), read(response))
            if database.written() != count:
                answer = replace(answer, changed=self._changed(cell, answer))
            transaction.set_rollback(True)
        return answer

    def _body(self, cell):
        with transaction.atomic():  # to fetch a form is to read, which is noted
            body = body_of(self.world, cell)
            transaction.set_rollback(True)
        return body

    def _changed(self, cell, answer):
        """The tables that were changed, though nobody was let in; or in the other center, by who has no part in it."""
        if not answer.is_in:
            return tuple(database.changed(self.before, database.state()))
        if cell.who in WIDE:
            return ()
        return tuple(database.changed(self.far, database.state(self.world.other)))

    def words_told(self, cell, answer):
        """What of another center was told, but for what was asked with."""
        words = self.world.foreign_words(cell.who)
        return leaked(answer.told.replace(cell.url, ""), words)


def read(response):
    """Everything that an answer says: headers and body, in a workbook, too."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(name.encode() + archive.read(name) for name in archive.namelist())
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    cookies = response.cookies.output()
    told = f"{headers}\n{cookies}\n{body.decode(errors='replace')}"
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", told)


def leaked(text, hidden):
    """The hidden words that stand in a text."""
    found = (word for word in hidden if word in text)  # much quicker than the expression, which then decides
    return sorted(word for word in found if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text))


def likeness(answer, *names):
    """An answer without what varies by itself, and without the names of the rows that were asked for."""
    told = answer.told
    for name in names:
        told = (
            told.replace(str(name), "N") if len(str(name)) > 3 else re.sub(rf"(?<!\w){name}(?!\w)", "N", told)
        )
    return answer.status, re.sub(r"\s+", " ", VARYING.sub("", told))
