from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from docsum_nb.budget import Budget
from docsum_nb.errors import BudgetExceeded, ModelError
from docsum_nb.events import CallFinished, CallStarted, Warned
from docsum_nb.ledger import Ledger
from docsum_nb.models import Model, ModelClient, SummaryStream, litellm_model, open_model
from docsum_nb.models.streaming import StreamedText
from docsum_nb.records import Answer, Usage
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.models.model_samples import REQUEST, Asking, shown_text
from tests.support.controls import StandaloneControl
from tests.support.loops import on_loop

LONG = " ".join(f"word{number}" for number in range(40))


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process remembers of models is forgotten from test to test."""
    monkeypatch.setattr(litellm_model, "_unstreamed", set())


def streamed(call: Call) -> bool:
    return bool(call.body.get("stream"))


def outcome(ask: Any) -> tuple[Any, ...]:
    """Return all that is known of an answer, or of the error in its place."""
    try:
        answer: Answer = ask()
    except ModelError as error:
        return str(error), error.usage
    return answer.text, answer.usage, answer.finish_reason, answer.counted


@pytest.mark.parametrize(
    "reply",
    [
        Reply(LONG),
        Reply(f" \n{LONG}\n\n"),
        Reply("Half of", finish_reason="length"),
        Reply("I cannot summarize this."),
        Reply("Half of it", finish_reason="content_filter"),
        Reply("<think>What to say, and how</think>\n\nThe summary of it."),
        Reply(LONG, usage=False),
        Reply(LONG, cached=10),
        Reply("Half a \ud83d character"),
    ],
)
def test_streamed_answer_is_the_unstreamed_one(server: ScriptedServer, reply: Reply) -> None:
    """Text, usage, cost, reason and the errors of bad answers do not depend on how it came."""
    server.script = lambda call: reply
    plain, stream = (Asking(server, prices=(3.0, 9.0)) for _ in range(2))
    assert outcome(stream.stream) == outcome(plain.ask)
    half = len(server.calls) // 2
    assert list(map(streamed, server.calls)) == [True] * half + [False] * half
    assert stream.client.usage == plain.client.usage
    assert (plain.client.usage.cost_usd or 0) > 0


def test_streamed_refusal_is_known_as_one(server: ScriptedServer) -> None:
    """LiteLLM drops the refusals of streams: the model is asked plainly, and says so."""
    server.script = lambda call: Reply(refusal="No, this one I do not do.")
    asking = Asking(server)
    with pytest.raises(ModelError, match="refused"):
        asking.stream()
    assert asking.client.usage.calls == len(server.calls) == 4
    server.script = lambda call: Reply()
    server.calls.clear()
    Asking(server).stream()
    assert list(map(streamed, server.calls)) == [True]


def test_streamed_answer_is_stored_under_the_same_key(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """What was streamed is found unstreamed, and the other way around, and shown whole."""
    ledger = Ledger(tmp_path / "l")
    assert not Asking(server, ledger).stream().cached
    assert Asking(server, ledger).ask().cached
    again = Asking(server, ledger)
    assert again.stream().cached
    assert [(event.text, event.begins) for event in again.shown] == [("A summary.", True)]
    assert len(server.calls) == 1


def test_pieces_are_few_and_joined_they_are_the_text(server: ScriptedServer) -> None:
    """A token each would be hundreds of events; the first says that a text begins."""
    server.script = lambda call: Reply(LONG, gap=0.01)
    asking = Asking(server)
    asking.stream()
    assert "".join(event.text for event in asking.shown) == LONG
    assert {event.label for event in asking.shown} == {"summary"}
    assert [event.begins for event in asking.shown] == [True] + [False] * (len(asking.shown) - 1)
    assert len(asking.shown) > 2
    apart = [after.at - before.at for before, after in itertools.pairwise(asking.shown[:-1])]
    assert min(apart) >= 0.045
    # The text is seen while it is written, not afterwards.
    finished = next(event for event in asking.events if isinstance(event, CallFinished))
    assert asking.events.index(asking.shown[1]) < asking.events.index(finished)


def test_burst_of_pieces_leaves_the_loop_to_others(server: ScriptedServer) -> None:
    """What arrives all at once is shown piece by piece too, as the loop goes on meanwhile."""
    server.script = lambda call: Reply(" ".join([LONG] * 15))
    asking = Asking(server)
    asking.stream()
    assert len(asking.shown) > 3


def test_stream_that_is_cut_is_tried_again_and_begins_anew(server: ScriptedServer) -> None:
    """What was shown of the broken answer is void; the next attempt's first piece says so."""

    def script(call: Call) -> Reply:
        if call.number == 0:
            return Reply("A broken answer.", words=2, cut=True, gap=0.1)
        return Reply(LONG, gap=0.01)

    server.script = script
    asking = Asking(server)
    assert asking.stream().text == shown_text(asking.events) == LONG
    assert [event.attempt for event in asking.events if isinstance(event, CallStarted)] == [1, 2]
    assert list(map(streamed, server.calls)) == [True, True]
    begun = [event.text for event in asking.shown if event.begins]
    assert begun[0].startswith("A")
    assert begun[1].startswith("word0")
    assert len(begun) == 2


