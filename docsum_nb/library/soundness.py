"""Whether what a library has stored is what was written: the only proof that it is damaged.

An error in the middle of a search or a change may come of damaged rows, or of an argument that is
not foreseen. Only a flaw that is found in the rows makes it damage; without one, the library is
whole and the error is raised unchanged. Reads every row, so it is called after an error only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np

from docsum_nb.library.postings import BLOCK, POSTING_BYTES, described

__all__ = ["flaw_in"]

Rows = Callable[[str], Iterable[Any]]
_LAST_SLOT = BLOCK - 1


def flaw_in(rows: Rows) -> str | None:
    """Return the first flaw of the documents, the passages or the index; ``None`` if all is sound.

    Args:
        rows: Returns the rows of an SQL query; the tables have the same names in every database.
    """
    documents = {number for (number,) in rows("SELECT id FROM documents")}
    return next(chain(_of_texts(rows, documents), _of_index(rows, documents)), None)


def _of_texts(rows: Rows, documents: Collection[int]) -> Iterator[str]:
    for number, first, last, pages, metadata, path, *texts in rows(
        "SELECT id, first, last, pages, metadata, path, name, digest FROM documents"
    ):
        sound = _is_json(pages, list) and _is_json(metadata, dict) and _are(int, first, last)
        sound = sound and _are(int, *json.loads(pages))
        if not sound or not _are(str, *texts) or not isinstance(path, str | None):
            yield f"the row of document {number} is not what was written"
    for number, document, start, headings, text in rows(
        "SELECT id, document, start, headings, text FROM passages"
    ):
        sound = _is_json(headings, list) and _are(int, start) and _are(str, text)
        if not sound or document not in documents:
            yield f"the row of passage {number} is not what was written"
    for key, value in rows("SELECT key, value FROM settings"):
        if not _are(str, key, value):
            yield f"the setting {key!r:.80} is not what was written"


def _of_index(rows: Rows, documents: Collection[int]) -> Iterator[str]:
    blocks: set[int] = set()
    for number, data in rows("SELECT id, passages FROM blocks"):
        blocks.add(number)
        if not _is_block(data, documents):
            yield f"the index of block {number} is not what was written"
    for block, term, data in rows("SELECT block, term, passages FROM postings"):
        if block not in blocks or not _are(str, term) or not _are_postings(data):
            yield f"the index of the term {term!r:.80} is not what was written"


def _are(kind: type, *values: object) -> bool:
    return all(type(value) is kind for value in values)


def _is_json(content: object, kind: type) -> bool:
    try:
        return isinstance(content, str) and isinstance(json.loads(content), kind)
    except (ValueError, RecursionError):
        return False


def _is_block(data: object, documents: Collection[int]) -> bool:
    if not isinstance(data, bytes):
        return False
    try:
        numbers = described(data)[0]
    except ValueError:
        return False
    return all(number in documents for number in np.unique(numbers[numbers != 0]).tolist())


def _are_postings(data: object) -> bool:
    if not isinstance(data, bytes) or len(data) % POSTING_BYTES:
        return False
    # A posting begins with its slot, in two bytes.
    found = np.frombuffer(data, np.uint8).reshape(-1, POSTING_BYTES)
    return not len(found) or int(found[:, 1].max()) <= _LAST_SLOT >> 8
