"""What a signal means to a script that waits for a run.

Ctrl-C raises KeyboardInterrupt in the main thread already. SIGTERM, which a scheduler sends, would
end the process on the spot, and with it the answers in flight; while the main thread waits, it
raises SystemExit instead. A handler of the user's, and a kernel's, stay as they are.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["terminable"]


@contextmanager
def terminable() -> Iterator[None]:
    """Have SIGTERM raise SystemExit in the main thread while the block runs."""
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        or "ipykernel" in sys.modules
    ):
        yield
        return
    signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
