"""A case with an answer to every question goes into the web forms and comes out as it was."""

import pytest
from django.http import QueryDict

from cases.admin.answers import WHY
from cases.admin.sheet import MOST_SENT, ROW, Sheet, TooManyRowsError
from cases.document import dump, parse
from cases.forms import OPERATION_FORMS, OUTER_FORMS
from cases.models import Operation, Patient
from registry.fields import Coded, CodedSet, Digest, Flag, Measurement, PartialDateField, clinical_fields


def answer(field, place):
    """Some possible answer."""
    if isinstance(field, Coded):
        return field.codes[place % len(field.codes)]
    if isinstance(field, CodedSet):
        codes = [code for code in field.codes if code != field.exclusive]
        return field.in_order({codes[0], codes[-1]})
    if isinstance(field, Measurement):
        low, high = field.possible
        return (
            round((low + high) / 2 + 10**-field.decimals, field.decimals)
            if field.decimals
            else int(low + high) // 2
        )
    if isinstance(field, PartialDateField):
        return ("2015-03-02", "2015-03", "2015")[place % 3]
    if isinstance(field, Flag):
        return bool(place % 2)
    if isinstance(field, Digest):
        return f"{place:064x}"
    return f"é {field.name}"[: field.max_length]


def form(model, shift=0):
    """Answers to all questions but every fifth, which has a reason."""
    fields = clinical_fields(model)
    asked = {f.name: answer(f, place + shift) for place, f in enumerate(fields) if (place + shift) % 5}
    return {**asked, "missing": {f.name: "NK" for place, f in enumerate(fields) if not (place + shift) % 5}}


def everything():
    """Two rows of every form that repeats, each operation with its own."""

    def rows(model, **inner):
        return (
            [{**form(model, shift), **inner} for shift in (1, 2)]
            if model.repeats
            else {**form(model), **inner}
        )

    inner = {model.name: rows(model) for model in OPERATION_FORMS}
    forms = {
        model.name: rows(model, **(inner if model is Operation else {})) for model in (Patient, *OUTER_FORMS)
    }
    return parse({"case_number": "A-1", **forms})


def sent_by_a_browser(sheet):
    data = QueryDict(mutable=True)

    def send(block):
        for row in block.rows:
            if block.model.repeats:
                data.appendlist(block.prefix + ROW, row.number)
            for field in row.form:
                value = field.value()
                if getattr(field.field.widget, "allow_multiple_selected", False):
                    data.setlist(field.html_name, value or [])
                else:
                    data[field.html_name] = "" if value is None else str(value)
            for inner in row.inner:
                send(inner)

    for block in sheet.blocks.values():
        send(block)
    return data


def test_every_answer_comes_back():
    document = everything()

    back = Sheet.sent(sent_by_a_browser(Sheet.of(document))).plain()

    assert parse({"case_number": "A-1", **back}) == document


def test_nothing_answered_is_no_document():
    assert Sheet.sent(sent_by_a_browser(Sheet.of())).plain() == {}
    assert Sheet.sent(QueryDict()).plain() == {}


def test_rows_keep_their_order_whatever_their_numbers():
    data = QueryDict("imaging-row=7&imaging-row=2&imaging-7-modality=ct&imaging-2-modality=mri")

    assert Sheet.sent(data).plain() == {"imaging": [{"modality": "ct"}, {"modality": "mri"}]}


@pytest.mark.parametrize("row", ["x", "-1", "1e3", "٣", "", "0-veins"])
def test_a_row_number_that_is_none_is_passed_over(row):
    data = QueryDict(mutable=True)
    data.setlist("imaging-row", [row])
    data[f"imaging-{row}-modality"] = "ct"

    assert Sheet.sent(data).plain() == {}


def test_a_page_has_a_bounded_number_of_rows():
    data = QueryDict(mutable=True)
    data.setlist("imaging-row", [str(number) for number in range(10 * MOST_SENT)])

    with pytest.raises(TooManyRowsError, match=f"{10 * MOST_SENT} rows of imaging"):
        Sheet.sent(data)


def test_reasons_are_asked_where_a_complete_case_accepts_them():
    document = parse({"case_number": "A-1", "discharge": {"missing": {"readmitted_on": "NA"}}})
    (row,) = Sheet.of(document).blocks["discharge"].rows

    asked = {a.declared.name for a in row.form.answers() if a.asks_why}

    assert {"icu_days", "discharged_on"} <= asked  # need C
    assert "readmitted_on" in asked  # optional, with a reason given
    assert row.form["readmitted_on" + WHY].value() == "NA"


def test_dumped_documents_are_what_the_page_sends():
    document = everything()

    assert Sheet.sent(sent_by_a_browser(Sheet.of(document))).plain() == {
        name: value for name, value in dump(document).items() if name != "case_number"
    }
