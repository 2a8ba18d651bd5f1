"""What the wordings of the published cases mean in the registry's codes.

Each wording that occurs stands here once, literally, so that nothing is read by guessing: a wording that is
not listed stops the mapping. `{}` means: no code says it, so it stays in words in the note of the case.
"""

from __future__ import annotations

Answers = dict[str, str]

SEX: dict[str, str] = {"F": "female", "M": "male"}

LEVEL: dict[str, str] = {"I": "lower", "II": "middle", "III": "upper", "I-II": "", "II-III": ""}

SYMPTOMS: dict[str, Answers] = {
    wording: {"presentation.symptoms": codes} if codes else {}
    for wording, codes in {
        "abdominal ache 2 months": "abdominal_pain",
        "abdominal and chest pain, leg swelling 4 months; Budd-Chiari": "abdominal_pain|leg_edema|budd_chiari|other",
        "abdominal discomfort (since August 2015)": "abdominal_pain",
        "abdominal distension, leg edema, Budd-Chiari, Child-Pugh B": "leg_edema|budd_chiari|other",
        "abdominal pain": "abdominal_pain",
        "abdominal pain 7 months": "abdominal_pain",
        "abdominal pain and epigastric mass": "abdominal_pain|mass",
        "abdominal pain, nausea, fever 4 days; liver metastases at diagnosis": "abdominal_pain|fever|other",
        "abdominal pain, palpable mass": "abdominal_pain|mass",
        "abdominal wall collaterals, palpable tumor": "mass",
        "asthenia, right upper quadrant pain 2 years; adrenal insufficiency": "abdominal_pain|other",
        "back and abdominal pain": "abdominal_pain|back_flank_pain",
        "back pain": "back_flank_pain",
        "back pain, leg swelling, weight loss over 1 year": "back_flank_pain|leg_edema|weight_loss",
        "dyspnea 2 years": "dyspnea",
        "epigastric pain": "abdominal_pain",
        "epigastric pain 5 months; hypertension": "abdominal_pain",
        "incidental": "incidental",
        "incidental (CT check-up)": "incidental",
        "incidental (MRI after accident)": "incidental",
        "incidental (ultrasound)": "incidental",
        "left leg DVT": "dvt",
        "leg swelling, fatigue": "leg_edema|other",
        "lumbar pain": "back_flank_pain",
        "lumbar/abdominal pain, right flank mass": "abdominal_pain|back_flank_pain|mass",
        "lung metastases at presentation": "",
        "metachronous skin leiomyosarcomas; IVC mass on PET/CT": "",
        "recurrent IVC leiomyosarcoma": "",
        "right back pain": "back_flank_pain",
        "right flank pain": "back_flank_pain",
        "right hypochondrial ache 14 years; flank mass": "abdominal_pain|mass",
        "right upper quadrant pain": "abdominal_pain",
        "right upper quadrant pain, asthenia, dyspepsia": "abdominal_pain|other",
        "right upper quadrant pain, leg edema": "abdominal_pain|leg_edema",
        "weight loss 3 months, abdominal mass": "mass|weight_loss",
    }.items()
}
for _wording, _more in {
    "abdominal discomfort (since August 2015)": {"presentation.first_symptom_on": "2015-08"},
    "abdominal pain, nausea, fever 4 days; liver metastases at diagnosis": {
        "tumor.metastasis_at_diagnosis": "true",
        "tumor.metastasis_sites": "liver",
    },
    "epigastric pain 5 months; hypertension": {"presentation.hypertension": "true"},
    "lung metastases at presentation": {
        "tumor.metastasis_at_diagnosis": "true",
        "tumor.metastasis_sites": "lung",
    },
}.items():
    SYMPTOMS[_wording].update(_more)

# Only a text that names exactly one of the seven segments, as where the tumor is, gives a segment.
SEGMENTS: dict[str, Answers] = {
    "infrarenal IVC": {"tumor.segments": "infrarenal"},
    "infrarenal IVC to iliac veins": {"tumor.segments": "infrarenal", "tumor.extends_to_iliac_veins": "true"},
    "between Spiegel lobe and IVC (retrohepatic)": {"tumor.segments": "retrohepatic"},
    "infrahepatic on CT; whole retrohepatic IVC resected": {
        "operations.1.resection_type": "circumferential",
        "operations.1.resected_segments": "retrohepatic",
    },
}

