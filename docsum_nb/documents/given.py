"""Turn what a caller has in memory into sources that ``find`` knows.

Decides which objects are texts: rows of tables, Series, bytes, open files, and strings and pairs
from iterators and lists. Paths, globs, addresses, documents and mappings stay unchanged, so a
second call changes nothing. Iterators and tables are read whole, once, in the caller's thread.
Tables are recognized by what they can do, so none of their packages is imported. Refuses what is
ambiguous: columns, and lists in which some strings read like texts and others like paths.
"""

from __future__ import annotations

import os
import re
from collections.abc import (
    AsyncIterable,
    Awaitable,
    Iterator,
    Mapping,
    Sequence,
    Set,
    ValuesView,
)
from itertools import islice
from pathlib import PurePath
from types import ModuleType
from typing import Any

from docsum_nb.documents.columns import (
    are_records,
    documents_of,
    documents_of_records,
    is_array,
    is_column,
    is_table,
    texts_of,
    values_of,
)
from docsum_nb.documents.sources import MOST_PATH, Content
from docsum_nb.errors import InputError, LoadError, show_briefly
from docsum_nb.paths import visible
from docsum_nb.records import Document
from docsum_nb.results import NotARun

__all__ = ["sources_in"]

MOST_PARTS = 1_000_000
"""Parts of one iterator: one that never ends must not fill the memory."""
_SENTENCE = re.compile(r"[.!?…。！？][\"'”’»)\]]{0,3}\s*\Z")
_LEAST_WORDS = 4
_Buffer = bytes | bytearray | memoryview


def sources_in(source: Any, *, text: str | None = None, name: str | None = None) -> Any:
    """Return a source in which every table, iterator, file object and buffer is read.

    Args:
        source: Anything that ``summarize`` takes.
        text: The column of a table that holds the texts; ``None`` to choose the obvious one.
        name: The column of a table that holds the names; ``None`` to choose one.

    Returns:
        A path, address, ``Document``, ``Content``, mapping, pandas Series, or a list of these; what
        is no source stays unchanged, and ``find`` refuses it.

    Raises:
        InputError: A column is missing or ambiguous, strings are ambiguous, a file object cannot
            be read, or an iterator has no end.
    """
    if is_table(source):
        return documents_of(source, text=text, name=name)
    named = text is not None or name is not None
    if isinstance(source, list | tuple) and (
        are_records(list(source))
        or (named and source and all(isinstance(part, Mapping) for part in source))
    ):
        return documents_of_records(list(source), text=text, name=name)
    if named:
        what = f"text={text!r}" if text is not None else f"name={name!r}"
        raise InputError(
            f"{what} names a column of a table, such as a DataFrame, and the source is of type "
            f"{type(source).__name__}; leave it out"
        )
    if isinstance(source, tuple) and len(source) == 2 and isinstance(source[1], _Buffer):
        return _pair(source)
    if is_column(source):
        return texts_of(source)
    parts = _parts(source)
    if parts is not None:
        return _listed(parts, type(source).__name__)
    return _single(source, 0)


def _parts(source: Any) -> list[Any] | None:
    """Return the parts of a list, iterator or array; ``None`` if the source is no such thing."""
    if isinstance(source, str | os.PathLike | Mapping | range | _Buffer) or hasattr(source, "read"):
        return None
    if is_array(source):
        return values_of(source)
    if isinstance(source, Iterator | Sequence | Set | ValuesView):
        try:
            parts = list(islice(source, MOST_PARTS + 1))
        except Exception as error:
            # It is the caller's own: only the caller's lines help.
            show_briefly(error)
            raise
        if len(parts) > MOST_PARTS:
            raise InputError(
                f"the {type(source).__name__} has more than {MOST_PARTS:,} parts, or no end; "
                "give fewer: itertools.islice(source, NUMBER)"
            )
        # A set has no order of its own that would be the same in the next process.
        return sorted(parts, key=str) if isinstance(source, set | frozenset) else parts
    return None


def _listed(parts: list[Any], kind: str) -> list[Any]:
    if not parts:
        used = "" if kind in ("list", "tuple") else ": it found nothing, or was read before"
        raise InputError(f"the {kind} of sources is empty{used}; give paths, documents or texts")
    if all(isinstance(part, str) for part in parts):
        texts = [is_prose(part) for part in parts]
        if all(texts):
            return [Document(f"text {number}", part) for number, part in enumerate(parts, 1)]
        if any(texts):
            first = parts[texts.index(False)]
            raise InputError(
                f"{sum(texts)} of the {len(parts)} strings read like texts, and others like paths, "
                f"such as {_start(first)}; give texts by name: {{'name': text}}, or, if all are "
                "texts, dict(enumerate(texts))"
            )
        return parts
    return [
        _pair(part) if _is_pair(part) else _element(part, number)
        for number, part in enumerate(parts, 1)
    ]


def _element(part: Any, number: int) -> Any:
    nested = is_table(part) or (part is not None and _parts_allowed(part))
    return sources_in(part) if nested else _single(part, number)


def _parts_allowed(part: Any) -> bool:
    return isinstance(part, list | tuple | Iterator | Set) and not hasattr(part, "read")


