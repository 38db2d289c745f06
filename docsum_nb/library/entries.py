"""A document as it is stored: its digest, and its rows, in batches that are worth a commit.

A document and its passages are always in one batch, so that one commit replaces them together.
Refuses what could not be told apart or given back: names used twice, metadata beyond JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from docsum_nb.errors import InputError
from docsum_nb.library.query import searchable
from docsum_nb.records import Chunk, Document

__all__ = ["Entry", "batches", "digests", "entry", "storable"]

# About 230 English words: one matter to a passage, and enough of it to be judged by.
_PASSAGE_TOKENS = 350
_CHARACTERS_PER_TOKEN = 4
_NOTHING = ""
"""In the column of the other kind of row. With a null there, LanceDB unfolds the column to rows
times its longest value when it optimizes: a book took gigabytes, or failed with an overflow."""
# Each commit makes files and an index part of its own; many small ones make searches slow.
_BATCH_ROWS = 500


@dataclass(frozen=True)
class Entry:
    """A document as it is stored."""

    name: str
    digest: str
    rows: tuple[Mapping[str, Any], ...]
    """The whole document first, then its passages."""


def storable(document: Document) -> Document:
    """Replace lone surrogates, which UTF-8 cannot hold; every offset stays the same."""
    path = None if document.path is None else _encodable(document.path)
    return replace(
        document, name=_encodable(document.name), text=_encodable(document.text), path=path
    )


def digests(documents: Iterable[Document]) -> dict[str, str]:
    """Name the version of each document: what differs in anything that is stored differs here.

    Raises:
        InputError: If two documents have the same name, or metadata cannot be kept as JSON.
    """
    found: dict[str, str] = {}
    for document in documents:
        if document.name in found:
            raise InputError(
                f"two documents are named {document.name!r}: a library tells them apart by name"
            )
        content = [document.text, document.path, document.pages, _metadata(document)]
        found[document.name] = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return found


def entry(document: Document, digest: str) -> Entry:
    """Cut a document into passages and lay out its rows."""
    from docsum_nb.documents import split

    chunks = split(document, max_tokens=_PASSAGE_TOKENS, count=_tokens)
    whole = {
        "document": document.name,
        "number": 0,
        "digest": digest,
        "path": document.path,
        "pages": list(document.pages),
        "metadata": _metadata(document),
        "document_terms": _terms(document.name, document.text),
        "passage_terms": _NOTHING,
    }
    passages = (_passage(chunk, number) for number, chunk in enumerate(chunks, start=1))
    return Entry(document.name, digest, (whole, *passages))


def batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Gather entries until they are worth a commit; a large document is a batch of its own."""
    batch: list[Entry] = []
    rows = 0
    for item in entries:
        batch.append(item)
        rows += len(item.rows)
        if rows >= _BATCH_ROWS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


def _passage(chunk: Chunk, number: int) -> dict[str, Any]:
    return {
        "document": chunk.document,
        "number": number,
        "text": chunk.text,
        "start": chunk.start,
        "headings": list(chunk.headings),
        "document_terms": _NOTHING,
        "passage_terms": _terms(chunk.document, *chunk.headings, chunk.text),
    }


def _terms(*texts: str) -> str:
    return searchable("\n".join(texts))


def _metadata(document: Document) -> str:
    try:
        metadata = dict(document.metadata)
        text = json.dumps(metadata, sort_keys=True, allow_nan=False)
        if json.loads(text) != metadata:
            raise ValueError("it would come back as something else")
        return text
    except (TypeError, ValueError) as error:
        raise InputError(
            f"the metadata of {document.name!r} cannot be kept as JSON ({error}): "
            "use text, numbers, lists, and dicts with keys of text"
        ) from None


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _tokens(text: str) -> int:
    # An estimate is enough here, and the same passages come out wherever the library is filled.
    return -(-len(text) // _CHARACTERS_PER_TOKEN)
