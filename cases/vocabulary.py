"""Every coded value of the registry: code, terminology code where one is known, label.

Codes are stored, sent and exported as they stand here and are never reused for another meaning.
Terminology codes ending in "?" come from memory and wait for a check in a licensed browser
before any export; the others were seen in hl7-eu/idea4rc or the German MII oncology module.
"""

from registry.tongues import Labeled


class Vocabulary(Labeled):
    """Choices written as `CODE = code, label` or `CODE = code, terminology code, label`."""

    def __new__(cls, code: str, term: str = "") -> "Vocabulary":
        member = str.__new__(cls, code)
        member._value_ = code
        member.term = term
        return member


# --- the case as a record ----------------------------------------------------------------------


class Source(Vocabulary):
    """The door or origin of a case; the last three never enter a clinical report."""

    ADMIN = "admin", "Entered by a coordinator"
    API = "api", "Sent by a center's system"
    IMPORT = "import", "Imported from a file"
    LITERATURE = "literature", "Transcribed from a publication"
    RECONSTRUCTION = "reconstruction", "Rebuilt from published aggregates; not a patient"
    SYNTHETIC = "synthetic", "Made by the generator; not a patient"


CLINICAL_SOURCES = frozenset({Source.ADMIN, Source.API, Source.IMPORT})


class Status(Vocabulary):
    DRAFT = "draft", "Draft"
    COMPLETE = "complete", "Complete"
    LOCKED = "locked", "Locked"


class Missing(Vocabulary):
    """Why a value is absent (kept beside the field, never in it)."""

    NK = "NK", "Not known after enquiry"
    ND = "ND", "Not done"
    NA = "NA", "Cannot apply"
    NR = "NR", "Not yet recorded"


# --- patient and consent -------------------------------------------------------------------------


class Sex(Vocabulary):
    FEMALE = "female", "SCT 248152002?", "Female"
    MALE = "male", "SCT 248153007?", "Male"
    OTHER = "other", "Other"
    UNKNOWN = "unknown", "Unknown"


class ConsentBasis(Vocabulary):
    WRITTEN = "written", "Written consent"
    WAIVER_RETROSPECTIVE = "waiver_retrospective", "Waiver for retrospective data"
    DECEASED_WAIVER = "deceased_waiver", "Waiver for deceased patients"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ConsentScope(Vocabulary):
    REGISTRY = "registry", "Registry"
    REPORTS = "reports", "Reports"
    DATA_SHARING_THIRD_PARTY = "data_sharing_third_party", "Data sharing with third parties"
    TISSUE = "tissue", "Tissue"
    RECONTACT = "recontact", "Contact again"
    LINKAGE = "linkage", "Linkage with other registers"


class WithdrawalEffect(Vocabulary):
    STOP_COLLECTION = "stop_collection", "No further collection"
    STOP_USE = "stop_use", "No further use"
    ERASE = "erase", "Erase"


# --- presentation --------------------------------------------------------------------------------


class Symptom(Vocabulary):
    INCIDENTAL = "incidental", "Incidental finding, no symptom"
    ABDOMINAL_PAIN = "abdominal_pain", "Abdominal pain"
    BACK_FLANK_PAIN = "back_flank_pain", "Back or flank pain"
    MASS = "mass", "Mass"
    LEG_EDEMA = "leg_edema", "Leg edema"
    DVT = "dvt", "Deep-vein thrombosis"
    PE = "pe", "Pulmonary embolism"
    BUDD_CHIARI = "budd_chiari", "Budd-Chiari syndrome"
    ASCITES = "ascites", "Ascites"
    DYSPNEA = "dyspnea", "Dyspnea"
    WEIGHT_LOSS = "weight_loss", "Weight loss"
    FEVER = "fever", "Fever"
    OTHER = "other", "Other"


class Collaterals(Vocabulary):
    NONE = "none", "None"
    MODERATE = "moderate", "Moderate"
    WELL_DEVELOPED = "well_developed", "Well developed"


class CharlsonItem(Vocabulary):
    """Charlson 1987; the index tumor is not counted."""

    NONE = "none", "None of the items"
    MYOCARDIAL_INFARCTION = "myocardial_infarction", "Myocardial infarction"
    HEART_FAILURE = "heart_failure", "Congestive heart failure"
    PERIPHERAL_VASCULAR = "peripheral_vascular", "Peripheral vascular disease"
    CEREBROVASCULAR = "cerebrovascular", "Cerebrovascular disease"
    DEMENTIA = "dementia", "Dementia"
    CHRONIC_PULMONARY = "chronic_pulmonary", "Chronic pulmonary disease"
    CONNECTIVE_TISSUE = "connective_tissue", "Connective tissue disease"
    PEPTIC_ULCER = "peptic_ulcer", "Peptic ulcer"
    MILD_LIVER = "mild_liver", "Mild liver disease"
    DIABETES = "diabetes", "Diabetes"
    HEMIPLEGIA = "hemiplegia", "Hemiplegia"
    RENAL = "renal", "Moderate or severe renal disease"
    DIABETES_END_ORGAN = "diabetes_end_organ", "Diabetes with end-organ damage"
    OTHER_TUMOR = "other_tumor", "Other solid tumor, leukemia or lymphoma"
    SEVERE_LIVER = "severe_liver", "Moderate or severe liver disease"
    METASTATIC_OTHER_TUMOR = "metastatic_other_tumor", "Metastatic other tumor"
    AIDS = "aids", "AIDS"


class Anticoagulant(Vocabulary):
    NONE = "none", "None"
    LMWH = "lmwh", "Low-molecular-weight heparin"
    VKA = "vka", "Vitamin K antagonist"
    DOAC = "doac", "Direct oral anticoagulant"
    ANTIPLATELET = "antiplatelet", "Antiplatelet drug"
    OTHER = "other", "Other"


