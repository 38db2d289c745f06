"""Progress as a line of text: redrawn in place on a terminal, a few plain lines in a log.

A log gets a line for each tenth of the chunks and then of the merges, and one whenever nothing was
written for half a minute. The error of a run that is waited for is left to the waiter, to whom it
is raised. Each warning gets a line of its own when it is first reported, and again at the end if it
was reported more often. Invariant: a stream that is closed, full or gone ends the view, never the
run. A run without chunks and warnings that ends within half a second prints nothing: its result is
enough.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from operator import gt
from typing import TYPE_CHECKING, TextIO

from docsum_nb.render.formats import count_text
from docsum_nb.render.one_line import one_line
from docsum_nb.views.fitted_line import LineParts, fitted
from docsum_nb.views.status import (
    elapsed_s,
    held_text,
    pace_facts,
    progress_facts,
    state_text,
    status_of,
)
from docsum_nb.wording import worded

if TYPE_CHECKING:
    from tqdm import tqdm

    from docsum_nb.events import RunState
    from docsum_nb.run import Pace, Snapshot

__all__ = ["LineView"]

_QUIET_S = 0.5
_TENTHS = 10
_SILENT_S = 30.0
"""How long a log may be silent while a run goes on, in seconds."""
_USUAL_COLUMNS = 79
_MOST_WARNINGS = 20
"""Warnings beyond these are counted only."""


class LineView:
    """Shows a run on a text stream.

    Args:
        title: What the run is called.
        stream: What to write to; ``None`` for the present ``sys.stderr``.
    """

    shows_text = False

    def __init__(self, title: str, stream: TextIO | None = None) -> None:
        self._title = one_line(title, max_chars=80)
        self._stream = sys.stderr if stream is None else stream
        self._bar: tqdm[None] | None = None
        self._tenths: tuple[int, int] = (0, 0)
        """The tenths of the chunks and of the merges that the log has."""
        self._written_at = time.monotonic()
        self._imports_reported = False
        self._with_error = True
        self._last = ""
        self._warned: list[str] = []
        """The texts of the warnings as they were written."""
        self._lost = self._stream is None  # pythonw and some services have no stderr
        self._live = not self._lost and _is_terminal(self._stream)

    def takes_answers(self) -> bool:
        """Return false: questions are asked on standard output."""
        return False

    def update(self, snapshot: Snapshot) -> None:
        """Show a snapshot: redraw the line, or write one if another tenth is finished."""
        state = snapshot.state
        if self._lost or _is_trivial(state):
            return
        if snapshot.pending is not None and self._live:
            # A line that is redrawn would stand in what the person reads and writes.
            if self._bar is not None:
                self._bar.clear()
            return
        try:
            self._warn_of_new(state)
            if self._live:
                self._draw(snapshot)
            else:
                self._log_tenth(snapshot)
        except (OSError, ValueError):  # ValueError: the stream was closed
            self._give_up()

    def close(self, snapshot: Snapshot, result: object | None) -> bool:
        """Show the last state on a line that stays; the result is not shown.

        Returns:
            Whether the run's error, if there is one, stands on the line.
        """
        state = snapshot.state
        self._with_error = snapshot.waited is None
        if self._lost or _is_trivial(state):
            return False
        try:
            self._warn_of_new(state)
            self._warn_of_counts(state)
            if self._live:
                self._draw(snapshot)
                if self._bar is not None:
                    self._bar.close()
            else:
                self._write(self._text(snapshot.state))
        except (OSError, ValueError):
            self._give_up()
            return False
        # Beside a bar there is no room for it.
        return self._with_error and not (self._live and state.chunks)

    def amend(self, snapshot: Snapshot) -> None:
        """Write another line if the figures of the end are others."""
        if self._lost or _is_trivial(snapshot.state):
            return
        try:
            if (line := self._text(snapshot.state)) != self._last:
                self._write(line)
        except (OSError, ValueError):
            self._give_up()

    def _draw(self, snapshot: Snapshot) -> None:
        state = snapshot.state
        if self._bar is None:
            self._bar = _open_bar(self._stream)
        bar = self._bar
        # tqdm knows no total of 0, and its own guess at a rate is not wanted.
        bar.total, bar.n = state.chunks or None, state.done + state.failed + state.skipped
        columns = _columns_of(self._stream)
        if state.chunks:
            line = fitted(self._parts(snapshot), columns)
            # tqdm would set a comma before its own postfix.
            after = self._fit(line.after).replace("{", "{{").replace("}", "}}")
            bar.bar_format = ("{desc}{bar}" if line.with_bar else "{desc}") + after
            bar.set_description_str(self._fit(line.before), refresh=False)
        else:
            bar.bar_format = "{desc}"
            bar.set_description_str(self._fit(self._text(state)), refresh=False)
        bar.refresh()

    def _parts(self, snapshot: Snapshot) -> LineParts:
        state = snapshot.state
        facts = progress_facts(state)
        finished = state.done + state.failed + state.skipped
        count = f"{finished}/{state.chunks}"
        warnings = count_text(len(state.warnings), "warning") if state.warnings else ""
        return LineParts(
            title=self._title,
            status=self._status(state),
            count=count,
            details=(*facts[:-1], warnings),
            pace=pace_facts(state, snapshot.pace),
            cost=facts[-1] if facts else "",
            time=f"{elapsed_s(state):.0f} s",
        )

    def _status(self, state: RunState) -> str:
        failed = f", {state.failed} failed" if state.failed else ""
        held = held_text(state, max_chars=60)
        return f"{status_of(state)}{failed}" + (f", {held}" if held else "")

    def _text(self, state: RunState, pace: Pace | None = None) -> str:
        """Return the state without its warnings: they have lines of their own."""
        error = state.error if self._with_error else None
        return state_text(replace(state, warnings=(), error=error), self._title, pace)

    def _warn_of_new(self, state: RunState) -> None:
        for text in state.warnings[len(self._warned) : _MOST_WARNINGS]:
            self._warned.append(text)
            self._warn(text)

    def _warn_of_counts(self, state: RunState) -> None:
        """Write the warnings again that were reported more often than when they were written."""
        for before, now in zip(self._warned, state.warnings, strict=False):
            if now != before:
                self._warn(now)
        if (more := len(state.warnings) - len(self._warned)) > 0:
            self._warn(f"{count_text(more, 'other warning')}: see run.state.warnings")

    def _warn(self, text: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        self._write(f"{self._title}: warning: {one_line(text, max_chars=400)}")

    def _log_tenth(self, snapshot: Snapshot) -> None:
        state = snapshot.state
        if state.stage == "importing" and not self._imports_reported:
            # Nothing else would be written for ten seconds and more.
            self._imports_reported = True
            self._write(f"{self._title}: {status_of(state)}")
        finished = state.done + state.failed + state.skipped
        tenths = (_tenth(finished, state.chunks), _tenth(state.merged, state.merges))
        silent_s = time.monotonic() - self._written_at
        if any(map(gt, tenths, self._tenths)) or silent_s >= _SILENT_S:
            self._tenths = (max(tenths[0], self._tenths[0]), max(tenths[1], self._tenths[1]))
            self._write(self._text(state, snapshot.pace))

    def _write(self, line: str) -> None:
        self._written_at, self._last = time.monotonic(), line
        self._stream.write(self._fit(worded(line)) + "\n")
        self._stream.flush()

    def _fit(self, text: str) -> str:
        """Replace what the stream's encoding cannot write."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        return text.encode(encoding, "replace").decode(encoding)

    def _give_up(self) -> None:
        self._lost = True
        if self._bar is not None:
            # Otherwise tqdm writes to the dead stream again when it is collected.
            self._bar.disable = True


