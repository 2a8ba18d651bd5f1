"""The description of the API is valid OpenAPI 3.1, shows examples, and breaks nobody who wrote against the last."""

from copy import deepcopy

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.contract.breaking import changes

SHAPES = "#/components/schemas/"


def operations(described):
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in described["paths"].items()
        for method, operation in item.items()
    ]


def bodies(described):
    """Every body with its media type's description: (where, media)."""
    for where, operation in operations(described):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            yield f"{where} body", media
        for status, answer in operation["responses"].items():
            for kind, media in answer.get("content", {}).items():
                yield f"{where} {status} {kind}", media


def test_it_is_valid_openapi_3_1(described):
    assert described["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(described).validate()


def test_every_operation_says_what_it_does_and_needs_a_key(described):
    for where, operation in operations(described):
        assert operation.get("description"), where
        assert {"key": []} in operation["security"], where
    assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_every_body_that_is_asked_for_is_needed_and_has_an_example(described):
    for where, operation in operations(described):
        if body := operation.get("requestBody"):
            assert body["required"], where
            assert all({"example", "examples"} & set(media) for media in body["content"].values()), where


def test_every_example_fits_its_shape(described):
    shown = 0
    for where, media in bodies(described):
        for example in media.get("examples", {}).values():
            schema = {**media["schema"], "components": described["components"]}
            errors = [error.message for error in Draft202012Validator(schema).iter_errors(example["value"])]
            assert not errors, (where, errors)
            shown += 1
    assert shown > len(described["paths"])


def test_no_answer_is_promised_nothing(described):
    empty = []
    for where, operation in operations(described):
        for status, answer in operation["responses"].items():
            for kind, media in answer.get("content", {}).items():
                schema = {**media["schema"], "components": described["components"]}
                if (
                    "json" in kind
                    and not kind.endswith("ndjson")
                    and Draft202012Validator(schema).is_valid({})
                ):
                    empty.append(f"{where} {status}")

    assert empty == []


def test_every_refusal_has_an_example(described):
    bare = [
        where
        for where, media in bodies(described)
        if media["schema"].get("$ref") == f"{SHAPES}Problem" and "examples" not in media
    ]

    assert bare == []


def test_every_field_of_a_case_is_described(described):
    forms = {
        name: shape for name, shape in described["components"]["schemas"].items() if name.startswith("Form")
    }

    assert len(forms) > 15
    for name, form in forms.items():
        for field, shape in form["properties"].items():
            assert {"description", "oneOf", "items"} & set(shape), (name, field)


def test_nothing_that_clients_rely_on_changed_since_the_last_release(described, released):
    assert changes(released, described) == []


# --- the comparison itself -------------------------------------------------------------------------------------------


def without(path, name):
    def change(described):
        del _at(described, path)[name]

    return change


def with_more(path, name, value):
    def change(described):
        there = _at(described, path)
        there[name] = value(there.get(name)) if callable(value) else value

    return change


def _at(described, path):
    for step in path:
        described = described[step]
    return described


POST, LIST = ("paths", "/api/v1/cases/", "post"), ("paths", "/api/v1/cases/", "get")
DOCUMENT, RECORD = ("components", "schemas", "CaseDocument"), ("components", "schemas", "Record")
SHAPE = ("components", "schemas")
ENVELOPE = (*SHAPE, "BulkEnvelope")
SEX = ("components", "schemas", "FormPatient", "properties", "sex")
LOSS = ("components", "schemas", "FormOperations", "properties", "rbc_units")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (without(("paths",), "/api/v1/whoami/"), "GET /api/v1/whoami/: is gone"),
        (without(("paths", "/api/v1/cases/"), "post"), "POST /api/v1/cases/: is gone"),
        (without((*POST, "responses"), "409"), "POST /api/v1/cases/: the answer 409 is gone"),
        (with_more(LIST, "parameters", lambda old: old[1:]), "GET /api/v1/cases/: the parameter case_number is gone"),
        (
            with_more(LIST, "parameters", lambda old: [{**old[0], "required": True}, *old[1:]]),
            "GET /api/v1/cases/: the parameter case_number became required",
        ),
        (with_more(DOCUMENT, "required", lambda old: [*old, "tumor"]), "CaseDocument: tumor became required"),
        (without((*DOCUMENT, "properties"), "note"), "CaseDocument: note is gone"),
        (without((*RECORD, "properties"), "version"), "Record: version is gone"),
        (with_more(SEX, "enum", lambda old: old[1:]), "FormPatient.sex: the value female is gone"),
        (with_more(LOSS, "maximum", 1), "FormOperations.rbc_units: maximum is narrower"),
        (with_more(LOSS, "type", ["integer"]), "FormOperations.rbc_units: takes no null"),
        (with_more((*RECORD, "properties", "version"), "type", "string"), "Record.version: may now be string"),
        (with_more(RECORD, "required", lambda old: old[1:]), "Record: id is no longer promised"),
        (with_more((*RECORD, "properties", "version"), "type", ["integer", "null"]), "Record.version: may now be null"),
        (without((*ENVELOPE, "properties"), "reference"), "BulkEnvelope: reference is gone"),
        (with_more(ENVELOPE, "required", lambda old: [*old, "reference"]), "BulkEnvelope: reference became required"),
        (
            with_more((*SHAPE, "BulkItem"), "anyOf", lambda old: old[:1]),
            "BulkItem: anyOf is no longer the same for BulkEnvelope",
        ),
        (with_more((*SHAPE, "CasePatch"), "additionalProperties", False), "CasePatch: takes no other names"),
        (
            with_more((*ENVELOPE, "properties", "reference"), "pattern", "^x$"),
            "BulkEnvelope.reference: the pattern is another",
        ),
        (
            with_more((*SHAPE, "CasePatch"), "allOf", [{"required": ["note"]}]),
            'CasePatch: allOf is no longer the same for {"required": ["note"]}',
        ),
        (
            with_more((*RECORD, "properties"), "version", {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
            "Record.version: may now be one of listed shapes",
        ),
    ],
)  # fmt: skip
def test_what_breaks_clients_is_told(described, change, told):
    new = deepcopy(described)
    change(new)

    assert told in changes(described, new)


@pytest.mark.parametrize(
    "change",
    [
        with_more(("paths",), "/api/v1/new/", {"get": {"responses": {}}}),
        with_more((*RECORD, "properties"), "new", {"type": "string"}),
        with_more((*DOCUMENT, "properties"), "new", {"type": "string"}),
        with_more(SEX, "enum", lambda old: [*old, "other"]),
        with_more((*POST, "responses"), "418", {"description": "A teapot"}),
    ],
)
def test_what_is_added_breaks_nobody(described, change):
    new = deepcopy(described)
    change(new)

    assert changes(described, new) == []
