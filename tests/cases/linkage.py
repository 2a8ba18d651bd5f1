"""Cases whose patients agreed to linkage, and who they are."""

from django.db import DatabaseError, connection, transaction

from cases import identifying, intake
from cases.intake import Submission
from cases.models import Case
from registry import access
from tests.cases.examples import resected

AGREED = {"basis": "written", "signed_on": "2015-02-20", "scopes": ["registry", "reports", "linkage"]}
ANNA = {
    "family_name": "Wiśniewska",
    "given_name": "Anna",
    "born_on": "1960-05-13",
    "national_number": "60051312345",
    "country": "PL",
}


def agreeing(center, by, number, **forms):
    """A case whose patient agreed to linkage."""
    document = resected(number, **{"consent": AGREED, **forms})
    with access.scope([center.pk]):
        receipt = intake.save_case(Submission(document=document), center=center, by=by, source="admin")
        assert not receipt.errors, receipt.errors
        return Case.objects.select_related("center", "patient").get(pk=receipt.case_id)


def identified(center, by, number, forms=None, **identity):
    """A case with the identity of its patient in the vault."""
    case = agreeing(center, by, number, **(forms or {}))
    with access.scope([center.pk]):
        identifying.put(case, identity, by=by, door="admin")
    return case


def refused_alone(statement):
    """Whether PostgreSQL refuses a statement, which then leaves nothing behind."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError:
        return True
    return False
