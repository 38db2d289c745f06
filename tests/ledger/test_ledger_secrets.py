"""What must not lie in a ledger: keys, and what else is secret in the arguments of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.pipeline import api
from docsum_nb.testing import Reply, ScriptedServer
from tests.support.ledger_samples import (
    LONG_S,
    TEXTS,
    failed_run,
    holds,
    model_of,
    resume,
    summarize,
)

SECRET = "sk-verysecret0123456789abcdef"


@pytest.fixture
def another_process(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Go on as another process would, which was not given the models of earlier runs."""
    return lambda: monkeypatch.setattr(api, "_given", {})


def test_no_key_is_in_the_file_while_a_run_goes_on_and_after(
    server: ScriptedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    another_process: Callable[[], None],
) -> None:
    """Neither keys of models, nor what looks like one, nor one in an error lies in its bytes."""
    ledger, seen = tmp_path / "l", []
    monkeypatch.setenv("OTHER_API_KEY", other := "0therS3cret-in-the-environment")
    spare = ds.Model("openai/spare", base_url=server.base_url, api_key=f"{SECRET}-spare")
    model = model_of(
        server,
        api_key=SECRET,
        fallbacks=[spare],
        params={
            "extra_headers": {"Authorization": f"Bearer {SECRET}"},
            "extra_body": {"note": other, "deep": [{"password": "hunter2-hunter2"}]},
            "user": "abcdefghij0123456789abcdefghij",
            "temperature": 0.5,
            "max_tokens": 100,
        },
    )

    def script(call: Any) -> Reply:
        seen.append(holds(ledger, SECRET))
        text = f"refused: {SECRET}, {other}"
        return Reply(text, status=400) if call.number >= 3 else Reply("A summary.")

    server.script = script
    run = summarize(TEXTS, model=model, ledger=ledger, max_concurrency=1)
    assert "refused: [secret], [secret]" in str(run.exception(LONG_S))
    assert run.join(LONG_S)
    for secret in (SECRET, other, "hunter2", "abcdefghij0123456789", "Bearer"):
        assert not holds(ledger, secret), secret
    assert not any(seen)
    assert "refused: [secret]" in (ds.runs(ledger)[0].error or "")
    another_process()
    with pytest.raises(InputError, match=r"api_key and params\['extra_headers'\].*\.Model"):
        resume(run.id, ledger=ledger)
    server.script = lambda call: Reply("A summary.")
    assert resume(run.id, ledger=ledger, model=model).result(LONG_S).usage.calls == 4


@pytest.mark.parametrize(
    "url", ["http://user:hunter2w@127.0.0.1:{}/v1", "http://127.0.0.1:{}/v1?k=hunter2w"]
)
def test_address_with_a_secret_is_not_kept(
    server: ScriptedServer, tmp_path: Path, another_process: Callable[[], None], url: str
) -> None:
    """What is omitted from it must be given again: without it, another server would be asked."""
    address = url.format(server.address.rpartition(":")[2])
    model = ds.Model("openai/scripted", base_url=address, max_retries=0)
    run = summarize(TEXTS, model=model, ledger=tmp_path / "l")
    run.exception(LONG_S)
    assert run.join(LONG_S)
    assert not holds(tmp_path / "l", "hunter2w")
    another_process()
    with pytest.raises(InputError, match=r"base_url, which the ledger does not keep"):
        resume(run.id, ledger=tmp_path / "l")


def test_key_of_the_environment_is_enough_to_go_on(
    server: ScriptedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    another_process: Callable[[], None],
) -> None:
    """A key that was given is not asked for again where the environment has one."""
    failed = failed_run(server, tmp_path / "l", model=model_of(server, api_key=SECRET))
    another_process()
    with pytest.raises(InputError, match="api_key"):
        resume(failed.id, ledger=tmp_path / "l")
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    server.script = lambda call: Reply("A summary.")
    assert resume(failed.id, ledger=tmp_path / "l").result(LONG_S).usage.calls == 4


def test_key_need_not_be_given_again_in_the_same_process(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A run that failed goes on as its error says, with the key it was given."""
    failed = failed_run(server, tmp_path / "l", model=model_of(server, api_key=SECRET))
    error = failed.exception()
    assert error is not None
    assert f"docsum_nb.resume({failed.id!r}, ledger=" in error.__notes__[0]
    server.script = lambda call: Reply("A summary.")
    assert resume(failed.id, ledger=tmp_path / "l").result(LONG_S).usage.calls == 4


@pytest.mark.parametrize("url", ["http://[127.0.0.1/v1", "127.0.0.1:1/v1"])
def test_address_that_is_none_does_not_hide_the_error(tmp_path: Path, url: str) -> None:
    """It is what is wrong, and said before anything is sent; no model was called."""
    model = ds.Model("openai/scripted", base_url=url, api_key="k", max_retries=0)
    run = summarize({"a": "Text."}, model=model, ledger=tmp_path / "l")
    error = run.exception(LONG_S)
    assert isinstance(error, InputError)
    assert "base_url of openai/scripted is no address" in str(error)
    assert run.state.calls == 0