# --- diagnosis and work-up -----------------------------------------------------------------------


class DiagnosisBasis(Vocabulary):
    BIOPSY = "biopsy", "Biopsy"
    SURGICAL_SPECIMEN = "surgical_specimen", "Surgical specimen"
    AUTOPSY = "autopsy", "Autopsy"
    CYTOLOGY = "cytology", "Cytology alone"


class Icd10(Vocabulary):
    C49_4 = "C49.4", "ICD-10 C49.4?", "C49.4 connective and soft tissue of abdomen"
    C48_0 = "C48.0", "ICD-10 C48.0?", "C48.0 retroperitoneum"


class Modality(Vocabulary):
    CT = "ct", "CT"
    MRI = "mri", "MRI"
    ULTRASOUND = "ultrasound", "Ultrasound"
    TTE = "tte", "Transthoracic echocardiography"
    TEE = "tee", "Transesophageal echocardiography"
    CAVOGRAPHY = "cavography", "Cavography"
    PET_CT = "pet_ct", "PET/CT"
    ANGIOGRAPHY = "angiography", "Angiography"
    CHEST_XRAY = "chest_xray", "Chest X-ray"
    BONE_SCAN = "bone_scan", "Bone scan"


class Region(Vocabulary):
    CHEST = "chest", "Chest"
    ABDOMEN = "abdomen", "Abdomen"
    PELVIS = "pelvis", "Pelvis"
    HEART = "heart", "Heart"
    LEGS = "legs", "Legs"
    HEAD = "head", "Head"


class ImagingResult(Vocabulary):
    NO_DISEASE = "no_disease", "No evidence of disease"
    DISEASE = "disease", "Disease seen"
    INDETERMINATE = "indeterminate", "Indeterminate"


class Occlusion(Vocabulary):
    PATENT = "patent", "Patent"
    PARTIAL = "partial", "Partial"
    COMPLETE = "complete", "Complete"


class BiopsyType(Vocabulary):
    CORE_NEEDLE = "core_needle", "OMOP 4321878", "Core needle"
    FNA = "fna", "OMOP 4171863", "Fine-needle aspiration"
    INCISIONAL = "incisional", "OMOP 4321986", "Incisional"
    EXCISIONAL = "excisional", "OMOP 4228202", "Excisional"
    ENDOVASCULAR = "endovascular", "Endovascular"


class BiopsyRoute(Vocabulary):
    RETROPERITONEAL_PERCUTANEOUS = "retroperitoneal_percutaneous", "Retroperitoneal, percutaneous"
    TRANSPERITONEAL = "transperitoneal", "Transperitoneal"
    TRANSVENOUS = "transvenous", "Transvenous"
    OPEN = "open", "Open"


class Place(Vocabulary):
    OWN_CENTER = "own_center", "Own center"
    OTHER = "other", "Other hospital"


class MdtPhase(Vocabulary):
    PRE_BIOPSY = "pre_biopsy", "Before biopsy"
    PRE_TREATMENT = "pre_treatment", "Before treatment"
    POST_OPERATIVE = "post_operative", "After operation"
    RECURRENCE = "recurrence", "At recurrence"


class Specialty(Vocabulary):
    SURGICAL_ONCOLOGY = "surgical_oncology", "Surgical oncology"
    VASCULAR = "vascular", "Vascular surgery"
    HPB_TRANSPLANT = "hpb_transplant", "HPB or transplant surgery"
    CARDIAC = "cardiac", "Cardiac surgery"
    UROLOGY = "urology", "Urology"
    THORACIC = "thoracic", "Thoracic surgery"
    MEDICAL_ONCOLOGY = "medical_oncology", "Medical oncology"
    RADIATION = "radiation", "Radiation oncology"
    PATHOLOGY = "pathology", "Pathology"
    RADIOLOGY = "radiology", "Radiology"


class Intent(Vocabulary):
    CURATIVE = "curative", "OMOP 4162591", "Curative"
    PALLIATIVE = "palliative", "OMOP 4179711", "Palliative"


class MdtDecision(Vocabulary):
    SURGERY = "surgery", "Surgery"
    NEOADJUVANT = "neoadjuvant", "Neoadjuvant therapy"
    SYSTEMIC = "systemic", "Systemic therapy"
    RT = "rt", "Radiotherapy"
    BEST_SUPPORTIVE = "best_supportive", "Best supportive care"
    SURVEILLANCE = "surveillance", "Surveillance"


# --- tumor and stage -----------------------------------------------------------------------------


class Segment(Vocabulary):
    """The seven segments of the inferior vena cava, caudal to cranial (Rusin 2021)."""

    INFRARENAL = "infrarenal", "Infrarenal"
    INTERRENAL = "interrenal", "Interrenal"
    SUPRARENAL = "suprarenal", "Suprarenal"
    RETROHEPATIC = "retrohepatic", "Retrohepatic"
    INFRADIAPHRAGMATIC = "infradiaphragmatic", "Infradiaphragmatic"
    SUPRADIAPHRAGMATIC = "supradiaphragmatic", "Supradiaphragmatic"
    INTRACARDIAL = "intracardial", "Intracardial"


class Level(Vocabulary):
    """Three-level scheme, always derived from segments or published text, never a bare number."""

    LOWER = "lower", "Lower (I, below the renal veins)"
    MIDDLE = "middle", "Middle (II, renal to hepatic veins)"
    UPPER = "upper", "Upper (III, hepatic veins to right atrium)"


