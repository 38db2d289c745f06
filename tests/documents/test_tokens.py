from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.documents.tokens import token_counter

_TEXT = "The quick brown fox jumps over the lazy dog; Grüße, 世界! "


@pytest.mark.parametrize(
    ("model", "vocabulary"),
    [
        ("openai/gpt-4o-mini", "o200k_base"),
        ("gpt-5.1", "o200k_base"),
        ("azure/gpt-4.1", "o200k_base"),
        ("o3", "o200k_base"),
        ("openai/gpt-9-huge", "o200k_base"),
        ("ft:gpt-4o-mini:team::1", "o200k_base"),
        ("groq/openai/gpt-oss-120b", "o200k_base"),
        ("gpt-4", "cl100k_base"),
        ("anthropic/claude-sonnet-4", "cl100k_base"),
        ("ollama/llama3", "cl100k_base"),
        ("gpt2", "cl100k_base"),
        ("extractive", "cl100k_base"),
        ("", "cl100k_base"),
    ],
)
def test_the_vocabulary_follows_the_model(model: str, vocabulary: str) -> None:
    """Newer OpenAI models are counted with o200k_base, all others with cl100k_base."""
    count = token_counter(model)
    assert count(_TEXT) == len(tiktoken.get_encoding(vocabulary).encode(_TEXT))


def test_special_tokens_are_text() -> None:
    """The name of a special token in a document is counted as its characters."""
    assert token_counter("gpt-4o")("<|endoftext|>") > 3


def test_slices_hardly_change_the_count() -> None:
    """A long text, counted in slices, comes within 0.1 % of counting it at once."""
    whole = len(tiktoken.get_encoding("o200k_base").encode(_TEXT * 2000))
    assert token_counter("gpt-4o")(_TEXT * 2000) == pytest.approx(whole, rel=0.001)


@pytest.mark.parametrize("unit", ["a", " ", "\n", "=-", "é"])
def test_long_runs_do_not_hang(unit: str) -> None:
    """Two million characters without a place to stop are counted in time that is linear."""
    text = unit * (2_000_000 // len(unit))
    assert 0 < token_counter("gpt-4o")(text) <= len(text)


@given(st.text(st.characters()))
def test_any_text_has_a_count(text: str) -> None:
    """Every text, lone surrogates included, has a count that is 0 for the empty one only."""
    assert (token_counter("gpt-4o")(text) > 0) is bool(text)


_OFFLINE = """
import os, socket, sys
def refuse(*args, **kwargs):
    raise OSError("no network")
socket.socket.connect = refuse
from docsum_nb.documents.tokens import token_counter
before = os.environ.get("TIKTOKEN_CACHE_DIR")
print(token_counter(sys.argv[1])("hello world"))
assert os.environ.get("TIKTOKEN_CACHE_DIR") == before
assert "litellm" not in sys.modules
"""


@pytest.mark.parametrize("cache", [None, "empty"])
def test_no_network_and_no_litellm(tmp_path: Path, cache: str | None) -> None:
    """Counting needs neither network nor litellm, and leaves the environment as it was."""
    env = {name: value for name, value in os.environ.items() if name != "TIKTOKEN_CACHE_DIR"}
    if cache is not None:
        (tmp_path / cache).mkdir()
        env["TIKTOKEN_CACHE_DIR"] = str(tmp_path / cache)
    command = [sys.executable, "-W", "error", "-c", _OFFLINE, "gpt-4o"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_without_vocabularies_bytes_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the files are missing, a token is three bytes, and nothing is fetched."""
    from docsum_nb.documents import tokens

    def refuse(*args: Any) -> None:
        raise AssertionError("asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(tokens, "find_spec", lambda name: None)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    tokens._counter.cache_clear()
    try:
        assert token_counter("gpt-4o")("hello world") == 4
    finally:
        tokens._counter.cache_clear()
