"""Who: the patient behind a pseudonym, the consent, and how the disease showed itself."""

from django.db import models

from cases.models.base import Form
from cases.vocabulary import (
    Anticoagulant,
    CharlsonItem,
    Collaterals,
    ConsentBasis,
    ConsentScope,
    Sex,
    Symptom,
    WithdrawalEffect,
)
from registry.access import ScopedQuerySet
from registry.audit import audited
from registry.fields import Coded, CodedSet, Digest, Flag, Measurement, PartialDateField, Text
from registry.tongues import lazily
from registry.units import BILIRUBIN_MG_DL, CREATININE_MG_DL


@audited
class Patient(models.Model):
    """A person known by a pseudonym alone; the center keeps the key list.

    Year and month of birth are enough for every estimate; a day is taken where consent allows it.
    """

    name = "patient"
    title = lazily("Patient")
    repeats = False

    center = models.ForeignKey(
        "registry.Center",
        on_delete=models.PROTECT,
        related_name="patients",
        db_index=False,  # a patient is reached through the case
        help_text="Center that knows the patient",
    )
    registry_id = models.CharField(
        max_length=9, help_text="Pseudonym with check character, given by the registry"
    )
    missing = models.JSONField(
        default=dict, blank=True, help_text="Why a value is absent, by field: NK, ND, NA or NR"
    )
    born_on = PartialDateField(
        "Born",
        "Year and month of birth are enough; the day only where consent allows it",
        need="R",
        term="SCT 184099003?",
    )
    age_at_resection_years = Measurement(
        "Age at resection",
        "Only where the date of birth or of the operation is not known (published cases)",
        unit="a",
        possible=(0, 120),
        plausible=(18, 90),
    )
    sex = Coded(Sex, "Sex", "Administrative sex at birth", need="R")
    country_residence = Text("Country of residence", "ISO 3166-1 alpha-2", max_length=2)
    local_id_hash = Digest(
        "Keyed hash of the hospital number",
        "For duplicates within the center; never the number itself",
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "center"], name="cases_patient_id_center"),
            models.UniqueConstraint(fields=["registry_id"], name="cases_patient_registry_id_once"),
        ]

    def __str__(self) -> str:
        return self.registry_id


@audited
class Consent(Form):
    """What allows the data to be here, and for what."""

    name, title = "consent", "Consent"

    basis = Coded(ConsentBasis, "Legal basis", "What allows the data to be here", need="R")
    signed_on = PartialDateField(
        "Signed", "Day the patient signed", need="R", only_if=("basis", frozenset({"written", "withdrawn"}))
    )
    form_version = Text(
        "Version of the form",
        "As printed on the consent form",
        max_length=20,
        need="C",
        only_if=("basis", frozenset({"written", "withdrawn"})),
        offers="consent_form",
    )
    form_dated_on = PartialDateField(
        "Date of the form",
        "Day of that version of the consent form, as printed on it",
        only_if=("basis", frozenset({"written", "withdrawn"})),
    )
    language = Text(
        "Language of the form",
        "BCP 47 tag",
        max_length=12,
        only_if=("basis", frozenset({"written", "withdrawn"})),
    )
    scopes = CodedSet(ConsentScope, "Scopes", "What the patient agreed to; the registry at least", need="R")
    withdrawn_on = PartialDateField(
        "Withdrawn", "Day of withdrawal", need="R", only_if=("basis", frozenset({"withdrawn"}))
    )
    withdrawal_effect = Coded(
        WithdrawalEffect,
        "Effect of withdrawal",
        "Keep what there is, use it no longer, or erase",
        need="R",
        only_if=("basis", frozenset({"withdrawn"})),
    )
    ethics_ref = Text("Ethics reference", "Approval number of the ethics board", max_length=60, need="C")


@audited
class Presentation(Form):
    """How the disease showed itself, and what the patient brought along."""

    name, title = "presentation", "Presentation and comorbidity"

    first_symptom_on = PartialDateField("First symptom", "When the first symptom was noticed")
    symptoms = CodedSet(
        Symptom,
        "Symptoms",
        "At presentation; an incidental finding excludes the others",
        exclusive="incidental",
        need="C",
    )
    collaterals = Coded(
        Collaterals,
        "Venous collaterals",
        "Seen before the operation; decides whether ligation is justified",
        need="C",
    )
    height_cm = Measurement(
        "Height", unit="cm", possible=(100, 230), plausible=(140, 200), decimals=1, term="LOINC 8302-2"
    )
    weight_kg = Measurement(
        "Weight", unit="kg", possible=(25, 300), plausible=(40, 150), decimals=1, term="LOINC 29463-7"
    )
    asa = Measurement(
        "ASA physical status",
        "American Society of Anesthesiologists, 1 to 5",
        possible=(1, 5),
        plausible=(1, 4),
        need="C",
    )
    ecog = Measurement(
        "ECOG performance status", "0 to 4", possible=(0, 4), plausible=(0, 2), need="C", term="LOINC 89247-1"
    )
    karnofsky = Measurement(
        "Karnofsky performance status",
        "0 to 100 in steps of 10",
        unit="%",
        possible=(0, 100),
        term="LOINC 89243-0",
    )
    charlson_items = CodedSet(CharlsonItem, "Charlson items", "Charlson 1987; the index tumor is not counted")
    diabetes = Flag("Diabetes")
    hypertension = Flag("Hypertension")
    ckd = Flag("Chronic kidney disease")
    liver_disease = Flag("Liver disease")
    vte_history = Flag("Earlier venous thromboembolism")
    thrombophilia = Flag("Thrombophilia")
    anticoagulant_preop = Coded(Anticoagulant, "Anticoagulant before the operation")
    creatinine_preop_umol_l = Measurement(
        "Creatinine before the operation",
        unit="umol/L",
        possible=(10, 3000),
        plausible=(40, 200),
        decimals=1,
        also=CREATININE_MG_DL,
        need="C",
        term="LOINC 14682-9?",
    )
    hemoglobin_preop_g_l = Measurement(
        "Hemoglobin before the operation",
        unit="g/L",
        possible=(20, 250),
        plausible=(80, 180),
        decimals=1,
        term="LOINC 718-7?",
    )
    albumin_preop_g_l = Measurement(
        "Albumin before the operation", unit="g/L", possible=(5, 70), plausible=(25, 55), decimals=1
    )
    bilirubin_preop_umol_l = Measurement(
        "Bilirubin before the operation",
        unit="umol/L",
        possible=(0, 1000),
        plausible=(0, 35),
        decimals=1,
        also=BILIRUBIN_MG_DL,
    )
    inr_preop = Measurement(
        "INR before the operation", unit="1", possible=(0.5, 15), plausible=(0.5, 1.5), decimals=2
    )
    platelets_preop_10_9_l = Measurement(
        "Platelets before the operation", unit="10*9/L", possible=(1, 2000), plausible=(100, 1000)
    )
