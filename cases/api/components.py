"""The case document as components of OpenAPI: a shape for each form, which cases and plans share."""

from typing import Any


def documents(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Make the components of a case document and of a plan from the data dictionary."""
    made: dict[str, dict[str, Any]] = {}
    operations = schema["properties"]["operations"]
    inside = {"operations": {**operations, "items": _shared(operations["items"], made)}}
    whole = _shared({**schema, "properties": {**schema["properties"], **inside}}, made)
    whole.pop("$schema", None)
    plan = {key: value for key, value in whole.items() if key != "required"}
    plan |= {
        "title": "Plan",
        "description": "A diagnosis and a plan: the fields of a case, none of them required.",
    }
    return {**made, "CaseDocument": whole, "PlanDocument": plan}


def _shared(schema: dict[str, Any], made: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The schema with its forms put among the components, each by its name."""
    found = {name: _referred(name, shape, made) for name, shape in schema["properties"].items()}
    return {**schema, "properties": found}


def _referred(name: str, shape: dict[str, Any], made: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if name == "missing":
        return shape
    if shape.get("type") == "array" and shape["items"].get("type") == "object":
        return {**shape, "items": _component(name, shape["items"], made)}
    if shape.get("type") == ["object", "null"]:
        return {"oneOf": [_component(name, {**shape, "type": "object"}, made), {"type": "null"}]}
    return shape


def _component(name: str, shape: dict[str, Any], made: dict[str, dict[str, Any]]) -> dict[str, str]:
    title = f"Form{''.join(word.title() for word in name.split('_'))}"
    made[title] = shape
    return {"$ref": f"#/components/schemas/{title}"}
