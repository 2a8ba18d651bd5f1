"""Background work: the Celery application. Its settings and the schedule stand in settings.py under CELERY_.

Every broker delivers at least once, so a task may run twice. Each job is a row first; the broker rings the bell.
"""

import os
import threading
from typing import Any

from celery import Celery, Task, signals
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.settings")
os.environ.setdefault("REGISTRY_PROCESS", "worker")  # web and commands have said what they are


class AuditedTask(Task):
    """A task whose writes say in the audit trail that it made them."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run within the audit context of this task."""
        from registry.audit import by_machine

        with by_machine(door="task", reason=self.name):
            return super().__call__(*args, **kwargs)


TRANSPORT_ALIASES["pgmq"] = "registry.queue:Transport"
app = Celery("registry", task_cls=AuditedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
_stopping = threading.Event()


@signals.celeryd_init.connect
def listen_to_both(options: dict[str, Any], **_: Any) -> None:
    """Let a worker that is told nothing else take mails, too."""
    from django.conf import settings

    if not options.get("queues"):
        app.amqp.queues.select([settings.CELERY_TASK_DEFAULT_QUEUE, settings.MAIL_QUEUE])


@signals.worker_ready.connect
def leave_signs(**_: Any) -> None:
    """Let the process that keeps the workers tell that it is there, also while all of them are busy."""
    from registry import signs

    names = [signs.of_worker(queue) for queue in app.amqp.queues.consume_from]
    threading.Thread(target=signs.keep_leaving, args=(names, _stopping), daemon=True).start()


@signals.worker_shutting_down.connect
def stop_leaving_signs(**_: Any) -> None:
    """Leave no sign any more: no further work is taken."""
    _stopping.set()


@signals.worker_init.connect
@signals.beat_init.connect
def wake_database(**_: Any) -> None:
    """Start the embedded database before the first look into its queue."""
    from django.db import connection

    connection.ensure_connection()
    connection.close()
