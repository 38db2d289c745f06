from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from docsum_nb.errors import DeadlineExceeded, RunCancelled, WorkExited
from docsum_nb.events import Event, RunEnded
from docsum_nb.run import Control, Run, Work, in_thread, loop
from tests.run.run_samples import LONG_S, forever, run_of
from tests.support.deadlines import pass_deadline


def test_deadline_holds_although_the_loop_is_stuck_and_the_next_run_works() -> None:
    """A coroutine in blocking code is named with its function; a later run gets a new loop."""
    began, release = threading.Event(), threading.Event()

    async def blocking() -> None:
        began.set()
        release.wait(LONG_S)

    async def work() -> str:
        return "fine"

    try:
        run = run_of(blocking, deadline=LONG_S)
        pass_deadline(run, began.is_set)
        with pytest.raises(
            DeadlineExceeded, match=r"stuck in \S*blocking\(\) in test_execution.py"
        ):
            run.result()
        assert run_of(work).result(LONG_S) == "fine"
    finally:
        release.set()


@pytest.mark.parametrize(
    "error", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError(), GeneratorExit()]
)
def test_what_would_end_a_kernel_becomes_an_ordinary_error(error: BaseException) -> None:
    """SystemExit and its like in the work raise WorkExited, and the loop goes on."""

    async def work() -> None:
        raise error

    with pytest.raises(WorkExited) as caught:
        run_of(work).result(LONG_S)
    assert caught.value.__cause__ is not None

    async def fine() -> int:
        return 1

    assert run_of(fine).result(LONG_S) == 1


def test_a_child_task_that_exits_does_not_take_the_loop_with_it() -> None:
    """SystemExit in a task the user's work created leaves other runs and later ones working."""

    async def child() -> None:
        raise SystemExit(1)

    async def work() -> str:
        task = asyncio.create_task(child())
        await asyncio.wait([task])
        return type(task.exception()).__name__

    assert run_of(work).result(LONG_S) == "SystemExit"


