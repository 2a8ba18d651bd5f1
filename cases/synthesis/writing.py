"""A course written down as a case document."""

from __future__ import annotations

from typing import Any

from cases.forms import CaseDocument
from cases.synthesis import after, before, operation
from cases.synthesis.writer import Writer


def document(w: Writer, number: str) -> Any:
    """Write the whole case."""
    return CaseDocument(
        case_number=number,
        citation="",
        note="",
        patient=before.patient(w),
        consent=before.consent(w),
        presentation=before.presentation(w),
        diagnosis=before.diagnosis(w),
        imaging=before.imaging(w),
        biopsies=before.biopsies(w),
        mdt_meetings=before.mdt_meetings(w),
        tumor=before.tumor(w),
        therapies=before.therapies(w),
        operations=(operation.operation(w),),
        pathology=(operation.pathology(w),),
        complications=after.complications(w),
        discharge=after.discharge(w),
        antithrombotics=after.antithrombotics(w),
        follow_ups=after.follow_ups(w),
        recurrences=after.recurrences(w),
        death=after.death(w),
    )
