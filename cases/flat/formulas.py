"""Texts that a spreadsheet program would compute: written to CSV behind an apostrophe, and read back without it.

OWASP, CSV Injection: a cell that begins with one of = + - @, a tab or a line break can run as a formula. Plain numbers
stay as they are. In a workbook a text is a text, whatever it begins with, and needs none of this.
"""

import re

_STARTS = "=+-@\t\r\n"
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*", re.ASCII)


def guarded(text: str) -> str:
    """Make a text safe to open; `unguarded` gives it back as it was."""
    if not _is_risky(text) or _NUMBER.fullmatch(text):
        return text
    return f"'{text}"


def unguarded(text: str) -> str:
    """Take away the apostrophe that `guarded` set."""
    return text[1:] if text[:1] == "'" and _is_risky(text) else text


def _is_risky(text: str) -> bool:
    return text.lstrip("'")[:1] in _STARTS if text else False
