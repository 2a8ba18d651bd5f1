"""Run web pages, API, worker and scheduler together in the foreground, until Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

WORKER = (
    "worker",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
    "--loglevel",
    "WARNING",
)
SCHEDULER = ("beat", "--loglevel", "WARNING", "--pidfile=")
MOST_PORT = 65_535


class Command(BaseCommand):
    """For one machine; larger installations start the same three programs under their own supervisor."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Offer another address."""
        parser.add_argument("--bind", default="127.0.0.1:8000", help="Address to listen on.")

    def handle(self, *, bind: str, **_: Any) -> None:
        """Start the programs, and end all when one ends or a signal says so."""
        _require_free(bind)
        connection.ensure_connection()  # else three programs would complain for ever
        programs = [
            self.start("gunicorn", "--bind", bind, REGISTRY_PROCESS="web"),
            self.start("celery", "--quiet", "--app", "registry", *WORKER, REGISTRY_PROCESS="worker"),
            self.start("celery", "--quiet", "--app", "registry", *SCHEDULER, REGISTRY_PROCESS="worker"),
        ]
        for name in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, _interrupt)
        self.stdout.write(f"The registry is on http://{bind}/ - Ctrl-C ends it.")
        self.stdout.flush()
        try:
            pid, status = os.wait()
        except KeyboardInterrupt:
            pid, status = 0, 0
        _end(programs)
        if pid:
            raise CommandError(f"One program has ended by itself ({status=}), so the others were ended, too.")

    def start(self, module: str, *arguments: str, **variables: str) -> subprocess.Popen:
        """Start a program of this environment, out of reach of the terminal's Ctrl-C: it is ended in good order."""
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=os.environ | variables, start_new_session=True
        )


def _require_free(bind: str) -> None:
    """Refuse an address that is none, or is taken, before three programs say so in many lines."""
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal() or int(port) > MOST_PORT:
        raise CommandError("--bind: write HOST:PORT, such as 127.0.0.1:8001.", returncode=2)
    try:
        (family, *_, address) = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except (OSError, UnicodeError) as error:
        told = (
            f"--bind: {bind} cannot be listened on ({getattr(error, 'strerror', None) or error}). Give another address "
            "and say it in PUBLIC_URL, as in: PUBLIC_URL=http://127.0.0.1:8001 manage.py serve --bind 127.0.0.1:8001"
        )
        raise CommandError(told, returncode=2) from None


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(programs: list[subprocess.Popen]) -> None:
    """Ask all to finish what they do, wait, and insist after a while."""
    for program in programs:
        program.terminate()
    for program in programs:
        try:
            program.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
