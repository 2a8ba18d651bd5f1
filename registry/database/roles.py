"""The four database roles and the database itself, made by whoever may make them before the first migration.

`reg_owner` owns the tables and migrates; `reg_app` owns nothing, so row security and the audit trail bind it;
`reg_broker` owns the queue; `reg_vault` reads and writes identities. None is superuser:
a superuser would pass every wall unseen.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

OWNER, APP, BROKER, VAULT = "reg_owner", "reg_app", "reg_broker", "reg_vault"
ATTRIBUTES = {OWNER: "CREATEDB", APP: "", BROKER: "", VAULT: ""}  # in the order of making
ONE_AT_A_TIME = 7_240_001  # advisory lock: processes that start together would both create

_done: set[str] = set()


def ensure(conn_params: dict[str, Any], *, database: str | None) -> None:
    """Make roles and database on an external server, once per process, as the login of `DATABASE_URL`."""
    login = {key: value for key, value in conn_params.items() if isinstance(value, str | int)}
    login = {"connect_timeout": 10, **login, "dbname": "postgres", "options": ""}
    address = psycopg.conninfo.make_conninfo("", **login)
    if address + str(database) not in _done:
        make(address, database=database, can_login=False)
        _done.add(address + str(database))


def make(address: str, *, database: str | None, can_login: bool) -> None:
    """Make what is missing; a login that may not make roles must find them there."""
    with _alone(address) as connection:
        present = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role in ATTRIBUTES:
            if role not in present:
                # the vault is for who wants it: without its role there is none
                allowed = contextlib.suppress(*([InsufficientPrivilege] if role == VAULT else []))
                with allowed:
                    _make_role(connection, role, can_login=can_login)
        if database:
            _make_database(connection, database)


def _make_role(connection: psycopg.Connection, role: str, *, can_login: bool) -> None:
    attributes = f"{'LOGIN' if can_login else 'NOLOGIN'} {ATTRIBUTES[role]}"
    name = sql.Identifier(role)
    connection.execute(sql.SQL("CREATE ROLE {} " + attributes).format(name))
    connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
    if role != OWNER:  # the owner hands over the queue's schema, and the tests step down from owner to app
        connection.execute(sql.SQL("GRANT {} TO {}").format(name, sql.Identifier(OWNER)))


def _make_database(connection: psycopg.Connection, name: str) -> None:
    found = connection.execute(
        "SELECT datdba::regrole::text FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    if not found:
        statement = "CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0"
        connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(OWNER)))
    elif found != (OWNER,):  # perhaps it serves others, too: taking it over is not ours to decide
        remedy = f'ALTER DATABASE "{name}" OWNER TO {OWNER}'
        raise SystemExit(
            f"The database {name} belongs to {found[0]}. If it is meant for the registry: {remedy};"
        )


@contextlib.contextmanager
def _alone(address: str) -> Iterator[psycopg.Connection]:
    """Connect without a transaction (CREATE DATABASE refuses one), while no other process makes roles."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        yield connection
