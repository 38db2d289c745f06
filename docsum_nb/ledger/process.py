"""Which process does a run, and whether it is still there.

A number of a process says little by itself: it is used again, and means nothing on another machine.
So a process is known by its host, its number and the time it began.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

import psutil

__all__ = ["Process", "this_process"]

_SAME_S = 2.0
"""The time a process began is worked out anew by each who asks, and clocks are set."""


@dataclass(frozen=True)
class Process:
    """One process of one machine."""

    host: str
    pid: int
    born: float
    """When it began, in seconds since the epoch."""

    def alive(self) -> bool | None:
        """Tell whether it is there still; ``None`` where that cannot be seen from here."""
        if self.host != platform.node():
            return None
        try:
            found = psutil.Process(self.pid)
            if found.status() == psutil.STATUS_ZOMBIE:
                return False
            return bool(abs(found.create_time() - self.born) <= _SAME_S)
        except psutil.AccessDenied:
            return True
        except psutil.Error:
            return False


def this_process() -> Process:
    """Return the process that asks."""
    return Process(platform.node(), os.getpid(), psutil.Process().create_time())
