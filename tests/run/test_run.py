from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from docsum_nb.errors import DeadlineExceeded, InputError, RunCancelled
from docsum_nb.events import (
    ChunkFailed,
    ChunksPlanned,
    ChunkStarted,
    Event,
    RunEnded,
    StageStarted,
    Warned,
)
from docsum_nb.run import Control, Run, RunView, Snapshot
from tests.run.run_samples import LONG_S, forever, run_of, run_with_control


def test_result_is_the_same_from_everywhere_and_as_often_as_asked() -> None:
    """A run gives its value to a blocking wait, an await and a thread, again and again."""

    async def work() -> int:
        return 42

    run = run_of(work)

    async def awaited() -> list[int]:
        return [await run, await run]

    from_thread: list[int] = []
    thread = threading.Thread(target=lambda: from_thread.append(run.result()))
    thread.start()
    thread.join(LONG_S)
    assert [run.result(), run.result(), *asyncio.run(awaited()), *from_thread] == [42] * 5
    assert run.done
    assert run.state.outcome == "done"
    assert run.exception() is None


def test_the_works_own_error_is_raised_with_its_own_traceback() -> None:
    """The error arrives unchanged, and its traceback does not grow with every wait."""

    async def broken() -> None:
        raise KeyError("the real one")

    run = run_of(broken)
    lengths = []
    for _ in range(3):
        with pytest.raises(KeyError, match="the real one") as caught:
            run.result()
        lengths.append(len(caught.traceback))
        assert any(entry.name == "broken" for entry in caught.traceback)
    assert len(set(lengths)) == 1
    assert run.exception() is run.exception()
    assert run.state.outcome == "failed"


def test_deadline_ends_a_wait_that_would_never_end() -> None:
    """The deadline raises in a blocking and in an awaiting caller, and names where the work was."""
    with pytest.raises(
        DeadlineExceeded, match=r"deadline of 0.2 s passed, in forever\(\) in run_samples.py"
    ):
        run_of(forever, deadline=0.2).result()

    async def awaited() -> None:
        await run_of(forever, deadline=0.2)

    with pytest.raises(TimeoutError):
        asyncio.run(awaited())


def test_timeout_of_result_leaves_the_run_going() -> None:
    """A wait that gives up says so; the run can still be waited for."""
    gate = threading.Event()

    async def gated() -> str:
        while not gate.is_set():
            await asyncio.sleep(0.01)
        return "late"

    run = run_of(gated)
    with pytest.raises(TimeoutError, match="it goes on"):
        run.result(0.05)
    gate.set()
    assert run.result(LONG_S) == "late"


def test_cancel_ends_the_wait_at_once_and_the_work_soon() -> None:
    """Cancelling raises RunCancelled with the reason, cancels the work, and happens once."""
    cancelled = threading.Event()
    started = threading.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    run = run_of(work)
    assert started.wait(LONG_S)
    assert run.cancel("enough")
    assert not run.cancel("again")
    with pytest.raises(RunCancelled, match="enough"):
        run.result()
    assert cancelled.wait(LONG_S)
    assert run.join(LONG_S)
    assert run.state.outcome == "cancelled"


def test_cancelled_await_stops_the_run_and_stays_a_cancelled_error() -> None:
    """A cell's cancellation reaches the work, and the cell gets CancelledError untranslated."""
    run = run_of(forever)

    async def cell() -> None:
        waiting = asyncio.ensure_future(_await(run))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError) as raised:
            await waiting
        [note] = raised.value.__notes__
        assert note.startswith(f"docsum_nb run {run.id}: stopped")

    asyncio.run(cell())
    assert run.join(LONG_S)
    assert isinstance(run.exception(), RunCancelled)


async def _await(run: Run[Any]) -> Any:
    return await run


def test_calls_in_flight_may_land_after_the_first_error() -> None:
    """The error is seen at once; what is in flight has the settle time to be stored."""
    landed = threading.Event()
    gate = threading.Event()

    async def work(control: Control) -> None:
        control.fail(ValueError("first"))
        while not gate.is_set():
            await asyncio.sleep(0.01)
        landed.set()

    run = run_with_control(work, settle_s=LONG_S)
    with pytest.raises(ValueError, match="first"):
        run.result()
    assert not landed.is_set()
    gate.set()
    assert run.join(LONG_S)
    assert landed.is_set()


def test_observer_gets_every_event_in_order_and_its_error_is_a_warning() -> None:
    """An observer that raises or is slow neither stops the run nor hides its result."""
    seen: list[Event] = []

    def observe(event: Event) -> None:
        seen.append(event)
        raise RuntimeError("observer")

    async def work(control: Control) -> str:
        control.emit(StageStarted("working"))
        return "value"

    run = run_with_control(work, on_event=observe)
    assert run.result() == "value"
    assert seen[0] == StageStarted("working")
    assert RunEnded("done") in seen
    assert "observer" in run.state.warnings[0]


