"""The text of an answer while it is written: what of it can be shown, and when.

``StreamedText`` decides what can be shown. Nothing of a thought is. Held back are a thought in
front, what may turn out to be the beginning of a mark, white space that may be the last, and half
of a character. A thought whose opening mark was in the prompt looks like a text until it ends, so a
text that begins as thoughts do, or comes from a model that was seen to think so, is held back until
it is known. If a thought was shown all the same, nothing more is shown; the caller compares with
the whole text at the end.

``SummaryStream`` emits the events of the run. Invariant: the pieces emitted since the last one that
``begins``, joined, are a beginning of the answer that is being written; after ``end``, they are the
whole text. Nothing is emitted after the run has its outcome.
"""

from __future__ import annotations

import asyncio
import math
from typing import Literal

from docsum_nb.events import TextStreamed
from docsum_nb.models.reasoning import (
    CHANNELS,
    CLOSINGS,
    LABEL,
    OPENINGS,
    SplitAnswer,
    closing_of,
    ends_thought,
    lowered,
    part,
)
from docsum_nb.models.unicode import writable
from docsum_nb.run import Control

__all__ = ["StreamedText", "SummaryStream"]

_EVERY_S = 0.05
"""Seconds between two events: a token each would be hundreds a second, more than can be read."""
_HINTS = (
    *("okay", "ok, ", "alright", "hmm", "let me ", "let's ", "first, i ", "we need to "),
    *("the user ", "i need to ", "so i ", "so, ", "i should ", "i'll ", "we are asked ", "wait, "),
    *("analysis", "here is my thought process", "here's my thought process", LABEL),
)
"""How thoughts begin, and summaries do not."""
_BEGINNINGS = (*OPENINGS, *CHANNELS, *_HINTS)
_MARKS = (*OPENINGS, *CLOSINGS)
_LONGEST = max(map(len, _MARKS))
_MOST_THOUGHTS = 16
"""In a row; what has more of them is shown at its end."""
_SIGNS = frozenset(mark[0] for mark in _MARKS)
_FINAL = "<|channel|>final"


