"""A crew behind a web service: one CrewAI Flow for each request, guarded.

    uvicorn notebooks.service:application
    curl -X POST "http://127.0.0.1:8000/summaries?topic=whales"

The flow's crew summarizes the parts of a topic at once, on one shared agent, then combines them.
Bare, ``await flow.kickoff_async()`` crashes with "Executor is already running", or never answers
when a task dies. ``await docsum_nb.kickoff(flow)`` answers, with the provider's own error at once
when there is one, and one request's failure does not touch another's.

The model is told by the environment: ``MODEL`` (and ``BASE_URL`` for a server of your own).
"""

from __future__ import annotations

import os
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import docsum_nb as ds

# isort: split
from crewai import LLM, Agent, Crew, Task
from crewai.flow.flow import Flow, start

PARTS = ("history", "present", "future", "risks")


def crew_for(topic: str) -> Any:
    """Make the crew: four tasks at once on one agent, and one that combines."""
    llm = LLM(
        model=os.environ.get("MODEL", "openai/gpt-4o-mini"),
        base_url=os.environ.get("BASE_URL"),
        timeout=60,
        max_retries=0,
    )
    writer = Agent(role="writer", goal="Summarize.", backstory="A careful one.", llm=llm)
    parts = [
        Task(
            name=part,
            description=f"Summarize the {part} of {topic}.",
            expected_output="A paragraph.",
            agent=writer,
            async_execution=True,
        )
        for part in PARTS
    ]
    combine = Task(
        name="combine",
        description="Combine the paragraphs.",
        expected_output="A page.",
        agent=writer,
        context=parts,
    )
    return Crew(agents=[writer], tasks=[*parts, combine])


class SummaryOfTopic(Flow[Any]):
    """Summarize the topic in the flow's state."""

    @start()
    async def summarize(self) -> str:
        """Kick off the crew."""
        result = await crew_for(self.state["topic"]).kickoff_async()
        return str(result.raw)


async def summaries(request: Request) -> Response:
    """Answer with the summary, or with the error of the task that failed."""
    topic = request.query_params.get("topic", "")
    run = ds.kickoff(SummaryOfTopic(), {"topic": topic}, deadline=60, show=False)
    try:
        return JSONResponse({"summary": await run, "calls": run.state.calls})
    except ds.errors.DeadlineExceeded as error:
        return JSONResponse({"error": "DeadlineExceeded", "message": str(error)}, 504)
    except Exception as error:  # noqa: BLE001  # whatever the provider raised is the answer
        notes = getattr(error, "__notes__", [])
        answer = {"error": type(error).__name__, "message": str(error), "notes": notes}
        return JSONResponse(answer, 502)


application = Starlette(routes=[Route("/summaries", summaries, methods=["POST"])])
