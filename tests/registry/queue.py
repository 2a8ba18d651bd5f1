"""The queue of a test: in PostgreSQL, or in RabbitMQ when CELERY_BROKER_URL names one."""

from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connection
from kombu import pools
from psycopg.conninfo import make_conninfo

from registry.celery import app
from tests.network import same_database


def in_postgresql():
    return settings.CELERY_BROKER_URL.startswith("pgmq")


@contextmanager
def ringing_into(queue):
    """Let this process ring in a queue of its own, in the database of the test."""
    send, options = app.send_task, settings.CELERY_BROKER_TRANSPORT_OPTIONS if in_postgresql() else {}
    of_mail = ("reports.tasks.send_mail", "reports.tasks.deliver")

    def ring(task, args, retry):
        return send(task, args, queue=f"{queue}_mail" if task in of_mail else queue, retry=retry)

    with pytest.MonkeyPatch.context() as patch:
        if in_postgresql():
            here = make_conninfo(same_database()["DATABASE_URL"], options="-c role=reg_broker")
            patch.setitem(options, "conn_string", here)
        patch.setitem(app.conf, "broker_write_url", settings.CELERY_BROKER_URL)
        _forget_connections()
        patch.setattr(app, "send_task", ring)
        with app.connection_for_write() as broker:
            for name in (queue, f"{queue}_mail"):
                app.amqp.queues[name](broker.default_channel).declare()
        try:
            yield
        finally:
            for name in (queue, f"{queue}_mail"):
                empty(name)
    _forget_connections()


def _forget_connections():
    pools.reset()
    app._pool = app.amqp._producer_pool = None


def empty(queue):
    """Throw away all messages that nobody has taken yet; returns how many."""
    if in_postgresql():
        return _as_broker(f"DELETE FROM pgmq.q_{queue} WHERE vt <= clock_timestamp()")
    with app.connection_for_write() as broker:
        return broker.default_channel.queue_purge(queue) or 0


def _as_broker(statement):
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE reg_owner")
        cursor.execute("SET ROLE reg_broker")
        try:
            cursor.execute(statement)
            return cursor.rowcount
        finally:
            cursor.execute("SET ROLE reg_owner")
            cursor.execute("SET ROLE reg_app")
