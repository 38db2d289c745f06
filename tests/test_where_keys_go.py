"""A key and a prompt go to the server that the user named, and nowhere else."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.provider_errors import leads_elsewhere
from docsum_nb.testing import Call, Reply, ScriptedServer

LONG_S = 60.0
KEY = "sk-cnry-5d6f7g8h9j"
TEXTS = {"a": "Some words of a text."}


@pytest.fixture
def other() -> Iterator[ScriptedServer]:
    """Another server, to which nothing may go."""
    with ScriptedServer() as second:
        yield second


def crew(**options: Any) -> Any:
    from crewai import LLM, Agent, Crew, Task

    llm = LLM(model="openai/gpt-4o-mini", max_retries=0, **options)
    agent = Agent(role="writer", goal="g", backstory="b", llm=llm, max_retry_limit=0)
    return Crew(agents=[agent], tasks=[Task(description="d", expected_output="e", agent=agent)])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("of", ["summarize", "crew"])
def test_redirect_to_another_server_is_refused(
    server: ScriptedServer, other: ScriptedServer, status: int, of: str
) -> None:
    """It is asked once, the other one never, and the error names both."""

    def script(call: Call) -> Reply:
        return Reply("x", status=status, headers={"Location": f"{other.base_url}/chat/completions"})

    server.script = script
    if of == "crew":
        run: Any = ds.kickoff(crew(base_url=server.base_url, api_key=KEY), show=False)
    else:
        headers = {"X-Custom": "hdr-12345678"}
        model = ds.Model(
            "openai/x",
            base_url=server.base_url,
            api_key=KEY,
            params={"extra_headers": headers},
            max_retries=2,
        )
        run = ds.summarize(TEXTS, model=model, ledger=False, show=False)
    error = run.exception(LONG_S)
    assert error is not None
    said = f"{error} {run.state.error}"
    assert server.address in said
    assert other.address in said
    assert "neither key nor text" in said
    assert len(server.calls) == 1
    assert other.calls == []


@pytest.mark.parametrize(
    ("asked", "location", "elsewhere"),
    [
        ("http://a/v1/x", "/v2/x", False),
        ("http://a/v1/x", "https://a/v1/x", False),
        ("https://a/v1/x", "http://a/v1/x", True),
        ("http://a:8000/x", "http://a:8001/x", True),
        ("https://a/x", "//b/x", True),
        ("https://a/x", "https://a.b/x", True),
        ("https://a/x", "https://a:443/y", False),
        ("https://a/x", "https://u:p@A/y", False),
        ("https://a/x", "http://[::1", True),
        ("https://a/x", None, False),
    ],
)
def test_what_is_another_server(asked: str, location: str | None, elsewhere: bool) -> None:  # noqa: FBT001
    assert (leads_elsewhere(asked, 307, location) is not None) is elsewhere
    assert leads_elsewhere(asked, 200, location) is None


IN_A_FOLDER = """
import json, sys
import docsum_nb as ds
def crew():
    from crewai import LLM, Agent, Crew, Task
    llm = LLM(model="openai/gpt-4o-mini", max_retries=0)
    agent = Agent(role="writer", goal="g", backstory="b", llm=llm, max_retry_limit=0)
    return Crew(agents=[agent], tasks=[Task(description="d", expected_output="e", agent=agent)])
sys.ps1 = "as in a notebook"  # dotenv looks in the working folder then
if sys.argv[1] == "crew":
    run = ds.kickoff(crew(), show=False)
else:
    run = ds.summarize({"a": "Some words."}, model="openai/gpt-4o-mini", ledger=False, show=False)
