"""The doctor examines a library."""

from __future__ import annotations

import docsum_nb as ds
from docsum_nb.library import Library
from tests.library.library_samples import OFFICE


def _lengths(texts: list[str]) -> list[list[float]]:
    return [[1.0, float(len(text))] for text in texts]


def test_doctor_reads_a_library(place: str) -> None:
    """It says what is there, which vectors are missing, and on a server whether pgvector is."""
    Library(place).add(OFFICE)
    found = ds.doctor(Library(place, embedder=_lengths)).about("library")
    seen = [(each.level, each.seen) for each in found]
    assert ("ok", "can be read: 3 documents, 3 passages") in seen
    assert ("warning", "3 passages have no vector") in seen
    assert any("pgvector" in said for _, said in seen) == ("://" in place)


def test_doctor_names_a_server_that_is_not_there() -> None:
    """By its address, without the password in it."""
    address = "postgresql://ann:S3cret@127.0.0.1:9/docs?connect_timeout=2"
    (found,) = ds.doctor(address).about("library")
    assert found.level == "problem"
    assert "127.0.0.1" in found.seen
    assert "S3cret" not in repr(found)
