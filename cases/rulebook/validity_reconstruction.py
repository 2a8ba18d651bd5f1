"""Validity of the reconstruction of the vena cava (X-22 to X-29; X-27 is the diameter's plausible range)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from cases.rulebook.authority import LOGIC
from cases.rulebook.engine import Rule
from cases.rulebook.facts import derived
from cases.rulebook.scopes import CASE, each
from cases.vocabulary import (
    GRAFTS,
    PROSTHETIC_GRAFTS,
    IvcMethod,
    Material,
    OperationType,
    ResectionType,
    Severity,
)

PTFE = frozenset({Material.PTFE, Material.EPTFE})
GORE_TEX = re.compile(r"gore[\s-]?tex", re.IGNORECASE)
NOT_RESECTED = frozenset({OperationType.EXPLORATION_ONLY})


def _nothing_resected(operation_type: str | None, resection_type: str | None) -> bool | None:
    """An exploration, or an index operation without resection; later operations may exchange a graft."""
    if operation_type in NOT_RESECTED:
        return True
    if resection_type is not None and resection_type != ResectionType.NONE:
        return False
    if operation_type is None:
        return None
    if operation_type != OperationType.INDEX_RESECTION:
        return False
    return None if resection_type is None else True


@derived("an operation that resects", "operations.operation_type", "operations.resection_type")
def anything_resected(case: Any, row: Any, as_of: date) -> bool | None:
    """Whether some operation resected; None while the type of one is unknown or none is recorded."""
    if not case.operations or any(o.operation_type is None for o in case.operations):
        return None
    kinds = [(o.operation_type, o.resection_type) for o in case.operations]
    return any(what not in NOT_RESECTED and how != ResectionType.NONE for what, how in kinds)


RULES = (
    Rule(
        id="X-22",
        title="Graft answers only for a graft",
        asks="diameter, length and rings are empty; a tube graft needs its material and diameter to be complete",
        when="the reconstruction is not a graft (rings: not a prosthesis)",
        severity=Severity.ERROR,
        scope=each("reconstruction"),
        needs_to_apply=("ivc_method",),
        applies=lambda ivc_method: ivc_method not in PROSTHETIC_GRAFTS and ivc_method != IvcMethod.PATCH,
        needs_to_judge=("diameter_mm?", "length_mm?", "ringed?"),
        at="ivc_method",
        expects=lambda ivc_method, diameter_mm, length_mm, ringed: (
            ringed is None and (ivc_method in GRAFTS or (diameter_mm is None and length_mm is None))
        ),
        says="The method is {ivc_method}, which has no graft diameter ({diameter_mm}), length ({length_mm}) or rings"
        " ({ringed}); correct the method or empty these fields.",
        **LOGIC,
    ),
    Rule(
        id="X-23",
        title="A patch has no diameter",
        asks="diameter, length and rings are empty; the patch needs its material to be complete",
        when="the vena cava was patched",
        severity=Severity.ERROR,
        scope=each("reconstruction"),
        needs_to_apply=("ivc_method",),
        applies=lambda ivc_method: ivc_method == IvcMethod.PATCH,
        needs_to_judge=("diameter_mm?", "length_mm?", "ringed?"),
        at="ivc_method",
        expects=lambda diameter_mm, length_mm, ringed: (
            diameter_mm is None and length_mm is None and ringed is None
        ),
        says="A patch has no graft diameter ({diameter_mm}), length ({length_mm}) or rings ({ringed}); correct the"
        " method or empty these fields.",
        **LOGIC,
    ),
    Rule(
        id="X-24",
        title="A ligation has no material",
        asks="no material is given; a ligation needs its reason to be complete",
        when="the vena cava was ligated",
        severity=Severity.ERROR,
        scope=each("reconstruction"),
        needs_to_apply=("ivc_method",),
        applies=lambda ivc_method: ivc_method == IvcMethod.LIGATION,
        needs_to_judge=("material?",),
        expects=lambda material: material is None,
        says="The vena cava was ligated, yet a material is given ({material}); correct the method or empty the"
        " material.",
        **LOGIC,
    ),
    Rule(
        id="X-25",
        title="Circumferential resection needs a tube",
        asks="the vein is not merely closed or patched",
        when="the resection was circumferential",
        severity=Severity.QUERY,
        scope=each("reconstruction"),
        needs_to_apply=("operation.resection_type",),
        applies=lambda resection_type: resection_type == ResectionType.CIRCUMFERENTIAL,
        needs_to_judge=("ivc_method",),
        expects=lambda ivc_method: ivc_method not in (IvcMethod.PRIMARY_CLOSURE, IvcMethod.PATCH),
        says="The resection was circumferential and the vein was treated by {ivc_method}; confirm (end to end, or a"
        " patch sewn to a tube) or correct.",
        **LOGIC,
    ),
    Rule(
        id="X-26",
        title="Tangential resection needs no tube",
        asks="no tube graft is recorded",
        when="the resection was tangential",
        severity=Severity.QUERY,
        scope=each("reconstruction"),
        needs_to_apply=("operation.resection_type",),
        applies=lambda resection_type: resection_type == ResectionType.TANGENTIAL_WALL,
        needs_to_judge=("ivc_method",),
        expects=lambda ivc_method: ivc_method not in GRAFTS,
        says="Only part of the wall was resected, yet the method is {ivc_method}; confirm or correct.",
        **LOGIC,
    ),
    Rule(
        id="X-28",
        title="Nothing resected, nothing reconstructed",
        asks="there is no reconstruction",
        when="an operation explored only, or the index operation resected nothing",
        severity=Severity.ERROR,
        scope=each("operations"),
        needs_to_apply=("operation_type?", "resection_type?"),
        applies=_nothing_resected,
        needs_to_judge=("reconstruction.ivc_method?",),
        at="ivc_method",
        expects=lambda ivc_method: ivc_method in (None, IvcMethod.NOT_NEEDED),
        says="Nothing was resected ({operation_type}, {resection_type}), yet the vein was reconstructed"
        " ({ivc_method}); correct one of them.",
        **LOGIC,
    ),
    Rule(
        id="X-28",
        title="Nothing resected, no margin",
        asks="no margin is given",
        when="no operation resected anything",
        severity=Severity.ERROR,
        scope=CASE,
        needs_to_apply=(anything_resected,),
        applies=lambda anything_resected: not anything_resected,
        needs_to_judge=("specimen.margin?",),
        expects=lambda margin: margin is None,
        says="Nothing was resected, yet a margin is given ({margin}); correct the operation or empty the margin.",
        **LOGIC,
    ),
    Rule(
        id="X-29",
        title="Gore-Tex is PTFE",
        asks="the material is PTFE or expanded PTFE",
        when="the brand is Gore-Tex",
        severity=Severity.QUERY,
        scope=each("reconstruction"),
        needs_to_apply=("brand",),
        applies=lambda brand: bool(GORE_TEX.search(brand)),
        needs_to_judge=("material",),
        expects=lambda material: material in PTFE,
        says="The brand is Gore-Tex and the material {material}; confirm or correct one of the two.",
        **LOGIC,
    ),
)