# Which level a segment belongs to. The borders I/II at interrenal and II/III at retrohepatic are the
# registry's own mapping, version 1; Kieffer 2006 groups suprarenal with retrohepatic, which supports it.
LEVEL_OF_SEGMENT: dict[str, str] = {
    Segment.INFRARENAL: Level.LOWER,
    Segment.INTERRENAL: Level.MIDDLE,
    Segment.SUPRARENAL: Level.MIDDLE,
    Segment.RETROHEPATIC: Level.MIDDLE,
    Segment.INFRADIAPHRAGMATIC: Level.UPPER,
    Segment.SUPRADIAPHRAGMATIC: Level.UPPER,
    Segment.INTRACARDIAL: Level.UPPER,
}


class SegmentSource(Vocabulary):
    IMAGING = "imaging", "Imaging"
    OPERATION = "operation", "Operation"


class Growth(Vocabulary):
    INTRAVASAL = "intravasal", "Intravasal (intraluminal)"
    EXTRAVASAL = "extravasal", "Extravasal (extraluminal)"
    MIXED = "mixed", "Mixed"


class Thrombus(Vocabulary):
    NONE = "none", "None"
    BELOW_TUMOR = "below_tumor", "Below the tumor"
    ABOVE_TUMOR = "above_tumor", "Above the tumor"
    BOTH = "both", "Both"


class ThrombusSite(Vocabulary):
    INFRARENAL = "infrarenal", "Infrarenal"
    INTERRENAL = "interrenal", "Interrenal"
    SUPRARENAL = "suprarenal", "Suprarenal"
    RETROHEPATIC = "retrohepatic", "Retrohepatic"
    INFRADIAPHRAGMATIC = "infradiaphragmatic", "Infradiaphragmatic"
    SUPRADIAPHRAGMATIC = "supradiaphragmatic", "Supradiaphragmatic"
    INTRACARDIAL = "intracardial", "Intracardial"
    ILIAC = "iliac", "Iliac veins"
    FEMORAL = "femoral", "Femoral veins"
    RENAL_LEFT = "renal_left", "Left renal vein"
    RENAL_RIGHT = "renal_right", "Right renal vein"
    HEPATIC = "hepatic", "Hepatic veins"


class VeinInvolvement(Vocabulary):
    NO = "no", "No"
    OSTIUM = "ostium", "Ostium"
    LUMEN = "lumen", "Lumen"


class HepaticVein(Vocabulary):
    NONE = "none", "None"
    RIGHT = "right", "Right"
    MIDDLE = "middle", "Middle"
    LEFT = "left", "Left"
    ACCESSORY = "accessory", "Accessory"


class Organ(Vocabulary):
    NONE = "none", "None"
    RIGHT_KIDNEY = "right_kidney", "Right kidney"
    LEFT_KIDNEY = "left_kidney", "Left kidney"
    RIGHT_ADRENAL = "right_adrenal", "Right adrenal"
    LEFT_ADRENAL = "left_adrenal", "Left adrenal"
    LIVER_MINOR = "liver_minor", "Liver, minor resection"
    LIVER_MAJOR = "liver_major", "Liver, major resection"
    CAUDATE = "caudate", "Caudate lobe"
    DUODENUM = "duodenum", "Duodenum"
    PANCREAS = "pancreas", "Pancreas"
    COLON = "colon", "Colon"
    SMALL_BOWEL = "small_bowel", "Small bowel"
    URETER = "ureter", "Ureter"
    AORTA = "aorta", "Aorta"
    DIAPHRAGM = "diaphragm", "Diaphragm"
    RIGHT_ATRIUM = "right_atrium", "Right atrium"
    GONADAL = "gonadal", "Gonadal vein or gonad"
    GALLBLADDER = "gallbladder", "Gallbladder"
    OTHER = "other", "Other"


class MetastasisSite(Vocabulary):
    LUNG = "lung", "OMOP 36770283", "Lung"
    LIVER = "liver", "OMOP 36770544", "Liver"
    BONE = "bone", "OMOP 36769301", "Bone"
    SOFT_TISSUE = "soft_tissue", "OMOP 35225724", "Soft tissue"
    DISTANT_NODE = "distant_node", "OMOP 36769243", "Distant lymph node"
    PERITONEUM = "peritoneum", "Peritoneum"
    OTHER = "other", "Other"


class TumorStage(Vocabulary):
    """AJCC 8, retroperitoneum."""

    T1 = "T1", "T1: 5 cm or less"
    T2 = "T2", "T2: more than 5 to 10 cm"
    T3 = "T3", "T3: more than 10 to 15 cm"
    T4 = "T4", "T4: more than 15 cm"
    TX = "TX", "TX: cannot be assessed"


class NodeStage(Vocabulary):
    N0 = "N0", "N0"
    N1 = "N1", "N1"
    NX = "NX", "NX"


class MetastasisStage(Vocabulary):
    M0 = "M0", "M0"
    M1 = "M1", "M1"


class Origin(Vocabulary):
    IVC_CERTAIN = "ivc_certain", "Certainly from the inferior vena cava"
    IVC_PROBABLE = "ivc_probable", "Probably from the inferior vena cava"
    RETROPERITONEAL_INVADING = "retroperitoneal_invading", "Retroperitoneal, invading the vena cava"


class PresentationType(Vocabulary):
    PRIMARY = "primary", "Primary tumor"
    RECURRENT = "recurrent", "Recurrent tumor"
    RESIDUAL = "residual_after_outside_surgery", "Residual after surgery elsewhere"


# --- therapy -------------------------------------------------------------------------------------


class Setting(Vocabulary):
    NEOADJUVANT = "neoadjuvant", "Neoadjuvant"
    ADJUVANT = "adjuvant", "Adjuvant"
    RECURRENCE = "recurrence", "At recurrence"
    PALLIATIVE = "palliative", "Palliative"


