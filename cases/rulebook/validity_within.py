"""Validity within one form or one list (X-61 to X-69): the data dictionary's hard conditions that span two answers."""

from __future__ import annotations

from datetime import date
from typing import Any

from cases.rulebook.authority import LOGIC
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.rulebook.scopes import CASE, INDEX, each
from cases.rulebook.validity_dates import can_follow
from cases.vocabulary import AnastomosisSite, ConsentBasis, ConsentScope, OperationType, Severity, Vein

# Iliac veins first, right atrium last.
CAUDAL_TO_CRANIAL: dict[str, int] = {str(site): place for place, site in enumerate(AnastomosisSite)}


@derived("index resections", "operations.operation_type")
def index_resections(case: Any, row: Any, as_of: date) -> int:
    """How many operations are called the index resection."""
    return sum(1 for o in case.operations if o.operation_type == OperationType.INDEX_RESECTION)


@derived("veins named twice", "operations.veins", codes=Vein)
def veins_named_twice(case: Any, row: Any, as_of: date) -> frozenset[str]:
    """Veins that have more than one row in this operation."""
    named = [vein.vein for vein in row.veins if vein.vein]
    return frozenset(vein for vein in named if named.count(vein) > 1)


RULES = (
    Rule(
        id="X-61",
        title="One index resection",
        asks="one operation is the index resection, further ones carry their own type",
        severity=Severity.ERROR,
        scope=CASE,
        needs_to_judge=(index_resections,),
        expects=lambda index_resections: index_resections <= 1,
        says="{index_resections} operations are called index resection; keep one and give the others their type.",
        **LOGIC,
    ),
    Rule(
        id="X-62",
        title="Each vein once an operation",
        asks="no vein has two rows in one operation",
        severity=Severity.ERROR,
        scope=each("operations"),
        needs_to_judge=(veins_named_twice,),
        expects=lambda veins_named_twice: not veins_named_twice,
        says="A vein has more than one row in this operation ({veins_named_twice}); keep one row for each.",
        **LOGIC,
    ),
    Rule(
        id="X-63",
        title="Therapy ends after it began",
        asks="the end does not lie before the start",
        when="both dates are given",
        severity=Severity.ERROR,
        scope=each("therapies"),
        needs_to_judge=("ended_on", "started_on"),
        expects=lambda ended_on, started_on: can_follow(ended_on, started_on),
        says="The therapy ends ({ended_on}) before it begins ({started_on}); correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-64",
        title="Antithrombotic treatment stops after it began",
        asks="the stop does not lie before the start",
        when="both dates are given",
        severity=Severity.ERROR,
        scope=each("antithrombotics"),
        needs_to_judge=("stopped_on", "started_on"),
        expects=lambda stopped_on, started_on: can_follow(stopped_on, started_on),
        says="The treatment stops ({stopped_on}) before it begins ({started_on}); correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-65",
        title="Consent withdrawn after it was signed",
        asks="the withdrawal does not lie before the signature",
        when="both dates are given",
        severity=Severity.ERROR,
        scope=each("consent"),
        needs_to_judge=("withdrawn_on", "signed_on"),
        expects=lambda withdrawn_on, signed_on: can_follow(withdrawn_on, signed_on),
        says="Consent was withdrawn ({withdrawn_on}) before it was signed ({signed_on}); correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-66",
        title="Consent covers the registry",
        asks="the scopes include the registry",
        when="consent was given in writing",
        severity=Severity.ERROR,
        scope=each("consent"),
        needs_to_apply=("basis",),
        applies=lambda basis: basis == ConsentBasis.WRITTEN,
        needs_to_judge=("scopes",),
        expects=lambda scopes: ConsentScope.REGISTRY in scopes,
        says="The consent ({scopes}) does not cover the registry; add the scope if the patient agreed to it, else the"
        " case cannot be kept.",
        **LOGIC,
    ),
    Rule(
        id="X-67",
        title="Positive nodes among those examined",
        asks="no more nodes are positive than were examined",
        when="both numbers are given",
        severity=Severity.ERROR,
        scope=each("pathology"),
        needs_to_judge=("nodes_positive", "nodes_examined"),
        expects=lambda nodes_positive, nodes_examined: nodes_positive <= nodes_examined,
        says="{nodes_positive} nodes are positive of {nodes_examined} examined; correct one of the two.",
        **LOGIC,
    ),
    Rule(
        id="X-68",
        title="Anastomoses in their order",
        asks="the caudal anastomosis does not lie above the cranial one",
        when="both are given",
        severity=Severity.ERROR,
        scope=each("reconstruction"),
        needs_to_judge=("distal_anastomosis_segment as caudal", "proximal_anastomosis_segment as cranial"),
        expects=lambda caudal, cranial: CAUDAL_TO_CRANIAL[caudal] <= CAUDAL_TO_CRANIAL[cranial],
        says="The caudal anastomosis ({caudal}) lies above the cranial one ({cranial}); exchange or correct them.",
        **LOGIC,
    ),
    Rule(
        id="X-69",
        title="Pathology reported after the resection",
        asks="the report of the specimen does not come before the resection",
        when="both dates are given",
        severity=Severity.ERROR,
        scope=INDEX,
        needs_to_judge=("specimen.reported_on", "operated_on"),
        expects=lambda reported_on, operated_on: can_follow(reported_on, operated_on),
        says="The specimen was reported ({reported_on}) before the resection ({operated_on}); correct one of the two,"
        " and list the resection's report first.",
        **LOGIC,
    ),
)
