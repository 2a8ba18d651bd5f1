"""Is it alive, is it ready: answered before hosts, sessions and scopes, for load balancers and monitors."""

from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse

from registry.models import AuditCheck, Heartbeat


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
        """Look at what this process needs; worker and audit trail are told of, not judged: pages work without."""
        try:
            # asked until it is true once: a process lives with the migrations it was started with
            self.migrated = self.migrated or not _pending_migrations()
            age = (
                Heartbeat.objects.filter(name="worker")
                .annotate(age=Now() - F("seen_at"))
                .values_list("age")
                .first()
            )
            wrong = AuditCheck.objects.order_by("-pk").values_list("found", flat=True).first()
        except DatabaseError:
            return {"status": "failed", "database": "unreachable"}
        return {
            "status": "ok" if self.migrated else "failed",
            "database": "ok",
            "migrations": "ok" if self.migrated else "pending",
            "worker_seen_seconds_ago": round(age[0].total_seconds()) if age else None,
            "audit_trail": None if wrong is None else "broken" if wrong else "ok",
        }


def _pending_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
