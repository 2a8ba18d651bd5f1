"""What was done: operations, the reconstruction of the vena cava, and each vein that entered it."""

from django.db import models

from cases.models.base import Form, OperationForm
from cases.vocabulary import (
    GRAFTS,
    PROSTHETIC_GRAFTS,
    AnastomosisSite,
    Approach,
    Bypass,
    ExposureStep,
    FistulaSite,
    GrossResult,
    Handling,
    Intent,
    IntraoperativeEvent,
    IvcMethod,
    Material,
    NoReconstructionReason,
    OperationType,
    Organ,
    ResectionType,
    Segment,
    Specialty,
    Urgency,
    VascularExclusion,
    Vein,
)
from registry.audit import audited
from registry.fields import Coded, CodedSet, Flag, Measurement, PartialDateField, Text

RESECTIONS = frozenset({"tangential_wall", "circumferential"})
TUBES = frozenset(str(method) for method in GRAFTS)
PROSTHESES = frozenset(str(method) for method in PROSTHETIC_GRAFTS)


@audited
class Operation(Form):
    """One index resection per case is time zero of survival; further operations carry their type."""

    name, title, repeats = "operations", "Operation", True

    operation_type = Coded(OperationType, "Type of operation", need="R")
    operated_on = PartialDateField(
        "Operated", "Time zero of survival for the index resection", need="R", term="IDEA4RC dateOfSurgery"
    )
    urgency = Coded(Urgency, "Urgency", need="C")
    intent = Coded(Intent, "Intent", need="R")
    approach = CodedSet(Approach, "Approach", "Incisions used", need="R")
    exposure_steps = CodedSet(
        ExposureStep, "Steps of exposure", "Maneuvers of dissection and control", need="C"
    )
    pringle_used = Flag("Pringle maneuver used", need="C")
    pringle_total_min = Measurement(
        "Pringle time, total",
        unit="min",
        possible=(0, 240),
        plausible=(0, 60),
        only_if=("pringle_used", frozenset({"true"})),
    )
    pringle_cycles = Measurement(
        "Pringle cycles", possible=(0, 12), only_if=("pringle_used", frozenset({"true"}))
    )
    vascular_exclusion = Coded(VascularExclusion, "Vascular exclusion", need="C")
    ivc_clamp_min = Measurement(
        "Clamping time of the vena cava",
        unit="min",
        possible=(0, 480),
        plausible=(0, 120),
        only_if=("vascular_exclusion", frozenset(VascularExclusion) - {VascularExclusion.NONE}),
    )
    ex_vivo_liver = Flag("Ex vivo liver resection")
    bypass = CodedSet(Bypass, "Bypass", need="R")
    bypass_min = Measurement(
        "Bypass time", unit="min", possible=(0, 600), only_if=("bypass", frozenset(Bypass) - {Bypass.NONE})
    )
    arrest_min = Measurement(
        "Circulatory arrest time",
        unit="min",
        possible=(0, 120),
        plausible=(0, 60),
        only_if=("bypass", frozenset({"hypothermic_arrest"})),
    )
    min_temp_c = Measurement(
        "Lowest temperature",
        unit="Cel",
        possible=(12, 37),
        decimals=1,
        only_if=("bypass", frozenset({"cardiopulmonary", "hypothermic_arrest"})),
    )
    tee_used = Flag("Transesophageal echocardiography during the operation", need="C")
    team = CodedSet(Specialty, "Team", "Specialties at the table", need="C")
    resection_type = Coded(ResectionType, "Type of resection", "Of the vena cava", need="R")
    resected_segments = CodedSet(
        Segment,
        "Segments resected",
        need="R",
        only_if=("resection_type", RESECTIONS),
    )
    resected_length_mm = Measurement(
        "Resected length",
        unit="mm",
        possible=(5, 400),
        plausible=(20, 250),
        only_if=("resection_type", RESECTIONS),
    )
    organs_resected = CodedSet(Organ, "Organs resected", need="C")
    tumor_rupture = Flag("Tumor rupture", need="C", term="OMOP 36768904")
    gross_result = Coded(GrossResult, "Gross result", need="R")
    skin_to_skin_min = Measurement(
        "Operating time", "Skin to skin", unit="min", possible=(20, 2160), plausible=(90, 900), need="R"
    )
    blood_loss_ml = Measurement("Blood loss", unit="mL", possible=(0, 50000), plausible=(50, 10000), need="R")
    rbc_units = Measurement("Red-cell units", possible=(0, 150), plausible=(0, 20), need="C")
    ffp_units = Measurement("Plasma units", possible=(0, 150), plausible=(0, 20), need="C")
    platelet_units = Measurement("Platelet units", possible=(0, 150), plausible=(0, 20), need="C")
    cell_salvage = Flag("Cell salvage")
    intraop_events = CodedSet(IntraoperativeEvent, "Intraoperative events", need="C")
    lead_surgeon_code = Text("Lead surgeon", "Pseudonym kept by the center; never in reports", max_length=20)

    class Meta(Form.Meta):
        # For the question whether a center has entered one patient twice.
        indexes = [models.Index(fields=["center", "operated_on"], name="cases_operation_dated")]


