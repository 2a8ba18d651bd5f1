"""Documents that come many at once: each read by itself, judged, saved through intake, and given its own verdict.

An item is a case document, or an object with the key `document` and, beside it, `reference` (what its sender calls it)
and `if_version` (the version of the case that it corrects). A case that is there already is changed only with the right
`if_version`; an equal one is left alone, so that all of it can be sent again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext
from pydantic_core import from_json

from cases import batches, intake
from cases.batches import Verdict
from cases.document import StoredCase, load, parse
from cases.importing.running import CHUNK, NothingToKeep
from cases.models import Case, ImportRow
from cases.problems import DocumentError, Problem
from cases.vocabulary import Source
from registry import access
from registry.api import strict_json
from registry.api.problems import Refused

if TYPE_CHECKING:
    from registry.models import Center, User

ENVELOPE = frozenset({"document", "reference", "if_version"})
RETURNED = frozenset({"index", "errors"})  # stand in what is handed back for correction, and are not read
LONGEST_REFERENCE = 100
LONGEST_NUMBER = 60  # of a case, as far as it is repeated
SHOWN_OF_LINE = 1000
NEVER_SAVED = 0  # no case has this version: a document that must be new cannot overwrite one


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One document as it came; without `document` it could not be read, and `problems` say why."""

    index: int
    reference: str = ""
    if_version: int | None = None
    case_number: str = ""
    document: Any = None
    problems: tuple[Problem, ...] = ()
    came: Mapping[
        str, Any
    ]  # what is handed back of it: the document's text, or the beginning of what is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one document. `version` is the one that the registry has of the case now, None without one."""

    item: Item
    verdict: Verdict
    case_id: int | None = None
    version: int | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of all of them, in their order."""

    saved: bool
    answers: list[Answer]

    @property
    def counts(self) -> dict[str, int]:
        """How many have which verdict."""
        found = Counter(answer.verdict for answer in self.answers)
        return {verdict: found[verdict] for verdict in ImportRow.Verdict.values}


# --- reading -------------------------------------------------------------------------------------------


def read(index: int, line: bytes) -> Item:
    """Read one item from its line."""
    if len(line) > strict_json.MOST_BYTES:
        told = gettext("A document has at most {n} bytes.").format(n=strict_json.MOST_BYTES)
        return _unread(index, line, "too_large", told)
    try:
        value = strict_json.loads(line)
    except Refused as refused:
        return _unread(index, line, refused.code, str(refused.detail))
    if not isinstance(value, dict) or "document" not in value:
        return _parsed(index, value)
    reference = value.get("reference", "")
    item = _parsed(index, value["document"], reference if _is_reference(reference) else "")
    if wrong := _wrong_envelope(value):
        problem = Problem(pointer="", code="wrong_item", message=wrong)
        return replace(item, document=None, problems=(problem,))
    return replace(item, if_version=value.get("if_version"))


def _wrong_envelope(value: Mapping[str, Any]) -> str:
    unknown = sorted(set(value) - ENVELOPE - RETURNED)
    if unknown:
        told = gettext("Beside 'document' stand only 'reference' and 'if_version', not '{name}'.")
        return told.format(name=unknown[0][:40])
    if not _is_reference(value.get("reference", "")):
        told = gettext("'reference' must be one line of text of at most {n} characters.")
        return told.format(n=LONGEST_REFERENCE)
    version = value.get("if_version", 1)
    if type(version) is not int or not 0 < version < 10**9:
        return gettext("'if_version' must be the version of the case that you read, a whole number from 1.")
    return ""


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_REFERENCE and value.isprintable()


def _unread(index: int, line: bytes, code: str, told: str) -> Item:
    beginning = line[:SHOWN_OF_LINE].decode(errors="replace").replace("\x00", "\ufffd").strip()
    problem = Problem(pointer="", code=code, message=told)
    return Item(index=index, problems=(problem,), came={"line": beginning})


def _parsed(index: int, raw: Any, reference: str = "") -> Item:
    number = raw.get("case_number") if isinstance(raw, dict) else None
    document, problems = None, tuple[Problem, ...]()
    try:
        document = parse(
            None if isinstance(raw, str) else raw
        )  # a text is no document, whatever stands in it
    except DocumentError as error:
        problems = tuple(error.problems)
    return Item(
        index=index,
        reference=reference,
        case_number=number[:LONGEST_NUMBER] if isinstance(number, str) else "",
        document=document,
        problems=problems,
        came={"document": raw},
    )


def repeated(lines: Iterable[bytes]) -> frozenset[str]:
    """The case numbers that stand more than once: none of their documents is saved, whichever came first.

    Goes over the lines quickly, and reads strictly what seems to stand twice: what is no document does not count.
    """
    suspects = _more_than_once(map(_number, lines))
    if not suspects:
        return suspects
    items = (read(index, line) for index, line in enumerate(lines) if _number(line) in suspects)
    return _more_than_once(item.case_number for item in items if item.document is not None)


def _more_than_once(numbers: Iterable[str]) -> frozenset[str]:
    return frozenset(number for number, times in Counter(numbers).items() if number and times > 1)


def _number(line: bytes) -> str:
    """The case number in a line, as far as it can be told without reading strictly."""
    if len(line) > strict_json.MOST_BYTES:
        return ""  # it is refused for its size, and not read
    try:
        value = from_json(line)
    except ValueError:
        return ""
    document = value.get("document", value) if isinstance(value, dict) else None
    number = document.get("case_number") if isinstance(document, dict) else None
    return number if isinstance(number, str) else ""


# --- judging and saving --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The work on the documents of one request: for a center, by a person, really or to see what would happen."""

    center: Center
    by: User | None
    sender: str = ""
    reason: str = ""
    dry_run: bool = False
    repeated: frozenset[str] = frozenset()

    def take(self, items: Sequence[Item]) -> list[Answer]:
        """Judge and save some items, in as many queries whatever their number; answer in their order."""
        answers: dict[int, Answer] = {}
        open_ = [item for item in items if not self._is_refused(item, answers)]
        stored = self._stored(open_)
        to_save = []
        for item in open_:
            before = stored.get(item.case_number)
            answer = _without_saving(item, before)
            if answer is None:
                to_save.append(item)
            else:
                answers[item.index] = answer
        self._save(to_save, stored, answers)
        return [answers[item.index] for item in items]

    def _is_refused(self, item: Item, answers: dict[int, Answer]) -> bool:
        problems = item.problems
        if not problems and item.case_number in self.repeated:
            problems = (batches.repeated_number(),)
        if problems:
            answers[item.index] = Answer(item=item, verdict="rejected", problems=problems)
        return bool(problems)

    def _stored(self, items: Sequence[Item]) -> dict[str, StoredCase]:
        numbers = [item.case_number for item in items]
        ids = Case.objects.filter(center=self.center, case_number__in=numbers).values_list("pk", flat=True)
        return {case.document.case_number: case for case in load(ids)}

    def _save(self, items: list[Item], stored: dict[str, StoredCase], answers: dict[int, Answer]) -> None:
        receipts = intake.save_cases(
            [
                intake.Submission(document=item.document, if_version=item.if_version or NEVER_SAVED)
                for item in items
            ],
            center=self.center,
            by=self.by,
            source=Source.API,
            sender=self.sender,
            reason=self.reason,
            dry_run=self.dry_run,
        )
        overtaken = []
        for item, receipt in zip(items, receipts, strict=True):
            answers[item.index] = self._answer(item, receipt, stored.get(item.case_number))
            if not item.if_version and any(problem.code == "stale_version" for problem in receipt.problems):
                overtaken.append(item)
        if overtaken:  # somebody else added these cases since we looked
            stored = self._stored(overtaken)
            for item in overtaken:
                before = stored.get(item.case_number)
                answers[item.index] = _without_saving(item, before) or answers[item.index]

    def _answer(self, item: Item, receipt: intake.Receipt, before: StoredCase | None) -> Answer:
        is_saved = not self.dry_run and receipt.verdict in ("new", "changed")
        return Answer(
            item=item,
            verdict=receipt.verdict,
            case_id=receipt.case_id if is_saved or before else None,
            version=receipt.version if is_saved else before.version if before else None,
            problems=tuple(receipt.problems),
        )


