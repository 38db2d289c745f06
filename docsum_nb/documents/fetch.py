"""Fetch a file from its address into a private copy, from which it is read like any other.

Decides what a file without a known suffix is, by the type that its server declares and then by
its content. A file has the same bounds as on the disk, on size and time; what a server declares is
not trusted. Refuses what breaks off, never ends, or is a web page in place of the file: a login, an
error.
"""

from __future__ import annotations

import mimetypes
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.blocking import Wait
from docsum_nb.documents.copies import MAX_BYTES, TIMEOUT_S, too_large, write_all
from docsum_nb.documents.sources import KINDS
from docsum_nb.documents.text import decode, is_text
from docsum_nb.documents.web import fault_of
from docsum_nb.errors import LoadError
from docsum_nb.paths import visible

if TYPE_CHECKING:
    from docsum_nb.documents.addresses import Remote

__all__ = ["Arrivals", "Fetched", "fetch"]

_CHUNK = 1024 * 1024
_REPORT_S = 0.5
_CHARSET = re.compile(r"charset=\"?([\w.:\-]{1,40})", re.IGNORECASE)
_PAGE = re.compile(r"\s{0,1000}<(?:!doctype\s{1,100}html|html)\b", re.IGNORECASE)
_PAGES = frozenset(("html", "xml", "epub", "mail", "text", "old_office"))
"""Kinds that may be a web page inside; text only without a suffix of its own."""
_TEXTS = frozenset(("text", "html", "delimited", "subtitles", "rst", "org", "adoc", "tex"))
_MOST_RECODED = 64 * 1024 * 1024
_TYPES = {
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/csv": ".csv",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/json": ".json",
    "application/x-ipynb+json": ".ipynb",
    "application/rtf": ".rtf",
    "text/vtt": ".vtt",
    "application/gzip": ".gz",
    "application/x-gzip": ".gz",
}


@dataclass(frozen=True)
class Fetched:
    """A file that was fetched."""

    path: Path
    """The copy; its suffix is that of the kind."""
    kind: str
    """The module that reads it; empty if it is of no kind that is read."""
    note: str
    """What is to be reported of it; empty if nothing."""


class Arrivals:
    """What has arrived in one loading, counted over all of its threads.

    Args:
        stopped: Set when no caller waits for it any more; fetching ends then.
        report: As ``fetched`` of ``load``.
    """

    def __init__(self, stopped: threading.Event, report: Callable[[int, int], object]) -> None:
        self.stopped = stopped
        self._report = report
        self._lock = threading.Lock()
        self._files = self._bytes = 0
        self._reported = 0.0

    def add(self, size: int, *, files: int = 0) -> None:
        """Count bytes that have arrived, and files that are whole."""
        with self._lock:
            self._files, self._bytes = self._files + files, self._bytes + size
            now = time.monotonic()
            if now - self._reported < _REPORT_S and not (files and self._files == 1):
                return
            self._reported = now
            self._report(self._files, self._bytes)


def fetch(remote: Remote, copy: Path, arrivals: Arrivals) -> Fetched:
    """Fetch a file.

    Args:
        remote: The file.
        copy: The file to be made; its folder exists. It gets a suffix if only its server knows it.
        arrivals: Counts what arrives, and says when to end.

    Raises:
        LoadError: It cannot be fetched, is too large or too slow, or is not what it is called.
        OSError: The copy cannot be written.
    """
    if remote.size is not None and remote.size > MAX_BYTES:
        raise too_large(remote.shown, remote.size)
    wait = Wait(remote.shown, arrivals.stopped, TIMEOUT_S)
    with remote.storage.turn(wait):
        body = _opened(remote, wait)
        try:
            chunks = _chunks(body, wait, arrivals)
            size = write_all(copy, chunks, remote.shown, deadline=wait.deadline)
        finally:
            _close(body)
    arrivals.add(0, files=1)
    declared = str(_headers(body).get("Content-Type", ""))
    found = _kind(remote, copy, declared)
    _check_page(remote, found)
    if found.kind in _TEXTS and (charset := _CHARSET.search(declared)):
        _mark_encoding(found.path, charset[1])
    if remote.size is not None and size != remote.size:
        note = f"changed while it was fetched; {size:,} bytes were read"
        return Fetched(found.path, found.kind, note)
    return found