@audited
class Reconstruction(OperationForm):
    """Brand and material are two fields: Gore-Tex is a brand of expanded PTFE."""

    name, title = "reconstruction", "Reconstruction"
    only_if = ("resection_type", RESECTIONS)

    ivc_method = Coded(IvcMethod, "Method", need="R")
    no_reconstruction_reason = Coded(
        NoReconstructionReason,
        "Reason for no reconstruction",
        need="R",
        only_if=("ivc_method", frozenset({"ligation"})),
    )
    material = Coded(Material, "Material", need="R", only_if=("ivc_method", TUBES | {"patch"}))
    brand = Text(
        "Brand",
        "As on the package",
        max_length=60,
        only_if=("ivc_method", TUBES | {"patch"}),
        offers="graft_brand",
    )
    ringed = Flag("Ringed", need="C", only_if=("ivc_method", PROSTHESES))
    diameter_mm = Measurement(
        "Graft diameter",
        unit="mm",
        possible=(6, 40),
        plausible=(12, 24),
        decimals=1,
        need="R",
        only_if=("ivc_method", TUBES),
    )
    length_mm = Measurement(
        "Graft length",
        unit="mm",
        possible=(10, 400),
        plausible=(30, 250),
        need="C",
        only_if=("ivc_method", TUBES),
    )
    proximal_anastomosis_segment = Coded(
        AnastomosisSite, "Cranial anastomosis", only_if=("ivc_method", TUBES)
    )
    distal_anastomosis_segment = Coded(AnastomosisSite, "Caudal anastomosis", only_if=("ivc_method", TUBES))
    av_fistula = Flag("Arteriovenous fistula", "Made to keep the graft open", need="C")
    av_fistula_site = Coded(FistulaSite, "Site of the fistula", only_if=("av_fistula", frozenset({"true"})))
    omental_wrap = Flag("Omental wrap", only_if=("ivc_method", TUBES | {"patch"}))


@audited
class VeinHandling(OperationForm):
    """What was done with each vein that entered the resected part."""

    name, title, repeats = "veins", "Vein handling", True
    only_if = ("resection_type", RESECTIONS)

    vein = Coded(Vein, "Vein", need="R")
    handling = Coded(Handling, "Handling", need="R")
    graft_mm = Measurement(
        "Diameter of the interposition graft",
        unit="mm",
        possible=(4, 20),
        decimals=1,
        only_if=("handling", frozenset({"interposition"})),
    )

    class Meta(OperationForm.Meta):
        constraints = [
            *OperationForm.Meta.constraints,
            models.UniqueConstraint(
                fields=["case", "operation_position", "vein"],
                name="cases_veinhandling_once_per_operation",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]