def _single(source: Any, number: int) -> Any:
    """Return one source; its number in the list, or 0, names it if it has no name."""
    if isinstance(source, _Buffer):
        return _content(_without_name(number), bytes(source))
    if isinstance(source, Mapping):
        return _mapping(source)
    if isinstance(source, str | os.PathLike | Document | Content | type) or source is None:
        return source
    if callable(getattr(source, "read", None)) and not isinstance(source, ModuleType):
        return _read(source, number)
    if hasattr(source, "fs") and callable(getattr(source, "open", None)):
        # fsspec.open() returns a file that is not open yet.
        with source.open() as file:
            return _read(file, number, getattr(source, "path", ""))
    if callable(getattr(source, "read_bytes", None)) and hasattr(source, "name"):
        return _content(str(source.name), source.read_bytes())
    _refuse_unfinished(source)
    return source


def _refuse_unfinished(source: Any) -> None:
    kind = type(source).__name__
    if isinstance(source, AsyncIterable):
        raise InputError(
            f"the source is an asynchronous iterator ({kind}): read it first, by "
            "[part async for part in source]"
        )
    if isinstance(getattr(source, "text", None), str) and not hasattr(source, "items"):
        raise InputError(
            f"the source is a {kind}, not a document; give its text with a name: "
            "{'name': source.text}"
        )
    if isinstance(source, Awaitable) and not isinstance(source, NotARun):
        raise InputError(
            f"the source is a {kind} that was not waited for: await it, and give its result"
        )
    if callable(source):
        raise InputError(
            f"the source is a {kind}, not what it returns; call it: "
            f"{getattr(source, '__name__', 'function')}()"
        )


def _mapping(source: Mapping[Any, Any]) -> Any:
    """Return a mapping of texts; documents if bytes are among its values."""
    if isinstance(source.get("name"), str) and isinstance(source.get("content"), _Buffer):
        # A file of an ipywidgets FileUpload.
        return _content(source["name"], bytes(source["content"]))
    if not any(isinstance(value, _Buffer) for value in source.values()):
        return source
    return [
        _content(str(key), bytes(value)) if isinstance(value, _Buffer) else {key: value}
        for key, value in source.items()
    ]


# --- strings -----------------------------------------------------------------------------------


def is_prose(given: str) -> bool:
    """Check whether a string of a list is a text: it has lines, or is a sentence, and is no file.

    A sentence has at least four words and ends with a full stop, a question or an exclamation mark.
    """
    lines = "\n" in given.strip()
    # The end alone is searched: a text may be long.
    sentence = _SENTENCE.search(given[-40:]) and len(given[:2000].split()) >= _LEAST_WORDS
    if not (lines or sentence):
        return False
    return len(given) > MOST_PATH or not os.path.lexists(given)  # also with NUL


def _is_pair(part: Any) -> bool:
    return (
        isinstance(part, tuple)
        and len(part) == 2
        and isinstance(part[0], str)
        and isinstance(part[1], str | _Buffer)
    )


def _pair(part: tuple[Any, Any]) -> Any:
    """Return a name and its text, or bytes, as a source."""
    name, content = part
    if isinstance(content, _Buffer):
        return _content(str(name), bytes(content))
    if len(content) <= MOST_PATH and content.strip() and os.path.lexists(content):
        raise InputError(
            f"a pair of strings in a list is a name and its text, but {_start(content)} of "
            f"{_start(name)} is a file or folder; give paths in one list, without pairs"
        )
    return Document(name, content)


def _start(text: str) -> str:
    line = visible(" ".join(text[:200].split()))
    return repr(line if len(line) <= 40 else f"{line[:40]}…")


# --- bytes and files ---------------------------------------------------------------------------


def _without_name(number: int) -> str:
    return f"document {number}" if number else "document"


def _content(name: str, data: bytes) -> Content:
    if len(data) <= MOST_PATH and data.strip() and b"\n" not in data:
        path = os.fsdecode(data)
        if os.path.lexists(path):  # also with NUL
            raise InputError(
                f"the bytes {_start(path)} are the path of a file or folder; give it as a str, or "
                "the content of the file: Path(...).read_bytes()"
            )
    return Content(visible(name), data)


def _read(file: Any, number: int, path: str = "") -> Content:
    """Read a file object from where it stands to its end."""
    given = path or getattr(file, "name", "") or getattr(file, "filename", "")
    name = PurePath(given).name if isinstance(given, str) and given else _without_name(number)
    try:
        content = file.read()
    except UnicodeError as error:
        raise LoadError(
            visible(name), "cannot be read as text; open it with mode 'rb', or give its path"
        ) from error
    except (ValueError, OSError, TypeError) as error:
        raise LoadError(visible(name), f"cannot be read ({error}); give its path") from error
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    if not isinstance(content, _Buffer):
        raise InputError(
            f"read() of {type(file).__name__} returns {type(content).__name__}, not text or bytes; "
            "give what is in it"
        )
    if not content:
        raise LoadError(
            visible(name), "holds nothing, or was read to its end before; call seek(0) first"
        )
    return Content(visible(name), bytes(content))
