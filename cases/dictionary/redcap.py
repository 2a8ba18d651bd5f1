"""The registry's forms as a REDCap data dictionary, for centers that collect in REDCap."""

import csv
import io
from collections import Counter

from cases.dictionary.entries import Entry, entries
from registry.fields import Measurement, PartialDateField

REDCAP_COLUMNS = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)


def data_dictionary() -> str:
    """Write the REDCap data dictionary (CSV); repeated forms are REDCap's repeating instruments.

    REDCap knows a whole date or none, so dates travel as text. A form of an operation repeats with a
    variable that says which operation it belongs to.
    """
    listed = list(entries())
    times = Counter(entry.name for entry in listed)
    variable = {
        entry.path: entry.name if times[entry.name] == 1 else f"{entry.form}_{entry.name}" for entry in listed
    }
    out = io.StringIO()
    writer = csv.DictWriter(out, REDCAP_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerow(_redcap_text("case_number", "patient", "Case number", note="The record ID", required="y"))
    begun: set[str] = set()
    for entry in listed:
        if entry.of_operation and entry.form not in begun:
            begun.add(entry.form)
            which = _redcap_text(f"{entry.form}_operation", entry.form, "Operation", note="1 is the first")
            writer.writerow(which | {REDCAP_COLUMNS[7]: "integer", REDCAP_COLUMNS[8]: "1"})
        writer.writerow(_redcap_row(entry, variable))
    return out.getvalue()


def _redcap_text(name: str, form: str, label: str, *, note: str, required: str = "") -> dict[str, str]:
    values = (name, form, "", "text", label, "", note)
    return dict(zip(REDCAP_COLUMNS, values, strict=False)) | {REDCAP_COLUMNS[12]: required}


def _redcap_row(entry: Entry, variable: dict[str, str]) -> dict[str, str]:
    field = entry.field
    types = {"code": "dropdown", "codes": "checkbox", "yes/no": "yesno"}
    note = "; ".join(part for part in (entry.help, entry.unit and f"in {entry.unit}") if part)
    validation, low, high = "", "", ""
    if isinstance(field, Measurement):
        validation = "number" if field.decimals else "integer"
        low, high = (f"{limit:g}" for limit in field.possible)
    if isinstance(field, PartialDateField):
        note = "; ".join(part for part in (note, "YYYY-MM-DD, YYYY-MM or YYYY") if part)
    row = _redcap_text(variable[entry.path], entry.form, entry.label, note=note)
    choices = " | ".join(f"{code}, {label.replace('|', '/')}" for code, label, _ in entry.choices)
    return row | {
        REDCAP_COLUMNS[3]: types.get(entry.kind, "text"),
        REDCAP_COLUMNS[5]: choices,
        REDCAP_COLUMNS[7]: validation,
        REDCAP_COLUMNS[8]: low,
        REDCAP_COLUMNS[9]: high,
        REDCAP_COLUMNS[11]: _branching(entry, variable),
        REDCAP_COLUMNS[12]: "y" if field.need == "R" else "",
        REDCAP_COLUMNS[17]: f"@TERM='{field.term}'" if field.term else "",
    }


def _branching(entry: Entry, variable: dict[str, str]) -> str:
    if entry.field.only_if is None:
        return ""
    sibling, codes = entry.field.only_if
    if sibling.startswith("/"):
        return ""  # the case's own texts are no variables of a form
    name = variable[entry.path.rpartition(".")[0] + f".{sibling}"]
    if not codes:
        return f"[{name}] <> ''"
    if entry.decides_a_set:
        return " or ".join(f"[{name}({code})] = '1'" for code in sorted(codes))
    written = sorted({"true": "1", "false": "0"}.get(code, code) for code in codes)
    return " or ".join(f"[{name}] = '{code}'" for code in written)
