"""The description of the API as it is now, and as it was last released."""

import json

import pytest
from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

RELEASED = sorted((settings.BASE_DIR / "docs" / "api").glob("openapi-*.json"))


def described_now():
    return json.loads(OpenApiJsonRenderer().render(SchemaGenerator().get_schema(request=None, public=True)))


@pytest.fixture(scope="session")
def described():
    return described_now()


@pytest.fixture(scope="session")
def released():
    return json.loads(RELEASED[-1].read_text(encoding="utf-8"))
