"""The model calls of guarded crews: counted, priced, bounded, and retried by one layer."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from crewai import LLM, Agent, Crew, Task
from crewai.flow.flow import Flow, start
from crewai.tools import tool

import docsum_nb as ds
from docsum_nb.errors import BudgetExceeded, InputError
from docsum_nb.events import Event, TextStreamed
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, PARTS, ScriptedLLM, field_crew, kickoff, llm_of, until

# US dollars for a million tokens of gpt-4o-mini, prompt and answer, as LiteLLM lists them.
PROMPT, ANSWER = 0.15, 0.6


def paid(server: ScriptedServer, answers: int) -> float:
    """Add up what a provider would charge: the server's own counts of words are its tokens."""
    calls = server.calls[:answers]
    prompts = sum(len(call.prompt.split()) for call in calls)
    return (PROMPT * prompts + ANSWER * 2 * len(calls)) / 1e6


def test_every_call_is_counted_and_priced_once(server: ScriptedServer) -> None:
    """State and token_usage are the server's own figures, run after run, though agents share."""
    crew = field_crew(llm_of(server))
    for _ in range(2):
        before = len(server.calls)
        run = kickoff(crew)
        used = run.result().token_usage
        calls = server.calls[before:]
        prompts = sum(len(call.prompt.split()) for call in calls)
        assert used.successful_requests == run.state.usage.calls == len(calls) == PARTS + 2
        assert used.prompt_tokens == run.state.usage.prompt_tokens == prompts
        assert used.completion_tokens == 2 * len(calls)
        assert run.state.cost_usd == pytest.approx(
            (PROMPT * prompts + ANSWER * 2 * len(calls)) / 1e6
        )


def test_max_cost_holds_by_the_servers_own_count(server: ScriptedServer) -> None:
    """No call is made that could exceed the bound, with all tasks beside one another."""
    crew = field_crew(llm_of(server, max_tokens=200), parts=30)
    bound = 2e-4
    run = kickoff(crew, max_cost=bound, on_error="skip")
    error = run.exception()
    assert isinstance(error, BudgetExceeded), error
    assert f"of max_cost=${bound:g}" in str(error)
    assert error.task
    assert error.agent == "summarizer"
    assert 0 < len(server.calls) < 32
    assert paid(server, len(server.calls)) <= bound
    assert run.state.calls == len(server.calls)


def test_call_in_flight_is_waited_for_before_the_next_one_is_refused(
    server: ScriptedServer,
) -> None:
    """Two calls that cannot be held at once are made one after the other, not refused."""
    flying = threading.Event()

    async def script(call: Call) -> Reply:
        if call.number == 0:
            await until(flying.is_set)
        return Reply()

    server.script = script
    # One call may take up to 600 tokens of answer, 0.00036 dollars.
    run = kickoff(field_crew(llm_of(server, max_tokens=600), parts=2), max_cost=0.0005)
    while not server.calls:
        assert not run.done
        threading.Event().wait(0.01)
    assert len(server.calls) == 1
    flying.set()
    assert run.result().raw == "A summary."
    assert server.most_in_flight == 1
    assert len(server.calls) == 4


def test_failed_calls_cost_nothing(server: ScriptedServer) -> None:
    """What a refused call had reserved is given back."""
    server.script = lambda call: Reply("no", status=403 if "part 0" in call.prompt else 200)
    crew = field_crew(llm_of(server, max_tokens=600), parts=3)
    run = kickoff(crew, max_cost=0.0005, on_error="skip")
    assert run.result().raw == "no"
    assert run.state.failed == 1


@pytest.mark.parametrize("is_litellm", [False, True])
def test_call_that_timed_out_keeps_what_it_had_reserved(
    server: ScriptedServer,
    is_litellm: bool,  # noqa: FBT001
) -> None:
    """The provider may have answered unheard, and be paid: a budget takes it for spent."""
    server.script = lambda call: Reply(hang=call.number == 0)
    llm = llm_of(server, max_tokens=600, timeout=1.0, is_litellm=is_litellm)
    crew = field_crew(llm, parts=2)
    error = kickoff(crew, max_cost=0.0005, max_concurrency=1, on_error="skip").exception()
    assert isinstance(error, BudgetExceeded), error
    assert len(server.calls) == 1


