"""A bad network: a real web server, a proxy before it that cuts connections, and a client that sends again."""

import http.client
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import connection
from psycopg.conninfo import make_conninfo

ROOT = Path(__file__).resolve().parent.parent
WAIT_S = 60
# What may become of a connection, and how often.
FATES = {
    "passed": 6,  # request and answer arrive
    "cut before": 1,  # nothing reaches the server
    "cut within": 1,  # half of the body reaches the server
    "cut meanwhile": 1,  # the request arrives, the client is cut at once: the server works on, before its commit
    "cut after": 1,  # the request was done and answered, and the answer is lost: after the commit
}


@contextmanager
def web_server(**variables):
    """Run gunicorn as in production, on a free port; yields the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    environment = os.environ | {"REGISTRY_PROCESS": "web"} | variables
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        said: list[str] = []
        threading.Thread(target=lambda: said.extend(process.stderr), daemon=True).start()
        try:
            _until_it_answers(port, said)
            yield port
        finally:
            process.terminate()
            process.wait(WAIT_S)


def worker_process(program, *arguments, **variables):
    """Let a worker's process run this program to its end."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    told = {"REGISTRY_PROCESS": "worker", "DJANGO_SETTINGS_MODULE": "registry.settings"}
    environment = os.environ | told | variables
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=WAIT_S, check=False
    )


def same_database():
    """The variables with which another process uses the database of this test."""
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    given = {name: connection.settings_dict[key] for name, key in names.items()}
    database = make_conninfo(**{name: value for name, value in given.items() if value})
    return {"DATABASE_URL": database, "SECRET_KEY": "x" * 50}


def _until_it_answers(port, said):
    deadline = time.monotonic() + WAIT_S
    while send(port, "GET", "/healthz") is None:
        assert time.monotonic() < deadline, f"the server did not come up: {''.join(said)}"
        time.sleep(0.2)


def send(port, method, path, body=b"", headers=()):
    """One request on a connection of its own: (status, headers, body), or None when nothing was heard."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    try:
        line.request(method, path, body, {"Connection": "close", **dict(headers)})
        answer = line.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        line.close()


class CuttingProxy:
    """Passes one request a connection on to the server, or cuts it; `fates` counts what happened."""

    def __init__(self, server_port, seed=1):
        self.server_port, self.random = server_port, random.Random(seed)
        self.fates, self.lock = Counter(), threading.Lock()

    def __enter__(self):
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.listening.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client):
        with client, suppress(OSError):
            request = _received(client)
            with self.lock:
                (fate,) = self.random.choices(list(FATES), FATES.values())
                self.fates[fate] += 1
            if fate != "cut before":
                self._pass_on(client, request, fate)

    def _pass_on(self, client, request, fate):
        with socket.create_connection(("127.0.0.1", self.server_port)) as server:
            if fate == "cut within":
                head = request.index(b"\r\n\r\n") + 4
                server.sendall(request[: head + (len(request) - head) // 2])
                return
            server.sendall(request)
            if fate == "cut meanwhile":
                client.shutdown(socket.SHUT_RDWR)
            answer = b"".join(iter(lambda: server.recv(65536), b""))
            if fate == "passed":
                client.sendall(answer)


def _received(client):
    """One whole request: its head, and as much body as the head says."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += _more(client)
    head, _, body = text.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += _more(client)
    return head + b"\r\n\r\n" + body


def _more(client):
    part = client.recv(65536)
    if not part:
        raise ConnectionResetError
    return part
