"""What a paper prints of the operation, in the columns of the import format."""

from __future__ import annotations

from cases.demo import wordings
from cases.demo.mapping import Mapping, under


def operated(facts: dict[str, str]) -> bool:
    """Whether the paper tells of an operation on the tumor, in whatever words."""
    if facts["resection_type"] == wordings.NOT_OPERATED:
        return False
    told = facts["resection_type"] or facts["ivc_management"] or facts["approach"]
    return bool(told) or wordings.FROM_RESECTION.get(facts["follow_up_origin"], False)


def operation(case: Mapping) -> None:
    """The operation; of the resection only what is printed."""
    facts = case.facts
    again = facts["case_id"] in wordings.RECURRENT_AT_OPERATION
    case.columns["operations.1.operation_type"] = "resection_recurrence" if again else "index_resection"
    if facts["operation_date"]:
        case.take("operation_date", {"operations.1.operated_on": facts["operation_date"]})
    if facts["approach"]:
        case.take("approach", {"operations.1.approach": wordings.APPROACH[facts["approach"]]}, "Approach")
    if facts["resection_type"]:
        answers = wordings.RESECTION[facts["resection_type"]]
        case.take("resection_type", under("operations.1", answers), "Resection")
        if not {"resection_type", "operated_on"} & set(answers) and answers:
            case.notes.append(f"Resection: {facts['resection_type']}")
    if facts["multivisceral"]:
        organs = wordings.ORGANS[facts["multivisceral"]]
        case.take("multivisceral", {"operations.1.organs_resected": organs}, "Organs resected")
    if facts["extracorporeal_support"]:
        answers = wordings.BYPASS[facts["extracorporeal_support"]]
        case.take("extracorporeal_support", under("operations.1", answers), "Bypass")
    if facts["op_time_min"]:
        case.take("op_time_min", {"operations.1.skin_to_skin_min": facts["op_time_min"]})
    _renal_veins(case)
    case.unknown(
        *under(
            "operations.1",
            dict.fromkeys(
                (
                    "operated_on",
                    "approach",
                    "resection_type",
                    "organs_resected",
                    "bypass",
                    "skin_to_skin_min",
                    "blood_loss_ml",
                ),
                "",
            ),
        )
    )


def _renal_veins(case: Mapping) -> None:
    rows = 0
    for column, vein in (("left_renal_vein", "left_renal"), ("right_renal_vein", "right_renal")):
        wording = case.facts[column]
        if not wording:
            continue
        handling = wordings.RENAL_VEIN[wording]
        if handling:
            rows += 1
            case.take(column, under(f"operations.1.veins.{rows}", {"vein": vein, "handling": handling}))
        elif wording == "not involved":
            case.take(column, {f"tumor.renal_vein_{vein.removesuffix('_renal')}_involved": "no"})
        else:
            case.note(column, f"{vein.replace('_', ' ').capitalize()} vein")


def reconstruction(case: Mapping) -> None:
    """What was done with the vena cava."""
    facts, place = case.facts, "operations.1.reconstruction"
    if facts["ivc_management"]:
        answers = wordings.IVC[facts["ivc_management"]]
        case.take("ivc_management", under(place, answers), "Vena cava")
        if facts["ivc_management"] in ("prosthetic graft", "graft (material not seen)", "biological graft"):
            case.outcomes["ivc_management"] = "assumed"  # that the graft is a tube
    if facts["graft_material"]:
        case.take("graft_material", under(place, wordings.MATERIAL[facts["graft_material"]]), "Material")
    if facts["graft_diameter_mm"]:
        case.take("graft_diameter_mm", {f"{place}.diameter_mm": facts["graft_diameter_mm"]})
    case.unknown(f"{place}.ivc_method")
    method = case.columns[f"{place}.ivc_method"]
    if method in ("tube_graft", "patch"):
        case.unknown(f"{place}.material")
    if method == "tube_graft":
        case.unknown(f"{place}.diameter_mm", f"{place}.length_mm")


def pathology(case: Mapping) -> None:
    """The specimen."""
    # Every paper reports a leiomyosarcoma; that is why it is here.
    case.columns["pathology.1.histology"] = "leiomyosarcoma"
    if case.facts["margin"]:
        answers = wordings.MARGIN[case.facts["margin"]]
        case.take("margin", answers, "Margin")
        if "pathology.1.margin" not in answers:
            case.notes.append(f"Margin: {case.facts['margin']}")
    case.unknown(
        "pathology.1.reported_on",
        "pathology.1.fnclcc_grade",
        "pathology.1.margin",
        "operations.1.gross_result",
    )
