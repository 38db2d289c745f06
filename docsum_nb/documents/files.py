"""Read the files that were found: a checked copy of each, then its reader.

Decides where a file is read: small ones of harmless kinds in this process, all others in one that
can be killed. Results come in the order of the files, several of which are in work at once. All
copies lie in one private folder, each only until it was read, and no reader sees another file than
the copy. Refuses nothing itself but turns every error of a reader into one error of that file.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from docsum_nb.documents import mail
from docsum_nb.documents.addresses import Remote
from docsum_nb.documents.archives import MAX_LEVELS, Allowance, members
from docsum_nb.documents.copies import MAX_BYTES, TIMEOUT_S, copy_file, write_all
from docsum_nb.documents.fetch import Arrivals, Fetched, fetch
from docsum_nb.documents.folders import is_hidden
from docsum_nb.documents.reading import PICTURED, Picture, Reading, data_marked, read_by
from docsum_nb.documents.sniff import OLD_OFFICE, kind_of, old_format
from docsum_nb.documents.sources import (
    ARCHIVE,
    KINDS,
    MAIL,
    MAILBOX,
    NOT_TEXT,
    VISION_HINT,
    WITH_PICTURES,
    Content,
    Found,
    Item,
)
from docsum_nb.documents.terms import has_words
from docsum_nb.documents.text import is_text
from docsum_nb.errors import LoadError, described
from docsum_nb.paths import visible
from docsum_nb.private_folder import PrivateFolder
from docsum_nb.records import Document, Omission

if TYPE_CHECKING:
    from docsum_nb.documents.workers import Worker, Workers

__all__ = ["End", "Pictured", "Read", "read_all"]

_THREADS = min(4, os.cpu_count() or 1)
"""Files that are in work at once."""
_READ_HERE = {
    "text": MAX_BYTES,
    **dict.fromkeys(("rst", "org", "adoc", "tex", "json_text"), 4 * 1024 * 1024),
    **dict.fromkeys(("html", "notebook", "rtf", "delimited"), 256 * 1024),
}
"""Bytes of a kind that are read in this process, in linear time and little memory; a larger file,
and any of another kind, is read in a process that can be killed."""

_NAME_HINT = "; give bytes of other kinds by a name with a suffix: {'NAME.SUFFIX': data}"

End: TypeAlias = Callable[[], object]


@dataclass(frozen=True)
class Pictured:
    """A document of which some pages are still to be read from pictures."""

    document: Document
    """Without the text of these pages."""
    pictures: tuple[Picture, ...]
    """At least one."""


Read: TypeAlias = Document | Pictured | Omission | LoadError


@dataclass(frozen=True)
class _Copy:
    """A file that is ready to be read."""

    path: Path
    size: int
    kind: str
    name: str
    """What its document will be called."""
    shown: str
    """Where it comes from, for people."""
    level: int = 0
    """How many archives and messages it lies in."""
    allowance: Allowance | None = None
    """What may be unpacked of it; ``None`` if it lies in nothing."""
    in_memory: bool = False
    """Whether the caller gave it as bytes, or it lies in such a file."""

    @property
    def source_path(self) -> str | None:
        """The path of its document; ``None`` if it comes from no file."""
        return None if self.in_memory else self.shown


_Step: TypeAlias = Item | Pictured | _Copy
"""What is found may be read at once, or only after it was copied."""


@dataclass(frozen=True)
class _Started:
    """A step that is in work."""

    future: Future[list[_Step]]
    worker: Worker | None = field(default=None)


def read_all(
    items: list[Item],
    *,
    stop: bool,
    when_stopped: Callable[[End], None],
    arrivals: Arrivals,
    pictures: Path | None = None,
) -> Iterator[Read]:
    """Read the files among the items, several at a time; the order stays.

    Args:
        items: What was found.
        stop: Give up the files after the first that cannot be read.
        when_stopped: As for ``load``.
        arrivals: What is fetched; stopped by this function when nothing is read any more.
        pictures: As for ``load``.
    """
    # Imported here: the process that reads a file imports this package, and must start quickly.
    from docsum_nb.documents.workers import Workers

    workers = Workers()
    when_stopped(workers.close)
    folder = PrivateFolder()
    try:
        for read in _Reading(items, workers, folder.path, arrivals, pictures).results():
            yield read
            if stop and isinstance(read, LoadError):
                return
    finally:
        arrivals.stopped.set()
        workers.close()
        folder.remove()


class _Reading:
    """Files in work: a queue of steps, of which the first few are started."""

    def __init__(
        self,
        items: list[Item],
        workers: Workers,
        folder: Path,
        arrivals: Arrivals,
        pictures: Path | None,
    ) -> None:
        self._queue: deque[_Step | _Started] = deque(items)
        self._workers = workers
        self._folder = folder
        self._arrivals = arrivals
        self._pictures = pictures
        self._kinds = KINDS if pictures is None else WITH_PICTURES
        self._numbers = count()

    def results(self) -> Iterator[Read]:
        while self._queue:
            first = self._queue.popleft()
            if isinstance(first, Document | Pictured | Omission | LoadError):
                yield _checked(first)
                continue
            started = first if isinstance(first, _Started) else self._start(first)
            self._start_next()
            steps = started.future.result()
            if started.worker is not None:
                self._workers.back(started.worker)
            # What a file led to comes before the files behind it.
            self._queue.extendleft(reversed(steps))

    def _start_next(self) -> None:
        for at in range(min(_THREADS - 1, len(self._queue))):
            step = self._queue[at]
            if isinstance(step, Found | Remote | Content | _Copy):
                self._queue[at] = self._start(step)

    def _start(self, step: Found | Remote | Content | _Copy) -> _Started:
        from docsum_nb.run import DAEMON_THREADS

        # A reader that never returns must not keep the process from ending.
        if isinstance(step, Found | Remote | Content):
            return _Started(DAEMON_THREADS.submit(self._copied, step))
        if step.kind in (ARCHIVE, MAIL, MAILBOX):
            return _Started(DAEMON_THREADS.submit(self._opened, step))
        here = step.size <= _READ_HERE.get(step.kind, 0)
        worker = None if here else self._workers.free()
        return _Started(DAEMON_THREADS.submit(_read, step, worker, self._pictures), worker)

    def _copied(self, found: Found | Remote | Content) -> list[_Step]:
        """Copy a file, which may then be read."""
        if isinstance(found, Content):
            return [self._written(found)]
        shown = found.shown if isinstance(found, Remote) else visible(str(found.path))
        try:
            got = self._fetched(found)
            if not got.kind:
                got.path.unlink()
                return [Omission(found.name, NOT_TEXT)]
            if got.kind == OLD_OFFICE and not found.named and (reason := old_format(got.path)):
                got.path.unlink()
                return [Omission(found.name, reason)]
            step = _recognised(_Copy(got.path, 0, got.kind, found.name, shown))
        except OSError as error:
            return [LoadError(shown, f"cannot be read ({error.strerror or error})")]
        except LoadError as error:
            return [LoadError(shown, error.reason)]
        return [step, Omission(found.name, got.note)] if got.note else [step]

    def _written(self, content: Content) -> _Step:
        """Write what a caller gave as bytes to a file, whose content shows its kind."""
        suffix = PurePosixPath(content.name).suffix.lower()
        kind = self._kinds.get(suffix)
        copy = self._new(suffix if kind else "")
        try:
            deadline = time.monotonic() + TIMEOUT_S
            write_all(copy, iter([content.data]), content.name, deadline=deadline)
            whole = _Copy(copy, 0, kind or "text", content.name, content.name, in_memory=True)
            step = _recognised(whole)
        except OSError as error:
            reason = f"cannot be written for reading ({error.strerror or error})"
            return LoadError(content.name, reason)
        except LoadError as error:
            reason = error.reason.replace("rename it to .zip", "name it so: {'NAME.zip': data}")
            return LoadError(content.name, reason)
        if isinstance(step, _Copy) and step.kind == "text" and not is_text(copy):
            copy.unlink()
            hint = VISION_HINT if suffix in WITH_PICTURES else _NAME_HINT
            return LoadError(
                content.name, f"is not text, PDF, RTF or an Office file by its content{hint}"
            )
        return step

    def _fetched(self, found: Found | Remote) -> Fetched:
        if isinstance(found, Remote):
            copy = self._new(found.suffix if found.kind else "")
            return fetch(found, copy, self._arrivals)
        copy = self._new(found.path.suffix)
        note = copy_file(found.path, copy, links=found.links)
        return Fetched(copy, found.kind, note)

    def _new(self, suffix: str) -> Path:
        # Readers go by the suffix; anything else of a name might be too long or odd.
        return self._folder / f"{next(self._numbers)}{suffix.lower()[:20]}"

    def _opened(self, copy: _Copy) -> list[_Step]:
        """Open an archive, a message or a mailbox: its documents and what else is in it."""
        steps: list[_Step] = []
        allowance = copy.allowance or Allowance(copy.size)
        parts = self._members if copy.kind == ARCHIVE else self._messages
        try:
            steps.extend(parts(copy, allowance))
        except Exception as error:  # noqa: BLE001  # as of any reader
            steps.append(_error(copy, error))
        finally:
            copy.path.unlink(missing_ok=True)
        return steps

    def _members(self, copy: _Copy, allowance: Allowance) -> Iterator[_Step]:
        for piece in members(copy.path, copy.name, allowance):
            if isinstance(piece, Omission):
                yield Omission(f"{copy.name}/{piece.what}", piece.reason)
            elif not is_hidden(piece.name):
                yield self._inner(copy, piece.name, piece.chunks, allowance)
                if allowance.is_spent:
                    return

    def _messages(self, copy: _Copy, allowance: Allowance) -> Iterator[_Step]:
        read = mail.read if copy.kind == MAIL else mail.read_mailbox
        reading, attachments = read(copy.path)
        yield from _documents(copy.name, copy.source_path, data_marked(reading))
        for each in attachments:
            yield self._inner(copy, each.name, iter([each.data]), allowance)

    def _inner(
        self, outer: _Copy, name: str, chunks: Iterator[bytes], allowance: Allowance
    ) -> _Step:
        """Copy a file that lies in another."""
        full, shown = f"{outer.name}/{name}", f"{outer.shown}/{name}"
        suffix = PurePosixPath(name).suffix.lower()
        kind = self._kinds.get(suffix, "text")
        if suffix and suffix not in self._kinds:
            return Omission(full, f"not a kind of file that is read ({suffix})")
        if kind in (ARCHIVE, MAIL, MAILBOX) and outer.level + 1 >= MAX_LEVELS:
            return Omission(full, f"lies in more than {MAX_LEVELS - 1} archives or messages")
        copy = self._new(suffix)
        try:
            write_all(copy, chunks, shown, deadline=time.monotonic() + TIMEOUT_S)
            if not suffix and copy.stat().st_size and not is_text(copy):
                return Omission(full, NOT_TEXT)
            inner = replace(
                outer, path=copy, kind=kind, name=full, shown=shown, level=outer.level + 1
            )
            return _recognised(replace(inner, allowance=allowance))
        except LoadError as error:
            copy.unlink(missing_ok=True)
            return LoadError(shown, error.reason)


def _recognised(copy: _Copy) -> _Step:
    """Return the copy with its size and the kind that it is, whatever its suffix says.

    Raises:
        LoadError: It is of a kind that is not read.
        OSError: It cannot be read.
    """
    size = copy.path.stat().st_size
    if size == 0:
        copy.path.unlink()
        return Omission(copy.name, "holds no text")
    return replace(copy, size=size, kind=kind_of(copy.path, copy.kind))


def _checked(read: Read) -> Read:
    if isinstance(read, Document) and not has_words(read.text):
        return Omission(read.name, "holds no text")
    return read


def _read(copy: _Copy, worker: Worker | None, pictures: Path | None) -> list[_Step]:
    """Read a copy, and delete it; a document comes with what was left out of it."""
    try:
        reading = _reading(copy, worker, pictures)
        return list(_documents(copy.name, copy.source_path, reading, pictures))
    except Exception as error:  # noqa: BLE001
        # Parsers raise errors of any kind; one odd file must not cost all the others.
        return [_error(copy, error)]
    finally:
        copy.path.unlink(missing_ok=True)


def _error(copy: _Copy, error: Exception) -> LoadError:
    """Return what a reader raised as the error of its file."""
    if isinstance(error, LoadError):
        reason = error.reason
    elif isinstance(error, OSError):
        reason = f"cannot be read ({error.strerror or error})"
    elif isinstance(error, MemoryError):
        reason = "is too large for this machine's memory; split it"
    else:
        reason = f"cannot be read ({described(error)}); open it and save it again"
    return LoadError(copy.shown, reason)


def _reading(copy: _Copy, worker: Worker | None, pictures: Path | None) -> Reading:
    if worker is None:
        return read_by(copy.kind, copy.path, pictures)
    from docsum_nb.documents.workers import bounds_of

    if copy.kind not in PICTURED:
        pictures = None
    bounds = bounds_of(copy.size, pictures=pictures is not None)
    return worker.read(copy.path, copy.kind, bounds, pictures=pictures)


def _documents(
    name: str, path: str | None, reading: Reading, pictures: Path | None = None
) -> Iterator[Read]:
    """Yield the documents of a file, each followed by what was left out of it."""
    if reading.text.strip() or reading.pictures or not reading.parts:
        document = Document(
            name,
            reading.text,
            path,
            reading.pages,
            metadata=reading.metadata,
            syntax=reading.syntax,
        )
        found = tuple(_in_folder(each, pictures) for each in reading.pictures if pictures)
        yield Pictured(document, found) if found else document
    for part in reading.omitted:
        yield Omission(f"{name}, {part.what}" if part.what else name, part.reason)
    for inner, further in reading.parts:
        yield from _documents(f"{name}/{inner}", path, further, pictures)


def _in_folder(picture: Picture, folder: Path) -> Picture:
    # The reader's process is not trusted to name any other file.
    return replace(picture, file=str(folder / Path(picture.file).name))
