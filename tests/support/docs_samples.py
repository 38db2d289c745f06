"""What the pages of the documentation take for granted: a crew of the reader's own."""

from __future__ import annotations

from typing import Any

__all__ = ["make_crew"]


def make_crew(about: str = "{topic}", *, parts: int = 4, model: str = "openai/gpt-4o-mini") -> Any:
    """Make the crew that people write first: tasks at once on one agent, and one that combines."""
    from crewai import LLM, Agent, Crew, Task

    llm = LLM(model=model, max_tokens=200, timeout=60, max_retries=0)
    writer = Agent(role="writer", goal="Summarize", backstory="Careful", llm=llm)
    tasks = [
        Task(
            name=f"part {number}",
            description=f"Summarize part {number} of {about}",
            expected_output="A paragraph",
            agent=writer,
            async_execution=True,
        )
        for number in range(parts)
    ]
    combine = Task(
        name="combine",
        description="Combine the paragraphs",
        expected_output="A page",
        agent=writer,
        context=tasks,
    )
    return Crew(agents=[writer], tasks=[*tasks, combine])