class TherapyModality(Vocabulary):
    CHEMO = "chemo", "Chemotherapy"
    RT = "rt", "Radiotherapy"
    TARGETED = "targeted", "Targeted therapy"
    IMMUNO = "immuno", "Immunotherapy"
    ABLATION = "ablation", "Ablation"
    EMBOLIZATION = "embolization", "Embolization"
    NONE_GIVEN = "none_given", "None given"


class Regimen(Vocabulary):
    DOXORUBICIN = "doxorubicin", "Doxorubicin"
    DOXORUBICIN_IFOSFAMIDE = "doxorubicin_ifosfamide", "Doxorubicin and ifosfamide"
    DOXORUBICIN_DACARBAZINE = "doxorubicin_dacarbazine", "Doxorubicin and dacarbazine"
    DOXORUBICIN_TRABECTEDIN = "doxorubicin_trabectedin", "Doxorubicin and trabectedin"
    GEMCITABINE_DOCETAXEL = "gemcitabine_docetaxel", "Gemcitabine and docetaxel"
    TRABECTEDIN = "trabectedin", "Trabectedin"
    PAZOPANIB = "pazopanib", "Pazopanib"
    OTHER = "other", "Other"


class Recist(Vocabulary):
    CR = "CR", "Complete response"
    PR = "PR", "Partial response"
    SD = "SD", "Stable disease"
    PD = "PD", "Progressive disease"
    NE = "NE", "Not evaluable"


class StoppedReason(Vocabulary):
    COMPLETED = "completed", "Completed"
    TOXICITY = "toxicity", "Toxicity"
    PROGRESSION = "progression", "Progression"
    PATIENT = "patient", "Patient's choice"
    DEATH = "death", "Death"
    OTHER = "other", "Other"


# --- operation -----------------------------------------------------------------------------------


class OperationType(Vocabulary):
    INDEX_RESECTION = "index_resection", "Index resection"
    EXPLORATION_ONLY = "exploration_only", "Exploration only"
    PALLIATIVE = "palliative", "Palliative operation"
    REOPERATION_COMPLICATION = "reoperation_complication", "Reoperation for a complication"
    RESECTION_RECURRENCE = "resection_recurrence", "Resection of a recurrence"
    METASTASECTOMY = "metastasectomy", "Metastasectomy"


class Urgency(Vocabulary):
    ELECTIVE = "elective", "Elective"
    URGENT = "urgent", "Urgent"
    EMERGENCY = "emergency", "Emergency"


class Approach(Vocabulary):
    CHEVRON = "chevron", "Bilateral subcostal (Chevron)"
    MEDIAN_LAPAROTOMY = "median_laparotomy", "Median laparotomy"
    RIGHT_SUBCOSTAL = "right_subcostal", "Right subcostal"
    J_MAKUUCHI = "j_makuuchi", "J incision (Makuuchi)"
    THORACOABDOMINAL = "thoracoabdominal", "Thoracoabdominal"
    STERNOTOMY = "sternotomy", "Sternotomy"
    RIGHT_THORACOTOMY = "right_thoracotomy", "Right thoracotomy"
    RETROPERITONEAL_FLANK = "retroperitoneal_flank", "Retroperitoneal flank"
    LAPAROSCOPIC = "laparoscopic", "Laparoscopic"
    ROBOTIC = "robotic", "Robotic"
    CONVERTED = "converted", "Converted to open"


MINIMALLY_INVASIVE = frozenset({Approach.LAPAROSCOPIC, Approach.ROBOTIC})
OPEN_APPROACHES = frozenset(Approach) - MINIMALLY_INVASIVE - {Approach.CONVERTED}


class ExposureStep(Vocabulary):
    NONE = "none", "None of these"
    KOCHER_CATTELL = "kocher_cattell", "Kocher or Cattell-Braasch maneuver"
    STAGED_IVC_DISSECTION = "staged_ivc_dissection", "Staged dissection of the vena cava"
    INFRARENAL_CONTROL = "infrarenal_control", "Infrarenal control"
    RENAL_VEIN_CONTROL = "renal_vein_control", "Control of the renal veins"
    SUPRARENAL_CONTROL = "suprarenal_control", "Suprarenal control"
    PIGGYBACK_MOBILIZATION = "piggyback_mobilization", "Piggyback mobilization of the liver"
    RIGHT_LIVER_MOBILIZATION = "right_liver_mobilization", "Mobilization of the right liver"
    HANGING_MANEUVER = "hanging_maneuver", "Hanging maneuver"
    DIAPHRAGM_INCISION = "diaphragm_incision", "Incision of the diaphragm"
    INTRAPERICARDIAL_CONTROL = "intrapericardial_control", "Intrapericardial control"


class VascularExclusion(Vocabulary):
    NONE = "none", "None"
    PARTIAL_CLAMP = "partial_clamp", "Partial clamp"
    INFRAHEPATIC_CLAMP = "infrahepatic_clamp", "Infrahepatic clamp"
    SUPRAHEPATIC_CLAMP = "suprahepatic_clamp", "Suprahepatic clamp"
    TOTAL_HEPATIC_EXCLUSION = "total_hepatic_exclusion", "Total hepatic vascular exclusion"


class Bypass(Vocabulary):
    NONE = "none", "None"
    VENOVENOUS = "venovenous", "Venovenous bypass"
    CARDIOPULMONARY = "cardiopulmonary", "Cardiopulmonary bypass"
    HYPOTHERMIC_ARREST = "hypothermic_arrest", "Deep hypothermic circulatory arrest"
    PORTOCAVAL_SHUNT = "portocaval_shunt", "Temporary portocaval shunt"


