from __future__ import annotations

from pathlib import Path

import pytest

from docsum_nb.documents.encodings import decoded, reading_notes
from tests.documents.language_samples import TEXTS, WIDE, WIDE_TEXTS

PAIRS = [(name, page) for name, (_, pages) in TEXTS.items() for page in pages]


@pytest.mark.parametrize("times", [1, 40])
@pytest.mark.parametrize(("name", "page"), PAIRS)
def test_languages_in_their_code_pages(name: str, page: str, times: int) -> None:
    """What a program of the language's country saves is read as it was written."""
    text = (TEXTS[name][0] + "\n") * times
    found = decoded(text.encode(page))
    assert found is not None
    assert found.text == text


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("name", WIDE_TEXTS)
def test_wide_encodings_without_a_mark(name: str, encoding: str) -> None:
    """UTF-16 and UTF-32 are known by their pattern, and that is no guess."""
    text = TEXTS[name][0]
    found = decoded(text.encode(encoding))
    assert found is not None
    assert (found.text, found.notes) == (text, ())


def test_utf_8_that_fits_wins_over_what_is_declared() -> None:
    """A page saved as UTF-8 that still declares its old encoding is UTF-8."""
    found = decoded("Zürich".encode(), declared="iso-8859-1")
    assert found is not None
    assert found.text == "Zürich"


def test_what_is_declared_is_read_as_browsers_do() -> None:
    """ISO-8859-1 in a declaration means Windows-1252."""
    found = decoded("5 € – “fair”".encode("cp1252"), declared="iso-8859-1")
    assert found is not None
    assert found.text == "5 € – “fair”"


def test_one_accent_is_told_to_be_a_guess() -> None:
    """Little to judge by is said to be little."""
    found = decoded("The café.".encode("cp1252"))
    assert found is not None
    assert "guessed (windows-1252)" in found.notes[0]


def test_programs_are_no_text() -> None:
    """Bytes of programs are not taken for UTF-16."""
    for path in sorted(Path("/usr/bin").glob("*"))[:40]:
        data = path.read_bytes()[:100_000] if path.is_file() else b""
        if data.startswith(b"\x7fELF"):
            found = decoded(data)
            assert found is None or found.text.startswith("\x7fELF")


def test_ordinary_text_has_no_notes() -> None:
    """Accents, ligatures and signs of many languages are not taken for mojibake."""
    assert all(reading_notes(text) == () for text, _ in TEXTS.values())
