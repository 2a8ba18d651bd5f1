"""For what a case may be used: the one place that reads consent for everybody who counts, hands out or links cases.

Intake puts the answer on the survival observation (`cases/observations.py`), which is all that reports and exports see:
a case that may not be used has none. The algorithm and the pages of the own center do not ask: they are care.
"""

from __future__ import annotations

from typing import Any

from cases.vocabulary import CLINICAL_SOURCES, ConsentBasis, ConsentScope, WithdrawalEffect

# After these nothing may be counted any more, not even by the own center.
NO_FURTHER_USE = (WithdrawalEffect.STOP_USE, WithdrawalEffect.ERASE)


def is_withdrawn(document: Any) -> bool:
    """Whether the patient took the consent back, in whatever degree: nothing more is collected."""
    return document.consent is not None and document.consent.basis == ConsentBasis.WITHDRAWN


def is_given(document: Any) -> bool:
    """Whether a consent is recorded, of whatever scope, that was neither refused nor taken back."""
    basis = document.consent.basis if document.consent else None
    return basis not in (None, ConsentBasis.REFUSED, ConsentBasis.WITHDRAWN)


def may_be_used(document: Any) -> bool:
    """Whether anything may be counted: the patient did not refuse, and did not end the use of the data."""
    consent = document.consent
    if consent is None or consent.basis == ConsentBasis.REFUSED:
        return consent is None
    return not (is_withdrawn(document) and consent.withdrawal_effect in NO_FURTHER_USE)


def covers(document: Any, scope: ConsentScope, *, source: str) -> bool:
    """Whether the recorded consent covers this use; what is published or invented needs none.

    Where no consent is recorded nothing is covered: silence is no agreement.
    """
    if source not in CLINICAL_SOURCES:
        return True
    scopes = document.consent.scopes if document.consent else None
    return may_be_used(document) and scope in (scopes or ())