def _opened(remote: Remote, wait: Wait) -> Any:
    """Open a file for reading.

    Raises:
        LoadError: It cannot be opened, or is too large by what the server declares.
    """
    files = remote.storage.files
    # With a block size of 0 the web is read as a stream; a size keeps it from being asked for.
    stream = {"block_size": 0, "size": 1} if remote.storage.is_web else {}
    try:
        body = wait.call(files.open, remote.path, "rb", **stream)
    except Exception as error:
        raise LoadError(remote.shown, fault_of(error)) from error
    length = str(_headers(body).get("Content-Length", ""))
    if length.isdecimal() and len(length) < 20 and int(length) > MAX_BYTES:
        _close(body)
        raise too_large(remote.shown, int(length))
    return body


def _headers(body: Any) -> Any:
    return getattr(getattr(body, "r", None), "headers", {})


def _chunks(body: Any, wait: Wait, arrivals: Arrivals) -> Iterator[bytes]:
    while True:
        try:
            chunk = wait.call(body.read, _CHUNK)
        except Exception as error:
            raise LoadError(wait.shown, fault_of(error)) from error
        if not chunk:
            return
        arrivals.add(len(chunk))
        yield chunk


def _close(body: Any) -> None:
    """Close what is read, in a thread: the connection ends, and a read that still waits."""
    from docsum_nb.run import DAEMON_THREADS

    def close() -> None:
        with suppress(Exception):
            body.close()

    DAEMON_THREADS.submit(close)


def _kind(remote: Remote, copy: Path, declared: str) -> Fetched:
    """Return the copy with the kind that it is.

    Raises:
        LoadError: It is of no kind that is read.
    """
    if remote.kind:
        return Fetched(copy, remote.kind, "")
    suffix = _suffix_of(declared.partition(";")[0].strip().lower())
    if suffix:
        copy = copy.replace(copy.with_suffix(suffix))
        return Fetched(copy, KINDS[suffix], "")
    with copy.open("rb") as file:
        start = file.read(1024)
    if not start or start.startswith((b"%PDF-", b"PK\x03\x04", b"{\\rtf")) or is_text(copy):
        # What it is exactly is found by its content, as for every file.
        return Fetched(copy, "text", "")
    if not remote.named:
        return Fetched(copy, "", "")
    what = f" ({visible(declared[:100])})" if declared else ""
    raise LoadError(remote.shown, f"is not a kind of file that is read{what}")


def _suffix_of(kind: str) -> str:
    """Return the suffix for a type that a server declares; empty if its content has to show it."""
    if kind in ("", "text/plain", "application/octet-stream", "binary/octet-stream"):
        return ""
    suffix = _TYPES.get(kind) or mimetypes.guess_extension(kind) or ""
    return suffix if suffix == ".md" or KINDS.get(suffix, "text") != "text" else ""


def _check_page(remote: Remote, found: Fetched) -> None:
    """Check that a file is no web page if it is called something else.

    Raises:
        LoadError: It is one: a login, or an error that does not say so.
    """
    plain = remote.suffix in ("", ".txt", ".text") or not remote.kind
    if not remote.storage.is_web or (found.kind in _PAGES and (found.kind != "text" or plain)):
        return
    with found.path.open("rb") as file:
        start = file.read(4096).removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    if _PAGE.match(start):
        raise LoadError(
            remote.shown,
            f"is a web page in place of the {remote.suffix or found.path.suffix} file: a login, or "
            "an error; open the address in a browser, download the file and give its path",
        )


def _mark_encoding(copy: Path, charset: str) -> None:
    """Write a text again with a mark of its encoding, as its server declares it."""
    if copy.stat().st_size > _MOST_RECODED:
        return
    data = copy.read_bytes()
    text = decode(data, declared=charset)
    if text is not None:
        copy.write_bytes(text.encode("utf-8-sig", "replace"))
