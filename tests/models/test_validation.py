from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from docsum_nb.errors import InputError, ModelError
from docsum_nb.ledger import Ledger
from docsum_nb.models import Model, ModelClient, open_model
from docsum_nb.models.validation import checked
from docsum_nb.records import Answer, Request
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.models.model_samples import REQUEST, Asking
from tests.support.controls import StandaloneControl
from tests.support.loops import on_loop

REFUSAL = "I'm sorry, but I can't assist with that request."


class Findings(BaseModel):
    title: str
    points: list[str]


STRUCTURED = replace(REQUEST, schema=Findings)
GOOD = '{"title": "Whales", "points": ["They sing."]}'


def answering(*replies: Reply) -> Any:
    """Answer with each in turn, the last one again and again."""
    return lambda call: replies[min(call.number, len(replies) - 1)]


@pytest.mark.parametrize(
    "text",
    [
        REFUSAL,
        "I’m sorry, but I can’t help with that.",
        "I cannot assist with that request.",
        "I can't summarize this document.",
        "I'm not able to summarize this text because it contains harmful content.",
        "As an AI language model, I cannot provide a summary of this text.",
        "I apologize, but I am not able to generate that summary.",
        "Unfortunately, I cannot provide a summary of this text.",
        "I must decline to summarize this material.",
        "I won't be able to help with that.",
        "I do not feel comfortable summarizing this content.",
        "My apologies, but I can't do that.",
        "**I'm unable to help you with this.**",
    ],
)
def test_refusals_are_known_by_their_words(text: str) -> None:
    """Short answers that begin as models refuse are refusals."""
    _, flaw = checked(Answer(text, "m"), REQUEST)
    assert flaw is not None
    assert flaw.kind == "refused"


@pytest.mark.parametrize(
    "text",
    [
        "The assistant said: I'm sorry, but I can't assist with that request.",
        "Sorry is the hardest word, the book argues.",
        "Unfortunately, the company cannot provide a refund.",
        "We cannot provide exact figures for 2020, the report says.",
        "I cannot help feeling that the author is right.",
        "I can't assist, said the captain, "
        + " ".join(f"and sailed for port{i}" for i in range(30)),
        "The court refused to help. It cannot comply with the request.",
    ],
)
def test_summaries_that_tell_of_refusing_are_none(text: str) -> None:
    """What merely speaks of a refusal, or goes on after it, is a summary."""
    assert checked(Answer(text, "m"), REQUEST)[1] is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply(REFUSAL),
        Reply("Half of it", finish_reason="content_filter"),
        Reply(refusal="No, this one I do not do."),
    ],
)
def test_refused_answer_is_asked_for_once_more_and_never_passed_on(
    server: ScriptedServer, tmp_path: Path, reply: Reply
) -> None:
    """Refused twice is a ModelError that says so; both are paid for, and neither is kept."""
    ledger = Ledger(tmp_path / "l")
    server.script = answering(reply)
    asking = Asking(server, ledger)
    with pytest.raises(ModelError, match="refused"):
        asking.ask()
    assert len(server.calls) == asking.client.usage.calls == 2
    assert len(ledger) == 0

    server.calls.clear()
    server.script = answering(reply, Reply("A summary."))
    assert Asking(server, ledger).ask().text == "A summary."
    assert len(ledger) == 1


def test_refusal_of_one_model_is_the_next_ones_turn(server: ScriptedServer) -> None:
    """A fallback is asked what the first model refused."""
    server.script = lambda call: Reply(REFUSAL if call.body["model"] == "first" else "Gladly.")
    answer = Asking(server, fallbacks=["openai/second"]).ask()
    assert (answer.text, answer.model) == ("Gladly.", "openai/second")
    assert [call.body["model"] for call in server.calls] == ["first", "first", "second"]


def test_refusal_in_a_talk_is_an_error(server: ScriptedServer) -> None:
    """An agent's own messages are checked for the provider's mark, not by their words."""
    asking = Asking(server)
    server.script = answering(Reply(REFUSAL))
    messages = [{"role": "user", "content": "Thought"}]
    talk = asking.client.converse(messages, max_tokens=9, stop=[])
    assert on_loop(talk).text == REFUSAL
    server.script = answering(Reply(refusal="no"))
    with pytest.raises(ModelError, match="refused"):
        on_loop(asking.client.converse(messages, max_tokens=9, stop=[]))


def test_quote_of_a_refusal_by_the_extractive_model_is_a_quote() -> None:
    """The extractive model takes sentences from the text; it cannot refuse."""
    control = StandaloneControl()
    client = ModelClient([open_model(Model("extractive"))], ledger=None, control=control)
    assert on_loop(client.ask(replace(REQUEST, text=REFUSAL))).text == REFUSAL


def test_cut_answer_is_asked_for_in_fewer_words(server: ScriptedServer) -> None:
    """The second request says what was wrong; its whole answer is the one that counts."""
    server.script = answering(Reply("Half of", finish_reason="length"), Reply("Whole."))
    asking = Asking(server)
    answer = asking.ask()
    assert (answer.text, answer.finish_reason) == ("Whole.", "stop")
    assert "at most 25 words" in server.calls[1].prompt
    assert asking.client.usage.calls == 2


