from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from docsum_nb.documents.pdf import read
from docsum_nb.errors import LoadError
from tests.documents.document_samples import pdf


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


def test_a_reader_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    """The timeout ends the child process and names the file."""
    with pytest.raises(LoadError, match=r"report\.pdf: took longer than 0.001 s"):
        read(_file(tmp_path, pdf(["Text."])), timeout_s=0.001)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("kill -SEGV $$", "crashed the PDF reader .SIGSEGV"),
        ("echo oops >&2; exit 3", "the PDF reader failed .oops"),
        ("echo nonsense", "no usable answer"),
    ],
)
def test_a_crash_of_the_reader_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    """When the child process dies, the caller gets a LoadError that names the file."""
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!/bin/sh\n{script}\n")
    interpreter.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    with pytest.raises(LoadError, match=rf"report\.pdf: .*{reason}"):
        read(_file(tmp_path, pdf(["Text."])))


def test_modules_beside_the_documents_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file named like a module in the current folder cannot take the reader over."""
    (tmp_path / "json.py").write_text("raise SystemExit('taken over')")
    monkeypatch.chdir(tmp_path)
    assert read(_file(tmp_path, pdf(["Plain text."]))).text == "Plain text."


def test_the_child_stays_light(tmp_path: Path) -> None:
    """The child process imports PDFium and nothing else that is heavy."""
    code = (
        "import sys; from docsum_nb.documents import pdf; pdf._main(sys.argv[1]);"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    path = _file(tmp_path, pdf(["Text."]))
    child = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert json.loads(child.stdout)["pages"] == ["Text."]
    assert "pypdfium2" in child.stderr
    heavy = {"numpy", "crewai", "litellm", "bs4", "markdown_it", "nbformat", "tiktoken", "asyncio"}
    assert not heavy.intersection(child.stderr.split())
