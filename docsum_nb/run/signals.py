"""What a signal means to somebody who waits for a run in the main thread, outside of kernels.

SIGTERM, which a scheduler sends, would end the process on the spot, and with it the answers in
flight; while the main thread waits, by blocking or in a loop of its own, it raises SystemExit
instead. Ctrl-C raises KeyboardInterrupt already. A coroutine does not see that one where it is run
by a bare loop, as in IPython's terminal: the loop is left, the coroutine stays suspended in it,
and what it awaits would go on. So Ctrl-C stops that, too. A handler of the user's, a server's,
``asyncio.run``'s and a kernel's stay as they are.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from types import FrameType
from typing import Any

__all__ = ["interruptible", "terminable"]

_Handler = Callable[[int, FrameType | None], Any]

_waits: dict[signal.Signals, list[Callable[[], object]]] = {
    signal.SIGTERM: [],
    signal.SIGINT: [],
}
"""One for each block that runs: those of a loop need not end in the order they began."""


def terminable() -> AbstractContextManager[None]:
    """Have SIGTERM raise SystemExit in the main thread while any such block runs."""
    return _handled(signal.SIGTERM, signal.SIG_DFL, _leave, lambda: None)


def interruptible(stop: Callable[[], object]) -> AbstractContextManager[None]:
    """Have Ctrl-C call ``stop``, then raise KeyboardInterrupt, while the block is suspended."""
    return _handled(signal.SIGINT, signal.default_int_handler, _interrupt, stop)


@contextmanager
def _handled(
    number: signal.Signals, default: Any, handler: _Handler, told: Callable[[], object]
) -> Iterator[None]:
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(number) not in (default, handler)
        or "ipykernel" in sys.modules
    ):
        yield
        return
    waits = _waits[number]
    signal.signal(number, handler)
    waits.append(told)
    try:
        yield
    finally:
        waits.remove(told)
        if not waits and signal.getsignal(number) is handler:
            # A coroutine that was dropped may be closed by another thread, which must not.
            with suppress(ValueError):
                signal.signal(number, default)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    for stop in list(_waits[signal.SIGINT]):
        stop()
    signal.default_int_handler(number, frame)
