from __future__ import annotations

import asyncio
from typing import Any

import pytest
from crewai.utilities import file_store

from docsum_nb.crew.agent import RequestTask, TaskFactory
from docsum_nb.crew.crewai_names.table import task_module
from docsum_nb.prompts import AgentText, TaskSpec, TaskText
from docsum_nb.records import Answer, Request, Usage


class Client:
    """Answers at once; another task ends meanwhile."""

    async def ask(self, request: Request, *, final: bool = False) -> Answer:
        task_module.clear_task_files("of another task")
        return Answer("An answer.", "m", Usage(1), "stop")


async def executed(factory: TaskFactory) -> RequestTask:
    request = Request("role", "instructions", "text", 50, 150)
    task = factory.create(TaskSpec("a", "n", TaskText("d", "e"), request))
    await task.aexecute_sync(context="text")
    return task


def test_task_of_a_request_starts_no_thread_to_delete_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CrewAI deletes the files of each task in a thread with a loop of its own; others keep it."""
    deleted: list[Any] = []

    def noted(work: Any) -> None:
        deleted.append(work.cr_frame.f_locals["task_id"])
        work.close()

    monkeypatch.setattr(file_store, "_run_sync", noted)
    factory = TaskFactory({"a": AgentText("role", "goal", "story")}, Client())
    tasks = [asyncio.run(executed(factory)) for _ in range(3)]
    assert [task.answer.text for task in tasks] == ["An answer."] * 3
    assert deleted == ["of another task"] * 3
