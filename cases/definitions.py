"""What the codes mean: one sentence for each code whose label does not define itself.

Pure data, shown where a code is chosen and printed in the data dictionary. The borders of the segments are the
registry's working definition; grades and classes are told as their own publications define them.
"""

from cases import vocabulary as v

DEFINITIONS: dict[type[v.Vocabulary], dict[str, str]] = {
    v.Missing: {
        "NK": "Somebody looked or asked, and the answer cannot be found any more.",
        "ND": "The test, measurement or treatment was not carried out.",
        "NA": "The question makes no sense for this patient.",
        "NR": "The answer exists and will follow; until then the case stays a draft.",
    },
    v.Status: {
        "draft": "Something that a complete case needs is still missing; it can be saved at any time.",
        "complete": "Every needed answer is there, or the reason why there is none.",
        "locked": "Closed for changes by the data manager.",
    },
    # --- patient and consent
    v.Sex: {"other": "Neither female nor male by the administrative record."},
    v.ConsentBasis: {
        "written": "The patient signed a consent form.",
        "waiver_retrospective": "An ethics board allowed past data to be used without consent.",
        "deceased_waiver": "An ethics board allowed the data of patients who had died to be used.",
        "refused": "The patient said no; the case may hold no clinical data.",
        "withdrawn": "The patient agreed first and took it back later; say what is to happen with the data.",
    },
    v.ConsentScope: {
        "registry": "The data may be kept in this registry; without it there can be no case.",
        "reports": "The data may be counted in reports of the whole registry, not only in those of the own center.",
        "data_sharing_third_party": "The data may be given to others for research, de-identified.",
        "tissue": "Tissue may be used for research.",
        "recontact": "The patient may be asked again.",
        "linkage": "The data may be linked with other registers, such as that of causes of death.",
    },
    v.WithdrawalEffect: {
        "stop_collection": "Data up to the day of withdrawal stay, nothing is added; the patient is censored then.",
        "stop_use": "Nothing is added, and no report, export or curve to come counts the case.",
        "erase": "All clinical data of the patient are removed.",
    },
    # --- presentation
    v.Symptom: {
        "incidental": "Found by chance on imaging or at an operation done for something else; excludes the others.",
        "mass": "Felt by the patient or at examination.",
        "leg_edema": "Swelling of one or both legs from hindered outflow.",
        "dvt": "Thrombus in a deep vein of leg or pelvis, shown by imaging.",
        "budd_chiari": "Congestion of the liver from blocked hepatic veins: pain, large liver, ascites.",
        "dyspnea": "Breathlessness, from a tumor that reaches the atrium or from emboli.",
    },
    v.Collaterals: {
        "none": "No veins around the obstruction were seen.",
        "moderate": "Some are seen, not enough to be sure that they carry the whole flow.",
        "well_developed": "Wide lumbar, azygos or gonadal veins carry the flow; tying off may then be tolerated.",
    },
    # --- work-up
    v.DiagnosisBasis: {
        "biopsy": "Tissue taken before the operation.",
        "surgical_specimen": "Proved only by what was removed.",
        "autopsy": "Proved after death.",
        "cytology": "Cells without tissue; weak proof of a sarcoma.",
    },
    v.ImagingResult: {
        "no_disease": "No sign of tumor in the regions covered.",
        "disease": "Tumor is seen, wherever.",
        "indeterminate": "Something is seen that may or may not be tumor.",
    },
    v.Occlusion: {
        "patent": "Blood passes the tumor freely.",
        "partial": "The lumen is narrowed, some blood passes.",
        "complete": "No blood passes the tumor.",
    },
    v.BiopsyType: {
        "core_needle": "A hollow needle takes cylinders of tissue; the usual way.",
        "fna": "A fine needle takes cells alone.",
        "incisional": "A part of the tumor is cut out openly.",
        "excisional": "The whole tumor is cut out for the diagnosis.",
        "endovascular": "Forceps take tissue from inside the vein.",
    },
    v.BiopsyRoute: {
        "retroperitoneal_percutaneous": "Through the skin of back or flank, without entering the abdominal cavity.",
        "transperitoneal": "Through the abdominal cavity; cells may be spread in it.",
        "transvenous": "Through a catheter in the vein.",
        "open": "At an operation.",
    },
    v.MdtPhase: {
        "pre_biopsy": "Before tissue was taken.",
        "pre_treatment": "With a diagnosis, before the first treatment.",
        "post_operative": "With the pathology of the resection.",
        "recurrence": "When the tumor had come back.",
    },
    v.Intent: {
        "curative": "To remove or destroy all of the tumor.",
        "palliative": "To relieve, with tumor knowingly left.",
    },
    # --- tumor
    v.Segment: {
        "infrarenal": "From the confluence of the iliac veins to just below the mouths of the renal veins.",
        "interrenal": "The part that carries the mouths of the renal veins.",
        "suprarenal": "Above the renal veins and below the liver.",
        "retrohepatic": "Behind the liver, up to the main hepatic veins.",
        "infradiaphragmatic": "From the mouths of the hepatic veins to the diaphragm.",
        "supradiaphragmatic": "From the diaphragm to the entry into the right atrium.",
        "intracardial": "In the right atrium, and beyond.",
    },
    v.Level: {
        "lower": "Below the renal veins.",
        "middle": "From the renal veins to the hepatic veins.",
        "upper": "From the hepatic veins to the right atrium.",
    },
    v.SegmentSource: {
        "imaging": "As seen on CT or MRI.",
        "operation": "As found at the operation; it counts more than imaging.",
    },
    v.Growth: {
        "intravasal": "Inside the lumen of the vein; also called intraluminal.",
        "extravasal": "Outwards from the wall of the vein; also called extraluminal.",
        "mixed": "Both inside the lumen and outwards from the wall; also called dumbbell.",
    },
    v.Thrombus: {
        "none": "No thrombus but tumor.",
        "below_tumor": "Clot without tumor caudal to the tumor.",
        "above_tumor": "Clot without tumor cranial to the tumor.",
        "both": "Clot without tumor on both sides.",
    },
    v.VeinInvolvement: {
        "no": "The vein is free of tumor.",
        "ostium": "Tumor reaches the mouth of the vein.",
        "lumen": "Tumor grows into the vein itself.",
    },
    v.Organ: {
        "liver_minor": "Up to two segments of the liver.",
        "liver_major": "Three or more segments of the liver.",
    },
    v.NodeStage: {
        "N0": "No tumor in regional lymph nodes.",
        "N1": "Tumor in regional lymph nodes; stage IIIB in the retroperitoneum.",
        "NX": "Regional lymph nodes cannot be assessed.",
    },
    v.MetastasisStage: {"M0": "No distant metastasis.", "M1": "Distant metastasis; stage IV."},
    v.Origin: {
        "ivc_certain": "The tumor clearly arises from the wall of the vena cava.",
        "ivc_probable": "It grows inside the vein, or free margins needed the vein's removal.",
        "retroperitoneal_invading": "It arises beside the vein and invades it; such a case is not eligible.",
    },
    v.PresentationType: {
        "primary": "First appearance of the tumor; counts in the main survival curve.",
        "recurrent": "Came back after an earlier resection; stays out of the main survival curve.",
        "residual_after_outside_surgery": "Left by an operation elsewhere; stays out of the main survival curve.",
    },
    # --- therapy
    v.Setting: {
        "neoadjuvant": "Before the resection.",
        "adjuvant": "After a resection that left no visible tumor.",
        "recurrence": "For a tumor that came back.",
        "palliative": "Against tumor that will not be removed.",
    },
    v.TherapyModality: {"none_given": "Says that in this setting nothing was given, on purpose."},
    v.Recist: {
        "CR": "All target lesions are gone.",
        "PR": "The sum of diameters fell by 30% or more.",
        "SD": "Neither shrunk enough for a response nor grown enough for progression.",
        "PD": "The sum of diameters grew by 20% or more, or there are new lesions.",
        "NE": "Cannot be evaluated, for example without comparable imaging.",
    },
    # --- operation
    v.OperationType: {
        "index_resection": "The resection of the vena cava tumor: time zero of survival; a case has one.",
        "exploration_only": "Opened and closed without resection.",
        "palliative": "Relieves, without removing the tumor.",
        "reoperation_complication": "Any later operation for a complication.",
        "resection_recurrence": "Removes tumor that came back at or near its place.",
        "metastasectomy": "Removes metastases.",
    },
    v.Urgency: {
        "elective": "Planned.",
        "urgent": "Within days, in the same stay.",
        "emergency": "At once, to save life.",
    },
    v.Approach: {
        "chevron": "Cut under both rib margins.",
        "median_laparotomy": "Cut in the midline of the abdomen.",
        "right_subcostal": "Cut under the right rib margin alone.",
        "j_makuuchi": "Midline cut that turns to the right between the ribs.",
        "thoracoabdominal": "One cut through chest wall and abdomen.",
        "sternotomy": "Division of the breastbone.",
        "right_thoracotomy": "Cut between the right ribs.",
        "retroperitoneal_flank": "From the flank, without entering the abdominal cavity.",
        "converted": "Begun minimally invasive and opened; choose it beside the incision.",
    },
    v.ExposureStep: {
        "kocher_cattell": "Duodenum, or right colon and small bowel, are turned to the left to show the vein.",
        "staged_ivc_dissection": "The vein is freed step by step from below upwards.",
        "infrarenal_control": "The vein is taped below the renal veins.",
        "renal_vein_control": "Both renal veins are taped.",
        "suprarenal_control": "The vein is taped between renal veins and liver.",
        "piggyback_mobilization": "The liver is lifted off the vein by dividing the short hepatic veins.",
        "right_liver_mobilization": "The right liver is freed from its ligaments and turned to the left.",
        "hanging_maneuver": "A tape is drawn between liver and vein, and the liver is divided along it.",
        "diaphragm_incision": "The diaphragm is opened to reach the vein above it.",
        "intrapericardial_control": "The vein is taped inside the pericardium.",
    },
    v.VascularExclusion: {
        "none": "No clamp on the vena cava.",
        "partial_clamp": "A side clamp; blood goes on passing.",
        "infrahepatic_clamp": "Cross-clamp below the liver.",
        "suprahepatic_clamp": "Cross-clamp above the liver.",
        "total_hepatic_exclusion": "Clamps above and below the liver and on its inflow (Pringle).",
    },
    v.Bypass: {
        "venovenous": "A pump carries blood from legs or portal vein to the heart.",
        "cardiopulmonary": "Heart-lung machine.",
        "hypothermic_arrest": "The circulation is stopped in deep cold; needs cardiopulmonary bypass.",
        "portocaval_shunt": "Portal blood is led into the vena cava for the time of clamping.",
    },
    v.ResectionType: {
        "tangential_wall": "A part of the wall is removed, the vein stays continuous.",
        "circumferential": "A whole ring of the vein is removed; also called circular.",
        "thrombectomy_only": "Tumor is taken out of the lumen, the wall stays.",
        "none": "Nothing of the vein was removed.",
    },
    v.GrossResult: {
        "complete": "The surgeon saw no tumor left.",
        "macroscopic_residue": "The surgeon saw tumor left.",
    },
    v.IntraoperativeEvent: {
        "major_bleeding": "Bleeding that changed the course of the operation.",
        "tumor_embolism": "Tumor was carried to heart or lungs during the operation.",
    },
    # --- reconstruction
    v.IvcMethod: {
        "primary_closure": "The edges of the wall are sutured.",
        "patch": "The gap in the wall is covered with a patch.",
        "ligation": "The vein is tied off and not rebuilt; say why.",
        "tube_graft": "A straight prosthesis or donor vessel replaces the vein.",
        "bifurcated_graft": "A Y-shaped graft replaces the confluence of the iliac veins.",
        "autologous_tube": "A tube made of the patient's own tissue replaces the vein.",
        "not_needed": "The resection left nothing to repair.",
    },
    v.NoReconstructionReason: {
        "collaterals": "Other veins carry the flow already.",
        "chronic_occlusion": "The vein had been closed for long.",
        "contamination": "A graft would lie in a contaminated field.",
        "instability": "The patient could not bear a longer operation.",
        "palliative": "The operation only relieved.",
    },
    v.Material: {
        "ptfe": "Polytetrafluoroethylene, as reports name it without saying whether it is expanded.",
        "eptfe": "Expanded polytetrafluoroethylene; Gore-Tex is a brand of it.",
        "dacron": "Woven or knitted polyester.",
    },
    v.Handling: {
        "not_exposed": "The vein was not reached in this operation.",
        "preserved": "It was freed and kept in continuity.",
        "reimplanted_graft": "It was sewn into the graft.",
        "reimplanted_ivc": "It was sewn into the remaining vena cava.",
        "interposition": "A graft of its own joins it to vena cava or graft.",
        "ligated": "It was tied off on purpose; a right kidney then has no way out for its blood.",
        "with_nephrectomy": "It was removed together with its kidney.",
        "autotransplant": "The kidney was moved to another place in the body.",
        "reconstructed_atrium": "It was joined to the right atrium.",
    },
    # --- pathology
    v.Grade: {
        "G1": "FNCLCC sum 2 or 3: low grade.",
        "G2": "FNCLCC sum 4 or 5: intermediate grade.",
        "G3": "FNCLCC sum 6 to 8: high grade.",
        "GX": "Cannot be graded, as after chemotherapy or radiation.",
    },
    v.Margin: {
        "R0": "No tumor at the margin under the microscope.",
        "R1": "Tumor at the margin under the microscope only; say by which definition.",
        "R2": "Tumor left that could be seen.",
        "RX": "The margin cannot be assessed, or R0 and R1 cannot be told apart.",
    },
    v.RDefinition: {
        "0mm": "Margins are positive when ink touches tumor.",
        "1mm": "Margins are positive when tumor lies within 1 mm of the ink.",
    },
    v.Agreement: {
        "agreed": "The reviewer said the same.",
        "minor_change": "A difference that would not have changed the treatment.",
        "major_change": "A difference that would have changed the treatment.",
    },
    # --- early outcome
    v.ClavienDindo: {
        "I": "A deviation that needs no drugs but those for nausea, fever, pain, diuretics and electrolytes.",
        "II": "Other drugs, transfusion or parenteral nutrition; a transfusion or heparin alone is II.",
        "IIIa": "Surgical, endoscopic or radiological intervention without general anesthesia.",
        "IIIb": "Surgical, endoscopic or radiological intervention under general anesthesia.",
        "IVa": "Life-threatening, with failure of one organ; dialysis is IVa.",
        "IVb": "Life-threatening, with failure of several organs.",
        "V": "Death of the patient; fill in the form on death.",
    },
    v.ComplicationSeverity: {
        "isth_major": "Fatal, in a critical organ, or with a fall of hemoglobin by 20 g/L or two units transfused.",
        "isth_minor": "Bleeding that does not meet the criteria of a major one.",
        "kdigo_1": "Creatinine 1.5 to 1.9 times the baseline, or risen by 26.5 umol/L.",
        "kdigo_2": "Creatinine 2 to 2.9 times the baseline.",
        "kdigo_3": "Creatinine 3 times the baseline, above 353.6 umol/L, or dialysis.",
        "isgls_a": "Abnormal liver values that change nothing in the treatment.",
        "isgls_b": "Treatment is changed, without invasive measures.",
        "isgls_c": "Invasive treatment is needed.",
        "edema_mild": "Swelling that compression controls.",
        "edema_severe": "Swelling that hinders walking or damages the skin.",
    },
    v.ComplicationOutcome: {
        "resolved": "Gone without consequence.",
        "sequelae": "Over, with lasting damage.",
        "ongoing": "Not over at last contact.",
        "death": "The patient died of it.",
    },
    # --- follow-up
    v.VitalStatus: {
        "alive": "Known alive on the day of this contact.",
        "dead": "Known dead; fill in the form on death.",
        "lost": "Could not be reached; the patient is counted until the last contact before.",
    },
    v.DiseaseStatus: {
        "NED": "No evidence of disease (NED) on examination and imaging.",
        "AWD": "Alive with disease (AWD): tumor is known anywhere.",
        "not_assessed": "Nobody looked for tumor at this contact.",
    },
    v.TimeQualifier: {
        "exact": "The interval is printed as such.",
        "approximate": "Rounded, or read from a figure.",
        "at_least": "The interval is a lower bound.",
    },
    v.GraftStatus: {
        "patent": "Blood flows without narrowing.",
        "stenosis_lt50": "Narrowed by less than half of the diameter.",
        "stenosis_ge50": "Narrowed by half of the diameter or more.",
        "occluded": "No flow.",
        "removed": "Taken out.",
        "not_assessed": "Nobody looked at the graft at this contact.",
        "no_graft": "The vein was closed, patched or tied off.",
    },
    v.LegEdema: {
        "mild": "Swelling that compression controls.",
        "severe": "Swelling that hinders walking or damages the skin.",
    },
    v.Ceap: {
        "C0": "No sign of venous disease that can be seen or felt.",
        "C1": "Spider or reticular veins.",
        "C2": "Varicose veins.",
        "C3": "Edema.",
        "C4": "Changes of skin or subcutaneous tissue.",
        "C5": "Healed venous ulcer.",
        "C6": "Open venous ulcer.",
    },
    v.RecurrenceKind: {
        "local": "At the place of the resection: bed of the tumor, stump or graft.",
        "regional": "Near it: retroperitoneum, peritoneum or regional lymph nodes.",
        "distant": "Elsewhere in the body, as liver, lung or bone.",
    },
    v.Proof: {"histology": "Tissue was examined.", "imaging": "Seen on imaging alone."},
    v.RecurrenceResection: {
        "R0": "No tumor at the margin under the microscope.",
        "R1": "Tumor at the margin under the microscope only.",
        "R2": "Tumor left that could be seen.",
    },
    v.DeathCause: {
        "disease": "Of the leiomyosarcoma (DOD).",
        "treatment_related": "Of an operation, drug or radiation given for it.",
        "other": "Of anything else (DOC).",
        "unknown": "Cause not known (DUC).",
    },
}
