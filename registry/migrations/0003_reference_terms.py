"""The terms that the lists begin with. What the data manager has since changed or retired stays; nothing is doubled.

Codes and their names: ICD-10, version 2019, World Health Organization, https://icd.who.int/browse10/2019/en
"""

from django.db import migrations

TERMS = {
    "graft_brand": {
        "GORE-TEX": "Expanded PTFE, W. L. Gore",
        "GORE-TEX, ringed": "Expanded PTFE with rings, W. L. Gore",
        "PROPATEN": "Expanded PTFE with heparin, W. L. Gore",
        "IMPRA": "Expanded PTFE, BD",
        "Advanta VXT": "Expanded PTFE, Getinge",
        "Hemashield": "Dacron with collagen, Getinge",
        "InterGard": "Dacron with collagen, Getinge",
        "Gelsoft": "Dacron with gelatin, Terumo Aortic",
        "Gelweave": "Dacron with gelatin, Terumo Aortic",
        "Omniflow II": "Ovine collagen on a polyester mesh, LeMaitre",
        "XenoSure": "Bovine pericardium, LeMaitre",
        "Vascu-Guard": "Bovine pericardium, Baxter",
        "Peri-Guard": "Bovine pericardium, Baxter",
    },
    "regimen": {
        "Dacarbazine": "",
        "Doxorubicin, pegylated liposomal": "",
        "Epirubicin and ifosfamide": "",
        "Eribulin": "",
        "Gemcitabine": "",
        "Gemcitabine and dacarbazine": "",
        "Ifosfamide": "",
        "Lurbinectedin and doxorubicin": "",
        "Temozolomide": "",
    },
    "cause_of_death": {
        "A41.9": "Sepsis, unspecified",
        "C48.0": "Malignant neoplasm: retroperitoneum",
        "C49.4": "Malignant neoplasm: connective and soft tissue of abdomen",
        "C78.0": "Secondary malignant neoplasm of lung",
        "C78.6": "Secondary malignant neoplasm of retroperitoneum and peritoneum",
        "C78.7": "Secondary malignant neoplasm of liver",
        "C79.5": "Secondary malignant neoplasm of bone and bone marrow",
        "I21.9": "Acute myocardial infarction, unspecified",
        "I26.0": "Pulmonary embolism with acute cor pulmonale",
        "I26.9": "Pulmonary embolism without acute cor pulmonale",
        "I50.9": "Heart failure, unspecified",
        "I64": "Stroke, not specified as hemorrhage or infarction",
        "I82.0": "Budd-Chiari syndrome",
        "J18.9": "Pneumonia, unspecified",
        "J80": "Adult respiratory distress syndrome",
        "K72.0": "Acute and subacute hepatic failure",
        "N17.9": "Acute renal failure, unspecified",
        "R99": "Other ill-defined and unspecified causes of mortality",
        "T81.0": "Hemorrhage and hematoma complicating a procedure",
        "T81.1": "Shock during or resulting from a procedure",
        "T81.4": "Infection following a procedure",
        "T82.7": "Infection due to other cardiac and vascular devices, implants and grafts",
        "T82.8": "Other complications of cardiac and vascular prosthetic devices, implants and grafts",
    },
    "place_of_death": {
        "Hospital": "",
        "Intensive care unit": "",
        "Operating room": "",
        "Hospice": "",
        "Nursing home": "",
        "Home": "",
    },
}


def add(apps, schema_editor):
    model = apps.get_model("registry", "ReferenceTerm")
    rows = [
        model(list=name, term=term, explanation=explanation)
        for name, terms in TERMS.items()
        for term, explanation in terms.items()
    ]
    model.objects.bulk_create(rows, ignore_conflicts=True)


def remove(apps, schema_editor):
    model = apps.get_model("registry", "ReferenceTerm")
    for name, terms in TERMS.items():
        for term, explanation in terms.items():
            model.objects.filter(list=name, term=term, explanation=explanation, is_retired=False).delete()


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_language_and_reference_terms")]
    operations = [migrations.RunPython(add, remove)]
