"""Is it alive, is it ready: answered before hosts, sessions and scopes, for load balancers and monitors."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from registry import disk, signs
from registry.models import AuditCheck
from registry.signs import Signs


class HealthMiddleware:
    """Answer /healthz (this process runs) and /readyz (it can serve: database there, migrations applied)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.migrated = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or pass the request on."""
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            report = self.readiness()
            return JsonResponse(report, status=200 if report["status"] == "ok" else 503)
        return self.get_response(request)

    def readiness(self) -> dict[str, Any]:
        """Look at what this process needs; the rest is told of, not judged: who only reads can go on."""
        try:
            # asked until it is true once: a process lives with the migrations it was started with
            self.migrated = self.migrated or not _pending_migrations()
            seen = Signs.read()
            aside = seen.set_aside
            wrong = AuditCheck.objects.order_by("-pk").values_list("found", flat=True).first()
        except DatabaseError:
            return {"status": "failed", "database": "unreachable", "disk": disk.state()}
        return {
            "status": "ok" if self.migrated else "failed",
            "database": "ok",
            "disk": disk.state(),
            "migrations": "ok" if self.migrated else "pending",
            "background": seen.background(),
            "worker_seen_seconds_ago": seen.age(signs.THROUGH_QUEUE),
            "scheduler_seen_seconds_ago": seen.age(signs.SCHEDULER),
            "sender_seen_seconds_ago": seen.age(signs.of_worker(settings.MAIL_QUEUE)),
            "work_set_aside": aside,
            "audit_trail": None if wrong is None else "broken" if wrong else "ok",
        }


def _pending_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
