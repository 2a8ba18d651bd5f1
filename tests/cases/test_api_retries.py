"""A bad network and impatient programs: every submission is one case, every reply of a key the same, no failure."""

import http.client
import json
import socket

import pytest

from cases import document, intake
from cases.intake import Submission
from cases.models import Case
from registry import access
from registry.access import Role
from registry.models import AnsweredRequest
from tests.cases.examples import draft, resected
from tests.clients import issue
from tests.network import FATES, CuttingProxy, same_database, web_server
from tests.nightly import NIGHTLY
from tests.retries import CASES, correct_in_pairs, submit

pytestmark = pytest.mark.django_db(transaction=True)

SUBMISSIONS, PAIRS = (300, 50) if NIGHTLY else (100, 20)


@pytest.fixture(scope="module")
def server(django_db_setup, tmp_path_factory):
    with web_server(**same_database(), VAR_FOLDER=str(tmp_path_factory.mktemp("var"))) as port:
        yield port


@pytest.fixture
def keys(north, person):
    """Keys of several machines, so that none sends more than one may."""
    people = [person(f"machine{place}", Role.COORDINATOR, north) for place in range(4)]
    return [issue(north, user)[1] for user in people]


def test_each_submission_is_one_case_however_often_it_is_sent_and_cut(server, keys):
    bodies = [json.dumps(document.dump(resected(f"R-{place}"))).encode() for place in range(SUBMISSIONS)]

    with CuttingProxy(server) as proxy:
        heard = submit(proxy.port, bodies, keys)

    assert not [status for status in heard.statuses if status >= 500], heard.statuses
    assert {len(answers) for answers in heard.answers.values()} == {1}
    assert {status for answers in heard.answers.values() for status, _, _ in answers} == {201}
    assert set(proxy.fates) == set(FATES)
    with access.everywhere():
        assert Case.objects.count() == AnsweredRequest.objects.count() == SUBMISSIONS
        assert set(Case.objects.values_list("version", flat=True)) == {1}


def test_each_answer_says_that_it_ends_its_connection(server, keys):
    """On one that the server closes at rest, a request on its way would be lost, done or not."""
    line = http.client.HTTPConnection("127.0.0.1", server, timeout=10)
    line.request("GET", "/api/v1/whoami/", headers={"Authorization": f"Bearer {keys[0]}"})

    answer = line.getresponse()

    assert (answer.status, answer.headers["Connection"]) == (200, "close")
    line.close()


SMUGGLED = b"GET /api/v1/smuggled/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
TWO_ENDS = (
    b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n",
    b"Content-Length: 5\r\nContent-Length: %d\r\n",
    b"Content-Length: %d\r\nTransfer-Encoding: xchunked\r\n",
    b"Content-Length: %d\r\nTransfer-Encoding : chunked\r\n",
    b"Content-Length: +%d\r\n",
)


def test_a_request_with_two_ends_is_refused_and_none_is_hidden_in_it(server):
    """As of RFC 9112, 6.3 and 11.2: a proxy that saw another end would let the hidden one through unseen."""
    for heads in TWO_ENDS:
        body = b"0\r\n\r\n" + SMUGGLED
        sent = b"POST /api/v1/cases/ HTTP/1.1\r\nHost: localhost\r\n" + heads % len(body) + b"\r\n" + body
        with socket.create_connection(("127.0.0.1", server), timeout=10) as line:
            line.sendall(sent)
            heard = b"".join(iter(lambda: line.recv(65536), b""))

        assert heard.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")), heads
        assert heard.count(b"HTTP/1.1 ") == 1, heads


def test_of_each_pair_of_corrections_one_wins(server, keys, north):
    with access.everywhere():
        sent = [Submission(document=draft(f"P-{place}")) for place in range(PAIRS)]
        receipts = intake.save_cases(sent, center=north, by=None, source="api")
    addresses = [f"{CASES}{receipt.case_id}/" for receipt in receipts]

    statuses, pairs = correct_in_pairs(server, addresses, keys)

    won = {
        json.loads(body)["document"]["note"] for pair in pairs for status, _, body in pair if status == 200
    }
    assert statuses == [[200, 412]] * PAIRS
    assert won <= {"from a", "from b"}
    with access.everywhere():
        kept = dict(Case.objects.values_list("pk", "note"))
        assert set(Case.objects.values_list("version", flat=True)) == {2}
    for receipt, pair in zip(receipts, pairs, strict=True):
        (winner,) = [json.loads(body)["document"]["note"] for status, _, body in pair if status == 200]
        assert kept[receipt.case_id] == winner
