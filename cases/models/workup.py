"""How the disease was found and weighed: diagnosis, imaging, biopsies, tumor boards."""

from cases.models.base import Form
from cases.vocabulary import (
    BiopsyRoute,
    BiopsyType,
    DiagnosisBasis,
    Grade,
    Icd10,
    ImagingResult,
    Intent,
    MdtDecision,
    MdtPhase,
    Modality,
    Occlusion,
    Place,
    Region,
    Segment,
    Specialty,
)
from registry.audit import audited
from registry.fields import Coded, CodedSet, Flag, Measurement, PartialDateField

# The vena cava runs through the abdomen into the heart.
VENA_CAVA_SEEN = ("regions", frozenset({"abdomen", "chest", "heart"}))


@audited
class Diagnosis(Form):
    """When and on what the diagnosis stands."""

    name, title = "diagnosis", "Diagnosis"

    diagnosis_on = PartialDateField(
        "Diagnosis", "Date of the specimen that proved it", need="R", term="IDEA4RC dateOfDiagnosis"
    )
    diagnosis_basis = Coded(DiagnosisBasis, "Basis of the diagnosis", need="R")
    icd10 = Coded(Icd10, "ICD-10 code", need="C")


@audited
class ImagingStudy(Form):
    """Imaging before the operation and during follow-up alike; the date says which."""

    name, title, repeats = "imaging", "Imaging study", True

    modality = Coded(Modality, "Modality", need="R")
    performed_on = PartialDateField("Performed", need="R")
    regions = CodedSet(Region, "Regions", "Body regions covered", need="R")
    contrast = Flag("Contrast", only_if=("modality", frozenset({"ct", "mri", "pet_ct", "ultrasound"})))
    result = Coded(ImagingResult, "Result", "For surveillance: is there disease?")
    finding_cranial_extent = Coded(
        Segment, "Cranial extent on imaging", "Most cranial segment involved", only_if=VENA_CAVA_SEEN
    )
    lumen_occlusion = Coded(
        Occlusion, "Occlusion of the lumen", "Of the vena cava at the tumor", only_if=VENA_CAVA_SEEN
    )
    ivc_diameter_caudal_mm = Measurement(
        "Native diameter below the tumor",
        "For graft sizing",
        unit="mm",
        possible=(3, 60),
        plausible=(10, 40),
        decimals=1,
        only_if=VENA_CAVA_SEEN,
    )
    ivc_diameter_cranial_mm = Measurement(
        "Native diameter above the tumor",
        "For graft sizing",
        unit="mm",
        possible=(3, 60),
        plausible=(10, 40),
        decimals=1,
        only_if=VENA_CAVA_SEEN,
    )


@audited
class Biopsy(Form):
    """One biopsy."""

    name, title, repeats = "biopsies", "Biopsy", True

    type = Coded(BiopsyType, "Type", need="R")
    route = Coded(BiopsyRoute, "Route")
    performed_on = PartialDateField("Performed", need="C")
    done_at = Coded(Place, "Done at", need="C")
    sarcoma_pathologist_review = Flag("Reviewed by a sarcoma pathologist", need="C")
    grade = Coded(Grade, "FNCLCC grade on biopsy")
    mitoses_per_10hpf = Measurement(
        "Mitoses per 10 HPF",
        "In ten high-power fields",
        unit="{mitoses}/(10.{HPF})",
        possible=(0, 300),
        plausible=(0, 80),
    )


@audited
class MdtMeeting(Form):
    """One discussion of the case by a multidisciplinary team."""

    name, title, repeats = "mdt_meetings", "Multidisciplinary team meeting", True

    held_on = PartialDateField("Held", need="R")
    is_sarcoma_mdt = Flag("Specialist sarcoma team", need="R")
    phase = Coded(MdtPhase, "Phase", need="C")
    specialties = CodedSet(Specialty, "Specialties present", need="C")
    intent = Coded(Intent, "Intent", need="C")
    decision = Coded(MdtDecision, "Decision", need="C")
    perioperative_chemo_discussed = Flag("Perioperative chemotherapy discussed")
