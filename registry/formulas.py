"""Texts that a spreadsheet program would compute: written to CSV behind an apostrophe, and read back without it.

OWASP, CSV Injection: a cell that begins with one of = + - @, plain or full-width, a tab or a line break can run as a
formula. Plain numbers stay as they are. In a workbook a text is a text, whatever it begins with, and stays as it is.
"""

import re
from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

_STARTS = "=+-@＝＋－＠\t\r\n"
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*", re.ASCII)
# A cell of a workbook holds no more.
_MOST = 32_767


def guarded(text: str) -> str:
    """Make a text safe to open; `unguarded` gives it back as it was."""
    if not _is_risky(text) or _NUMBER.fullmatch(text):
        return text
    return f"'{text}"


def unguarded(text: str) -> str:
    """Take away the apostrophe that `guarded` set."""
    return text[1:] if text[:1] == "'" and _is_risky(text) else text


def text_cell(sheet: Any, text: str) -> WriteOnlyCell:
    """A cell of a workbook that holds a text, also one that looks like a formula."""
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:_MOST])
    cell.data_type = "s"
    return cell


def _is_risky(text: str) -> bool:
    return text.lstrip("'")[:1] in _STARTS if text else False
