"""What followed: complications, discharge, antithrombotic treatment, follow-up, recurrence, death.

Published cases often print an interval and no date. For them `months_after_resection` stands in for the
date as printed; everybody else gives dates and leaves it empty.
"""

from cases.models.base import Form
from cases.vocabulary import (
    Agent,
    AntithromboticIntent,
    AntithromboticStop,
    Ceap,
    ClavienDindo,
    ComplicationOutcome,
    ComplicationSeverity,
    ComplicationTreatment,
    ComplicationType,
    ContactType,
    DeathCause,
    DeathSource,
    DetectedBy,
    DischargeTo,
    DiseaseStatus,
    GraftStatus,
    LegEdema,
    Modality,
    PlannedDuration,
    Proof,
    RecurrenceKind,
    RecurrenceResection,
    RecurrenceSite,
    RecurrenceTreatment,
    TimeQualifier,
    VitalStatus,
    WorkStatus,
)
from registry.audit import audited
from registry.fields import ANY, Coded, CodedSet, Flag, Measurement, PartialDateField, Text
from registry.units import CREATININE_MG_DL

ALIVE = ("vital_status", frozenset({"alive"}))
PUBLISHED = ("/citation", ANY)
# The complications that have a scale of their own.
SCALED = frozenset({"bleeding", "aki", "dialysis", "liver_failure", "leg_edema"})
GRAFT_SEEN = frozenset({"patent", "stenosis_lt50", "stenosis_ge50", "occluded", "removed"})
TREATED = frozenset(Agent) - {Agent.NONE}


def months_after_resection() -> Measurement:
    """Declare the published interval that stands in for a date."""
    return Measurement(
        "Months after resection",
        "Only for published intervals without a date",
        unit="mo",
        possible=(0, 720),
        decimals=1,
        only_if=PUBLISHED,
    )


def time_qualifier() -> Coded:
    """Declare how exact that interval is."""
    return Coded(TimeQualifier, "How exact the interval is", only_if=("months_after_resection", ANY))


@audited
class Complication(Form):
    """One complication with its grade; grades are asked for those within 90 days."""

    name, title, repeats = "complications", "Complication", True

    type = Coded(ComplicationType, "Type", need="R")
    onset_on = PartialDateField("Onset", need="R")
    onset_days_after_resection = Measurement(
        "Days after resection",
        "Only for published intervals without a date",
        unit="d",
        possible=(0, 36500),
        plausible=(0, 90),
        only_if=PUBLISHED,
    )
    clavien_dindo = Coded(
        ClavienDindo, "Clavien-Dindo grade", "Of complications within 90 days", need="R", term="SCT 789279006"
    )
    disability = Flag("Disability at discharge", "The suffix d of the grade")
    severity = Coded(
        ComplicationSeverity,
        "Grade on its own scale",
        "ISTH, KDIGO, ISGLS or edema",
        only_if=("type", SCALED),
    )
    treatment = CodedSet(ComplicationTreatment, "Treatment", need="C")
    outcome = Coded(ComplicationOutcome, "Outcome", need="C")
    related_to_reconstruction = Flag("Related to the reconstruction")


@audited
class Discharge(Form):
    """After the index resection; status at 30 and 90 days is derived, not asked."""

    name, title = "discharge", "Discharge, 30 and 90 days"

    no_complication_90d = Flag(
        "No complication within 90 days", "Says that the absence of complication rows is an answer", need="C"
    )
    icu_days = Measurement("Days in intensive care", unit="d", possible=(0, 365), plausible=(0, 14), need="C")
    discharged_on = PartialDateField("Discharged", need="C")
    discharge_to = Coded(DischargeTo, "Discharged to", need="C")
    readmitted_30d = Flag("Readmitted within 30 days", need="C")
    readmitted_90d = Flag("Readmitted within 90 days", need="C")
    readmitted_on = PartialDateField("Readmitted", only_if=("readmitted_90d", frozenset({"true"})))
    creatinine_discharge_umol_l = Measurement(
        "Creatinine at discharge",
        unit="umol/L",
        possible=(10, 3000),
        plausible=(40, 200),
        decimals=1,
        also=CREATININE_MG_DL,
        need="C",
    )


