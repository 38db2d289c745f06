from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import BudgetExceeded, ModelError
from docsum_nb.ledger import Ledger
from docsum_nb.models.reasoning import part
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.linear.growth import Case, measure
from tests.models.model_samples import Asking, shown_text

THOUGHT = "Okay, let me see. The text is about ships"
GOOD = "Ships carry coal."


def thinking(needed: int, *, tagged: bool = False) -> Any:
    """Answer as a model that thinks for a while before it writes, in the room that it is given."""

    def script(call: Call) -> Reply:
        room = call.body["max_tokens"]
        if room >= needed:
            return Reply(f"<think>{THOUGHT}</think>{GOOD}" if tagged else GOOD)
        if tagged:
            return Reply(f"<think>{THOUGHT}", finish_reason="length")
        message = {"role": "assistant", "content": None, "reasoning_content": THOUGHT}
        choice = {"index": 0, "message": message, "finish_reason": "length"}
        usage = {"prompt_tokens": 9, "completion_tokens": room, "total_tokens": room + 9}
        body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
        return Reply(raw=json.dumps({**body, "choices": [choice], "usage": usage}))

    return script


@pytest.mark.parametrize("tagged", [False, True])
def test_model_that_used_its_room_up_gets_more(
    server: ScriptedServer,
    tmp_path: Path,
    tagged: bool,  # noqa: FBT001
) -> None:
    """Once, then at once for all that is asked after it; the answer is found under its own key."""
    server.script = thinking(2000, tagged=tagged)
    ledger = Ledger(tmp_path / "l")
    asking = Asking(server, ledger, context_window=32_000)
    assert asking.ask().text == GOOD
    rooms = [call.body["max_tokens"] for call in server.calls]
    assert rooms[0] == 150
    assert 2000 < rooms[1] < 32_000
    from dataclasses import replace

    from tests.models.model_samples import REQUEST

    assert asking.ask(replace(REQUEST, text="other")).text == GOOD
    assert len(server.calls) == 3
    assert Asking(server, ledger, context_window=32_000).ask().cached
    assert len(server.calls) == 3


@pytest.mark.parametrize(
    ("options", "requests"),
    [({"context_window": 32_000}, 2), ({"params": {"max_tokens": 300}}, 2)],
)
def test_error_says_what_to_set(
    server: ScriptedServer, options: dict[str, Any], requests: int
) -> None:
    """If more room does not help, or the user has set it; both answers are paid for."""
    server.script = thinking(10**9)
    asking = Asking(server, **options)
    with pytest.raises(ModelError, match=r"max_tokens.*reasoning_effort.*context_window"):
        asking.ask()
    assert len(server.calls) == asking.client.usage.calls == requests


def test_room_is_within_the_window_and_the_budget(server: ScriptedServer) -> None:
    """A bound of the run's holds for the longer answer, too; a small window is not passed."""
    server.script = thinking(10**9)
    with pytest.raises(ModelError):
        Asking(server, context_window=1_024).ask()
    rooms = [call.body["max_tokens"] for call in server.calls]
    assert rooms[0] < rooms[1] < 1_024
    model = ds.Model("openai/x", base_url=server.base_url, context_window=32_000)
    run = ds.summarize({"a": "Ships."}, model=model, max_tokens=3_000, ledger=False, show=False)
    assert isinstance(run.exception(60), BudgetExceeded)


def test_run_that_ended_after_the_first_answer_goes_on_with_the_second(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """What used its room up is known by then: it is not asked for in the same room again."""
    server.script = lambda call: (
        thinking(2000)(call) if call.number == 0 else Reply("no", status=401)
    )
    ledger = Ledger(tmp_path / "l")
    with pytest.raises(Exception, match=r"401|no"):
        Asking(server, ledger, context_window=32_000).ask()
    server.script = thinking(2000)
    assert Asking(server, ledger, context_window=32_000).ask().text == GOOD
    assert [call.body["max_tokens"] > 2000 for call in server.calls] == [False, True, True]


def test_thought_without_an_opening_mark_is_shown_once_at_most(server: ScriptedServer) -> None:
    """The next text of the same model is held back; what is shown in the end is the answer."""
    server.script = lambda call: Reply(f"The text is on ships.\n</think>\n\n{GOOD}", gap=0.01)
    first = Asking(server)
    assert first.stream().text == GOOD == shown_text(first.events)
    second = Asking(server)
    assert second.stream().text == GOOD
    assert shown_text(second.events) == GOOD
    assert not [event.text for event in second.shown if "on ships" in event.text]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (f"{GOOD}<|im_end|>\n<|endoftext|>", GOOD),
        (f"{GOOD}</s>", GOOD),
        ("HTML strikes out so: <s>coal</s>", None),
        ('Two: <s class="x">coal</s>, <s>grain</s>', None),
        ('A step:\n<step>\n<reasoning type="x">coal</reasoning>\n</step>', None),
        ('The log:\n<thought id="1">coal</thought>\n<thought id="2">grain</thought>', None),
        (f"{THOUGHT}\n</reasoning>\n{GOOD}", GOOD),
    ],
)
def test_marks_that_are_part_of_a_text_stay_in_it(text: str, answer: str | None) -> None:
    """Elements of HTML and XML have an opening tag, also one with attributes."""
    assert part(text).answer == (answer or text)


@pytest.mark.parametrize(
    "seed",
    ["<think>", "</think>", "<think></think>", "[/THINK] ", "◁think▷", "<|channel|>final", "< ",
     "</think> x", "<answer>", "analysisX", "`</think>` "],
)  # fmt: skip
def test_thoughts_are_parted_in_linear_time(seed: str) -> None:
    """Any marks, in any number."""
    from docsum_nb.models.streaming import StreamedText

    def stream(text: str) -> None:
        part(text)
        shown = StreamedText()
        for at in range(0, len(text), 50):
            shown.add(text[at : at + 50])
        shown.end()

    case = Case(seed, stream, lambda size: seed * (size // len(seed)))
    assert measure(case, longest=512_000, enough_s=0.2).is_linear
