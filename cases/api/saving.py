"""From a request's body through the one door, and its answer: what was saved, or why it was not."""

from dataclasses import replace
from typing import Any, NoReturn

from django.http import Http404
from django.utils.translation import gettext, gettext_lazy
from rest_framework.request import Request

from cases import document as documents
from cases import intake
from cases.forms import CaseDocument
from cases.intake import Receipt, Submission
from cases.models import Transfer
from cases.problems import DocumentError, Problem
from cases.rulebook.validity import VALIDITY
from cases.vocabulary import Source
from registry import audit
from registry.access import Action
from registry.api.permissions import key_of, reach
from registry.api.problems import Refused
from registry.api.versions import refuse_stale
from registry.models import Center

NOT_SAVED = gettext_lazy("The document was not saved; correct these errors.")
_RULES = frozenset(rule.id for rule in VALIDITY.rules)
FOR_EVER = frozenset(
    {"withdrawn", "erased"}
)  # what the patient decided, and no correction of the document changes
NEVER_SAVED = 0  # no case has this version: a document that must be new cannot overwrite one


def document_of(request: Request) -> CaseDocument:  # type: ignore[valid-type]
    """Read the case document in the body; 422 with every problem and its place."""
    return parsed(body_of(request))


def body_of(request: Request) -> Any:
    """The body of a request that cannot do without one: no body is no empty form."""
    if not request.META.get("CONTENT_LENGTH") or request.META["CONTENT_LENGTH"] == "0":
        raise Refused(400, "not_json", gettext("The request has no body; send JSON."))
    return request.data


def parsed(raw: Any) -> CaseDocument:  # type: ignore[valid-type]
    """Read a case document from plain values; 422 with every problem and its place."""
    try:
        return documents.parse(None if isinstance(raw, str) else raw)  # no text in a text
    except DocumentError as error:
        raise Refused(422, "invalid_document", NOT_SAVED, error.problems) from None


def center_for(request: Request, code: str | None, action: Action = Action.RECORD) -> Center:
    """The center to record in: the one there is, or of several the one that `?center=` names."""
    if (key := key_of(request)) and reach(request, action) and code in (None, key.center.code):
        return key.center
    centers = Center.objects.filter(pk__in=reach(request, action))
    if code is not None:
        centers = centers.filter(code=code)
    match list(centers[:2]):
        case [center]:
            return center
        case []:
            raise Http404
    raise Refused(
        400, "center_required", gettext("You record for several centers: name one, as in ?center=CODE.")
    )


def change_reason(request: Request) -> str:
    """Why a case changes, from the header `Change-Reason` in UTF-8; empty without one."""
    sent = request.headers.get("Change-Reason", "")
    try:
        reason = sent.encode("latin-1").decode().strip()  # a header's bytes are handed over as Latin-1
    except UnicodeError:
        raise Refused(400, "unreadable_reason", gettext("Send Change-Reason in UTF-8.")) from None
    if wrong := audit.wrong_reason(reason):
        raise Refused(400, "unreadable_reason", wrong)
    return reason


def create(document: Any, *, center: Center, request: Request) -> Receipt:
    """Add a case that is not there yet; an equal one that is there already is `unchanged`, so sending twice is safe."""
    receipt = save(document, center=center, request=request, if_version=NEVER_SAVED)
    if receipt.case_id is None or receipt.verdict == "new":
        return receipt
    (stored,) = documents.load([receipt.case_id])
    if documents.dump(stored.document) == documents.dump(document):
        return Receipt(
            case_number=receipt.case_number, verdict="unchanged", case_id=stored.id, version=stored.version
        )
    raise Refused(
        409,
        "case_exists",
        gettext("Case {number} is here already and differs: correct it with PUT to its own address.").format(
            number=stored.document.case_number
        ),
        headers={"Location": f"/api/v1/cases/{stored.id}/"},
    )


def correct(
    document: Any,
    *,
    center: Center,
    request: Request,
    case_number: str,
    version: int,
    has_seen_all: bool = True,
) -> Receipt:
    """Replace the document of a case, unless it changed since its author read it."""
    if document.case_number != case_number:
        told = gettext("The case number cannot be changed; this is case {number}.").format(number=case_number)
        problem = Problem(pointer="/case_number", code="case_number_fixed", message=told)
        raise Refused(422, "invalid_document", NOT_SAVED, [problem])
    return save(document, center=center, request=request, if_version=version, has_seen_all=has_seen_all)


def save(
    document: Any,
    *,
    center: Center,
    request: Request,
    if_version: int,
    why: str = "",
    has_seen_all: bool = True,
    under: Transfer | None = None,
) -> Receipt:
    """Save a document over the version that was read; `why` stands where the request gives no reason of its own.

    Who sent a part and may not read the others (not `has_seen_all`) is told the rules, not what they say of these.
    """
    submission = Submission(document=document, if_version=if_version)
    key = key_of(request)
    receipt = intake.save_case(
        submission,
        center=center,
        by=request.user,
        source=Source.API,
        sender=f"key {key.prefix}" if key else "",
        reason=change_reason(request) or why,
        under=under,
    )
    if not has_seen_all:
        receipt = replace(receipt, problems=[_veiled(problem) for problem in receipt.problems])
    codes = {problem.code for problem in receipt.problems}
    is_there_already = if_version == NEVER_SAVED and codes & {"stale_version", "locked"}
    if receipt.verdict == "rejected" and not is_there_already:
        _refuse(receipt, codes)
    return receipt


def _veiled(problem: Problem) -> Problem:
    """What a rule says without the answers that it compares."""
    if problem.code not in _RULES:
        return problem
    told = gettext("Rule {code} objects to this together with other answers, which your key may not read.")
    return replace(problem, message=told.format(code=problem.code))


def _refuse(receipt: Receipt, codes: set[str]) -> NoReturn:
    if "locked" in codes:
        raise Refused(409, "locked", gettext("The case is locked; ask the data manager to unlock it."))
    if told := next((one for one in receipt.problems if one.code == "only_follow_up"), None):
        raise Refused(403, told.code, told.message)
    if told := next((one for one in receipt.problems if one.code in FOR_EVER), None):
        raise Refused(409, told.code, told.message)
    if "stale_version" in codes:
        refuse_stale(receipt.version)
    raise Refused(422, "invalid_document", NOT_SAVED, receipt.problems)
