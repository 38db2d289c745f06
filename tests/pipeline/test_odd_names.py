"""Half of a pair of characters, as names of files and notebooks can hold it, in every place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.testing import Call, Reply, ScriptedServer

LONE = "\ud83d"


def model_of(server: ScriptedServer) -> ds.Model:
    return ds.Model("openai/x", base_url=server.base_url, context_window=32_000, max_retries=0)


def folder_of(path: Path) -> Path:
    """Return a folder with a file whose name is no UTF-8, and a notebook that is half a character.

    Skips where the file system refuses such names.
    """
    path.mkdir()
    cell = {"cell_type": "markdown", "metadata": {}, "source": [f"Ships {LONE} carry coal."]}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (path / "a.ipynb").write_text(json.dumps(notebook))
    try:
        with open(os.path.join(os.fsencode(path), b"caf\xe9.txt"), "wb") as file:  # noqa: PTH118, PTH123
            file.write(b"Ships carry grain to the north, and more of it to the south.")
    except OSError:
        pytest.skip("no such names here")
    return path


def test_lone_surrogates_fail_nothing(server: ScriptedServer, tmp_path: Path) -> None:
    """In the name of a file, a notebook, a question, a text and an answer: one request each."""
    server.script = lambda call: Reply(f"Ships {LONE} carry things.")
    folder = folder_of(tmp_path / "docs")
    run = ds.summarize(
        folder,
        model=model_of(server),
        question=f"What of {LONE} ships?",
        ledger=tmp_path / "l",
        show=False,
    )
    summary = run.result(60)
    assert summary.text == "Ships \ufffd carry things."
    assert len(summary.documents) == 2
    assert len(server.calls) == summary.usage.calls == 3
    for call in server.calls:
        json.dumps(call.body, ensure_ascii=False).encode()
    summary.to_markdown().encode()
    summary.to_text().encode()
    again = ds.summarize(
        {f"n{LONE}": f"A text {LONE} of ships."}, model=model_of(server), ledger=False, show=False
    )
    assert again.result(60).text == "Ships \ufffd carry things."


def test_stream_with_a_lone_surrogate_is_shown_as_what_it_becomes(server: ScriptedServer) -> None:
    """What is streamed is what is stored."""

    def script(call: Call) -> Reply:
        return Reply(f"Ships {LONE}\ude00 and {LONE} carry things.")

    server.script = script
    run = ds.summarize({"a": f"Text {LONE}."}, model=model_of(server), ledger=False, show=False)
    assert run.result(60).text == "Ships \U0001f600 and \ufffd carry things."
