"""Makes Outlook messages: compound files (OLE) of the streams they are given."""

from __future__ import annotations

import struct
from collections.abc import Mapping

__all__ = ["message", "ole"]

_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SECTOR, _MINI, _CUTOFF = 512, 64, 4096


def message(
    texts: Mapping[int, str | bytes],
    *,
    fixed: Mapping[tuple[int, int], int] | None = None,
    attachments: tuple[Mapping[int, str | bytes], ...] = (),
    recipients: tuple[Mapping[int, str | bytes], ...] = (),
    inside: tuple[dict[tuple[str, ...], bytes], ...] = (),
    wide: bool = True,
    header: int = 32,
) -> dict[tuple[str, ...], bytes]:
    """Return the streams of a message.

    Args:
        texts: Properties by number; ``bytes`` are binary.
        fixed: Numbers among the properties, by number and kind.
        attachments: The properties of each.
        recipients: The properties of each; all are addressed by "To".
        inside: The streams of messages that are attached.
        wide: Whether texts are UTF-16; else they are Windows-1252.
        header: Bytes before the numbers; 24 in a message that is attached.
    """
    streams = _streams((), texts, wide=wide)
    given = (fixed or {}).items()
    numbers = b"".join(struct.pack("<HHLQ", kind, at, 6, value) for (at, kind), value in given)
    streams[("__properties_version1.0",)] = bytes(header) + numbers
    streams[("__nameid_version1.0", "__substg1.0_00020102")] = b""
    for count, each in enumerate(attachments):
        streams |= _streams((f"__attach_version1.0_#{count:08X}",), each, wide=wide)
    for count, each in enumerate(recipients):
        streams |= _streams((f"__recip_version1.0_#{count:08X}",), each, wide=wide)
    for count, streams_inside in enumerate(inside, start=len(attachments)):
        inner = (f"__attach_version1.0_#{count:08X}", "__substg1.0_3701000D")
        streams |= {inner + path: data for path, data in streams_inside.items()}
    return streams


def _streams(
    root: tuple[str, ...], texts: Mapping[int, str | bytes], *, wide: bool
) -> dict[tuple[str, ...], bytes]:
    found = {}
    for number, value in texts.items():
        kind = "0102" if isinstance(value, bytes) else "001F" if wide else "001E"
        encoding = "utf-16-le" if wide else "cp1252"
        data = value if isinstance(value, bytes) else value.encode(encoding)
        found[(*root, f"__substg1.0_{number:04X}{kind}")] = data
    return found


def ole(streams: Mapping[tuple[str, ...], bytes]) -> bytes:
    """Return a compound file of streams, each with its path."""
    paths = sorted({path[:end] for path in streams for end in range(1, len(path) + 1)})
    children: dict[tuple[str, ...], list[int]] = {}
    for at, path in enumerate(paths, start=1):
        children.setdefault(path[:-1], []).append(at)
    sectors: list[bytes] = []
    table: list[int] = []
    mini = b""
    mini_table: list[int] = []

    def stored(data: bytes) -> int:
        return _chain(data, sectors, table, _SECTOR)

    entries = []
    small: list[bytes] = []
    for path in paths:
        data = streams.get(path)
        if data is None:
            start = 0
        elif len(data) < _CUTOFF:
            start = _chain(data, small, mini_table, _MINI)
        else:
            start = stored(data)
        following = _next(children[path[:-1]], paths, path)
        child = children.get(path, [_FREE])[0]
        size = len(data or b"")
        entries.append(_entry(path[-1], 1 if data is None else 2, following, child, start, size))
    mini = b"".join(small)
    root = _entry("Root Entry", 5, _FREE, children[()][0], stored(mini), len(mini))
    directory = stored(b"".join([root, *entries]))
    mini_start = stored(struct.pack(f"<{len(mini_table)}L", *mini_table))
    fats = 1
    while fats * 128 < len(table) + fats:
        fats += 1
    first = len(table)
    table += [_FAT] * fats
    table += [_FREE] * (fats * 128 - len(table))
    sectors.append(struct.pack(f"<{len(table)}L", *table))
    minis = -(-len(mini_table) * 4 // _SECTOR)
    head = struct.pack(
        "<8s16sHHHHH6sLLLLLLLLLL",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6, bytes(6)),
        *(0, fats, directory, 0, _CUTOFF, mini_start if minis else _END, minis, _END, 0),
        first,
    )
    numbers = struct.pack("<108L", *range(first + 1, first + fats), *[_FREE] * (109 - fats))
    return head + numbers + b"".join(sectors)


def _chain(data: bytes, sectors: list[bytes], table: list[int], size: int) -> int:
    """Append data in sectors; returns the first of them."""
    if not data:
        return _END
    start = len(table)
    count = -(-len(data) // size)
    sectors.append(data.ljust(count * size, b"\0"))
    table += [*range(start + 1, start + count), _END]
    return start


def _next(siblings: list[int], paths: list[tuple[str, ...]], path: tuple[str, ...]) -> int:
    at = siblings.index(paths.index(path) + 1)
    return siblings[at + 1] if at + 1 < len(siblings) else _FREE


def _entry(name: str, kind: int, following: int, child: int, start: int, size: int) -> bytes:
    wide = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBLLL16sLQQLQ",
        *(wide, len(wide) + 2, kind, 1, _FREE, following, child, bytes(16), 0, 0, 0, start, size),
    )