GROWTH: dict[str, str] = {
    "extravasal": "extravasal",
    "extravasal (exophytic)": "extravasal",
    "intramural and intraluminal": "intravasal",
    "predominantly extraluminal": "extravasal",
    "predominantly intraluminal": "intravasal",
}

# An FNCLCC grade is meant by "grade 3" alone; "high grade" and "low grade" belong to other systems.
GRADE: dict[str, Answers] = {
    "grade 3": {"pathology.1.fnclcc_grade": "G3"},
    "high grade": {},
    "low grade on biopsy, high grade on specimen": {"biopsies.1.type": "NK"},
    "low grade on core biopsy": {"biopsies.1.type": "core_needle"},
}

Therapies = list[Answers]
NEOADJUVANT: dict[str, Therapies] = {
    "none": [{"setting": "neoadjuvant", "modality": "none_given"}],
    "radiotherapy": [{"setting": "neoadjuvant", "modality": "rt", "rt_dose_gy": "NK"}],
    "radiotherapy 50 Gy plus boost to 55 Gy": [
        {"setting": "neoadjuvant", "modality": "rt", "rt_dose_gy": "55"}
    ],
}
ADJUVANT: dict[str, Therapies] = {
    "none": [{"setting": "adjuvant", "modality": "none_given"}],
    "chemotherapy": [{"setting": "adjuvant", "modality": "chemo", "regimen": "NK"}],
    # No response can be seen only where there is disease: after a recurrence, or not adjuvant; not printed which.
    "chemotherapy (5-FU, gemcitabine), no response": [
        {"setting": "NK", "modality": "chemo", "regimen": "other", "regimen_text": "5-FU, gemcitabine"}
    ],
    "radiochemotherapy, immunotherapy, targeted therapy": [
        {"setting": "adjuvant", "modality": modality} for modality in ("rt", "chemo", "immuno", "targeted")
    ],
    "radiotherapy": [{"setting": "adjuvant", "modality": "rt", "rt_dose_gy": "NK"}],
    "radiotherapy 50.4 Gy/28 fractions": [
        {"setting": "adjuvant", "modality": "rt", "rt_dose_gy": "50.4", "rt_fractions": "28"}
    ],
}

APPROACH: dict[str, str] = {
    "anterior laparotomy": "",
    "laparoscopic": "laparoscopic",
    "midline laparotomy": "median_laparotomy",
    "right 8th intercostal thoracoabdominal": "thoracoabdominal",
    "robot-assisted transperitoneal": "robotic",
}

NOT_OPERATED = "none (chemotherapy only)"
_COMPLETE = {"gross_result": "complete"}
_CIRCULAR = {"resection_type": "circumferential"}
_WALL = {"resection_type": "tangential_wall"}
_EX_VIVO = {"ex_vivo_liver": "true"}
RESECTION: dict[str, Answers] = {
    "IVC resection": {},
    "circumferential": _CIRCULAR,
    "circumferential IVC resection": _CIRCULAR,
    "complete": _COMPLETE,
    "complete resection": _COMPLETE,
    "complete resection of IVC segment": _COMPLETE | _CIRCULAR,
    "complete; about 5 cm of IVC excised": _COMPLETE | {"resected_length_mm": "50"},
    "en bloc": {},
    "en bloc IVC resection": {},
    "en bloc caval resection": {},
    "en bloc with IVC segment": _CIRCULAR,
    "entire IVC en bloc with ex vivo liver resection": _CIRCULAR | _EX_VIVO,
    "ex vivo back-table resection with liver reimplantation, atrial reconstruction": _EX_VIVO,
    "ex vivo liver resection and autotransplantation with tumor resection": _EX_VIVO,
    "ex vivo liver resection, hepatic vein thrombectomy, atrial reconstruction": _EX_VIVO,
    "excision": {},
    "partial IVC resection": {},
    "partial IVC resection after failed en bloc attempt": {},
    "partial IVC wall": _WALL,
    "radical excision": {},
    "radical resection": {},
    "resection": {},
    "semicircumferential": _WALL,
    "suprarenal thrombectomy; infrarenal IVC resection to both common iliac veins": {},
    "surgical resection in 2010": {"operated_on": "2010"},
    "tangential (wedge of IVC wall)": _WALL,
    "tangential wall resection (vascular staplers)": _WALL,
    "wide complete resection": _COMPLETE,
}

