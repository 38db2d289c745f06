"""What a kernel runs to be measured: a run of very many chunks, and a meter of what it takes."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

from docsum_nb.events import CallStarted, ChunksPlanned, ChunkStarted, ChunkSummarized, StageStarted
from docsum_nb.run import Control, FunctionWork, Run
from docsum_nb.views import LiveDisplay

__all__ = ["Meter", "told"]

_AT_ONCE = 32


def told(chunks: int, *, seconds: float) -> Run[None]:
    """Start a run that does nothing but tell of its chunks, evenly over a time."""

    async def work(control: Control) -> None:
        labels = tuple(f"doc-{place:05}, chunk 0" for place in range(chunks))
        control.emit(StageStarted("summarizing"))
        control.emit(ChunksPlanned(chunks, chunks, labels=labels))
        began = time.monotonic()
        for first in range(0, chunks, _AT_ONCE):
            places = range(first, min(first + _AT_ONCE, chunks))
            for place in places:
                control.emit(ChunkStarted(labels[place], place=place))
                control.emit(CallStarted("none", 1, place=place))
            await asyncio.sleep(max(0.0, began + seconds * first / chunks - time.monotonic()))
            for place in places:
                control.emit(ChunkSummarized(labels[place], cached=False, place=place))

    return Run(FunctionWork(work), title="told", display=LiveDisplay())


class Meter:
    """Measures the CPU time of this process and of the thread that drives the panel."""

    def __init__(self) -> None:
        self.process_s = 0.0
        self.panel_s = 0.0
        self.wall_s = 0.0
        self._over = threading.Event()

    def __enter__(self) -> Meter:
        self._began = (time.process_time(), time.monotonic())
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.process_s = time.process_time() - self._began[0]
        self.wall_s = time.monotonic() - self._began[1]

    def __str__(self) -> str:
        taken: dict[str, Any] = {
            "process_s": self.process_s,
            "panel_s": self.panel_s,
            "wall_s": self.wall_s,
        }
        return json.dumps(taken)

    def _watch(self) -> None:
        # The clock of a thread ends with it, so the last look is what there is.
        while not self._over.wait(0.02):
            for thread in threading.enumerate():
                if thread.name == "docsum_nb-view" and thread.ident is not None:
                    clock = time.pthread_getcpuclockid(thread.ident)
                    self.panel_s = time.clock_gettime(clock)
