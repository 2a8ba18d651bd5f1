"""What the pathologist found, one row a specimen."""

from cases.models.base import Form
from cases.vocabulary import (
    Agreement,
    Grade,
    Histology,
    Margin,
    MarginSite,
    Marker,
    MetastasisStage,
    NodeStage,
    RDefinition,
    TumorStage,
)
from registry.audit import audited
from registry.fields import ANY, Coded, CodedSet, Flag, Measurement, PartialDateField


@audited
class Pathology(Form):
    """One report; the first is that of the resection."""

    name, title, repeats = "pathology", "Pathology", True

    reported_on = PartialDateField("Reported", need="R")
    histology = Coded(Histology, "Histology", need="R")
    fnclcc_grade = Coded(Grade, "FNCLCC grade", "Not on a specimen after neoadjuvant therapy", need="C")
    fnclcc_differentiation = Measurement("FNCLCC differentiation score", possible=(1, 3))
    fnclcc_mitosis_score = Measurement("FNCLCC mitosis score", possible=(1, 3))
    fnclcc_necrosis_score = Measurement("FNCLCC necrosis score", possible=(0, 2))
    mitoses_per_10hpf = Measurement(
        "Mitoses per 10 HPF",
        "In ten high-power fields",
        unit="{mitoses}/(10.{HPF})",
        possible=(0, 300),
        plausible=(0, 80),
        decimals=1,
        need="C",
        term="OMOP 4227243",
    )
    field_area_mm2 = Measurement(
        "Area of the ten fields",
        unit="mm2",
        possible=(0.5, 5),
        decimals=2,
        only_if=("mitoses_per_10hpf", ANY),
    )
    necrosis_pct = Measurement("Necrosis", unit="%", possible=(0, 100))
    ki67_pct = Measurement("Ki-67", unit="%", possible=(0, 100))
    specimen_length_mm = Measurement("Specimen size, largest axis", unit="mm", possible=(3, 500), need="C")
    specimen_width_mm = Measurement("Specimen size, second axis", unit="mm", possible=(3, 500))
    specimen_depth_mm = Measurement("Specimen size, third axis", unit="mm", possible=(3, 500))
    margin = Coded(Margin, "Margin", need="R")
    r_definition = Coded(
        RDefinition, "Definition of R1", "0 mm or 1 mm", only_if=("margin", frozenset({"R0", "R1"}))
    )
    closest_margin_mm = Measurement(
        "Closest margin",
        unit="mm",
        possible=(0, 100),
        decimals=1,
        only_if=("margin", frozenset({"R0", "R1"})),
    )
    margin_sites = CodedSet(
        MarginSite, "Sites of a positive margin", only_if=("margin", frozenset({"R1", "R2"}))
    )
    ihc_positive = CodedSet(Marker, "Immunohistochemistry, positive")
    ihc_negative = CodedSet(Marker, "Immunohistochemistry, negative")
    nodes_examined = Measurement("Nodes examined", possible=(0, 100))
    nodes_positive = Measurement(
        "Nodes positive", possible=(0, 100), plausible=(0, 0), only_if=("nodes_examined", ANY)
    )
    p_t = Coded(TumorStage, "pT", "AJCC 8, retroperitoneum", need="C")
    p_n = Coded(NodeStage, "pN", "AJCC 8, retroperitoneum", need="C")
    p_m = Coded(MetastasisStage, "pM", "AJCC 8, retroperitoneum", need="C")
    central_review = Flag("Central review")
    central_review_agreement = Coded(
        Agreement, "Result of the central review", only_if=("central_review", frozenset({"true"}))
    )