def test_streams_that_break_off_twice_are_asked_for_plainly(server: ScriptedServer) -> None:
    """What cuts two streams may cut them all; the third try comes whole, and the error is its own.

    The error of a broken stream is the provider's, without what LiteLLM wraps around it.
    """
    server.script = lambda call: (
        Reply("One two", words=1, cut=True) if streamed(call) else Reply("Whole.")
    )
    asking = Asking(server)
    assert asking.stream().text == shown_text(asking.events) == "Whole."
    assert list(map(streamed, server.calls)) == [True, True, False]
    with pytest.raises(Exception, match="payload is not completed") as caught:
        Asking(server, max_retries=0).stream()
    assert type(caught.value).__name__ == "APIConnectionError"


def test_stream_that_ends_without_a_reason_is_not_taken_for_whole(server: ScriptedServer) -> None:
    """LiteLLM says "stop" for it; it is asked for plainly, reported, and not streamed again."""
    server.script = lambda call: Reply("A half sentence", words=2) if streamed(call) else Reply()
    asking = Asking(server, max_retries=0)
    assert asking.stream().text == shown_text(asking.events) == "A summary."
    # The number of pieces of an answer depends on the clock.
    begins = [event.begins for event in asking.shown]
    assert (begins[0], begins.count(True)) == (True, 2)
    warned = [event.message for event in asking.events if isinstance(event, Warned)]
    assert "openai/first ended a stream without saying that the answer is whole" in warned[0]
    Asking(server).stream()
    assert list(map(streamed, server.calls)) == [True, False, False]


@pytest.mark.parametrize(
    ("status", "drop_params"), [(400, False), (404, True), (422, False), (422, True), (501, False)]
)
def test_server_without_streams_is_asked_plainly_and_that_is_remembered(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, status: int, *, drop_params: bool
) -> None:
    """A refused stream is a request sent, but no try; the next text is not asked for as one."""
    # CrewAI sets it for the whole process; by itself LiteLLM then sends twice what a 422 refuses.
    monkeypatch.setattr("litellm.drop_params", drop_params)
    server.script = lambda call: Reply("no stream", status=status) if streamed(call) else Reply()
    budget = Budget(max_calls=2)
    asking = Asking(server, max_retries=0, budget=budget)
    assert asking.stream().text == shown_text(asking.events) == "A summary."
    assert len([event for event in asking.events if isinstance(event, CallStarted)]) == 2
    assert asking.client.usage.calls == 1
    with pytest.raises(BudgetExceeded):
        asking.ask(replace(REQUEST, text="another"))
    Asking(server).stream()
    assert list(map(streamed, server.calls)) == [True, False, False]


def test_request_that_is_refused_either_way_says_nothing_of_streams(server: ScriptedServer) -> None:
    """The error is the plain request's, and the model is asked for streams again."""
    server.script = lambda call: Reply("bad parameter", status=400)
    for _ in range(2):
        with pytest.raises(Exception, match="bad parameter") as caught:
            Asking(server).stream()
        assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert list(map(streamed, server.calls)) == [True, False] * 2


def test_server_that_answers_a_stream_at_once_is_asked_plainly(server: ScriptedServer) -> None:
    """The client sees an empty stream in it; no answer is made up of that."""
    server.script = lambda call: Reply("Whole.", whole=True)
    asking = Asking(server, max_retries=0)
    assert asking.stream().text == shown_text(asking.events) == "Whole."
    assert list(map(streamed, server.calls)) == [True, False]