def _is_trivial(state: RunState) -> bool:
    """Check whether a run is too short to show: without chunks, warnings or half a second."""
    return not (state.chunks or state.warnings) and elapsed_s(state) < _QUIET_S


def _tenth(finished: int, of: int) -> int:
    """Return how many tenths are finished; 0 for all of them, which the next line says."""
    return _TENTHS * finished // of if finished < of else 0


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _open_bar(stream: TextIO) -> tqdm[None]:
    import tqdm

    class Bar(tqdm.tqdm):  # type: ignore[type-arg]  # generic in its stubs only
        # The monitor is a thread that redraws bars which do not move; this one is drawn by its run.
        monitor_interval = 0

    # For a terminal whose width is not known, tqdm would cut each line short.
    width = {"dynamic_ncols": True} if _known_width(stream) else {"ncols": _USUAL_COLUMNS}
    return Bar(file=stream, leave=True, bar_format="{desc}", desc="", **width)


def _known_width(stream: TextIO) -> int:
    """Return the columns of a terminal; 0 if it does not say."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (AttributeError, OSError, ValueError):
        return 0


def _columns_of(stream: TextIO) -> int:
    # tqdm leaves the last column of a terminal free: some wrap a line that fills it.
    return max(1, _known_width(stream) - 1) if _known_width(stream) else _USUAL_COLUMNS