class ResectionType(Vocabulary):
    TANGENTIAL_WALL = "tangential_wall", "Tangential (part of the wall)"
    CIRCUMFERENTIAL = "circumferential", "Circumferential (circular)"
    THROMBECTOMY_ONLY = "thrombectomy_only", "Thrombectomy only"
    NONE = "none", "None"


class GrossResult(Vocabulary):
    COMPLETE = "complete", "Complete"
    MACROSCOPIC_RESIDUE = "macroscopic_residue", "Macroscopic residue"


class IntraoperativeEvent(Vocabulary):
    NONE = "none", "None"
    MAJOR_BLEEDING = "major_bleeding", "Major bleeding"
    AIR_EMBOLISM = "air_embolism", "Air embolism"
    TUMOR_EMBOLISM = "tumor_embolism", "Tumor embolism"
    ARREST = "arrest", "Cardiac arrest"
    ORGAN_INJURY = "organ_injury", "Organ injury"
    DEATH = "death", "Death"


# --- reconstruction ------------------------------------------------------------------------------


class IvcMethod(Vocabulary):
    PRIMARY_CLOSURE = "primary_closure", "Primary closure"
    PATCH = "patch", "Patch"
    LIGATION = "ligation", "Ligation"
    TUBE_GRAFT = "tube_graft", "Tube graft"
    BIFURCATED_GRAFT = "bifurcated_graft", "Bifurcated graft"
    AUTOLOGOUS_TUBE = "autologous_tube", "Autologous tube"
    NOT_NEEDED = "not_needed", "Not needed"


PROSTHETIC_GRAFTS = frozenset({IvcMethod.TUBE_GRAFT, IvcMethod.BIFURCATED_GRAFT})
GRAFTS = PROSTHETIC_GRAFTS | {IvcMethod.AUTOLOGOUS_TUBE}


class NoReconstructionReason(Vocabulary):
    COLLATERALS = "collaterals", "Sufficient collaterals"
    CHRONIC_OCCLUSION = "chronic_occlusion", "Chronic occlusion"
    CONTAMINATION = "contamination", "Contaminated field"
    INSTABILITY = "instability", "Unstable patient"
    PALLIATIVE = "palliative", "Palliative intent"
    OTHER = "other", "Other"


class Material(Vocabulary):
    """The material; the brand is another field (Gore-Tex is a brand of expanded PTFE)."""

    PTFE = "ptfe", "PTFE, not specified further"
    EPTFE = "eptfe", "Expanded PTFE"
    DACRON = "dacron", "Dacron (polyester)"
    BOVINE_PERICARDIUM = "bovine_pericardium", "Bovine pericardium"
    AUTOLOGOUS_VEIN = "autologous_vein", "Autologous vein"
    AUTOLOGOUS_PERICARDIUM_PERITONEUM = (
        "autologous_pericardium_peritoneum",
        "Autologous pericardium or peritoneum",
    )
    CRYOPRESERVED_HOMOGRAFT = "cryopreserved_homograft", "Cryopreserved homograft"
    FRESH_HOMOGRAFT = "fresh_homograft", "Fresh homograft"
    OTHER = "other", "Other"


class AnastomosisSite(Vocabulary):
    """Caudal to cranial; the order is used to compare the two anastomoses."""

    ILIAC = "iliac", "Iliac veins"
    INFRARENAL = "infrarenal", "Infrarenal"
    INTERRENAL = "interrenal", "Interrenal"
    SUPRARENAL = "suprarenal", "Suprarenal"
    RETROHEPATIC = "retrohepatic", "Retrohepatic"
    INFRADIAPHRAGMATIC = "infradiaphragmatic", "Infradiaphragmatic"
    SUPRADIAPHRAGMATIC = "supradiaphragmatic", "Supradiaphragmatic"
    ATRIUM = "atrium", "Right atrium"


class FistulaSite(Vocabulary):
    FEMORAL = "femoral", "Femoral"
    ILIAC = "iliac", "Iliac"
    OTHER = "other", "Other"


class Vein(Vocabulary):
    LEFT_RENAL = "left_renal", "Left renal vein"
    RIGHT_RENAL = "right_renal", "Right renal vein"
    HEPATIC_RIGHT = "hepatic_right", "Right hepatic vein"
    HEPATIC_MIDDLE = "hepatic_middle", "Middle hepatic vein"
    HEPATIC_LEFT = "hepatic_left", "Left hepatic vein"
    ACCESSORY_HEPATIC = "accessory_hepatic", "Accessory hepatic vein"
    RIGHT_ADRENAL = "right_adrenal", "Right adrenal vein"
    ILIAC = "iliac", "Iliac vein"


class Handling(Vocabulary):
    NOT_EXPOSED = "not_exposed", "Not exposed"
    PRESERVED = "preserved", "Preserved"
    REIMPLANTED_GRAFT = "reimplanted_graft", "Reimplanted into the graft"
    REIMPLANTED_IVC = "reimplanted_ivc", "Reimplanted into the vena cava"
    INTERPOSITION = "interposition", "Interposition graft"
    LIGATED = "ligated", "Ligated"
    WITH_NEPHRECTOMY = "with_nephrectomy", "Removed with the kidney"
    AUTOTRANSPLANT = "autotransplant", "Autotransplantation"
    RECONSTRUCTED_ATRIUM = "reconstructed_atrium", "Reconstructed to the atrium"


# --- pathology -----------------------------------------------------------------------------------