def test_stalled_stream_times_out_and_its_connection_is_closed(server: ScriptedServer) -> None:
    """No piece for the model's timeout is a timeout; the next attempt starts again."""
    server.script = lambda call: (
        Reply("One two three", words=2, hang=True) if call.number == 0 else Reply("Whole.")
    )
    asking = Asking(server, timeout=1.0)
    assert asking.stream().text == shown_text(asking.events) == "Whole."
    assert server.gone == [0]
    server.script = lambda call: Reply("One two", words=1, hang=True)
    with pytest.raises(TimeoutError, match="wrote nothing more for 1 s"):
        Asking(server, timeout=1.0, max_retries=0).stream()


def test_stream_may_take_longer_than_the_timeout_but_not_for_ever(server: ScriptedServer) -> None:
    """The timeout is from piece to piece; give_up_after bounds the whole."""
    server.script = lambda call: Reply("1 2 3 4 5 6 7", gap=0.25)
    assert Asking(server, timeout=1.0).stream().text == "1 2 3 4 5 6 7"
    assert len(server.calls) == 1
    server.script = lambda call: Reply(LONG, gap=0.1)
    with pytest.raises(TimeoutError, match="still writing after give_up_after"):
        Asking(server, timeout=1.0, give_up_after=0.6).stream()
    assert len(server.calls) == 2


