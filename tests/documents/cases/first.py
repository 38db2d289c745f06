"""Cases of plain files, and of what holds for every format."""

from __future__ import annotations

from tests.documents.case import Case

CASES = [
    Case(
        "plain-text",
        "plain.txt",
        "The harbour opened in 1901. Ships came from all over the world.\n",
        has=("The harbour opened in 1901.", "Ships came"),
        silent=True,
        quoted=("The harbour opened in 1901.",),
    ),
    Case(
        "program", "program.exe", b"MZ\x90\0\3\0\0\0", refused="is not a kind of file that is read"
    ),
]
