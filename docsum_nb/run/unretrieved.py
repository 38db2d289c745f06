"""The error of a failed run until it is retrieved; one that never is, is logged once.

As asyncio does for a task whose exception was never retrieved: when the run is collected, or when
the process ends. Retrieved is an error that was raised to a waiter, returned by ``exception()``,
read from ``state``, or shown by a live view. A cancellation is no failure, unless a script ended
before a run that nothing waited for.

It is printed, and the exit code stays 0: Python has none to set once a script has ended, and to end
the process on the spot would drop what other libraries do at its end.

The garbage collector may call a finalizer in any thread, between any two steps of it and with any
lock held. So the finalizer here takes no lock and logs nothing: a new thread does that.
"""

from __future__ import annotations

import _thread
import contextlib
import logging
import os
import threading
import weakref
from collections import deque

from docsum_nb.errors import DocsumError, RunCancelled

__all__ = ["UnretrievedError", "report_before_exit"]

_FAILED = "failed, and its error was never retrieved: await the run, or call run.result()"
_AT_EXIT = (
    "was stopped because the process ended, and nothing waited for it: call run.result(), or await "
    "the run"
)
_log = logging.getLogger("docsum_nb.run")
_unreported: deque[tuple[str, str, BaseException]] = deque()
"""Errors of runs that were collected, until they are logged."""


class UnretrievedError:
    """The error of one run, if it has failed and was not retrieved yet.

    Args:
        run_id: The run.
        title: What it is called.
    """

    def __init__(self, run_id: str, title: str) -> None:
        self._run_id = run_id
        self._title = title
        self._process = os.getpid()
        self._error: BaseException | None = None

    def keep(self, error: BaseException) -> None:
        """Keep an error until it is retrieved."""
        self._error = error
        _kept[id(self)] = self

    def retrieved(self) -> None:
        """Forget the error: a person or a program has it."""
        self._error = None

    def _hand_over(self) -> None:
        """Queue the error to be logged; in a forked child the parent does that."""
        error, self._error = self._error, None
        if error is not None and self._process == os.getpid():
            _unreported.append((self._run_id, self._title, error))

    def __del__(self) -> None:
        if self._error is None or _ending.is_set():
            return
        self._hand_over()
        # threading.Thread takes a lock that the interrupted code may hold. If no thread can be
        # started, the error is logged with the next one, or before the process ends.
        with contextlib.suppress(Exception):
            _thread.start_new_thread(_report, ())


_kept: weakref.WeakValueDictionary[int, UnretrievedError] = weakref.WeakValueDictionary()
_ending = threading.Event()
"""Set once no thread may be started for a report any more."""


def report_before_exit() -> None:
    """Log the errors that were never retrieved; the process is about to end."""
    _ending.set()
    for reference in _kept.valuerefs():
        unretrieved = reference()
        if unretrieved is not None:
            unretrieved._hand_over()
    _report()


def _report() -> None:
    while _unreported:
        try:
            run_id, title, error = _unreported.popleft()
        except IndexError:  # another thread was faster
            return
        # A handler of the user's may fail, and there is no caller here to report that to.
        with contextlib.suppress(Exception):
            _log.error(
                f"run %s %r {_AT_EXIT if isinstance(error, RunCancelled) else _FAILED}",
                run_id,
                title,
                # Our own errors say all that there is to know; no line of the user's is in there.
                exc_info=(
                    type(error),
                    error,
                    None if isinstance(error, DocsumError) else error.__traceback__,
                ),
                extra={"run_id": run_id},
            )


def _after_fork() -> None:
    _kept.clear()
    _unreported.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
