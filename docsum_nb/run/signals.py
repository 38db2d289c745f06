"""What a signal means to a script that waits for a run.

Ctrl-C raises KeyboardInterrupt in the main thread already. SIGTERM, which a scheduler sends, would
end the process on the spot, and with it the answers in flight; while the main thread waits, by
blocking or in a loop of its own, it raises SystemExit instead. A handler of the user's, a server's
and a kernel's stay as they are.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

__all__ = ["terminable"]


_waits: list[None] = []
"""One for each block that runs: those of a loop need not end in the order they began."""


@contextmanager
def terminable() -> Iterator[None]:
    """Have SIGTERM raise SystemExit in the main thread while any such block runs."""
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, _leave)
        or "ipykernel" in sys.modules
    ):
        yield
        return
    signal.signal(signal.SIGTERM, _leave)
    _waits.append(None)
    try:
        yield
    finally:
        _waits.pop()
        if not _waits and signal.getsignal(signal.SIGTERM) is _leave:
            # A coroutine that was dropped may be closed by another thread, which must not.
            with suppress(ValueError):
                signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
