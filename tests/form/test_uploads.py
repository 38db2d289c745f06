"""Uploaded files: private, of harmless names, and gone in the end."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from docsum_nb.form.uploads import Uploads

NAMES = {
    "report.pdf": "report.pdf",
    "../../etc/passwd": "passwd",
    "C:\\Users\\me\\notes.md": "notes.md",
    ".hidden.txt": "hidden.txt",
    "~$open.docx": "open.docx",
    "..": "upload",
    "": "upload",
    "a\nb\x00\x1b[31m\u202etxt.exe": "a b␀␛[31mtxt.exe",
    "<img src=x onerror=alert(1)>.md": "img src=x onerror=alert(1).md",
    "ä" * 300 + ".md": "ä" * 54 + ".md",
    "con|:*?.txt": "con.txt",
}


@pytest.mark.parametrize(("name", "kept"), NAMES.items())
def test_a_strangers_name_becomes_a_plain_one(name: str, kept: str) -> None:
    """Whatever a file is called, it lies in the folder itself, is no hidden file, and is read."""
    uploads = Uploads()
    uploads.add(name, b"text")

    folder = Path(str(uploads.folder))
    (found,) = (re.sub(r"-[0-9a-f]{8}(?=\.|$)", "", each.name) for each in folder.iterdir())
    assert found == kept
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    uploads.clear()
    assert not folder.exists()
    assert uploads.folder is None


def test_names_that_differ_stay_apart() -> None:
    """What tells two files apart may be what is too long, or cannot be in a name."""
    uploads = Uploads()
    long = "Bericht des Statistischen Amts über die Lage der Häfen und der Schiffahrt " * 2
    names = [f"{long}, Teil {part}.pdf" for part in (1, 2)] + ["a?b.txt", "ab.txt", ".ab.txt"]
    for name in names:
        uploads.add(name, name.encode())

    contents = {each.read_bytes().decode() for each in Path(str(uploads.folder)).iterdir()}
    assert contents == set(names)
    assert len(uploads.files) == len(names)
    uploads.clear()


def test_another_upload_adds_and_the_same_name_replaces() -> None:
    """Files gather until they are removed; then there may be new ones."""
    uploads = Uploads()
    for name, content in (("a.md", b"1"), ("b.md", b"22"), ("a.md", b"333")):
        uploads.add(name, content)

    assert uploads.files == {"a.md": 3, "b.md": 2}
    uploads.clear()
    uploads.add("c.md", b"4")
    assert [each.name for each in Path(str(uploads.folder)).iterdir()] == ["c.md"]
    uploads.clear()


def test_uploads_do_not_outlive_the_process() -> None:
    """The folder of a form that nobody closed is gone when its process has ended."""
    script = (
        "from docsum_nb.form.uploads import Uploads\n"
        "uploads = Uploads()\nuploads.add('a.md', b'text')\nprint(uploads.folder)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=150, check=True
    )
    assert done.stdout.strip()
    assert not Path(done.stdout.strip()).exists()
