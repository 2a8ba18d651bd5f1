"""The queue of background work in the same PostgreSQL (pgmq), for installations without RabbitMQ.

Its schema belongs to `reg_broker`: the client declares queues by itself, and `reg_app` may own nothing.
"""

from typing import Any

from django.db import connection, transaction
from pgmq.install import get_embedded_install_sql

from registry.database.roles import BROKER, OWNER


def install(**_: Any) -> None:
    """Create the schema of the queue unless it is there; called after each migration, as the owner."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user, to_regnamespace('pgmq') IS NULL, current_database()")
        user, missing, database = cursor.fetchone()
        if user == OWNER and missing:
            cursor.execute(f'GRANT CREATE ON DATABASE "{database}" TO {BROKER}')
            cursor.execute(f"SET LOCAL ROLE {BROKER}")
            cursor.execute(get_embedded_install_sql())
            cursor.execute(f"SET LOCAL ROLE {OWNER}")
            cursor.execute(f'REVOKE CREATE ON DATABASE "{database}" FROM {BROKER}')
