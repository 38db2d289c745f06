"""A filter by metadata as conditions of the database; keys and values never become part of them.

A filter is a mapping of keys to what the value must equal, or to a list of values of which it must
equal one; all keys must fit. Refuses values that metadata cannot be compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docsum_nb.errors import InputError

__all__ = ["checked_where", "conditions_of"]

_LARGEST = 10**308
_MOST_VALUES = 500
"""SQLite takes at least 999 values in a query."""


def checked_where(where: object) -> dict[str, list[Any]]:
    """Return a filter with a list of values for each key.

    Raises:
        InputError: If it is no mapping of text to values, has more than 500 values, or a number
            that is too large.
    """
    if where is None:
        return {}
    if not isinstance(where, Mapping) or not all(isinstance(key, str) for key in where):
        raise InputError(f'where is a mapping such as {{"team": "claims"}}, not {where!r}')
    found = {
        key: [*value] if isinstance(value, list | tuple | set) else [value]
        for key, value in where.items()
    }
    for key, values in found.items():
        for value in values:
            if not isinstance(value, str | int | float | None):
                raise InputError(
                    f"where[{key!r}] is a text, a number, True, False, None or a list of these, "
                    f"not {value!r}"
                )
            if isinstance(value, int) and abs(value) > _LARGEST:
                raise InputError(f"where[{key!r}] is larger than any number of metadata, 1e308")
    if sum(map(len, found.values())) > _MOST_VALUES:
        raise InputError(f"where has more than {_MOST_VALUES} values: search in several steps")
    return found


def conditions_of(where: Mapping[str, list[Any]]) -> tuple[str, list[Any]]:
    """Return an SQL condition on a row of documents, and the values that it takes."""
    conditions, bound = ["1"], list[Any]()
    for key, values in where.items():
        either = ["0"]
        bound.append(_utf8(key))
        for value in values:
            condition, taken = _equals(value)
            either.append(condition)
            bound += taken
        conditions.append(
            "EXISTS (SELECT 1 FROM json_each(documents.metadata) AS entry "  # noqa: S608  # constants
            f"WHERE entry.key = ? AND ({' OR '.join(either)}))"
        )
    return " AND ".join(conditions), bound


def _equals(value: str | int | float | None) -> tuple[str, list[Any]]:
    if value is None:
        return "entry.type = 'null'", []
    if isinstance(value, bool):
        return f"entry.type = '{str(value).lower()}'", []
    if isinstance(value, str):
        return "(entry.type = 'text' AND entry.value = ?)", [_utf8(value)]
    # SQLite's integers have 64 bits; a larger number is compared as JSON's other numbers are.
    number = value if abs(value) < 2**63 else float(value)
    return "(entry.type IN ('integer', 'real') AND entry.value = ?)", [number]


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
