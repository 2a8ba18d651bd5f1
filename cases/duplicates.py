"""X-56: which cases may be one patient. The only validity rule that needs other cases, so PostgreSQL is asked.

Only registered patients are compared: publications, reconstructions and synthetic cases coincide by chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from django.db import connection

from cases.vocabulary import CLINICAL_SOURCES, OperationType

RULE_ID = "X-56"
_DAYS = ["", *(f"-{day:02}" for day in range(1, 32))]  # of a date, what follows its month

# Row security lets no index answer what is asked of a part of a text, so a month is asked for by all the texts that it
# may stand in: the month itself, and its days.
_SQL = """
SELECT own.id, array_agg(DISTINCT other_case.case_number ORDER BY other_case.case_number)
FROM unnest(%(ids)s::bigint[], %(centers)s::bigint[], %(patients)s::bigint[], %(sexes)s::text[], %(years)s::text[],
  %(months)s::text[]) AS own (id, center_id, patient_id, sex, born, month)
CROSS JOIN LATERAL (SELECT array_agg(own.month || day) AS days FROM unnest(%(days)s::text[]) AS day) dates
JOIN cases_operation twin ON twin.center_id = own.center_id AND twin.operated_on = ANY(dates.days)
JOIN cases_case other_case ON other_case.id = twin.case_id AND other_case.patient_id <> own.patient_id
JOIN cases_patient other ON other.id = other_case.patient_id
WHERE twin.operation_type = %(index)s AND other_case.source = ANY(%(clinical)s::text[])
  AND other.sex = own.sex AND left(other.born_on, 4) = own.born
GROUP BY own.id
"""


class Saved(Protocol):
    """A saved case, whose patient may be another's."""

    @property
    def case_id(self) -> int: ...
    @property
    def center_id(self) -> int: ...
    @property
    def patient_id(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def document(self) -> Any: ...


def suspected(cases: Iterable[Saved]) -> dict[int, list[str]]:
    """Find those that share center, sex, year of birth and month of resection with another patient: with which cases.

    A confirmation that they are different patients rests on these cases; another one asks again.
    """
    wanted = [row for case in cases if case.source in CLINICAL_SOURCES for row in _patients(case)]
    if not wanted:
        return {}
    ids, centers, patients, sexes, years, months = map(list, zip(*wanted, strict=True))
    with connection.cursor() as cursor:  # planned each time: what is best depends on how many there are
        cursor.execute(
            _SQL,
            {
                "ids": ids,
                "centers": centers,
                "patients": patients,
                "sexes": sexes,
                "years": years,
                "months": months,
                "days": _DAYS,
                "index": OperationType.INDEX_RESECTION,
                "clinical": sorted(CLINICAL_SOURCES),
            },
        )
        return dict(cursor.fetchall())


def _patients(case: Saved) -> Iterator[tuple[int, int, int, str, str, str]]:
    """What a case and its patient are compared by; nothing while sex, year of birth or month are not known."""
    patient = case.document.patient
    if patient is None or patient.sex is None or patient.born_on is None:
        return
    for operation in case.document.operations:
        if operation.operation_type == OperationType.INDEX_RESECTION and operation.operated_on is not None:
            month = str(operation.operated_on)[:7]
            if len(month) == 7:
                yield (
                    case.case_id,
                    case.center_id,
                    case.patient_id,
                    patient.sex,
                    str(patient.born_on)[:4],
                    month,
                )
