"""Telling an answer's text while it is written: few events, and in the end exactly the answer.

Invariant: the pieces told since the last one that ``begins``, joined, are a beginning of the answer
that is being written; after ``end``, they are the whole text. Nothing is told of a run that has its
outcome. Bound to the loop that it is used on.
"""

from __future__ import annotations

import asyncio
import math

from docsum_nb.events import TextStreamed
from docsum_nb.run import Control

__all__ = ["SummaryStream"]

_EVERY_S = 0.05
"""Between two events: a token each would be hundreds a second, and nobody reads so fast."""


class SummaryStream:
    """Tells one text of a run, whatever it takes until it is written.

    Args:
        control: The run's.
        label: What the text is.
    """

    def __init__(self, control: Control, *, label: str) -> None:
        self._control = control
        self._label = label
        self._told: list[str] = []
        """Of the answer that is being written."""
        self._held: list[str] = []
        """Pieces that wait for the next event."""
        self._timer: asyncio.TimerHandle | None = None
        self._next_at = -math.inf

    def begin(self) -> None:
        """Say that an answer is asked for anew: the next piece is its first one."""
        self._drop()
        self._told = []

    def add(self, text: str) -> None:
        """Tell a piece, soon."""
        self._held.append(text)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self._next_at, self._tell)

    def end(self, text: str) -> None:
        """Tell what is left of a text, or all of it, where something else was told before."""
        if "".join([*self._told, *self._held]) != text:
            self.begin()
            self._held = [text]
        self._tell()

    def _tell(self) -> None:
        text, begins = "".join(self._held), not self._told
        self._drop()
        if not text or self._control.stopped_by() is not None:
            return
        self._told.append(text)
        self._next_at = asyncio.get_running_loop().time() + _EVERY_S
        self._control.emit(TextStreamed(self._label, text, begins=begins))

    def _drop(self) -> None:
        self._held = []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
