"""The model that notebooks script: what clients of a real one get from it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import litellm
import openai
import pytest

from notebooks.scripted_model import Reply, ScriptedModel

LONG_S = 30.0


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    scripted = ScriptedModel(lambda prompt: Reply(f"You said: {prompt}."))
    yield scripted
    scripted.close()


def ask(model: ScriptedModel, text: str, *, stream: bool = False) -> str:
    """Ask it as LiteLLM does."""
    answer = litellm.completion(
        "openai/scripted",
        [{"role": "user", "content": text}],
        api_base=model.base_url,
        api_key="none",
        stream=stream,
        max_retries=0,
        timeout=LONG_S,
    )
    if not stream:
        assert answer.usage.prompt_tokens == len(text.split())
        return str(answer.choices[0].message.content)
    return "".join(piece.choices[0].delta.content or "" for piece in answer)


def test_it_answers_whole_and_as_a_stream(model: ScriptedModel) -> None:
    """Both say the same, to the letter, and what was asked is kept."""
    assert ask(model, "two  words") == "You said: two  words."
    assert ask(model, "two  words\nmore", stream=True) == "You said: two  words\nmore."
    assert model.asked == ["two  words", "two  words\nmore"]


def test_it_refuses_when_it_is_told_to(model: ScriptedModel) -> None:
    """The client raises its own error for the status, with the text of the refusal."""
    model.answer = lambda prompt: Reply("no such key", status=401)
    with pytest.raises(openai.AuthenticationError, match="no such key"):
        ask(model, "anything")


def test_a_silent_request_is_answered_as_it_closes() -> None:
    """Others are served meanwhile, nothing is cut off, and the address is free afterwards."""
    scripted = ScriptedModel(lambda prompt: Reply("late", silent=prompt == "silent"))
    heard: list[str] = []
    waiting = threading.Thread(target=lambda: heard.append(ask(scripted, "silent")))
    waiting.start()
    while not scripted.asked:
        waiting.join(0.01)
    assert ask(scripted, "loud") == "late"
    assert heard == []
    scripted.close()
    waiting.join(LONG_S)
    assert heard == ["late"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(scripted.base_url, trust_env=False)
