"""What a paper prints of the time after the operation, in the columns of the import format."""

from __future__ import annotations

from cases.demo import wordings
from cases.demo.mapping import Mapping, under


def therapies(case: Mapping) -> None:
    """Neoadjuvant and adjuvant therapy, antithrombotics, and chemotherapy in place of an operation."""
    facts = case.facts
    rows = []
    if facts["neoadjuvant"]:
        rows += wordings.NEOADJUVANT[facts["neoadjuvant"]]
        case.outcomes["neoadjuvant"] = "mapped"
    if facts["adjuvant"]:
        rows += wordings.ADJUVANT[facts["adjuvant"]]
        case.outcomes["adjuvant"] = "mapped"
    if facts["resection_type"] == wordings.NOT_OPERATED:
        rows.append({"setting": "palliative", "modality": "chemo", "regimen": "NK"})
        case.outcomes["resection_type"] = "mapped"
    for number, row in enumerate(wordings.ANTITHROMBOTICS.get(facts["case_id"], ()), start=1):
        case.columns |= under(f"antithrombotics.{number}", row)
    for number, row in enumerate(rows, start=1):
        case.columns |= under(f"therapies.{number}", row)
        if row["modality"] != "none_given":
            case.unknown(f"therapies.{number}.started_on")


def complications(case: Mapping) -> None:
    """Complications; their absence only where the paper states it."""
    wording = case.facts["complications"]
    if not wording:
        case.unknown("discharge.no_complication_90d")
        return
    rows = wordings.COMPLICATIONS[wording]
    if rows == []:
        case.take("complications", {"discharge.no_complication_90d": "true"})
        case.outcomes["complications"] = "assumed"  # "none" without a window means the first 90 days
        return
    for number, row in enumerate(rows or (), start=1):
        case.take("complications", under(f"complications.{number}", row))
        case.unknown(f"complications.{number}.onset_on", f"complications.{number}.clavien_dindo")
    case.unknown("discharge.no_complication_90d")
    case.notes.append(f"Complications: {wording}")
    if rows is None:
        case.outcomes["complications"] = "noted"


def recurrences(case: Mapping) -> None:
    """Recurrences; the printed time is that of the first."""
    facts = case.facts
    if facts["recurrence"].startswith("no"):
        case.outcomes["recurrence"] = "mapped"  # as no evidence of disease at the last contact
        return
    if facts["recurrence"] != "yes":
        if facts["recurrence"]:
            case.note("recurrence", "Recurrence")
        return
    case.outcomes["recurrence"] = "mapped"
    for number, row in enumerate(wordings.RECURRENCE[facts["recurrence_site"]], start=1):
        case.columns |= under(f"recurrences.{number}", row)
        case.unknown(f"recurrences.{number}.detected_on")
    if facts["recurrence_site"]:
        case.outcomes["recurrence_site"] = "mapped"
    if facts["time_to_recurrence_months"]:
        case.take(
            "time_to_recurrence_months",
            {
                "recurrences.1.months_after_resection": facts["time_to_recurrence_months"],
                "recurrences.1.time_qualifier": "exact",
            },
        )


def last_contact(case: Mapping) -> None:
    """The last contact or the death, with its time where it counts from the first resection."""
    facts = case.facts
    if not facts["vital_status"]:
        return
    dead = facts["vital_status"] == "dead"
    place = "death" if dead else "follow_ups.1"
    case.columns |= (
        {"death.source": "publication"}
        if dead
        else {
            "follow_ups.1.contact_type": "publication",
            "follow_ups.1.vital_status": "alive",
        }
    )
    case.outcomes["vital_status"] = "mapped"
    _time(case, place)
    case.unknown(f"{place}.died_on" if dead else f"{place}.visit_on")
    if facts["disease_status"]:
        told = (
            _cause(facts)
            if dead
            else {"follow_ups.1.disease_status": wordings.DISEASE[facts["disease_status"]]}
        )
        case.take("disease_status", told)
    case.unknown("death.cause_category" if dead else "follow_ups.1.disease_status")
    if facts["cause_of_death"]:
        case.note("cause_of_death", "Cause of death")
    if facts["graft_patency"]:
        status = wordings.PATENCY[facts["graft_patency"]]
        case.take("graft_patency", {"follow_ups.1.graft_status": status}, "Graft")


def _cause(facts: dict[str, str]) -> dict[str, str]:
    return {"death.cause_category": wordings.DEATH_CAUSE[facts["disease_status"]]}


def _time(case: Mapping, place: str) -> None:
    facts = case.facts
    months, origin = facts["follow_up_months"], facts["follow_up_origin"]
    qualifier, _, why = facts["follow_up_qualifier"].partition(" ")
    if not months:
        if facts["follow_up_qualifier"]:
            case.note("follow_up_qualifier", "Follow-up in months")
        case.unknown(f"{place}.months_after_resection")
        return
    if not wordings.FROM_RESECTION[origin]:
        case.columns[f"{place}.months_after_resection"] = "NA"
        case.notes.append(f"Follow-up: {months} months from {origin}")
        case.outcomes |= dict.fromkeys(
            ("follow_up_months", "follow_up_qualifier", "follow_up_origin"), "noted"
        )
        return
    case.take(
        "follow_up_months",
        {
            f"{place}.months_after_resection": months,
            f"{place}.time_qualifier": wordings.QUALIFIER[qualifier],
        },
    )
    case.outcomes["follow_up_qualifier"] = "mapped"
    case.outcomes["follow_up_origin"] = (
        "mapped" if origin == "surgery" or origin == "first surgery" else "assumed"
    )
    if why:
        case.notes.append(f"Follow-up {facts['follow_up_qualifier']}")