def test_unknown_price_is_asked_for_before_the_first_call(server: ScriptedServer) -> None:
    """max_cost with a model that no list knows is an InputError that says what to write."""
    llm = LLM(model="my-own-model", base_url=server.base_url, api_key="k", provider="openai")
    crew = field_crew(llm, parts=1)
    error = kickoff(crew, max_cost=1.0).exception()
    assert isinstance(error, InputError)
    assert 'prices={"my-own-model": (0.15, 0.60)}' in str(error)
    crew = field_crew(llm, parts=1)
    error = kickoff(crew, max_cost=1.0, prices={"my-own-model": (1.0, 2.0)}).exception()
    assert isinstance(error, InputError)
    assert "max_tokens=" in str(error)
    assert server.calls == []
    llm.max_tokens = 100
    run = kickoff(crew, max_cost=1.0, prices={"my-own-model": (1.0, 2.0)})
    assert run.result().raw == "A summary."
    assert run.state.cost_usd == pytest.approx(
        sum(len(call.prompt.split()) + 2 * 2 for call in server.calls) / 1e6
    )


def test_all_that_max_cost_needs_is_asked_for_at_once(server: ScriptedServer) -> None:
    """Prices and longest answers of all models are one error; done as it says, it runs."""

    def crew(**options: Any) -> Any:
        models = [llm_of(server, model=f"openai/{name}", **options) for name in ("x", "y")]
        agents = [Agent(role=f"r{i}", goal="g", backstory="b", llm=m) for i, m in enumerate(models)]
        tasks = [Task(description="d", expected_output="e", agent=agent) for agent in agents]
        return Crew(agents=agents, tasks=tasks, planning_llm=LLM("openai/never-asked"))

    run = ds.kickoff(crew(), max_cost=0.5, show=False, deadline=LONG_S)
    error = run.exception()
    assert isinstance(error, InputError)
    assert 'prices={"x": (0.15, 0.60), "y": (0.15, 0.60)}' in str(error)
    for name, role in (("x", "r0"), ("y", "r1")):
        assert f"answer of '{name}' may be is not known: give the LLM of agent '{role}'" in str(
            error
        )
    assert "max_tokens=1000" in str(error)
    assert "\n" not in str(error)
    assert run.state.calls == len(server.calls) == 0
    # Either name: as it was given to the LLM, or as CrewAI keeps it.
    prices = {"x": (0.15, 0.60), "openai/y": (0.15, 0.60)}
    work = crew(max_tokens=1000)
    run = ds.kickoff(work, max_cost=0.5, prices=prices, show=False, deadline=LONG_S)
    assert run.result().raw == "A summary."
    assert run.state.cost_usd == pytest.approx(paid(server, 2))


def test_price_may_be_given_without_the_provider_that_the_model_is_named_with(
    server: ScriptedServer,
) -> None:
    """LiteLLM's models keep their whole name; "x" is taken for "openai/x" all the same."""
    llm = llm_of(server, model="openai/x", max_tokens=100, is_litellm=True)
    run = kickoff(field_crew(llm, parts=1), max_cost=1.0, prices={"x": (PROMPT, ANSWER)})
    assert run.result().raw == "A summary."
    assert run.state.cost_usd == pytest.approx(paid(server, len(server.calls)))


def test_model_that_a_flow_asks_itself_is_asked_for_its_bounds(server: ScriptedServer) -> None:
    """Without a crew there is nothing to look at before; the call itself is not made."""

    class Asking(Flow[Any]):
        @start()
        def ask(self) -> Any:
            return llm_of(server, model="openai/x").call("Say something.")

    error = ds.kickoff(Asking(), max_cost=1.0, deadline=LONG_S, show=False).exception()
    assert isinstance(error, InputError)
    assert 'prices={"x": (0.15, 0.60)}' in str(error)
    assert "max_tokens=1000" in str(error)
    assert server.calls == []


