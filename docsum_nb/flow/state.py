"""The typed state of ``SummaryFlow``: its arguments and its results.

CrewAI dumps, copies and rebuilds a flow's state around every step, stores it if the flow is
persisted, and hands it to listeners. So everything in it can be dumped and rebuilt; a copy shares
its records, and texts of the sources are dumped once only.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainSerializer, create_model

from docsum_nb.crew.base_classes import FlowState
from docsum_nb.documents.sources import Content
from docsum_nb.models import Model
from docsum_nb.options import Option, Options, options_of, without_password
from docsum_nb.pipeline.arguments import class_at
from docsum_nb.records import (
    ChunkSummary,
    Citation,
    Document,
    DocumentSummary,
    Hit,
    Omission,
    Usage,
)
from docsum_nb.results import Plan

__all__ = ["SummaryState", "arguments_of", "state_of"]

_DOCUMENT = {each.name for each in fields(Document)}
_BYTES = "bytes in base64"


def _rebuilt(source: Any) -> Any:
    """Return Documents from what they were dumped to; a mapping of texts has no list of pages."""
    if isinstance(source, list | tuple):
        return [_rebuilt(each) for each in source]
    if isinstance(source, dict) and set(source) == _DOCUMENT and not _is_text(source["pages"]):
        return Document(**{**source, "pages": tuple(source["pages"])})
    if isinstance(source, dict) and set(source) == {"name", _BYTES}:
        return Content(source["name"], base64.b64decode(source[_BYTES]))
    return source


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _as_data(source: Any) -> Any:
    """Dump a source to what JSON knows."""
    if isinstance(source, os.PathLike):
        return os.fspath(source)
    if isinstance(source, Document):
        return {name: getattr(source, name) for name in _DOCUMENT}
    if isinstance(source, Content):
        return {"name": source.name, _BYTES: base64.b64encode(source.data).decode("ascii")}
    if isinstance(source, list | tuple):
        return [_as_data(each) for each in source]
    if callable(getattr(source, "items", None)):
        return {str(name): text for name, text in source.items()}
    return source


def _path_of(library: Any) -> Any:
    """Dump a library, or any other folder or file, to its path."""
    path = getattr(library, "path", library)
    return os.fspath(path) if isinstance(path, os.PathLike) else path


def _library_as_data(library: Any) -> Any:
    """Dump a library to its path, and a search of the user's own to its name."""
    if library is None or isinstance(_path_of(library), str):
        return _path_of(library)
    name = getattr(library, "__qualname__", None) or getattr(library, "name", "")
    return {"search": [str(getattr(library, "__module__", "")), str(name)]}


def _library_of(dumped: Any) -> Any:
    """Find the search of a name as JSON holds it; a password is no part of a state."""
    if isinstance(dumped, Mapping) and set(dumped) == {"search"}:
        found = class_at(*dumped["search"])
        if not callable(found):
            raise ValueError(
                f"{dumped['search'][1]} is not defined here: define or import it first"
            )
        return found
    return without_password(dumped)


def _name_of(kind: Any) -> str | None:
    return None if kind is None else f"{kind.__module__}:{kind.__qualname__}"


def _class_of(name: Any) -> Any:
    """Find the class of a name as JSON holds it."""
    if not isinstance(name, str):
        return name
    module, _, path = name.partition(":")
    found = class_at(module, path)
    if found is None:
        raise ValueError(f"{name} is not defined here: define or import it first")
    return found


def _without_texts(summaries: tuple[ChunkSummary, ...]) -> tuple[ChunkSummary, ...]:
    return tuple(replace(each, chunk=replace(each.chunk, text="")) for each in summaries)


_Path = Annotated[Any, PlainSerializer(_path_of, when_used="json")]
_Library = Annotated[
    Any, BeforeValidator(_library_of), PlainSerializer(_library_as_data, when_used="json")
]


_Class = Annotated[Any, BeforeValidator(_class_of), PlainSerializer(_name_of, when_used="json")]
_OBJECTS = {
    "source": Annotated[
        Any, BeforeValidator(_rebuilt), PlainSerializer(_as_data, when_used="json")
    ],
    "model": str | Model,
    "vision": str | Model | None,
    "response_model": _Class,
}


def arguments_of(table: type[Options] = Options) -> tuple[Option, ...]:
    """Return the options that the state of a flow holds."""
    return tuple(each for each in options_of(table) if each.in_state)


def state_of(table: type[Options] = Options) -> Any:
    """Create the class of a flow's state with a field for each argument, and none for results."""
    arguments: dict[str, Any] = {
        each.name: (_annotation(each), each.default) for each in arguments_of(table)
    }
    return create_model("SummaryArguments", __base__=FlowState, __module__=__name__, **arguments)


def _annotation(each: Option) -> Any:
    if each.name == "library":
        return _Library
    if each.kind == "path":
        return _Path
    if each.kind == "object":
        return _OBJECTS[each.name]
    if each.kind == "choice":
        return Literal[tuple(each.choices)]
    kind = {"text": str, "whole": int, "number": float, "switch": bool}[each.kind]
    return kind | None if each.default is None else kind


class SummaryState(state_of()):  # type: ignore[misc]  # CrewAI's classes are Any here
    """The state of a ``SummaryFlow``.

    Holds the arguments of ``summarize``, which explains them, and the results below. ``load`` reads
    the arguments, and later changes do nothing; it clears the results, and each step adds its own.
    ``model`` and ``vision`` never hold a key. Dumped to JSON, chunk summaries are without their
    source texts, and a library is its path.
    """

    plan: Plan | None = None
    """Documents, chunks, calls, tokens and cost at most; from ``load`` on."""
    chunks: Annotated[
        tuple[ChunkSummary, ...],
        PlainSerializer(_without_texts, return_type=tuple[ChunkSummary, ...], when_used="json"),
    ] = ()
    """A summary for each chunk, in input order; from ``summarize`` on."""
    documents: tuple[DocumentSummary, ...] = ()
    """A summary for each document, in input order; from ``combine`` on."""
    text: str = ""
    """The final summary; from ``combine`` on."""
    citations: tuple[Citation, ...] = ()
    """The passages that support it; from ``combine`` on."""
    data: Any = None
    """The result in the form of ``response_model``; from ``combine`` on."""
    related: tuple[Hit, ...] = ()
    """What the library holds on the matter, best first; after ``evaluate``."""
    omitted: tuple[Omission, ...] = ()
    """What the summary does not cover, as far as is known."""
    usage: Usage = Usage()
    """What was paid for so far."""
    run_id: str = ""
    """The run of the last kickoff; the answers it paid for are in the ledger under this name."""

    def __deepcopy__(self, memo: Mapping[int, Any] | None = None) -> SummaryState:
        """Share what is in it: records are frozen, and CrewAI copies around every step."""
        copy: SummaryState = self.model_copy()
        return copy
