"""`field__begins=text`: a text that begins so, asked as a range of code points.

PostgreSQL uses an index under row security only for operators that cannot leak a row; LIKE, which Django's
`startswith` becomes, is none of them. A range is, with an index on `Collate(field, "C")`.
"""

from typing import Any

from django.db.models import CharField, Lookup

LAST = 0x10FFFF
SURROGATES = range(0xD800, 0xE000)


@CharField.register_lookup
class Begins(Lookup):
    """At least the text, and before the first text that no longer begins with it."""

    lookup_name = "begins"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        text, after = str(self.rhs), following(str(self.rhs))
        at_least, before = f'{column} COLLATE "C" >= %s', f'{column} COLLATE "C" < %s'
        if after is None:
            return at_least, (*parameters, text)
        return f"({at_least} AND {before})", (*parameters, text, *parameters, after)


def following(text: str) -> str | None:
    """The first text, by code points, after all that begin with this one; None if there is none."""
    for place in range(len(text) - 1, -1, -1):
        point = ord(text[place]) + 1
        if point <= LAST:
            return text[:place] + chr(SURROGATES.stop if point in SURROGATES else point)
    return None
