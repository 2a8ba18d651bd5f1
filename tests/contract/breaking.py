"""What breaks the clients of an API when its description changes from one to another.

A client breaks when something it may send is refused, or something it counts on is not answered any more:

- a path or method is gone;
- a parameter is gone, became required, or takes fewer values; a body became required or is of other media types;
- in what is sent: a property is gone or became required, a value of an enumeration or one of several shapes is gone,
  a type, bound or pattern is narrower, other names are no longer taken;
- in what is answered: a status or media type is gone, a property is gone or no longer promised, its type is another.

New answers to what is new, wider requests and longer enumerations in answers break nobody who reads tolerantly.
"""

import json
from collections.abc import Iterator
from typing import Any

SENT, ANSWERED = "sent", "answered"
LOWER, UPPER = ("minimum", "minLength", "minItems"), ("maximum", "maxLength", "maxItems")


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Tell every change that breaks clients, each with its place."""
    return list(dict.fromkeys(_paths(old, new)))


def _paths(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for path, item in old["paths"].items():
        for method, operation in item.items():
            there = new["paths"].get(path, {}).get(method)
            at = f"{method.upper()} {path}"
            if there is None:
                yield f"{at}: is gone"
            else:
                yield from _operation(at, operation, there, _Walk(old, new))


def _operation(at: str, old: dict[str, Any], new: dict[str, Any], walk: "_Walk") -> Iterator[str]:
    yield from _parameters(at, old, new, walk)
    body, wanted = old.get("requestBody", {}), new.get("requestBody", {})
    if wanted.get("required") and not body.get("required"):
        yield f"{at}: the body became required"
    yield from _content(f"{at} body", body, wanted, walk, SENT)
    for status, answer in old["responses"].items():
        if status not in new["responses"]:
            yield f"{at}: the answer {status} is gone"
        else:
            yield from _content(f"{at} {status}", answer, new["responses"][status], walk, ANSWERED)


def _parameters(at: str, old: dict[str, Any], new: dict[str, Any], walk: "_Walk") -> Iterator[str]:
    was, now = ({(one["in"], one["name"]): one for one in side.get("parameters", [])} for side in (old, new))
    for key, one in was.items():
        if key not in now:
            yield f"{at}: the parameter {key[1]} is gone"
        else:
            yield from walk.compare(f"{at} {key[1]}", one.get("schema", {}), now[key].get("schema", {}), SENT)
    for key, one in now.items():
        if one.get("required") and not was.get(key, {}).get("required"):
            yield f"{at}: the parameter {key[1]} became required"


def _content(at: str, old: dict[str, Any], new: dict[str, Any], walk: "_Walk", way: str) -> Iterator[str]:
    for media, shape in old.get("content", {}).items():
        if media not in new.get("content", {}):
            yield f"{at}: {media} is gone"
        else:
            yield from walk.compare(at, shape.get("schema", {}), new["content"][media].get("schema", {}), way)


class _Walk:
    """Walks two schemas side by side, each in its own description."""

    def __init__(self, old: dict[str, Any], new: dict[str, Any]):
        self.old, self.new = old, new
        self.seen: set[tuple[str, str, str]] = set()

    def compare(self, at: str, old: Any, new: Any, way: str) -> Iterator[str]:
        if not isinstance(old, dict) or not isinstance(new, dict):
            return
        if lost := _null_lost(self._takes_null(old, self.old), self._takes_null(new, self.new), way):
            yield f"{at}: {lost}"
        old, new = _given(old), _given(new)
        if "$ref" in old:
            key = (old["$ref"], str(new.get("$ref")), way)
            if key in self.seen:
                return
            self.seen.add(key)
            at = old["$ref"].rpartition("/")[2]
        old, new = _resolved(old, self.old), _resolved(new, self.new)
        yield from _values(at, old, new, way)
        yield from self._properties(at, old, new, way)
        yield from self._others(at, old, new, way)
        yield from self._choices(at, old, new, way)
        yield from self.compare(f"{at}[]", old.get("items"), new.get("items"), way)

    def _takes_null(self, shape: dict[str, Any], whole: dict[str, Any]) -> bool:
        shape = _resolved(shape, whole)
        choices = [*shape.get("anyOf", []), *shape.get("oneOf", [])]
        return "null" in _kinds(shape) or any(self._takes_null(one, whole) for one in choices)

    def _others(self, at: str, old: dict[str, Any], new: dict[str, Any], way: str) -> Iterator[str]:
        """What stands under names that are not listed."""
        was, now = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if way == SENT and now is False and was is not False:
            yield f"{at}: takes no other names"
        yield from self.compare(f"{at}.*", was, now, way)

    def _choices(self, at: str, old: dict[str, Any], new: dict[str, Any], way: str) -> Iterator[str]:
        """Shapes of which one holds, or all."""
        for word in ("anyOf", "oneOf", "allOf"):
            was, now = ({_name(one): one for one in side.get(word, [])} for side in (old, new))
            for name in was.keys() & now.keys():
                yield from self.compare(f"{at} {name}", was[name], now[name], way)
            # fewer choices bind whoever sends, more of them whoever reads; of what holds together it is the other way
            is_narrower = (way == SENT) == (word != "allOf")
            lost = was.keys() - now.keys() if is_narrower else now.keys() - was.keys()
            is_told = bool(was) if word != "allOf" else True
            if lost and is_told:
                yield f"{at}: {word} is no longer the same for {', '.join(sorted(lost))}"
            if word != "allOf" and now and not was and old:
                yield f"{at}: {'takes only' if way == SENT else 'may now be one of'} listed shapes"

    def _properties(self, at: str, old: dict[str, Any], new: dict[str, Any], way: str) -> Iterator[str]:
        was, now = old.get("properties", {}), new.get("properties", {})
        for name, shape in was.items():
            if name not in now:
                yield f"{at}: {name} is gone"
            else:
                yield from self.compare(f"{at}.{name}", shape, now[name], way)
        required, promised = set(new.get("required", ())), set(old.get("required", ()))
        if way == SENT:
            yield from (f"{at}: {name} became required" for name in sorted(required - promised))
        else:
            yield from (f"{at}: {name} is no longer promised" for name in sorted(promised - required))


def _values(at: str, old: dict[str, Any], new: dict[str, Any], way: str) -> Iterator[str]:
    gone = [value for value in old.get("enum", []) if "enum" in new and value not in new["enum"]]
    yield from (f"{at}: the value {value} is gone" for value in gone)
    if way == SENT and "enum" in new and "enum" not in old:
        yield f"{at}: takes only listed values"
    was, now = _kinds(old), _kinds(new)
    lost = (was - now) if way == SENT else (now - was)
    lost -= {"null"}  # wherever it stands
    if was and now and lost:
        yield f"{at}: {'takes no' if way == SENT else 'may now be'} {', '.join(sorted(lost))}"
    if way == SENT:
        yield from _bounds(at, old, new)
        if "pattern" in new and new["pattern"] != old.get("pattern"):
            yield f"{at}: the pattern is another"


def _bounds(at: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for names, sign in ((LOWER, 1), (UPPER, -1)):
        for name in names:
            if name in new and (name not in old or sign * new[name] > sign * old[name]):
                yield f"{at}: {name} is narrower"


def _kinds(shape: dict[str, Any]) -> set[str]:
    kinds = shape.get("type", [])
    found = {kinds} if isinstance(kinds, str) else set(kinds)
    return found | {"integer"} if "number" in found else found


def _resolved(shape: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """The shape behind its reference."""
    return whole["components"]["schemas"][shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape


def _given(shape: dict[str, Any]) -> dict[str, Any]:
    """Of a shape that may be null, the other choice."""
    listed = shape.get("oneOf") or shape.get("anyOf") or []
    choices = [one for one in listed if one != {"type": "null"}]
    return choices[0] if len(choices) == 1 else shape


def _null_lost(was: bool, now: bool, way: str) -> str:
    if way == SENT:
        return "takes no null" if was and not now else ""
    return "may now be null" if now and not was else ""


def _name(choice: dict[str, Any]) -> str:
    """What a choice is recognized by: its shape's name, or its own words."""
    return choice["$ref"].rpartition("/")[2] if "$ref" in choice else json.dumps(choice, sort_keys=True)
