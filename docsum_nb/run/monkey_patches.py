"""Whether threads of this process are real: gevent and eventlet may have replaced them.

Runs need threads of the operating system: under these patches every thread is a greenlet of the one
real thread, so a loop cannot run beside the caller's code. Refused at the first use: it would stall
where nobody could see why, and keep the process from ending.
"""

from __future__ import annotations

import sys

from docsum_nb.errors import InputError

__all__ = ["check_threads", "patched_by"]

_MODULES = ("thread", "threading", "socket", "select", "queue")


def patched_by() -> str:
    """Return the name of the library whose patches replace threads; empty if none do."""
    gevent = sys.modules.get("gevent.monkey")
    if gevent is not None and any(gevent.is_module_patched(name) for name in _MODULES):
        return "gevent"
    eventlet = sys.modules.get("eventlet.patcher")
    if eventlet is not None and any(eventlet.is_monkey_patched(name) for name in _MODULES):
        return "eventlet"
    return ""


def check_threads() -> None:
    """Check that a run can have a thread of its own.

    Raises:
        InputError: if gevent or eventlet has replaced threads or sockets.
    """
    library = patched_by()
    if library:
        raise InputError(
            f"{library} has replaced threads or sockets in this process (monkey patches), and runs "
            "need real ones: run this in a process without them, as with celery -P threads or "
            "-P prefork"
        )
