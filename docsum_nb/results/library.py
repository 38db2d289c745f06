"""What a library returns: the documents that a search found, and what adding changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from docsum_nb.records import Hit, Omission
from docsum_nb.render.displayed import Tabled
from docsum_nb.render.formats import count_text
from docsum_nb.render.highlight import marked_line
from docsum_nb.render.one_line import one_line
from docsum_nb.render.table import Column, Part, Row, Table, cells, folded, more, part
from docsum_nb.results.dataframe import hits_frame

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Added", "Hits", "Related"]

_MOST_HITS = 100
_MOST_GONE = 20
_PASSAGE_CHARS = 700


class Hits(Tabled, list[Hit]):
    """What a search found, best first: a list that displays itself as a table.

    Args:
        hits: Best first.
        query: What was searched for; empty if unknown.
    """

    def __init__(self, hits: Iterable[Hit] = (), query: str = "") -> None:
        super().__init__(hits)
        self.query = query

    def _table(self) -> Table:
        return _hits_table(self, self.query)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001  # IPython's hook
        # IPython prints a subclass of list as a plain list otherwise.
        printer.text(self._printed())

    def __str__(self) -> str:
        return self._printed()

    def to_frame(self) -> DataFrame:
        """Return a table to work on.

        Returns:
            A pandas DataFrame with a row for each document, best first.

        Raises:
            InputError: If pandas is not installed.
        """
        return hits_frame(self)


class Related(Tabled, tuple[Hit, ...]):
    """The related documents of a summary, best first: a tuple that displays itself as a table."""

    __slots__ = ()

    def _table(self) -> Table:
        table = replace(_hits_table(self, ""), headline=_related_head(len(self)))
        # Their scores may be of several searches, which cannot be compared.
        rows = tuple(replace(row, cells=row.cells[:-1]) for row in table.rows)
        return replace(table, columns=table.columns[:-1], rows=rows)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001  # IPython's hook
        # IPython prints a subclass of tuple as a plain tuple otherwise.
        printer.text(self._printed())

    def __str__(self) -> str:
        return self._printed()

    def to_frame(self) -> DataFrame:
        """Return a table to work on, as ``summary.to_frame("related")``.

        Raises:
            InputError: If pandas is not installed.
        """
        return hits_frame(self)


def _related_head(number: int) -> str:
    return f"{count_text(number, 'related document')} in the library"


@dataclass(frozen=True)
class Added(Tabled):
    """What adding to a library changed, in documents, and the passages written."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    passages: int = 0
    omitted: tuple[Omission, ...] = ()
    """What was found but not read, and why."""
    gone: tuple[str, ...] = ()
    """Documents that are still in the library although the folder they came from, which was added
    again, no longer has them: ``library.remove(NAME)``, or ``add(..., prune=True)``. Sorted."""
    removed: tuple[str, ...] = ()
    """Documents that ``prune=True`` removed for that. Sorted."""

    def _table(self) -> Table:
        return _added_table(self)


def _hits_table(hits: Sequence[Hit], query: str) -> Table:
    """Lay out what a search found.

    Args:
        hits: Best first.
        query: What was searched for; empty if unknown.
    """
    sought = f" for “{one_line(query, max_chars=80)}”" if query else ""
    return Table(
        "What the library holds",
        (Column("", "number"), Column("document"), Column("place"), Column("score", "number")),
        tuple(_hit(number, hit) for number, hit in enumerate(hits[:_MOST_HITS], start=1)),
        headline=f"{count_text(len(hits), 'document')} found{sought}",
        notes=more(len(hits) - _MOST_HITS, "more"),
    )


def _hit(number: int, hit: Hit) -> Row:
    below = (
        part(f"Why: {hit.why}" if hit.why else "", max_chars=600),
        Part(marked_line(hit.passage, hit.marks, max_chars=_PASSAGE_CHARS), "quote"),
    )
    name, place = part(hit.name, "name"), part(_place(hit.metadata), "muted")
    return Row(
        (*cells([str(number)]), (name,), (place,), *cells([f"{hit.score:.3f}"])),
        below=tuple(each for each in below if each.spans),
    )


def _place(metadata: Mapping[str, Any]) -> str:
    """Return page and innermost heading; a document may hold other things under these names."""
    page, headings = metadata.get("page"), metadata.get("headings")
    parts = [f"page {page}"] if isinstance(page, int) else []
    if isinstance(headings, list | tuple) and headings:
        parts.append(one_line(str(headings[-1]), max_chars=80))
    return ", ".join(parts)


def _added_table(added: Added) -> Table:
    """Lay out what adding to a library changed."""
    heads = ("added", "updated", "unchanged", "passages written")
    numbers = (added.added, added.updated, added.unchanged, added.passages)
    return Table(
        "What changed in the library",
        tuple(Column(head, "number") for head in heads),
        (Row(cells([f"{number:,}" for number in numbers])),),
        notes=(*_gone(added.gone), *_named("Removed, as no longer in the folder", added.removed)),
        folds=folded("Not read", [(each.what, each.reason) for each in added.omitted]),
    )


def _gone(names: Sequence[str]) -> tuple[str, ...]:
    listed = _named("No longer in the folder, still in the library", names)
    if not listed:
        return ()
    how = f"library.remove({names[0]!r})" if len(names) == 1 else "library.remove(NAME) for each"
    return (*listed, one_line(f"Remove with {how}, or add again with prune=True.", max_chars=300))


def _named(what: str, names: Sequence[str]) -> tuple[str, ...]:
    shown = ", ".join(one_line(name, max_chars=80) for name in names[:_MOST_GONE])
    rest = "".join(more(len(names) - _MOST_GONE, "more"))
    return (f"{what} ({len(names):,}): {shown} {rest}".rstrip(),) if names else ()
