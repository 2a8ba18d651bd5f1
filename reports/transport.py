"""How a finished message leaves: a mail server, or a folder where none is named.

A transport says what became of the message and nothing else; what follows from that is decided in delivery.py.
"""

from __future__ import annotations

import os
import re
import smtplib
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from django.conf import settings

_CONNECT_SECONDS = 30
_FINAL_REPLY_SECONDS = 600  # RFC 5321 4.5.3.2.6: a shorter wait makes duplicates
_GO_AHEAD, _CLOSING = 354, 421


class Outcome(Enum):
    """What became of one message."""

    HANDED = "handed"
    REFUSED = "refused"  # for good: trying again gives the same answer
    LATER = "later"  # certainly not taken, may work later
    UNCERTAIN = "uncertain"  # perhaps taken: the line broke after the data had begun


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome and what the server said."""

    outcome: Outcome
    reply: str
    ends_session: bool = False  # the line is gone: what comes next needs a new one


class Transport(Protocol):
    """Something that takes finished messages."""

    def send(self, *, sender: str, recipient: str, message: bytes, before_data: Callable[[], None]) -> Result:
        """Hand over one message; call `before_data` when from now on it may arrive."""


class UnreachableError(Exception):
    """The mail server cannot be reached or lets us not in; no message was touched."""


class Folder:
    """A mailbox folder: one .eml file a message, named after its Message-ID, so a copy replaces itself."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, *, sender: str, recipient: str, message: bytes, before_data: Callable[[], None]) -> Result:
        """Write the message at once or not at all: a folder that is full may take it later."""
        before_data()
        name = re.search(rb"^Message-ID:\s*<([^>\r\n]+)>", message, re.MULTILINE | re.IGNORECASE)
        stem = re.sub(r"[^\w.@-]", "_", name.group(1).decode()) if name else "message"
        try:
            self._write(f"{stem}.eml", message)
        except OSError as error:
            return Result(outcome=Outcome.LATER, reply=_short(error))
        return Result(outcome=Outcome.HANDED, reply="written to the folder")

    def _write(self, name: str, message: bytes) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self.path)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(message)
            os.chmod(draft, 0o640)
            os.replace(draft, self.path / name)
        except OSError:
            os.unlink(draft)
            raise


class Smtp:
    """An open, authenticated session with a mail server."""

    def __init__(self, session: smtplib.SMTP) -> None:
        self.session = session

    def send(self, *, sender: str, recipient: str, message: bytes, before_data: Callable[[], None]) -> Result:
        """Go through MAIL, RCPT, DATA and the message one by one, since each failure means something else.

        Until the last dot has left, the server cannot have taken the message; from then on only its answer tells.
        """
        try:
            to = in_ascii(recipient)
        except UnicodeError:
            return Result(outcome=Outcome.REFUSED, reply="not sent: no mail server can write this address")
        try:
            for code, reply in self._envelope(sender, to):
                if not _is_yes(code):
                    return self._declined(code, reply)
            before_data()
            code, reply = self.session.docmd("DATA")
            if code != _GO_AHEAD:
                return self._declined(code, reply)
            self.session.send(_quoted(message))
        except (smtplib.SMTPException, OSError) as error:
            return Result(outcome=Outcome.LATER, reply=_short(error), ends_session=True)
        return self._answer()

    def _envelope(self, sender: str, recipient: str) -> Iterator[tuple[int, bytes]]:
        yield self.session.mail(sender)
        yield self.session.rcpt(recipient)

    def _declined(self, code: int, reply: bytes) -> Result:
        """The server does not want the message, now or ever; the next one begins anew, if the line still stands."""
        outcome = Outcome.REFUSED if 500 <= code < 600 else Outcome.LATER
        ends = (
            code not in range(400, 600) or code == _CLOSING
        )  # nonsense: nobody knows where the server stands
        if not ends:
            try:
                self.session.rset()
            except (smtplib.SMTPException, OSError):
                ends = True
        return Result(outcome=outcome, reply=_told(code, reply), ends_session=ends)

    def _answer(self) -> Result:
        """What the server says once it has the whole message; what cannot be understood may be a yes."""
        try:
            if self.session.sock:
                self.session.sock.settimeout(_FINAL_REPLY_SECONDS)
            code, reply = self.session.getreply()
        except (smtplib.SMTPException, OSError) as error:
            return Result(outcome=Outcome.UNCERTAIN, reply=_short(error), ends_session=True)
        if _is_yes(code):
            outcome = Outcome.HANDED
        elif 400 <= code < 600:
            outcome = Outcome.REFUSED if code >= 500 else Outcome.LATER
        else:
            return Result(outcome=Outcome.UNCERTAIN, reply=_told(code, reply), ends_session=True)
        return Result(outcome=outcome, reply=_told(code, reply), ends_session=code == _CLOSING)


def _is_yes(code: int) -> bool:
    return 200 <= code < 300


def _quoted(message: bytes) -> bytes:
    """A message as DATA sends it (RFC 5321 4.5.2): one more dot where a line begins with one, and a dot at the end."""
    lines = message if message.endswith(b"\r\n") else message + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", lines) + b".\r\n"


def in_ascii(address: str) -> str:
    """Write the domain of an address as servers read it (IDNA); UnicodeError where that cannot be."""
    local, at, domain = address.rpartition("@")
    local.encode("ascii")
    return f"{local}{at}{domain.encode('idna').decode()}"


@contextmanager
def opened() -> Iterator[Transport]:
    """Open what the settings name: the server EMAIL_HOST, or the folder MAIL_FOLDER when there is none."""
    if not settings.EMAIL_HOST:
        yield Folder(Path(settings.MAIL_FOLDER))
        return
    try:
        session = smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=_CONNECT_SECONDS)
    except (smtplib.SMTPException, OSError) as error:
        raise UnreachableError(_where(error)) from error
    try:
        _enter(session)
        yield Smtp(session)
    finally:
        _leave(session)


def _enter(session: smtplib.SMTP) -> None:
    try:
        if settings.EMAIL_USE_TLS:
            session.starttls(context=ssl.create_default_context())
        if settings.EMAIL_HOST_USER:
            session.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        session.ehlo_or_helo_if_needed()
    except (smtplib.SMTPException, OSError) as error:
        raise UnreachableError(_where(error)) from error


def _leave(session: smtplib.SMTP) -> None:
    """Say goodbye if somebody still listens; what was handed over stays handed over."""
    try:
        session.quit()
    except (smtplib.SMTPException, OSError):
        session.close()


def _where(error: Exception) -> str:
    return (
        f"The mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT} cannot be used ({_short(error)}). "
        "Check EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS and the account, or leave EMAIL_HOST empty to write to a folder."
    )


def _told(code: int, reply: bytes) -> str:
    """What the server said, without what no text can hold."""
    text = reply.decode(errors="replace")
    return f"{code} {''.join(letter if letter.isprintable() else ' ' for letter in text)}"[:500]


def _short(error: Exception) -> str:
    if isinstance(error, socket.timeout | TimeoutError):
        return "no answer in time"
    return f"{type(error).__name__}: {error}"[:500]
