"""The proxy of deploy/nginx.conf before the real web server: what it passes on, what it refuses, whom it holds up."""

import json
import re
import socket
import ssl
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.test import override_settings

from registry.api.problems import BUSY, problem
from registry.models import SignIn
from registry.signin_log import FAILURES_OF_ADDRESS
from tests.clients import issue
from tests.network import same_database, send, web_server
from tests.proxy import BEHIND, NAME, NGINX, free_port, proxy
from tests.registry.processes import until

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
with_rows = pytest.mark.django_db(transaction=True)

CASES = "/api/v1/cases/"
PASSWORD = "correct horse battery staple"
MIB = 2**20
THREADS = 8  # of the web server: two processes of four


@pytest.fixture(scope="module")
def web_port(django_db_setup, django_db_blocker, tmp_path_factory):
    """The web server as compose.yaml runs it, with its static files."""
    var = tmp_path_factory.mktemp("var")
    told = {**BEHIND, "VAR_FOLDER": str(var), "SECOND_FACTOR": "offered", "LOG_LEVEL": "WARNING"}
    # names as in production; what is compressed beside them takes seconds to write
    kind = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    storages = {**settings.STORAGES, "staticfiles": kind}
    with django_db_blocker.unblock(), override_settings(STATIC_ROOT=var / "static", STORAGES=storages):
        call_command("collectstatic", "--no-input", verbosity=0)
        with web_server(**same_database(), **told) as port:
            yield port


@pytest.fixture(scope="module")
def before(web_port):
    with proxy(web_port) as found:
        yield found


class Browser:
    """A person's browser: keeps cookies, follows nothing."""

    def __init__(self, before, source="127.0.0.1"):
        self.before, self.source, self.cookies = before, source, SimpleCookie()

    def get(self, path):
        return self._ask("GET", path)

    def post(self, path, body, kind="application/x-www-form-urlencoded"):
        return self._ask("POST", path, body, {"Content-Type": kind, "Origin": f"https://{NAME}"})

    def sign_in(self, name, password):
        token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', self.get("/admin/login/")[2])[1]
        said = {
            "csrfmiddlewaretoken": token.decode(),
            "username": name,
            "password": password,
            "next": "/admin/",
        }
        return self.post("/admin/login/", urlencode(said))

    def _ask(self, method, path, body=None, headers=()):
        kept = "; ".join(f"{name}={one.value}" for name, one in self.cookies.items())
        answer = self.before.ask(method, path, body, {**dict(headers), "Cookie": kept}, self.source)
        for line in answer[1].get_all("Set-Cookie", []):
            self.cookies.load(line)
        return answer


# --- passed on -------------------------------------------------------------------------------------------------------


@with_rows
def test_a_person_signs_in_and_finds_pages_with_all_that_belongs_to_them(before, alice):
    alice.password = make_password(PASSWORD, hasher="argon2")
    alice.save()
    browser = Browser(before)

    status, headers, _ = browser.sign_in("alice", PASSWORD)
    assert (status, headers["Location"]) == (302, "/admin/")
    assert all(line.startswith("__Host-") and "Secure" in line for line in headers.get_all("Set-Cookie"))
    status, headers, page = browser.get("/admin/")
    assert status == 200
    for name in (
        "Strict-Transport-Security",
        "Content-Security-Policy",
        "X-Content-Type-Options",
        "X-Frame-Options",
    ):
        assert len(headers.get_all(name)) == 1, name
    assert headers["Server"] == "nginx"  # and no version
    for path in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.decode())):
        status, headers, _ = before.ask("GET", path)
        assert status == 200, path
        assert "immutable" in headers["Cache-Control"], path


@with_rows
def test_a_program_is_answered_as_without_a_proxy(before, north, alice):
    _, key = issue(north, alice, "record", "read")
    known = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    body = json.dumps({"case_number": "P-1", "tumor": {"segments": ["infrarenal"]}}).encode()

    saved = before.ask("POST", CASES, body, known)
    assert saved[0] == 201
    path = json.loads(saved[2])["record"]["url"].removeprefix(BEHIND["PUBLIC_URL"])
    status, headers, _ = before.ask("GET", path, headers=known)
    assert (status, headers["ETag"]) == (200, '"1"')
    assert before.ask("GET", CASES)[0] == 401


