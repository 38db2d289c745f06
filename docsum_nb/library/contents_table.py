"""What a library displays of itself: how much it holds, and its first documents by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docsum_nb.library.store import Snapshot
from docsum_nb.render.formats import count_text
from docsum_nb.render.one_line import one_line
from docsum_nb.render.table import Column, Row, Table, cells, more, part

__all__ = ["held", "table_of"]

_SHOWN = 50
"""Documents that a library lists when it is displayed."""


def held(snapshot: Snapshot, path: str) -> Table:
    """Return the table of a library that can be read."""
    names = snapshot.names(_SHOWN)
    shown = snapshot.documents(names)
    return table_of(
        path,
        [shown[name] for name in names],
        count=snapshot.count(),
        passages=snapshot.count_passages(),
    )


def table_of(
    path: str,
    documents: Sequence[Mapping[str, Any]] = (),
    *,
    count: int = 0,
    passages: int = 0,
    problem: str = "",
) -> Table:
    """Return the table of what a library holds.

    Args:
        path: Its folder.
        documents: The first of its documents by name, each with ``document``, ``path`` and
            ``pages``.
        count: Documents in all.
        passages: Passages in all.
        problem: Why it cannot be read; empty where it can.
    """
    size = f"{count_text(count, 'document')}, {count_text(passages, 'passage')}"
    what = one_line(problem, max_chars=400) or (size if count else "nothing was added yet")
    rows = [
        ((part(each["document"], "name"),), (part(each["path"] or ""),), *cells([_pages(each)]))
        for each in documents
    ]
    return Table(
        "Documents of the library",
        (Column("document"), Column("file"), Column("pages", "number")),
        tuple(Row(cells) for cells in rows),
        headline=f"Library {one_line(path)}: {what}",
        notes=more(count - len(documents), "more"),
    )


def _pages(document: Mapping[str, Any]) -> str:
    return f"{len(document['pages']):,}" if document["pages"] else ""
