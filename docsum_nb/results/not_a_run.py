"""The error for a result that is used as if it were the run that made it.

Decides what a result says to ``summary.result()``. Type checkers do not see the method, so that
they report the mistake themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from docsum_nb.errors import InputError

__all__ = ["NotARun"]

_OF_RUNS = ("cancel", "done", "exception", "join", "partial", "result", "state", "widget")


class NotARunError(InputError, AttributeError):
    """A result was used as if it were a run."""


class NotARun:
    """What raises an error that says that the result is there."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            kind = type(self).__name__
            words = f"{kind!r} object has no attribute {name!r}"
            if name in _OF_RUNS:
                raise NotARunError(f"{words}: it is the result, not a run; leave out .{name}")
            raise AttributeError(words)
