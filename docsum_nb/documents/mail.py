"""Read mail: single messages (EML, MHTML, MSG of Outlook) and mailboxes (MBOX).

Decides what of a message is text: subject, sender, recipients and date at its head; then the plain
body or, if that says less, the HTML one. Attachments are further files, for their own readers. A
signature is left out, the footer of a mailing, and among several messages a quoted line that is in
another one (``mail_body``); how much is an omission. Header lines are cut beyond any length that a
person would write, so that reading takes linear time. Refuses encrypted messages, and those nested
too deeply or too large.
"""

from __future__ import annotations

import email
import email.header
import email.policy
import email.utils
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.mail_body import (
    Quotes,
    omissions_of,
    without_footer,
    without_signature,
)
from docsum_nb.documents.outlook import is_outlook, message_of
from docsum_nb.documents.reading import Reading, read_by
from docsum_nb.documents.text import decode
from docsum_nb.errors import LoadError
from docsum_nb.paths import visible
from docsum_nb.records import Omission

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message
    from pathlib import Path

    from docsum_nb.records import Syntax

__all__ = ["Attachment", "read", "read_mailbox"]

MAX_MESSAGE = 64 * 1024 * 1024
"""Bytes of one message."""
_TOO_LARGE = f"has more than {MAX_MESSAGE // 2**20} MB; save it in parts"
_CHUNK = 1024 * 1024
_MAX_HEADER = 4096
_LARGE_HTML = 256 * 1024
"""Bytes of an HTML body from which on it is a file of its own, read in another process."""
_MAX_PARTS = 1000
_HEAD = ("From", "To", "Cc", "Date")
_FEW_WORDS = 60
_TOO_DEEP = "is nested too deeply to be read; save the message again"
_ENCRYPTED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")


class _Policy(email.policy.Compat32):
    """The forgiving policy, with headers cut."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(
            [each[:_MAX_HEADER] for each in sourcelines[:200]]
        )
        return name, _eight_bit(value[:_MAX_HEADER])

    def fold_binary(self, name: str, value: Any) -> bytes:
        # Of a message within a message. The library's own raises for some values.
        lines = "\n ".join(line.strip() for line in str(value).splitlines())
        return f"{name}: {lines}\n".encode("utf-8", "surrogateescape")


def _eight_bit(value: str) -> str:
    """Return a header with the bytes decoded that its sender did not encode."""
    if value.isascii():
        return value
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except ValueError:
        return raw.decode("cp1252", "replace")


@dataclass(frozen=True)
class Attachment:
    """A file that came with a message."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Mail:
    """What is in a message."""

    subject: str
    head: str
    """Subject, sender, recipients and date, a line each."""
    plain: str
    """The plain body; blank if there is none."""
    html: bytes
    """The HTML body, with its encoding marked; empty if there is none, or the plain one says it."""
    attachments: tuple[Attachment, ...]
    omitted: tuple[Omission, ...]


def read(path: Path) -> tuple[Reading, tuple[Attachment, ...]]:
    """Read a file that holds one message.

    Raises:
        LoadError: It is encrypted, too large, damaged, or nested too deeply.
        OSError: The file cannot be opened or read.
    """
    if path.stat().st_size > MAX_MESSAGE:
        raise LoadError(str(path), _TOO_LARGE)
    if is_outlook(path):
        found = _Reader(path).read(message_of(path))
    else:
        found = _read_message(path.read_bytes(), path)
    if found.html:
        body, inner = _html(found.html, path)
        body, of_mailing = without_footer(body, is_html=True)
        text = f"# {found.subject}\n\n{found.head}\n\n{body}"
        left = (*inner, *omissions_of(mailings=of_mailing))
    else:
        body, lines = without_signature(found.plain)
        body, of_mailing = without_footer(body)
        text = f"Subject: {found.subject}\n{found.head}\n\n{body}"
        left = omissions_of(signatures=lines, mailings=of_mailing)
    syntax: Syntax = "markdown" if found.html else "plain"
    return Reading(text, omitted=(*found.omitted, *left), syntax=syntax), found.attachments


def read_mailbox(path: Path) -> tuple[Reading, tuple[Attachment, ...]]:
    """Read a file that holds any number of messages; each stands below its subject.

    Raises:
        LoadError: The file holds no message.
        OSError: The file cannot be opened or read.
    """
    texts: list[str] = []
    attachments: list[Attachment] = []
    omitted: list[Omission] = []
    quotes, repeated, signatures, mailings = Quotes(), 0, 0, 0
    for number, data in enumerate(_messages(path), start=1):
        if isinstance(data, Omission):
            omitted.append(data)
            continue
        try:
            found = _read_message(data, path)
        except LoadError as error:
            omitted.append(Omission(f"message {number}", error.reason))
            continue
        body, left = _html(found.html, path) if found.html else (found.plain, ())
        body, lines = without_signature(body)
        body, of_mailing = without_footer(body, is_html=bool(found.html))
        body, again = quotes.without(body)
        repeated, signatures = repeated + again, signatures + lines
        mailings += of_mailing
        texts.append(f"# {found.subject}\n\n{found.head}\n\n{body.strip()}")
        attachments += [
            Attachment(f"{number}/{each.name}", each.data) for each in found.attachments
        ]
        where = f"message {number}"
        omitted += [Omission(where, each.reason) for each in (*found.omitted, *left)]
    if not texts and not omitted:
        raise LoadError(str(path), "holds no message; a mailbox begins with a line 'From '")
    omitted += omissions_of(signatures=signatures, mailings=mailings, repeated=repeated)
    return Reading("\n\n".join(texts), omitted=tuple(omitted)), tuple(attachments)


