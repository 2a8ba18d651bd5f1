"""Faults of the database, one at a time: before each statement and each commit in turn, until none is left to try.

Nothing is mocked: the line to the server is really cut, or the server itself refuses and ends the transaction.
"""

import os
import socket
from contextlib import contextmanager
from enum import Enum
from threading import Lock

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

REFUSE = "DO $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$"


class Kind(Enum):
    """What goes wrong."""

    CUT = "the line is cut before it"
    REFUSED = "the server refuses it"
    UNHEARD = "the line is cut after it"  # of a commit: it was done, and nobody hears so
    KEPT = "all before it is kept, and then the line is cut"  # for controls: as if there were no transaction


class Fault:
    """What was asked of the database within a block, and whether the fault happened; `commits` are their places."""

    def __init__(self, kind, place):
        self.kind, self.place = kind, place
        self.asked, self.commits, self.happened = 0, [], False
        self._lock = Lock()

    def statement(self, execute, sql, params, many, context):
        """Stand around each statement, of whatever thread."""
        if not str(sql).startswith("SET ROLE"):  # a test's own, when it connects
            self._meet(context["connection"])
        return execute(sql, params, many, context)

    def commit(self, line, commit):
        """Stand around each commit."""
        is_here = self._meet(line, is_commit=True)
        commit(line)
        if is_here and self.kind is Kind.UNHEARD:
            cut(line)
            _ask(line, "SELECT 1")

    def _meet(self, line, *, is_commit=False):
        with self._lock:
            self.asked += 1
            if is_commit:
                self.commits.append(self.asked)
            is_here = self.asked == self.place and (is_commit or self.kind is not Kind.UNHEARD)
            self.happened |= is_here
        if is_here:
            self._strike(line)
        return is_here

    def _strike(self, line):
        if self.kind is Kind.KEPT:
            line.connection.commit()
        if self.kind in (Kind.CUT, Kind.KEPT):
            cut(line)
        elif self.kind is Kind.REFUSED:
            _ask(line, REFUSE)


def cut(line):
    """Cut a connection as a broken network does: either end hears of it at the next word."""
    with socket.socket(fileno=os.dup(line.connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


def _ask(line, sql):
    """Ask the server past those who count; what it says is told as Django tells it."""
    with line.wrap_database_errors:
        line.connection.execute(sql)


@contextmanager
def fault(kind=Kind.CUT, place=0):
    """Let this go wrong at one place within the block: statements and commits of all threads are counted from 1."""
    found, commit = Fault(kind, place), BaseDatabaseWrapper._commit

    def follow(connection, **_):
        if found.statement not in connection.execute_wrappers:
            connection.execute_wrappers.append(found.statement)

    def committed(line):
        if line.connection is not None:
            found.commit(line, commit)

    connection_created.connect(follow)
    BaseDatabaseWrapper._commit = committed
    try:
        with connection.execute_wrapper(found.statement):
            yield found
    finally:
        BaseDatabaseWrapper._commit = commit
        connection_created.disconnect(follow)


# --- what is there ---------------------------------------------------------------------------------------------------

# Whatever becomes of a request: it was counted, its session went on, its key was used.
PASSING = ("registry_requestcount", "registry_session", "registry_apikey")


class Tables:
    """What is in the database: of each table how many rows, and the last transaction that wrote one."""

    def __init__(self, owner, *, noted=()):
        self.owner = owner
        names = owner.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND NOT relname = ANY (%s) ORDER BY relname",
            [[*PASSING, *noted]],
        ).fetchall()
        one = "SELECT '{0}', count(*), coalesce(max(xmin::text::bigint), 0) FROM \"{0}\""
        self.statement = " UNION ALL ".join(one.format(name) for (name,) in names)

    def now(self):
        """Rows and last writer of each table."""
        return {name: (rows, writer) for name, rows, writer in self.owner.execute(self.statement)}

    def since(self, before):
        """How many rows more each table has that was written to."""
        now = self.now()
        return {name: now[name][0] - before[name][0] for name in now if now[name] != before[name]}


def ended():
    """Leave the connection as the end of a request or task leaves it."""
    for line in connections.all(initialized_only=True):
        assert not line.in_atomic_block
        line.close_if_unusable_or_obsolete()