@audited
class Antithrombotic(Form):
    """One agent over one period; agent none, with the reason, when nothing is given."""

    name, title, repeats = "antithrombotics", "Antithrombotic treatment", True

    agent = Coded(Agent, "Agent", need="R")
    intent = Coded(AntithromboticIntent, "Intent", need="C")
    started_on = PartialDateField("Started", need="C")
    stopped_on = PartialDateField("Stopped", only_if=("agent", TREATED))
    planned_duration = Coded(PlannedDuration, "Planned duration", need="C")
    stop_reason = Coded(AntithromboticStop, "Reason to stop", only_if=("stopped_on", ANY))
    none_reason = Text("Reason for no treatment", max_length=200, only_if=("agent", frozenset({"none"})))


@audited
class FollowUp(Form):
    """The last contact is derived from these and every other dated sign of life, never typed."""

    name, title, repeats = "follow_ups", "Follow-up visit", True

    visit_on = PartialDateField("Visit", need="R")
    months_after_resection = months_after_resection()
    time_qualifier = time_qualifier()
    contact_type = Coded(ContactType, "Contact", need="R")
    vital_status = Coded(VitalStatus, "Vital status", need="R")
    disease_status = Coded(
        DiseaseStatus, "Disease status", need="R", only_if=("vital_status", frozenset({"alive"}))
    )
    graft_status = Coded(GraftStatus, "Graft", need="C")
    graft_modality = Coded(Modality, "Graft seen by", only_if=("graft_status", GRAFT_SEEN))
    leg_edema = Coded(LegEdema, "Leg edema", only_if=ALIVE)
    ceap = Coded(Ceap, "CEAP class", only_if=ALIVE)
    creatinine_umol_l = Measurement(
        "Creatinine",
        unit="umol/L",
        possible=(10, 3000),
        plausible=(40, 200),
        decimals=1,
        also=CREATININE_MG_DL,
        need="C",
    )
    ecog = Measurement(
        "ECOG performance status", "0 to 4", possible=(0, 4), term="LOINC 89247-1", only_if=ALIVE
    )
    qol_eq5d_index = Measurement("EQ-5D index", unit="1", possible=(-0.6, 1), decimals=3, only_if=ALIVE)
    eq5d_vas = Measurement("EQ-5D visual analog scale", possible=(0, 100), only_if=ALIVE)
    work_status = Coded(WorkStatus, "Work", only_if=ALIVE)


@audited
class Recurrence(Form):
    """The tumor came back, or appeared elsewhere."""

    name, title, repeats = "recurrences", "Recurrence", True

    detected_on = PartialDateField("Detected", need="R")
    months_after_resection = months_after_resection()
    time_qualifier = time_qualifier()
    kind = Coded(RecurrenceKind, "Kind", need="R")
    sites = CodedSet(RecurrenceSite, "Sites", need="R")
    detected_by = Coded(DetectedBy, "Detected by")
    proof = Coded(Proof, "Proof")
    treatment = CodedSet(RecurrenceTreatment, "Treatment")
    resected = Coded(RecurrenceResection, "Resected", only_if=("treatment", frozenset({"surgery"})))


@audited
class Death(Form):
    """At most one; what lies within 30 or 90 days is derived."""

    name, title = "death", "Death"

    died_on = PartialDateField("Died", need="R")
    months_after_resection = months_after_resection()
    time_qualifier = time_qualifier()
    cause_category = Coded(DeathCause, "Cause of death", need="R")
    cause_icd10 = Text("ICD-10 cause of death", max_length=8, offers="cause_of_death")
    place = Text("Place of death", "Kind of place, not an address", max_length=60, offers="place_of_death")
    autopsy = Flag("Autopsy")
    source = Coded(DeathSource, "Known from")
