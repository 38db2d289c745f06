"""Errors for a run that is used as if it were its result.

Decides what a run says if ``await`` or ``.result()`` was forgotten. Type checkers do not see these
methods, so that they report the mistake themselves.
"""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from functools import partialmethod
from typing import TYPE_CHECKING, Any, NoReturn

from docsum_nb.errors import NotAwaitedError
from docsum_nb.results import Summary

__all__ = ["NotAwaited"]

_OF_SUMMARIES = frozenset(
    name
    for name in (*dir(Summary), *(each.name for each in fields(Summary)))
    if not name.startswith("_")
)


_USES = {
    "__iter__": "cannot be iterated",
    "__contains__": "contains nothing",
    "__len__": "has no length",
    **dict.fromkeys(("__int__", "__float__"), "is no number"),
    **dict.fromkeys(("__add__", "__radd__"), "cannot be added to anything"),
    **dict.fromkeys(("__mul__", "__rmul__", "__sub__", "__truediv__"), "is no number"),
    **dict.fromkeys(("__lt__", "__le__", "__gt__", "__ge__"), "cannot be compared"),
}
"""What a run says to these operations. Calling, hashing and ``==`` mean a run itself."""


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
                raise NotAwaitedError(
                    f"a run has no attribute {name!r}; did you mean {alike[0]!r}?"
                )
            # A name of another object would only lead on to the next error.
            part = f".{name}" if name in _OF_SUMMARIES else ""
            raise NotAwaitedError(f"a run has no attribute {name!r}: {_how_to_wait(part)}")

        def __getitem__(self, key: Any) -> NoReturn:
            part = f"[{shown}]" if len(shown := _key(key)) <= 40 else "[...]"
            raise NotAwaitedError(f"a run has no items: {_how_to_wait(part)}")

        def __bool__(self) -> bool:
            # Without it, Python would ask for the length.
            return True

        def _refuse(self, what: str, *_: object) -> NoReturn:
            raise NotAwaitedError(f"a run {what}: {_how_to_wait()}")

        for _name, _what in _USES.items():
            locals()[_name] = partialmethod(_refuse, _what)


def _key(key: Any) -> str:
    if not isinstance(key, slice):
        return repr(key)
    parts = [key.start, key.stop, *([key.step] if key.step is not None else [])]
    return ":".join("" if part is None else repr(part) for part in parts)


def _how_to_wait(part: str = "") -> str:
    awaited = f"(await run){part}" if part else "await run"
    return (
        f"it is work in progress, not its result. Wait for the result: {awaited} in a notebook "
        f"cell or coroutine, run.result(){part} anywhere else"
    )
