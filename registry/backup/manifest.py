"""What was there in the moment of a backup: every table, its rows, and a digest of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from psycopg import sql
from tqdm import tqdm

FORMAT = "ivc-registry-backup/1"
# Of each row what it would be printed as: equal rows give equal text on any server, and a sum needs no order.
_DIGEST = """
    SELECT count(*), coalesce(sum(('x' || left(sum, 15))::bit(60)::bigint), 0)
    FROM (SELECT encode(sha256(convert_to(t::text, 'UTF8')), 'hex') AS sum FROM {} t) AS sums
"""


class BackupError(Exception):
    """What is wrong, in a sentence for the person at the shell."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Rows of one table, and the sum of the first 60 bits of their SHA-256."""

    rows: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What was there in the moment of the backup."""

    made_at: str
    server_version: int
    tables: dict[str, Counted]

    @property
    def rows(self) -> int:
        """All rows together."""
        return sum(table.rows for table in self.tables.values())

    def line(self) -> bytes:
        """Write it as the first line of a backup."""
        return json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True).encode() + b"\n"

    @staticmethod
    def read(line: bytes) -> Manifest:
        """Read that line."""
        try:
            said = json.loads(line)
            if said.pop("format") != FORMAT:
                raise ValueError
            tables = {name: Counted(**counted) for name, counted in said.pop("tables").items()}
            return Manifest(**said, tables=tables)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise BackupError("This is no backup of the registry, or one of a later version.") from None

    def differences(self, other: Manifest) -> tuple[str, ...]:
        """Name the tables that are not the same in both."""
        names = sorted({*self.tables, *other.tables})
        return tuple(name for name in names if self.tables.get(name) != other.tables.get(name))


def counted(cursor: Any) -> dict[str, Counted]:
    """Count the rows of every table that a backup holds, with their digests."""
    cursor.execute("""
        SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname IN ('public', 'vault') AND relkind = 'r' AND relpersistence = 'p' ORDER BY nspname, relname
    """)
    tables = {}
    for schema, name in tqdm(cursor.fetchall(), desc="counting", unit=" tables", disable=None, leave=False):
        cursor.execute(sql.SQL(_DIGEST).format(sql.Identifier(schema, name)))
        rows, digest = cursor.fetchone()
        tables[name if schema == "public" else f"{schema}.{name}"] = Counted(rows=rows, digest=str(digest))
    return tables