def test_observer_that_never_returns_does_not_hold_the_result() -> None:
    """A stuck observer costs the waiter half a second at most."""
    release = threading.Event()

    async def work() -> int:
        return 1

    run = run_of(work, on_event=lambda event: release.wait(LONG_S))
    assert run.result(LONG_S) == 1
    release.set()


class RecordingView:
    """A view that keeps what it was shown."""

    shows_text = False

    def __init__(self) -> None:
        self.closed: list[Snapshot] = []

    def update(self, snapshot: Snapshot) -> None:
        """Fail, as a broken front end does."""
        raise OSError("no front end")

    def close(self, snapshot: Snapshot, result: object | None) -> None:
        """Keep the last snapshot."""
        self.closed.append(snapshot)


class RecordingDisplay:
    """Opens recording views."""

    def __init__(self) -> None:
        self.views: list[RecordingView] = []

    def open(self, shown: RunView) -> RecordingView:
        """Open a view and keep it."""
        self.views.append(RecordingView())
        return self.views[-1]

    def embed(self, shown: RunView) -> tuple[RecordingView, str]:
        """Open a view beside any other."""
        return self.open(shown), shown.title

    def bundle(self, snapshot: Snapshot, title: str, result: object | None) -> dict[str, str]:
        """Render nothing much."""
        return {"text/plain": title}


def test_view_is_opened_once_and_a_broken_one_is_a_warning() -> None:
    """Waiting twice shows one view; its failure is in the state and stops nothing."""
    gate = threading.Event()
    warned = threading.Event()

    async def work() -> int:
        while not gate.is_set():
            await asyncio.sleep(0.01)
        return 1

    display = RecordingDisplay()
    run = run_of(
        work,
        display=display,
        on_event=lambda event: warned.set() if isinstance(event, Warned) else None,
    )
    for _ in range(2):
        with pytest.raises(TimeoutError):
            run.result(0.01)
    assert warned.wait(LONG_S)
    gate.set()
    assert run.result() == 1
    assert len(display.views) == 1
    assert "no front end" in run.state.warnings[0]


@pytest.mark.parametrize("deadline", [0, -1, float("nan"), "10", True])
def test_rubbish_deadline_is_refused_before_anything_starts(deadline: Any) -> None:
    """A deadline that is no positive number of seconds is an InputError at the call."""
    with pytest.raises(InputError, match="deadline is seconds"):
        run_of(forever, deadline=deadline)


def test_result_on_the_loops_own_thread_is_refused_instead_of_deadlocking() -> None:
    """Blocking on a run from within another one says what to write instead."""

    async def fine() -> int:
        return 1

    async def work() -> int:
        inner = run_of(fine)
        with pytest.raises(InputError, match="await run"):
            inner.result()
        return int(await inner)

    assert run_of(work).result(LONG_S) == 1


def test_two_runs_at_once_share_the_loop() -> None:
    """Two runs that wait for each other both end: neither holds the loop."""
    first, second = threading.Event(), threading.Event()

    async def work(mine: threading.Event, other: threading.Event) -> None:
        mine.set()
        while not other.is_set():
            await asyncio.sleep(0.01)

    runs = [run_of(lambda: work(first, second)), run_of(lambda: work(second, first))]
    assert [run.result(LONG_S) for run in runs] == [None, None]


def test_view_that_cannot_be_opened_is_a_warning() -> None:
    """A front end that fails costs the bar, not the result."""

    class Broken(RecordingDisplay):
        def open(self, shown: RunView) -> RecordingView:
            raise ImportError("no widgets")

    async def work() -> int:
        await asyncio.sleep(0.05)
        return 1

    run = run_of(work, display=Broken())
    assert run.result(LONG_S) == 1
    assert "no widgets" in run.state.warnings[0]


def test_what_lands_after_the_end_is_told_and_the_first_error_stays() -> None:
    """Observers hear of calls that land in the settle time; the state keeps the run's error."""
    landed = threading.Event()
    gate = threading.Event()

    async def work(control: Control) -> None:
        control.emit(ChunksPlanned(2, 2))
        control.emit(ChunkStarted("a"))
        control.fail(ValueError("first"))
        while not gate.is_set():
            await asyncio.sleep(0.01)
        control.emit(ChunkFailed("a", "second"))

    def observe(event: Event) -> None:
        if isinstance(event, ChunkFailed):
            landed.set()

    run = run_with_control(work, settle_s=LONG_S, on_event=observe)
    with pytest.raises(ValueError, match="first"):
        run.result(LONG_S)
    gate.set()
    assert landed.wait(LONG_S)
    assert "first" in (run.state.error or "")
