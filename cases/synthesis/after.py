"""What is written of a patient after the operation."""

from __future__ import annotations

from typing import Any

from cases.forms import TYPES
from cases.models import Antithrombotic, Complication, Death, Discharge, FollowUp, Recurrence
from cases.synthesis import odds
from cases.synthesis.writer import Writer


def complications(w: Writer) -> tuple[Any, ...]:
    """The worst complication, for those who have one."""
    course, u = w.course, w.u
    grade = course.clavien_dindo
    if not grade:
        return ()
    kind = "multiorgan_failure" if grade == "V" else course.complication
    onset = course.died if grade == "V" else course.operated + int(u() * 25)
    outcome = "death" if grade == "V" else "resolved"
    return (
        w.form(
            Complication,
            {"type": kind, "onset_on": w.on(onset), "clavien_dindo": grade},
            {"treatment": odds.TREATMENT[grade], "outcome": outcome},
        ),
    )


def discharge(w: Writer) -> Any:
    """The discharge, or the death in hospital."""
    course, u = w.course, w.u
    dead = course.early_death
    left = course.died if dead else course.operated + 7 + int(u() * 12) + (10 if course.clavien_dindo else 0)
    answers = {
        "no_complication_90d": not course.clavien_dindo,
        "discharged_on": w.on(left),
        "discharge_to": "died" if dead else "home",
    }
    more = {
        "icu_days": min(20, int(w.lognormal(0.7, 0.6))),
        "readmitted_30d": not dead and u() < 0.08,
        "readmitted_90d": not dead and u() < 0.1,
        "creatinine_discharge_umol_l": round(w.creatinine * (1.0 + 0.3 * u()), 1),
    }
    if more["readmitted_30d"]:
        more["readmitted_90d"] = True
    return w.form(Discharge, answers, more)


def antithrombotics(w: Writer) -> tuple[Any, ...]:
    """One drug for everybody whose vein was replaced, patched or tied."""
    course, u = w.course, w.u
    if course.early_death or course.method == "primary_closure":
        return ()
    return (
        w.form(
            Antithrombotic,
            {"agent": odds.AGENT.draw(u()), "started_on": w.on(course.operated + 2)},
            {"intent": "graft_patency", "planned_duration": odds.PLANNED.draw(u())},
        ),
    )


def follow_ups(w: Writer) -> tuple[Any, ...]:
    """An early visit, one between for long courses, and the last contact."""
    course = w.course
    if course.early_death:
        return ()
    first, last = course.operated + 85, course.last_seen
    if course.died and last == course.died:
        last -= 5
    days = (
        [first]
        if last - first < 30
        else [first, last]
        if last - first < 700
        else [first, (first + last) // 2, last]
    )
    return tuple(_visit(w, day, is_last=day == days[-1]) for day in days)


def _visit(w: Writer, day: int, *, is_last: bool) -> Any:
    course, u = w.course, w.u
    lost = is_last and course.lost
    grafted = course.method in ("tube_graft", "bifurcated_graft", "autologous_tube")
    diseased = course.metastatic or course.margin == "R2" or (course.recurred and course.recurred <= day)
    late = day > course.operated + 200
    graft = ("occluded" if late and course.size_mm % 5 == 0 else "patent") if grafted else "no_graft"
    answers = {
        "visit_on": w.on(day),
        "contact_type": "phone" if lost else "clinic",
        "vital_status": "lost" if lost else "alive",
        "disease_status": None if lost else "AWD" if diseased else "NED",
    }
    creatinine = round(w.creatinine * (0.95 + 0.25 * u()), 1)
    return w.form(FollowUp, answers, {"graft_status": graft, "creatinine_umol_l": creatinine})


def recurrences(w: Writer) -> tuple[Any, ...]:
    """The first recurrence."""
    course, u = w.course, w.u
    if not course.recurred:
        return ()
    kind, sites = odds.RECURRENCE.draw(u())
    treated = odds.codes("surgery") if kind == "local" and u() < 0.5 else odds.codes("systemic")
    return (
        w.form(
            Recurrence,
            {"detected_on": w.on(course.recurred), "kind": kind, "sites": sites},
            {"detected_by": "routine_imaging", "proof": "imaging", "treatment": treated},
        ),
    )


def death(w: Writer) -> Any:
    """The death; of the disease only where there was any."""
    course = w.course
    if not course.died:
        return None
    diseased = course.recurred or course.metastatic or course.margin == "R2"
    cause = (
        "treatment_related" if course.early_death else odds.DEATH_CAUSE.draw(w.u()) if diseased else "other"
    )
    return TYPES[Death](died_on=w.on(course.died), cause_category=cause, source="chart")
