"""The proxy of deploy/nginx.conf, run for real: the very file, on free ports and in a folder of the test."""

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from tests.network import ROOT, WAIT_S

EXAMPLE = ROOT / "deploy" / "nginx.conf"
NAME = "registry.example.org"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
# What a web server behind it is told; where the name leads is the business of who asks.
BEHIND = {"PUBLIC_URL": f"https://{NAME}", "PROXIES": "1"}
TRUST = ssl.create_default_context()
TRUST.check_hostname, TRUST.verify_mode = False, ssl.CERT_NONE  # the certificate is made on the spot


class Proxy:
    """Where it listens, and what it complained of."""

    def __init__(self, folder):
        self.port, self.plain_port = free_port(), free_port()
        self.errors = folder / "error.log"

    def connect(self, source="127.0.0.1", trust=TRUST):
        """A connection over TLS, as if the name led there; `source` is the address it comes from."""
        line = socket.create_connection(("127.0.0.1", self.port), WAIT_S, (source, 0))
        return trust.wrap_socket(line, server_hostname=NAME)

    def ask(self, method, path, body=None, headers=(), source="127.0.0.1"):
        """One request on a connection of its own: status, headers, body."""
        line = http.client.HTTPConnection(NAME)
        line.sock = self.connect(source)
        try:
            line.request(method, path, body, dict(headers))
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            line.close()


@contextmanager
def proxy(web_port, *changes):
    """Run nginx with the example before a web server; `changes` are pairs of words, for controls."""
    with tempfile.TemporaryDirectory(prefix="registry-proxy-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # it works as another account than root, which starts it
        with _running(folder, web_port, changes) as found:
            yield found


@contextmanager
def _running(folder, web_port, changes):
    found = Proxy(folder)
    (folder / "tls").mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-subj", f"/CN={NAME}", "-keyout", folder / "tls/privkey.pem", "-out", folder / "tls/fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    config = folder / "nginx.conf"
    config.write_text(_adapted(found, folder, web_port, changes))
    command = [NGINX, "-p", folder, "-c", config, "-e", found.errors, "-g", "daemon off;"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            _until_it_listens(found, process)
            yield found
        finally:
            process.terminate()


def _adapted(found, folder, web_port, changes):
    """The example with other places; whatever is not found in it stops the test."""
    temporary = "".join(
        f" {kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = EXAMPLE.read_text()
    for old, new in (
        ("listen 443 ", f"listen 127.0.0.1:{found.port} "),
        ("listen 80", f"listen 127.0.0.1:{found.plain_port}"),
        ("web:8000", f"127.0.0.1:{web_port}"),
        ("/etc/nginx/tls", str(folder / "tls")),
        ("/tmp/nginx.pid", str(folder / "nginx.pid")),
        ("/dev/stderr crit", f"{found.errors} crit"),
        ("include /etc/nginx/mime.types;", f"include /etc/nginx/mime.types;{temporary}"),
        *changes,
    ):
        assert old in text, f"{old!r} is not in {EXAMPLE}"
        text = text.replace(old, new)
    return text


def _until_it_listens(found, process):
    deadline = time.monotonic() + WAIT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", found.port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    process.kill()
    raise AssertionError(f"nginx did not start: {process.stderr.read()}")


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
