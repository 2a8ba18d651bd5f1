"""What a center says to a finding: a data query is confirmed, a deviation explained. Neither changes the case.

An answer is kept on the finding with its values: when the data it was given on change, cases/review.py opens the
finding again and leaves the answer readable. Whether an explanation is accepted is another person's decision.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils import timezone
from django.utils.translation import gettext

from cases import store
from cases.models import DataQuery, Deviation
from cases.models.review import ReviewItem
from cases.vocabulary import EXPLANATIONS, Answer, ReviewState, Source
from registry import access, audit
from registry.access import Action

if TYPE_CHECKING:
    from registry.models import User

LONGEST = 1000
# What a page shows of a finding; an answer given to anything else is an answer to another question.
SHOWN = ("state", "severity", "sentence", "values", "answer", "answer_text", "answered_by_id", "answered_at")
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def confirm(
    query: DataQuery, *, text: str, by: User, if_seen: str | None = None, door: str = Source.ADMIN
) -> None:
    """Say that what a data query asks about is right, and why. Refused unless the person may record in its center."""
    access.require(by, Action.RECORD, query.center_id)
    _answer(query, Answer.CONFIRMED, text, by=by, if_seen=if_seen, door=door)


def explain(
    deviation: Deviation,
    *,
    answer: str,
    text: str,
    by: User,
    if_seen: str | None = None,
    door: str = Source.ADMIN,
) -> None:
    """Say why care was not as the algorithm expects. Refused unless the person may explain in its center."""
    access.require(by, Action.EXPLAIN, deviation.center_id)
    if answer not in EXPLANATIONS:
        raise ValidationError({"answer": gettext("Choose a reason from the list.")})
    _answer(deviation, answer, text, by=by, if_seen=if_seen, door=door)


def fingerprint(item: ReviewItem) -> str:
    """What a page showed of a finding, as a short text: given back as `if_seen`, it refuses an answer to another."""
    shown = store.as_json({name: getattr(item, name) for name in SHOWN})
    return hashlib.sha256(shown.encode()).hexdigest()


def _answer(item: ReviewItem, answer: str, text: str, *, by: User, if_seen: str | None, door: str) -> None:
    text = _checked(answer, text)
    with access.scope([item.center_id]), audit.because(door=door, by=by, reason=text):
        row = type(item).objects.select_for_update().get(pk=item.pk)
        if row.state == ReviewState.ANSWERED and (row.answer, row.answer_text) == (answer, text):
            return  # the same page sent twice
        if row.state == ReviewState.CLOSED:
            told = gettext("Nothing was saved: the data no longer call for an answer; it closed by itself.")
            raise ValidationError({NON_FIELD_ERRORS: told})
        if if_seen is not None and if_seen != fingerprint(row):
            told = gettext(
                "Nothing was saved: this changed while you were writing. Read it again, then answer."
            )
            raise ValidationError({NON_FIELD_ERRORS: told})
        row.state, row.answer, row.answer_text = ReviewState.ANSWERED, answer, text
        row.answered_by, row.answered_at = by, timezone.now()
        row.save(update_fields=["state", "answer", "answer_text", "answered_by", "answered_at"])


def _checked(answer: str, text: str) -> str:
    """The text without blanks around it; a confirmation and another reason need one."""
    text = text.strip()
    if not text and answer == Answer.CONFIRMED:
        raise ValidationError({"answer_text": gettext("Say why the value is right.")})
    if not text and answer == Answer.OTHER_TEXT:
        raise ValidationError({"answer_text": gettext("Say what the reason was.")})
    if len(text) > LONGEST:
        told = gettext("This has {length} characters; shorten it to {most}.")
        raise ValidationError({"answer_text": told.format(length=len(text), most=LONGEST)})
    if _UNSEEN.search(text):
        raise ValidationError({"answer_text": gettext("Take out the characters that cannot be seen.")})
    return text
