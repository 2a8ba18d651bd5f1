"""Reads one workbook in a process of its own, under limits of the system; `limited.py` starts it and believes little.

    python cases/flat/child.py MEMORY_MIB CPU_SECONDS ROWS LANGUAGE < workbook > rows

It knows no database, no case and no secret. The package around it is not imported: that would load every model.
"""

import os
import pickle
import resource
import sys
from types import ModuleType
from typing import Any

TOO_MUCH = 3  # exit code: the memory was not enough
MIB = 2**20


def limit(memory_mib: int, cpu_seconds: int) -> None:
    """Take from this process what reading a workbook does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_mib * MIB, memory_mib * MIB))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no file
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # and leaves no picture of its memory


def main(memory_mib: str, cpu_seconds: str, rows: str, language: str) -> int:
    """Answer with what the workbook holds, or with the sentence that refuses it."""
    limit(int(memory_mib), int(cpu_seconds))
    try:
        answer = _answer(sys.stdin.buffer.read(), int(rows) or None, language)
    except MemoryError:
        return TOO_MUCH
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return 0


def _answer(content: bytes, rows: int | None, language: str) -> bytes:
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.dirname(os.path.dirname(here))
    sys.path[0] = root
    sys.modules["numpy"] = None  # type: ignore[assignment]  # openpyxl would load it, and needs it not
    package: Any = ModuleType("cases.flat")
    package.__path__ = [here]
    sys.modules["cases.flat"] = package

    from django.apps import apps
    from django.conf import settings
    from django.utils import translation

    settings.configure(LOCALE_PATHS=[os.path.join(root, "locale")], LANGUAGES=[(language, language)])
    apps.populate(())
    from cases.flat import tables, workbooks

    with translation.override(language):
        try:
            found = [
                (
                    sheet.name,
                    sheet.header,
                    [(row.number, row.cells, row.fault, row.given) for row in sheet.rows()],
                )
                for sheet in workbooks.sheets(content, rows=rows)
            ]
        except tables.UnreadableFile as refused:
            return pickle.dumps(str(refused))
    return pickle.dumps(found, pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    os.environ["OPENPYXL_LXML"] = "False"  # the same reader everywhere
    sys.exit(main(*sys.argv[1:]))
