"""Where no usage is reported, tokens are counted here, and bounds on cost hold all the same."""

from __future__ import annotations

from typing import Any

import pytest
from crewai import LLM, Agent, Crew, Task
from crewai.tools import tool

import docsum_nb as ds
from docsum_nb.errors import BudgetExceeded
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, ScriptedLLM

pytestmark = pytest.mark.filterwarnings("ignore:function callbacks cannot be:UserWarning")

PRICES = {"openai/gpt-4o-mini": (10.0, 10.0), "gpt-4o-mini": (10.0, 10.0)}
# LiteLLM's own client of MCP servers needs another version of mcp than CrewAI does.
LITELLM = {"is_litellm": True, "additional_params": {"_skip_mcp_handler": True}}
LONG = "One sentence of the answer. " * 10
KINDS: dict[str, dict[str, Any]] = {
    "native": {},
    "native, streamed": {"stream": True},
    "litellm": LITELLM,
    "litellm, streamed": {**LITELLM, "stream": True},
}


@tool("look")
def look(place: str) -> str:
    """Look it up."""
    return f"It was in {place}."


def llm_of(server: ScriptedServer, kind: str, **options: Any) -> Any:
    return LLM(
        model="openai/gpt-4o-mini",
        base_url=server.base_url,
        api_key="k",
        max_retries=0,
        **{**KINDS[kind], **options},
    )


def crew_of(llm: Any, *, tasks: int = 1, **options: Any) -> Crew:
    agent = Agent(role="reader", goal="g", backstory="b", llm=llm, **options)
    each = [
        Task(name=f"t{number}", description="Say it.", expected_output="It.", agent=agent)
        for number in range(tasks)
    ]
    return Crew(agents=[agent], tasks=each)


def run_of(work: Any, *, door: str = "kickoff", **options: Any) -> Any:
    """Start a crew by the door that kicks it off in a thread, or by CrewAI's own asynchronous."""
    options = {"show": False, "deadline": LONG_S, **options}
    if door == "kickoff":
        return ds.kickoff(work, **options)
    return ds.start(work.akickoff, **options)


@pytest.mark.parametrize("door", ["kickoff", "akickoff"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asks", ["text", "tool"])
def test_tokens_are_counted_where_the_server_reports_none(
    server: ScriptedServer, kind: str, asks: str, door: str
) -> None:
    """The count is near what the server would have reported, and one warning says it is one."""

    def script(call: Call) -> Reply:
        first = asks == "tool" and len(server.calls) == 1
        return Reply(LONG, usage=False, tool=("look", {"place": "Paris"}) if first else None)

    server.script = script
    crew = crew_of(llm_of(server, kind, max_tokens=500), tools=[look] if asks == "tool" else [])
    run = run_of(crew, door=door, prices=PRICES)
    result = run.result()
    usage = run.state.usage

    words = sum(len(call.prompt.split()) for call in server.calls)
    if kind == "litellm, streamed":
        # LiteLLM counts the tokens of a stream itself, and does not say so.
        assert usage.calls == len(server.calls)
        assert usage.prompt_tokens > words
        return
    assert usage.calls == usage.counted == len(server.calls) == (2 if asks == "tool" else 1)
    assert words < usage.prompt_tokens < 4 * words
    assert 50 <= usage.completion_tokens <= 100
    assert usage.cost_usd == pytest.approx(run.state.tokens * 10 / 1e6)
    assert result.token_usage.prompt_tokens == usage.prompt_tokens
    assert result.token_usage.completion_tokens == usage.completion_tokens
    (warning,) = run.state.warnings
    assert "no usage is reported for gpt-4o-mini" in warning.replace("openai/", "")


@pytest.mark.parametrize("kind", KINDS)
def test_max_cost_holds_where_the_server_reports_no_usage(
    server: ScriptedServer, kind: str
) -> None:
    """No more calls are made than with a server that reports the same usage."""
    server.script = lambda call: Reply(LONG, usage=False)
    crew = crew_of(llm_of(server, kind, max_tokens=100), tasks=8)
    run = run_of(crew, prices=PRICES, max_cost=0.005)
    with pytest.raises(BudgetExceeded, match="max_cost"):
        run.result()

    assert 1 <= len(server.calls) < 6
    assert 0.001 < run.state.usage.cost_usd <= 0.005


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asks", ["text", "tool"])
def test_what_the_server_reports_is_not_counted_here(
    server: ScriptedServer, kind: str, asks: str
) -> None:
    """A reported usage is used unchanged, and there is no warning of a count."""

    def script(call: Call) -> Reply:
        first = asks == "tool" and len(server.calls) == 1
        return Reply("Four words and more.", tool=("look", {"place": "x"}) if first else None)

    server.script = script
    crew = crew_of(llm_of(server, kind), tools=[look] if asks == "tool" else [])
    run = run_of(crew)
    run.result()

    words = sum(len(call.prompt.split()) for call in server.calls)
    assert run.state.usage.prompt_tokens == words
    assert run.state.usage.counted == 0
    assert run.state.warnings == ()


def test_a_model_of_the_users_own_is_counted(server: ScriptedServer) -> None:
    """A model without events and without a usage has its tokens counted, and max_cost holds."""
    llm = ScriptedLLM(model="mine", max_tokens=100)
    llm.answer = lambda prompt: LONG
    run = run_of(crew_of(llm, tasks=8), prices={"mine": (10.0, 10.0)}, max_cost=0.005)
    with pytest.raises(BudgetExceeded, match="max_cost"):
        run.result()

    assert run.state.usage.counted == run.state.usage.calls < 6
    assert run.state.usage.completion_tokens == 61 * run.state.usage.calls


def test_an_answer_without_a_prompt_count_keeps_the_answers_own(server: ScriptedServer) -> None:
    """A server that reports the answer's tokens alone has the prompt's counted."""
    body = (
        '{"id": "x", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini",'
        ' "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hm."},'
        ' "finish_reason": "stop"}],'
        ' "usage": {"prompt_tokens": 0, "completion_tokens": 777, "total_tokens": 777}}'
    )
    server.script = lambda call: Reply(raw=body)
    run = run_of(crew_of(llm_of(server, "native")))
    run.result()

    assert run.state.usage.completion_tokens == 777
    assert run.state.usage.prompt_tokens > 10
    assert run.state.usage.counted == 1