class Histology(Vocabulary):
    LEIOMYOSARCOMA = "leiomyosarcoma", "ICD-O-3 8890/3", "Leiomyosarcoma"
    EPITHELIOID = "epithelioid", "ICD-O-3 8891/3?", "Epithelioid leiomyosarcoma"
    MYXOID = "myxoid", "ICD-O-3 8896/3?", "Myxoid leiomyosarcoma"
    DEDIFFERENTIATED = "dedifferentiated", "Dedifferentiated leiomyosarcoma"
    OTHER = "other", "Other"


class Grade(Vocabulary):
    """FNCLCC grade."""

    G1 = "G1", "OMOP 1634371", "Grade 1"
    G2 = "G2", "OMOP 1634752", "Grade 2"
    G3 = "G3", "OMOP 1633749", "Grade 3"
    GX = "GX", "Cannot be assessed"


class Margin(Vocabulary):
    R0 = "R0", "OMOP 1634643", "R0"
    R1 = "R1", "OMOP 1633801", "R1"
    R2 = "R2", "OMOP 1634484", "R2"
    RX = "RX", "Cannot be assessed"


class RDefinition(Vocabulary):
    ZERO_MM = "0mm", "R1 means tumor at the inked margin (0 mm)"
    ONE_MM = "1mm", "R1 means tumor within 1 mm"


class MarginSite(Vocabulary):
    NONE = "none", "None"
    IVC_CAUDAL = "ivc_caudal", "Caudal vena cava"
    IVC_CRANIAL = "ivc_cranial", "Cranial vena cava"
    CIRCUMFERENTIAL = "circumferential", "Circumferential"
    ORGAN = "organ", "Organ"


class Marker(Vocabulary):
    SMA = "sma", "Smooth muscle actin"
    DESMIN = "desmin", "Desmin"
    H_CALDESMON = "h_caldesmon", "h-Caldesmon"
    ER = "er", "Estrogen receptor"
    PR = "pr", "Progesterone receptor"
    S100 = "s100", "S100"
    CD34 = "cd34", "CD34"
    CKIT = "ckit", "c-KIT"


class Agreement(Vocabulary):
    AGREED = "agreed", "Agreed"
    MINOR = "minor_change", "Minor change"
    MAJOR = "major_change", "Major change"


# --- outcome -------------------------------------------------------------------------------------


class ComplicationType(Vocabulary):
    PE = "pe", "ICD-10 I26?", "Pulmonary embolism"
    DVT = "dvt", "ICD-10 I80.2?", "Deep-vein thrombosis"
    IVC_THROMBOSIS = "ivc_thrombosis", "ICD-10 I82.2?", "Thrombosis of the vena cava"
    GRAFT_THROMBOSIS = "graft_thrombosis", "ICD-10 T82.8?", "Graft thrombosis"
    GRAFT_STENOSIS = "graft_stenosis", "Graft stenosis"
    GRAFT_INFECTION = "graft_infection", "ICD-10 T82.7?", "Graft infection"
    BLEEDING = "bleeding", "ICD-10 T81.0?", "Bleeding"
    AKI = "aki", "ICD-10 N17?", "Acute kidney injury"
    DIALYSIS = "dialysis", "Dialysis"
    LIVER_FAILURE = "liver_failure", "ICD-10 K72?", "Liver failure"
    BUDD_CHIARI = "budd_chiari", "Budd-Chiari syndrome"
    ASCITES = "ascites", "Ascites"
    LYMPH_CHYLE_LEAK = "lymph_chyle_leak", "ICD-10 I89.8?", "Lymph or chyle leak"
    BILE_LEAK = "bile_leak", "Bile leak"
    PANCREATIC_FISTULA = "pancreatic_fistula", "Pancreatic fistula"
    BOWEL_LEAK_FISTULA = "bowel_leak_fistula", "Bowel leak or fistula"
    ILEUS = "ileus", "Ileus"
    PNEUMONIA = "pneumonia", "Pneumonia"
    RESPIRATORY_FAILURE = "respiratory_failure", "Respiratory failure"
    CARDIAC = "cardiac", "Cardiac complication"
    STROKE = "stroke", "Stroke"
    SEPSIS = "sepsis", "Sepsis"
    SSI_SUPERFICIAL = "ssi_superficial", "Superficial surgical-site infection"
    SSI_DEEP = "ssi_deep", "Deep surgical-site infection"
    COMPARTMENT_SYNDROME = "compartment_syndrome", "Compartment syndrome"
    LEG_EDEMA = "leg_edema", "Leg edema"
    WOUND_DEHISCENCE = "wound_dehiscence", "Wound dehiscence"
    MULTIORGAN_FAILURE = "multiorgan_failure", "Multiorgan failure"
    OTHER = "other", "Other"


VENOUS_THROMBOSES = frozenset({ComplicationType.DVT, ComplicationType.IVC_THROMBOSIS})
THROMBOEMBOLIC = VENOUS_THROMBOSES | {ComplicationType.PE, ComplicationType.GRAFT_THROMBOSIS}


class ClavienDindo(Vocabulary):
    """Clavien-Dindo grade, in order of severity; disability (suffix d) is a field of its own."""

    I = "I", "SCT 1367519000", "I: deviation, no drugs beyond the allowed list"  # noqa: E741
    II = "II", "SCT 1367520006", "II: other drugs, transfusion, parenteral nutrition"
    IIIA = "IIIa", "SCT 1367522003", "IIIa: intervention without general anesthesia"
    IIIB = "IIIb", "SCT 1367523008", "IIIb: intervention under general anesthesia"
    IVA = "IVa", "SCT 1367525001", "IVa: life-threatening, one organ (dialysis included)"
    IVB = "IVb", "SCT 1367526000", "IVb: life-threatening, several organs"
    V = "V", "SCT 1367527009", "V: death"


CLAVIEN_DINDO_RANK: dict[str, int] = {grade: rank for rank, grade in enumerate(ClavienDindo, start=1)}


