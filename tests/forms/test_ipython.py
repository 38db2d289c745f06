"""IPython in a terminal: a line of progress, top-level await, Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from docsum_nb.testing import Reply, ScriptedServer

ROOT = Path(__file__).parent.parent.parent
LONG_S = 200
PROMPT = r"In \[\d+\]: "
"""Where the machine is slow, the last line of progress may come behind it."""


@pytest.fixture
def terminal(server: ScriptedServer, tmp_path: Path) -> Iterator[pexpect.spawn[str]]:
    """IPython in a terminal of its own, with ``ds`` and ``model``."""
    child = pexpect.spawn(
        sys.executable,
        ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor", "--quick"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "IPYTHONDIR": str(tmp_path),
            "TERM": "dumb",
            "PYTHONFAULTHANDLER": "1",
        },
        encoding="utf-8",
        timeout=LONG_S,
        dimensions=(40, 200),
        echo=False,
    )
    child.ptyproc.delayafterterminate = 1.0  # pexpect takes what dies slowly for immortal
    try:
        prompted(child)
        told(child, "import docsum_nb as ds")
        told(child, f"model = ds.Model('openai/scripted', base_url={server.base_url!r})")
        yield child
    finally:
        child.close(force=True)


def told(terminal: pexpect.spawn[str], line: str) -> str:
    """Send a line; returns what was shown until the next prompt."""
    terminal.sendline(line)
    return prompted(terminal)


def prompted(terminal: pexpect.spawn[str]) -> str:
    """Wait for the next prompt; returns what was shown until then.

    A terminal that hangs is made to say where its threads are.
    """
    try:
        terminal.expect(PROMPT)
    except pexpect.TIMEOUT:
        terminal.kill(signal.SIGABRT)
        terminal.expect(pexpect.EOF)
        pytest.fail(f"no prompt: {terminal.before}")
    return str(terminal.before)


def test_a_line_of_progress_and_the_result_as_text(terminal: pexpect.spawn[str]) -> None:
    """Awaited or blocked on, a run shows how it went, and a summary reads as text."""
    awaited = told(terminal, "summary = await ds.summarize({'a': 'x'}, model=model)")
    assert "1/1" in awaited
    assert "A summary." in told(terminal, "summary")
    assert "0 calls" in told(terminal, "again = ds.summarize({'a': 'x'}, model=model).result()")
    assert "\x1b" not in awaited


@pytest.mark.long
def test_ctrl_c_ends_the_wait_and_the_session_goes_on(
    terminal: pexpect.spawn[str], server: ScriptedServer
) -> None:
    """In both forms, while the model hangs; the run is cancelled, and the next one works.

    KeyboardInterrupt leaves the loop that IPython runs a cell in; the cell's coroutine stays there.
    """
    server.script = lambda call: Reply(hang=True)
    for wait in ("await run", "run.result()"):
        asked = len(server.calls)
        terminal.sendline(f"run = ds.summarize({{'a': 'x'}}, model=model, ledger=False); {wait}")
        while len(server.calls) == asked:
            terminal.expect([r"\d+ running", pexpect.TIMEOUT], timeout=0.2)
        terminal.sendintr()
        assert "KeyboardInterrupt" in prompted(terminal)
        assert "cancelled" in told(terminal, "run.state.outcome")
    server.script = lambda call: Reply("Back again.")
    told(terminal, "summary = await ds.summarize({'a': 'y'}, model=model, ledger=False)")
    assert "Back again." in told(terminal, "summary.text")
