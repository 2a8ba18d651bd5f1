"""The registry's clinical data, one file a form group.

`FORMS` lists the forms of a case in the order in which people fill them in; everything that walks the
forms (document, dictionary, admin, import, audit sweep) walks this tuple.
"""

from cases.models.algorithm import AlgorithmPreview, AlgorithmVersion, PreviewedChange
from cases.models.base import Form, OperationForm
from cases.models.case import Case, SurvivalObservation
from cases.models.imports import ImportBatch, ImportRow
from cases.models.linkage import HeldIdentity, PairVerdict, PossibleDuplicate
from cases.models.operation import Operation, Reconstruction, VeinHandling
from cases.models.outcome import Antithrombotic, Complication, Death, Discharge, FollowUp, Recurrence
from cases.models.pathology import Pathology
from cases.models.patient import Consent, Patient, Presentation
from cases.models.review import Assessment, AssessmentRun, DataQuery, Deviation
from cases.models.tombstone import Tombstone
from cases.models.transfer import Transfer
from cases.models.tumor import Therapy, Tumor
from cases.models.work import ContactAttempt, EntryDraft, ListExport
from cases.models.workup import Biopsy, Diagnosis, ImagingStudy, MdtMeeting

FORMS: tuple[type[Form], ...] = (
    Consent,
    Presentation,
    Diagnosis,
    ImagingStudy,
    Biopsy,
    MdtMeeting,
    Tumor,
    Therapy,
    Operation,
    Reconstruction,
    VeinHandling,
    Pathology,
    Complication,
    Discharge,
    Antithrombotic,
    FollowUp,
    Recurrence,
    Death,
)

__all__ = [
    "FORMS",
    "AlgorithmPreview",
    "AlgorithmVersion",
    "Antithrombotic",
    "Assessment",
    "AssessmentRun",
    "Biopsy",
    "Case",
    "Complication",
    "Consent",
    "ContactAttempt",
    "DataQuery",
    "Death",
    "Deviation",
    "Diagnosis",
    "Discharge",
    "EntryDraft",
    "FollowUp",
    "Form",
    "HeldIdentity",
    "ImagingStudy",
    "ImportBatch",
    "ImportRow",
    "ListExport",
    "MdtMeeting",
    "Operation",
    "OperationForm",
    "PairVerdict",
    "Pathology",
    "Patient",
    "PossibleDuplicate",
    "Presentation",
    "PreviewedChange",
    "Reconstruction",
    "Recurrence",
    "SurvivalObservation",
    "Therapy",
    "Tombstone",
    "Transfer",
    "Tumor",
    "VeinHandling",
]
