"""Read Outlook messages (MSG): compound files (OLE) with a stream for each property.

Decides what of such a file is a message: subject, sender, recipients, date, bodies and attachments,
as an ``email`` message, so that all else is decided as for other mail. Messages within it become
parts of it. Invariant: no more bytes are taken out of a file than it has, so that streams which
share their bytes unfold to nothing. Refuses what is encrypted, damaged, or nested too deeply.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email import encoders
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.text import decode
from docsum_nb.errors import LoadError
from docsum_nb.paths import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["is_outlook", "message_of"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAX_PARTS = 1000
_MAX_LEVELS = 8
_MAX_RTF = 8 * 2**20
_SLACK = 2**20
_SAVE = "open it in Outlook and save it as .eml"
_PROPERTIES = "__properties_version1.0"
_SUBJECT, _CLASS, _BODY, _HTML, _RTF = 0x0037, 0x001A, 0x1000, 0x1013, 0x1009
_SENT, _DELIVERED, _CODE_PAGE, _HTML_CODE_PAGE = 0x0039, 0x0E06, 0x3FFD, 0x3FDE
_SENDER, _SENDER_SMTP, _SENDER_ADDRESS = 0x0C1A, 0x5D01, 0x0C1F
_SHOWN_TO, _SHOWN_CC = 0x0E04, 0x0E03
_RECIPIENT_TYPE, _NAME, _SMTP, _ADDRESS = 0x0C15, 0x3001, 0x39FE, 0x3003
_LONG_NAME, _SHORT_NAME, _DATA, _MIME = 0x3707, 0x3704, 0x3701, 0x370E
_LONG, _TIME = 0x0003, 0x0040
_TO, _CC = 1, 2
_CODE_PAGES = {
    **{0: "cp1252", 1200: "utf-16-le", 20127: "ascii", 65001: "utf-8"},
    **{20866: "koi8-r", 21866: "koi8-u", 50220: "iso-2022-jp", 51932: "euc-jp"},
}
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def is_outlook(path: Path) -> bool:
    """Check whether a mail file is one of Outlook's.

    Raises:
        OSError: The file cannot be opened or read.
    """
    with path.open("rb") as file:
        return file.read(len(_OLE)) == _OLE


def message_of(path: Path) -> Message:
    """Return the message in a file.

    Raises:
        LoadError: It is encrypted, damaged, or nested too deeply.
        OSError: The file cannot be opened or read.
    """
    import olefile

    try:
        with olefile.OleFileIO(str(path)) as file:
            message = _Reader(path, file).message(())
    except LoadError:
        raise
    except RecursionError:
        raise LoadError(str(path), f"is nested too deeply to be read; {_SAVE}") from None
    except (OSError, ValueError, IndexError, KeyError, struct.error, AttributeError) as error:
        raise LoadError(str(path), f"is a damaged Outlook message ({error}); {_SAVE}") from error
    if not (message.get_payload() or message.get("Subject")):
        raise LoadError(str(path), f"is an Outlook message (.msg) that holds nothing; {_SAVE}")
    return message


class _Reader:
    """Reads one file."""

    def __init__(self, path: Path, file: Any) -> None:
        self._path = path
        self._file = file
        self._left = path.stat().st_size + _SLACK
        """Bytes that may still be taken out."""
        self._streams = {tuple(each): None for each in file.listdir(streams=True, storages=True)}
        self._parts = 0

    def message(self, root: tuple[str, ...]) -> Message:
        """Return the message in a storage; the empty root is the whole file."""
        if len(root) > 2 * _MAX_LEVELS:
            raise LoadError(str(self._path), f"is nested too deeply to be read; {_SAVE}")
        fixed = self._fixed(root, header=24 if root else 32)
        page = _encoding(fixed.get((_CODE_PAGE, _LONG), 1252))
        kind = self._text(root, _CLASS, page).upper()
        message = MIMEMultipart()
        for name, value in self._head(root, fixed, page):
            if value:
                message[name] = " ".join(value.split())
        bodies = MIMEMultipart("alternative")
        for part in self._bodies(root, fixed, page):
            bodies.attach(part)
        if bodies.get_payload():
            message.attach(bodies)
        for inner in self._storages(root, "__attach_version1.0_#"):
            message.attach(self._attachment(inner, page, kind))
        return message

    def _head(
        self, root: tuple[str, ...], fixed: dict[tuple[int, int], int], page: str
    ) -> Iterator[tuple[str, str]]:
        yield "Subject", self._text(root, _SUBJECT, page)
        sender = self._text(root, _SENDER, page)
        smtp = self._text(root, _SENDER_SMTP, page) or self._text(root, _SENDER_ADDRESS, page)
        yield "From", _person(sender, smtp)
        people: dict[int, list[str]] = {_TO: [], _CC: []}
        for inner in self._storages(root, "__recip_version1.0_#"):
            kind = self._fixed(inner, header=8).get((_RECIPIENT_TYPE, _LONG), _TO)
            smtp = self._text(inner, _SMTP, page) or self._text(inner, _ADDRESS, page)
            people.setdefault(kind, []).append(_person(self._text(inner, _NAME, page), smtp))
        yield "To", ", ".join(filter(None, people[_TO])) or self._text(root, _SHOWN_TO, page)
        yield "Cc", ", ".join(filter(None, people[_CC])) or self._text(root, _SHOWN_CC, page)
        yield "Date", _date(fixed.get((_SENT, _TIME)) or fixed.get((_DELIVERED, _TIME)))

    def _bodies(
        self, root: tuple[str, ...], fixed: dict[tuple[int, int], int], page: str
    ) -> Iterator[Message]:
        plain = self._text(root, _BODY, page)
        if plain.strip():
            yield MIMEText(plain.replace("\r\n", "\n"), "plain", "utf-8")
        html = self._bytes(root, _HTML, "0102")
        if html is not None:
            encoding = _encoding(fixed.get((_HTML_CODE_PAGE, _LONG), 0))
            yield _part("text/html", html, charset=encoding)
        elif text := self._text(root, _HTML, page):
            yield MIMEText(text, "html", "utf-8")
        packed = self._bytes(root, _RTF, "0102")
        if packed and not plain.strip() and not html:
            yield _part("application/rtf", self._unpacked(packed), name="body.rtf")

    def _attachment(self, root: tuple[str, ...], page: str, kind: str) -> Message:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            reason = f"has more than {_MAX_PARTS} attachments; save it in parts"
            raise LoadError(str(self._path), reason)
        name = self._text(root, _LONG_NAME, page) or self._text(root, _SHORT_NAME, page)
        name = PureWindowsPath(name or self._text(root, _NAME, page)).name
        inside = (*root, f"__substg1.0_{_DATA:04X}000D")
        if (*inside, _PROPERTIES) in self._streams:
            part = MIMEBase("message", "rfc822")
            part.attach(self.message(inside))
            return _named(part, f"{name or 'message'}.eml")
        data = self._bytes(root, _DATA, "0102")
        if kind.startswith("IPM.NOTE.SMIME"):
            if not kind.endswith("MULTIPARTSIGNED"):
                raise LoadError(str(self._path), "is encrypted; save it decrypted")
            name = "signed.eml"
        if data is None:
            # An object of another program, or a link to a file elsewhere.
            return _part("application/x-ole-object", b"\0", name=f"{name or 'object'}.ole")
        return _part("application/octet-stream", data, name=name or "attachment")

    def _storages(self, root: tuple[str, ...], prefix: str) -> list[tuple[str, ...]]:
        depth = len(root) + 1
        return sorted(
            each
            for each in self._streams
            if len(each) == depth and each[:-1] == root and each[-1].startswith(prefix)
        )

    def _text(self, root: tuple[str, ...], number: int, page: str) -> str:
        data = self._bytes(root, number, "001F")
        if data is not None:
            return data.decode("utf-16-le", "replace").rstrip("\0")
        data = self._bytes(root, number, "001E")
        return "" if data is None else (decode(data.rstrip(b"\0"), declared=page) or "")

    def _bytes(self, root: tuple[str, ...], number: int, kind: str) -> bytes | None:
        return self._stream((*root, f"__substg1.0_{number:04X}{kind}"))

    def _stream(self, name: tuple[str, ...]) -> bytes | None:
        if name not in self._streams or self._file.get_type(list(name)) != 2:
            return None
        self._left -= int(self._file.get_size(list(name)))
        if self._left < 0:
            raise LoadError(str(self._path), f"is a damaged Outlook message; {_SAVE}")
        data: bytes = self._file.openstream(list(name)).read()
        return data

    def _fixed(self, root: tuple[str, ...], *, header: int) -> dict[tuple[int, int], int]:
        """Return the numbers among the properties, by their number and kind."""
        data = self._stream((*root, _PROPERTIES)) or b""
        found = {}
        for at in range(header, min(len(data) - 15, 16 * 10_000), 16):
            kind, number, _, value = struct.unpack_from("<HHLQ", data, at)
            if kind in (_LONG, _TIME):
                found[number, kind] = value & 0xFFFFFFFF if kind == _LONG else value
        return found

    def _unpacked(self, packed: bytes) -> bytes:
        try:
            return unpacked_rtf(packed)
        except (ValueError, IndexError, struct.error):
            reason = f"has a body that is damaged or too large; {_SAVE}"
            raise LoadError(str(self._path), reason) from None


def _person(name: str, address: str) -> str:
    if "@" not in address or address.strip("'\"") == name.strip("'\""):
        return name or address
    return f"{name} <{address}>" if name else address


def _date(ticks: int | None) -> str:
    """Return a time, counted in tenths of microseconds, as mail writes it; empty for none."""
    if ticks:
        with suppress(OverflowError, ValueError):
            return format_datetime(_EPOCH + timedelta(microseconds=ticks // 10))
    return ""


def _encoding(page: int) -> str:
    """Return Python's name of a code page of Windows."""
    if 28591 <= page <= 28605:
        return f"iso-8859-{page - 28590}"
    return _CODE_PAGES.get(page, f"cp{page}")


