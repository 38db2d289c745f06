"""Which part of its run's work a piece of code is about, so that events can tell it.

The part is known in the context: whatever code, thread or coroutine that work on a part starts is
about that part too, without being told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from docsum_nb.events import Event

__all__ = ["about", "placed"]

_place: ContextVar[int | None] = ContextVar("docsum_nb_place", default=None)


@contextmanager
def about(place: int) -> Iterator[None]:
    """Have the events of this context be about one chunk (of a crew: task), counted from 0."""
    token = _place.set(place)
    try:
        yield
    finally:
        _place.reset(token)


def placed(event: Event, run_id: str) -> Event:
    """Fill in what an event leaves to its run: the run, and the place where it is known."""
    return replace(event, run_id=run_id, place=_place.get() if event.place is None else event.place)
