"""A failed run that nobody looks at is reported once, and one that somebody looked at is not."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from docsum_nb.run import Run
from tests.run.run_samples import LONG_S, forever, run_of


class Reports(logging.Handler):
    """Keeps what is logged as an error, and tells when there is something."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []
        self.arrived = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self.arrived.set()

    def wait(self) -> None:
        """Wait for the first one; the loop's thread may hold a run for a moment after its end."""
        give_up = time.monotonic() + LONG_S
        while not self.arrived.is_set():
            assert time.monotonic() < give_up
            gc.collect()
            self.arrived.wait(0.05)


@pytest.fixture
def reports() -> Iterator[Reports]:
    handler = Reports()
    logging.getLogger("docsum_nb").addHandler(handler)
    # What earlier tests have left takes long to collect and has no part in these.
    gc.collect()
    gc.freeze()
    yield handler
    gc.unfreeze()
    logging.getLogger("docsum_nb").removeHandler(handler)


async def fails() -> None:
    raise ValueError("nobody reads this")


def ended(run: Run[Any]) -> Run[Any]:
    assert run.join(LONG_S)
    return run


def test_collected_run_that_failed_is_reported_once_with_its_traceback(reports: Reports) -> None:
    """The error log has run id, title and the traceback of the work."""
    run = ended(run_of(fails))
    run_id = run.id
    gc.collect()
    assert not reports.records
    del run
    reports.wait()
    gc.collect()
    (record,) = reports.records
    assert (record.levelname, record.name) == ("ERROR", "docsum_nb.run")
    assert run_id in record.getMessage()
    assert "'test'" in record.getMessage()
    text = logging.Formatter().format(record)
    assert "ValueError: nobody reads this" in text
    assert "in fails" in text


def result(run: Run[Any]) -> None:
    with pytest.raises(ValueError, match="nobody"):
        run.result()


def exception(run: Run[Any]) -> None:
    assert run.exception()


def state(run: Run[Any]) -> None:
    assert run.state.outcome == "failed"


def awaited_by_outer(run: Run[Any]) -> None:
    async def outer() -> None:
        await run

    assert run_of(outer).exception()


@pytest.mark.parametrize("look", [result, exception, state, awaited_by_outer])
def test_error_that_somebody_looked_at_is_not_reported(
    look: Callable[[Run[Any]], None], reports: Reports
) -> None:
    """Raised, returned, read from the state, or raised to an outer run."""
    run = ended(run_of(fails))
    look(run)
    del run
    gc.collect()
    # One that is reported is proof that the other would have been by now.
    unseen = ended(run_of(fails)).id
    reports.wait()
    assert [unseen in record.getMessage() for record in reports.records] == [True]


def test_cancelled_run_and_successful_run_are_not_reported(reports: Reports) -> None:
    """A cancellation is the user's own doing."""

    async def fine() -> int:
        return 1

    cancelled = run_of(forever)
    cancelled.cancel()
    ended(cancelled), ended(run_of(fine))
    del cancelled
    gc.collect()
    ended(run_of(fails))
    reports.wait()
    assert len(reports.records) == 1


def test_timed_out_wait_has_not_looked(reports: Reports) -> None:
    """``result(timeout)`` that gave up before the failure does not count."""
    go_on = threading.Event()

    async def late() -> None:
        from docsum_nb.run import in_thread

        await in_thread(go_on.wait, LONG_S)
        raise ValueError("late")

    run = run_of(late)
    with pytest.raises(TimeoutError):
        run.result(0.05)
    go_on.set()
    ended(run)
    del run
    reports.wait()


SCRIPT = """
import logging, os, queue, sys, threading
from docsum_nb.run import FunctionWork, Run

async def fails(control):
    raise ValueError("in the background")

async def forever(control):
    import asyncio
    await asyncio.Event().wait()

def waited():
    while not run._execution.completion.is_waited_for:
        threading.Event().wait(0.001)

def failed():
    run = Run(FunctionWork(fails), title="my job", show=False)
    assert run.join(60)
    return run
"""


def script(text: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, to its end."""
    return subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", SCRIPT + text],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


@pytest.mark.parametrize("ending", ["", "sys.exit(0)"])
def test_script_that_ends_reports_what_failed_in_the_background(ending: str) -> None:
    """Without any logging set up it is on stderr, once, although the run is still held."""
    done = script(f"run = failed()\nprint(run.done)\n{ending}")
    assert (done.returncode, done.stdout) == (0, "True\n")
    assert done.stderr.count("never retrieved") == 1
    assert "'my job'" in done.stderr
    assert "ValueError: in the background" in done.stderr


def test_script_that_ends_before_its_run_reports_that_it_was_stopped() -> None:
    """On stderr, once, with what to do; the exit code is the script's own."""
    done = script("run = Run(FunctionWork(forever), title='my job')\nprint(run.done)")
    assert (done.returncode, done.stdout) == (0, "False\n")
    first, second = done.stderr.splitlines()
    assert "'my job' was stopped because the process ended" in first
    assert "call run.result()" in first
    assert second == "docsum_nb.errors.RunCancelled: my job: the process is ending"


@pytest.mark.parametrize(
    "stop",
    ["run.cancel()", "threading.Thread(target=run.exception, daemon=True).start()\nwaited()"],
)
def test_script_that_ends_is_silent_on_runs_that_were_stopped_or_are_waited_for(stop: str) -> None:
    """A cancellation is the user's own; a waiter has the error itself."""
    done = script(f"run = Run(FunctionWork(forever), title='my job')\n{stop}")
    assert (done.returncode, done.stderr) == (0, "")


def test_errors_of_the_package_are_reported_without_a_traceback() -> None:
    """Their words are enough, and none of the user's lines is in it."""
    done = script("import docsum_nb\nrun = docsum_nb.summarize('nodir/')\nassert run.join(60)\n")
    first, second = done.stderr.splitlines()
    assert "'summarize' failed, and its error was never retrieved" in first
    assert second.startswith("docsum_nb.errors.LoadError: nodir/: no such file or folder")


def test_forked_child_leaves_the_report_to_its_parent() -> None:
    """Collected or at its end, the child says nothing."""
    done = script(
        "run = failed()\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    import gc\n"
        "    del run\n"
        "    gc.collect()\n"
        "    sys.exit(0)\n"
        "os.waitpid(pid, 0)\n"
        "print(run.state.outcome)\n"
    )
    assert (done.stdout, done.stderr) == ("failed\n", "")


def test_collection_while_a_lock_is_held_does_not_deadlock() -> None:
    """The handler's own lock, which cannot be taken twice, is held by the collecting thread."""
    done = script(
        "class Queueing(logging.Handler):\n"
        "    lock2 = threading.Lock()\n"
        "    seen = threading.Event()\n"
        "    def emit(self, record):\n"
        "        with self.lock2:\n"
        "            self.seen.set()\n"
        "logging.getLogger().addHandler(Queueing())\n"
        "import gc\n"
        "run = failed()\n"
        "with Queueing.lock2, threading._active_limbo_lock:\n"
        "    del run\n"
        "    gc.collect()\n"
        "print(Queueing.seen.wait(60))\n"
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
