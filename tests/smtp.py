"""A mail server that does as it is told: it answers each step, keeps still, hangs up, or takes a message in silence."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

HANG, HANG_UP, KEEP, CUT = object(), object(), object(), object()
NORMAL = {
    "banner": "220 mail.example ESMTP",
    "ehlo": "250-mail.example\r\n250 8BITMIME",
    "helo": "250 mail.example",
    "starttls": "220 go ahead",
    "auth": "235 welcome",
    "mail": "250 OK",
    "rcpt": "250 OK",
    "data": "354 go ahead",
    "body": (),
    "dot": (KEEP, "250 queued as 42"),
    "rset": "250 OK",
    "quit": "221 bye",
}


class _GoneError(Exception):
    """The connection is over."""


class Server:
    """Answers by step, each a text, raw bytes, a wait in seconds, or HANG, HANG_UP, KEEP, CUT, or several in a tuple.

    A list has one answer for each time the step comes, the last one for good. `taken` holds the messages that the
    server kept, whatever it said; they are what their reader gets.
    """

    def __init__(self, **answers: Any) -> None:
        self.answers = NORMAL | answers
        self.taken: list[bytes] = []
        self.seen: Counter[str] = Counter()
        self._over = threading.Event()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Let go of everybody."""
        self._over.set()
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with suppress(_GoneError, OSError):
            self._answer(line, "banner")
            while True:
                command = self._line(line)
                step = command[:4].decode("ascii", "replace").lower() if command else "quit"
                step = {"star": "starttls"}.get(step, step)
                self._answer(line, step)
                if step == "data" and str(self._last).startswith("354"):
                    self._body(line)
                elif step == "quit":
                    break
        with suppress(OSError):
            line.close()

    def _body(self, line: socket.socket) -> None:
        if CUT in _several(self._planned("body")):
            line.recv(1000)
            raise _GoneError
        message = b""
        while not message.endswith(b"\r\n.\r\n"):
            if not (more := line.recv(65536)):
                raise _GoneError
            message += more
        self._message = message[: -len(b".\r\n")].replace(b"\r\n..", b"\r\n.")
        self._answer(line, "dot")

    def _line(self, line: socket.socket) -> bytes:
        said = b""
        while not said.endswith(b"\r\n"):
            if not (more := line.recv(1)):
                raise _GoneError
            said += more
        return said

    def _planned(self, step: str) -> Any:
        planned = self.answers.get(step, "502 unknown")
        if isinstance(planned, list):
            return planned[min(self.seen[step], len(planned) - 1)]
        return planned

    def _answer(self, line: socket.socket, step: str) -> None:
        self._last = planned = self._planned(step)
        self.seen[step] += 1
        for act in _several(planned):
            if act is HANG:
                self._over.wait(30)
                raise _GoneError
            if act is HANG_UP:
                # without this, what the client wrote meanwhile would be answered by a reset
                line.shutdown(socket.SHUT_RDWR)
                raise _GoneError
            if act is KEEP:
                self.taken.append(self._message)
            elif isinstance(act, int | float):
                self._over.wait(act)
            else:
                line.sendall(act if isinstance(act, bytes) else f"{act}\r\n".encode())


def _several(planned: Any) -> Sequence[Any]:
    return planned if isinstance(planned, tuple) else (planned,)
