from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from docsum_nb.errors import ModelError
from docsum_nb.events import CallFinished, CallStarted, Event, Warned
from docsum_nb.ledger import Ledger
from docsum_nb.models import Asker, Model, open_model
from docsum_nb.models.limit import Limiter
from docsum_nb.models.retry import is_transient
from docsum_nb.records import Answer, Request
from docsum_nb.run import Control, Stopping
from tests.loopback import Call, Loopback, Reply
from tests.loops import on_loop

REQUEST = Request("role", "instructions", "text", 50, 150)


class Asking:
    """An asker on a loopback server, with what it told and the word to stop."""

    def __init__(self, server: Loopback, ledger: Ledger | None = None, **options: Any) -> None:
        fallbacks = options.pop("fallbacks", ())
        self.events: list[Event] = []
        self.stopped: BaseException | None = None
        settings = [
            Model(name, base_url=server.base_url, **options)
            for name in ("openai/first", *fallbacks)
        ]
        control = Control("run", self.events.append, lambda error: None, lambda: self.stopped)
        self.asker = Asker([open_model(each) for each in settings], ledger=ledger, control=control)

    def ask(self) -> Answer:
        return on_loop(self.asker.ask(REQUEST))


def failing_first(times: int, **reply: Any) -> Any:
    return lambda call: Reply("no", **reply) if call.number < times else Reply("yes")


@pytest.mark.parametrize(
    "reply", [{"status": 429}, {"status": 500}, {"status": 503}, {"status": 408}, {"cut": True}]
)
def test_what_may_pass_is_tried_again(server: Loopback, reply: dict[str, Any]) -> None:
    """A limit, a server's fault or a cut connection costs one more request, not the run."""
    server.script = failing_first(1, headers={"retry-after": "0"}, **reply)
    asking = Asking(server)
    assert asking.ask().text == "yes"
    assert len(server.calls) == 2
    assert [e.attempt for e in asking.events if isinstance(e, CallStarted)] == [1, 2]
    assert asking.asker.usage.calls == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_will_not_pass_is_asked_once(server: Loopback, status: int) -> None:
    """A refused key or a bad request is one HTTP request, counted at the server."""
    server.script = lambda call: Reply("no", status=status)
    with pytest.raises(Exception, match="no"):
        Asking(server).ask()
    assert len(server.calls) == 1


def test_retries_end_with_the_providers_own_error(server: Loopback) -> None:
    """After max_retries further tries the last error is raised as it was."""
    server.script = lambda call: Reply("no", status=500, headers={"retry-after": "0"})
    with pytest.raises(Exception, match="no") as caught:
        Asking(server, max_retries=2).ask()
    assert type(caught.value).__name__ == "InternalServerError"
    assert len(server.calls) == 3


def test_providers_wish_to_wait_is_honored(server: Loopback) -> None:
    """Retry-After is waited for: the second request comes no earlier."""
    server.script = failing_first(1, status=429, headers={"retry-after": "1"})
    Asking(server).ask()
    first, second = server.calls
    assert second.at - first.at >= 1.0


def test_stored_answer_is_not_asked_for_again(server: Loopback, tmp_path: Path) -> None:
    """The answer is in the ledger when it is seen; the second ask sends nothing."""
    ledger = Ledger(tmp_path / "l")
    first = Asking(server, ledger).ask()
    again = Asking(server, ledger)
    found = again.ask()
    assert (found.text, found.cached, first.cached) == ("A summary.", True, False)
    assert len(server.calls) == 1
    assert again.events == []
    assert again.asker.usage.calls == 0


def test_fallback_answers_when_the_first_model_fails(server: Loopback) -> None:
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
    server: Loopback, tmp_path: Path
) -> None:
    """It is kept under the fallback's name; asked without fallbacks, the first model is asked."""
    ledger = Ledger(tmp_path / "l")
    server.script = lambda call: (
        Reply("no", status=403) if call.body["model"] == "first" else Reply("second's")
    )
    Asking(server, ledger, fallbacks=["openai/second"]).ask()
    assert Asking(server, ledger, fallbacks=["openai/second"]).ask().cached
    with pytest.raises(Exception, match="no"):
        Asking(server, ledger).ask()


def test_when_all_models_fail_the_last_error_tells_of_the_first(server: Loopback) -> None:
    """The note of the error that is raised names what was asked before, and why it failed."""
    server.script = lambda call: Reply(f"no {call.body['model']}", status=403)
    with pytest.raises(Exception, match="no second") as caught:
        Asking(server, fallbacks=["openai/second"]).ask()
    assert "no first" in caught.value.__notes__[0]