@pytest.mark.parametrize(
    "second",
    [Reply("Shorter but cut", finish_reason="length"), Reply(REFUSAL), Reply("no", status=401)],
)
def test_answer_that_stays_cut_is_kept_and_marked(
    server: ScriptedServer, tmp_path: Path, second: Reply
) -> None:
    """Even if the second try fails, a paid text is passed on as cut off, also from the ledger."""
    server.script = answering(Reply("Half of", finish_reason="length"), second)
    ledger = Ledger(tmp_path / "l")
    for cached in (False, True):
        answer = Asking(server, ledger).ask()
        assert (answer.finish_reason, answer.cached) == ("length", cached)
        assert answer.text in ("Half of", "Shorter but cut")
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    "text", [GOOD, f"Here it is:\n```json\n{GOOD}\n```\nDone.", f"Sure! {GOOD}", f"  {GOOD}\n"]
)
def test_structured_answer_is_the_json_alone(server: ScriptedServer, text: str) -> None:
    """What stands around the JSON is taken off, and the JSON fits the schema."""
    server.script = answering(Reply(text))
    answer = Asking(server).ask(STRUCTURED)
    assert Findings.model_validate_json(answer.text) == Findings.model_validate_json(GOOD)
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ('{"title": "Whales"}', "points: Field required"),
        ('{"title": "Whales", "points": "sing"}', "points: Input should be a valid array"),
        ('{"title": "Wha', "Invalid JSON"),
        ("They sing.", "Invalid JSON"),
    ],
)
def test_malformed_answer_is_repaired_once(server: ScriptedServer, bad: str, named: str) -> None:
    """The model gets what did not fit; malformed twice is an error that says it too."""
    server.script = answering(Reply(bad), Reply(GOOD))
    asking = Asking(server)
    assert Findings.model_validate_json(asking.ask(STRUCTURED).text).title == "Whales"
    assert named in server.calls[1].prompt
    assert asking.client.usage.calls == 2

    server.script = answering(Reply(bad))
    with pytest.raises(ModelError, match="does not fit the schema") as caught:
        Asking(server).ask(STRUCTURED)
    assert named in str(caught.value)
    assert len(server.calls) == 4


def test_schema_is_asked_for_as_the_model_takes_it(server: ScriptedServer) -> None:
    """By response_format where LiteLLM knows that the model takes it, else in the prompt."""

    def sent(name: str) -> Call:
        server.calls.clear()
        model = open_model(Model(name, base_url=server.base_url))
        on_loop(model.answer(STRUCTURED))
        return server.calls[0]

    taken, asked = sent("openai/gpt-4o-mini"), sent("openai/scripted")
    assert taken.body["response_format"]["json_schema"]["name"] == "Findings"
    assert "JSON schema" not in taken.prompt
    assert "response_format" not in asked.body
    assert '"points"' in asked.prompt


def test_schema_is_part_of_the_key(server: ScriptedServer, tmp_path: Path) -> None:
    """A text is not taken for JSON, nor JSON of one schema for that of another."""

    class Other(BaseModel):
        title: str

    ledger = Ledger(tmp_path / "l")
    server.script = answering(Reply(GOOD))
    for request in (REQUEST, STRUCTURED, replace(REQUEST, schema=Other)):
        assert not Asking(server, ledger).ask(request).cached
        assert Asking(server, ledger).ask(request).cached
    assert len(server.calls) == 3


@pytest.mark.parametrize("schema", ["Findings", {"type": "object"}, int])
def test_rubbish_for_a_schema_is_refused(server: ScriptedServer, schema: Any) -> None:
    """Only a pydantic model class is a schema; nothing is sent."""
    with pytest.raises(InputError, match="pydantic model class"):
        Asking(server).ask(replace(REQUEST, schema=schema))
    assert server.calls == []


def test_embedded_model_takes_no_schema() -> None:
    """Sentences are not JSON; the error says what to choose."""
    request = Request("r", "i", "A text of words.", 50, 150, schema=Findings)
    with pytest.raises(InputError, match="language model"):
        on_loop(open_model(Model("extractive")).answer(request))


@pytest.mark.parametrize(
    "text",
    ["Sorry, " * 55, "Sorry, " * 200_000, "I'm so sorry,,, but,, " * 12, "`" * 10**6, "\n" * 10**6],
)
def test_answers_that_never_quite_refuse_are_looked_at_in_linear_time(text: str) -> None:
    """What begins as a refusal again and again is answered at once; the pattern never runs on."""
    flaw = checked(Answer(text, "m"), REQUEST)[1]
    assert flaw is None or flaw.kind in ("loop", "blank")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 60_000,
        '{"points": ' + "[" * 60_000,
        "```\n" + "\n" * 100_000,
        "```json" * 60_000,
        "`" * 10**6,
    ],
)
def test_json_that_never_ends_is_malformed(text: str) -> None:
    """Brackets without end, and fences that hold blank lines, are no JSON, and soon found so."""
    _, flaw = checked(Answer(text, "m"), STRUCTURED)
    assert flaw is not None
    assert flaw.kind == "malformed"


def test_json_is_found_in_its_fence() -> None:
    """Blank lines around it, a first block in another language and text after it do not matter."""
    for text in (
        f"```json\n\n{GOOD}\n\n```",
        f"Here:\n``` \n{GOOD}```\nIs {{this}} good?",
        f"```python\nx = {{}}\n```\nand\n```JSON\n{GOOD}\n```",
    ):
        answer, flaw = checked(Answer(text, "m"), STRUCTURED)
        assert flaw is None
        assert answer.text == GOOD
