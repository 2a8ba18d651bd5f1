"""Settings of the database session that end with the transaction: a pooled connection cannot carry them on."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

READ, SET = "coalesce(current_setting(%s, true), '')", "set_config(%s, %s, true)"


@contextmanager
def holding(**values: str) -> Iterator[None]:
    """Hold settings (`app__center_ids="1,2"` is `app.center_ids`) for a block, then put back what was there.

    A rollback needs no putting back: the savepoint takes the settings with it.
    """
    names = [name.replace("__", ".") for name in values]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join([READ] * len(names))}", names)
            before = cursor.fetchone()
        apply(dict(zip(names, values.values(), strict=True)))
        yield
        if not connection.needs_rollback:
            apply(dict(zip(names, before, strict=True)))


def apply(values: dict[str, str]) -> None:
    """Set until the present transaction ends; without one it would end at once, so that is an error."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("Session settings need a transaction to live in.")
    with connection.cursor() as cursor:
        pairs = [part for pair in values.items() for part in pair]
        cursor.execute(f"SELECT {', '.join([SET] * len(values))}", pairs)
