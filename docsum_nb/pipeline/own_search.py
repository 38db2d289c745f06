"""A search of the user's own in the place of a library: a function, or a CrewAI tool.

Of what it returns, the usual shapes are accepted: records, dicts, pairs and texts. It is waited for
a bounded time in all, and what it raises is reported, since the summary is paid for by then. What
it finds is data. Refuses what cannot be called, and results without a text.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from docsum_nb.errors import InputError
from docsum_nb.library import Library
from docsum_nb.library.query import matches, search_terms
from docsum_nb.models.model import with_cause
from docsum_nb.records import Hit
from docsum_nb.run import DAEMON_THREADS
from docsum_nb.secrets import masked

__all__ = ["OwnSearch", "SearchFailedError", "hits_of", "own_search_of"]

_WAIT_S = 60.0
"""For one search."""
_WAIT_ALL_S = 180.0
"""For all searches of a run."""
_MOST_CHARS = 20_000
"""Of a passage that is a whole document, the part that is kept."""
_LISTS = ("hits", "results", "documents", "matches", "data")
_NAMES = ("name", "title", "document", "source", "path", "file", "url", "id")
_TEXTS = ("passage", "text", "content", "page_content", "snippet", "chunk", "body", "summary")
_SCORES = ("score", "similarity", "relevance")
_SHAPE = "return a list of dicts with 'name' and 'passage', of pairs (NAME, PASSAGE) or of texts"


class SearchFailedError(Exception):
    """The user's search failed, or did not return in time; the message says how."""


@dataclass(frozen=True)
class OwnSearch:
    """A search of the user's own."""

    name: str
    """For messages."""
    function: Callable[..., Any]
    """Takes a query and a number of documents."""
    only_query: bool = False
    """Whether it takes a query alone."""

    def started(self, loop: asyncio.AbstractEventLoop) -> StartedSearch:
        """Return the search of one run, whose time begins at its first query."""
        return StartedSearch(self, loop)


class StartedSearch:
    """The searches of one run; call it from threads, one at a time.

    Args:
        own: The search.
        loop: The running loop, on which what it returns is awaited.
    """

    def __init__(self, own: OwnSearch, loop: asyncio.AbstractEventLoop) -> None:
        self._own = own
        self._loop = loop
        self._left = _WAIT_ALL_S

    def search(self, query: str, k: int) -> list[Hit]:
        """Return what is found, best first, with marks.

        Raises:
            SearchFailedError: If it raises, returns something else than hits, or takes too long.
        """
        begin, wait = time.monotonic(), min(_WAIT_S, self._left)
        arguments = (query,) if self._own.only_query else (query, k)
        try:
            found = self._result(DAEMON_THREADS.submit(_call, self._own.function, arguments), wait)
            hits = hits_of(found, self._own.name)[:k]
        except InputError as error:
            raise SearchFailedError(str(error)) from error
        except TimeoutError as error:
            if time.monotonic() - begin < wait:
                raise self._failed(error) from error
            raise SearchFailedError(f"{self._own.name} did not return in time") from None
        except Exception as error:
            raise self._failed(error) from error
        finally:
            self._left -= time.monotonic() - begin
        terms = search_terms(query)
        return [replace(hit, marks=matches(hit.passage, terms)) for hit in hits]

    def _failed(self, error: Exception) -> SearchFailedError:
        return SearchFailedError(f"{self._own.name} failed: {masked(with_cause(error))}")

    def _result(self, pending: Future[Any], wait: float) -> Any:
        if wait <= 0:
            raise TimeoutError
        end = time.monotonic() + wait
        found = pending.result(wait)
        if inspect.isawaitable(found):
            waiting = asyncio.run_coroutine_threadsafe(_awaited(found), self._loop)
            try:
                return waiting.result(max(0.0, end - time.monotonic()))
            except TimeoutError:
                waiting.cancel()
                raise
        return found


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        found = function(*arguments)
        # A generator does its work when it is read.
        return [*found] if inspect.isgenerator(found) else found
    except Exception:
        raise
    except BaseException as error:
        # Such as SystemExit, which must not end the thread without an answer.
        raise RuntimeError(f"it raised {type(error).__name__}: {error}") from error


async def _awaited(found: Awaitable[Any]) -> Any:
    return await found


