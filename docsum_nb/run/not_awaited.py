"""Errors for a run that is used as if it were its result.

Decides what a run says if ``await`` or ``.result()`` was forgotten. Type checkers do not see these
methods, so that they report the mistake themselves.
"""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

from docsum_nb.errors import InputError
from docsum_nb.results import Summary

__all__ = ["NotAwaited"]

_OF_SUMMARIES = frozenset(
    name
    for name in (*dir(Summary), *(each.name for each in fields(Summary)))
    if not name.startswith("_")
)


class _NoAttributeError(InputError, AttributeError):
    """A run has no such attribute; one line in a notebook, as of every ``InputError``."""


class _NoItemsError(InputError, TypeError):
    """A run has no items."""


class NotAwaited:
    """What raises an error that says how to wait for the result."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            # Others ask every object for such names: they are to get a plain answer, quickly.
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            public = [each for each in dir(type(self)) if not each.startswith("_")]
            alike = get_close_matches(name, public, n=1, cutoff=0.8)
            if alike:
                raise _NoAttributeError(
                    f"a run has no attribute {name!r}; did you mean {alike[0]!r}?"
                )
            # A name of another object would only lead on to the next error.
            part = f".{name}" if name in _OF_SUMMARIES else ""
            raise _NoAttributeError(f"a run has no attribute {name!r}: {_how_to_wait(part)}")

        def __getitem__(self, key: Any) -> NoReturn:
            part = f"[{shown}]" if len(shown := repr(key)) <= 40 else "[...]"
            raise _NoItemsError(f"a run has no items: {_how_to_wait(part)}")

        def __iter__(self) -> NoReturn:
            raise _NoItemsError(f"a run cannot be iterated: {_how_to_wait()}")

        def __contains__(self, value: object) -> NoReturn:
            raise _NoItemsError(f"a run contains nothing: {_how_to_wait()}")


def _how_to_wait(part: str = "") -> str:
    awaited = f"(await run){part}" if part else "await run"
    return (
        f"it is work in progress, not its result. Wait for the result: {awaited} in a notebook "
        f"cell or coroutine, run.result(){part} anywhere else"
    )
