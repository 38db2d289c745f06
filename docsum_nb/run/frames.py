"""The frames of threads and coroutines."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any

from docsum_nb.own_code import file_label, is_own_file

__all__ = [
    "await_frames",
    "describe_frame",
    "imported_in",
    "own_frame",
    "thread_frames",
]


def describe_frame(frame: FrameType) -> str:
    """Return the function, file and line of a frame, for a person."""
    code = frame.f_code
    return f"{code.co_qualname}() in {file_label(code.co_filename)}, line {frame.f_lineno}"


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


def imported_in(frames: Iterable[FrameType]) -> str | None:
    """Return the name of the module that is being imported; ``None`` if none is.

    Args:
        frames: Innermost first. If a module imports another, the outer one is returned.
    """
    names = [
        str(frame.f_locals.get("name"))
        for frame in frames
        if frame.f_code.co_name == "_find_and_load" and "importlib" in frame.f_code.co_filename
    ]
    return names[-1] if names else None


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