def finished(script: str, *, warnings: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, to its end."""
    return subprocess.run(
        [sys.executable, "-W", warnings, "-c", script],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def test_script_with_a_run_nobody_awaits_ends_and_names_it() -> None:
    """The interpreter ends within seconds, without other noise, although a thread is stuck."""
    script = (
        "import asyncio, time\n"
        "from docsum_nb import start\n"
        "async def forever():\n"
        "    await asyncio.Event().wait()\n"
        "start(forever, show=False)\n"
        "start(time.sleep, 300, show=False)\n"
        "print('end')\n"
    )
    done = finished(script, warnings="error")
    assert (done.returncode, done.stdout) == (0, "end\n")
    lines = done.stderr.splitlines()
    assert sum("was stopped because the process ended" in line for line in lines) == 2
    assert sum(line.startswith("docsum_nb.errors.RunCancelled: ") for line in lines) == 2
    assert len(lines) == 4


def test_forked_child_gets_a_loop_of_its_own() -> None:
    """After a fork, the child can start runs; the parent's go on."""
    script = (
        "import os\n"
        "from docsum_nb import start\n"
        "assert start(lambda: 1, show=False).result(60) == 1\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    os._exit(start(lambda: 7, show=False).result(60))\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7\n"
        "assert start(lambda: 2, show=False).result(60) == 2\n"
    )
    done = finished(script, warnings="ignore::DeprecationWarning")
    assert (done.returncode, done.stderr) == (0, "")


def test_run_of_the_parent_is_not_waited_for_in_a_child() -> None:
    """Its loop is not there after a fork, so the wait would never end; the error says so."""
    script = (
        "import os, threading\n"
        "from docsum_nb import start\n"
        "go_on = threading.Event()\n"
        "run = start(go_on.wait, show=False)\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    try:\n"
        "        run.result()\n"
        "    except Exception as error:\n"
        "        os._exit(7 if f'goes on in process {os.getppid()}' in str(error) else 1)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7\n"
        "go_on.set()\n"
        "assert run.result(60) is True\n"
    )
    done = finished(script, warnings="ignore::DeprecationWarning")
    assert (done.returncode, done.stderr) == (0, "")


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("cannot be printed")


def test_error_that_cannot_be_printed_ends_the_run_all_the_same() -> None:
    """An error whose text raises is still the outcome."""

    async def work() -> None:
        raise UnprintableError

    run = run_of(work)
    assert isinstance(run.exception(LONG_S), UnprintableError)
    assert "cannot be printed" in (run.state.error or "")


class AnswersAnythingError(Exception):
    def __getattr__(self, name: str) -> None:
        return None


class AnswersNothingError(Exception):
    def __getattr__(self, name: str) -> None:
        raise KeyError(name)


@pytest.mark.parametrize("kind", [AnswersAnythingError, AnswersNothingError])
def test_error_with_odd_attributes_ends_the_run_all_the_same(kind: type[Exception]) -> None:
    """An error that has any attribute, or fails when it is asked for one, is the outcome."""

    async def work() -> None:
        raise kind("boom")

    run = run_of(work)
    assert type(run.exception(LONG_S)) is kind
    assert run.state.error == f"{kind.__name__}: boom"


class Broken(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise OSError("no room for the log")


def test_log_that_cannot_be_written_costs_nothing() -> None:
    """A handler of the user's that raises keeps no run from its result."""
    log, handler = logging.getLogger("docsum_nb"), Broken()

    async def work() -> str:
        return "fine"

    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        assert run_of(work).result(LONG_S) == "fine"
    finally:
        log.setLevel(logging.NOTSET)
        log.removeHandler(handler)


def test_deadline_of_a_stuck_run_in_the_background_holds_without_a_wait() -> None:
    """Nobody waits and nothing is shown: the timer ends it, and the error can be looked up."""
    error = ""
    for deadline in (0.2, 4.0, LONG_S / 2):
        error = _error_of_stuck_run(deadline)
        if "before it began" not in error:
            break  # on a machine with other work, a short deadline may pass earlier
    assert "stuck in" in error


def _error_of_stuck_run(deadline: float) -> str:
    """Start a run that blocks its loop; return its error once it has ended by its deadline."""
    release, ended = threading.Event(), threading.Event()

    async def blocking() -> None:
        release.wait(2 * LONG_S)

    def hear(event: Event) -> None:
        if isinstance(event, RunEnded):
            ended.set()

    try:
        run = run_of(blocking, deadline=deadline, show=False, on_event=hear)
        assert ended.wait(LONG_S)
        give_up = time.monotonic() + LONG_S
        while not run.done:  # it is an instant after its last event
            assert time.monotonic() < give_up
            time.sleep(0.01)
        return run.state.error or ""
    finally:
        release.set()


@pytest.mark.parametrize("deadline", [float("inf"), 1e12])
def test_deadline_beyond_what_a_thread_can_wait_is_none(deadline: float) -> None:
    """The run ends by its work, and nothing is raised in the timer's thread."""

    async def fine() -> int:
        await asyncio.sleep(0.05)
        return 1

    assert run_of(fine, deadline=deadline).result(LONG_S) == 1


def test_timer_of_a_deadline_ends_with_its_run() -> None:
    """A run with a day's time leaves no thread behind when it is over."""

    async def fine() -> int:
        return 1

    def timers() -> set[threading.Thread]:
        return {each for each in threading.enumerate() if each.name == "docsum_nb-deadline"}

    before = timers()
    run = run_of(fine, deadline=86_400)
    assert run.join(LONG_S)
    for timer in timers() - before:
        timer.join(LONG_S)
        assert not timer.is_alive()


def test_a_second_interrupt_does_not_keep_the_run_from_being_stopped() -> None:
    """Ctrl-C twice, the second while the first is asking the work what is finished."""
    script = (
        "import asyncio, os, signal, threading, time\n"
        "from docsum_nb.run import Run, Work\n"
        "def interrupt():\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "class Sleep(Work):\n"
        "    def partial(self):\n"
        "        if not asked.is_set():\n"
        "            asked.set()\n"
        "            interrupt()\n"
        "            time.sleep(0.3)\n"
        "    async def __call__(self, control):\n"
        "        started.set()\n"
        "        await asyncio.sleep(60)\n"
        "started, asked = threading.Event(), threading.Event()\n"
        "run = Run(Sleep(), title='test', show=False)\n"
        "started.wait()\n"
        "threading.Timer(0.2, interrupt).start()\n"
        "try:\n"
        "    run.result()\n"
        "except KeyboardInterrupt:\n"
        "    print(run.join(60), run.state.outcome)\n"
    )
    done = finished(script, warnings="error")
    assert (done.stdout, done.returncode) == ("True cancelled\n", 0), done.stderr


def test_partial_result_that_raises_does_not_keep_the_run_from_ending() -> None:
    """Neither cancel() nor the deadline depends on what the work reports of itself."""

    class Broken(Work[None]):
        async def __call__(self, control: Control) -> None:
            await forever()

        def partial(self) -> Any:
            raise KeyError("partial")

        kept = remaining = location = partial

    run: Run[None] = Run(Broken(), title="test", deadline=0.2)
    assert isinstance(run.exception(LONG_S), DeadlineExceeded)
    assert run.partial is None


def test_stop_iteration_of_a_callable_is_an_error_not_a_hang() -> None:
    """What asyncio refuses in a future comes out as WorkExited."""
    from docsum_nb.run import in_thread

    with pytest.raises(WorkExited, match="StopIteration"):
        run_of(lambda: in_thread(next, iter([]))).result(LONG_S)


def test_blocked_coroutine_of_a_users_does_not_hold_up_model_work() -> None:
    """A run on the loop of guests that blocks it leaves the other loop free."""
    release, blocked = threading.Event(), threading.Event()

    async def blocking() -> None:
        blocked.set()
        release.wait(LONG_S)

    async def fine() -> int:
        return 1

    guest = run_of(blocking, guest=True)
    assert blocked.wait(LONG_S)
    try:
        assert run_of(fine).result(LONG_S) == 1
    finally:
        release.set()
    guest.result(LONG_S)


def test_starting_a_run_from_the_loop_is_no_reason_to_replace_it() -> None:
    """Runs started from a thread and from the loop at once use the same loop."""

    async def inner() -> int:
        return 1

    async def outer() -> list[int]:
        return [await run_of(inner) for _ in range(20)]

    runs = [run_of(outer) for _ in range(4)]
    for run in runs:
        assert run.result(LONG_S) == [1] * 20
    assert len({id(run._execution.loop) for run in runs}) == 1


async def litellm_logging() -> bool:
    from litellm.litellm_core_utils.logging_worker import LoggingWorker

    worker = LoggingWorker()
    worker.start()
    return worker._worker_task is not None


def test_loop_of_guests_that_was_stuck_and_replaced_ends_once_it_is_free() -> None:
    """Its own runs are finished first; then its thread goes, and the new loop stays."""
    release, blocked = threading.Event(), threading.Event()

    async def blocking() -> str:
        blocked.set()
        release.wait(LONG_S)
        await asyncio.sleep(0.1)
        return "late"

    async def fine() -> int:
        return 1

    # A loop of its own: tests before may have left work on the one that is there.
    loop._loops.pop(True, None)
    # LiteLLM's task for its logs begins with the first request on a loop, and never ends.
    assert run_of(litellm_logging, guest=True).result(LONG_S)
    stuck = run_of(blocking, guest=True)
    assert blocked.wait(LONG_S)
    try:
        after = run_of(fine, guest=True)
        assert after.result(LONG_S) == 1
        assert after._execution.loop is not stuck._execution.loop
    finally:
        release.set()
    assert stuck.result(LONG_S) == "late"
    stuck._execution.loop._thread.join(LONG_S)
    assert not stuck._execution.loop._thread.is_alive()
    assert run_of(fine, guest=True).result(LONG_S) == 1
    assert not stuck._execution.loop.start(release.set)


def test_run_in_the_work_of_another_is_stopped_with_it() -> None:
    """Through threads and loops: the outer run's end by an error stops it, its success does not."""
    made: list[Run[Any]] = []
    ready = threading.Event()

    def in_a_thread() -> None:
        async def in_a_loop() -> None:
            made.append(run_of(forever))
            ready.set()
            await made[-1]

        asyncio.run(in_a_loop())

    async def outer() -> None:
        await in_thread(in_a_thread)

    async def leaves_one() -> str:
        made.append(run_of(forever))
        return "fine"

    run = run_of(outer)
    assert ready.wait(LONG_S)
    assert run.cancel()
    assert made[0].join(LONG_S)
    with pytest.raises(RunCancelled, match="stopped with the run 'test'"):
        made[0].result()
    assert run_of(leaves_one).result(LONG_S) == "fine"
    assert not made[1].done
    made[1].cancel()