ORGANS: dict[str, str] = {
    "left lateral liver lobectomy": "liver_minor",
    "left lateral liver resection": "liver_minor",
    "nephrectomy; adrenalectomy; retroperitoneal soft tissue": "",  # which side is not printed
    "right adrenalectomy": "right_adrenal",
    "right hepatectomy with caudate; right nephrectomy": "right_kidney|liver_major|caudate",
    "right hepatic posterosuperior segment; right adrenalectomy": "right_adrenal|liver_minor",
    "right nephrectomy": "right_kidney",
    "right nephrectomy; cholecystectomy": "right_kidney|gallbladder",
    "right nephrectomy; right adrenalectomy; partial left renal vein resection": "right_kidney|right_adrenal",
    "right radical nephrectomy": "right_kidney",
}

BYPASS: dict[str, Answers] = {
    "cardiopulmonary bypass": {"bypass": "cardiopulmonary"},
    "cardiopulmonary bypass 84 min (anhepatic 128 min)": {"bypass": "cardiopulmonary", "bypass_min": "84"},
    "temporary portocaval shunt; cold ischemia 2 h": {"bypass": "portocaval_shunt"},
    "venovenous bypass": {"bypass": "venovenous"},
}

_TUBE = {"ivc_method": "tube_graft"}
_LIGATED = {"ivc_method": "ligation", "no_reconstruction_reason": "NK"}
_COLLATERALS = {"ivc_method": "ligation", "no_reconstruction_reason": "collaterals"}
IVC: dict[str, Answers] = {
    "autologous reconstruction": {},
    "biological graft": _TUBE,
    "cavoplasty": {},
    "ends oversewn, no reconstruction": _LIGATED,
    "graft (material not seen)": _TUBE,
    "interrupted (ligated), no reconstruction": _LIGATED,
    "ligated (retrohepatic), no reconstruction": _LIGATED,
    "ligated and resected below renal veins": _LIGATED,
    "ligated, no reconstruction": _LIGATED,
    "no reconstruction": {},
    "no reconstruction (collaterals)": _COLLATERALS,
    "no reconstruction needed": {"ivc_method": "not_needed"},
    "patch": {"ivc_method": "patch"},
    "primary (lumen preserved)": {"ivc_method": "primary_closure"},
    "primary repair": {"ivc_method": "primary_closure"},
    "primary suture": {"ivc_method": "primary_closure"},
    "prosthetic graft": _TUBE,
    "reconstruction (material not seen)": {},
}

_RINGED = {"ringed": "true"}
MATERIAL: dict[str, Answers] = {
    "Dacron": {"material": "dacron"},
    "Gore-Tex (ePTFE)": {"material": "eptfe", "brand": "Gore-Tex"},
    "PTFE": {"material": "ptfe"},
    "PTFE patch": {"material": "ptfe"},
    "bovine pericardium (interposition)": {"material": "bovine_pericardium"},
    "coated polyester": {"material": "dacron"},
    "cryopreserved cadaveric vein patch": {"material": "cryopreserved_homograft"},
    "ePTFE": {"material": "eptfe"},
    "fresh deceased-donor caval vein": {"material": "fresh_homograft"},
    "polyethylene terephthalate (Dacron)": {"material": "dacron"},
    "ringed Gore-Tex (ePTFE)": {"material": "eptfe", "brand": "Gore-Tex"} | _RINGED,
    "ringed PTFE": {"material": "ptfe"} | _RINGED,
    "ringed ePTFE": {"material": "eptfe"} | _RINGED,
    "saphenous vein and right renal vein": {},
}

RENAL_VEIN: dict[str, str] = {
    "confluence intact": "preserved",
    "distal part invaded": "",
    "divided, collaterals preserved": "ligated",
    "ligated (collateral drainage)": "ligated",
    "not involved": "",
    "not reimplanted (collaterals)": "ligated",
    "reconstructed": "NK",
    "reimplanted into IVC": "reimplanted_ivc",
}

MARGIN: dict[str, Answers] = {
    "R0": {"pathology.1.margin": "R0", "operations.1.gross_result": "complete"},
    "R0 (clear)": {"pathology.1.margin": "R0", "operations.1.gross_result": "complete"},
    "R0 (negative)": {"pathology.1.margin": "R0", "operations.1.gross_result": "complete"},
    "R0 (tumor free)": {"pathology.1.margin": "R0", "operations.1.gross_result": "complete"},
    "R0 or R1": {"operations.1.gross_result": "complete"},
    "closest 1 mm": {"pathology.1.closest_margin_mm": "1"},
}

