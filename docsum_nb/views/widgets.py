"""Widgets and their kernel: whether a click reaches it now, and what remains of a closed widget.

A button that does nothing is worse than none. Whether a click gets through depends on how a cell
waits for the run, on the kernel, and on whether the front end has a subshell for clicks. One that
does not is handled when the cell ends, which is too late.
"""

from __future__ import annotations

import os
from typing import Any

from docsum_nb.own_code import running_ipython
from docsum_nb.run import Waited

__all__ = [
    "CLICKS_SINCE",
    "answer_while_blocked",
    "clicks_arrive",
    "close_widget",
    "current_kernel",
    "is_voila_page",
]

CLICKS_SINCE = (7, 4)
"""From this ipykernel on, clicks are handled while a cell awaits (ipython/ipykernel#1565)."""


def clicks_arrive(waited: Waited | None) -> bool:
    """Check whether a click made now is handled now.

    Args:
        waited: How a cell waits for the run; ``None`` if none does.
    """
    if waited is None:
        return True
    if waited == "awaiting" and _ipykernel() >= CLICKS_SINCE:
        return True
    # The front end has made a subshell, as JupyterLab does for widgets.
    thread = getattr(current_kernel(), "shell_channel_thread", None)
    return thread is not None and bool(thread.manager.list_subshell())


def answer_while_blocked(widget: Any) -> None:
    """Make a widget's messages arrive while a cell blocks the main thread.

    Expected: a front end that sends clicks on a subshell (JupyterLab 4.4) has them handled there.
    ipykernel 7.4 sends them to the shell the widget was made in instead, which the cell blocks:
    ``ipykernel.comm.comm.BaseComm._reply_subshell_for``. The callback may run in any thread.
    """
    if hasattr(widget.comm, "_reply_subshell_for"):
        widget.comm._reply_subshell_for = lambda _data, default: default


def close_widget(widget: Any) -> None:
    """Close a widget and all widgets in it, with their layouts and styles.

    ipywidgets leaves layouts and styles open.
    """
    for child in getattr(widget, "children", ()):
        close_widget(child)
    for part in (widget, widget.layout, getattr(widget, "style", None)):
        if part is not None:
            part.close()


def current_kernel() -> Any:
    """Return the kernel that this process is; ``None`` for a terminal or a script."""
    return getattr(running_ipython(), "kernel", None)


def _ipykernel() -> tuple[int, ...]:
    from ipykernel._version import __version__

    return tuple(int(part) for part in __version__.split(".")[:2])


def is_voila_page() -> bool:
    """Check whether this kernel serves a page of voila, whose visitors may be strangers.

    Such a page is displayed when its cells have ended, and its widgets work from then on.
    """
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila")
