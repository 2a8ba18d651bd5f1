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
WITH known AS (
  SELECT c.id, c.patient_id, c.center_id, p.sex, left(p.born_on, 4) AS born, left(o.operated_on, 7) AS operated
  FROM cases_case c JOIN cases_patient p ON p.id = c.patient_id
  JOIN cases_operation o ON o.case_id = c.id AND o.operation_type = %s
  WHERE c.source = ANY(%s) AND length(o.operated_on) >= 7)
SELECT DISTINCT own.id FROM known own JOIN known other USING (center_id, sex, born, operated)
WHERE own.id = ANY(%s) AND other.patient_id <> own.patient_id
"""


def suspected(case_ids: Sequence[int]) -> set[int]:
    """Those of these cases that share center, sex, year of birth and month of resection with another patient's."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [OperationType.INDEX_RESECTION, sorted(CLINICAL_SOURCES), list(case_ids)])
        return {row[0] for row in cursor.fetchall()}
