"""Many documents on their way in over the API, for tests: as lines, as an array, and what is answered."""

import json

from cases import document, tasks
from cases.models import Case, ImportBatch
from registry import access
from tests.cases.examples import draft

BULK = "/api/v1/cases/bulk/"
NDJSON = "application/x-ndjson"


def plain(number, **forms):
    return document.dump(draft(number, **forms))


def lines(*items):
    """A body of one item a line; texts and bytes stand as they are."""
    return b"\n".join(
        item if isinstance(item, bytes) else (item if isinstance(item, str) else json.dumps(item)).encode()
        for item in items
    )


def send(client, *items, query="", **headers):
    return client.generic("POST", BULK + query, lines(*items), content_type=NDJSON, **headers)


def send_array(client, body, query="", **headers):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.generic("POST", BULK + query, sent, content_type="application/json", **headers)


def told(answer):
    """Verdict and codes of each document, by its place."""
    body = answer.json()
    verdicts = body["verdicts"] if "verdicts" in body else body["results"]
    return [(one["verdict"], [error["code"] for error in one["errors"]]) for one in verdicts]


def worked(answer):
    """Let a worker do what was kept; returns the import's row."""
    tasks.import_batch(answer.json()["id"])
    with access.everywhere():
        return ImportBatch.objects.get(pk=answer.json()["id"])


def results(client, answer, query=""):
    return client.get(answer.json()["results"] + query)


def numbers():
    with access.everywhere():
        return sorted(Case.objects.values_list("case_number", flat=True))


def versions():
    with access.everywhere():
        return dict(Case.objects.values_list("case_number", "version"))
