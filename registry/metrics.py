"""Measurements for Prometheus at /metrics: how much is asked, how long it takes, what waits, what was set aside.

Only with `METRICS_TOKEN`, and to who shows it. Labels are routes, kinds, states and status codes: no center, no person,
no case. Web processes add up their counts through files of prometheus_client (gunicorn.conf.py names the folder).
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Min
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, exposition, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from registry import access, celery, jobs, signs
from registry.models import AuditCheck

logger = logging.getLogger(__name__)
PATH = "/metrics"
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
KNOWN_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_here = CollectorRegistry()
REQUESTS = Counter("registry_requests", "Requests answered", ("method", "route", "status"), registry=_here)
SECONDS = Histogram("registry_request_seconds", "Time to answer", ("route",), buckets=BUCKETS, registry=_here)
POOL = Gauge(
    "registry_database_connections",
    "Connections of the web processes to the database",
    ("what",),
    multiprocess_mode="livesum",
    registry=_here,
)
Family = Iterable[GaugeMetricFamily]
_offered: list[Callable[[], Family]] = []


def offer(*sources: Callable[[], Family]) -> None:
    """Let an application tell more of its state; each is asked at every look, and sees all centers."""
    _offered.extend(one for one in sources if one not in _offered)


def is_on() -> bool:
    """Whether anybody may ask."""
    return bool(settings.METRICS_TOKEN)


def note(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request."""
    REQUESTS.labels(method if method in KNOWN_METHODS else "other", route, status).inc()
    SECONDS.labels(route).observe(seconds)
    if pool := getattr(connection, "pool", None):
        told = pool.get_stats()
        POOL.labels("open").set(told.get("pool_size", 0))
        POOL.labels("free").set(told.get("pool_available", 0))
        POOL.labels("requests_waiting").set(told.get("requests_waiting", 0))


def answer(request: HttpRequest) -> HttpResponse:
    """Tell all measurements to who shows the token."""
    scheme, _, shown = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not constant_time_compare(shown.strip(), settings.METRICS_TOKEN):
        return HttpResponse("Show the token that METRICS_TOKEN names.\n", "text/plain; charset=utf-8", 401)
    told = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(told)
    else:
        told.register(_Here())
    told.register(State())
    return HttpResponse(exposition.generate_latest(told), exposition.CONTENT_TYPE_LATEST)


class _Here(Collector):
    """What this one process has counted."""

    def collect(self) -> Iterable[Any]:
        """Tell it."""
        return _here.collect()


class State(Collector):
    """What the database tells: work, signs of life, the audit trail."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Ask anew at each look."""
        with access.everywhere():
            yield from _work()
            yield from _signs()
            for source in _offered:
                yield from source()
        yield from _queues()


def by_state(name: str, told: str, rows: Any, **labels: str) -> GaugeMetricFamily:
    """How many rows are in which state."""
    family = GaugeMetricFamily(name, told, labels=[*labels, "state"])
    for state, count in rows.order_by().values_list("state").annotate(Count("pk")):
        family.add_metric([*labels.values(), state], count)
    return family


def _work() -> Iterator[GaugeMetricFamily]:
    counts = GaugeMetricFamily(
        "registry_jobs", "Work that waits, runs or was given up", labels=["kind", "state"]
    )
    ages = GaugeMetricFamily(
        "registry_oldest_due_seconds", "Age of the oldest work that nobody is at", labels=["kind"]
    )
    for kind in jobs.KINDS.values():
        for state, count in kind.count_by_state().items():
            counts.add_metric([kind.name, state], count)
        age = kind.due.aggregate(age=Now() - Min(kind.since))["age"]
        ages.add_metric([kind.name], max(age.total_seconds(), 0) if age else 0)
    yield counts
    yield ages


def _signs() -> Iterator[GaugeMetricFamily]:
    seen = signs.Signs.read()
    ages = GaugeMetricFamily("registry_seen_seconds", "Since each process left a sign", labels=["process"])
    for name, age in seen.ages.items():
        ages.add_metric([name], age)
    yield ages
    yield GaugeMetricFamily("registry_work_set_aside", "Work that nobody tries any more", seen.set_aside)
    checks = AuditCheck.objects.annotate(age=Now() - F("checked_at")).order_by("-pk")
    last = checks.values_list("age", "found").first()
    if last is not None:
        yield GaugeMetricFamily(
            "registry_audit_verified_seconds", "Since the last look", last[0].total_seconds()
        )
        yield GaugeMetricFamily("registry_audit_found", "What was wrong with the audit trail then", last[1])


def _queues() -> Iterator[GaugeMetricFamily]:
    """Messages in each queue; nothing is told of a broker that does not answer."""
    depth = GaugeMetricFamily("registry_queue_messages", "Messages in the queue", labels=["queue"])
    try:
        with celery.app.connection_for_read(connect_timeout=2) as broker:
            broker.connect()
            for queue in (settings.CELERY_TASK_DEFAULT_QUEUE, settings.MAIL_QUEUE):
                with broker.channel() as channel:
                    found = channel.queue_declare(queue, passive=True)
                depth.add_metric([queue], found.message_count)
    except (
        Exception
    ) as error:  # each broker has errors of its own; what else was measured is told all the same
        logger.warning("queue not measured error=%s", type(error).__name__)
    yield depth