@pytest.mark.parametrize("wrong", [{"max_cost": 0}, {"prices": {"m": 1.0}}, {"max_calls": 0}])
def test_bounds_that_cannot_be_used_are_refused_at_the_call(
    server: ScriptedServer, wrong: dict[str, Any]
) -> None:
    """A wrong bound is an InputError before anything runs."""
    with pytest.raises(InputError):
        kickoff(field_crew(llm_of(server)), **wrong)


def test_model_that_tells_no_usage_is_counted_and_bounded() -> None:
    """A custom BaseLLM without events: its calls count, its cost is not known."""
    crew = field_crew(ScriptedLLM(model="scripted", answer=lambda prompt: "fine"), parts=3)
    run = kickoff(crew)
    used = run.result().token_usage
    assert used.successful_requests == run.state.usage.calls == 5
    assert run.state.cost_usd is None
    error = kickoff(crew, max_calls=3, max_concurrency=1).exception()
    assert isinstance(error, BudgetExceeded)


def test_direct_call_in_a_flow_is_counted_too(server: ScriptedServer) -> None:
    """A flow that asks a model without a crew stays within max_calls."""

    class Asking(Flow[Any]):
        @start()
        def ask(self) -> str:
            return "".join(llm_of(server).call("Say something.") for _ in range(3))

    run = ds.kickoff(Asking(), deadline=LONG_S, show=False)
    assert run.result() == "A summary." * 3
    assert run.state.usage.calls == 3
    error = ds.kickoff(Asking(), deadline=LONG_S, max_calls=2, show=False).exception()
    assert isinstance(error, BudgetExceeded)
    assert len(server.calls) == 5


@pytest.mark.parametrize("max_retries", [None, 0])
@pytest.mark.parametrize("is_litellm", [False, True])
def test_one_layer_tries_again_whoever_provides_the_model(
    server: ScriptedServer, *, is_litellm: bool, max_retries: int | None
) -> None:
    """A 429 is asked three times, whether by the client or by CrewAI; a 401 once."""
    options = {} if max_retries is None else {"max_retries": max_retries}
    llm = LLM(
        model="openai/gpt-4o-mini",
        base_url=server.base_url,
        api_key="k",
        is_litellm=is_litellm,
        **options,
    )
    server.script = lambda call: Reply("slow down", status=429, headers={"retry-after": "0"})
    error = kickoff(field_crew(llm, parts=1)).exception()
    assert type(error).__name__ == "RateLimitError"
    assert len(server.calls) == 3
    server.script = lambda call: Reply("no", status=401)
    error = kickoff(field_crew(llm, parts=1)).exception()
    assert type(error).__name__ == "AuthenticationError"
    assert len(server.calls) == 4


@pytest.mark.parametrize(("options", "requests"), [({}, 3), ({"max_retries": 0}, 1)])
def test_max_calls_counts_calls_and_not_what_the_client_makes_of_one(
    server: ScriptedServer, options: dict[str, Any], requests: int
) -> None:
    """A 500 is one call, and up to three requests unless the LLM has max_retries=0."""
    server.script = lambda call: Reply("broken", status=500)
    llm = LLM(model="openai/gpt-4o-mini", base_url=server.base_url, api_key="k", **options)
    run = kickoff(field_crew(llm, parts=1), max_calls=1)
    assert type(run.exception()).__name__ == "InternalServerError"
    assert run.state.calls == 1
    assert len(server.calls) == requests


def test_empty_answer_is_paid_for_once(server: ScriptedServer) -> None:
    """Bare CrewAI asks three times where a model says nothing."""
    server.script = lambda call: Reply("")
    error = kickoff(field_crew(llm_of(server), parts=1)).exception()
    assert isinstance(error, ValueError)
    assert len(server.calls) == 1


