"""A filter by metadata as conditions of the database; keys and values never become part of them.

A filter is a mapping of keys to what the value must equal, or to a list of values of which it must
equal one; all keys must fit. Refuses values that metadata cannot be compared with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from docsum_nb.errors import InputError

__all__ = ["checked_where", "conditions_of"]

_LARGEST = 10**308
_MOST_VALUES = 500
"""SQLite takes at least 999 values in a query, and conditions of 1,000 levels."""


def checked_where(where: object) -> dict[str, list[Any]]:
    """Return a filter with a list of values for each key.

    Raises:
        InputError: If it is no mapping of text to values, has more than 500 keys or values, or a
            number that is too large.
    """
    if where is None:
        return {}
    if not isinstance(where, Mapping) or not all(isinstance(key, str) for key in where):
        raise InputError(f'where is a mapping such as {{"team": "claims"}}, not {where!r:.200}')
    found = {
        str.__str__(key): [*value] if isinstance(value, list | tuple | set) else [value]
        for key, value in where.items()
    }
    for key, values in found.items():
        for value in values:
            if not isinstance(value, str | int | float | None):
                raise InputError(
                    f"where[{key!r:.80}] is a text, a number, True, False, None or a list of "
                    f"these, not {value!r:.200}"
                )
            if isinstance(value, int) and abs(value) > _LARGEST:
                raise InputError(f"where[{key!r:.80}] is larger than any number of metadata, 1e308")
    if max(len(found), sum(map(len, found.values()))) > _MOST_VALUES:
        raise InputError(f"where has more than {_MOST_VALUES} values: search in several steps")
    return {key: [*map(_plain, values)] for key, values in found.items()}


def conditions_of(where: Mapping[str, list[Any]]) -> tuple[str, list[Any]]:
    """Return an SQL condition on a row of documents, and the values that it takes."""
    conditions, bound = ["1"], list[Any]()
    for key, values in where.items():
        words = [json.dumps(each) for each in values if each is None or isinstance(each, bool)]
        texts = [_utf8(each) for each in values if isinstance(each, str)]
        numbers = [_number(each) for each in values if type(each) in (int, float)]
        conditions.append(
            "EXISTS (SELECT 1 FROM json_each(documents.metadata) AS entry "  # noqa: S608  # constants
            f"WHERE entry.key = ? AND (entry.type IN ({_marks(words)}) "
            f"OR (entry.type = 'text' AND entry.value IN ({_marks(texts)})) "
            f"OR (entry.type IN ('integer', 'real') AND entry.value IN ({_marks(numbers)}))))"
        )
        bound += [_utf8(key), *words, *texts, *numbers]
    return " AND ".join(conditions), bound


def _plain(value: str | int | float | None) -> str | int | float | None:
    """Return a value without what a class of the user's adds to it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    return int.__int__(value) if isinstance(value, int) else float.__float__(value)


def _marks(values: list[Any]) -> str:
    return ", ".join("?" * len(values))


def _number(value: int | float) -> int | float:
    # SQLite's integers have 64 bits; a larger number is compared as JSON's other numbers are.
    return value if abs(value) < 2**63 else float(value)


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
