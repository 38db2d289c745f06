"""CrewAI behind a web service: one Flow for each request.

    uvicorn notebooks.service:application
    curl -X POST "http://127.0.0.1:8000/summaries?topic=whales"
    curl -X POST http://127.0.0.1:8000/documents -d '{"a": "A long text.", "b": "Another one."}'

``/summaries`` guards a flow of your own. Its crew summarizes the parts of a topic at once, on one
shared agent, then combines them. Bare, ``await flow.kickoff_async()`` crashes with "Executor is
already running", or never answers when a task dies. ``await docsum_nb.kickoff(flow)`` answers, with
the provider's own error at once when there is one, and one request's failure does not touch
another's.

``/documents`` summarizes the texts it is sent with ``docsum_nb.SummaryFlow``, and says in which
stage it failed. A client that hangs up stops its own flow: no further call is made for it. A body
has at most ``MOST_BYTES``, and one that is no JSON is answered with 400.

The model is set by the environment: ``MODEL`` (and ``BASE_URL`` for a server of your own); so is
``DEADLINE``, the seconds that one answer may take.
"""

from __future__ import annotations

import asyncio
import json
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
MODEL = os.environ.get("MODEL", "openai/gpt-4o-mini")
BASE_URL = os.environ.get("BASE_URL")
DEADLINE_S = float(os.environ.get("DEADLINE", 60))
MOST_BYTES = int(os.environ.get("MOST_BYTES", 10_000_000))


def crew_for(topic: str) -> Any:
    """Make the crew: four tasks at once on one agent, and one that combines."""
    llm = LLM(model=MODEL, base_url=BASE_URL, timeout=DEADLINE_S, max_retries=0)
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
    run = ds.kickoff(SummaryOfTopic(), {"topic": topic}, deadline=DEADLINE_S, show=False)
    working = asyncio.ensure_future(answer_of(run))
    if not await ended_first(working, request):
        return Response(status_code=499)
    try:
        return JSONResponse({"summary": working.result(), "calls": run.state.calls})
    except Exception as error:  # noqa: BLE001  # any error of the provider is the answer
        return refusal(error)


async def answer_of(run: ds.Run[Any]) -> Any:
    """Wait for a run: cancelled, it stops the run as well."""
    return await run


async def documents(request: Request) -> Response:
    """Answer with the summary of the posted texts, a JSON object of names and texts."""
    body = await read_body(request)
    if body is None:
        return JSONResponse({"message": f"post at most {MOST_BYTES:,} bytes"}, 413)
    try:
        texts = json.loads(body)
    except (ValueError, RecursionError):
        return JSONResponse({"message": "the body is no JSON"}, 400)
    if not isinstance(texts, dict) or not all(isinstance(each, str) for each in texts.values()):
        # Any other source would be a path on this machine.
        return refusal(ds.errors.InputError("post a JSON object of names and texts"))
    flow = ds.SummaryFlow(
        model=ds.Model(MODEL, base_url=BASE_URL), deadline=DEADLINE_S, ledger=False, show=False
    )
    working = asyncio.ensure_future(flow.kickoff_async({"source": texts}))
    if not await ended_first(working, request):
        return Response(status_code=499)
    try:
        summary = working.result()
    except Exception as error:  # noqa: BLE001  # any error of the provider is the answer
        return refusal(error, stage=flow.run.state.stage if flow.run else "")
    answer = {
        "summary": summary.text,
        "documents": {each.name: each.text for each in summary.documents},
        "calls": summary.usage.calls,
    }
    return JSONResponse(answer)


async def read_body(request: Request) -> bytes | None:
    """Return the body; ``None`` as soon as it exceeds ``MOST_BYTES``."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


async def ended_first(working: asyncio.Future[Any], request: Request) -> bool:
    """Wait for the work; if the client hangs up before, stop it and return false."""
    hanging_up = asyncio.ensure_future(hung_up(request))
    await asyncio.wait({working, hanging_up}, return_when=asyncio.FIRST_COMPLETED)
    hanging_up.cancel()
    if working.done():
        return True
    working.cancel()
    return False


async def hung_up(request: Request) -> None:
    """Wait until the client has closed its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def refusal(error: Exception, **more: str) -> Response:
    """Return the response to a failure of the caller, the provider, or the deadline."""
    kinds = {ds.errors.DeadlineExceeded: 504, ds.errors.InputError: 422}
    status = next((code for kind, code in kinds.items() if isinstance(error, kind)), 502)
    notes = getattr(error, "__notes__", [])
    answer = {"error": type(error).__name__, "message": str(error), "notes": notes, **more}
    return JSONResponse(answer, status)


application = Starlette(
    routes=[
        Route("/summaries", summaries, methods=["POST"]),
        Route("/documents", documents, methods=["POST"]),
    ]
)
