from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest

from docsum_nb.ledger import Ledger
from docsum_nb.models.prepared_call import calls_of_request
from docsum_nb.records import Answer, Request
from docsum_nb.testing import Reply, ScriptedServer
from tests.models.model_samples import REQUEST, Asking, failing_first
from tests.support.loops import on_loop


def asked_at_once(askings: list[Asking]) -> list[Any]:
    async def all_of_them() -> list[Any]:
        asked = [asking.client.ask(REQUEST) for asking in askings]
        return list(await asyncio.gather(*asked, return_exceptions=True))

    return on_loop(all_of_them())


@pytest.mark.parametrize("kept", [True, False])
def test_same_question_at_once_is_one_request(
    server: ScriptedServer,
    tmp_path: Path,
    kept: bool,  # noqa: FBT001
) -> None:
    """Three runs share a request in flight, with a ledger or without; one of them pays."""
    server.script = lambda call: Reply(delay=0.1)
    askings = [Asking(server, Ledger(tmp_path / "l") if kept else None) for _ in range(3)]
    answers = asked_at_once(askings)
    assert len(server.calls) == 1
    assert {answer.text for answer in answers} == {"A summary."}
    assert sorted(answer.cached for answer in answers) == [False, True, True]
    assert sorted(asking.client.usage.calls for asking in askings) == [0, 0, 1]


@pytest.mark.parametrize("kept", [True, False])
def test_failure_is_not_shared(server: ScriptedServer, tmp_path: Path, kept: bool) -> None:  # noqa: FBT001
    """If the one in flight fails, the next asks by itself, and the third shares its answer."""
    server.script = failing_first(1, status=400, delay=0.1)
    askings = [Asking(server, Ledger(tmp_path / "l") if kept else None) for _ in range(3)]
    failed, *answers = asked_at_once(askings)
    assert isinstance(failed, Exception)
    assert [answer.text for answer in answers] == ["yes", "yes"]
    assert len(server.calls) == 2


def test_cancellation_is_not_shared(server: ScriptedServer) -> None:
    """If the one in flight is cancelled, the next asks by itself."""

    async def cancelled_then_answered() -> Answer:
        arrived = asyncio.Event()
        loop = asyncio.get_running_loop()

        def script(call: Any) -> Reply:
            loop.call_soon_threadsafe(arrived.set)
            return Reply(hang=True) if call.number == 0 else Reply("yes")

        server.script = script
        first, second = (asyncio.create_task(Asking(server).client.ask(REQUEST)) for _ in range(2))
        await arrived.wait()
        first.cancel()
        return await second

    answer = on_loop(cancelled_then_answered())
    assert (answer.text, answer.cached) == ("yes", False)
    assert len(server.calls) == 2


def test_one_after_the_other_is_asked_again_without_a_ledger(server: ScriptedServer) -> None:
    """Nothing is kept where nothing is to be kept."""
    asking = Asking(server)
    assert [asking.ask().cached, asking.ask().cached] == [False, False]
    assert len(server.calls) == 2


def test_parameters_that_no_key_can_be_made_of_do_without(server: ScriptedServer) -> None:
    """Such parameters need no key where there is no ledger; nothing is shared then."""
    asking = Asking(server, params={"metadata": {"what": {1, 2}}})
    assert asking.ask().text == "A summary."


OTHER = replace(REQUEST, text="another text")


def test_what_another_run_stored_after_the_look_up_is_not_paid_again(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A key that was not there is looked up again once another run has stored an answer."""
    first, second = (Asking(server, Ledger(tmp_path / "l")) for _ in range(2))
    assert first.client.look_up([REQUEST, OTHER]) == {}
    second.ask()
    assert first.ask().cached
    assert not first.ask(OTHER).cached
    assert len(server.calls) == 2


def test_what_another_process_stored_is_found_after_the_next_answer(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Its writing is seen when this run writes, and what was not there is looked up again."""
    asking = Asking(server, Ledger(tmp_path / "l"))
    assert asking.client.look_up([REQUEST, OTHER]) == {}
    (call,) = calls_of_request([asking.client.model], REQUEST)
    # No run of this process: it goes past the cache, as another process does.
    Ledger(tmp_path / "l").put(call.key, Answer("theirs", "openai/first", ended="stop"))
    asking.ask(OTHER)
    assert asking.ask().text == "theirs"
    assert len(server.calls) == 1


def test_requests_of_an_iterator_are_looked_up_in_batches(
    server: ScriptedServer, tmp_path: Path
) -> None:
    asking = Asking(server, Ledger(tmp_path / "l"))
    (call,) = calls_of_request([asking.client.model], replace(REQUEST, text="text 2500"))
    Ledger(tmp_path / "l").put(call.key, Answer("stored", "openai/first", ended="stop"))
    alive: WeakSet[Request] = WeakSet()
    most = 0

    def requests() -> Iterator[Request]:
        nonlocal most
        for number in range(3_000):
            request = replace(REQUEST, text=f"text {number}")
            alive.add(request)
            most = max(most, len(alive))
            yield request

    assert list(asking.client.look_up(requests())) == [2500]
    assert most < 1_500
