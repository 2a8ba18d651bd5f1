"""What people say to a finding: its center confirms a data query or explains a deviation, a second person decides.

Nothing of this changes the case. Answer and decision are kept on the finding with the values they were given on: when
these or the rule change, cases/review.py opens the finding again and leaves both readable.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext

from cases import store
from cases.flat.tables import trimmed
from cases.models import DataQuery, Deviation
from cases.models.review import ANSWERS, DECISIONS, ReviewItem
from cases.vocabulary import EXPLANATIONS, Answer, Decision, ReviewState, Source
from registry import access, audit, clock
from registry.access import Action

if TYPE_CHECKING:
    from registry.models import User

LONGEST = 1000
# What a page shows of a finding; what is said to anything else is said to another question.
SHOWN = ("state", "severity", "sentence", "values", *ANSWERS, *DECISIONS)
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


# What a person must be allowed to do in the center of a finding to answer it, and to decide on the answer.
TO_ANSWER: dict[type[ReviewItem], Action] = {DataQuery: Action.RECORD, Deviation: Action.EXPLAIN}
TO_DECIDE: dict[type[ReviewItem], Action] = {DataQuery: Action.DECIDE_QUERIES, Deviation: Action.DECIDE}


class ChangedError(ValidationError):
    """What was said was said to something else than is there now."""


def confirm(
    query: DataQuery, *, text: str, by: User, if_seen: str | None = None, door: str = Source.ADMIN
) -> None:
    """Say that what a data query asks about is right, and why. Refused unless the person may record in its center."""
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
    access.require(by, TO_ANSWER[Deviation], deviation.center_id)
    if answer not in EXPLANATIONS:
        raise ValidationError({"answer": gettext("Choose a reason from the list.")})
    _answer(deviation, answer, text, by=by, if_seen=if_seen, door=door)


def decide(
    item: ReviewItem,
    *,
    decision: str,
    text: str,
    by: User,
    if_seen: str | None = None,
    door: str = Source.ADMIN,
) -> None:
    """Accept an answer or not, or send it back because the data are wrong. Refused to whoever gave the answer.

    A decision can be taken anew; what it was stays in the history.
    """
    access.require(by, TO_DECIDE[type(item)], item.center_id)
    if decision not in Decision.values:
        raise ValidationError({"decision": gettext("Choose a decision from the list.")})
    text = _readable(text, "decision_text")
    if not text and decision != Decision.ACCEPTED:
        raise ValidationError({"decision_text": gettext("Say why, so that the center can act on it.")})
    with _held(item, by=by, door=door, reason=text) as row:
        is_taken = row.state == ReviewState.DECIDED or row.is_sent_back
        if is_taken and (row.decision, row.decision_text) == (decision, text):
            return  # the same page sent twice
        _refuse_unless_seen(row, if_seen)
        if row.state not in (ReviewState.ANSWERED, ReviewState.DECIDED):
            told = gettext("Nothing was saved: there is no answer to decide on. The center answers first.")
            raise ValidationError({NON_FIELD_ERRORS: told})
        if row.answered_by_id == by.pk:
            told = gettext("Nothing was saved: you gave this answer, so another person decides.")
            raise ValidationError({NON_FIELD_ERRORS: told})
        is_sent_back = decision == Decision.DATA_WRONG
        row.state = ReviewState.OPEN if is_sent_back else ReviewState.DECIDED
        row.decision, row.decision_text = decision, text
        row.decided_by, row.decided_at = by, clock.now()
        if is_sent_back:
            row.waiting_since = row.decided_at
        row.save(update_fields=["state", "waiting_since", *DECISIONS])


def fingerprint(item: ReviewItem) -> str:
    """What a page showed of a finding, as a short text: given back as `if_seen`, it refuses an answer to another."""
    shown = store.as_json({name: getattr(item, name) for name in SHOWN})
    return hashlib.sha256(shown.encode()).hexdigest()


def _answer(item: ReviewItem, answer: str, text: str, *, by: User, if_seen: str | None, door: str) -> None:
    access.require(by, TO_ANSWER[type(item)], item.center_id)
    text = _checked(answer, text)
    with _held(item, by=by, door=door, reason=text) as row:
        if row.state == ReviewState.ANSWERED and (row.answer, row.answer_text) == (answer, text):
            return  # the same page sent twice
        if row.state == ReviewState.CLOSED:
            told = gettext("Nothing was saved: the data no longer call for an answer; it closed by itself.")
            raise ValidationError({NON_FIELD_ERRORS: told})
        _refuse_unless_seen(row, if_seen)
        if row.state == ReviewState.DECIDED:
            told = gettext(
                "Nothing was saved: this is decided. It comes back by itself when the data or the rule change."
            )
            raise ValidationError({NON_FIELD_ERRORS: told})
        if answer == Answer.HISTORICAL_CASE and not row.is_historical:
            told = gettext("The operation is not older than the rule; choose another reason.")
            raise ValidationError({"answer": told})
        row.state, row.answer, row.answer_text = ReviewState.ANSWERED, answer, text
        row.answered_by, row.answered_at = by, clock.now()
        row.decision, row.decision_text, row.decided_by, row.decided_at = "", "", None, None
        row.save(update_fields=["state", *ANSWERS, *DECISIONS])


@contextmanager
def _held(item: ReviewItem, *, by: User, door: str, reason: str) -> Iterator[ReviewItem]:
    """The finding as it is now, held until what is said to it is stored with who said it."""
    with audit.because(door=door, by=by, reason=reason, centers=[item.center_id]):
        yield type(item).objects.select_for_update().get(pk=item.pk)


def _refuse_unless_seen(row: ReviewItem, if_seen: str | None) -> None:
    if if_seen is not None and if_seen != fingerprint(row):
        told = gettext("Nothing was saved: this changed while you were writing. Read it again, then answer.")
        raise ChangedError({NON_FIELD_ERRORS: told})


def _checked(answer: str, text: str) -> str:
    """The text without blanks around it; a confirmation and another reason need one."""
    text = _readable(text, "answer_text")
    if not text and answer == Answer.CONFIRMED:
        raise ValidationError({"answer_text": gettext("Say why the value is right.")})
    if not text and answer == Answer.OTHER_TEXT:
        raise ValidationError({"answer_text": gettext("Say what the reason was.")})
    return text


def _readable(text: str, field: str) -> str:
    """The text without blanks around it, those that cannot be seen included, if it can be kept."""
    text = trimmed(text.strip())
    if len(text) > LONGEST:
        told = gettext("This has {length} characters; shorten it to {most}.")
        raise ValidationError({field: told.format(length=len(text), most=LONGEST)})
    if _UNSEEN.search(text):
        raise ValidationError({field: gettext("Take out the characters that cannot be seen.")})
    return text
