"""Load documents from files, folders, globs, mappings and records.

Decides what happens with a document that cannot be read, and that no two documents have the same
name. Whatever was found but is not among the documents is among the omissions. Refuses files above
512 MB and a source that comes to no document at all.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from docsum_nb.documents.reading import Reading, read_by
from docsum_nb.documents.sniff import kind_of
from docsum_nb.documents.sources import Found, Item, find
from docsum_nb.documents.terms import has_words
from docsum_nb.errors import InputError, LoadError, check_on_error, described
from docsum_nb.records import Document, Omission

if TYPE_CHECKING:
    from docsum_nb.documents.workers import Worker, Workers

__all__ = ["Loaded", "load"]

_MAX_BYTES = 512 * 1024 * 1024
_THREADS = min(4, os.cpu_count() or 1)
"""Files that are read at once."""
_READ_HERE = {
    "text": _MAX_BYTES,
    **dict.fromkeys(("rst", "org", "adoc", "tex", "json_text"), 4 * 1024 * 1024),
    **dict.fromkeys(("html", "notebook"), 256 * 1024),
}
"""Bytes of a kind that are read in this process, in linear time and little memory; a larger file,
and any of another kind, is read in a process that can be killed."""
_END = Callable[[], object]

Read = Document | Omission | LoadError


@dataclass(frozen=True)
class Loaded:
    """What a source came to."""

    documents: tuple[Document, ...]
    """In the order of the source; folders by relative path."""
    omitted: tuple[Omission, ...] = ()
    """What was found but not loaded, and why."""


def load(
    source: object,
    *,
    on_error: Literal["raise", "collect", "skip"] = "raise",
    when_stopped: Callable[[_END], None] = lambda end: None,
) -> Loaded:
    """Load the documents that a source names.

    Args:
        source: The path of a file or folder, a glob (``**`` goes through folders), a ``Document``,
            a mapping or Series of name -> text, or a list of any of these.
        on_error: What to do with a file that cannot be read. ``"raise"``: raise the first error;
            ``"collect"``: try all files, then raise the errors together; ``"skip"``: leave the
            file out and say so in ``omitted``.
        when_stopped: Called with a function that gives up what is being read, to be called by any
            thread if the run of the loading is stopped.

    Returns:
        The documents, none of which is blank, and what was left out. Equal names of files are made
        unique by more of their paths; a file that is named twice is loaded once.

    Raises:
        InputError: The source is of no accepted type or empty, a value in it is not text, two
            documents have the same name, or there is nothing to load.
        LoadError: With ``on_error="raise"``: a file is missing, too large, or cannot be read.
        ExceptionGroup: With ``on_error="collect"``: the ``LoadError`` of each such file.
    """
    check_on_error(on_error)
    documents: list[Document] = []
    omitted: list[Omission] = []
    errors: list[LoadError] = []
    taken: set[str] = set()
    item: Read
    items = _unique(find(source))
    for item in _read_all(items, stop=on_error == "raise", when_stopped=when_stopped):
        if isinstance(item, Document):
            free = _free(item.name, taken)
            taken.add(free)
            documents.append(item if free == item.name else replace(item, name=free))
        elif isinstance(item, Omission):
            omitted.append(item)
        elif on_error == "raise":
            raise item
        elif on_error == "skip":
            omitted.append(Omission(item.path, item.reason))
        else:
            errors.append(item)
    if errors:
        read = len(errors) + len(documents)
        raise ExceptionGroup(f"{len(errors)} of {read} documents cannot be read", errors)
    if not documents:
        reason = f" ({omitted[0].what}: {omitted[0].reason})" if omitted else ""
        raise InputError(f"there is no text to work on{reason}; give a source that holds text")
    return Loaded(tuple(documents), tuple(omitted))


def _unique(items: Iterable[Item]) -> list[Item]:
    """Give every document a name of its own, and every file a single place."""
    kept: list[Item] = []
    files: set[str] = set()
    for item in items:
        if isinstance(item, Found):
            place = os.path.abspath(item.path)  # noqa: PTH100  # resolve() would follow links
            if place in files:
                continue
            files.add(place)
        kept.append(item)
    return _lengthened(kept)


def _lengthened(items: list[Item]) -> list[Item]:
    """Put more of the path before the names of files that share one, until none do."""
    while True:
        names = Counter(item.name for item in items if isinstance(item, Found | Document))
        longer = [
            _longer(item) if isinstance(item, Found) and names[item.name] > 1 else item
            for item in items
        ]
        if longer == items:
            break
        items = longer
    for name, times in names.items():
        if times > 1:
            raise InputError(f"{times} documents are named {name!r}; give each its own name")
    return items


def _longer(found: Found) -> Found:
    parts = Path(os.path.abspath(found.path)).parts  # noqa: PTH100  # resolve() follows links
    length = len(Path(found.name).parts) + 1
    return replace(found, name=Path(*parts[-length:]).as_posix())


def _read_all(
    items: list[Item], *, stop: bool, when_stopped: Callable[[_END], None]
) -> Iterator[Read]:
    """Read the files among the items, several at a time; the order stays.

    Args:
        items: What was found.
        stop: Give up the files after the first that cannot be read.
        when_stopped: As for ``load``.
    """
    # Imported here: a process that reads files imports this package, and must start quickly.
    from docsum_nb.documents.workers import Workers
    from docsum_nb.run import DAEMON_THREADS

    waiting = map(_recognized, items)
    reading: deque[tuple[Future[list[Read]], Worker | None]] = deque()
    workers = Workers()
    when_stopped(workers.close)
    try:
        while True:
            for item in islice(waiting, _THREADS - len(reading)):
                worker = _worker_for(item, workers)
                # A reader that never returns must not keep the process from ending.
                reading.append((DAEMON_THREADS.submit(_read, item, worker), worker))
            if not reading:
                return
            future, worker = reading.popleft()
            read = future.result()
            if worker is not None:
                workers.back(worker)
            yield from read
            if stop and any(isinstance(item, LoadError) for item in read):
                return
    finally:
        workers.close()


def _recognized(item: Item) -> Item:
    """Return a file with the kind that it is, whatever its suffix says; or why it is not read."""
    if not isinstance(item, Found):
        return item
    try:
        return replace(item, kind=kind_of(item.path, item.kind))
    except LoadError as error:
        return error
    except OSError:
        return item  # ``_read`` says so


def _worker_for(item: Item, workers: Workers) -> Worker | None:
    """Return a process for a file that is not to be read in this one."""
    if not isinstance(item, Found):
        return None
    try:
        size = item.path.stat().st_size
    except OSError:
        return None  # ``_read`` says so
    if not 0 < size <= _MAX_BYTES or size <= _READ_HERE.get(item.kind, 0):
        return None
    return workers.free()


def _read(item: Item, worker: Worker | None) -> list[Read]:
    """Read one item; a document comes with the omissions of what is not in its text."""
    try:
        read = _read_file(item, worker) if isinstance(item, Found) else [item]
    except LoadError as error:
        return [error]
    return [
        Omission(part.name, "holds no text")
        if isinstance(part, Document) and not has_words(part.text)
        else part
        for part in read
    ]


def _read_file(found: Found, worker: Worker | None) -> list[Read]:
    path = found.path
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            limit = _MAX_BYTES // 2**20
            raise LoadError(str(path), f"has {size // 2**20:,} MB, more than {limit} MB; split it")
        if size == 0:
            return [Omission(found.name, "holds no text")]
        if worker is not None:
            from docsum_nb.documents.workers import bounds_of

            reading = worker.read(path, found.kind, bounds_of(size))
        else:
            reading = read_by(found.kind, path)
    except OSError as error:
        raise LoadError(str(path), f"cannot be read ({error.strerror or error})") from error
    except MemoryError as error:
        raise LoadError(str(path), "is too large for this machine's memory; split it") from error
    except LoadError:
        raise
    except Exception as error:
        # Parsers raise whatever they stumble over; one odd file must not cost all the others.
        reason = f"cannot be read ({described(error)}); open it and save it again"
        raise LoadError(str(path), reason) from error
    return list(_documents(found.name, str(path), reading))


def _documents(name: str, path: str, reading: Reading) -> Iterator[Read]:
    """Yield the documents of a file, each followed by what was left out of it."""
    if reading.text.strip() or not reading.parts:
        yield Document(
            name,
            reading.text,
            path,
            reading.pages,
            metadata=reading.metadata,
            syntax=reading.syntax,
        )
    for part in reading.omitted:
        yield Omission(f"{name}, {part.what}" if part.what else name, part.reason)
    for inner, further in reading.parts:
        yield from _documents(f"{name}/{inner}", path, further)


def _free(name: str, taken: set[str]) -> str:
    """Return the name, with a number if it is taken: parts of files may be named alike."""
    free = name
    for number in count(2):
        if free not in taken:
            break
        free = f"{name} ({number})"
    return free
