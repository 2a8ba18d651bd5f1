"""X-56: which cases may be one patient. The only validity rule that needs other cases, so PostgreSQL is asked.

Only registered patients are compared: publications, reconstructions and synthetic cases coincide by chance.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from cases.vocabulary import CLINICAL_SOURCES, OperationType

RULE_ID = "X-56"

# A date of month precision is a text of seven characters, of day precision ten; with the year alone nothing is told.
_SQL = """
SELECT own_case.id, array_agg(DISTINCT other_case.case_number ORDER BY other_case.case_number)
FROM cases_case own_case
JOIN cases_patient own ON own.id = own_case.patient_id
JOIN cases_operation resection ON resection.case_id = own_case.id AND resection.operation_type = %(index)s
JOIN cases_operation twin ON twin.center_id = own_case.center_id AND twin.operation_type = %(index)s
  AND left(twin.operated_on, 7) = left(resection.operated_on, 7) AND twin.case_id <> own_case.id
JOIN cases_case other_case ON other_case.id = twin.case_id AND other_case.patient_id <> own.id
JOIN cases_patient other ON other.id = other_case.patient_id
WHERE own_case.id = ANY(%(ids)s) AND own_case.source = ANY(%(clinical)s) AND other_case.source = ANY(%(clinical)s)
  AND length(resection.operated_on) >= 7 AND length(twin.operated_on) >= 7
  AND own.sex = other.sex AND left(own.born_on, 4) = left(other.born_on, 4)
GROUP BY own_case.id
"""


def suspected(case_ids: Sequence[int]) -> dict[int, list[str]]:
    """Find those that share center, sex, year of birth and month of resection with another patient: with which cases.

    A confirmation that they are different patients rests on these cases; another one asks again.
    """
    with connection.cursor() as cursor:
        index, clinical = OperationType.INDEX_RESECTION, sorted(CLINICAL_SOURCES)
        cursor.execute(_SQL, {"index": index, "clinical": clinical, "ids": list(case_ids)})
        return dict(cursor.fetchall())
