"""A stored document: its digest and its passages, in batches that are worth a commit.

A document and its passages are always in one batch, so that one commit replaces them together.
Refuses what could not be distinguished or returned: names used twice, metadata beyond JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from docsum_nb.errors import InputError
from docsum_nb.records import Document

__all__ = ["Entry", "Passage", "batches", "digests", "encodable", "entry", "storable"]

# About 230 English words: one matter to a passage, and enough of it to be judged by.
_PASSAGE_TOKENS = 350
_CHARACTERS_PER_TOKEN = 4
# Each commit writes a part of the index of its own, and parts are merged later.
_BATCH_PASSAGES = 500
_DEEPEST = 100
"""Levels of metadata; SQLite reads JSON of 1,000."""


@dataclass(frozen=True)
class Passage:
    """A part of a document that is searched and shown by itself."""

    text: str
    start: int
    """Where it begins in the document, in characters."""
    headings: tuple[str, ...]
    """Above it, outermost first."""


@dataclass(frozen=True)
class Entry:
    """A stored document."""

    name: str
    digest: str
    """Differs if anything that is stored differs; empty if something of it is known to be lost."""
    path: str | None
    pages: tuple[int, ...]
    metadata: str
    """A JSON object."""
    passages: tuple[Passage, ...]
    """In order; joined they are the document's text."""


def storable(document: Document) -> Document:
    """Replace lone surrogates, which UTF-8 cannot hold; every offset stays the same.

    Raises:
        InputError: If its path is no text, or its pages are no numbers.
    """
    path, pages = document.path, document.pages
    if not isinstance(path, str | None):
        raise InputError(f"{document.name}: its path is {path!r:.200}; give a str, or None")
    if not isinstance(pages, list | tuple) or not all(type(page) is int for page in pages):
        raise InputError(
            f"{document.name}: its pages are {pages!r:.200}; give the offset at which each begins"
        )
    return replace(
        document,
        name=encodable(document.name),
        text=encodable(document.text),
        path=None if path is None else encodable(path),
    )


def encodable(text: str) -> str:
    """Return a text with ``?`` in place of lone surrogates, which UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def digests(documents: Iterable[Document]) -> dict[str, str]:
    """Name the version of each document: what differs in anything that is stored differs here.

    Raises:
        InputError: If two documents have the same name, or metadata cannot be kept as JSON.
    """
    found: dict[str, str] = {}
    for document in documents:
        if document.name in found:
            raise InputError(
                f"two documents are named {document.name!r}: a library distinguishes them by name"
            )
        content = [document.text, document.path, document.pages, _metadata(document)]
        found[document.name] = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return found


def entry(document: Document, digest: str) -> Entry:
    """Return the stored form of a document, split into passages."""
    from docsum_nb.documents.split import split

    chunks = split(document, max_tokens=_PASSAGE_TOKENS, count=_tokens)
    return Entry(
        document.name,
        digest,
        document.path,
        tuple(document.pages),
        _metadata(document),
        tuple(Passage(chunk.text, chunk.start, tuple(chunk.headings)) for chunk in chunks),
    )


def batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Gather entries until they are worth a commit; a large document is a batch of its own."""
    batch: list[Entry] = []
    passages = 0
    for item in entries:
        batch.append(item)
        passages += len(item.passages)
        if passages >= _BATCH_PASSAGES:
            yield batch
            batch, passages = [], 0
    if batch:
        yield batch


def _metadata(document: Document) -> str:
    try:
        metadata = dict(document.metadata)
        if _is_deeper(metadata, _DEEPEST):
            raise ValueError(f"it has more than {_DEEPEST} levels")
        text = json.dumps(metadata, sort_keys=True, allow_nan=False)
        if json.loads(text) != metadata:
            raise ValueError("it would come back as something else")
        return text
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"the metadata of {document.name!r} cannot be kept as JSON ({error}): "
            "use text, numbers, lists, and dicts with keys of text"
        ) from None


def _is_deeper(value: object, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list | tuple) or not isinstance(inner, Iterable):
        return False
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def _tokens(text: str) -> int:
    # An estimate is enough here, and the same passages come out wherever the library is filled.
    return -(-len(text) // _CHARACTERS_PER_TOKEN)
