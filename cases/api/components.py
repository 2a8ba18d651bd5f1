"""The case document as components of OpenAPI: a shape for each form, which cases and plans share.

Forms have no titles here: a title would give a shape a second name in clients that are generated.
"""

from typing import Any

Shape = dict[str, Any]
Made = dict[str, Shape]
PLAN = "A diagnosis and a plan: the fields of a case, none of them required."


def documents(schema: Shape) -> Made:
    """Make the components of a case document and of a plan from the data dictionary."""
    made: Made = {}
    operations = schema["properties"]["operations"]
    inside = {**operations, "items": _shared(operations["items"], made)}
    whole = _shared({**schema, "properties": {**schema["properties"], "operations": inside}}, made)
    case = {key: value for key, value in whole.items() if key not in ("$schema", "title")}
    plan = {**{key: value for key, value in case.items() if key != "required"}, "description": PLAN}
    return {**made, "CaseDocument": case, "PlanDocument": plan}


def _shared(schema: Shape, made: Made) -> Shape:
    """The schema with its forms put among the components, each by its name."""
    found = {name: _referred(name, shape, made) for name, shape in schema["properties"].items()}
    return {**schema, "properties": found}


def _referred(name: str, shape: Shape, made: Made) -> Shape:
    if shape.get("type") == "array" and shape["items"].get("type") == "object":
        return {**shape, "items": _component(name, shape["items"], made)}
    if shape.get("type") == ["object", "null"]:
        return {"oneOf": [_component(name, {**shape, "type": "object"}, made), {"type": "null"}]}
    return shape


def _component(name: str, shape: Shape, made: Made) -> Shape:
    title = f"Form{_camel(name)}"
    rest = {key: of for key, of in shape.items() if key != "title"}
    properties = {**shape["properties"], "missing": _reasons(shape["properties"]["missing"], made)}
    made[title] = {"description": shape["title"], **rest, "properties": properties}
    return _reference(title)


def _reasons(missing: Shape, made: Made) -> Shape:
    """The reasons for absence, one shape for all fields of all forms."""
    if missing["properties"]:
        made["MissingReason"] = {**next(iter(missing["properties"].values())), "type": "string"}
    return {**missing, "properties": dict.fromkeys(missing["properties"], _reference("MissingReason"))}


def _camel(name: str) -> str:
    return "".join(word.title() for word in name.split("_"))


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