class ComplicationSeverity(Vocabulary):
    """Grades of a complication's own scale: KDIGO, ISGLS, ISTH, CEAP-like."""

    ISTH_MAJOR = "isth_major", "Bleeding, ISTH major"
    ISTH_MINOR = "isth_minor", "Bleeding, not major"
    KDIGO_1 = "kdigo_1", "Kidney injury, KDIGO 1"
    KDIGO_2 = "kdigo_2", "Kidney injury, KDIGO 2"
    KDIGO_3 = "kdigo_3", "Kidney injury, KDIGO 3"
    ISGLS_A = "isgls_a", "Liver failure, ISGLS A"
    ISGLS_B = "isgls_b", "Liver failure, ISGLS B"
    ISGLS_C = "isgls_c", "Liver failure, ISGLS C"
    EDEMA_MILD = "edema_mild", "Edema, mild"
    EDEMA_SEVERE = "edema_severe", "Edema, severe"


class ComplicationTreatment(Vocabulary):
    NONE = "none", "None"
    DRUGS = "drugs", "Drugs"
    TRANSFUSION = "transfusion", "Transfusion"
    RADIOLOGY = "radiology", "Radiological intervention"
    ENDOSCOPY = "endoscopy", "Endoscopy"
    REOPERATION = "reoperation", "Reoperation"
    ICU = "icu", "Intensive care"
    DIALYSIS = "dialysis", "Dialysis"


class ComplicationOutcome(Vocabulary):
    RESOLVED = "resolved", "Resolved"
    SEQUELAE = "sequelae", "Sequelae"
    ONGOING = "ongoing", "Ongoing"
    DEATH = "death", "Death"


class DischargeTo(Vocabulary):
    HOME = "home", "Home"
    REHAB = "rehab", "Rehabilitation"
    OTHER_HOSPITAL = "other_hospital", "Other hospital"
    DIED = "died", "Died in hospital"


class Agent(Vocabulary):
    NONE = "none", "None"
    UFH = "ufh", "Unfractionated heparin"
    LMWH_PROPHYLACTIC = "lmwh_prophylactic", "Low-molecular-weight heparin, prophylactic"
    LMWH_THERAPEUTIC = "lmwh_therapeutic", "Low-molecular-weight heparin, therapeutic"
    VKA = "vka", "Vitamin K antagonist"
    DOAC = "doac", "Direct oral anticoagulant"
    ASPIRIN = "aspirin", "Aspirin"
    CLOPIDOGREL = "clopidogrel", "Clopidogrel"


class AntithromboticIntent(Vocabulary):
    PROPHYLAXIS = "prophylaxis", "Prophylaxis"
    GRAFT_PATENCY = "graft_patency", "Graft patency"
    VTE_TREATMENT = "vte_treatment", "Treatment of thromboembolism"
    AF = "af", "Atrial fibrillation"
    OTHER = "other", "Other"


class PlannedDuration(Vocabulary):
    THREE_MONTHS = "3_months", "3 months"
    SIX_MONTHS = "6_months", "6 months"
    TWELVE_MONTHS = "12_months", "12 months"
    LIFELONG = "lifelong", "Lifelong"
    UNTIL_REVIEW = "until_review", "Until review"


class AntithromboticStop(Vocabulary):
    COMPLETED = "completed", "Completed"
    BLEEDING = "bleeding", "Bleeding"
    OCCLUSION = "occlusion", "Occlusion"
    PATIENT = "patient", "Patient's choice"
    OTHER = "other", "Other"


class ContactType(Vocabulary):
    CLINIC = "clinic", "Clinic"
    PHONE = "phone", "Telephone"
    GP_LETTER = "gp_letter", "Letter from the family doctor"
    REGISTRY_LINKAGE = "registry_linkage", "Registry linkage"
    IMAGING_ONLY = "imaging_only", "Imaging only"
    PUBLICATION = "publication", "Publication"


class VitalStatus(Vocabulary):
    ALIVE = "alive", "Alive"
    DEAD = "dead", "Dead"
    LOST = "lost", "Lost to follow-up"


class DiseaseStatus(Vocabulary):
    NED = "NED", "OMOP 2000100071", "No evidence of disease"
    AWD = "AWD", "OMOP 2000100075", "Alive with disease"
    NOT_ASSESSED = "not_assessed", "Not assessed"


class TimeQualifier(Vocabulary):
    """How exactly a published interval is known."""

    EXACT = "exact", "As printed"
    APPROXIMATE = "approximate", "Approximate"
    AT_LEAST = "at_least", "At least"


class GraftStatus(Vocabulary):
    PATENT = "patent", "Patent"
    STENOSIS_LT50 = "stenosis_lt50", "Stenosis below 50%"
    STENOSIS_GE50 = "stenosis_ge50", "Stenosis of 50% or more"
    OCCLUDED = "occluded", "Occluded"
    REMOVED = "removed", "Removed"
    NOT_ASSESSED = "not_assessed", "Not assessed"
    NO_GRAFT = "no_graft", "No graft"


class LegEdema(Vocabulary):
    NONE = "none", "None"
    MILD = "mild", "Mild"
    SEVERE = "severe", "Severe"


class Ceap(Vocabulary):
    C0 = "C0", "C0"
    C1 = "C1", "C1"
    C2 = "C2", "C2"
    C3 = "C3", "C3"
    C4 = "C4", "C4"
    C5 = "C5", "C5"
    C6 = "C6", "C6"


class WorkStatus(Vocabulary):
    FULL = "full", "Working full time"
    PART = "part", "Working part time"
    NOT_WORKING = "not_working", "Not working"
    RETIRED = "retired", "Retired"


