"""Workbooks are opened in a process of their own, so that no file can take memory or time from anybody else.

The bounds of `workbooks.py` and `parts.py` name what is wrong; these here hold whatever those forget. Whoever waits for
an answer only looks at the first rows, and has less time than a worker.
"""

from __future__ import annotations

import io
import logging
import pickle
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import get_language, gettext

from cases.flat.child import TOO_MUCH
from cases.flat.tables import Row, Sheet, UnreadableFile

logger = logging.getLogger(__name__)
CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What reading one workbook may take: memory in MiB, seconds of the processor, seconds of the clock."""

    memory_mib: int
    cpu_seconds: int
    seconds: int


# A request waits 10 s in its transaction, a worker's lease is 10 min.
LOOKING = Limits(memory_mib=512, cpu_seconds=8, seconds=9)
READING = Limits(memory_mib=1536, cpu_seconds=120, seconds=180)
# How the system ends a process that goes beyond: time of the processor, memory.
ENDED = (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGSEGV, -signal.SIGABRT, TOO_MUCH)


def sheets(content: bytes, *, rows: int | None = None) -> list[Sheet]:
    """Read a workbook as `workbooks.sheets` does, under limits; UnreadableFile says what is wrong with it."""
    limits = LOOKING if rows else READING
    told = (limits.memory_mib, limits.cpu_seconds, rows or 0, get_language() or "en")
    command = [sys.executable, str(CHILD), *map(str, told)]
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, env={}, timeout=limits.seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise _too_much() from None
    if done.returncode in ENDED:
        raise _too_much()
    if done.returncode:
        logger.error("workbook_not_read status=%s", done.returncode)
        raise RuntimeError(f"The process that reads workbooks ended with {done.returncode}.")
    answer = Values(io.BytesIO(done.stdout)).load()
    if isinstance(answer, str):
        raise UnreadableFile(answer)
    return [Sheet(name=name, header=header, rows=_walk(found)) for name, header, found in answer]


def _walk(found: list[tuple[int, list[Any], str, list[Any] | None]]) -> Any:
    return lambda: (Row(*row) for row in found)


def _too_much() -> UnreadableFile:
    return UnreadableFile(
        gettext(
            "The workbook takes more memory or time to read than a file of cases needs. "
            "Copy its values into the template, or send CSV."
        )
    )


class Values(pickle.Unpickler):
    """Unpacks plain values and the cells of a sheet, and nothing else: what reads hostile files is not believed."""

    KNOWN = frozenset(
        {
            ("cases.flat.tables", "Formula"),
            ("cases.flat.tables", "Broken"),
            ("datetime", "date"),
            ("datetime", "datetime"),
            ("datetime", "time"),
            ("datetime", "timedelta"),
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        """Give a class of the list."""
        if (module, name) not in self.KNOWN:
            raise pickle.UnpicklingError(
                "The process that reads workbooks answered something else than cells."
            )
        return super().find_class(module, name)
