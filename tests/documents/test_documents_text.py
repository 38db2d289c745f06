from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from docsum_nb.documents.text import decode, is_text, read
from docsum_nb.errors import LoadError

_GERMAN = "Die Straße führt über die Brücke, und dahinter beginnt das schöne grüne Tal. " * 5


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "iso-8859-1"]
)
def test_encodings_are_recognized(tmp_path: Path, encoding: str) -> None:
    """Marked and unmarked encodings give the same text, without a byte order mark."""
    path = tmp_path / "note.txt"
    path.write_bytes(_GERMAN.encode(encoding))
    assert read(path).text == _GERMAN


def test_an_eastern_encoding_is_guessed() -> None:
    """Text without a mark that is not UTF-8 is decoded by the best guess."""
    text = "これは日本語の文章です。今日は天気がとても良いので、散歩に行きました。" * 10
    assert decode(text.encode("shift_jis")) == text


def test_a_few_bad_bytes_do_not_change_the_encoding() -> None:
    """UTF-8 with a damaged byte is still read as UTF-8, with the byte marked."""
    data = (_GERMAN * 4).encode()
    text = decode(data[:700] + b"\xff" + data[700:])
    assert text is not None
    assert text.replace("\ufffd", "") == _GERMAN * 4


def test_accents_far_down_a_long_text_survive_a_bad_byte() -> None:
    """What is ASCII for its first 160 kB is no ASCII for that."""
    text = "a line of a log\n" * 10_000 + _GERMAN * 4
    assert decode(text.encode() + b"\xff") == text + "\ufffd"


def test_lines_end_with_a_line_feed() -> None:
    """The new lines of Windows and of old Macs are normalized."""
    assert decode(b"a\r\nb\rc\nd") == "a\nb\nc\nd"


@given(st.text())
def test_utf_8_comes_back(text: str) -> None:
    """All valid UTF-8 is read as what it says, but for line ends, marks and NUL."""
    # ASCII with a NUL beside each character is UTF-16.
    assume("\0" not in text or not text.isascii())
    read_text = decode(text.encode())
    plain = text.removeprefix("\ufeff").replace("\0", "\ufffd")
    assert read_text == plain.replace("\r\n", "\n").replace("\r", "\n")


def test_wide_encoding_cannot_be_declared_in_ascii() -> None:
    """A page that says in ASCII that it is UTF-16 is not."""
    assert decode(b"<p>plain</p>", declared="UTF-16LE") == "<p>plain</p>"


@given(st.binary(), st.sampled_from([None, "utf-8", "utf-16", "latin-1", "no such", "a\0b", ""]))
def test_bytes_never_raise(data: bytes, declared: str | None) -> None:
    """Whatever the bytes, and what they say of themselves, there is a text without NUL or none."""
    text = decode(data, declared=declared)
    assert text is None or "\0" not in text


def test_binary_files_do_not_look_like_text(tmp_path: Path) -> None:
    """A file with NULs or other controls is no text, an empty or accented one is."""
    path = tmp_path / "unknown"
    for content, expected in [
        (b"\x7fELF\0\0\1", False),
        (b"a\x01b", False),
        (b"", True),
        ("naïve".encode(), True),
        ("wide".encode("utf-16"), True),
    ]:
        path.write_bytes(content)
        assert is_text(path) is expected, content


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    """A binary file with the suffix of a text raises a LoadError that names it."""
    path = tmp_path / "fake.txt"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\xff\xfe\x81")
    with pytest.raises(LoadError, match=r"fake\.txt: is not text"):
        read(path)
