"""Load documents from files, folders, globs, mappings and records.

Decides what happens with a document that cannot be read, and that no two documents have the same
name. Everything that was found but is not among the documents is in the omissions. Refuses a source
without any document.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Literal

from docsum_nb.documents.addresses import Addresses, Remote
from docsum_nb.documents.fetch import Arrivals
from docsum_nb.documents.files import End, Pictured, Read, read_all
from docsum_nb.documents.mail_body import without_repeats
from docsum_nb.documents.reading import Picture
from docsum_nb.documents.sources import KINDS, WITH_PICTURES, Content, Found, Item, find
from docsum_nb.errors import InputError, LoadError, check_on_error
from docsum_nb.paths import visible
from docsum_nb.records import Document, Omission

__all__ = ["Loaded", "load"]

_SKIP = "; on_error='skip' leaves out what cannot be read, and lists it"


@dataclass(frozen=True)
class Loaded:
    """What a source came to."""

    documents: tuple[Document, ...]
    """In the order of the source; folders by relative path."""
    omitted: tuple[Omission, ...] = ()
    """What was found but not loaded, and why."""
    pictures: Mapping[str, tuple[Picture, ...]] = field(default_factory=dict)
    """By the names of documents, the pages whose text is still to be read; these documents may be
    blank without it."""


def load(
    source: object,
    *,
    on_error: Literal["raise", "collect", "skip"] = "raise",
    follow_links: bool = False,
    fetched: Callable[[int, int], object] = lambda files, size: None,
    when_stopped: Callable[[End], None] = lambda end: None,
    pictures: Path | None = None,
) -> Loaded:
    """Load the documents that a source names.

    Args:
        source: The path of a file or folder, a glob (``**`` goes through folders), an address with
            a scheme such as ``https://`` or ``s3://``, a ``Document``, a mapping or Series of
            name -> text, or a list of any of these.
        on_error: What to do with a file that cannot be read. ``"raise"``: raise the first error;
            ``"collect"``: try all files, then raise the errors together; ``"skip"``: leave the
            file out and say so in ``omitted``.
        follow_links: Whether to follow symbolic links in a folder that lead out of it; those that
            are not followed are in ``omitted``.
        fetched: Called while files at addresses arrive, at most about twice a second, by any
            thread: the files that are whole, and the bytes that have arrived, so far.
        when_stopped: Called with a function that gives up what is being read, to be called by any
            thread if the run of the loading is stopped.
        pictures: A private folder in which pages without text are written as pictures, for a model
            to read; picture files are documents then. It is the caller's, and of this loading only.
            ``None`` writes none.

    Returns:
        The documents, none of which is blank unless it has pictures, and what was left out. Equal
        names of files are made unique by more of their paths; a file that is named twice is loaded
        once.

    Raises:
        InputError: The source is of no accepted type or empty, a value in it is not text, two
            documents have the same name, or there is nothing to load.
        LoadError: With ``on_error="raise"``: a file is missing, too large, or cannot be read or
            fetched.
        ExceptionGroup: With ``on_error="collect"``: the ``LoadError`` of each such file.
    """
    check_on_error(on_error)
    documents: list[Document] = []
    omitted: list[Omission] = []
    errors: list[LoadError] = []
    taken: set[str] = set()
    item: Read
    stopped = threading.Event()
    when_stopped(stopped.set)
    kinds = KINDS if pictures is None else WITH_PICTURES
    addresses = Addresses(stopped)
    items = _unique(find(source, follow_links=follow_links, addresses=addresses, kinds=kinds))
    stop = on_error == "raise"
    several = len(items) > 1
    arrivals = Arrivals(stopped, fetched)
    pictured: dict[str, tuple[Picture, ...]] = {}
    for item in read_all(
        items, stop=stop, when_stopped=when_stopped, arrivals=arrivals, pictures=pictures
    ):
        if isinstance(item, Document | Pictured):
            document = item if isinstance(item, Document) else item.document
            free = _free(document.name, taken)
            taken.add(free)
            documents.append(document if free == document.name else replace(document, name=free))
            if isinstance(item, Pictured):
                pictured[free] = item.pictures
        elif isinstance(item, Omission):
            omitted.append(item)
        elif on_error == "raise":
            raise LoadError(item.path, item.reason + _SKIP) if several else item
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
    documents, repeated = without_repeats(documents)
    return Loaded(tuple(documents), (*omitted, *repeated), pictured)


def _unique(items: Iterable[Item]) -> list[Item]:
    """Return the documents with a name of its own for each, each file once."""
    kept: list[Item] = []
    files: set[str] = set()
    for item in items:
        if isinstance(item, Found | Remote):
            place = _place(item)
            if place in files:
                continue
            files.add(place)
        kept.append(item)
    return _lengthened(kept)


def _place(item: Found | Remote) -> str:
    if isinstance(item, Remote):
        return item.place
    return os.path.abspath(item.path)  # noqa: PTH100  # resolve() would follow links


def _lengthened(items: list[Item]) -> list[Item]:
    """Put more of the path before the names of files that share one, until none do."""
    while True:
        names = Counter(
            item.name for item in items if isinstance(item, Found | Remote | Content | Document)
        )
        longer = [
            _longer(item) if isinstance(item, Found | Remote) and names[item.name] > 1 else item
            for item in items
        ]
        if longer == items:
            break
        items = longer
    for name, times in names.items():
        if times > 1 and any(
            isinstance(item, Document | Content) and item.name == name for item in items
        ):
            raise InputError(f"{times} documents are named {name!r}; give each its own name")
    return items


def _longer(found: Found | Remote) -> Found | Remote:
    if isinstance(found, Remote):
        above = PurePosixPath(found.shown.partition("?")[0].partition("://")[2]).parts
        length = len(PurePosixPath(found.name).parts) + 1
        return replace(found, name="/".join(above[-length:]) or found.name)
    parts = Path(os.path.abspath(found.path)).parts  # noqa: PTH100  # resolve() follows links
    length = len(Path(found.name).parts) + 1
    return replace(found, name=visible(Path(*parts[-length:]).as_posix()))


def _free(name: str, taken: set[str]) -> str:
    """Return the name, with a number if it is taken: parts of files may be named alike."""
    free = name
    for number in count(2):
        if free not in taken:
            break
        free = f"{name} ({number})"
    return free
