"""Hostile Outlook messages."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from tests.documents.cases.outlook import BODY, DATA, FILE_NAME, HELLO, RTF, SUBJECT
from tests.documents.hostile import Hostile
from tests.documents.msg_maker import message, ole

GOOD = ole(message({SUBJECT: "Grain", BODY: "Grain is cheap. " * 400}))


def made(make: Callable[[], bytes]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "a.msg"
        path.write_bytes(make())
        return path

    return write


def nested() -> bytes:
    inner = message({SUBJECT: "deepest"}, header=24)
    for _ in range(30):
        inner = message({SUBJECT: "outer"}, header=24, inside=(inner,))
    return ole(inner)


def shared() -> bytes:
    """Return a message whose 900 attachments are the same megabyte."""
    large_one: dict[int, str | bytes] = {FILE_NAME: "0.txt", DATA: b"word " * 200_000}
    small_ones: list[dict[int, str | bytes]] = [
        {FILE_NAME: f"{number}.txt", DATA: b"word " * 1_000} for number in range(1, 900)
    ]
    data = ole(
        message(
            {SUBJECT: "bomb"},
            attachments=(large_one, *small_ones),
        )
    )
    large = struct.pack("<Q", 1_000_000)
    at = data.index(large)
    start = data[at - 4 : at]
    small = struct.pack("<Q", 5_000)
    parts = data.split(small)
    return b"".join(part[:-4] + start + large for part in parts[:-1]) + parts[-1]


def changed(at: int, to: bytes) -> Callable[[], bytes]:
    return lambda: GOOD[:at] + to + GOOD[at + len(to) :]


def rtf(size: int) -> bytes:
    head = struct.pack("<LL4sL", 20, size, b"LZFu", 0)
    return ole(message({SUBJECT: "Grain", RTF: head + HELLO[16:]}))


INPUTS = [
    Hostile("cut", made(lambda: GOOD[: len(GOOD) // 2]), "either"),
    Hostile("head-only", made(lambda: GOOD[:512]), "refused"),
    Hostile("loop-in-table", made(changed(len(GOOD) - 512, b"\0" * 256)), "either"),
    Hostile("directory-far-off", made(changed(48, b"\xf0\xff\xff\0")), "refused"),
    Hostile("huge-sectors", made(changed(30, b"\x1f\0")), "refused"),
    Hostile("many-tables", made(changed(44, b"\xff\xff\xff\x7f")), "either"),
    Hostile("nested", made(nested), "refused", "nested too deeply"),
    Hostile("shared-attachments", made(shared), "refused", "damaged Outlook message"),
    Hostile("rtf-of-4-GB", made(lambda: rtf(2**32 - 1)), "refused", "too large"),
    Hostile("rtf-cut", made(lambda: rtf(100_000)), "either"),
    Hostile(
        "names",
        made(lambda: ole(message({SUBJECT: "a\r\nBcc: x\x1b[2J"}, attachments=(
            {FILE_NAME: "..\\..\\a\r\n\x1b[2J.txt", DATA: b"Grain is cheap."},)))),
        "loaded",
    ),
]  # fmt: skip
