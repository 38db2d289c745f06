"""Where a run can be started and waited for: scripts, threads, loops, workers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import DeadlineExceeded
from tests.forms.processes import finished

LONG_S = 60.0


def blocked() -> int:
    """Wait by blocking, for a result, an error and a deadline."""
    with pytest.raises(LookupError):
        ds.start({}.__getitem__, "missing", show=False).result(LONG_S)
    with pytest.raises(DeadlineExceeded):
        ds.run_with_deadline(lambda: time.sleep(2), 0.1, show=False)
    return int(ds.start(lambda: 42, show=False).result(LONG_S))


async def awaited() -> int:
    """Wait in a coroutine, for the same."""
    with pytest.raises(LookupError):
        await ds.start({}.__getitem__, "missing", show=False)
    with pytest.raises(DeadlineExceeded):
        await ds.start(time.sleep, 2, deadline=0.1, show=False)
    return int(await ds.start(lambda: 42, show=False))


async def blocked_in_a_loop() -> int:
    return blocked()


FORMS: dict[str, Callable[[], int]] = {
    "blocked, no loop": blocked,
    "blocked, in a loop": lambda: asyncio.run(blocked_in_a_loop()),
    "awaited": lambda: asyncio.run(awaited()),
}


@pytest.mark.parametrize("form", FORMS)
def test_any_thread_can_wait_with_a_loop_or_without(form: str) -> None:
    """In the main thread and in others, several at once, all forms give what the work gave."""
    assert FORMS[form]() == 42
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: FORMS[form](), range(4))) == [42] * 4


def test_two_runs_at_once_end_each_in_its_own_way() -> None:
    """A result, an error, a deadline and a cancellation at once do not touch one another."""
    began, release = threading.Event(), threading.Event()

    def held() -> str:
        began.set()
        release.wait(LONG_S)
        return "held"

    fine, late = ds.start(held, show=False), ds.start(time.sleep, 2, deadline=0.1, show=False)
    empty: dict[str, str] = {}
    failed = ds.start(empty.__getitem__, "missing", show=False)
    stopped = ds.start(time.sleep, 2, show=False)
    assert began.wait(LONG_S)
    assert isinstance(failed.exception(LONG_S), LookupError)
    assert isinstance(late.exception(LONG_S), DeadlineExceeded)
    assert stopped.cancel()
    assert isinstance(stopped.exception(LONG_S), ds.errors.RunCancelled)
    assert not fine.done
    release.set()
    assert fine.result(LONG_S) == "held"


SCRIPT = """
import asyncio, time
{before}
import docsum_nb as ds
{after}
assert ds.run_with_deadline(lambda: 1, 20, show=False) == 1
assert ds.start(asyncio.sleep, 0, show=False).result() is None
async def main():
    assert await ds.start(lambda: 2, show=False) == 2
    assert ds.start(lambda: 3, show=False).result() == 3
    try:
        await ds.start(time.sleep, 60, deadline=0.1, show=False)
    except ds.errors.DeadlineExceeded:
        return await asyncio.wait_for(ds.start(lambda: 4, show=False), 20)
assert asyncio.run(main()) == 4
{last}
print("done")
"""
NEST = "import nest_asyncio; nest_asyncio.apply()"
NESTED = "loop = asyncio.new_event_loop()\nassert loop.run_until_complete(main()) == 4"


@pytest.mark.parametrize(
    ("before", "after", "last"),
    [("", "", ""), (NEST, "", NESTED), ("", NEST, NESTED)],
    ids=["plain", "nest_asyncio before", "nest_asyncio after"],
)
def test_script_with_and_without_nest_asyncio(before: str, after: str, last: str) -> None:
    """Warnings are errors; a patched asyncio, before our import or after it, changes nothing."""
    script = SCRIPT.format(before=before, after=after, last=last)
    options = ["-W", "error"]
    # nest_asyncio 1.6 itself uses what Python is about to drop.
    options += ["-W", "ignore::DeprecationWarning", "-W", "ignore::ResourceWarning"] if last else []
    done = finished(script, *options)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


WORKER = """
import queue, threading
tasks, answers = queue.Queue(), queue.Queue()
def serve():
    while (task := tasks.get()) is not None:
        answers.put(task())
# As Celery's pool of threads does, they run before the task's module is imported.
threads = [threading.Thread(target=serve, daemon=daemon) for daemon in (True, False)]
for thread in threads:
    thread.start()
def task(number):
    import time
    import docsum_nb as ds
    late = ds.start(time.sleep, 60, deadline=0.1, show=False)
    failed = ds.start({}.__getitem__, number, show=False)
    kinds = [type(run.exception(120)).__name__ for run in (late, failed)]
    return (*kinds, ds.run_with_deadline(lambda: number, 120, show=False))
for number in range(8):
    tasks.put(lambda number=number: task(number))
seen = sorted(answers.get(timeout=150) for _ in range(8))
assert seen == [("DeadlineExceeded", "KeyError", number) for number in range(8)], seen
for thread in threads:
    tasks.put(None)
print("done")
"""


def test_worker_threads_do_task_after_task() -> None:
    """Threads older than the package, daemon or not, run tasks whose stuck calls outlive them."""
    done = finished(WORKER, "-W", "error")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_a_thread_without_a_loop_gets_none() -> None:
    """Waiting leaves no event loop behind in the thread."""

    def in_thread() -> Any:
        ds.start(lambda: 1, show=False).result(LONG_S)
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return asyncio._get_running_loop()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(in_thread).result(LONG_S) is None