def test_cancelled_stream_closes_its_connection_at_once(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """The server sees its client go, nothing is stored, and the budget keeps the reservation."""
    ledger = Ledger(tmp_path / "l")
    server.script = lambda call: Reply(LONG, words=3, hang=True)
    asking = Asking(server, ledger, budget=Budget(max_tokens=800))

    async def cancelled() -> None:
        task = asyncio.create_task(asking.streaming())
        while not asking.shown:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while not server.gone:
            await asyncio.sleep(0.01)

    on_loop(cancelled())
    assert server.gone == [0]
    assert len(ledger) == 0
    with pytest.raises(BudgetExceeded):
        asking.ask(replace(REQUEST, max_tokens=700))


def test_nothing_is_shown_after_the_run_was_stopped(server: ScriptedServer) -> None:
    """An answer in flight may land and be stored; the views have seen the end."""
    asking = Asking(server)

    def script(call: Call) -> Reply:
        asking.control.stopped = ValueError("stop")
        return Reply(LONG, gap=0.01)

    server.script = script
    assert asking.stream().text == LONG
    assert asking.shown == []


def test_cut_answers_repair_starts_again_and_the_text_shown_last_is_the_answer(
    server: ScriptedServer,
) -> None:
    """If the repair fails, the first text is the answer after all, and shown again."""

    def script(call: Call) -> Reply:
        if call.number == 0:
            return Reply("Cut off here", finish_reason="length")
        return Reply("I cannot summarize this.") if refusing else Reply("Whole.")

    server.script = script
    for refusing, text in ((False, "Whole."), (True, "Cut off here")):
        server.calls.clear()
        asking = Asking(server)
        assert asking.stream().text == shown_text(asking.events) == text
        # A text that is void before it is shown is not shown.
        assert asking.shown[0].begins, refusing


def test_fallback_streams_and_begins_anew(server: ScriptedServer) -> None:
    """The first model's broken text is void once the next one writes."""
    server.script = lambda call: (
        Reply("One two", words=1, cut=True) if call.body["model"] == "first" else Reply("Second's.")
    )
    asking = Asking(server, fallbacks=["openai/second"], max_retries=0)
    assert asking.stream().text == shown_text(asking.events) == "Second's."
    assert all(map(streamed, server.calls))


def test_model_that_is_turned_away_streams_when_its_turn_comes(server: ScriptedServer) -> None:
    """A 429 is no broken stream, however often."""
    server.script = lambda call: (
        Reply("no", status=429, headers={"retry-after": "0"}) if call.number < 3 else Reply()
    )
    asking = Asking(server)
    assert asking.stream().text == "A summary."
    assert all(map(streamed, server.calls))
    assert [event.begins for event in asking.shown if event.begins] == [True]


def test_same_question_at_once_is_streamed_once(server: ScriptedServer) -> None:
    """Who asks first streams; the other shows the text whole."""
    server.script = lambda call: Reply(LONG, gap=0.01)
    askings = [Asking(server) for _ in range(2)]

    async def both() -> list[Answer]:
        return await asyncio.gather(*(asking.streaming() for asking in askings))

    assert [answer.cached for answer in on_loop(both())] == [False, True]
    assert len(server.calls) == 1
    assert [len(asking.shown) > 1 for asking in askings] == [True, False]
    assert {shown_text(asking.events) for asking in askings} == {LONG}


def test_json_and_talks_are_not_streamed(server: ScriptedServer) -> None:
    """There is nothing in them to read."""

    class Findings(BaseModel):
        title: str

    server.script = lambda call: Reply('{"title": "Whales"}')
    asking = Asking(server)
    asking.client.stream = SummaryStream(asking.control, label="summary")
    on_loop(asking.client.ask(replace(REQUEST, schema=Findings), final=True))
    messages = [{"role": "user", "content": "Thought"}]
    on_loop(asking.client.converse(messages, max_tokens=9, stop=[]))
    assert not any(map(streamed, server.calls))
    assert asking.shown == []


def test_usage_that_no_provider_reported_is_counted_with_a_warning(server: ScriptedServer) -> None:
    """Nothing is taken for free; streamed or not, a warning says that figures are our own."""
    server.script = lambda call: Reply(LONG, usage=False)
    for ask in (Asking.ask, Asking.stream):
        asking = Asking(server, prices=(1.0, 1.0))
        usage = ask(asking).usage
        assert usage.completion_tokens == asking.client.model.count(LONG)
        assert usage.cost_usd == pytest.approx(
            (usage.prompt_tokens + usage.completion_tokens) / 1e6
        )
        warned = [event.message for event in asking.events if isinstance(event, Warned)]
        assert "reports no usage" in warned[0]
    server.script = lambda call: Reply(LONG)
    asking = Asking(server)
    usage = asking.stream().usage
    assert usage == Usage(1, len(server.calls[-1].prompt.split()), 40, None)
    assert not [event for event in asking.events if isinstance(event, Warned)]


def test_extractive_text_is_shown_in_one_piece() -> None:
    """It does not write piece by piece, and there is one piece all the same."""
    asking = Asking.__new__(Asking)
    asking.events = []
    asking.control = StandaloneControl(asking.events)
    asking.client = ModelClient(
        [open_model(Model("extractive"))], ledger=None, control=asking.control
    )
    request = replace(REQUEST, text="Whales are mammals. They live in the sea and breathe air.")
    answer = asking.stream(request)
    assert [event.text for event in asking.shown] == [answer.text]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("  A text.\n\nOf two parts. \n", "A text.\n\nOf two parts."),
        ("<think>a > b</think>\n\nText", "Text"),
        ("<thinking>a</thinking>Text", "Text"),
        ("<budget:thinking>a</budget:thinking> Text ", "Text"),
        ("<think>no end", ""),
        ("<thin air>", "<thin air>"),
        ("<", "<"),
        ("a <think>b</think>", "a <think>b</think>"),
        (" <think>b</think> c", "c"),
        ("[THINK]a[/THINK] \n<think>b</think> C", "C"),
        ("◁think▷a◁/think▷C", "C"),
        ("Okay, so. It is </think> C", "C"),
        ("Okay. The end of it.", "Okay. The end of it."),
        ("Ships in `</think>` and </think>.", "Ships in `</think>` and </think>."),
        ("a < b, c <| d, [ e ]", "a < b, c <| d, [ e ]"),
        ("x \ud83d\ude00 y", "x \U0001f600 y"),
        ("x\ud83d", "x\ufffd"),
        ("", ""),
        (" ", ""),
    ],
)
def test_pieces_of_any_size_come_to_the_same_text(raw: str, text: str) -> None:
    """However a text is cut into pieces, what is shown of it, joined, is the whole text."""
    for size in range(1, len(raw) + 2):
        seen = StreamedText()
        pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
        shown = [seen.add(piece) for piece in pieces]
        assert "".join([*shown, seen.end()]) == seen.whole == text
