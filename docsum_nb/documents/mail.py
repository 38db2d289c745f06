"""Read mail: single messages (EML, MHTML, MSG of Outlook) and mailboxes (MBOX).

Decides what of a message is text: subject, sender, recipients and date at its head; then all parts
of its body in their order; of alternatives, the plain one or, if that says less, the HTML one.
Attachments are further files, for their own readers. A signature is left out, the footer of a
mailing, and among several messages a quoted line that is in another one (``mail_body``); how much
is an omission. Header lines are cut beyond any length that a person would write, so that reading
takes linear time. Refuses encrypted messages, and those nested too deeply or too large.
"""

from __future__ import annotations

import email
import email.header
import email.policy
import email.utils
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.mail_body import (
    Quotes,
    omissions_of,
    without_footer,
    without_signature,
)
from docsum_nb.documents.markdown import as_markdown
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
"""Bytes of a body's HTML from which on it is a file of its own, read in another process."""
_MAX_PARTS = 1000
_HEAD = ("From", "To", "Cc", "Date")
_FEW_WORDS = 60
_FORWARDED = ("message/rfc822", "message/global")
_TEXTS = ("text/plain", "text/markdown")
_SEPARATOR = re.compile(r"From (?:\S{1,300}@\S{1,300}\s{0,9}$|.{0,300}[0-9]:[0-5][0-9])")
_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")
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
    pieces: tuple[str | bytes, ...]
    """The body in its order: plain text, and HTML as bytes with its encoding marked."""
    attachments: tuple[Attachment, ...]
    omitted: tuple[Omission, ...]

    @property
    def is_html(self) -> bool:
        """Whether any of the body is HTML."""
        return any(isinstance(piece, bytes) for piece in self.pieces)


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
    body, inner = _body(found, path)
    lines = 0
    if not found.is_html:
        body, lines = without_signature(body)
    body, of_mailing = without_footer(body, is_html=found.is_html)
    title = f"# {found.subject}\n" if found.is_html else f"Subject: {found.subject}"
    text = f"{title}\n{found.head}\n\n{body}"
    left = (*inner, *omissions_of(signatures=lines, mailings=of_mailing))
    syntax: Syntax = "markdown" if found.is_html else "plain"
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
        body, left = _body(found, path)
        body, lines = without_signature(body)
        body, of_mailing = without_footer(body, is_html=found.is_html)
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


def _body(found: Mail, path: Path) -> tuple[str, tuple[Omission, ...]]:
    """Return the body of a message, as Markdown if any of it is HTML, and what is not in it."""
    texts: list[str] = []
    omitted: list[Omission] = []
    for piece in found.pieces:
        if isinstance(piece, str):
            texts.append(as_markdown(piece) if found.is_html else piece)
        else:
            text, left = _html(piece, path)
            texts.append(text)
            omitted += left
    return "\n\n".join(texts), tuple(omitted)


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
            if after_blank and _is_separator(line[:_MAX_HEADER], first=not size):
                yield from _message(lines, size, number)
                lines, size, number = [], 0, number + 1
            else:
                size += len(line)
                if size <= MAX_MESSAGE:
                    lines.append(line[1:] if line.startswith(b">From ") else line)
            after_blank = not line.strip()
    yield from _message(lines, size, number)


def _is_separator(line: bytes, *, first: bool) -> bool:
    """Check whether a line stands before a message: text may begin with "From here on", too."""
    text = line.decode("latin-1")
    if first:
        return text.startswith("From ")
    match = _SEPARATOR.match(text)
    return match is not None and ("@" in match[0] or _YEAR.search(text) is not None)


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


@dataclass(frozen=True)
class _Choice:
    """Parts of a body of which one kind says what the others say; a part alone is one as well."""

    plain: list[str] = field(default_factory=list)
    html: list[bytes] = field(default_factory=list)

    def chosen(self) -> list[str | bytes]:
        """Return the parts that say the most."""
        plain = "\n\n".join(text for text in self.plain if text.strip())
        # A plain part that only points to the HTML one is no body.
        words = len(plain.split())
        short = words < _FEW_WORDS and words * 4 <= sum(len(each.split()) for each in self.html)
        return [*self.html] if self.html and (short or not words) else [plain] if words else []


class _Reader:
    """Collects the parts of one message."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._choices: dict[int, _Choice] = {}
        self._attachments: list[Attachment] = []
        self._left: Counter[str] = Counter()

    def read(self, message: Message) -> Mail:
        for at, (choice, part) in enumerate(_leaves(message)):
            if at >= _MAX_PARTS:
                raise LoadError(
                    str(self._path), f"has more than {_MAX_PARTS} parts; save it in parts"
                )
            self._take(part, self._choices.setdefault(choice, _Choice()))
        pieces: list[str | bytes] = []
        size = 0
        for piece in (each for choice in self._choices.values() for each in choice.chosen()):
            size += len(piece) if isinstance(piece, bytes) else 0
            if isinstance(piece, bytes) and size > _LARGE_HTML:
                self._attachments.append(Attachment("body.html", piece))
            else:
                pieces.append(piece)
        subject = _header(message, "Subject") or "(no subject)"
        head = [f"{name}: {_header(message, name)}" for name in _HEAD if message.get(name)]
        omitted = [Omission("", f"{count:,} {what}") for what, count in self._left.items()]
        return Mail(
            subject,
            "\n".join(head),
            tuple(pieces),
            tuple(self._attachments),
            tuple(omitted),
        )

    def _take(self, part: Message, choice: _Choice) -> None:
        kind = part.get_content_type()
        if kind in _ENCRYPTED:
            raise LoadError(str(self._path), "is encrypted; save it decrypted")
        name = _file_name(part)
        if part.is_multipart():
            inner: Any = part.get_payload()
            if kind in _FORWARDED and isinstance(inner, list) and inner:
                self._attachments.append(Attachment(name or "message.eml", inner[0].as_bytes()))
            else:
                self._left[f"parts of the kind {visible(kind)[:80]}"] += 1
            return
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes) or not data:
            return
        attached = part.get_content_disposition() == "attachment"
        if kind in _TEXTS and not attached:
            text = decode(data, declared=_charset(part))
            choice.plain.append(text or "")
        elif kind == "text/html" and not attached:
            choice.html.append(_marked(data, _charset(part)))
        elif name or attached:
            self._attachments.append(
                Attachment(name or f"attachment.{part.get_content_subtype()}", data)
            )
        elif kind.startswith("image/"):
            self._left["pictures in the message"] += 1
        else:
            self._left[f"parts of the kind {visible(kind)[:80]}"] += 1


def _leaves(message: Message) -> Iterator[tuple[int, Message]]:
    """Yield the parts of a message that hold something, alternatives with the same number.

    Forwarded messages are one part each.
    """
    numbers = count()
    waiting: list[tuple[int | None, Message]] = [(None, message)]
    while waiting:
        choice, part = waiting.pop()
        inner: Any = part.get_payload() if part.is_multipart() else None
        kind = part.get_content_type()
        if choice is None and kind == "multipart/alternative":
            choice = next(numbers)
        if isinstance(inner, list) and part.get_content_maintype() == "multipart":
            if kind in _ENCRYPTED:
                yield next(numbers), part
            waiting.extend((choice, each) for each in reversed(inner))
        else:
            yield next(numbers) if choice is None else choice, part


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