def _part(kind: str, data: bytes, *, name: str = "", charset: str = "") -> Message:
    part = MIMEBase(*kind.split("/"))
    if charset:
        part.set_param("charset", charset)
    part.set_payload(data)
    encoders.encode_base64(part)
    return _named(part, name) if name else part


def _named(part: Message, name: str) -> Message:
    shown = visible(" ".join(name.split()))[-150:]
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", shown))
    return part


# --- compressed RTF -------------------------------------------------------------------------------

_START = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n" + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def unpacked_rtf(packed: bytes) -> bytes:
    """Return the RTF of a compressed body (MS-OXRTFCP).

    Raises:
        ValueError: It is damaged, or too large.
        IndexError: It is cut off.
        struct.error: It is cut off.
    """
    _, raw, kind, _ = struct.unpack_from("<LL4sL", packed)
    if raw > _MAX_RTF:
        raise ValueError("too large")
    if kind == b"MELA":
        return packed[16 : 16 + raw]
    if kind != b"LZFu":
        raise ValueError("unknown compression")
    window, out = bytearray(_START.ljust(4096, b"\0")), bytearray()
    at, end = 16, len(_START)
    while len(out) < raw:
        flags, at = packed[at], at + 1
        for bit in range(8):
            if flags >> bit & 1:
                reference, at = packed[at] << 8 | packed[at + 1], at + 2
                offset, length = reference >> 4, (reference & 15) + 2
                if offset == end:
                    return bytes(out)
                run = [(offset + step) % 4096 for step in range(length)]
            else:
                run, at = [-1], at + 1
            for source in run:
                byte = packed[at - 1] if source < 0 else window[source]
                out.append(byte)
                window[end] = byte
                end = (end + 1) % 4096
    return bytes(out[:raw])