def test_answers_that_cannot_be_used_are_metered(server: Loopback) -> None:
    """Empty answers are paid for like others, and are in the usage."""
    server.script = lambda call: Reply(" ")
    asking = Asking(server, max_retries=1)
    with pytest.raises(ModelError):
        asking.ask()
    assert asking.asker.usage.calls == len(server.calls) == 2
    assert asking.asker.usage.prompt_tokens > 0


def test_stopped_run_sends_nothing(server: Loopback) -> None:
    """Once the run is stopping, asking raises Stopping, and no request goes out."""
    asking = Asking(server)
    asking.stopped = ValueError("the first error")
    with pytest.raises(Stopping):
        asking.ask()
    assert server.calls == []


def test_stop_while_trying_again_ends_the_tries(server: Loopback) -> None:
    """A stop between two tries makes the last error final."""
    asking = Asking(server, max_retries=5)

    def script(call: Call) -> Reply:
        asking.stopped = ValueError("stop")
        return Reply("no", status=500, headers={"retry-after": "0"})

    server.script = script
    with pytest.raises(Exception, match="no"):
        asking.ask()
    assert len(server.calls) == 1


def test_converse_sends_messages_as_they_are_and_stores_the_answer(
    server: Loopback, tmp_path: Path
) -> None:
    """An agent's own messages go through the same layer."""
    asking = Asking(server, Ledger(tmp_path / "l"))
    messages = [{"role": "user", "content": "Thought: {x}"}]
    for _ in range(2):
        answer = on_loop(asking.asker.converse(messages, max_tokens=99, stop=["\nObs"]))
    assert answer.cached
    assert server.calls[0].body["messages"] == messages
    assert server.calls[0].body["stop"] == ["\nObs"]
    assert len(server.calls) == 1
    assert len([e for e in asking.events if isinstance(e, CallFinished)]) == 1


def test_concurrency_limit_of_a_model_holds(server: Loopback) -> None:
    """No more requests are in flight than the model allows, over all askers of the process."""
    server.script = lambda call: Reply(delay=0.05)
    askings = [Asking(server, max_concurrency=2) for _ in range(3)]

    async def all_of_them() -> None:
        await asyncio.gather(*(a.asker.ask(REQUEST) for a in askings for _ in range(4)))

    on_loop(all_of_them())
    assert len(server.calls) == 12
    assert server.most_in_flight <= 2


def test_rates_pace_requests_and_tokens() -> None:
    """A minute's limit is a second's share: the first second does not get the whole minute."""

    async def passed(limiter: Limiter, tokens: int) -> int:
        done = 0

        async def one() -> None:
            nonlocal done
            async with limiter.turn(tokens):
                done += 1

        tasks = [asyncio.create_task(one()) for _ in range(50)]
        await asyncio.wait(tasks, timeout=0.2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return done

    by_requests = on_loop(passed(Limiter(Model("m", requests_per_minute=300)), 1))
    by_tokens = on_loop(passed(Limiter(Model("m", tokens_per_minute=12_000)), 100))
    assert 5 <= by_requests <= 30
    assert 10 <= by_tokens <= 40
    assert on_loop(passed(Limiter(Model("m")), 1)) == 50


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (TimeoutError(), True),
        (ConnectionResetError(), True),
        (ModelError("empty"), True),
        (ValueError(), False),
        (KeyError(), False),
    ],
)
def test_errors_without_a_status_are_told_by_kind(error: Exception, transient: bool) -> None:  # noqa: FBT001
    """Connections, timeouts and empty answers may pass; errors of the program do not."""
    assert is_transient(error) is transient


def test_same_question_at_once_is_one_request(server: Loopback, tmp_path: Path) -> None:
    """Two runs with one ledger share a request that is in flight, and its failure is not shared."""
    server.script = lambda call: Reply(delay=0.1)
    askings = [Asking(server, Ledger(tmp_path / "l")) for _ in range(3)]

    async def all_of_them() -> list[Answer]:
        return await asyncio.gather(*(asking.asker.ask(REQUEST) for asking in askings))

    answers = on_loop(all_of_them())
    assert len(server.calls) == 1
    assert sorted(answer.cached for answer in answers) == [False, True, True]

    server.script = lambda call: (
        Reply("no", status=400, delay=0.1) if call.number == 1 else Reply("yes")
    )
    askings = [Asking(server, Ledger(tmp_path / "m")) for _ in range(2)]

    async def both() -> list[Any]:
        asked = [asking.asker.ask(REQUEST) for asking in askings]
        return await asyncio.gather(*asked, return_exceptions=True)

    failed, answered = on_loop(both())
    assert isinstance(failed, Exception)
    assert answered.text == "yes"