def own_search_of(given: Any) -> OwnSearch | None:
    """Return the search that was given as a library; ``None`` if it is none.

    Args:
        given: A function (query, k), a function of a query alone, or a CrewAI tool.

    Raises:
        InputError: If it takes other arguments, or is a class.
    """
    if isinstance(given, type):
        raise InputError(f"library={given.__name__} is a class: give a function search(query, k)")
    if callable(getattr(given, "run", None)) and hasattr(given, "args_schema"):
        return _tool(given)
    if not callable(given):
        return None
    name = getattr(given, "__qualname__", None) or type(given).__name__
    try:
        signature = inspect.signature(given)
    except (TypeError, ValueError):
        return OwnSearch(name, given)  # of a function in C
    for arguments in (("query", 1), ("query",)):
        with suppress(TypeError):
            signature.bind(*arguments)
            return OwnSearch(name, given, only_query=len(arguments) == 1)
    raise InputError(
        f"library={name} takes other arguments: give a function search(query, k) that returns "
        "what it finds"
    )


def _tool(tool: Any) -> OwnSearch:
    name = str(getattr(tool, "name", type(tool).__name__))
    library, where = getattr(tool, "library", None), getattr(tool, "where", None)
    if isinstance(library, Library):
        return OwnSearch(name, lambda query, k: library.search(query, k, where=where))
    fields = getattr(tool.args_schema, "model_fields", {})
    needed = [field for field, each in fields.items() if each.is_required()]
    wanted = "query" if "query" in fields else next(iter(needed or fields), None)
    if wanted is None or len(needed) > 1:
        raise InputError(
            f"the tool {name} takes {len(needed)} arguments, and a search gives a query alone: "
            "give a function search(query, k) that calls it"
        )
    counted = next((each for each in ("k", "limit", "n_results") if each in fields), None)

    def run(query: str, k: int) -> Any:
        found = tool.run(**{wanted: query}, **({counted: k} if counted else {}))
        failure = getattr(found, "as_agent_message", None)
        if failure is not None:
            raise RuntimeError(failure())
        return found

    return OwnSearch(name, run)


# --- results --------------------------------------------------------------------------------------


def hits_of(found: Any, label: str) -> list[Hit]:
    """Return what a search returned as hits, each document once, in its order.

    Args:
        found: A list of hits, dicts, records with such attributes, pairs of name and text, or
            texts; a dict that holds one; a pandas DataFrame; a single text; ``None`` for nothing.
        label: The name of the search.

    Raises:
        InputError: If it is something else.
    """
    if isinstance(found, Mapping):
        inner = next((found[each] for each in _LISTS if isinstance(found.get(each), list)), None)
        found = [found] if inner is None else inner
    if found is None:
        return []
    if isinstance(found, str):
        found = [(label, found)] if found.strip() else []
    if hasattr(found, "iterrows") and hasattr(found, "to_dict"):
        found = found.to_dict("records")
    if not isinstance(found, Iterable) or isinstance(found, bytes | bytearray):
        raise InputError(f"{label} returned {type(found).__name__}: {_SHAPE}")
    hits: dict[str, Hit] = {}
    for number, each in enumerate(found, start=1):
        hit = _hit(each, number, label)
        hits.setdefault(hit.name, hit)
    return [*hits.values()]


def _hit(found: Any, number: int, label: str) -> Hit:
    score: Any = None
    if isinstance(found, Hit):
        return replace(found, metadata=_plain(found.metadata))
    if isinstance(found, tuple | list) and len(found) in (2, 3):
        first, second = found[0], found[1]
        if isinstance(first, str) and isinstance(second, str):
            found = {"name": first, "passage": second, "score": found[-1]}
        elif isinstance(second, int | float):
            found, score = first, second
    if isinstance(found, str):
        found = {"name": f"{label} {number}", "passage": found}
    inner = _of(found, ("document",))
    if inner is not None and not isinstance(inner, str) and _of(found, _TEXTS) is None:
        found, score = inner, _of(found, _SCORES)
    passage, metadata = _of(found, _TEXTS), _of(found, ("metadata",))
    metadata = metadata if isinstance(metadata, Mapping) else {}
    if not isinstance(passage, str):
        raise InputError(f"hit {number} of {label} has no text: {_SHAPE}")
    name = _of(found, _NAMES)
    name = name if name is not None else _of(metadata, _NAMES)
    score = _of(found, _SCORES) if score is None else score
    return Hit(
        _utf8(str(name)) if name is not None else f"{label} {number}",
        _utf8(passage[:_MOST_CHARS]),
        float(score) if _is_number(score) else 0.0,
        _plain(metadata),
    )


def _of(found: Any, names: Iterable[str]) -> Any:
    """Return the first value that a dict or record has under one of the names."""
    for name in names:
        value = found.get(name) if isinstance(found, Mapping) else getattr(found, name, None)
        # Not the methods that many classes have under such names.
        if value is not None and not callable(value):
            return value
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _plain(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata as JSON holds it, which is how a summary is kept."""
    try:
        found = json.loads(json.dumps({str(key): metadata[key] for key in metadata}, default=str))
    except (TypeError, ValueError, RecursionError):
        return {}
    return dict(found)


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
