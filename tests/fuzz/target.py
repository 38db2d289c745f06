"""What ``readers.py`` runs for one kind of file: reading it, and what must hold then.

Everything of ``docsum_nb.documents`` is imported under atheris' eyes, so that it learns which
inputs lead to new code.

Usage: python tests/fuzz/target.py KIND LIMIT SEEDS, where LIMIT is an option of libFuzzer's
"""

from __future__ import annotations

import io
import sys
import tempfile
import zipfile
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUZZ = ROOT / "build" / "fuzz"
sys.path[:0] = [str(ROOT)]
sys.path.append(str(FUZZ / "packages"))

import atheris  # noqa: E402

with atheris.instrument_imports(include=["docsum_nb.documents"]):
    from docsum_nb.documents import mail
    from docsum_nb.documents.archives import Allowance, Member, members
    from docsum_nb.documents.reading import Reading, read_by
    from docsum_nb.documents.sentences import sentence_spans
    from docsum_nb.documents.sources import ARCHIVE, KINDS, MAIL, MAILBOX
    from docsum_nb.documents.split import split
    from docsum_nb.errors import LoadError
    from docsum_nb.records import Document

LONGEST = 8192
"""Bytes of an input."""
HANG_S = 20
MOST_MB = 2500
MEMBERS = {
    "docx": "word/document.xml",
    "pptx": "ppt/slides/slide1.xml",
    "xlsx": "xl/worksheets/sheet1.xml",
    "odf": "content.xml",
}
"""What is fuzzed of a format that is a ZIP file: few changed archives could be opened at all."""


def fuzz(kind: str, limit: str, seeds: str) -> None:
    """Fuzz one kind in this process, which libFuzzer ends."""
    suffix = next(suffix for suffix, name in KINDS.items() if name == kind)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"fuzzed{suffix}"
        with atheris.instrument_imports(include=["docsum_nb.documents"]):
            check(kind, path, b"")  # what is imported when it is needed
        template = unpacked(kind, Path(seeds))
        options = [limit, f"-max_len={LONGEST}", f"-timeout={HANG_S}"]
        options += [f"-rss_limit_mb={MOST_MB}", f"-artifact_prefix={FUZZ}/{kind}-", "-seed=1"]
        atheris.Setup(
            [sys.argv[0], *options, seeds],
            lambda data: check(kind, path, packed(kind, template, data)),
        )
        atheris.Fuzz()


def unpacked(kind: str, seeds: Path) -> dict[str, bytes]:
    """Replace seeds that are ZIP files by the member that is fuzzed; returns one whole."""
    template: dict[str, bytes] = {}
    if kind not in MEMBERS:
        return template
    for path in sorted(seeds.glob("case-*")):
        with suppress(zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError):
            with zipfile.ZipFile(path) as archive:
                members = {name: archive.read(name) for name in archive.namelist()}
            path.write_bytes(members[MEMBERS[kind]])
            template = template or members
    return template


def packed(kind: str, template: dict[str, bytes], data: bytes) -> bytes:
    """Return the file to read for an input."""
    if not template:
        return data
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in (template | {MEMBERS[kind]: data}).items():
            archive.writestr(name, content)
    return file.getvalue()


def check(kind: str, path: Path, data: bytes) -> None:
    """Read a file, and check what must hold.

    Raises:
        AssertionError: if it does not.
        Exception: of the reader, if it is no ``LoadError``.
    """
    path.write_bytes(data)
    with suppress(LoadError):
        if kind == ARCHIVE:
            unpack(path)
        elif kind in (MAIL, MAILBOX):
            read = mail.read if kind == MAIL else mail.read_mailbox
            check_reading(read(path)[0])
        else:
            check_reading(read_by(kind, path))


def unpack(path: Path) -> None:
    for piece in members(path, path.name, Allowance(path.stat().st_size)):
        if isinstance(piece, Member):
            assert all(piece.chunks)
            assert ".." not in piece.name.split("/")


def check_reading(reading: Reading) -> None:
    assert not reading.pages or reading.pages[0] == 0
    assert all(a <= b for a, b in pairwise((*reading.pages, len(reading.text))))
    chunks = split(Document("fuzzed", reading.text), max_tokens=64, count=len)
    assert "".join(chunk.text for chunk in chunks) == reading.text
    spans = sentence_spans(reading.text)
    assert "".join(reading.text[start:end] for start, end in spans) == reading.text
    for _, part in reading.parts:
        check_reading(part)


if __name__ == "__main__":
    fuzz(*sys.argv[1:])
