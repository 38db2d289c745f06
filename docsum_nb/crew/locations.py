"""Where the work of a guarded crew or flow is at a moment: tasks, agents, steps, functions, lines.

Frames are read only on request, which is when a deadline has passed.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures.thread import _worker
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from docsum_nb.crew.current_task import Activity
from docsum_nb.own_code import is_own_file
from docsum_nb.run import (
    Location,
    describe_frame,
    own_frame,
    thread_frames,
)

__all__ = ["Locations"]

_MOST = 5
_IDLE = _worker.__code__
"""Where a thread of a pool waits for work."""
_ASKING = ", waiting for the answer of a person"


@dataclass
class _Active:
    """A task that is running, the thread it began in, and the one it was last seen in."""

    label: str
    agent: str
    began: int
    thread: int
    doing: Activity

    def text(self) -> str:
        """Return the coworker that is working, and what is being done."""
        agent = self.doing.agent()
        who = "agent" if self.agent == "none" else "coworker"
        by = f", by {who} {agent!r}" if agent and agent != self.agent else ""
        return f"{by}{_what(self.doing, self.frame())}"

    def frame(self) -> FrameType | None:
        """Return where it is: in the user's own code, if any of its threads is.

        ``None`` if its threads wait for other work: its model was called from one of a pool.
        """
        both = [own_frame_of(thread) for thread in (self.thread, self.began)]
        frames = [each for each in both if each and each.f_code is not _IDLE]
        own = [each for each in frames if is_own_file(each.f_code.co_filename)]
        return next(iter(own or frames), None)


class Locations:
    """The tasks and flow steps that are running. Usable from any thread."""

    def __init__(self) -> None:
        self._tasks: dict[int, _Active] = {}
        self._steps: dict[tuple[int, str], tuple[Any, int]] = {}
        self.thread = threading.get_ident()
        """The thread that kicked the work off."""
        self._asking: list[str] = []
        self.stage = ""
        """The stage of a run inside the guarded one; empty without one."""
        self.doing = Activity()
        """What is being done outside of tasks."""

    def task_began(self, task: Any, label: str, agent: str, doing: Activity) -> None:
        """Add a task that starts in this thread, and its activity."""
        self.stage = ""
        thread = threading.get_ident()
        self._tasks[id(task)] = _Active(label, agent, thread, thread, doing)

    def task_seen(self, task: Any) -> None:
        """Note that a task continues in this thread: an agent calls its model from its own."""
        active = self._tasks.get(id(task))
        if active is not None:
            active.thread = threading.get_ident()

    def task_ended(self, task: Any) -> None:
        """Remove a task."""
        self._tasks.pop(id(task), None)

    def step_began(self, flow: Any, name: str) -> None:
        """Add a step of a flow that starts; an asynchronous one runs in this thread."""
        self._steps[id(flow), name] = (flow, threading.get_ident())

    def step_ended(self, flow: Any, name: str) -> None:
        """Remove a step."""
        self._steps.pop((id(flow), name), None)

    @contextmanager
    def asking(self, label: str) -> Iterator[None]:
        """Note that a task or step waits for the answer of a person."""
        self._asking.append(label)
        try:
            yield
        finally:
            self._asking.remove(label)

    def busy(self) -> bool:
        """Return whether a task or a step is running."""
        return bool(self._tasks or self._steps)

    def whereabouts(self) -> Location:
        """Return what is running: tasks if there are any, else steps, else the thread's line."""
        active = list(self._tasks.copy().values())
        if active:
            running = [
                f"task {each.label!r} of agent {each.agent!r}{self._doing(each)}"
                for each in active[:_MOST]
            ]
            agent = active[0].doing.agent() or active[0].agent
            return Location(_listed(running, len(active)), active[0].label, agent)
        if self.stage:
            return Location(f"while {self.stage}")
        steps = list(self._steps.copy().items())
        if steps:
            running = [
                f"step {name!r} of {type(flow).__name__}{self._doing_in(flow, name, thread)}"
                for (_, name), (flow, thread) in steps[:_MOST]
            ]
            return Location(_listed(running, len(steps)))
        return Location(f"between two tasks{_what(self.doing, own_frame_of(self.thread))}")

    def _doing(self, task: _Active) -> str:
        return _ASKING if task.label in self._asking else task.text()

    def _doing_in(self, flow: Any, name: str, thread: int) -> str:
        return _ASKING if name in self._asking else _at(_frame_in(flow, thread))


def _listed(running: list[str], count: int) -> str:
    more = f"; and {count - len(running)} more" if count > len(running) else ""
    return f"while running {'; '.join(running)}{more}"


def _at(frame: FrameType | None) -> str:
    return f", in {describe_frame(frame)}" if frame else ""


def _what(doing: Activity, frame: FrameType | None) -> str:
    """Return what is being done: a line of the user's own code, otherwise the activity."""
    text = doing.text()
    own = frame is not None and is_own_file(frame.f_code.co_filename)
    return f", in {text}" if text and not own else _at(frame)


def own_frame_of(thread: int) -> FrameType | None:
    """Return the frame of a thread that shows most."""
    return own_frame(thread_frames(thread))


def _frame_in(flow: Any, began: int) -> FrameType | None:
    """Return where a step is in the user's code, on the loop's thread or one of its pool."""
    for ident in [began, *sys._current_frames()]:
        frames = list(thread_frames(ident))
        own = [frame for frame in frames if is_own_file(frame.f_code.co_filename)]
        # Other threads of the user's do not belong to this flow.
        if any(frame.f_locals.get("self") is flow for frame in own):
            return own[0]
    return None
