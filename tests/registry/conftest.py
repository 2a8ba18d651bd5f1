"""The smallest clinical rows."""

import itertools

import pytest
from django.utils import timezone

from cases.models import Case, Patient

_numbers = itertools.count(1)


@pytest.fixture
def make_case(db):
    """Save a bare case in a center (within a scope that the test opened)."""

    def make(center, **fields):
        number = next(_numbers)
        patient = Patient.objects.create(center=center, registry_id=f"{center.code[:2]}{number:05d}")
        return Case.objects.create(**_fields(center, patient, number) | fields)

    return make


def _fields(center, patient, number):
    now = timezone.now()
    return {
        "center": center,
        "patient": patient,
        "case_number": f"C-{number}",
        "source": "admin",
        "created_at": now,
        "updated_at": now,
    }