class SummaryStream:
    """Emits one text of a run while it is written; bound to the loop that it is used on.

    Args:
        control: The run's.
        label: What the text is.
    """

    def __init__(self, control: Control, *, label: str) -> None:
        self._control = control
        self._label = label
        self._emitted: list[str] = []
        """Pieces of the answer that is being written."""
        self._held: list[str] = []
        """Pieces that wait for the next event."""
        self._timer: asyncio.TimerHandle | None = None
        self._next_at = -math.inf

    def begin(self) -> None:
        """Begin an answer: the next piece is its first one, and replaces what was emitted."""
        self._drop()
        self._emitted = []

    def add(self, text: str) -> None:
        """Add a piece; it is emitted soon."""
        self._held.append(text)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self._next_at, self._emit)

    def end(self, text: str) -> None:
        """Emit the rest of a text, or all of it if something else was emitted before."""
        if "".join([*self._emitted, *self._held]) != text:
            self.begin()
            self._held = [text]
        self._emit()

    def _emit(self) -> None:
        text, begins = "".join(self._held), not self._emitted
        self._drop()
        if not text or self._control.stopped_by() is not None:
            return
        self._emitted.append(text)
        self._next_at = asyncio.get_running_loop().time() + _EVERY_S
        self._control.emit(TextStreamed(self._label, text, begins=begins))

    def _drop(self) -> None:
        self._held = []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class StreamedText:
    """A text as it comes, in pieces.

    Args:
        held: Hold everything back until it is known what is a thought.
    """

    def __init__(self, *, held: bool = False) -> None:
        self._pieces: list[str] = []
        self._shown: list[str] = []
        self._pending: list[str] = []
        """What was not shown yet and may be, in pieces."""
        self._state: Literal["start", "thought", "text", "mute"] = "thought" if held else "start"
        self._closings = CLOSINGS
        """The marks of which each ends the thought that is held back."""
        self._window = ""
        """The end of the thought: it may hold the first part of a mark."""
        self._before = ""
        """The last character that was shown."""
        self._mentions = False
        """Whether the text itself has an opening mark: then a closing one is part of the text."""

    @property
    def parted(self) -> SplitAnswer:
        """The text so far, without its thought."""
        return part(writable("".join(self._pieces)))

    @property
    def whole(self) -> str:
        """The answer in what has come so far."""
        return self.parted.answer

    def add(self, piece: str) -> str:
        """Add a piece; return what can be shown of the text by now, or nothing."""
        self._pieces.append(piece)
        if self._state == "thought":
            piece = self._after_thought(piece)
        if not piece or self._state == "mute":
            return ""
        self._pending.append(piece)
        if piece.isspace():
            return ""
        return self._show(self._known())

    def end(self) -> str:
        """Return what is left to be shown; nothing if something else was shown before."""
        shown, answer = "".join(self._shown), self.parted.answer
        if not answer.startswith(shown):
            return ""
        self._shown, self._pending, self._state = [answer], [], "mute"
        return answer[len(shown) :]

    def separated(self) -> None:
        """Note that the provider sends thoughts apart: the text is none."""
        if self._state == "thought" and self._closings is CLOSINGS:
            self._state = "start"

    def _after_thought(self, piece: str) -> str:
        """Return what follows the thought in a piece; nothing while it goes on."""
        window = self._window + piece
        low = lowered(window)
        ends = [(at, mark) for mark in self._closings if (at := low.find(mark)) >= 0]
        if not ends:
            self._window = window[-_LONGEST:]
            return ""
        at, mark = min(ends)
        self._state, self._window, self._closings = "start", "", CLOSINGS
        if mark == _FINAL:
            # What follows are further marks of the channel; the whole text is known at the end.
            self._state = "mute"
        return window[at + len(mark) :]

    def _known(self) -> str:
        """Return the part of what is pending that belongs to the answer for sure."""
        text = "".join(self._pending)
        self._pending = []
        if not self._shown:
            text = text.lstrip()
        for _ in range(_MOST_THOUGHTS):
            if self._state != "start" or not text:
                break
            low = lowered(text[: _LONGEST + 1])
            if low.startswith(_BEGINNINGS):
                text = self._within_thought(text, low).lstrip()
            elif any(each.startswith(low) for each in _BEGINNINGS):
                self._pending = [text]
                return ""
            else:
                self._state = "text"
        if self._state != "text":
            self._state = "mute" if text else self._state
            return ""
        sure = self._without_marks(text)
        self._pending = [text[sure:]] if sure < len(text) else []
        return text[:sure]

    def _within_thought(self, text: str, low: str) -> str:
        """Return what follows the thought that a text begins with; nothing while it goes on."""
        closing = closing_of(low)
        self._closings = (*CLOSINGS, "assistantfinal") if closing is None else (closing,)
        if low.startswith(CHANNELS):
            self._closings = (_FINAL,)
        self._state = "thought"
        return self._after_thought(text)

    def _without_marks(self, text: str) -> int:
        """Return the length of what can be shown: a mark in a text may end a thought."""
        low, at, end = lowered(text), 0, len(text.rstrip())
        while at < end:
            if low[at] not in _SIGNS:
                at += 1
                continue
            if low.startswith(OPENINGS, at):
                self._mentions = True
            elif not self._mentions and low.startswith(CLOSINGS, at):
                mark = next(each for each in CLOSINGS if low.startswith(each, at))
                before = text[at - 1] if at else self._before
                verdict = ends_thought(before, text[at + len(mark) :], whole=False)
                if verdict is not False:
                    self._state = "mute" if verdict else "text"
                    return at
            elif end - at < _LONGEST and any(each.startswith(low[at:end]) for each in _MARKS):
                return at
            at += 1
        return end

    def _show(self, text: str) -> str:
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._pending = [text[-1], *self._pending]
            text = text[:-1]
        if text:
            self._before = text[-1]
            text = writable(text)
            self._shown.append(text)
        return text
