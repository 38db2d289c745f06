"""A run inside a guarded one, such as a summary in a step of a flow: shown in the outer run.

What the inner run plans is added to the plan of the outer one, and its events are emitted by both.
"""

from __future__ import annotations

import threading
from dataclasses import replace

from docsum_nb.crew.locations import Locations
from docsum_nb.events import BudgetSet, ChunksPlanned, Event, StageStarted
from docsum_nb.run import Control, DelegatedControl, placed

__all__ = ["InnerControl", "RunPlan"]


class RunPlan:
    """The parts and calls that are planned for one run. Usable from any thread."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._lock = threading.Lock()
        self._planned = ChunksPlanned(0, 0)

    def add(self, more: ChunksPlanned) -> int:
        """Add parts and calls, and emit the new plan; returns the index of the first new part."""
        with self._lock:
            before = self._planned
            self._planned = ChunksPlanned(
                before.chunks + more.chunks, before.calls + more.calls, before.labels + more.labels
            )
            self._control.emit(self._planned)
        return before.chunks


class InnerControl(DelegatedControl):
    """The control of a run inside a guarded one.

    Args:
        inner: The control of the inner run itself.
        outer: The control of the guarded run.
        plan: The plan of the guarded run.
        locations: Where the guarded run notes its stage.
    """

    def __init__(self, inner: Control, outer: Control, plan: RunPlan, locations: Locations) -> None:
        super().__init__(inner)
        self._outer = outer
        self._plan = plan
        self._locations = locations
        self._first = 0
        """The index, in the outer run, of the first part of the inner one."""

    def emit(self, event: Event) -> None:
        """Emit an event of the inner run in both runs."""
        event = placed(event, self.run_id)
        if isinstance(event, ChunksPlanned):
            self._first = self._plan.add(event)
        elif not isinstance(event, BudgetSet):  # its bounds are not the outer run's
            if isinstance(event, StageStarted):
                self._locations.stage = event.stage
            first, index = self._first, event.place
            self._outer.emit(event if index is None else replace(event, place=first + index))
        super().emit(event)

    def watched(self) -> bool:
        """Check whether a text of either run is seen while it is written."""
        return super().watched() or self._outer.watched()
