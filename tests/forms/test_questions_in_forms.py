"""human_input in scripts and terminals: a line on standard input, which the end of a run leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pexpect
import pytest

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.warm_python import warm_python

LONG_S = 120

SCRIPT = """
import sys, time
import docsum_nb as ds
from crewai import LLM, Agent, Crew, Task

llm = LLM(model="openai/gpt-4o-mini", base_url={url!r}, api_key="k", max_retries=0)
agent = Agent(role="writer", goal="g", backstory="b", llm=llm)
task = Task(name="draft", description="Write.", expected_output="x", agent=agent, human_input=True)
crew = Crew(agents=[agent], tasks=[task])
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    def answer(call: Call) -> Reply:
        return Reply("improved text" if "make it shorter" in call.prompt else "first text")

    with ScriptedServer(answer) as started:
        yield started


class Script:
    """A script in a process of its own, with pipes."""

    def __init__(self, url: str, code: str, **options: object) -> None:
        self.process = subprocess.Popen(
            [*warm_python(), "-c", SCRIPT.format(url=url) + code],
            **{"stdin": subprocess.PIPE, **options},  # type: ignore[call-overload]
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.out = ""

    def wait_for(self, text: str) -> None:
        assert self.process.stdout is not None
        while text not in self.out:
            char = self.process.stdout.read(1)
            assert char, f"ended without {text!r}: {self.out} {self.process.stderr.read()}"
            self.out += char

    def write(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def end(self) -> tuple[str, str]:
        out, err = self.process.communicate(timeout=LONG_S)
        return self.out + out, err


FORMS = """
import asyncio

async def awaited():
    return (await ds.kickoff(crew, show=False)).raw

def background():
    run = ds.kickoff(crew, show=False)
    while not run.done:
        time.sleep(0.05)
    return run.result().raw

print("RESULT", ds.kickoff(crew, show=False).result().raw)
print("RESULT", asyncio.run(awaited()))
print("RESULT", ds.start(crew.akickoff, show=False).result().raw)
print("RESULT", background())
print("NAME", input("name? "))
"""


def test_lines_are_read_one_for_each_question(server: ScriptedServer) -> None:
    """In each way to wait, all lines being there; the last is left to the script's own input()."""
    script = Script(server.base_url, FORMS)
    script.write("make it shorter\n\n" * 4 + "Ahab\n")
    out, err = script.end()
    assert err == ""
    assert out.count("RESULT improved text") == 4
    assert "NAME Ahab" in out
    assert out.index("draft of writer asks") < out.index("first text")


@pytest.mark.long
def test_lines_after_the_end_of_a_run_are_the_scripts_own(server: ScriptedServer) -> None:
    """Whether a deadline or a cancellation ended it while the person was asked."""
    script = Script(
        server.base_url,
        "run = ds.kickoff(crew, show=False, deadline=6)\n"
        "print('ENDED', type(run.exception()).__name__, flush=True)\n"
        "print([input(), input(), input()])\n"
        "run = ds.kickoff(crew, show=False)\n"
        "while run._display.questions.pending() is None:\n"
        "    time.sleep(0.05)\n"
        "run.cancel()\n"
        "print('ENDED', type(run.exception()).__name__, flush=True)\n"
        "print([input(), input(), input()])\n",
    )
    script.wait_for("ENDED DeadlineExceeded")
    script.write("one\ntwo\nthree\n")
    script.wait_for("['one', 'two', 'three']")
    script.wait_for("ENDED RunCancelled")
    script.write("four\nfive\nsix\n")
    out, err = script.end()
    assert err == ""
    assert "['four', 'five', 'six']" in out


def test_nobody_at_standard_input_is_a_clear_error(server: ScriptedServer) -> None:
    """As in a scheduled job: no wait without an end, and the message says what to do."""
    code = "print(ds.kickoff(crew, show=False, deadline=60).exception())\n"
    code += f"sys.stdin.close()\n{code}sys.stdin = None\n{code}"
    script = Script(server.base_url, code, stdin=subprocess.DEVNULL)
    out, err = script.end()
    assert err == ""
    assert out.count("no answer can be read from standard input") == 3
    assert "(nobody" not in out
    assert "ask=" in out


@pytest.mark.long
def test_interrupt_while_a_person_is_asked_ends_the_script(server: ScriptedServer) -> None:
    """In a real terminal: Ctrl-C leaves the question, with the interrupt's traceback alone."""
    code = (
        SCRIPT.format(url=server.base_url)
        + "print('RESULT', ds.kickoff(crew, show=False).result().raw)"
    )
    child = pexpect.spawn(sys.executable, ["-c", code], encoding="utf-8", timeout=LONG_S)
    child.expect("what should be changed")
    child.sendline("make it shorter")
    child.expect("improved text")
    child.expect("> ")
    child.sendintr()
    child.expect("KeyboardInterrupt")
    child.expect(pexpect.EOF)
    child.close()
    assert "Exception ignored" not in str(child.before)
    assert child.exitstatus == 1 or child.signalstatus == signal.SIGINT


@pytest.mark.long
def test_two_runs_at_once_ask_one_after_the_other(server: ScriptedServer) -> None:
    """One question at a time stands on the terminal."""
    script = Script(
        server.base_url,
        "runs = [ds.kickoff(crew, show=False) for _ in range(2)]\n"
        "print('RESULTS', [run.result().raw for run in runs])\n",
    )
    for number in (1, 2):
        script.wait_for("\n> ")
        assert script.out.count("asks ---") == number
        script.write("\n")
        script.out = script.out.replace("\n> ", "\n: ")
    out, err = script.end()
    assert err == ""
    assert "RESULTS ['first text', 'first text']" in out


if os.name == "nt":  # pragma: no cover
    pytest.skip("standard input cannot be left on Windows", allow_module_level=True)