def test_retries_of_an_agent_that_the_user_asked_for_stay(server: ScriptedServer) -> None:
    """max_retry_limit counts within a run, not over the agent's life."""
    failing = threading.Semaphore(0)

    def script(call: Call) -> Reply:
        failed = failing.acquire(blocking=False)
        return Reply("broken", status=500) if failed else Reply()

    server.script = script
    agent = Agent(role="r", goal="g", backstory="b", llm=llm_of(server), max_retry_limit=1)
    task = Task(description="d", expected_output="e", agent=agent)
    crew = Crew(agents=[agent], tasks=[task])
    for _ in range(3):
        failing.release()
        assert kickoff(crew).result().raw == "A summary."
    failing.release(2)
    assert type(kickoff(crew).exception()).__name__ == "InternalServerError"


def test_streaming_crew_tells_its_text_as_it_comes_and_ends_with_its_output(
    server: ScriptedServer,
) -> None:
    """Pieces arrive as events; the user's model is not switched to streaming for good."""
    server.script = lambda call: Reply("One two three.")
    seen: list[Event] = []
    crew = field_crew(llm_of(server), parts=2, stream=True)
    run = kickoff(crew, on_event=seen.append)
    assert run.result().raw == "One two three."
    assert run.result().token_usage.successful_requests == 4
    told = [event for event in seen if isinstance(event, TextStreamed)]
    assert sorted(event.text for event in told) == sorted(["One ", "two ", "three."] * 4)
    assert [event.text for event in told if event.begins] == ["One "] * 4
    assert crew.agents[0].llm.stream is not True
    started = ds.start(crew.kickoff_async, {"topic": "x"}, deadline=LONG_S, show=False)
    assert started.result().raw == "One two three."


def test_streaming_crew_fails_at_once_and_stops(server: ScriptedServer) -> None:
    """A refused task is the error although another is never answered."""

    async def script(call: Call) -> Reply:
        await until(lambda: len(server.calls) >= 3)
        return Reply("no", status=403) if "part 1" in call.prompt else Reply(hang=True)

    server.script = script
    error = kickoff(field_crew(llm_of(server), parts=3, stream=True)).exception()
    assert type(error).__name__ == "PermissionDeniedError"
    assert len(server.calls) == 3


def agent_of(llm: Any, **options: Any) -> Agent:
    return Agent(role="reader", goal="g", backstory="b", llm=llm, **options)


def crew_of(agent: Agent, **options: Any) -> Crew:
    task = Task(description="Say it.", expected_output="It.", agent=agent, **options)
    return Crew(agents=[agent], tasks=[task])


def asking_for_tool(name: str) -> Reply:
    """Ask for a tool by a native call."""
    call = {"id": "1", "type": "function", "function": {"name": name, "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 1_000, "completion_tokens": 10, "total_tokens": 1_010},
    }
    return Reply(raw=json.dumps(body))


def test_answers_that_ask_for_a_tool_are_counted_like_others(server: ScriptedServer) -> None:
    """What a native tool call took is in the crew's usage, and in the cost."""

    @tool("look")
    def look() -> str:
        """Look it up."""
        return "It was there."

    def script(call: Call) -> Reply:
        return asking_for_tool("look") if len(server.calls) == 1 else Reply("Done.")

    server.script = script
    run = ds.kickoff(
        crew_of(agent_of(llm_of(server, max_tokens=100), tools=[look])),
        show=False,
        deadline=LONG_S,
        max_cost=1.0,
    )
    used = run.result().token_usage
    last = len(server.calls[-1].prompt.split())
    assert len(server.calls) == 2
    assert used.successful_requests == 2
    assert used.prompt_tokens == 1_000 + last
    assert run.state.usage.prompt_tokens == 1_000 + last
    assert run.state.cost_usd == pytest.approx((0.15 * (1_000 + last) + 0.6 * 11) / 1e6)


def test_call_that_failed_without_a_word_is_not_waited_for() -> None:
    """A model of the user's own that raises ends at the bound, not in an endless wait."""

    def raises(prompt: str) -> str:
        raise ValueError("the model broke")

    agent = agent_of(ScriptedLLM(model="own", answer=raises), max_retry_limit=3)
    run = ds.kickoff(crew_of(agent), show=False, deadline=LONG_S, max_calls=1)
    assert isinstance(run.exception(), BudgetExceeded)