def _without_saving(item: Item, before: StoredCase | None) -> Answer | None:
    """Answer what needs no saving: equal cases, and those that are or are not there against expectation."""
    if before is None and item.if_version:
        told = gettext("There is no case {number} to correct; leave if_version out to add it.")
        problem = Problem(
            pointer="/case_number", code="no_such_case", message=told.format(number=item.case_number)
        )
        return Answer(item=item, verdict="rejected", problems=(problem,))
    if before is None:
        return None
    there = {"item": item, "case_id": before.id, "version": before.version}
    if before.document == item.document:
        return Answer(**there, verdict="unchanged")
    if item.if_version:
        return None
    told = gettext(
        "Case {number} is here already and differs: to correct it, send it with the version you read in if_version."
    )
    problem = Problem(
        pointer="/case_number", code="case_exists", message=told.format(number=item.case_number)
    )
    return Answer(**there, verdict="rejected", problems=(problem,))


def held_back(answer: Answer) -> Answer:
    """The answer for a good document of which none was to be saved unless all were."""
    if answer.verdict not in ("new", "changed"):
        return answer
    is_there = answer.verdict == "changed"
    return replace(
        answer,
        verdict="rejected",
        case_id=answer.case_id if is_there else None,
        version=answer.item.if_version if is_there else None,
        problems=(intake.aside(), *answer.problems),
    )


def chunks(lines: Iterable[bytes]) -> Iterator[list[Item]]:
    """Read items some at a time, the next ones in a thread of their own while the database writes those before."""
    items, language = (read(index, line) for index, line in enumerate(lines)), copy_context()
    with ThreadPoolExecutor(1, "reading ahead") as reader:
        ahead = reader.submit(language.run, list, islice(items, CHUNK))
        while chunk := ahead.result():
            ahead = reader.submit(language.run, list, islice(items, CHUNK))
            yield chunk


def save(lines: Iterable[bytes], *, work: Work, mode: intake.Mode) -> Outcome:
    """Judge and save all of them now, in one transaction."""
    if work.by is not None:
        access.require(work.by, access.Action.IMPORT_CASES, work.center)
    answers: list[Answer] = []
    saved = not work.dry_run
    try:
        with access.scope([work.center.pk]):
            for chunk in chunks(lines):
                answers += work.take(chunk)
            if mode == "atomic" and any(answer.verdict == "rejected" for answer in answers):
                raise NothingToKeep
    except NothingToKeep:
        answers, saved = [held_back(answer) for answer in answers], False
    return Outcome(saved=saved, answers=answers)


def text_of(raw: Any) -> str:
    """A document as it is kept to be handed back."""
    return json.dumps(raw, ensure_ascii=False, separators=(",", ":"))
