"""Ways in which somebody who owns the tables may try to rewrite the trail, at random but repeatable."""

import hashlib
import random
from contextlib import suppress

from django.db import DataError, IntegrityError, connection, transaction

from registry.chain.sealing import SAID, SAME_TEXT
from registry.walls import event_models

LINKS = "registry_auditlink"
FORGED = {
    "boolean": "NOT {}",
    "smallint": "{} + 1",
    "integer": "{} + 1",
    "bigint": "{} + 1",
    "date": "{} - 1",
    "timestamp with time zone": "{} - interval '1 day'",
    "double precision": "{} * 2 + 1",
    "numeric": "{} + 1",
    "character varying": "left('x' || {}, greatest(length({}), 1))",
}


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else cursor.rowcount


class Owner:
    """Somebody with all the owner's rights, who switches the triggers off first and knows how the chain is made."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        sql("SET ROLE reg_owner")
        for name, value in SAME_TEXT.items():
            sql(f"SET LOCAL \"{name}\" = '{value}'")
        self.tables = [name for name in self._tables() if sql(f'SELECT 1 FROM "{name}" LIMIT 1')]
        sql(f"ALTER TABLE {LINKS} DISABLE TRIGGER USER")

    def _tables(self):
        return sorted(model._meta.db_table for model in event_models())

    def table(self):
        name = self.random.choice(self.tables)
        sql(f'ALTER TABLE "{name}" DISABLE TRIGGER USER')
        return name

    def event(self, table):
        return self.random.choice([pk for (pk,) in sql(f'SELECT pgh_id FROM "{table}" ORDER BY 1')])

    def columns(self, table):
        return sql(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
            " AND table_name = %s AND column_name NOT IN ('pgh_id') ORDER BY 1",
            table,
        )

    # --- what is done ------------------------------------------------------------------------------------------------

    def change(self):
        """Another value in one column of one event."""
        table = self.table()
        event = self.event(table)
        fit = [
            (name, kind)
            for name, kind in self.columns(table)
            if kind in FORGED
            and sql(f"""SELECT 1 FROM "{table}" WHERE pgh_id = %s AND "{name}" IS NOT NULL""", event)
        ]
        self.random.shuffle(fit)
        for name, kind in fit:  # constraints of the table refuse some
            value = FORGED[kind].replace("{}", f'"{name}"')
            with suppress(IntegrityError, DataError), transaction.atomic():
                sql(f'UPDATE "{table}" SET "{name}" = {value} WHERE pgh_id = %s', event)
                return
        raise AssertionError("no value could be forged")

    def blame(self):
        """Another person in what an event says of itself."""
        table = self.table()
        forged = """'{"door": "admin", "user": 4711, "reason": "typing error"}'"""
        sql(f'UPDATE "{table}" SET pgh_context = {forged} WHERE pgh_id = %s', self.event(table))

    def change_and_digest(self):
        """Another value, and the digest of it, and the link: everything but the links after it."""
        table = self.table()
        event = self.event(table)
        sql(
            f"UPDATE \"{table}\" SET pgh_created_at = pgh_created_at - interval '1 h' WHERE pgh_id = %s",
            event,
        )
        self._digest_again(table, event)

    def delete(self):
        """One event."""
        table = self.table()
        sql(f'DELETE FROM "{table}" WHERE pgh_id = %s', self.event(table))

    def delete_with_link(self):
        """One event and its link."""
        table = self.table()
        event = self.event(table)
        sql(f'DELETE FROM "{table}" WHERE pgh_id = %s', event)
        sql(f"DELETE FROM {LINKS} WHERE form_id IN {self._forms(table)} AND event_id = %s", event)

    def delete_links(self):
        """Some links in a row."""
        last = sql(f"SELECT max(sequence) FROM {LINKS}")[0][0]
        first = self.random.randint(1, last - 1)
        sql(f"DELETE FROM {LINKS} WHERE sequence BETWEEN %s AND %s", first, first + self.random.randint(0, 3))

    def insert(self):
        """A copy of an event under a number between the others, or before them."""
        table = self.table()
        self._insert(table, -self.random.randint(1, 1000))

    def insert_at_the_end(self):
        """An event after the last, of a change that never was."""
        table = self.table()
        newest = sql(f'SELECT max(pgh_id) FROM "{table}"')[0][0]
        self._insert(table, newest + self.random.randint(1, 5))

    def swap_events(self):
        """Two events of a table change places."""
        table = self.random.choice(
            [name for name in self.tables if sql(f'SELECT count(*) FROM "{name}"')[0][0] > 1]
        )
        sql(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
        one, other = self.random.sample([pk for (pk,) in sql(f'SELECT pgh_id FROM "{table}" ORDER BY 1')], 2)
        for old, new in ((one, -1), (other, one), (-1, other)):
            sql(f'UPDATE "{table}" SET pgh_id = %s WHERE pgh_id = %s', new, old)

    def swap_links(self):
        """Two links change places."""
        one, other = self.random.sample([n for (n,) in sql(f"SELECT sequence FROM {LINKS} ORDER BY 1")], 2)
        for old, new in ((one, -1), (other, one), (-1, other)):
            sql(f"UPDATE {LINKS} SET sequence = %s WHERE sequence = %s", new, old)

    def truncate(self):
        """The last links, and the seals that tell of them."""
        last = sql(f"SELECT max(sequence) FROM {LINKS}")[0][0]
        kept = last - self.random.randint(1, min(20, last - 1))
        sql(f"DELETE FROM {LINKS} WHERE sequence > %s", kept)
        if self.random.random() < 0.5:
            sql("ALTER TABLE registry_auditseal DISABLE TRIGGER USER")
            sql("UPDATE registry_auditseal SET sequence = %s", kept)

    def truncate_all(self):
        """The last events, with their links and with what the seals tell of them."""
        last = sql(f"SELECT max(sequence) FROM {LINKS}")[0][0]
        kept = last - self.random.randint(1, min(20, last - 1))
        for table, event in sql(
            'SELECT f."table", l.event_id FROM registry_auditlink l JOIN registry_auditform f ON f.id = l.form_id'
            " WHERE sequence > %s",
            kept,
        ):
            sql(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
            sql(f'DELETE FROM "{table}" WHERE {self._key(table)} = %s', event)
        sql(f"DELETE FROM {LINKS} WHERE sequence > %s", kept)
        sql("ALTER TABLE registry_auditseal DISABLE TRIGGER USER")
        sql("DELETE FROM registry_auditseal")

    def rewrite(self):
        """One event, its digest, and every link from there on: a chain that is whole, but another one."""
        table = self.table()
        event = self.event(table)
        sql(f"""UPDATE "{table}" SET pgh_context = '{{"door": "task"}}' WHERE pgh_id = %s""", event)
        self._digest_again(table, event)
        previous = b""
        for sequence in [n for (n,) in sql(f"SELECT sequence FROM {LINKS} ORDER BY 1")]:
            previous = self._link_again(sequence, previous)

    def change_the_row(self):
        """The row itself, while no trigger looks."""
        tables = ["cases_case", "cases_operation", "cases_tumor", "cases_presentation"]
        for rows in self.random.sample(tables, len(tables)):
            sql(f'ALTER TABLE "{rows}" DISABLE TRIGGER USER')
            fit = [
                (name, kind)
                for name, kind in self.columns(f"{rows}event")
                if not name.startswith("pgh_")
                and kind in {"boolean", "date", "integer", "character varying", "double precision"}
                and sql(f'SELECT 1 FROM "{rows}" WHERE "{name}" IS NOT NULL')
            ]
            self.random.shuffle(fit)
            for name, kind in fit:
                value = FORGED[kind].replace("{}", f'"{name}"')
                with suppress(IntegrityError, DataError), transaction.atomic():
                    sql(f'UPDATE "{rows}" SET "{name}" = {value}')
                    return
        raise AssertionError("no value could be forged")

    # --- how ---------------------------------------------------------------------------------------------------------

    def _key(self, table):
        return "id" if table == "registry_reading" else "pgh_id"

    def _forms(self, table):
        return f"""(SELECT id FROM registry_auditform WHERE "table" = '{table}')"""

    def _insert(self, table, pk):
        names = ", ".join(f'"{name}"' for name, _ in self.columns(table))
        sql(
            f'INSERT INTO "{table}" (pgh_id, {names}) SELECT %s, {names} FROM "{table}" WHERE pgh_id = %s',
            pk,
            self.event(table),
        )

    def _digest_again(self, table, event):
        columns = sql(
            f"""SELECT columns FROM registry_auditform WHERE id IN {self._forms(table)} ORDER BY id DESC LIMIT 1"""
        )[0][0]
        row = ", ".join(f'e."{name}"' for name in columns)
        sql(
            f"UPDATE {LINKS} l SET digest = sha256(l.salt || convert_to(ROW({row})::text, 'UTF8'))"
            f' FROM "{table}" e WHERE e.pgh_id = l.event_id AND l.form_id IN {self._forms(table)}'
            " AND l.event_id = %s",
            event,
        )
        sequence = sql(
            f"SELECT sequence FROM {LINKS} WHERE form_id IN {self._forms(table)} AND event_id = %s", event
        )[0][0]
        before = sql(f"SELECT link FROM {LINKS} WHERE sequence = %s", sequence - 1)
        self._link_again(sequence, bytes(before[0][0]) if before else b"")

    def _link_again(self, sequence, previous):
        said = sql(
            f"SELECT {SAID} FROM {LINKS} l JOIN registry_auditform f ON f.id = l.form_id WHERE l.sequence = %s",
            sequence,
        )[0][0]
        link = hashlib.sha256(previous + said.encode()).digest()
        sql(f"UPDATE {LINKS} SET link = %s WHERE sequence = %s", link, sequence)
        return link


WAYS = (
    Owner.change,
    Owner.blame,
    Owner.change_and_digest,
    Owner.delete,
    Owner.delete_with_link,
    Owner.delete_links,
    Owner.insert,
    Owner.insert_at_the_end,
    Owner.swap_events,
    Owner.swap_links,
    Owner.truncate,
    Owner.truncate_all,
    Owner.rewrite,
    Owner.change_the_row,
)
