"""What searches of one process keep of an index, so that the next one reads less.

Kept are the blocks of a library and the postings of its terms, as arrays, for the version that they
were read of: each commit gives the library another one, in any process, so what is kept is
used by searches of the same version only. Bounded in memory; the least recently used goes first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

__all__ = ["IndexCache", "cache_of"]

_MOST_BYTES = 128 * 1024**2
"""Of all libraries of the process."""

T = TypeVar("T")


class IndexCache:
    """The values of one version of one library."""

    def __init__(self, kept: _Kept, version: str) -> None:
        self._kept = kept
        self._version = version

    def known(self, key: Hashable) -> Any:
        """Return a value; ``None`` if it is not kept."""
        return self._kept.get((self._version, key))

    def keep(self, key: Hashable, value: Any, size: int) -> None:
        """Keep a value of a number of bytes."""
        self._kept.put((self._version, key), value, size)

    def get(self, key: Hashable, make: Callable[[], T], size: Callable[[T], int]) -> T:
        """Return a value, made if it is not kept.

        Args:
            key: Which one.
            make: Makes it.
            size: Returns its bytes.
        """
        found = self.known(key)
        if found is None:
            found = make()
            self.keep(key, found, size(found))
        value: T = found
        return value


class _Kept:
    """Values by key, the least recently used first; used from any thread."""

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._values: OrderedDict[Any, tuple[Any, int]] = OrderedDict()
        self._most = most
        self._bytes = 0

    def get(self, key: Any) -> Any:
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: Any, value: Any, size: int) -> None:
        if size > self._most // 4:
            return
        with self._lock:
            _, before = self._values.pop(key, (None, 0))
            self._values[key] = value, size
            self._bytes += size - before
            while self._bytes > self._most:
                _, (_, gone) = self._values.popitem(last=False)
                self._bytes -= gone


_KEPT = _Kept(_MOST_BYTES)


def cache_of(version: str) -> IndexCache:
    """Return the cache of a version; an empty version is that of a library that has none yet."""
    return IndexCache(_KEPT if version else _Kept(0), version)
