"""A key driven through every way of failing is found in nothing that is shown, logged or kept."""

from __future__ import annotations

import base64
import contextlib
import io
import logging
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import docsum_nb as ds
from docsum_nb.secrets import masked
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.kernels import running_kernel

LONG_S = 60.0
KEY = "cnry/7f3Q+x9zt&u=Kp0Ww81Qz"
HEADER = "hdr-4411-ZxCvBnMq"
OTHER = "env-9y8x7w6v5u4t3s"
LOGIN = "lgn9P4ssw0rd"
TEXTS = {"a": "Some words of a text.", "b": "Other words."}


def forms(secret: str) -> set[str]:
    """Return what must be found nowhere: the secret whole, in codes, and cut."""
    plain = secret.encode()
    return {
        *(secret, secret[:10], secret[-10:], quote(secret, safe=""), plain.hex()),
        base64.b64encode(plain).decode()[:-4],
        base64.b64encode(b"user:" + plain).decode()[8:-4],
    }


SHOWN_NOWHERE = {form for each in (KEY, HEADER, OTHER, LOGIN) for form in forms(each)}


class Seen(logging.Handler):
    """Everything that was shown, logged or kept."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.parts: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = logging.Formatter().format(record)
        self.parts.append((f"log of {record.name}", f"{text} {record.msg!r} {record.args!r}"))

    def add(self, what: str, *values: Any) -> None:
        self.parts += [(what, str(value)) for value in values]

    def add_error(self, error: BaseException) -> None:
        """Add all that an error shows, or takes along."""
        waiting, done = [error], set[int]()
        while waiting:
            link = waiting.pop()
            if id(link) in done:
                continue
            done.add(id(link))
            self.add("error", link, repr(link), vars(link), link.args)
            self.add("notes", getattr(link, "__notes__", ""))
            for each in vars(link).values():
                for part in (each, getattr(each, "request", None)):
                    self.add("of a client", getattr(part, "headers", ""), getattr(part, "url", ""))
            with contextlib.suppress(Exception):
                self.add("pickle", pickle.dumps(link).decode("latin-1"))
            behind = [link.__cause__, link.__context__, *getattr(link, "exceptions", ())]
            waiting += [each for each in behind if each is not None]
        self.add("traceback", "".join(traceback.format_exception(error)))

    def add_files(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                self.add(f"file {path.name}", path.read_bytes().decode("latin-1"))

    def leaks(self) -> list[str]:
        return [
            f"{what}: …{text[max(0, text.find(form) - 80) : text.find(form) + 60]}…"
            for what, text in self.parts
            for form in SHOWN_NOWHERE
            if form in text
        ]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """Gather logs of all levels, stdout and stderr."""
    monkeypatch.setenv("SOME_API_KEY", OTHER)
    model_at(with_login("http://h/v1"))  # what a process was given once stays a secret
    handler, root = Seen(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def model_at(url: str, **options: Any) -> ds.Model:
    headers = {"X-Custom": HEADER, "Authorization": f"Bearer {KEY}"}
    given: dict[str, Any] = {"max_retries": 0, "params": {"extra_headers": headers}, **options}
    return ds.Model("openai/scripted", base_url=url, api_key=KEY, **given)


def echo(call: Call) -> Reply:
    """Refuse a request as a careless server does, with the key in every form, whole and cut."""
    words = f"Incorrect key {KEY}, {KEY[:12]}..., ...{KEY[-11:]}, {' '.join(forms(KEY))}"
    words += f" {HEADER} {OTHER} {LOGIN} Authorization: Bearer {KEY}"
    return Reply(words, status=(401, 500, 400)[call.number % 3], headers={"x-echo": KEY})


def with_login(url: str) -> str:
    return url.replace("://", f"://user:{LOGIN}@") + f"?key={quote(KEY, safe='')}"


WAYS: dict[str, Callable[[str], Any]] = {
    "refused with the key": lambda url: ds.summarize(TEXTS, model=model_at(url)),
    "all errors": lambda url: ds.summarize(TEXTS, model=model_at(url), on_error="collect"),
    "fallbacks": lambda url: ds.summarize(
        TEXTS, model=model_at(url, fallbacks=["openai/b", model_at("http://127.0.0.1:1/v1")])
    ),
    "streamed": lambda url: ds.summarize(TEXTS, model=model_at(url), on_event=lambda event: None),
    "no server": lambda url: ds.summarize(TEXTS, model=model_at("http://127.0.0.1:1/v1")),
    "login in the address": lambda url: ds.summarize(TEXTS, model=model_at(with_login(url))),
    "login without a server": lambda url: ds.summarize(
        TEXTS, model=model_at(with_login("http://127.0.0.1:1/v1"))
    ),
    "an address that is none": lambda url: ds.summarize(
        TEXTS, model=model_at(f"htp://user:{LOGIN}@h:99999/v1?key={KEY}")
    ),
    "a plan": lambda url: ds.plan(TEXTS, model=model_at(f"htp://user:{LOGIN}@h:9/v1?key={KEY}")),
    "a callable of the user's": lambda url: ds.start(_raising, url),
    "a crew": lambda url: ds.kickoff(_crew(url)),
    "a crew without a server": lambda url: ds.kickoff(_crew("http://127.0.0.1:1/v1")),
    "a deadline": lambda url: ds.summarize(TEXTS, model=model_at(url), deadline=1e-9),
}


def _raising(url: str) -> None:
    import httpx

    model_at(url)
    try:
        sent = httpx.post(
            f"{url}/chat/completions",
            json={"messages": []},
            headers={"Authorization": f"Bearer {KEY}", "X-Custom": HEADER},
        )
        sent.raise_for_status()
    except httpx.HTTPStatusError as error:
        failed = RuntimeError(f"could not log in with {KEY} at {with_login(url)}", {"key": KEY})
        failed.sent = {"headers": [("X", HEADER)], "raw": KEY.encode()}  # type: ignore[attr-defined]
        failed.add_note(f"the key was {KEY}")
        raise failed from error


def _crew(url: str) -> Any:
    from crewai import LLM, Agent, Crew, Task

    llm = LLM(model="openai/gpt-4o-mini", base_url=url, api_key=KEY, max_retries=0)
    agent = Agent(role="writer", goal="g", backstory="b", llm=llm, max_retry_limit=0)
    return Crew(agents=[agent], tasks=[Task(description="d", expected_output="e", agent=agent)])


@pytest.mark.parametrize("way", WAYS)
def test_key_is_seen_nowhere(way: str, server: ScriptedServer, seen: Seen, tmp_path: Path) -> None:
    """Neither in errors and what is behind them, nor in logs, events, figures, ledger, pages."""
    server.script = echo
    try:
        begun = WAYS[way](server.base_url)
    except ds.errors.DocsumError as error:
        seen.add_error(error)
    else:
        if isinstance(begun, ds.Run):
            raised = begun.exception(LONG_S)
            assert raised is not None
            seen.add_error(raised)
            assert begun.join(LONG_S)
            seen.add_error(raised)
            seen.add("state", begun.state, begun, begun.usage, begun.partial)
            seen.add("bundle", begun._display.bundle())
            render = getattr(raised, "_render_traceback_", None)
            seen.add("cell", *(render() if render else ()))
    seen.add("model", repr(model_at(with_login(server.base_url))))
    seen.add("runs", *ds.runs(), ds.runs())
    seen.add_files(tmp_path)
    assert not seen.leaks()
    assert masked(f"x {KEY} y") == "x [secret] y"


def test_pieces_of_what_is_no_secret_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words are not masked because a key begins like them, or is a word."""
    monkeypatch.setenv("A_KEY", "openai-compatible-7Q2z9Kf1")
    monkeypatch.setenv("B_TOKEN", "true")
    ds.Model("openai/x", base_url="http://h/v1", api_key="not-needed")
    ds.Model("openai/x", base_url="http://h/v1", api_key="ollama")
    text = "openai/gpt-4o at http://h/v1: an openai server says true; a key is not-needed; ollama"
    assert masked(text) == text
    assert masked("openai-compatible-7Q2z9Kf1.") == "[secret]."


