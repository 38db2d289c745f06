"""The map of chunks as a picture, for pages without a kernel: a PNG with a color for each state."""

from __future__ import annotations

import math
import struct
import zlib
from base64 import b64encode
from typing import NamedTuple

__all__ = ["COLORS", "MapImage", "map_image"]

COLORS = (
    *("#c9d1d9", "#2f81f7", "#a475f9", "#d98200"),
    *("#2da44e", "#7fc8a0", "#e5343f", "#8c959f"),
)
"""By the byte of the state, as in ``PART_STATES``; the live map has the same ones in its CSS."""
_WIDTH = 760
_MOST_HEIGHT = 330
"""In pixels; reached at some 27,000 chunks. Beyond, cells no longer get smaller."""
_SMALLEST, _LARGEST = 3, 14


class MapImage(NamedTuple):
    """A picture of the map, and its size in pixels."""

    address: str
    """A ``data:`` address, which holds the picture."""
    width: int
    height: int


def map_image(cells: bytes) -> MapImage:
    """Return the picture of a map.

    Args:
        cells: The state of each chunk, by row: an index of ``COLORS``; at least one.
    """
    fitting = math.isqrt(_WIDTH * _MOST_HEIGHT // len(cells))
    size = max(_SMALLEST, min(_LARGEST, fitting))
    columns = min(len(cells), _WIDTH // size)
    gap = 1 if size > _SMALLEST else 0
    nothing = len(COLORS)
    blank = bytes([nothing] * size * columns)
    lines: list[bytes] = []
    for start in range(0, len(cells), columns):
        row = b"".join(
            bytes([cell]) * (size - gap) + bytes([nothing]) * gap
            for cell in cells[start : start + columns]
        ).ljust(size * columns, bytes([nothing]))
        lines += [row] * (size - gap) + [blank] * gap
    png = _png(size * columns, lines)
    return MapImage(f"data:image/png;base64,{b64encode(png).decode()}", size * columns, len(lines))


def _png(width: int, lines: list[bytes]) -> bytes:
    """Encode lines of indices of ``COLORS``; the index after the last one is transparent."""
    palette = b"".join(bytes.fromhex(color[1:]) for color in COLORS)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _block(b"IHDR", struct.pack(">IIBBBBB", width, len(lines), 8, 3, 0, 0, 0)),
            _block(b"PLTE", palette + b"\0\0\0"),
            _block(b"tRNS", b"\xff" * len(COLORS) + b"\0"),
            # Each line begins with the number of its filter: none.
            _block(b"IDAT", zlib.compress(b"".join(b"\0" + line for line in lines), 9)),
            _block(b"IEND", b""),
        )
    )


def _block(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