def _html(data: bytes, path: Path) -> tuple[str, tuple[Omission, ...]]:
    page = path.with_suffix(".body.html")
    try:
        page.write_bytes(data)
        reading = read_by("html", page)
    finally:
        page.unlink(missing_ok=True)
    return reading.text, reading.omitted


def _messages(path: Path) -> Iterator[bytes | Omission]:
    """Yield the messages of a mailbox in its order, and what is too large to be one.

    Raises:
        OSError: The file cannot be opened or read.
    """
    lines: list[bytes] = []
    size = number = 0
    after_blank = True
    with path.open("rb") as file:
        while line := file.readline(_CHUNK):
            if after_blank and line.startswith(b"From "):
                yield from _message(lines, size, number)
                lines, size, number = [], 0, number + 1
            else:
                size += len(line)
                if size <= MAX_MESSAGE:
                    lines.append(line[1:] if line.startswith(b">From ") else line)
            after_blank = not line.strip()
    yield from _message(lines, size, number)


def _message(lines: list[bytes], size: int, number: int) -> Iterator[bytes | Omission]:
    if size > MAX_MESSAGE:
        reason = f"has {size // 2**20:,} MB, more than {MAX_MESSAGE // 2**20} MB"
        yield Omission(f"message {number}", reason)
    elif any(line.strip() for line in lines):
        yield b"".join(lines)


def _read_message(data: bytes, path: Path) -> Mail:
    """Read a message.

    Raises:
        LoadError: It is encrypted, or nested too deeply.
    """
    try:
        message = email.message_from_bytes(data, policy=_Policy())
        return _Reader(path).read(message)
    except RecursionError:
        raise LoadError(str(path), _TOO_DEEP) from None


class _Reader:
    """Collects the parts of one message."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._plain: list[str] = []
        self._html: list[bytes] = []
        self._attachments: list[Attachment] = []
        self._left: Counter[str] = Counter()

    def read(self, message: Message) -> Mail:
        for count, part in enumerate(_leaves(message)):
            if count >= _MAX_PARTS:
                raise LoadError(
                    str(self._path), f"has more than {_MAX_PARTS} parts; save it in parts"
                )
            self._take(part)
        plain = "\n\n".join(text for text in self._plain if text.strip())
        # A plain part that only points to the HTML one is no body.
        html = b"" if len(plain.split()) >= _FEW_WORDS or not self._html else self._html[0]
        if html and self._plain and len(plain.split()) * 4 > len(html.split()):
            html = b""
        if len(html) > _LARGE_HTML:
            self._attachments.append(Attachment("body.html", html))
            html = b""
        subject = _header(message, "Subject") or "(no subject)"
        head = [f"{name}: {_header(message, name)}" for name in _HEAD if message.get(name)]
        omitted = [Omission("", f"{count:,} {what}") for what, count in self._left.items()]
        return Mail(
            subject,
            "\n".join(head),
            "" if html else plain,
            html,
            tuple(self._attachments),
            tuple(omitted),
        )

    def _take(self, part: Message) -> None:
        kind = part.get_content_type()
        if kind in _ENCRYPTED:
            raise LoadError(str(self._path), "is encrypted; save it decrypted")
        name = _file_name(part)
        if part.is_multipart():
            inner: Any = part.get_payload()
            if kind == "message/rfc822" and isinstance(inner, list) and inner:
                self._attachments.append(Attachment(name or "message.eml", inner[0].as_bytes()))
            return
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes) or not data:
            return
        attached = part.get_content_disposition() == "attachment"
        if kind == "text/plain" and not attached:
            text = decode(data, declared=_charset(part))
            self._plain.append(text or "")
        elif kind == "text/html" and not attached:
            self._html.append(_marked(data, _charset(part)))
        elif name or attached:
            self._attachments.append(
                Attachment(name or f"attachment.{part.get_content_subtype()}", data)
            )
        elif kind.startswith("image/"):
            self._left["pictures in the message"] += 1
        else:
            self._left[f"parts of the kind {visible(kind)[:80]}"] += 1


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts of a message that hold something; forwarded messages are one part each."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inner: Any = part.get_payload() if part.is_multipart() else None
        if isinstance(inner, list) and part.get_content_maintype() == "multipart":
            if part.get_content_type() in _ENCRYPTED:
                yield part
            waiting.extend(reversed(inner))
        else:
            yield part


def _header(message: Message, name: str) -> str:
    value = str(message.get(name, ""))
    with suppress(ValueError, LookupError, UnicodeError):
        value = str(email.header.make_header(email.header.decode_header(value)))
    return visible(" ".join(value.split()))[:1000]


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        return ""
    with suppress(ValueError, LookupError, UnicodeError):
        name = str(email.header.make_header(email.header.decode_header(name)))
    name = name.replace("\\", "/").rpartition("/")[2].strip()
    return visible(" ".join(name.split()))[-150:]


def _charset(part: Message) -> str | None:
    try:
        return part.get_content_charset()
    except (ValueError, LookupError):
        return None


def _marked(data: bytes, charset: str | None) -> bytes:
    """Return HTML with a mark of its encoding, since the message knows better than the page."""
    text = decode(data, declared=charset) if charset else None
    return data if text is None else text.encode("utf-8-sig", "replace")