@pytest.mark.long
def test_command_line_and_doctor_do_not_show_it(server: ScriptedServer, tmp_path: Path) -> None:
    """In a process of its own, whose key is in the environment, with the log at its loudest."""
    (tmp_path / "a.txt").write_text("Some words.")
    server.script = echo
    script = (
        "import logging, sys, docsum_nb.cli as cli\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "sys.exit(cli.main(sys.argv[1:]))\n"
    )
    import os

    environment = {
        **os.environ,
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": server.base_url,
        "SOME_API_KEY": OTHER,
        "XDG_DATA_HOME": str(tmp_path),
    }
    for arguments in (["summarize", "a.txt", "--model", "openai/x"], ["doctor"], ["runs"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        shown = done.stdout + done.stderr
        assert not [form for form in forms(KEY) | forms(OTHER) if form in shown], arguments
    assert server.calls


def test_pages_pickles_and_a_probe_do_not_show_it(server: ScriptedServer, seen: Seen) -> None:
    """What a run that failed leaves to look at, to save and to send to another process."""
    server.script = echo
    run = ds.summarize(TEXTS, model=model_at(server.base_url), ledger=False, on_error="collect")
    raised = run.exception(LONG_S)
    partial = run.partial
    assert raised is not None
    assert partial is not None
    seen.add("page", partial.to_html(page=True), *partial._repr_mimebundle_().values())
    seen.add("texts", partial.to_json(), repr(partial), vars(partial))
    seen.add("pickles", pickle.dumps(partial).decode("latin-1"))
    probed = ds.doctor(_crew(server.base_url), probe=2)
    seen.add("probe", probed, repr(probed), probed.to_html(), probed.to_json())
    assert not seen.leaks()


IN_A_NOTEBOOK = (
    f"import logging, os, sys; os.environ['OPENAI_API_KEY'] = {KEY!r}",
    "logging.basicConfig(level=logging.DEBUG, force=True)\n"
    "from opentelemetry import trace\n"
    "from opentelemetry.sdk.trace import TracerProvider\n"
    "from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor\n"
    "provider = TracerProvider()\n"
    "provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stdout)))\n"
    "trace.set_tracer_provider(provider)\n"
    "import docsum_nb as ds\n"
    "%load_ext docsum_nb",
    "%%summarize --model openai/x\nSome words of a text.",
    f"await ds.summarize({TEXTS!r}, model='openai/x', ledger=False)",
    f"run = ds.summarize({TEXTS!r}, model='openai/x', ledger=False)\nrun",
    "run.exception(60), run, run.state, run.usage, run.partial, ds.runs()",
    "from crewai import LLM, Agent, Crew, Task\n"
    "llm = LLM(model='openai/x', max_retries=0)\n"
    "agent = Agent(role='w', goal='g', backstory='b', llm=llm, max_retry_limit=0)\n"
    "task = Task(description='d', expected_output='e', agent=agent)\n"
    "ds.kickoff(Crew(agents=[agent], tasks=[task])).result()",
)


@pytest.mark.long
def test_a_saved_notebook_does_not_show_it(server: ScriptedServer) -> None:
    """Nor do the magics, spans, and logs at their loudest, in what its cells print and show."""
    server.script = echo
    with running_kernel() as kernel:
        kernel.run(f"import os; os.environ['OPENAI_BASE_URL'] = {server.base_url!r}")
        saved = [repr(kernel.run(code)) for code in IN_A_NOTEBOOK]
        saved += [repr(shown.data) for shown in kernel.shown]
    shown = "\n".join(saved)

    assert not [form for form in forms(KEY) | {repr(KEY)[1:-1]} if form in shown]
    for each in ("AuthenticationError", '\\"trace_id\\"', "DEBUG:", "[secret]"):
        assert each in shown or each.replace("\\", "") in shown, each
