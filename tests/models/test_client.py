from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from docsum_nb.budget import Budget
from docsum_nb.errors import BudgetExceeded, ModelError
from docsum_nb.events import CallFinished, Warned
from docsum_nb.ledger import Ledger
from docsum_nb.models import asked_of
from docsum_nb.run import Stopping
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.models.model_samples import REQUEST, Asking, failing_first
from tests.support.loops import on_loop


def test_retries_end_with_the_providers_own_error(server: ScriptedServer) -> None:
    """After max_retries further tries the last error is raised as it was."""
    server.script = lambda call: Reply("no", status=500, headers={"retry-after": "0"})
    with pytest.raises(Exception, match="no") as caught:
        Asking(server, max_retries=2).ask()
    assert type(caught.value).__name__ == "InternalServerError"
    assert len(server.calls) == 3


def test_providers_wish_to_wait_is_honored(server: ScriptedServer) -> None:
    """Retry-After is waited for: the second request comes no earlier."""
    server.script = failing_first(1, status=429, headers={"retry-after": "1"})
    Asking(server).ask()
    first, second = server.calls
    assert second.at - first.at >= 1.0


def test_stored_answer_is_not_asked_for_again(server: ScriptedServer, tmp_path: Path) -> None:
    """The answer is in the ledger when it is seen; the second ask sends nothing."""
    ledger = Ledger(tmp_path / "l")
    first = Asking(server, ledger).ask()
    again = Asking(server, ledger)
    found = again.ask()
    assert (found.text, found.cached, first.cached) == ("A summary.", True, False)
    assert len(server.calls) == 1
    assert again.events == []
    assert again.client.usage.calls == 0


def test_fallback_answers_when_the_first_model_fails(server: ScriptedServer) -> None:
    """The next model is asked after the first one's failure, and the answer says who wrote it."""

    def script(call: Call) -> Reply:
        return Reply("no", status=403) if call.body["model"] == "first" else Reply("second's")

    server.script = script
    asking = Asking(server, fallbacks=["openai/second"])
    answer = asking.ask()
    assert (answer.text, answer.model) == ("second's", "openai/second")
    warnings = [event.message for event in asking.events if isinstance(event, Warned)]
    assert warnings[0].startswith("openai/first (")
    assert [call.body["model"] for call in server.calls] == ["first", "second"]


def test_fallbacks_answer_is_not_taken_for_the_first_models(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """It is kept under the fallback's name; asked without fallbacks, the first model is asked."""
    ledger = Ledger(tmp_path / "l")
    server.script = lambda call: (
        Reply("no", status=403) if call.body["model"] == "first" else Reply("second's")
    )
    Asking(server, ledger, fallbacks=["openai/second"]).ask()
    again = Asking(server, ledger, fallbacks=["openai/second"]).ask()
    assert (again.cached, again.model) == (True, "openai/second")
    with pytest.raises(Exception, match="no"):
        Asking(server, ledger).ask()


def test_when_all_models_fail_the_last_error_tells_of_the_first(server: ScriptedServer) -> None:
    """The note of the error that is raised names what was asked before, and why it failed."""
    server.script = lambda call: Reply(f"no {call.body['model']}", status=403)
    with pytest.raises(Exception, match="no second") as caught:
        Asking(server, fallbacks=["openai/second"]).ask()
    assert "no first" in caught.value.__notes__[0]


def test_answers_that_cannot_be_used_are_metered(server: ScriptedServer) -> None:
    """Empty answers are paid for like others, and are in the usage."""
    server.script = lambda call: Reply(" ")
    asking = Asking(server, max_retries=1)
    with pytest.raises(ModelError):
        asking.ask()
    assert asking.client.usage.calls == len(server.calls) == 2
    assert asking.client.usage.prompt_tokens > 0


def test_stopped_run_sends_nothing(server: ScriptedServer) -> None:
    """Once the run is stopping, asking raises Stopping, and no request goes out."""
    asking = Asking(server)
    asking.control.stopped = ValueError("the first error")
    with pytest.raises(Stopping):
        asking.ask()
    assert server.calls == []


def test_stop_while_trying_again_ends_the_tries(server: ScriptedServer) -> None:
    """A stop between two tries makes the last error final."""
    asking = Asking(server, max_retries=5)

    def script(call: Call) -> Reply:
        asking.control.stopped = ValueError("stop")
        return Reply("no", status=500, headers={"retry-after": "0"})

    server.script = script
    with pytest.raises(Exception, match="no"):
        asking.ask()
    assert len(server.calls) == 1


def test_converse_sends_messages_as_they_are_and_stores_the_answer(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """An agent's own messages go through the same layer."""
    asking = Asking(server, Ledger(tmp_path / "l"))
    messages = [{"role": "user", "content": "Thought: {x}"}]
    for _ in range(2):
        answer = on_loop(asking.client.converse(messages, max_tokens=99, stop=["\nObs"]))
    assert answer.cached
    assert server.calls[0].body["messages"] == messages
    assert server.calls[0].body["stop"] == ["\nObs"]
    assert len(server.calls) == 1
    assert len([e for e in asking.events if isinstance(e, CallFinished)]) == 1


def test_concurrency_limit_of_a_model_holds(server: ScriptedServer) -> None:
    """No more requests are in flight than the model allows, over all askers of the process."""
    server.script = lambda call: Reply(delay=0.05)
    askings = [Asking(server, max_concurrency=2) for _ in range(3)]

    async def all_of_them() -> None:
        requests = [replace(REQUEST, text=f"text {number}") for number in range(12)]
        asked = zip(askings * 4, requests, strict=True)
        await asyncio.gather(*(asking.client.ask(request) for asking, request in asked))

    on_loop(all_of_them())
    assert len(server.calls) == 12
    assert server.most_in_flight <= 2


def cut_at_first(call: Call) -> Reply:
    """Cut an answer off, and give it whole when it is asked for in fewer words."""
    if "cut off" in call.prompt:
        return Reply("A whole answer.")
    return Reply("An answer that was", finish_reason="length")


def test_cut_answer_is_asked_for_once_more_by_the_next_run_too(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A bound between the two is the run's error; the first answer is kept, and never the last."""
    server.script = cut_at_first
    ledger = Ledger(tmp_path / "l")
    with pytest.raises(BudgetExceeded):
        Asking(server, ledger, budget=Budget(max_calls=1)).ask()
    again = Asking(server, ledger, budget=Budget(max_calls=1)).ask()
    assert (again.text, again.finish_reason) == ("A whole answer.", "stop")
    assert len(server.calls) == 2
    assert Asking(server, ledger).ask().cached
    assert len(server.calls) == 2


def test_error_tells_the_model_that_was_asked_last(server: ScriptedServer) -> None:
    """What a fallback answered is not said of the first model."""
    server.script = lambda call: Reply("no", status=403)
    with pytest.raises(Exception, match="no") as caught:
        Asking(server, fallbacks=["openai/second"]).ask()
    asked = asked_of(caught.value)
    assert asked is not None
    assert asked.name == "openai/second"
