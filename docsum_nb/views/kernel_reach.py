"""Whether a click reaches the kernel now: a button that does nothing is worse than none.

What decides is how a cell waits for the run, the kernel, and whether the front end has clicks
handled in a subshell. A click that cannot get through is handled when the cell ends, which is when
nobody needs it any more.
"""

from __future__ import annotations

import sys
from typing import Any

from docsum_nb.run import Waited

__all__ = ["CLICKS_SINCE", "answer_while_blocked", "clicks_arrive", "current_kernel"]

CLICKS_SINCE = (7, 4)
"""From this ipykernel on, clicks are handled while a cell awaits (ipython/ipykernel#1565)."""


def clicks_arrive(waited: Waited | None) -> bool:
    """Tell whether a click made now is handled now.

    Args:
        waited: How a cell waits for the run; ``None`` where none does.
    """
    if waited is None:
        return True
    if waited == "awaiting" and _ipykernel() >= CLICKS_SINCE:
        return True
    # The front end has made a subshell, as JupyterLab does for widgets.
    thread = getattr(current_kernel(), "shell_channel_thread", None)
    return thread is not None and bool(thread.manager.list_subshell())


def answer_while_blocked(widget: Any) -> None:
    """Let a widget's messages through while a cell blocks the main thread.

    Expected: a front end that sends clicks on a subshell (JupyterLab 4.4) has them handled there.
    ipykernel 7.4 sends them to the shell the widget was made in instead, which the cell blocks:
    ``ipykernel.comm.comm.BaseComm._reply_subshell_for``. The callback may run in any thread.
    """
    if hasattr(widget.comm, "_reply_subshell_for"):
        widget.comm._reply_subshell_for = lambda _data, default: default


def current_kernel() -> Any:
    """Return the kernel that this process is; ``None`` for a terminal or a script."""
    # Whoever is in a kernel has IPython loaded already; a script is spared the import.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None)


def _ipykernel() -> tuple[int, ...]:
    from ipykernel._version import __version__

    return tuple(int(part) for part in __version__.split(".")[:2])
