"""A record as JSON: every field, names as in the record.

Faithful rather than safe to look at: texts are kept to the character, only spelled with escapes
where a terminal or an encoder could stumble. Numbers that JSON does not know become ``null``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

__all__ = ["to_json"]

# Controls beyond ASCII, marks of direction, and halves of characters that UTF-8 cannot encode.
_AWKWARD = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def to_json(record: object) -> str:
    """Render as JSON.

    Args:
        record: A record, such as a Summary, complete or partial; an instance of a pydantic model;
            or a mapping with records in it.

    Returns:
        An indented JSON object. Tuples are arrays; metadata of other types than JSON's is written
        as ``str`` shows it; NaN and infinity are ``null``.
    """
    text = json.dumps(_plain(record), ensure_ascii=False, indent=2, allow_nan=False)
    return _AWKWARD.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _plain(value: Any) -> Any:
    # dataclasses.asdict deep-copies metadata, which fails for locks, proxies and open files.
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return _plain_items(value)
    if callable(getattr(value, "model_dump", None)):
        return _plain(value.model_dump())
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    return str(value)


def _plain_items(values: Collection[Any]) -> list[Any]:
    return [_plain(item) for item in values]
