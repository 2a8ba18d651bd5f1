"""One request, one effect: what is sent again under the same Idempotency-Key is answered again, and not done again.

The row of the key is written first, in the transaction of the data, so that both are there or neither. Who sends the
key again waits for the first request, and is given its answer byte for byte before anything else is looked at. A
refusal is an answer, too: it saved nothing, and a corrected body needs a new key. Not kept is what may change by
itself (`PASSING`), what failed here (5xx), which leaves nothing behind, and what a view says is not to be kept.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from os import SEEK_END
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import QuerySet
from django.http import HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext
from rest_framework.request import Request

from registry import clock
from registry.api.permissions import key_of
from registry.api.problems import PASSING, Refused, code_of
from registry.models import AnsweredRequest
from registry.uploads import MOST_BODY

if TYPE_CHECKING:
    from registry.api.views import RegistryView

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
WRITING = ("POST", "PUT", "PATCH", "DELETE")
KEPT_HEADERS = (
    *("Content-Type", "Content-Language", "Location", "ETag", "Accept-Patch"),
    *("Retry-After", "Preference-Applied"),
)
DECIDING_HEADERS = ("Content-Type", "If-Match", "Change-Reason")
PASSING_CODES = frozenset({"locked"})  # a data manager unlocks
LOCK_NOT_AVAILABLE = "55P03"
_KEY = re.compile(r"[\x20-\x7e]{1,255}", re.ASCII)


def receive(request: Request) -> None:
    """Read the whole body of a request that bears a key, before anybody reads a part of it or forgets the rest."""
    if HEADER not in request.headers:
        return
    said = gettext("The request was cut short; send it again.")
    try:
        received = _length(request)
    except UnreadablePostError:
        raise Refused(400, "cut_short", said) from None
    announced = request.META.get("CONTENT_LENGTH") or "0"
    # Of what is too large the rest is not read; whoever reads the body says so.
    if announced.isdecimal() and received < min(int(announced), MOST_BODY):
        raise Refused(400, "cut_short", said)


def _length(request: Request) -> int:
    """How much of the body there is; a large one lies in a file (registry/uploads.py)."""
    if (file := getattr(request._request, "received", None)) is None:
        return len(request._request.body)
    length = file.seek(0, SEEK_END)
    file.seek(0)
    return length


def _parts(request: Request) -> Iterator[bytes]:
    """The body, piece by piece."""
    if (file := getattr(request._request, "received", None)) is None:
        yield request._request.body
        return
    file.seek(0)
    while part := file.read(2**20):
        yield part
    file.seek(0)


def once(
    view: "RegistryView", work: Callable[..., HttpResponseBase], request: Request, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    """Do the work of a view, or answer what was answered when the same key came before."""
    if HEADER not in request.headers or not view.keeps_answers:
        return work(request, *args, **kwargs)
    key = _key_sent(request)
    center_id = view.center_in_question(request, **kwargs)
    if center_id is None:
        return work(request, *args, **kwargs)  # of somebody who has no center, and so writes no row of one
    row, is_new = _claim(request, key, center_id)
    if not is_new:
        return _again(row)
    response = _answer(view, work, request, *args, **kwargs)
    if response.status_code in PASSING or code_of(response) in PASSING_CODES:
        row.delete()
    elif response.status_code < 500:  # the middleware takes back all that comes with a 5xx
        _keep(row, response)
    return response


def receipt(request: Request, key: str) -> AnsweredRequest | None:
    """What was answered to a key of the same sender, if anything is kept of it."""
    return (
        AnsweredRequest.objects.filter(**_sent_by(request), key=key).first() if _KEY.fullmatch(key) else None
    )


def older_than(days: int) -> QuerySet[AnsweredRequest]:
    """The keys that nobody sends again. See everywhere to call it."""
    return AnsweredRequest.objects.filter(created_at__lt=clock.now() - timedelta(days=days))


def _sent_by(request: Request) -> dict[str, Any]:
    """Whose keys these are: a person's own, or a machine's, whichever of the keys that replaced each other it shows."""
    key = key_of(request)
    return {"user_id": request.user.pk, "api_key_id": key and (key.first_id or key.pk)}


def _key_sent(request: Request) -> str:
    sent = request.headers[HEADER]
    if not _KEY.fullmatch(sent):
        told = gettext("An Idempotency-Key has 1 to 255 printable ASCII characters.")
        raise Refused(400, "invalid_idempotency_key", told)
    return sent


def _claim(request: Request, key: str, center_id: int) -> tuple[AnsweredRequest, bool]:
    """Write the row of the key, or find and lock the one that is there; another request's key is refused."""
    digest, own = _digest(request), {**_sent_by(request), "key": key}
    try:
        with transaction.atomic():
            return AnsweredRequest.objects.create(**own, center_id=center_id, digest=digest), True
    except IntegrityError:
        row = AnsweredRequest.objects.select_for_update(of=("self",)).filter(**own).first()
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        told = gettext("A request with this Idempotency-Key is being worked on; send it again in a moment.")
        raise Refused(409, "request_in_progress", told, headers={"Retry-After": "2"}) from None
    if row is None or bytes(row.digest) != digest:  # none: it is of a center that the person has left
        told = gettext("This Idempotency-Key was sent with another request. A new request takes a new key.")
        raise Refused(422, "idempotency_key_reused", told)
    return row, False


def _digest(request: Request) -> bytes:
    """What decides about the outcome: address, headers that matter, and the body as it was sent."""
    headers = [request.headers.get(name, "") for name in DECIDING_HEADERS]
    told = json.dumps([request.method, request.get_full_path(), *headers]).encode()
    digest = sha256(told + b"\n")
    for part in _parts(request):
        digest.update(part)
    return digest.digest()


def _answer(
    view: "RegistryView", work: Callable[..., Any], request: Request, *args: Any, **kwargs: Any
) -> Any:
    """Do the work; a refusal takes back what was written for it, but not the row of the key."""
    try:
        with transaction.atomic():
            response = work(request, *args, **kwargs)
    except Exception as error:  # what is no refusal is raised again there
        response = view.handle_exception(error)
    return view.finalize_response(request, response, *args, **kwargs).render()


def _keep(row: AnsweredRequest, response: Any) -> None:
    response.headers.setdefault("Content-Language", translation.get_language())
    row.status, row.body = response.status_code, response.content
    row.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    row.save(update_fields=["status", "headers", "body"])


def _again(row: AnsweredRequest) -> HttpResponse:
    return HttpResponse(bytes(row.body), status=row.status, headers={**row.headers, REPLAYED: "true"})