@with_rows
def test_wrong_passwords_count_for_the_address_they_come_from(before, ada):
    """Neither for the proxy's, or one person would shut out all, nor for one that is made up."""
    forged = {"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1"}
    ada.password = make_password(PASSWORD, hasher="argon2")
    ada.save()
    first = Browser(before, "127.0.0.5")
    first.sign_in("nobody-0", "wrong")
    answer = first.before.ask("GET", "/admin/login/", headers=forged, source="127.0.0.5")
    assert answer[0] == 200
    _as_if_wrong("127.0.0.5", FAILURES_OF_ADDRESS - 1)

    assert b"Too many attempts" in first.sign_in("ada", PASSWORD)[2]
    assert Browser(before, "127.0.0.6").sign_in("ada", PASSWORD)[0] == 302
    assert set(SignIn.objects.values_list("address", flat=True)) == {"127.0.0.5", "127.0.0.6"}


def _as_if_wrong(address, times):
    like = SignIn.objects.get(address=address)
    for _ in range(times):
        like.pk = None
        like.save(force_insert=True)


# --- refused ---------------------------------------------------------------------------------------------------------


@with_rows
def test_what_is_too_large_is_refused_in_a_sentence(before, north, alice):
    _, key = issue(north, alice, "record", "read")
    known = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    alice.password = make_password(PASSWORD, hasher="argon2")
    alice.save()
    browser = Browser(before)
    browser.sign_in("alice", PASSWORD)
    token = re.search(
        rb'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/admin/cases/importbatch/add/")[2]
    )[1]

    one = before.ask("POST", CASES, b'"' + b"x" * MIB + b'"', known)
    file = browser.post("/admin/cases/importbatch/add/", *_form(token, b"x" * (21 * MIB)))
    huge = [before.ask("POST", path, b"x" * (66 * MIB), known) for path in (CASES, "/admin/login/")]

    assert (one[0], json.loads(one[2])["detail"]) == (413, "A request has at most 1048576 bytes.")
    assert file[0] == 422
    assert b"The file is larger than 20 MiB." in file[2]
    assert [(status, headers["Content-Type"]) for status, headers, _ in huge] == [
        (413, "application/problem+json"),
        (413, "text/plain; charset=utf-8"),
    ]
    assert json.loads(huge[0][2])["detail"] == huge[1][2].decode().strip() == "The request is too large."


def _form(token, content):
    parts = (
        b'--x\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n' + token,
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="cases.csv"\r\nContent-Type: text/csv\r\n\r\n'
        + content,
    )
    return b"\r\n".join([*parts, b"--x--\r\n"]), "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    "path", ["/readyz", "/metrics", "//readyz", "/%72eadyz", "/x/../readyz", "/metrics?a=1"]
)
def test_what_is_for_monitors_inside_is_not_there(before, path):
    assert before.ask("GET", path)[0] == 404


def test_without_tls_pages_lead_to_it_and_programs_are_refused(before):
    def plainly(path, host=NAME):
        return send(before.plain_port, "GET", path, headers={"Host": host})

    status, headers, _ = plainly("/admin/?q=1")
    assert (status, headers["Location"]) == (301, f"https://{NAME}/admin/?q=1")
    assert plainly(CASES)[0] == 403
    assert plainly("/admin/", host="other.example.org") is None


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_tls_is_refused(before, version):
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    trust.set_ciphers("ALL:@SECLEVEL=0")  # else the client itself would refuse
    trust.minimum_version = trust.maximum_version = version
    try:
        before.connect(trust=trust).close()
        is_taken = True
    except OSError:
        is_taken = False

    assert is_taken == (version >= ssl.TLSVersion.TLSv1_2)


# --- held up by others -----------------------------------------------------------------------------------------------


@contextmanager
def slow_lines(connect):
    """More connections than the web server has threads, each within its head; one by one, or one process takes all."""
    with ExitStack() as lines:
        for _ in range(6 * THREADS):
            lines.enter_context(connect()).sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
            time.sleep(0.02)
        yield


def test_who_is_slow_holds_up_nobody_behind_the_proxy(before):
    with slow_lines(before.connect):
        assert before.ask("GET", "/healthz")[0] == 200


def test_without_the_proxy_who_is_slow_holds_up_all(web_port):
    heard = []
    asking = threading.Thread(target=lambda: heard.append(send(web_port, "GET", "/healthz")))
    with slow_lines(lambda: socket.create_connection(("127.0.0.1", web_port))):
        asking.start()
        asking.join(2)
        assert not heard
    asking.join(10)
    assert heard[0][0] == 200


