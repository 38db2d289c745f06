"""The main job as one run that goes on step by step, each when it is asked for.

The work is on the package's loop; callers may be on any other. Between two steps the run
waits, with its ledger open, so ``stop`` it when no further step will be asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from docsum_nb.budget import Budget
from docsum_nb.options import SETTLE_S, Options
from docsum_nb.pipeline.job import Job
from docsum_nb.results import Summary
from docsum_nb.run import Control, Detail, Location, Run, Work
from docsum_nb.views import LiveDisplay

__all__ = ["STEPS", "StepwiseRun"]

STEPS = ("load", "summarize", "combine", "evaluate")


class StepwiseRun:
    """One job and its run; created in the running loop from which the steps are requested."""

    def __init__(
        self,
        options: Options,
        *,
        title: str,
        seen_by: Callable[[Control], Control] | None,
        within: Budget | None,
    ) -> None:
        """Start the run; it waits for its first step.

        Args:
            options: What the job is to do; its deadline is for all steps, and for what is done
                between them.
            title: The title of the run.
            seen_by: Makes the work's control known to a run around this one; ``None`` without one.
            within: The budget of the run around this one; ``None`` without one.
        """
        self._work = _StepwiseWork(Job(options, within=within), seen_by)
        self.run: Run[Summary] = Run(
            self._work,
            title=title,
            deadline=options.deadline,
            settle_s=SETTLE_S,
            on_event=options.on_event,
            display=LiveDisplay(),
            show=options.show,
        )
        # One wait for all steps: it watches the deadline, and a cancelled one would end the run.
        self._over = asyncio.ensure_future(self._until_over())

    async def done(self, step: str) -> Any:
        """Do a step, and those before it that are not done; waits for the first error as well.

        Returns:
            What the job's step returns; the same again if it was done before.

        Raises:
            BaseException: what ended the run.
        """
        for each in STEPS[: STEPS.index(step) + 1]:
            if not self._work.asked[each].done():
                self._work.asked[each].set_result(None)
        # With the last step the run ends, and its observers have seen the end.
        waited = {self._over} if step == STEPS[-1] else {self._over, self._future(step)}
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self.stop("the flow that it belongs to was cancelled")
            raise
        if self._work.done[step].done():
            return self._work.done[step].result()
        return await self.run

    def stop(self, reason: str) -> None:
        """End the run unless it is over; calls in flight may finish, nothing new is started."""
        self.run.cancel(reason)

    def _future(self, step: str) -> asyncio.Future[Any]:
        return asyncio.wrap_future(self._work.done[step])

    async def _until_over(self) -> None:
        # The next call of done() raises the error.
        with suppress(Exception):
            await self.run


class _StepwiseWork(Work[Summary]):
    """The job, each step of which waits until it is asked for."""

    def __init__(self, job: Job, seen_by: Callable[[Control], Control] | None) -> None:
        self.asked: dict[str, Future[None]] = {step: Future() for step in STEPS}
        self.done: dict[str, Future[Any]] = {step: Future() for step in STEPS}
        self._job = job
        self._seen_by = seen_by
        self._location = "before its first step"

    async def __call__(self, control: Control) -> Summary:
        if self._seen_by is not None:
            control = self._seen_by(control)
        async with self._job:
            for step in STEPS:
                await asyncio.wrap_future(self.asked[step])
                self._location = f"while at the step {step!r}"
                result = await getattr(self._job, step)(control)
                self._location = f"after the step {step!r}, while the flow did something else"
                # No caller waits for it any more, and the loop of the one that did may be closed.
                control.check()
                self.done[step].set_result(result)
        summary: Summary = result
        return summary

    def partial(self) -> Summary | None:
        """Return what is finished so far; ``None`` before the documents are known."""
        return self._job.partial()

    def kept(self) -> str:
        """Return what is kept, and how to go on; empty before the documents are known."""
        return self._job.kept()

    def remaining(self) -> str:
        """Return what is left to do; empty before the documents are known."""
        return self._job.remaining()

    def detail(self, index: int) -> Detail | None:
        """Return one chunk."""
        return self._job.detail(index)

    def location(self) -> Location:
        """Return the step that is being done, or was done last."""
        return Location(self._location)
