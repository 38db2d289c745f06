"""Which documents came from a folder that no longer has them; deletes nothing.

A document is missing only where its file is surely not there: what cannot be looked at, or is there
and was not read, is not. Paths that were stored relative are seen from the current folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from docsum_nb.documents.addresses import is_address
from docsum_nb.paths import user_path

__all__ = ["folders_in", "missing_from"]


def folders_in(source: object) -> list[Path]:
    """Return the folders that a source names, as absolute paths."""
    return list(_folders(source))


def missing_from(folders: list[Path], paths: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return the documents that came from one of the folders and have no file there now.

    Args:
        folders: As ``folders_in`` gave them.
        paths: Of documents, by name; ``None`` for those that came from no file.

    Returns:
        Their names, sorted.
    """
    found = []
    for name, path in paths.items():
        place = None if path is None or is_address(path) else _absolute(Path(path))
        if place is not None and any(map(place.is_relative_to, folders)) and _is_missing(place):
            found.append(name)
    return tuple(sorted(found))


def _folders(source: object) -> Iterator[Path]:
    if isinstance(source, list | tuple):
        for part in source:
            yield from _folders(part)
    elif isinstance(source, str | os.PathLike):
        try:
            path = user_path(os.fspath(source))
            if path.is_dir():
                yield _absolute(path)
        except (OSError, ValueError):
            # No path at all, as a whole text: the reader of the source reports it.
            return


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100  # resolve() would follow links


def _is_missing(place: Path) -> bool:
    try:
        place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False
