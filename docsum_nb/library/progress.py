"""How far a long change of a library is: a bar on a terminal, a line under the cell of a notebook.

It appears after two seconds, so a short change shows nothing, and neither does a script whose
standard error is a file or a pipe. On a terminal the bar goes away at the end; the line of a cell
stays and says what was done, also in a saved notebook. Invariant: showing never stops the work.
"""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from docsum_nb.own_code import running_ipython
from docsum_nb.render.formats import count_text, duration_text
from docsum_nb.render.one_line import one_line

__all__ = ["progress", "shown_name"]

DELAY_S = 2.0
"""How long a change takes before it is shown."""
_EVERY_S = 0.5
_MOST_CHARS = 60

Count = Callable[[int], None]


@contextmanager
def progress(label: str, total: int | None, unit: str) -> Iterator[Count]:
    """Show how far the block is.

    Args:
        label: What is done, such as "adding to handbook"; its first 60 characters are shown.
        total: How many units there are; ``None`` if that is not known.
        unit: What is counted, in the singular.

    Yields:
        A function to call with the number of units that were finished since the last call.
    """
    label = one_line(label, max_chars=_MOST_CHARS)
    if getattr(running_ipython(), "kernel", None) is not None:
        line = _CellLine(label, total, unit)
        try:
            yield line.count
        finally:
            line.close()
    elif _is_terminal():
        with _bar(label, total, unit) as bar:

            def count(units: int) -> None:
                with suppress(OSError, ValueError):
                    bar.update(units)

            yield count
    else:
        yield lambda units: None


def shown_name(path: Path | str) -> str:
    """Return what a library is called in a line: the name of its folder, or its address."""
    return path.name if isinstance(path, Path) else path


def _is_terminal() -> bool:
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except ValueError:  # closed
        return False


@contextmanager
def _bar(label: str, total: int | None, unit: str) -> Iterator[Any]:
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[type-arg]  # generic in its stubs only
        # The monitor is a thread that redraws bars which do not move.
        monitor_interval = 0

    bar = Bar(total=total, desc=label, unit=f" {unit}", delay=DELAY_S, leave=False)
    try:
        yield bar
    finally:
        with suppress(OSError, ValueError):
            bar.close()


class _CellLine:
    """A line in the output of the cell, changed in place."""

    def __init__(self, label: str, total: int | None, unit: str) -> None:
        self._label, self._total, self._unit = label, total, unit
        self._began = self._shown_at = time.monotonic()
        self._done = 0
        self._handle: Any = None

    def count(self, units: int) -> None:
        """Count what is finished, and show it if it is time to."""
        self._done += units
        now = time.monotonic()
        if now - self._began >= DELAY_S and now - self._shown_at >= min(_EVERY_S, DELAY_S):
            self._shown_at = now
            if self._total is None:
                self._show(self._so_far())
            else:
                bar = f'<progress max="{self._total}" value="{self._done}"></progress> '
                self._show(f"{self._so_far()} of {self._total:,}", bar)

    def close(self) -> None:
        """Show what was done in the end, if anything was shown before."""
        if self._handle is not None:
            of = "" if self._total in (None, self._done) else f" of {self._total:,}"
            taken = duration_text(time.monotonic() - self._began)
            self._show(f"{self._so_far()}{of} in {taken}")

    def _so_far(self) -> str:
        return count_text(self._done, self._unit)

    def _show(self, text: str, bar: str = "") -> None:
        from IPython.display import display

        text = f"{self._label}: {text}"
        shown = {"text/plain": text, "text/html": bar + html.escape(text)}
        # A front end that is gone is no reason to stop.
        with suppress(Exception):
            if self._handle is None:
                self._handle = display(shown, raw=True, display_id=True)
            else:
                self._handle.update(shown, raw=True)
