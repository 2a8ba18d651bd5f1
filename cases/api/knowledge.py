"""What the registry knows, case or no case: its rules and its data dictionary."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cases import versions
from cases.api import openapi
from cases.pathway import PHASES
from cases.rulebook.engine import Rule, Rulebook
from cases.rulebook.validity import VALIDITY
from registry.api.permissions import SIGNED_IN
from registry.api.views import RegistryView
from registry.tongues import reader

PHASE_OF = {rule: phase for phase, _, rules in PHASES for rule in rules}


class Rules(RegistryView):
    """Both rulebooks: what is asked of whom, why, and how firmly."""

    needs = {"GET": SIGNED_IN}

    @extend_schema(**openapi.RULES)
    def get(self, request: Request) -> Response:
        """List every rule in force."""
        return Response({"rulebooks": [_rulebook(book) for book in (versions.active(), VALIDITY)]})


def _rulebook(book: Rulebook) -> dict[str, Any]:
    return {
        "name": book.name,
        "title": book.title,
        "version": book.version,
        "rules": [_rule(rule) for rule in book.rules if not rule.retired],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    severity = rule.severities if callable(rule.severity) else str(rule.severity)
    return {
        "id": rule.id,
        "title": rule.title,
        "asks": rule.asks,
        "when": rule.when,
        "source": rule.source,
        "firmness": str(rule.firmness),
        "severity": severity,
        "since": rule.since,
        "held_by": rule.held_by,
        "phase": PHASE_OF.get(rule.id),
        "conflicts_with": rule.conflicts_with,
        "challenged_by": rule.challenged_by,
        "thresholds": [
            {"name": one.name, "label": reader().text(one.label), "value": one.value, "unit": one.unit}
            for one in rule.thresholds
        ],
    }


class Dictionary(RegistryView):
    """The data dictionary as JSON Schema: every form, field, unit, range and code of the case document."""

    needs = {"GET": SIGNED_IN}

    @extend_schema(**openapi.DICTIONARY)
    def get(self, request: Request) -> Response:
        """Read the dictionary."""
        return Response(openapi.document_schema())
