"""A guarded crew in a real kernel: every way to end, in every form, again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.kernels import Kernel, running_kernel
from tests.loopback import Call, Loopback, Reply

HANG_S = 20.0
"""Whatever takes longer hangs."""
PARTS = 4

SETUP = """
import threading, time
import docsum_nb as ds
from crewai import LLM, Agent, BaseLLM, Crew, Task

class Scripted(BaseLLM):
    answer: object = None
    def call(self, messages, *args, **kwargs):
        return self.answer(str(messages))
    def supports_function_calling(self):
        return False

def crew(llm):
    shared = Agent(role="writer", goal="g", backstory="b", llm=llm)
    tasks = [
        Task(name=f"part {i}", description=f"Summarize part {i}.", expected_output="e",
             agent=shared, async_execution=True)
        for i in range(4)
    ]
    last = Task(description="Combine.", expected_output="e", agent=shared, context=tasks)
    return Crew(agents=[shared], tasks=[*tasks, last])

def over_http(url):
    return crew(LLM(model="openai/gpt-4o-mini", base_url=url, api_key="k", max_retries=0))

def leaves(prompt):
    if "part 2" in prompt:
        raise SystemExit(1)
    return "fine"
"""
FORMS = {"await": "await {run}", "result": "{run}.result()"}


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """One kernel for all tests here: what one leaves behind, the next one meets."""
    with running_kernel() as running:
        assert running.run(SETUP).status == "ok"
        yield running


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    """Await the run, or block on it."""
    return FORMS[request.param]


def check_alive(kernel: Kernel, server: Loopback, form: str) -> None:
    """The kernel answers, nothing more was sent, and the same crew runs."""
    sent = len(server.calls)
    assert kernel.run("print(6 * 7)").text == "42\n"
    assert len(server.calls) == sent
    server.script = lambda call: Reply("fine")
    again = kernel.run(form.format(run=f"ds.kickoff(over_http({server.base_url!r}), show=False)"))
    assert again.status == "ok", again.traceback
    assert len(server.calls) == sent + PARTS + 1


def test_task_error(kernel: Kernel, server: Loopback, form: str) -> None:
    """A refused task is the cell's error, though another is never answered."""

    def script(call: Call) -> Reply:
        return Reply("no", status=403) if "part 2" in call.prompt else Reply(hang=True)

    server.script = script
    cell = kernel.run(form.format(run=f"ds.kickoff(over_http({server.base_url!r}))"))
    assert cell.error.startswith("PermissionDeniedError")
    assert cell.seconds < HANG_S
    assert "task 'part 2', agent 'writer'" in cell.traceback
    check_alive(kernel, server, form)


def test_deadline_in_blocking_code(kernel: Kernel, server: Loopback, form: str) -> None:
    """A model that sleeps a minute costs the deadline; the error names the task and the line."""
    run = "ds.kickoff(crew(Scripted(model='s', answer=lambda p: time.sleep(60))), deadline=1)"
    cell = kernel.run(form.format(run=run))
    assert cell.error.startswith("DeadlineExceeded")
    assert "of agent 'writer'" in cell.error
    assert cell.seconds < HANG_S
    check_alive(kernel, server, form)


def test_stop_button(kernel: Kernel, server: Loopback, form: str) -> None:
    """Interrupting ends the cell; the work makes no further request."""
    server.script = lambda call: Reply(hang=True)
    sent = kernel.send(form.format(run=f"ds.kickoff(over_http({server.base_url!r}))"))
    while len(server.calls) < PARTS:
        time.sleep(0.01)
    pressed = time.monotonic()
    kernel.interrupt()
    cell = kernel.wait(sent)
    assert cell.error.split(":")[0] in ("CancelledError", "KeyboardInterrupt")
    assert time.monotonic() - pressed < HANG_S
    check_alive(kernel, server, form)


def test_cancel_from_elsewhere(kernel: Kernel, server: Loopback, form: str) -> None:
    """cancel() from another thread ends the cell that waits, with its reason."""
    server.script = lambda call: Reply(hang=True)
    sent = kernel.send(
        f"run = ds.kickoff(over_http({server.base_url!r}))\n"
        "threading.Timer(1.0, run.cancel, ['enough']).start()\n" + form.format(run="run")
    )
    cell = kernel.wait(sent)
    assert cell.error.startswith("RunCancelled")
    assert "enough" in cell.error
    check_alive(kernel, server, form)


def test_base_exception(kernel: Kernel, server: Loopback, form: str) -> None:
    """SystemExit in a task, where bare CrewAI hangs, is an ordinary error that names the task."""
    cell = kernel.run(form.format(run="ds.kickoff(crew(Scripted(model='s', answer=leaves)))"))
    assert cell.error.startswith("WorkExited")
    assert "part 2" in cell.error
    check_alive(kernel, server, form)
