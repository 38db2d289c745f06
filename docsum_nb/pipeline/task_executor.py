"""Executes the tasks of one run: in CrewAI once it is imported, without it until then.

Importing CrewAI takes five seconds of CPU time, more than all of a short run. So no run waits for
it. A process that has imported it, and so may listen to its events, has every request made as a
CrewAI task. In any other, the first requests are sent by the same client under the same limits;
with a language model, CrewAI is imported in the background after the first answer, and all later
requests are its tasks, all merges among them. The extractive model needs nothing of CrewAI, so that
it is not imported.
"""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import Future
from typing import TYPE_CHECKING

from docsum_nb.models import ModelClient
from docsum_nb.pipeline.preparation import Prepared
from docsum_nb.prompts import TaskSpec
from docsum_nb.records import Answer
from docsum_nb.run import Control, import_in_background, in_thread

if TYPE_CHECKING:
    from docsum_nb.crew.agent import TaskFactory

__all__ = ["TaskExecutor"]


class TaskExecutor:
    """Executes the tasks of one run.

    Args:
        prepared: What the run is to do.
        client: Answers the requests.
        control: The run's.
    """

    def __init__(self, prepared: Prepared, client: ModelClient, control: Control) -> None:
        self._prepared = prepared
        self._client = client
        self._control = control
        # Documents are merged at the same time, and each merge makes several calls at once.
        self._slots = asyncio.Semaphore(prepared.options.max_concurrency)
        self._factory: TaskFactory | None = None
        self._importing: Future[TaskFactory] | None = None
        """Set while CrewAI is imported in the background."""

    async def open(self) -> None:
        """Make all tasks CrewAI's, if this process has imported it.

        Raises:
            UpstreamError: if the installed CrewAI lacks what ``summarize`` needs.
        """
        if _crewai_is_imported():
            self._factory = await in_thread(self._make_factory)

    async def complete_import(self) -> None:
        """Wait until CrewAI is imported, if that has begun: no import outlasts a run's success.

        Raises:
            UpstreamError: if the installed CrewAI lacks what ``summarize`` needs.
        """
        if self._factory is None and self._importing is not None:
            self._factory = await asyncio.wrap_future(self._importing)

    async def run(self, spec: TaskSpec) -> Answer:
        """Return the model's answer to a task's request, on the running loop.

        Raises:
            Exception: what asking the model raised, unchanged.
            UpstreamError: if the installed CrewAI lacks what ``summarize`` needs.
        """
        async with self._slots:
            if (factory := self._imported()) is not None:
                task = factory.create(spec)
                # On an error, after CrewAI's TaskFailedEvent.
                await task.aexecute_sync(context=spec.request.text)
                answer: Answer = task.answer
                return answer
            answer = await self._client.ask(spec.request, final=spec.final)
            if not spec.final:
                self._begin_import()
            return answer

    def _imported(self) -> TaskFactory | None:
        if self._factory is None and self._importing is not None and self._importing.done():
            self._factory = self._importing.result()
        return self._factory

    def _begin_import(self) -> None:
        """Import CrewAI in the background, once, if there is more to do that needs it."""
        needed = not self._prepared.model.settings.embedded
        if needed and self._importing is None and self._control.stopped_by() is None:
            self._importing = import_in_background(self._make_factory)

    def _make_factory(self) -> TaskFactory:
        from docsum_nb.crew.agent import TaskFactory

        texts = self._prepared.prompts.agents
        agents = {name: texts[name] for name in ("summarizer", "combiner")}
        return TaskFactory(agents, self._client)


def _crewai_is_imported() -> bool:
    """Return whether CrewAI has been imported; false while a thread is importing it."""
    return hasattr(sys.modules.get("crewai"), "Task")