class RecurrenceKind(Vocabulary):
    LOCAL = "local", "Local"
    REGIONAL = "regional", "Regional"
    DISTANT = "distant", "Distant"


class RecurrenceSite(Vocabulary):
    LIVER = "liver", "Liver"
    LUNG = "lung", "Lung"
    BONE = "bone", "Bone"
    PERITONEUM = "peritoneum", "Peritoneum"
    RETROPERITONEUM = "retroperitoneum", "Retroperitoneum"
    IVC_STUMP_OR_GRAFT = "ivc_stump_or_graft", "Vena cava stump or graft"
    SOFT_TISSUE = "soft_tissue", "Soft tissue"
    BRAIN = "brain", "Brain"
    NODE = "node", "Lymph node"
    OTHER = "other", "Other"


class DetectedBy(Vocabulary):
    ROUTINE_IMAGING = "routine_imaging", "Routine imaging"
    SYMPTOMS = "symptoms", "Symptoms"
    OTHER = "other", "Other"


class Proof(Vocabulary):
    HISTOLOGY = "histology", "Histology"
    IMAGING = "imaging", "Imaging"


class RecurrenceTreatment(Vocabulary):
    SURGERY = "surgery", "Surgery"
    ABLATION = "ablation", "Ablation"
    RT = "rt", "Radiotherapy"
    SYSTEMIC = "systemic", "Systemic therapy"
    SUPPORTIVE = "supportive", "Supportive care"


class RecurrenceResection(Vocabulary):
    R0 = "R0", "R0"
    R1 = "R1", "R1"
    R2 = "R2", "R2"
    NO = "no", "Not resected"


class DeathCause(Vocabulary):
    DISEASE = "disease", "Disease (DOD)"
    TREATMENT_RELATED = "treatment_related", "Treatment-related"
    OTHER = "other", "Other cause (DOC)"
    UNKNOWN = "unknown", "Unknown cause (DUC)"


class DeathSource(Vocabulary):
    CHART = "chart", "Chart"
    CERTIFICATE = "certificate", "Certificate"
    RELATIVE = "relative", "Relative"
    LINKAGE = "linkage", "Linkage"
    PUBLICATION = "publication", "Publication"


# --- review --------------------------------------------------------------------------------------


class Verdict(Vocabulary):
    CONCORDANT = "concordant", "Concordant"
    DEVIATION = "deviation", "Deviation"
    NOT_APPLICABLE = "not_applicable", "Not applicable"
    NOT_ASSESSABLE = "not_assessable", "Not assessable"


# A rule may be asked of several places of one case (each renal vein); the case counts once, with its gravest answer.
GRAVEST_FIRST = (Verdict.DEVIATION, Verdict.NOT_ASSESSABLE, Verdict.CONCORDANT, Verdict.NOT_APPLICABLE)


class Severity(Vocabulary):
    """How much a rule matters: error refuses, query asks; the rest belong to the algorithm."""

    ERROR = "error", "Impossible"
    QUERY = "query", "Implausible, to confirm or correct"
    MAJOR = "major", "Major"
    MINOR = "minor", "Minor"
    SENTINEL = "sentinel", "Sentinel event, to review"
    INFO = "info", "Information"


class Firmness(Vocabulary):
    SEED = "SEED", "Founding paper, 8 patients"
    SEED_INFERRED = "SEED-INFERRED", "Inferred from the founding paper"
    A = "A", "Guideline or consensus"
    B = "B", "Several series agree"
    C = "C", "Single series or case experience"
    D = "D", "Our proposal"
    LOGIC = "LOGIC", "Logic or definition"


class ReviewState(Vocabulary):
    """Where a finding stands: open, answered by its center, decided by a second person, or closed by itself."""

    OPEN = "open", "Open"
    ANSWERED = "answered", "Answered"
    DECIDED = "decided", "Decided"
    CLOSED = "closed", "Closed: the data no longer call for it"


class Decision(Vocabulary):
    """What a second person makes of an answer; wrong data go back to the center to be corrected."""

    ACCEPTED = "accepted", "Accepted"
    NOT_ACCEPTED = "not_accepted", "Not accepted"
    DATA_WRONG = "data_wrong", "The data are wrong: to be corrected"


class Answer(Vocabulary):
    """What a person says to a finding: a query is confirmed, a deviation explained by one of the other reasons."""

    CONFIRMED = "confirmed", "The value is right"
    COLLATERALS_SUFFICIENT = "collaterals_sufficient", "Collaterals were sufficient"
    EMERGENCY = "emergency", "Emergency"
    PATIENT_CHOICE = "patient_choice", "The patient's choice"
    COMORBIDITY = "comorbidity", "Comorbidity"
    TECHNICAL_UNRESECTABLE = "technical_unresectable", "Technically not resectable"
    MDT_DECISION = "mdt_decision", "Decision of the tumor board"
    CONTAMINATED_FIELD = "contaminated_field", "Contaminated field"
    PALLIATIVE_INTENT = "palliative_intent", "Palliative intent"
    HISTORICAL_CASE = "historical_case", "Operated before the rule was in force"
    OTHER_TEXT = "other_text", "Another reason"


EXPLANATIONS = tuple(answer for answer in Answer if answer != Answer.CONFIRMED)


# --- work -----------------------------------------------------------------------------------------


class AttemptOutcome(Vocabulary):
    """What came of an attempt to reach a patient."""

    ALIVE = "alive", "Alive"
    DEAD = "dead", "Dead"
    UNREACHABLE = "unreachable", "Not reached"


class TransferState(Vocabulary):
    """How far the handing over of a patient's follow-up is; the last three are over."""

    OFFERED = "offered", "Offered"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    RETURNED = "returned", "Returned"
