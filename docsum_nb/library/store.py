"""What keeps a library: the protocol of a store, and of what a search reads of it.

A store is a folder of this machine or a PostgreSQL server. Both keep the same postings, so that the
same ranking runs over both. Invariant: all of a document is replaced in a single transaction, and a
snapshot does not change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from docsum_nb.library.entries import Entry, Passage
from docsum_nb.library.ranking import Floats, PostingSource
from docsum_nb.results import Added

__all__ = ["NOTHING", "OTHER_EMBEDDER", "Snapshot", "Store", "both_added", "still_there"]

_T = TypeVar("_T")
NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(("documents", "passages", "vectors", "characters"), 0),
    "embedder": None,
}
"""``sizes_of_all`` of a library to which nothing was added yet."""
OTHER_EMBEDDER = "another process is indexing this library for another embedder"


class Snapshot(PostingSource, Protocol):
    """A library as it was when it was opened, until it is closed."""

    def count(self) -> int:
        """Return the number of documents."""

    def count_passages(self) -> int:
        """Return the number of passages of all documents."""

    def sizes_of_all(self) -> dict[str, Any]:
        """Return how many documents, passages, vectors and characters there are."""

    def names(self, limit: int) -> list[str]:
        """Return the names of the first documents by name."""

    def digests(self, names: Sequence[str]) -> dict[str, str]:
        """Return the digests of those among the named documents that are there."""

    def paths(self) -> dict[str, str | None]:
        """Return the path of each document; ``None`` for one that came from no file."""

    def documents(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return path, pages and metadata of the named documents."""

    def names_of(self, documents: Sequence[int]) -> dict[int, str]:
        """Return the names of documents by their numbers."""

    def passages(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """Return passages by their numbers."""

    def with_metadata(self, where: Mapping[str, Any]) -> list[int]:
        """Return the numbers of the documents whose metadata is as it should be."""

    def setting(self, key: str) -> str | None:
        """Return a setting of the library; ``None`` if it is not set."""

    def without_vector(self, after: int, limit: int) -> dict[int, Passage]:
        """Return the first passages after a number that have no vector."""


class Store(Protocol):
    """Opens a library for readers and writers; can be pickled."""

    def read(self, work: Callable[[Snapshot], _T]) -> _T | None:
        """Return the result of ``work`` for the current library; ``None`` if there is none.

        ``work`` may be called more than once.

        Raises:
            LibraryError: If there is something else at the place, or it cannot be read.
        """

    def write(self, entries: Sequence[Entry]) -> Added:
        """Add the documents, or replace them if their digest differs, in a single transaction.

        Raises:
            LibraryError: If the place cannot be written, or is in use for too long.
        """

    def remove(self, names: Sequence[str]) -> tuple[str, ...]:
        """Remove documents in one transaction; return the names of those that were there."""

    def wipe(self) -> None:
        """Delete what was replaced or removed from the disk, as far as that is the store's."""

    def warn_of_what_is_set_aside(self, name: str) -> None:
        """Warn of damaged files that may hold the text of a document that was to be removed."""

    def bytes_on_disk(self) -> int:
        """Return the size of all that the library keeps."""

    def begin_vectors(self, embedder: str, size: int) -> None:
        """Delete all vectors, and keep the name of the embedder of the next ones.

        Args:
            embedder: Its name.
            size: The count of numbers in a vector.
        """

    def add_vectors(self, embedder: str, passages: Mapping[int, Passage], vectors: Floats) -> None:
        """Store vectors of passages, but not of those that were replaced meanwhile.

        Args:
            embedder: The name of the embedder.
            passages: By number, as ``without_vector`` returned them.
            vectors: One for each, in order.

        Raises:
            InputError: If the library has the vectors of another embedder by now.
        """


def still_there(passages: Mapping[int, Passage], now: Mapping[int, Passage]) -> list[int]:
    """Return the indexes of the passages that were not replaced meanwhile.

    Args:
        passages: By number, as they were read.
        now: The same numbers as they are: one that was replaced may belong to another passage.
    """
    return [
        index for index, (number, each) in enumerate(passages.items()) if now.get(number) == each
    ]


def both_added(one: Added, other: Added) -> Added:
    """Return the counts of two changes together."""
    return Added(
        one.added + other.added,
        one.updated + other.updated,
        one.unchanged + other.unchanged,
        one.passages + other.passages,
        one.omitted + other.omitted,
    )
