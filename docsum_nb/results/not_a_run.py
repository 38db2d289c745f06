"""What a result does if it is used as if it were the run that made it.

Awaiting a result returns it: ``await`` written once too often loses nothing, and what awaits all
that it is given, as flows and web frameworks do, can be given one. Everything else that only a run
has is an error that says so. Type checkers do not see these methods, so that they report the
mistake themselves.
"""

from __future__ import annotations

from collections.abc import Generator
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from docsum_nb.errors import NotARunError

__all__ = ["NotARun"]

_OF_RUNS = ("cancel", "done", "exception", "join", "partial", "result", "state", "widget")


class NotARun:
    """What makes a result awaitable, and raises an error for names that it lacks."""

    if not TYPE_CHECKING:

        def __await__(self) -> Generator[None, None, NotARun]:
            """Return the result itself, without waiting."""
            yield from ()
            return self

        def __getattr__(self, name: str) -> NoReturn:
            kind = type(self).__name__
            words = f"{kind!r} object has no attribute {name!r}"
            # Others ask every object for such names: they are to get a plain answer, quickly.
            if name.startswith("_"):
                raise AttributeError(words)
            raise NotARunError(f"{words}{self._instead_of(name)}")

    def _instead_of(self, name: str) -> str:
        """Return what to write instead of a name, to follow the error; empty if unknown."""
        if name in _OF_RUNS:
            return f": it is the result, not a run; leave out .{name}"
        public = [each for each in dir(self) if not each.startswith("_")]
        alike = get_close_matches(name, public, n=1, cutoff=0.6)
        return f"; did you mean {alike[0]!r}?" if alike else ""
