"""A record as JSON, and from it: every field, names as in the record.

What is written is faithful rather than safe to look at: texts are kept to the character, only
spelled with escapes if a terminal or an encoder could stumble. Numbers that JSON does not know
become ``null``. What is read has the types that the records declare, all the way down; anything
else is refused with its path, such as ``citations[3].page``: an incomplete result misleads.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from docsum_nb.errors import InputError

__all__ = ["read_data", "read_json", "to_json"]

T = TypeVar("T")

# Controls beyond ASCII, marks of direction, halves of characters that UTF-8 cannot encode, and the
# invisible copies of ASCII.
_AWKWARD = re.compile(
    "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)


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
    return _AWKWARD.sub(lambda match: json.dumps(match.group())[1:-1], text)


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


def read_json(kind: type[T], text: str) -> T:
    """Make a record from its JSON.

    Args:
        kind: The record's class.
        text: The JSON; fields that have a default may be missing.

    Raises:
        InputError: If it is no JSON of such a record.
    """
    if not isinstance(text, str):
        raise InputError(f"the JSON of a {kind.__name__} is a text, not {type(text).__name__}")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"this is no JSON: {error}") from None
    record: T = _read(kind, value, kind.__name__)
    return record


def read_data(kind: Any, data: Any) -> Any:
    """Make an instance of a pydantic model class from plain JSON values.

    Raises:
        InputError: If the class is none, or the data does not fit it.
    """
    validate = getattr(kind, "model_validate_json", None)
    if validate is None or not isinstance(kind, type):
        raise InputError(f"response_model is a pydantic model class, not {kind!r}")
    try:
        # As JSON, so that a strict class takes a date or a tuple in the form JSON has for it.
        return validate(json.dumps(data))
    except ValueError as error:
        raise InputError(f"the data does not fit {kind.__name__}: {error}") from error


def _read(kind: Any, value: Any, place: str) -> Any:
    origin = get_origin(kind)
    if kind is Any or isinstance(kind, TypeVar):
        return value
    if is_dataclass(kind):
        return _record(kind, value, place)
    if origin in (Union, UnionType):
        return _optional(kind, value, place)
    if origin is tuple:
        return _tuple(get_args(kind), value, place)
    if origin is Mapping:
        return dict(_checked(dict, value, place))
    if origin is Literal:
        return _one_of(get_args(kind), value, place)
    if kind is float:
        return _number(value, place)
    return _checked(kind, value, place)


def _record(kind: Any, value: Any, place: str) -> Any:
    found = _checked(dict, value, place)
    known, hints = {item.name: item for item in fields(kind)}, _hints(kind)
    strange = sorted(found.keys() - known.keys())
    if strange:
        raise InputError(
            f"{place} has a field {strange[0]!r} that this version does not know: it is no "
            f"{kind.__name__}, or was written by a later version"
        )
    needed = [
        name
        for name, item in known.items()
        if item.default is MISSING and item.default_factory is MISSING and name not in found
    ]
    if needed:
        raise InputError(f"{place} is no {kind.__name__}: its {needed[0]!r} is missing")
    return kind(
        **{name: _read(hints[name], item, f"{place}.{name}") for name, item in found.items()}
    )


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _optional(kind: Any, value: Any, place: str) -> Any:
    if value is None:
        return None
    (inner,) = (each for each in get_args(kind) if each is not NoneType)
    return _read(inner, value, place)


def _tuple(kinds: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    found = _checked(list, value, place)
    if kinds[-1:] == (...,):
        kinds = kinds[:1] * len(found)
    if len(found) != len(kinds):
        raise InputError(f"{place} has {len(found)} items, not {len(kinds)}")
    return tuple(
        _read(kind, item, f"{place}[{at}]")
        for at, (kind, item) in enumerate(zip(kinds, found, strict=True))
    )


def _one_of(words: tuple[Any, ...], value: Any, place: str) -> Any:
    if value not in words:
        raise InputError(f"{place} is one of {', '.join(words)} in a result, not {value!r:.80}")
    return value


def _number(value: Any, place: str) -> float:
    if value is None:
        return math.nan  # JSON has no other word for it
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{place} is a number, not {value!r:.80}")
    return value


def _checked(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InputError(f"{place} is of type {kind.__name__} in a result, not {value!r:.80}")
    return value