print(json.dumps(str(run.exception(240))))
"""


@pytest.mark.long
@pytest.mark.parametrize("of", ["summarize", "crew"])
@pytest.mark.parametrize("keys_place", ["environment", "file"])
def test_dotenv_of_a_folder_does_not_lead_the_users_key_elsewhere(
    other: ScriptedServer, tmp_path: Path, keys_place: str, of: str
) -> None:
    """It is refused, with both named, unless the key is from the file as well."""
    lines = [f"OPENAI_BASE_URL={other.base_url}"]
    if keys_place == "file":
        lines.append(f"OPENAI_API_KEY={KEY}")
    (tmp_path / ".env").write_text("\n".join(lines))
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")
    }
    environment["XDG_DATA_HOME"] = str(tmp_path / "data")
    if keys_place == "environment":
        environment["OPENAI_API_KEY"] = KEY
    done = subprocess.run(
        [sys.executable, "-c", IN_A_FOLDER, of],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    if keys_place == "file":
        assert said == "None"
        assert other.calls
    else:
        assert "OPENAI_BASE_URL in" in said
        assert other.address in said
        assert other.calls == []


CONNECTS_NOWHERE = """
import json, sys
from pathlib import Path
told = []
def hook(event, args):
    if event == "socket.connect":
        told.append(repr(args[1]))
    elif event == "socket.getaddrinfo":
        told.append(repr(args[0]))
sys.addaudithook(hook)
import docsum_nb as ds
url, folder = sys.argv[1], Path(sys.argv[2])
model = ds.Model("openai/gpt-4o-mini", base_url=url, api_key="k")
ds.plan({"a": "Some words."}, model="huggingface/meta-llama/Llama-3-8B")
ds.plan({"a": "Some words."}, model="anthropic/claude-sonnet-4-5")
ds.Library(folder / "library").add({"b": "Some words on ships."})
ds.summarize({"a": "Some words on ships."}, model=model, library=folder / "library",
             ledger=folder / "ledger", show=False).result(240)
ds.summarize({"a": "Some words."}, show=False).result(240)
from crewai import LLM, Agent, Crew, Task
llm = LLM(model="openai/gpt-4o-mini", base_url=url, api_key="k", max_retries=0)
agent = Agent(role="writer", goal="g", backstory="b", llm=llm)
crew = Crew(agents=[agent], tasks=[Task(description="d", expected_output="e", agent=agent)])
ds.kickoff(crew, show=False).result(240)
str(ds.doctor(crew))
import os
from crewai.utilities.paths import db_storage_path
kept = [path for path in Path(db_storage_path()).glob("latest_kickoff*")]
modes = {path.name: oct(path.stat().st_mode & 0o777) for path in kept}
print(json.dumps([sorted(set(told)), modes]))
"""


@pytest.mark.long
def test_nothing_but_the_models_server_is_connected_to(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Plans, summaries, library, crew and doctor: seen at the sockets of a process of its own."""
    server.script = lambda call: Reply("Thought: done\nFinal Answer: Ships.")
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data"), "OPENAI_API_KEY": "k"}
    done = subprocess.run(
        [sys.executable, "-c", CONNECTS_NOWHERE, server.base_url, str(tmp_path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told, modes = json.loads(done.stdout.splitlines()[-1])
    port = server.address.rpartition(":")[2]
    assert [each for each in told if port not in each and each not in ("'127.0.0.1'",)] == []
    assert modes
    assert set(modes.values()) == {oct(stat.S_IRUSR | stat.S_IWUSR)}


def test_form_sends_no_key_of_the_environment_to_an_address_that_was_typed(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not when it starts a run, and not when that run is resumed."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    from docsum_nb.form.fields import Fields

    assert "docsum_nb.secrets" in sys.modules
    fields = Fields.__new__(Fields)
    fields._given = None
    fields.model = type("Text", (), {"value": "openai/x"})()
    fields.base_url = type("Text", (), {"value": server.base_url})()
    typed = fields._read_model()
    assert isinstance(typed, ds.Model)
    assert typed.api_key == "not-needed"
    server.script = lambda call: Reply("no", status=400)
    options: dict[str, Any] = {"ledger": tmp_path / "l", "show": False}
    run = ds.summarize(TEXTS, model=typed, **options)
    run.exception(LONG_S)
    assert run.join(LONG_S)
    from docsum_nb.pipeline import api

    monkeypatch.setattr(api, "_given", {})
    server.script = lambda call: Reply("A summary.")
    ds.resume(run.id, ledger=tmp_path / "l", show=False).result(LONG_S)
    assert len(server.headers) >= 2
    assert not any(KEY in str(each) for each in server.headers)
