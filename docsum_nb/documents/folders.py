"""Find the files of a folder and those that a glob matches; decide about symbolic links.

Invariant: without ``follow_links``, every file that is found lies in the given folder; what a link
would add from elsewhere is an omission. A file or folder that is reached by its own name and by
links is found once, by its own name. Whatever the links, no folder is walked twice, and none that
contains the given one. Hidden files and folders are passed over. Opens no file.
"""

from __future__ import annotations

import heapq
import os
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from docsum_nb.errors import LoadError
from docsum_nb.paths import visible
from docsum_nb.records import Omission

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Met", "is_hidden", "matches", "walk"]

_MOST_LEVELS = 200
_LINK = "is a symbolic link to"


@dataclass(frozen=True, order=True)
class Met:
    """A file that was found."""

    name: str
    """Its path below the folder, with ``/``."""
    path: Path = field(compare=False)
    links: bool = field(default=False, compare=False)
    """Whether its path has a symbolic link in it that was followed."""


@dataclass(frozen=True)
class _Folder:
    name: str
    path: str
    levels: int
    links: bool = False


@dataclass(frozen=True, order=True)
class _Link:
    name: str
    path: str
    levels: int


def walk(root: Path, *, follow_links: bool) -> Iterator[Met | Omission | LoadError]:
    """Find the files of a folder and of the folders in it.

    Args:
        root: The folder; it may be a link itself.
        follow_links: Whether to follow symbolic links that lead out of it.

    Yields:
        What cannot be read first; then files and omissions, sorted by name.
    """
    walked = _Walk(os.path.realpath(root), follow_links=follow_links)
    walked.walk(_Folder("", str(root), 0))
    yield from walked.failed
    found: list[tuple[str, Met | Omission | LoadError]] = [(met.name, met) for met in walked.files]
    found += [(omission.what, omission) for omission in walked.omitted]
    found += [(name, error) for name, error in walked.broken]
    yield from (item for _, item in sorted(found, key=lambda pair: pair[0]))


class _Walk:
    """One walk through a folder: plain files first, then what links add."""

    def __init__(self, root: str, *, follow_links: bool) -> None:
        self._root = root
        self._follow = follow_links
        self._seen: set[str] = set()
        """Real paths of the folders walked, and of the files that links led to."""
        self._links: list[_Link] = []
        self.files: list[Met] = []
        self.omitted: list[Omission] = []
        self.failed: list[LoadError] = []
        self.broken: list[tuple[str, LoadError]] = []

    def walk(self, start: _Folder) -> None:
        self._walk_tree(start)
        # A link may lead to a folder with further links.
        while self._links:
            self._follow_link(heapq.heappop(self._links))

    def _walk_tree(self, start: _Folder) -> None:
        waiting = [start]
        while waiting:
            folder = waiting.pop()
            real = os.path.realpath(folder.path)
            if real in self._seen:
                continue
            self._seen.add(real)
            if folder.levels > _MOST_LEVELS:
                reason = f"lies more than {_MOST_LEVELS} folders deep; move it up"
                self.omitted.append(Omission(visible(folder.name), reason))
                continue
            try:
                with os.scandir(folder.path) as entries:
                    for entry in entries:
                        self._entry(folder, entry, waiting)
            except OSError as error:
                reason = f"cannot be read ({error.strerror})"
                self.failed.append(LoadError(visible(folder.path), reason))

    def _entry(self, folder: _Folder, entry: os.DirEntry[str], waiting: list[_Folder]) -> None:
        if is_hidden(entry.name):
            return
        name = f"{folder.name}/{entry.name}" if folder.name else entry.name
        if _is_link(entry):
            heapq.heappush(self._links, _Link(name, entry.path, folder.levels + 1))
        elif entry.is_dir(follow_symlinks=False):
            waiting.append(_Folder(name, entry.path, folder.levels + 1, folder.links))
        else:
            self.files.append(Met(name, Path(entry.path), folder.links))

    def _follow_link(self, link: _Link) -> None:
        real = os.path.realpath(link.path)
        if not (self._follow or _is_inside(real, self._root)):
            self.omitted.append(_outside(link.name, real))
            return
        is_folder = os.path.isdir(real)  # noqa: PTH112  # a string; unlike Path's, it never raises
        if not is_folder and _is_loop_or_missing(real):
            reason = f"{_LINK} a file that does not exist"
            self.broken.append((link.name, LoadError(visible(link.path), reason)))
        elif _is_inside(self._root, real):
            reason = f"{_LINK} a folder that contains the given one; it is not walked"
            self.omitted.append(Omission(visible(link.name), reason))
        elif self._is_read(real, is_folder=is_folder):
            self.omitted.append(_again(link.name, real, self._root))
        elif is_folder:
            self._walk_tree(_Folder(link.name, link.path, link.levels, links=True))
        else:
            self._seen.add(real)
            self.files.append(Met(link.name, Path(link.path), links=True))

    def _is_read(self, real: str, *, is_folder: bool) -> bool:
        if real in self._seen:
            return True
        # A plain file of a folder that was walked is among the files, unless it is hidden.
        folder, name = os.path.split(real)
        return not is_folder and folder in self._seen and not is_hidden(name)


