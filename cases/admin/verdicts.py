"""What the algorithm says of a stored case, as the page lists it."""

from typing import Any

from cases.models import Assessment
from cases.rulebook import retelling
from cases.rulebook.algorithm import ALGORITHM
from cases.vocabulary import Severity, Verdict

VERDICT_ORDER = (Verdict.DEVIATION, Verdict.NOT_ASSESSABLE, Verdict.CONCORDANT, Verdict.NOT_APPLICABLE)


def findings(assessment: Assessment | None) -> list[dict[str, Any]]:
    """The verdicts with the rules' titles, what deviates first, what does not apply last."""
    titles = {rule.id: rule.title for rule in ALGORITHM.rules}
    found = [
        {
            **retelling.retold(finding),
            "title": titles.get(finding["rule"], ""),
            "verdict_label": Verdict(finding["verdict"]).label,
            "severity_label": Severity(finding["severity"]).label
            if finding["verdict"] == Verdict.DEVIATION
            else "",
        }
        for finding in (assessment.findings if assessment else ())
    ]
    return sorted(found, key=lambda finding: VERDICT_ORDER.index(finding["verdict"]))
