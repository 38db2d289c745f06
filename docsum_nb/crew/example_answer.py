"""A made-up answer that fits a pydantic model, for a model that does not know what it is asked.

Deterministic. Reads the JSON schema, so validators written in Python may refuse it all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["made_up"]

_DEEP = 12
_TEXT = "rehearsed"
_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "PT1S",
    "email": "nobody@example.org",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def made_up(kind: Any) -> str:
    """Make a JSON object up that fits a model's schema.

    Args:
        kind: A pydantic model class.
    """
    schema = kind.model_json_schema()
    return json.dumps(_value(schema, schema.get("$defs", {}), 0))


def _value(schema: Mapping[str, Any], defs: Mapping[str, Any], depth: int) -> Any:
    if depth > _DEEP:
        return None
    if "$ref" in schema:
        return _value(defs.get(schema["$ref"].rpartition("/")[2], {}), defs, depth + 1)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name):
            return _value(schema[name][0], defs, depth + 1)
    return _of_type(schema, defs, depth)


def _of_type(schema: Mapping[str, Any], defs: Mapping[str, Any], depth: int) -> Any:
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {
                name: _value(properties.get(name, {}), defs, depth + 1)
                for name in schema.get("required", ())
            }
        case "array":
            fixed = schema.get("prefixItems")
            items = fixed or [schema.get("items", {})] * max(1, schema.get("minItems", 1))
            return [_value(item, defs, depth + 1) for item in items]
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            text = _FORMATS.get(schema.get("format", ""), _TEXT)
            return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]


def _number(schema: Mapping[str, Any]) -> Any:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    high = schema.get("maximum")
    if high is None and "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - 1
    return low if high is None else min(low, high)
