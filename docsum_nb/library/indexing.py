"""The vectors of a library's passages, computed for those that have none.

They are computed outside of the writers' lock and stored in batches, so that others may write
meanwhile, and a kill loses one batch. A library has the vectors of one embedder: with another,
those of the old one are deleted first.
"""

from __future__ import annotations

from pathlib import Path

from docsum_nb.errors import InputError
from docsum_nb.library.embedder import Embedder
from docsum_nb.library.entries import Passage
from docsum_nb.library.progress import progress, shown_name
from docsum_nb.library.store import Snapshot, Store

__all__ = ["check_embedder", "embed_missing"]

_BATCH = 96
"""Passages whose vectors are computed and stored at once."""


def check_embedder(snapshot: Snapshot, embedder: Embedder, path: Path | str) -> None:
    """Raise an error if the vectors are not those of the embedder.

    Raises:
        InputError: It says how to compute them.
    """
    kept = snapshot.setting("embedder")
    if snapshot.count() and kept != embedder.name:
        what = f"has the vectors of another embedder, {kept}" if kept else "has no vectors yet"
        raise InputError(
            f"the library {path} {what}: call embed() on it, which indexes it again for "
            f"{embedder.name}, or open it without an embedder"
        )


def embed_missing(store: Store, embedder: Embedder, path: Path | str) -> int:
    """Compute and store the vectors that are missing, and show how far it is; return how many."""
    kept = store.read(lambda snapshot: (snapshot.setting("embedder"), snapshot.count()))
    if kept is None or not kept[1]:
        return 0
    total = None
    if kept[0] != embedder.name:
        # Loaded first: without it, the vectors of the other one stay.
        (vector,) = embedder.embed(["A text."])
        store.begin_vectors(embedder.name, len(vector))
        total = store.read(lambda snapshot: snapshot.count_passages())
    done, last = 0, 0
    with progress(f"indexing {shown_name(path)}", total, "passage") as count:
        while numbers := _embed_some(store, embedder, last):
            done, last = done + len(numbers), numbers[-1]
            count(len(numbers))
    return done


def _embed_some(store: Store, embedder: Embedder, after: int) -> list[int]:
    """Store the vectors of the first passages after a number that have none; return which."""
    missing = store.read(lambda snapshot: snapshot.without_vector(after, _BATCH))
    if missing:
        vectors = embedder.embed([embedded_text(passage) for passage in missing.values()])
        store.add_vectors(embedder.name, missing, vectors)
    return sorted(missing or ())


def embedded_text(passage: Passage) -> str:
    """Return what the vector of a passage is made of: its headings say what it is about."""
    return "\n".join((*passage.headings, passage.text))