def matches(
    base: Path, paths: Iterable[Path], *, follow_links: bool
) -> Iterator[Met | Omission | LoadError]:
    """Find the files among what a glob matched.

    Args:
        base: The part of the glob without wildcards, which may be a link.
        paths: What was matched.
        follow_links: Whether to follow symbolic links that lead out of ``base``.

    Yields:
        Files and omissions, sorted by name.
    """
    root = os.path.realpath(base)
    parents: dict[Path, str] = {}
    plain: set[str] = set()
    linked: list[tuple[Met, str]] = []
    found: dict[str, Met | Omission | LoadError] = {}
    for path in paths:
        relative = path.relative_to(base)
        if any(map(is_hidden, relative.parts)) or (path.is_dir() and not path.is_symlink()):
            continue
        real = _real(path, parents)
        direct = os.path.normpath(os.path.join(root, relative))  # noqa: PTH118  # strings are fast
        if real == direct:
            plain.add(real)
            found[relative.as_posix()] = Met(relative.as_posix(), path)
        else:
            linked.append((Met(relative.as_posix(), path, links=True), real))
    for met, real in sorted(linked):
        found[met.name] = _linked(met, real, root, plain, follow_links=follow_links)
    yield from (found[name] for name in sorted(found))


def _linked(
    met: Met, real: str, root: str, seen: set[str], *, follow_links: bool
) -> Met | Omission | LoadError:
    if not (follow_links or _is_inside(real, root)):
        return _outside(met.name, real)
    if _is_loop_or_missing(real):
        return LoadError(visible(str(met.path)), f"{_LINK} a file that does not exist")
    if os.path.isdir(real):  # noqa: PTH112  # a string; unlike Path's, it never raises
        reason = f"{_LINK} a folder; name the folder to read it"
        return Omission(visible(met.name), reason)
    if real in seen:
        return _again(met.name, real, root)
    seen.add(real)
    return met


def _real(path: Path, parents: dict[Path, str]) -> str:
    if path.is_symlink():
        return os.path.realpath(path)
    if path.parent not in parents:
        parents[path.parent] = os.path.realpath(path.parent)
    return os.path.join(parents[path.parent], path.name)  # noqa: PTH118  # strings are fast


def _outside(name: str, real: str) -> Omission:
    reason = f"{_LINK} {visible(real)}, outside of the folder; follow_links=True reads it"
    return Omission(visible(name), reason)


def _again(name: str, real: str, root: str) -> Omission:
    where = os.path.relpath(real, root) if _is_inside(real, root) else real
    what = "the folder itself" if where == "." else PurePath(where).as_posix()
    return Omission(visible(name), f"{_LINK} {visible(what)}, which is read already")


def _is_loop_or_missing(real: str) -> bool:
    return not os.path.lexists(real) or os.path.islink(real)  # noqa: PTH114  # a string


def _is_inside(real: str, root: str) -> bool:
    return real == root or real.startswith(os.path.join(root, ""))  # noqa: PTH118


def is_hidden(path: str) -> bool:
    """Check whether a file or a folder above it is hidden, by its path."""
    # "~$" begins the files by which Office marks a document as open.
    return any(part.startswith((".", "~$")) or part == "__MACOSX" for part in path.split("/"))


def _is_link(entry: os.DirEntry[str]) -> bool:
    # A junction of Windows leads elsewhere as a symbolic link does; known from Python 3.12 on.
    junction = getattr(entry, "is_junction", None)
    return entry.is_symlink() or (junction is not None and bool(junction()))
