from __future__ import annotations

import random
from pathlib import Path

import pytest

from docsum_nb.library import Library
from tests.library.library_samples import names

VOCABULARY = [
    "".join(random.Random(seed).choices("abcdefghijklmnopqrstuvwxyz", k=7)) for seed in range(2_000)
]


def text_of(characters: int, seed: int) -> str:
    """Return sentences of words that mean nothing, in paragraphs."""
    chosen = random.Random(seed)
    sentences = [
        " ".join(chosen.choices(VOCABULARY, k=12)).capitalize() + (".\n\n" if i % 7 == 0 else ". ")
        for i in range(characters // 97)
    ]
    return "".join(sentences)


@pytest.mark.long
def test_a_book_is_kept(place: str) -> None:
    """A text of nearly two megabytes is one document among others, and what comes later is kept."""
    library = Library(place)
    library.add({"book": text_of(1_800_000, seed=1) + " The zyzzyva sleeps."})
    library.add({"note": "Another zyzzyva wakes."})
    assert names(library, "zyzzyva") == ["note", "book"]
    assert len(library) == 2


def test_adding_one_by_one_takes_room_for_the_text_not_for_its_square(tmp_path: Path) -> None:
    """Each small add leaves the index of all that was there before alone."""
    library = Library(tmp_path / "notes")
    for i in range(30):
        library.add({f"note {i}": text_of(10_000, seed=i) + f" Token{i}."})
    disk = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
    assert disk < 40 * 30 * 10_000
    assert names(library, "token17") == ["note 17"]
