"""X-56: which cases may be one patient. The only validity rule that needs other cases, so PostgreSQL is asked.

Only registered patients are compared: publications, reconstructions and synthetic cases coincide by chance.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from cases.vocabulary import CLINICAL_SOURCES, OperationType

RULE_ID = "X-56"

# A date of month precision is a text of seven characters, of day precision ten; with the year alone nothing is told.
# Row security lets no index answer what is asked of a part of a text, so a center's months are gathered once for all.
_SQL = """
WITH own AS MATERIALIZED (
  SELECT c.id, c.center_id, c.patient_id, p.sex, left(p.born_on, 4) AS born, left(o.operated_on, 7) AS month
  FROM cases_case c
  JOIN cases_patient p ON p.id = c.patient_id
  JOIN cases_operation o ON o.case_id = c.id AND o.operation_type = %(index)s
  WHERE c.id = ANY(%(ids)s) AND c.source = ANY(%(clinical)s) AND length(o.operated_on) >= 7
), twin AS MATERIALIZED (
  SELECT case_id, center_id, left(operated_on, 7) AS month FROM cases_operation
  WHERE operation_type = %(index)s AND length(operated_on) >= 7 AND center_id IN (SELECT center_id FROM own)
)
SELECT own.id, array_agg(DISTINCT other_case.case_number ORDER BY other_case.case_number)
FROM own
JOIN twin ON twin.center_id = own.center_id AND twin.month = own.month AND twin.case_id <> own.id
JOIN cases_case other_case ON other_case.id = twin.case_id AND other_case.patient_id <> own.patient_id
JOIN cases_patient other ON other.id = other_case.patient_id
WHERE other_case.source = ANY(%(clinical)s) AND other.sex = own.sex AND left(other.born_on, 4) = own.born
GROUP BY own.id
"""


def suspected(case_ids: Sequence[int]) -> dict[int, list[str]]:
    """Find those that share center, sex, year of birth and month of resection with another patient: with which cases.

    A confirmation that they are different patients rests on these cases; another one asks again.
    """
    with connection.cursor() as cursor:
        index, clinical = OperationType.INDEX_RESECTION, sorted(CLINICAL_SOURCES)
        cursor.execute(_SQL, {"index": index, "clinical": clinical, "ids": list(case_ids)})
        return dict(cursor.fetchall())
