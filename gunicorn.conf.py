"""How the web server runs, wherever it is started; gunicorn reads this file by itself."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from registry import environment, logs

wsgi_app = "registry.wsgi"
bind = "127.0.0.1:8000"
worker_class = "gthread"
workers = 2
threads = 4
preload_app = True  # load once, then fork
timeout = 60
graceful_timeout = 20
# Each answer ends its connection, and says so: on a kept one that is closed at rest, a request on its way would be
# lost, and nobody would know whether it was done. Kept ones also stay with the process that took them: when one is
# replaced, all move to the other, and the new one has nothing to do. The proxy keeps its own connections to browsers,
# and closes those to here at once: while one is not closed by its other side, gunicorn accepts none for up to 2 s.
keepalive = 0
max_requests, max_requests_jitter = 5_000, 500  # so that no leak lasts
control_socket_disable = True  # signals do; the socket would lie in the home directory
limit_request_line, limit_request_fields = 8190, 60

# its own lines in the form of all others; those of single requests are written by the application
environment.load(Path(__file__).with_name(".env"))
logconfig_dict = logs.config(
    level=environment.text("LOG_LEVEL", "INFO"),
    form=environment.one_of("LOG_FORM", ("line", "json"), default="line"),
)
logconfig_dict["loggers"] |= {
    "gunicorn.error": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
}

# where the processes put their counts for /metrics: a folder for each server, also for one that takes another's place
if os.environ.get("METRICS_OF") != str(os.getpid()):
    os.environ["METRICS_OF"] = str(os.getpid())
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="registry-metrics-")


def child_exit(server: Any, worker: Any) -> None:
    """Forget what only a living process can tell."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Leave no folder behind."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
