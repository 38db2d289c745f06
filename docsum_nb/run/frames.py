"""Where code is at a moment: the frames of threads and coroutines, and which are the user's own."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

__all__ = [
    "await_frames",
    "describe_frame",
    "is_own_file",
    "own_frame",
    "thread_frames",
]


def describe_frame(frame: FrameType) -> str:
    """Return the function, file and line of a frame, for a person."""
    code = frame.f_code
    return f"{code.co_qualname}() in {Path(code.co_filename).name}, line {frame.f_lineno}"


def own_frame(frames: Iterable[FrameType]) -> FrameType | None:
    """Return the innermost frame of the user's own code, else the innermost one of all.

    Args:
        frames: Innermost first.
    """
    first: FrameType | None = None
    for frame in frames:
        first = first or frame
        if is_own_file(frame.f_code.co_filename):
            return frame
    return first


def is_own_file(filename: str) -> bool:
    """Check whether a source file is the user's own, and not of a library or this package."""
    return not filename.startswith(_LIBRARIES)


def thread_frames(ident: int | None) -> Iterator[FrameType]:
    """Yield the frames of a thread, innermost first."""
    frame = sys._current_frames().get(ident or 0)
    while frame is not None:
        yield frame
        frame = frame.f_back


def await_frames(coroutine: Any) -> list[FrameType]:
    """Return the frames of a coroutine's chain of awaits, innermost first."""
    frames: list[FrameType] = []
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", getattr(coroutine, "gi_frame", None))
        if frame is not None:
            frames.append(frame)
        coroutine = getattr(coroutine, "cr_await", getattr(coroutine, "gi_yieldfrom", None))
    return frames[::-1]


_LIBRARIES = (
    *{sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")},
    str(Path(__file__).parents[1]),
    "<frozen",
)
"""The folders of code that is not the user's own: Python's, what is installed, and this package."""
