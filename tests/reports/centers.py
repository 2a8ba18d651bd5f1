"""A registry of several centers whose verdicts are known, for what one center may see of the others."""

from datetime import date

from cases.models import Deviation
from registry import access
from registry.models import Center
from tests.reports.cohort import NOW, add_case, assess


def add_verdicts(center, verdicts, *, year=2024, source="admin", first=0, **case):
    """Add one case for each verdict of rule S-06."""
    added = []
    with access.everywhere():
        for place, verdict in enumerate(verdicts, first):
            one = add_case(center, f"{year}-{place}", source=source, operated_on=date(year, 3, 1), **case)
            assess(one, S_06=verdict)
            added.append(one)
    return added


def other_centers(*codes):
    """Make centers."""
    return [Center.objects.create(code=code, name=f"Hospital {code}", country="PL") for code in codes]


def deviate(case, by, decider, rule="S-06", pointer="", decision="accepted"):
    """Add a decided deviation."""
    with access.everywhere():
        return Deviation.objects.create(
            case=case, center=case.center, rule_id=rule, pointer=pointer, rulebook_version="test", severity="major",
            sentence="-", state="decided", opened_at=NOW, answer="emergency", answered_by=by, answered_at=NOW,
            decision=decision, decided_by=decider, decided_at=NOW,
        )  # fmt: skip
