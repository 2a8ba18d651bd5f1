"""Settings of the database session, which row security and the audit triggers read."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connection, transaction


def sight(center_ids: Iterable[int]) -> dict[str, str]:
    """The setting by which a transaction sees the rows of these centers, and no others."""
    return {"app__center_ids": ",".join(str(int(pk)) for pk in center_ids)}


@contextmanager
def holding(**values: str) -> Iterator[None]:
    """Hold settings (`app__center_ids="1,2"` is `app.center_ids`) in a transaction, then put back what was there.

    They end with the transaction, so a pooled connection cannot carry them on: the outermost block has nothing to put
    back. A rollback needs no putting back either: the savepoint takes the settings with it.
    """
    is_inner = connection.in_atomic_block
    with transaction.atomic():
        before = _exchange(values) if is_inner else {}
        if not is_inner:
            apply(values)
        yield
        if is_inner and not connection.needs_rollback:
            apply(before)


@contextmanager
def lasting(**values: str) -> Iterator[None]:
    """Hold settings across transactions, in a process that shares its connection with nobody: a worker."""
    before = _read(values)
    _write(values, local=False)
    try:
        yield
    finally:
        with suppress(DatabaseError):  # a lost connection has lost its settings
            _write(before, local=False)


def apply(values: dict[str, str]) -> None:
    """Set until the present transaction ends; without one it would end at once, so that is an error."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("Session settings need a transaction to live in.")
    _write(values, local=True)


def _exchange(values: dict[str, str]) -> dict[str, str]:
    """Set until the transaction ends, and return what was there: the first part is read before the second."""
    before = ", ".join(
        f"coalesce(current_setting(%s, true), '') AS was_{place}" for place in range(len(values))
    )
    setting = ", ".join(["set_config(%s, %s, true)"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH before AS MATERIALIZED (SELECT {before}) SELECT before.*, {setting} FROM before",  # nosec B608  # placeholders
            [*map(_name, values), *(part for key, value in values.items() for part in (_name(key), value))],
        )
        return dict(zip(values, cursor.fetchone(), strict=False))


def _read(values: dict[str, str]) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + ", ".join(["coalesce(current_setting(%s, true), '')"] * len(values)),
            [_name(key) for key in values],
        )
        return dict(zip(values, cursor.fetchone(), strict=True))


def _write(values: dict[str, str], *, local: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + ", ".join(["set_config(%s, %s, %s)"] * len(values)),
            [part for key, value in values.items() for part in (_name(key), value, local)],
        )


def _name(key: str) -> str:
    return key.replace("__", ".")
