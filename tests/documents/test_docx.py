from __future__ import annotations

from pathlib import Path

import pytest

from docsum_nb.documents.docx import read
from docsum_nb.errors import LoadError
from tests.documents.document_samples import docx


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "letter.docx"
    path.write_bytes(content)
    return path


def test_headings_and_paragraphs_come_out_as_markdown(tmp_path: Path) -> None:
    """Styles become headings, and text with marks of Markdown stays as it is written."""
    content = docx(("Title", "The letter"), ("Heading1", "First"), ("", "a_b and 2 * 3"))
    assert read(_file(tmp_path, content)).text == "# The letter\n\n# First\n\na_b and 2 * 3"


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    """A zip bomb is refused while its text is read; parts that are not read do not count."""
    huge = docx(("", "small"), extra={"word/document.xml": bytes(300 * 1024 * 1024)})
    assert len(huge) < 1_000_000
    with pytest.raises(LoadError, match=r"letter\.docx: is damaged|unpacks to more than"):
        read(_file(tmp_path, huge))
    pictures = docx(("", "small"), extra={"word/media/huge.png": bytes(300 * 1024 * 1024)})
    assert read(_file(tmp_path, pictures)).text == "small"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (docx(("", "text"))[:300], "cut off"),
        (b"garbage", "is not a .docx file"),
        (docx(("", "text"), extra={"word/document.xml": b"<w:document"}), "its XML is broken"),
        (
            docx(("", "text"), extra={"word/document.xml": b"", "_rels/.rels": b"<a/>"}),
            "its XML is broken",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_files_that_are_no_good_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    """Encrypted, truncated and garbage files raise a LoadError with the reason."""
    with pytest.raises(LoadError, match=rf"letter\.docx: .*{reason}"):
        read(_file(tmp_path, content))
