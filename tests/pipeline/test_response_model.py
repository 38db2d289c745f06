"""A summary in the form that was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, create_model, field_validator

import docsum_nb as ds
from docsum_nb.errors import InputError, ModelError
from docsum_nb.testing import Call, Reply, ScriptedServer

LONG_S = 60.0
TEXTS = {"a": "The ship Vasa sank in 1628.", "b": "The ship Mary Rose sank in 1545."}


class Ships(BaseModel):
    """What a reader wants to have as data."""

    names: list[str]
    oldest: int = Field(ge=1000)


GOOD = json.dumps({"names": ["Vasa", "Mary Rose"], "oldest": 1545})


def answering(*forms: str) -> Any:
    """Answer requests for a form by these, one after the other; all others by a summary."""
    left = list(forms)

    def script(call: Call) -> Reply:
        return Reply(left.pop(0)) if "JSON" in call.prompt else Reply("A summary.")

    return script


def summarize(server: ScriptedServer, **options: Any) -> Any:
    model = ds.Model("openai/x", base_url=server.base_url)
    given = {"ledger": False, "response_model": Ships, "show": False, "deadline": LONG_S, **options}
    return ds.summarize(TEXTS, model=given.pop("model", model), **given)


def test_data_is_an_instance_in_every_form_of_the_result(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """One call more gives the data, which is stored, planned, and shown in every rendering."""
    server.script = answering(GOOD)
    ledger = tmp_path / "ledger"
    summary = summarize(server, ledger=ledger).result()
    assert summary.data == Ships(names=["Vasa", "Mary Rose"], oldest=1545)
    model = ds.Model("openai/x", base_url=server.base_url)
    assert ds.plan(TEXTS, model=model, response_model=Ships).calls == len(server.calls) == 4
    for shown in (summary.to_text(), summary.to_markdown(), summary.to_html()):
        assert "Mary Rose" in shown
    assert json.loads(summary.to_json())["data"]["oldest"] == 1545
    prompt = server.calls[-1].prompt
    assert 'name="a"' in prompt
    assert "A summary." in prompt
    assert summarize(server, ledger=ledger).result().data == summary.data
    assert len(server.calls) == 4


def test_form_that_does_not_fit_is_asked_for_once_more_with_what_is_wrong(
    server: ScriptedServer,
) -> None:
    """The model is sent the validation error; twice wrong is an error, with the text kept."""
    server.script = answering('{"names": ["Vasa"], "oldest": 7}', GOOD)
    assert summarize(server).result().data.oldest == 1545
    assert "oldest" in server.calls[-1].prompt.rpartition("did not fit")[2]
    server.script = answering("no JSON", "still none")
    run = summarize(server)
    error = run.exception()
    assert isinstance(error, ModelError)
    assert "schema" in str(error)
    assert run.partial.text == "A summary."
    server.script = answering("no JSON", "still none")
    skipped = summarize(server, on_error="skip").result()
    assert skipped.data is None
    assert skipped.omitted[-1].what == "the data asked for"


def test_what_is_no_schema_is_refused_before_anything_is_read(server: ScriptedServer) -> None:
    """A class that is no pydantic model, and a model that only quotes, are InputErrors."""
    with pytest.raises(InputError, match="pydantic"):
        summarize(server, response_model=dict)
    with pytest.raises(InputError, match="language model"):
        ds.summarize(TEXTS, response_model=Ships, show=False)


def test_form_comes_through_a_flow_and_through_resuming(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """SummaryFlow fills state.data in; a resumed run finds its schema again."""
    server.script = answering(GOOD, GOOD)
    model = ds.Model("openai/x", base_url=server.base_url)
    flow = ds.SummaryFlow(TEXTS, model=model, response_model=Ships, ledger=False, show=False)
    assert flow.kickoff().data.oldest == 1545
    assert flow.state.data.names == ["Vasa", "Mary Rose"]
    ledger = tmp_path / "ledger"
    run = summarize(server, ledger=ledger)
    first = run.result()
    made = len(server.calls)
    again = ds.resume(run.id, ledger=ledger, show=False).result(LONG_S)
    assert again.data == first.data
    assert len(server.calls) == made


def test_stored_form_that_fits_no_more_is_asked_for_anew(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A validator that was added since is heard: its answer takes the place of the old one."""

    class Fewer(Ships):
        @field_validator("names")
        @classmethod
        def one(cls, names: list[str]) -> list[str]:
            if len(names) > 1:
                raise ValueError("one ship is enough")
            return names

    Fewer.__name__, Fewer.__doc__ = Ships.__name__, Ships.__doc__
    ledger = tmp_path / "ledger"
    server.script = answering(GOOD, json.dumps({"names": ["Vasa"], "oldest": 1628}))
    summarize(server, ledger=ledger).result()
    first = len(server.calls)
    for _ in range(2):
        found = summarize(server, ledger=ledger, response_model=Fewer).result()
        assert found.data.names == ["Vasa"]
        assert len(server.calls) == first + 1


def test_form_fits_the_window_of_every_fallback(server: ScriptedServer) -> None:
    """A fallback with a small window can fill in the form of many summaries."""
    small = ds.Model("openai/small", base_url=server.base_url, context_window=4_096)
    sizes: list[int] = []

    def script(call: Call) -> Reply:
        if "JSON" not in call.prompt:
            return Reply("A summary about ships. " * 40)
        if call.body["model"] != "small":
            return Reply("no", status=400)
        sizes.append(len(call.prompt.split()))
        return Reply(GOOD)

    server.script = script
    model = ds.Model(
        "openai/x", base_url=server.base_url, context_window=128_000, fallbacks=[small]
    )
    texts = {f"doc-{i}": f"Text {i} tells of ships." for i in range(60)}
    run = ds.summarize(
        texts, model=model, response_model=Ships, ledger=False, show=False, deadline=LONG_S
    )
    assert run.result().data.oldest == 1545
    # A word is a token or more, and the answer has its room, too.
    assert max(sizes) < 3_000


def test_form_of_a_class_that_has_no_name_is_given_again(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A class made in a function cannot be found: resume says so, and takes it."""
    local = create_model("Local", oldest=(int, ...))
    ledger = tmp_path / "ledger"
    server.script = answering("no JSON", "still none", '{"oldest": 1545}')
    run = summarize(server, ledger=ledger, response_model=local)
    assert isinstance(run.exception(), ModelError)
    with pytest.raises(InputError, match="response_model="):
        ds.resume(run.id, ledger=ledger, show=False)
    again = ds.resume(run.id, ledger=ledger, response_model=local, show=False)
    assert again.result(LONG_S).data.model_dump()["oldest"] == 1545
