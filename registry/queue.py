"""The queue of background work in the same PostgreSQL (pgmq), for installations without RabbitMQ.

Its schema belongs to `reg_broker`: the client declares queues by itself, and `reg_app` may own nothing.
"""

from typing import Any

from django.conf import settings
from django.db import connection, transaction
from kombu.transport import pgmq as kombu_pgmq
from pgmq import PGMQueue
from pgmq.base import PGMQConfig
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


class WholeAddress(PGMQConfig):
    """The address as given; the client would rebuild it from five of its parts and lose role and sslmode."""

    @property
    def dsn(self) -> str:
        """Return it unchanged."""
        return str(self.conn_string)


class Client(PGMQueue):
    """The client of the queue, connecting to the whole address."""

    def _init_pool(self) -> None:
        given = self.config
        self.config = WholeAddress(
            conn_string=given.conn_string, vt=given.vt, pool_size=given.pool_size, init_extension=False
        )
        super()._init_pool()


class Transport(kombu_pgmq.Transport):
    """The transport of Celery's messages, through our client; celery.py names it `pgmq`."""

    def _create_pgmq_client(self) -> Client:
        given = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        return Client(
            conn_string=given["conn_string"],
            vt=given["visibility_timeout"],
            pool_size=given["pool_size"],
            init_extension=False,
        )
