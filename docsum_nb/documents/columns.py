"""Read the texts and names of a table: of pandas, polars, pyarrow, and what works like them.

Decides which column holds the texts and which the names, if the caller does not say. A table is
recognized by its methods; no package is imported. Refuses a choice that is not obvious, with the
columns there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docsum_nb.documents.sources import check_no_paths, is_missing
from docsum_nb.errors import InputError
from docsum_nb.records import Document

__all__ = [
    "are_records",
    "documents_of",
    "documents_of_records",
    "is_array",
    "is_column",
    "is_table",
    "texts_of",
    "values_of",
]

_TEXTS = ("text", "content", "body", "page_content", "document")
_NAMES = ("name", "id", "title", "file", "filename", "path", "url", "key")
_TABLE = ("__dataframe__", "__arrow_c_stream__", "iter_rows", "itertuples")
_COLUMN_LISTS = ("to_pylist", "to_list")
_LISTS = (*_COLUMN_LISTS, "tolist")
_BUFFERS = (bytes, bytearray, memoryview)
_MOST_NAMED = 12
"""Columns that an error names."""


def is_table(source: Any) -> bool:
    """Check whether a source is a table with named columns."""
    kind = type(source)
    if isinstance(source, type | str | Mapping):
        return False
    if callable(getattr(source, "collect", None)) and hasattr(kind, "collect_schema"):
        return True
    return (
        (hasattr(kind, "columns") or hasattr(source, "columns"))
        and hasattr(kind, "__getitem__")
        and any(hasattr(kind, method) for method in _TABLE)
    )


def is_array(source: Any) -> bool:
    """Check whether a source becomes a list by one method, and has no names for its values."""
    return not hasattr(source, "items") and _has(source, _LISTS)


def is_column(source: Any) -> bool:
    """Check whether a source is a column without names, as of polars or pyarrow."""
    return not hasattr(source, "items") and _has(source, _COLUMN_LISTS)


def _has(source: Any, methods: tuple[str, ...]) -> bool:
    return not isinstance(source, type) and any(
        callable(getattr(source, method, None)) for method in methods
    )


def texts_of(column: Any) -> list[Document]:
    """Return a document for each text of a column.

    Raises:
        InputError: A text is missing or no string, or there is none.
    """
    values = values_of(column)
    if not values:
        raise InputError(f"the {type(column).__name__} of texts is empty; give one with texts")
    check_no_paths(values, f"the {type(column).__name__}")
    return [
        Document(f"text {number}", _checked(value, f"text {number}"))
        for number, value in enumerate(values, 1)
    ]


def values_of(series: Any) -> list[Any]:
    """Return the values of a column or array."""
    method = next(method for method in _LISTS if callable(getattr(series, method, None)))
    values = getattr(series, method)()
    return values if isinstance(values, list) else [values]


def documents_of(table: Any, *, text: str | None, name: str | None) -> list[Document]:
    """Return a document for each row of a table.

    Args:
        table: The table.
        text: The column of texts; ``None`` for the obvious one: the only one of strings, apart from
            those named like names; of several, the one that is called text, content or body.
        name: The column of names; ``None`` for the first of the columns name, id, title, file, ...
            whose values are all there and unique, else the index, else "row 1", "row 2", ...

    Raises:
        InputError: There is no such column, none is obvious, a text is missing or no string, or
            there are no rows.
    """
    if callable(getattr(table, "collect", None)) and hasattr(table, "collect_schema"):
        table = _collected(table)
    columns = list(getattr(table, "column_names", None) or table.columns)
    _check_columns(columns, text=text, name=name)
    known = {column: values_of(table[column]) for column in dict.fromkeys(columns)}
    index = getattr(table, "index", None)
    if index is None or not _has(index, _LISTS) or type(index).__name__ == "RangeIndex":
        return _documents(known, [], text=text, name=name)
    return _documents(known, values_of(index), text=text, name=name)


def are_records(parts: list[Any]) -> bool:
    """Check whether the parts of a list are rows of a table: mappings that share their keys.

    A single one is a row if it has a name and a text by the usual names.
    """
    if not parts or not all(isinstance(part, Mapping) for part in parts):
        return False
    if any(isinstance(value, _BUFFERS) for part in parts for value in part.values()):
        return False
    if len(parts) == 1:
        keys = {str(key).lower() for key in parts[0]}
        return bool(keys.intersection(_TEXTS)) and bool(keys.intersection(_NAMES))
    return any(key in parts[1] for key in parts[0])


def documents_of_records(
    records: list[Mapping[Any, Any]], *, text: str | None, name: str | None
) -> list[Document]:
    """Return a document for each row, as ``documents_of`` does; a key that is not there is missing.

    Raises:
        InputError: As for ``documents_of``.
    """
    columns = list(dict.fromkeys(key for record in records for key in record))
    _check_columns(columns, text=text, name=name)
    known = {column: [record.get(column) for record in records] for column in columns}
    return _documents(known, [], text=text, name=name)


def _collected(table: Any) -> Any:
    try:
        return table.collect()
    except Exception as error:
        first = next(iter(str(error).strip().splitlines()), "")
        raise InputError(f"the {type(table).__name__} cannot be collected: {first}") from error


def _check_columns(columns: list[Any], *, text: str | None, name: str | None) -> None:
    for option, column in (("text", text), ("name", name)):
        if column is not None and column not in columns:
            raise InputError(
                f"the table has no column {column!r}, given as {option}=; it has {_named(columns)}"
            )
    repeated = [column for column in (text, name) if column and columns.count(column) > 1]
    if repeated:
        raise InputError(f"the table has several columns {repeated[0]!r}; rename all but one")


def _documents(
    known: Mapping[Any, list[Any]], index: list[Any], *, text: str | None, name: str | None
) -> list[Document]:
    if not any(known.values()):
        raise InputError("the table has no rows; give one with a text in each row")
    chosen = text if text is not None else _text_column(known, name)
    check_no_paths(known[chosen], f"the column {chosen!r}")
    names = _names(known, index, chosen, name)
    return [
        Document(each, _checked(value, f"the text of {each!r} in the column {chosen!r}"))
        for each, value in zip(names, known[chosen], strict=True)
    ]


def _text_column(known: Mapping[Any, list[Any]], name: str | None) -> Any:
    strings = [column for column, values in known.items() if column != name and _is_text(values)]
    called = [column for column in strings if str(column).lower() in _TEXTS]
    others = [column for column in strings if str(column).lower() not in _NAMES]
    for candidates in (called, others, strings):
        if len(candidates) == 1:
            return candidates[0]
    if not strings:
        for column in known:
            if str(column).lower() in _TEXTS:
                values = [value for value in known[column] if not isinstance(value, str)]
                _checked(next(iter(values), ""), f"a value of the column {column!r}")
        raise InputError(
            f"the table has no column of texts; it has {_named(known)}. Say which one holds them: "
            "text='COLUMN'"
        )
    raise InputError(
        f"the table has {len(strings)} columns of texts: {_named(strings)}; say which one to read: "
        f"text={max(strings, key=lambda column: _length(known[column]))!r}"
    )


def _names(
    known: Mapping[Any, list[Any]], index: list[Any], text: Any, name: str | None
) -> list[str]:
    if name is not None:
        values = known[name]
        missing = sum(map(is_missing, values))
        if missing:
            raise InputError(
                f"{missing} of the {len(values)} names in the column {name!r} are missing; fill "
                "them in, or leave name= out"
            )
        repeated = len(values) - len(set(map(str, values)))
        if repeated:
            raise InputError(
                f"{repeated} of the {len(values)} names in the column {name!r} are not unique; "
                "give name= a column in which each is"
            )
        return [str(value) for value in values]
    lower = {str(column).lower(): column for column in reversed(list(known)) if column != text}
    columns = [known[lower[each]] for each in _NAMES if each in lower]
    for values in [*columns, index]:
        if (
            values
            and not any(map(is_missing, values))
            and len(set(map(str, values))) == len(values)
        ):
            return [str(value) for value in values]
    return [f"row {number}" for number in range(1, len(known[text]) + 1)]


def _is_text(values: list[Any]) -> bool:
    there = [value for value in values if not is_missing(value)]
    return bool(there) and all(isinstance(value, str) for value in there)


def _length(values: list[Any]) -> int:
    return sum(len(value) for value in values if isinstance(value, str))


def _checked(value: Any, what: str) -> str:
    if isinstance(value, str):
        return value
    if is_missing(value):
        raise InputError(f"{what} is missing; drop it (dropna or drop_nulls), or give its text")
    raise InputError(f"{what} is of type {type(value).__name__}, not a text; give its text")


def _named(columns: Any) -> str:
    names = [repr(column) for column in columns]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return (", ".join(names[:_MOST_NAMED]) or "no columns") + more
