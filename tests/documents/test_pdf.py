from __future__ import annotations

from pathlib import Path

import pytest

from docsum_nb.documents import ocr
from docsum_nb.documents.pdf import read
from docsum_nb.errors import LoadError
from tests.documents.document_samples import pdf
from tests.documents.pdf_maker import at, made


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "report.pdf"
    path.write_bytes(content)
    return path


def test_each_page_begins_at_its_offset(tmp_path: Path) -> None:
    """The recorded offsets cut the text into exactly the pages' texts."""
    texts = [f"Page {n} tells of things\nand of more things." for n in range(1, 12)]
    found = read(_file(tmp_path, pdf(texts)))
    ends = [*(start - 2 for start in found.pages[1:]), len(found.text)]
    cut = [found.text[a:b] for a, b in zip(found.pages, ends, strict=True)]
    assert cut == texts
    assert found.omitted == ()


def test_a_scan_is_refused(tmp_path: Path) -> None:
    """A file whose pages are pictures is refused with the advice to recognize its text."""
    with pytest.raises(LoadError, match=r"report\.pdf: .*3 page.*scanned.*OCR"):
        read(_file(tmp_path, pdf([None, None, None])))


def test_pages_that_are_pictures_are_named(tmp_path: Path) -> None:
    """Single scanned pages among pages of text are reported; an empty page is not."""
    found = read(_file(tmp_path, pdf(["A page with much text.", None, "", "And another one."])))
    assert [omission.what for omission in found.omitted] == ["page(s) 2"]
    assert len(found.pages) == 4


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pdf(["Secret text."], encrypted=True), "is encrypted"),
        (pdf(["Some text."])[:120], "damaged or cut off"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 20, "damaged or cut off"),
        (b"no PDF at all", "is not a PDF file"),
    ],
)
def test_files_that_are_no_good_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    """Encrypted, truncated and garbage files raise a LoadError with the reason, in one line."""
    with pytest.raises(LoadError, match=reason) as caught:
        read(_file(tmp_path, content))
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not ocr.is_installed(), reason="needs tesseract")
def test_scanned_pages_are_recognized(tmp_path: Path) -> None:
    """The words of a page that is a picture are read by OCR, also if a program has stamped it."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("L", (1_240, 500), 255)
    font = ImageFont.load_default(size=48)
    ImageDraw.Draw(picture).text((80, 80), "The harbour was opened in spring.", 0, font)
    path = tmp_path / "scan.pdf"
    picture.save(path, resolution=150)
    found = read(path)
    assert found.text == "The harbour was opened in spring."
    assert [each.what for each in found.omitted] == ["page(s) 1"]
    assert "OCR" in found.omitted[0].reason
    shown = b"q 612 0 0 500 0 200 cm BI /W 1240 /H 500 /CS /G /BPC 8 ID %s EI Q "
    path.write_bytes(made(shown % picture.tobytes() + at(400, 20, "Scanned by SomeApp")))
    found = read(path)
    assert "harbour was opened" in found.text
    assert "OCR" in found.omitted[0].reason
