"""The doctor in a real kernel: what it sees there, and that a probe can be interrupted."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.support.kernels import Kernel, running_kernel

HANG_S = 120.0
"""What takes longer hangs."""
LEVELS = "print([(f.check, f.level) for f in ds.doctor() if f.level != 'ok'])"
CREW = """
import threading
from crewai import Agent, BaseLLM, Crew, Task
class Own(BaseLLM):
    def call(self, messages, *args, **kwargs):
        raise RuntimeError("the user's model was asked")
class Callback:
    def __call__(self, output):
        print("callback", flush=True)
        threading.Event().wait(240)
agent = Agent(role="r", goal="g", backstory="b", llm=Own(model="own"))
def crew(**options):
    return Crew(agents=[agent], tasks=[
        Task(description="Write.", expected_output="e", agent=agent, **options)
    ])
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A kernel; the first test finds it as it was started."""
    with running_kernel(warm=False) as running:
        assert running.run("import docsum_nb as ds").status == "ok"
        yield running


def test_healthy_kernel_has_one_note_and_displays_a_table(kernel: Kernel) -> None:
    """Only the running loop is reported; the diagnosis displays as HTML and text, in every form."""
    for cell in (LEVELS, f"async def look(): {LEVELS}\nawait look()"):
        assert kernel.run(cell).text == "[('running-loop', 'note')]\n"
    shown = kernel.run("ds.doctor()").displays[0]
    assert "docsum-tabled" in shown["text/html"]
    assert "this kernel" in shown["text/plain"]
    loaded = kernel.run("import sys; print({'crewai', 'litellm'} & set(sys.modules))")
    assert loaded.text == "set()\n"


@pytest.mark.long
def test_probe_in_a_cell_ends_and_can_be_interrupted(kernel: Kernel) -> None:
    """A probe blocks the cell until it is over; the stop button ends one that hangs."""
    assert kernel.run(CREW).status == "ok"
    cell = kernel.run(
        "d = ds.doctor(crew(), probe=3); print([f.level for f in d.about('probe-guarded')])"
    )
    assert cell.text == "['ok']\n", cell.traceback
    hanging = kernel.send("ds.doctor(crew(callback=Callback()), probe=3)")
    kernel.wait_for("callback")
    began = time.monotonic()
    kernel.interrupt()
    cell = kernel.wait(hanging)
    assert cell.error.startswith("KeyboardInterrupt"), cell.error
    assert time.monotonic() - began < HANG_S
    assert kernel.run("print(6 * 7)").text == "42\n"


# The last one: the kernel of all tests is patched by it.


def test_patched_loop_is_found_in_a_kernel(kernel: Kernel) -> None:
    """After nest_asyncio, and after ds.allow_nested_asyncio(), the patch is reported."""
    kernel.run("ds.allow_nested_asyncio()")
    assert "('nested-loop', 'warning')" in kernel.run(LEVELS).text