Complications = list[Answers]
COMPLICATIONS: dict[str, Complications | None] = {
    "none": [],
    "none related to IVC flow or kidney": None,
    "DVT left leg, treated with anticoagulants": [{"type": "dvt", "treatment": "drugs"}],
    "DVT on postoperative day 21": [{"type": "dvt", "onset_days_after_resection": "21"}],
    "late asymptomatic graft thrombosis": [{"type": "graft_thrombosis"}],
    "postoperative liver dysfunction, conservative": [{"type": "other"}],
    "prosthesis occlusion; transient renal failure": [{"type": "graft_thrombosis"}, {"type": "aki"}],
}

PATENCY: dict[str, str] = {
    "occluded": "occluded",
    "occluded (late, date not seen)": "",  # told by the complication; no visit is printed
    "patent at 12 months": "patent",
}

# The first of several recurrences has the printed time.
RECURRENCE: dict[str, list[Answers]] = {
    "": [{"kind": "NK", "sites": "NK"}],
    "liver": [{"kind": "distant", "sites": "liver"}],
    "liver (resected)": [{"kind": "distant", "sites": "liver", "treatment": "surgery"}],
    "liver and lung, multiple": [{"kind": "distant", "sites": "liver|lung"}],
    "local": [{"kind": "local", "sites": "NK"}],
    "local; later disseminated abdominal": [
        {"kind": "local", "sites": "NK"},
        {"kind": "distant", "sites": "other"},
    ],
    "omentum, later local (middle and upper IVC), stomach, mesentery, left liver, pelvis": [
        {"kind": "distant", "sites": "peritoneum"},
        {"kind": "local", "sites": "ivc_stump_or_graft"},
        {"kind": "distant", "sites": "liver|peritoneum|other"},
    ],
    "recurrence and metastasis": [{"kind": "NK", "sites": "NK"}, {"kind": "distant", "sites": "NK"}],
}

QUALIFIER: dict[str, str] = {"=": "exact", "~": "approximate", ">=": "at_least"}
# Taken as the operation: "treatment" of a resected patient, and where the transcriber assumed it.
FROM_RESECTION: dict[str, bool] = {
    "surgery": True,
    "first surgery": True,
    "surgery (assumed)": True,
    "treatment": True,
    "diagnosis (assumed)": False,
    "reoperation (not primary surgery)": False,
}
DISEASE: dict[str, str] = {"NED": "NED", "AWD": "AWD", "NED after resection of recurrence": "NED"}
DEATH_CAUSE: dict[str, str] = {"DOD": "disease"}

# What the transcriber's notes add, by case.
ORIGIN_NOT_CLEAR = ("cheng2021-C1", "core138328534-C2", "jgis2013-C1", "wjso2009_73-C1")
RECURRENT_AT_OPERATION = ("antolino2018-C1",)
PERHAPS_RECURRENT = ("costa_sbacvrj-C1",)
BIOPSIES: dict[str, str] = {"jgis2013-C1": "core_needle", "sharma2022-C1": "NK", "sonoda2015-C1": "NK"}

# Wordings that a code says only in part: they stay in the note as well.
SAID_IN_PART = frozenset(
    {
        "abdominal ache 2 months",
        "abdominal and chest pain, leg swelling 4 months; Budd-Chiari",
        "abdominal distension, leg edema, Budd-Chiari, Child-Pugh B",
        "abdominal pain 7 months",
        "abdominal pain, nausea, fever 4 days; liver metastases at diagnosis",
        "abdominal wall collaterals, palpable tumor",
        "asthenia, right upper quadrant pain 2 years; adrenal insufficiency",
        "back pain, leg swelling, weight loss over 1 year",
        "dyspnea 2 years",
        "epigastric pain 5 months; hypertension",
        "leg swelling, fatigue",
        "right hypochondrial ache 14 years; flank mass",
        "right upper quadrant pain, asthenia, dyspepsia",
        "weight loss 3 months, abdominal mass",
        "right nephrectomy; right adrenalectomy; partial left renal vein resection",
        "cardiopulmonary bypass 84 min (anhepatic 128 min)",
        "temporary portocaval shunt; cold ischemia 2 h",
        "ligated and resected below renal veins",
        "coated polyester",
    }
)

ANTITHROMBOTICS: dict[str, list[Answers]] = {
    "jgis2013-C1": [
        {"agent": "vka", "planned_duration": "lifelong"},
        {"agent": "aspirin", "planned_duration": "lifelong"},
    ]
}
