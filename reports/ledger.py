"""The ledger of a report: those counted in the one before, plus who came, less who was erased or left, are those now.

Each case of the report before that is not counted any more must say why it is not: it was erased and has a tombstone,
its patient does not want it counted, or a correction moved it (a later resection, another era). One that is neither
there nor erased is missing, and its report is not let go.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cases import consents
from cases.models import Case, Consent, SurvivalObservation, Tombstone
from cases.vocabulary import ConsentBasis
from reports import cohorts, remarks, wording
from reports.cohorts import Cut
from reports.models import Report, ReportCases


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Cases then and now, and what became of them in between."""

    before: int
    added: int
    erased: int
    withdrawn: int
    corrected: int
    missing: int
    now: int

    @property
    def balances(self) -> bool:
        """Whether now is then, plus and less what is explained."""
        left = self.erased + self.withdrawn + self.corrected
        return self.now == self.before + self.added - left


def counted(cut: Cut) -> list[int]:
    """List the cases that a report on this cut counts."""
    return list(cohorts.observations(cut).order_by("case_id").values_list("case_id", flat=True))


def since(before: Collection[int], cut: Cut) -> Ledger:
    """Account for the cases of the report before, at this cut."""
    return _between(set(before), set(counted(cut)), beyond_center=cut.center_id is None)


def missing(report: Report) -> int:
    """Count the cases of the report before this one that neither it counts nor anything explains."""
    mine = ReportCases.objects.filter(report=report).first()
    earlier = ReportCases.objects.filter(
        center=report.center_id,
        report__source=report.source,
        report__audience=report.audience,
        report__as_of__lt=report.as_of,
    )
    before = earlier.order_by("-report__as_of", "-report__composed_at", "-report_id").first()
    if mine is None or before is None:
        return 0
    then, now = set(before.case_ids), set(mine.case_ids)
    return _between(then, now, beyond_center=report.center_id is None).missing


def _between(then: set[int], now: set[int], *, beyond_center: bool) -> Ledger:
    left = then - now
    here = dict(Case.objects.filter(pk__in=left).values_list("pk", "created_at"))
    stones = Tombstone.objects.filter(case_id__in=left).values_list("case_id", "registered_at")
    # after a restore the database gives the number of an erased case anew: the moment tells the two apart
    erased = {pk for pk, registered_at in stones if here.get(pk, registered_at) == registered_at}
    there = here.keys() - erased
    refused = Consent.objects.filter(case_id__in=there, basis=ConsentBasis.REFUSED)
    ended = Consent.objects.filter(
        case_id__in=there, basis=ConsentBasis.WITHDRAWN, withdrawal_effect__in=consents.NO_FURTHER_USE
    )
    unwilling = {pk for rows in (refused, ended) for pk in rows.values_list("case_id", flat=True)}
    if beyond_center:
        only_at_home = SurvivalObservation.objects.filter(case_id__in=there, in_reports=False)
        unwilling |= set(only_at_home.values_list("case_id", flat=True))
    return Ledger(
        before=len(then),
        added=len(now - then),
        erased=len(erased),
        withdrawn=len(unwilling),
        corrected=len(there - unwilling),
        missing=len(left - there - erased),
        now=len(now),
    )


def told(found: Ledger, *, registered: int | None) -> str:
    """Say it to readers inside; `registered` is what the report itself counted, by another statement."""
    if not found.balances or found.now != registered:
        return remarks.UNBALANCED.format(
            n=wording.number(max(found.missing, abs(found.now - (registered or 0))))
        )
    names = ("before", "erased", "withdrawn", "corrected", "added", "now")
    numbers = {name: wording.number(getattr(found, name)) for name in names}
    return remarks.LEDGER.format(**numbers)
