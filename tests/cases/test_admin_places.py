"""Where a pointer leads on the page of a case: the same place that the page itself would name."""

import pytest

from cases.admin import places
from cases.admin.sheet import Sheet
from cases.document import dump
from tests.cases.examples import complete


def pointers(value, here=""):
    """Every pointer into a document, of its forms, rows and fields."""
    if here:
        yield here
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in ("missing", "case_number", "citation", "note"):
                yield from pointers(inner, f"{here}/{name}")
    if isinstance(value, list) and value and isinstance(value[0], dict):
        for place, inner in enumerate(value):
            yield from pointers(inner, f"{here}/{place}")


def test_every_pointer_leads_where_the_page_has_it():
    document = complete()
    sheet = Sheet.of(document)

    for pointer in [*pointers(dump(document)), "/presentation/missing/height_cm", "/follow_ups", ""]:
        assert places.anchor(pointer) == sheet.find(pointer, "").anchor, pointer


@pytest.mark.parametrize(
    ("pointer", "name"),
    [
        ("/operations/0/blood_loss_ml", "Blood loss"),
        ("/operations/0/reconstruction/material", "Material"),
        ("/operations/0/veins/1", "Vein handling 2"),
        ("/follow_ups", "Follow-up visit"),
        ("/patient", "Patient"),
        ("", ""),
    ],
)
def test_a_place_has_a_name(pointer, name):
    assert places.label(pointer) == name
