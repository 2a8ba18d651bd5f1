"""Uploads: what is too large is dropped as it comes in, and nothing comes in while a transaction waits."""

import io

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from registry import uploads
from registry.api.callers import CallerMiddleware
from registry.models import ApiKey
from registry.uploads import ReceiveMiddleware
from tests.clients import issue

LIMIT = settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def posted(size, path="/admin/"):
    file = SimpleUploadedFile("cases.csv", b"x" * size)
    return RequestFactory().post(path, {"before": "1", "file": file, "after": "2"})


def test_a_file_of_the_limit_is_kept():
    request = posted(LIMIT)

    assert request.FILES["file"].size == LIMIT
    assert not uploads.is_too_large(request)
    request.close()


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT + 2**20, 50 * 10**6])
def test_a_larger_file_is_dropped_and_the_rest_of_the_form_is_read(size):
    request = posted(size)

    assert "file" not in request.FILES
    assert (request.POST["before"], request.POST["after"]) == ("1", "2")
    assert uploads.is_too_large(request)


@pytest.mark.parametrize("told", [1, 100, LIMIT, LIMIT + 1])
def test_a_length_that_is_a_lie_is_not_believed(told):
    """The file is counted as it comes in: what the browser says of its length only spares the counting."""
    body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("cases.csv", b"x" * (LIMIT + 1))})
    request = RequestFactory().generic("POST", "/admin/", body, content_type=MULTIPART_CONTENT)
    request.META["CONTENT_LENGTH"] = str(told)
    assert told < len(body)

    assert "file" not in request.FILES
    assert uploads.is_too_large(request)


class SlowLine(io.BytesIO):
    """Notes, whenever something is read, whether a transaction is open."""

    in_transaction = None

    def read(self, *args):
        self.in_transaction = connection.in_atomic_block
        return super().read(*args)


@pytest.mark.django_db(transaction=True)
def test_a_file_is_received_before_the_transaction_begins(client, alice):
    client.force_login(alice)
    body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("cases.csv", b"case_number\n")})
    line = SlowLine(body)

    answer = client.generic(
        "POST",
        "/admin/cases/importbatch/add/",
        body,
        content_type=MULTIPART_CONTENT,
        **{"wsgi.input": line},
    )

    assert answer.status_code == 422
    assert line.in_transaction is False


@pytest.mark.parametrize(("path", "is_read"), [("/admin/x/", True), ("/api/v1/cases/", False)])
def test_forms_of_people_are_received_and_bodies_of_the_api_left_alone(path, is_read):
    request = posted(10, path)

    ReceiveMiddleware(lambda request: None)(request)

    assert hasattr(request, "_files") == is_read


def test_a_line_that_breaks_off_stops_nothing():
    request = posted(10)
    request._stream = request.environ["wsgi.input"] = BrokenLine()

    assert ReceiveMiddleware(lambda request: "answered")(request) == "answered"
    assert not request.FILES


class BrokenLine(io.BytesIO):
    def read(self, *args):
        raise OSError("the client is gone")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("shown", "length", "is_received"),
    [("own", 2**20, 1), ("own", 2**10, 0), ("revoked", 2**20, 0), ("unknown", 2**20, 0)],
)
def test_a_large_body_of_the_api_is_received_beforehand_from_a_key_in_force(
    north, alice, shown, length, is_received
):
    _, text = issue(north, alice)
    request = RequestFactory().generic("POST", "/api/v1/x/", b"x" * length, "application/x-ndjson")
    request.META["HTTP_AUTHORIZATION"] = f"Bearer {'ivcr_x' if shown == 'unknown' else text}"
    request.user = AnonymousUser()
    if shown == "revoked":
        ApiKey.objects.update(revoked_at=timezone.now())
    CallerMiddleware(lambda request: None)(request)
    line = request._stream
    seen = []

    ReceiveMiddleware(lambda request: seen.append((request._stream is not line, len(request.read()))))(
        request
    )

    assert seen == [(bool(is_received), length)]
