"""One row of everything that the pages of the registry show, in one center, with words that only this center has."""

from datetime import date, timedelta

from django.utils import timezone

from cases import intake
from cases.intake import Submission
from cases.models import (
    AlgorithmVersion,
    Case,
    ContactAttempt,
    DataQuery,
    Deviation,
    EntryDraft,
    ListExport,
    Transfer,
)
from registry import access
from registry.models import ApiKey, Center, ReferenceTerm, Setback, SignIn, User
from reports import content as contents
from reports.models import Delivery, MailBody, Report, Subscription
from tests.cases.examples import resected
from tests.cases.imports import checked
from tests.clients import issue
from tests.reports.handmade import founding_content


def one_of_each(center, by, lead):
    """Make the rows, each under its model; `by` records the case, `lead` holds the key and gets the report."""
    with access.everywhere():
        case = _case(center, by)
        key, _ = issue(center, by, by=lead, name=f"{center.code} machine")
        report = a_report(center)
        rows = [
            case,
            key,
            report,
            DataQuery.objects.filter(case=case).first(),
            Deviation.objects.filter(case=case).first(),
            _attempt(case, by),
            EntryDraft.objects.create(center=center, case=case, by=by, fields={"note": [words(center)]}),
            ListExport.objects.create(center=center, by=by, format="csv", rows=1),
            _batch(center, by),
            _transfer(case, by),
            a_mail(report, lead),
            Subscription.objects.create(center=center, user=lead),
            ReferenceTerm.objects.get_or_create(list="regimen", term="doxorubicin")[0],
            AlgorithmVersion.objects.get_or_create(version="2027.1", defaults=_version(by))[0],
            SignIn.objects.create(
                user=by, name_digest="0" * 64, address="192.0.2.7", way="password", outcome="signed_in"
            ),
            Setback.objects.get_or_create(
                job="cases.importbatch",
                job_id=7,
                defaults={"state": "set_aside", "attempts": 3, "at": timezone.now()},
            )[0],
            center,
            by,
            by.memberships.get(),
        ]
    assert all(rows), rows
    return {type(row): row for row in rows}


def _version(by):
    return {"base": "2026.1", "valid_from": date(2027, 1, 1), "note": "S-13: 12–22", "made_by": by}


def words(center):
    """What stands in the free texts of this center's rows, and nowhere else."""
    return f"{center.code.lower()}canary"


def secrets(center, rows):
    """What nobody else may read: the center, its people, its numbers, its texts."""
    people = User.objects.filter(memberships__center=center)
    return {
        words(center),
        center.code,
        center.name,
        rows[Case].case_number,
        rows[Case].patient.registry_id,
        rows[ApiKey].prefix,
        *people.values_list("username", flat=True),
        *people.values_list("email", flat=True),
    }


def _case(center, by):
    """A case that deviates (thromboembolism on the eighth day, S-14) and asks (a height of 205 cm)."""
    document = resected(
        f"{center.code}-1",
        complications=[{"type": "pe", "onset_on": "2015-03-10", "clavien_dindo": "IVa"}],
        presentation={"height_cm": 205},
        follow_ups=[{"visit_on": "2016-05-01", "vital_status": "alive"}],
        note=words(center),
    )
    receipt = intake.save_case(Submission(document=document), center=center, by=by, source="admin")
    return Case.objects.select_related("patient").get(pk=receipt.case_id)


def _attempt(case, by):
    today = timezone.now().date()
    said = {"contact_type": "phone", "outcome": "unreachable", "note": words(case.center)}
    return ContactAttempt.objects.create(case=case, center=case.center, by=by, tried_on=today, **said)


def _transfer(case, by):
    """An offer to a center that is none of those which a test asks about."""
    other, _ = Center.objects.get_or_create(
        code=f"{case.center.code[:7]}X", defaults={"name": "A clinic that receives", "country": "FR"}
    )
    return Transfer.objects.create(
        case=case,
        center=case.center,
        receiving_center=other,
        registry_id=case.patient.registry_id,
        sex="female",
        resected_year=2015,
        note=words(case.center),
        offered_by=by,
        offered_at=timezone.now(),
    )


def _batch(center, by):
    """A file that was checked: one row could be imported, one could not."""
    rows = f"case_number,patient.sex\n{center.code}-2,female\n{center.code}-3,{words(center)}\n"
    return checked(rows.encode(), center, by, name=f"{words(center)}.csv")


def a_report(center=None, **fields):
    """A composed report, without the slow reading of cases; of the whole registry where no center is named."""
    content = founding_content()
    said = {"content": contents.to_plain(content), "content_digest": contents.digest(content)}
    with access.everywhere():
        return Report.objects.create(center=center, as_of=date(2026, 11, 22), **said, **fields)


def a_mail(report, recipient):
    """A waiting mail, without the slow printing of its report."""
    return Delivery.objects.create(
        center=report.center,
        report=report,
        recipient=recipient,
        address=recipient.email,
        message_id=f"<{report.pk}-{recipient.pk}@registry.test>",
        head=b"From: registry\r\n\r\n",
        body=MailBody.objects.get_or_create(center=report.center, digest="0" * 64, content=b"A report.")[0],
        digest="0" * 64,
        next_try_at=timezone.now() + timedelta(days=1),
    )
