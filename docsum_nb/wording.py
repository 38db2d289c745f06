"""The language in which messages say what to do: Python, or that of the command line.

Messages are written for Python, where most of them are read. A command sets how they are put in its
own words, for the whole process: what it prints may come from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["others_kept", "worded", "words_of"]

_translations: list[Callable[[str], str]] = []


def worded(text: str) -> str:
    """Return a message in the language of the command that is running; in Python's without one."""
    return _translations[-1](text) if _translations else text


@contextmanager
def words_of(translate: Callable[[str], str]) -> Iterator[None]:
    """Put messages in other words while the block runs.

    Args:
        translate: Returns a message in these words.
    """
    _translations.append(translate)
    try:
        yield
    finally:
        _translations.remove(translate)


def others_kept(failed: int, of: int, *, stores: bool) -> str:
    """Return what becomes of the answers beside those that failed; empty if there are none.

    Args:
        failed: How many failed.
        of: Of how many.
        stores: Whether there is a ledger.

    Returns:
        A clause to follow the numbers, with its semicolon.
    """
    if failed == of:
        return ""
    if stores:
        return "; the others are kept: run the same call again to go on"
    return "; the answers of the others are not kept (ledger=False)"
