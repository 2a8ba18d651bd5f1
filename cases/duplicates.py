"""X-56: which cases may be one patient. The only validity rule that needs other cases, so PostgreSQL is asked.

Only registered patients are compared: publications, reconstructions and synthetic cases coincide by chance.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from cases.vocabulary import CLINICAL_SOURCES, OperationType

RULE_ID = "X-56"
_DAYS = ["", *(f"-{day:02}" for day in range(1, 32))]  # of a date, what follows its month

# With the year alone nothing is told. Row security lets no index answer what is asked of a part of a text, so a month
# is asked for by all the texts that it may stand in: the month itself, and its days.
_SQL = """
WITH own AS MATERIALIZED (
  SELECT c.id, c.center_id, c.patient_id, p.sex, left(p.born_on, 4) AS born, months.days
  FROM cases_case c
  JOIN cases_patient p ON p.id = c.patient_id
  JOIN cases_operation o ON o.case_id = c.id AND o.operation_type = %(index)s
  CROSS JOIN LATERAL (
    SELECT array_agg(left(o.operated_on, 7) || day) AS days
    FROM unnest(%(days)s::text[]) AS day WHERE length(o.operated_on) >= 7
  ) months
  WHERE c.id = ANY(%(ids)s::bigint[]) AND c.source = ANY(%(clinical)s::text[])
)
SELECT own.id, array_agg(DISTINCT other_case.case_number ORDER BY other_case.case_number)
FROM own
JOIN cases_operation twin ON twin.center_id = own.center_id AND twin.operated_on = ANY(own.days)
JOIN cases_case other_case ON other_case.id = twin.case_id AND other_case.patient_id <> own.patient_id
JOIN cases_patient other ON other.id = other_case.patient_id
WHERE twin.operation_type = %(index)s AND other_case.source = ANY(%(clinical)s::text[])
  AND other.sex = own.sex AND left(other.born_on, 4) = own.born
GROUP BY own.id
"""


def suspected(case_ids: Sequence[int]) -> dict[int, list[str]]:
    """Find those that share center, sex, year of birth and month of resection with another patient: with which cases.

    A confirmation that they are different patients rests on these cases; another one asks again.
    """
    with connection.cursor() as cursor:  # planned each time: what is best depends on how many there are
        index, clinical = OperationType.INDEX_RESECTION, sorted(CLINICAL_SOURCES)
        cursor.execute(_SQL, {"index": index, "clinical": clinical, "days": _DAYS, "ids": list(case_ids)})
        return dict(cursor.fetchall())
