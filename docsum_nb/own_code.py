"""Which code is the user's own, and how a notebook names its lines.

A cell of a notebook is compiled under the name of a file that does not exist; IPython knows it as
``In[4]``. Errors, deadlines and tracebacks use that name wherever IPython has one.
"""

from __future__ import annotations

import sys
import sysconfig
import traceback
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

__all__ = ["file_label", "is_own_file", "own_lines", "running_ipython", "whole_traceback"]

_FIRST, _LAST = 2, 8
"""Of more frames than both together, as in a recursion, the first and the last are shown."""
_NEAR = 8
"""Frames between IPython and the function here that it asks."""
_PACKAGE = f"{Path(__file__).parent.name}."
_LIBRARIES = (
    *{sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")},
    str(Path(__file__).parent),
    "<frozen",
)
"""The folders of code that is not the user's own: Python's, what is installed, and this package."""


def is_own_file(filename: str) -> bool:
    """Check whether a source file is the user's own, and not of a library or this package."""
    return not filename.startswith(_LIBRARIES)


def running_ipython() -> Any:
    """Return IPython's shell; ``None`` if this process runs none."""
    # In a kernel IPython is loaded already; a script is spared the import.
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def file_label(filename: str) -> str:
    """Return the name of a source file for a person: ``In[4]`` for a cell, else its last part."""
    try:
        label = running_ipython().compile.format_code_name(filename)
    except Exception:  # noqa: BLE001  # no IPython, or one that names its cells in another way
        label = None
    return str(label[1]) if label else Path(filename).name


def own_lines(tb: TracebackType | None) -> list[str]:
    """Return the user's own lines of a traceback as IPython names them, outermost first.

    Returns:
        For each frame its location and its line of source; at most ten frames.
    """
    walked = zip(traceback.walk_tb(tb), traceback.extract_tb(tb), strict=True)
    frames = [known for (frame, _), known in walked if _is_own(frame)]
    left_out = len(frames) - _FIRST - _LAST
    if left_out <= 0:
        return [line for frame in frames for line in _lines_of(frame)]
    first = [line for frame in frames[:_FIRST] for line in _lines_of(frame)]
    last = [line for frame in frames[-_LAST:] for line in _lines_of(frame)]
    return [*first, f"... {left_out:,} more ...", *last]


def _is_own(frame: FrameType) -> bool:
    """Check whether a frame is of the user's own code; this package's dataclasses have no file."""
    made_here = str(frame.f_globals.get("__name__")).startswith(_PACKAGE)
    return is_own_file(frame.f_code.co_filename) and not made_here


def _lines_of(frame: traceback.FrameSummary) -> list[str]:
    label = file_label(frame.filename)
    place = f"Cell {label}" if label.startswith("In[") else f"File {frame.filename}"
    within = "" if frame.name.startswith("<") else f", in {frame.name}()"
    source = [f"----> {frame.lineno} {frame.line}"] if frame.line else []
    return [f"{place}, line {frame.lineno}{within}", *source]


def whole_traceback(error: BaseException) -> list[str] | None:
    """Return all of an error's traceback as IPython shows it, if that is asked for by ``%tb``.

    Returns:
        ``None`` if the error is shown because it was raised: then it is being handled, whereas
        ``%tb`` is a cell of its own.
    """
    shell = running_ipython()
    if shell is None or sys.exception() is not None or not _is_being_shown():
        return None
    lines = shell.InteractiveTB.structured_traceback(type(error), error, error.__traceback__)
    return [str(line) for line in lines]


def _is_being_shown() -> bool:
    """Check whether IPython asks in order to show: it asks again for its history of errors."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_NEAR):
        if frame is None:
            break
        if frame.f_code.co_name == "showtraceback":
            return True
        frame = frame.f_back
    return False