# --- what the proxy does by itself, before a listener that notes what arrives and answers when told -------------------


class Listener:
    """Stands where the web server would; `heard` is what arrived, byte for byte."""

    def __init__(self):
        self.heard, self.may_answer = [], threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=[self.listening.accept()[0]], daemon=True).start()

    def _serve(self, line):
        with line, suppress(OSError):
            self.heard.append(line.recv(2**16))
            assert self.may_answer.wait(30)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.fixture
def listener():
    found = Listener()
    yield found
    found.may_answer.set()
    found.listening.shutdown(socket.SHUT_RDWR)  # else its thread would go on accepting
    found.listening.close()


def in_background(before, source):
    asking = threading.Thread(target=before.ask, args=("GET", CASES), kwargs={"source": source})
    asking.start()
    return asking


@pytest.mark.parametrize(
    ("bound", "too_many"),
    [(("max_conns=64", "max_conns=1"), "127.0.0.9"), (("conn address 40", "conn address 1"), "127.0.0.8")],
    ids=["of all", "of one address"],
)
def test_who_is_too_many_is_asked_at_once_to_come_back(listener, bound, too_many):
    with proxy(listener.port, bound) as before:
        first = in_background(before, "127.0.0.8")
        assert until(lambda: len(listener.heard) == 1)
        program = before.ask("GET", CASES, source=too_many)
        person = before.ask("GET", "/admin/", source=too_many)
        listener.may_answer.set()
        first.join()
        later = before.ask("GET", CASES, source=too_many)

    assert (program[0], person[0], later[0]) == (503, 503, 200)
    assert program[1]["Retry-After"] == person[1]["Retry-After"] == "5"
    assert program[1].get_all("Content-Type") == ["application/problem+json"]
    assert json.loads(program[2]) == problem(503, "busy", str(BUSY))
    assert person[2].decode().strip() == BUSY
    assert person[1]["Strict-Transport-Security"].startswith("max-age=31536000")


def test_without_the_bound_who_is_too_many_waits(listener):
    with proxy(listener.port, (" max_conns=64", "")) as before:
        waiting = [in_background(before, f"127.0.0.{n + 10}") for n in range(2)]
        assert until(lambda: len(listener.heard) == 2)
        waiting[1].join(1)
        assert waiting[1].is_alive()
        listener.may_answer.set()
        for one in waiting:
            one.join()


def test_while_the_web_server_is_away_all_are_asked_to_come_back():
    with proxy(free_port()) as before:
        status, headers, body = before.ask("POST", CASES, b"{}")

    assert (status, headers["Retry-After"]) == (503, "5")
    assert json.loads(body)["type"].endswith(":busy")


HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)


@pytest.mark.parametrize(
    ("lines", "body", "is_passed"),
    [
        (b"Content-Length: %d" % len(HIDDEN), HIDDEN, True),
        (b"Transfer-Encoding: chunked", CHUNKED, True),
        (b"Content-Length: 0\r\nTransfer-Encoding: chunked", CHUNKED, False),
        (b"Content-Length: 0\r\nContent-Length: %d" % len(HIDDEN), HIDDEN, False),
        (b"Transfer-Encoding: identity, chunked", CHUNKED, False),
        (b"Transfer-Encoding : chunked", CHUNKED, False),
        (b"Content-Length: +%d" % len(HIDDEN), HIDDEN, False),
    ],
)
def test_nobody_hides_a_request_in_another(listener, lines, body, is_passed):
    """What arrives has one length, in one form, so that all agree where it ends (ASVS 5.0.0, V4.2.1)."""
    listener.may_answer.set()
    with proxy(listener.port) as before, before.connect() as line:
        line.sendall(b"POST /api/ HTTP/1.1\r\nHost: %b\r\n%b\r\n\r\n%b" % (NAME.encode(), lines, body))
        status = int(line.recv(2**16).split()[1])

    assert (status == 200) == bool(listener.heard) == is_passed
    if is_passed:
        (heard,) = listener.heard
        head, _, rest = heard.partition(b"\r\n\r\n")
        assert (
            head.count(b"Content-Length: %d" % len(HIDDEN)),
            head.lower().count(b"transfer-encoding"),
        ) == (1, 0)
        assert rest == HIDDEN
