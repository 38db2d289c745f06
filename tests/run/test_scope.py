from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from docsum_nb.run import Scope, Stopping, current_scope
from tests.support.controls import StandaloneControl

LONG_S = 60.0
variable: contextvars.ContextVar[str] = contextvars.ContextVar("of_a_user", default="before")


def test_first_error_counts_although_the_work_is_cancelled_by_it() -> None:
    """What is awaited in the work may end before the wait for the work does."""

    async def work() -> None:
        scope = current_scope()
        assert scope is not None
        scope.fail(ValueError("first"))
        scope.fail(ValueError("second"))
        raise asyncio.CancelledError

    async def main() -> None:
        with pytest.raises(ValueError, match="first"):
            await Scope(StandaloneControl()).arun(work)

    asyncio.run(main())


def test_wait_ends_with_what_is_around_it_and_leaves_nothing_there() -> None:
    """Blocked for ever within two scopes, the code that waits is raised a stop at once."""
    stop, begun, release = StandaloneControl(), threading.Event(), threading.Event()
    run = Scope(stop)
    crew = Scope(stop, run)

    def blocks() -> None:
        begun.set()
        release.wait(LONG_S)

    def end() -> None:
        begun.wait(LONG_S)
        stop.stop(TimeoutError("the deadline"))

    threading.Thread(target=end, daemon=True).start()
    try:
        with pytest.raises(Stopping):
            crew.run(lambda: Scope(stop, crew).run(blocks))
    finally:
        release.set()
    with pytest.raises(Stopping, match="the deadline"):
        crew.check()


def test_work_that_a_stop_cancels_in_a_loop_of_its_own_is_raised_the_stop() -> None:
    """Not asyncio's error, which a thread that catches exceptions would not catch."""
    stop = StandaloneControl()
    scope = Scope(stop)

    def work() -> None:
        stop.stop(TimeoutError("the deadline"))
        raise asyncio.CancelledError

    with pytest.raises(Stopping, match="the deadline"):
        scope.run(work)


def test_cancelled_wait_cancels_the_work_and_stops_its_threads() -> None:
    """As with a coroutine that is awaited directly; threads see it before they begin anything."""
    cancelled: list[bool] = []
    scope = Scope(StandaloneControl())

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(scope.arun(work), 0.05)

    asyncio.run(main())
    assert cancelled == [True]
    assert scope.stopped_by() is not None


def test_context_variables_of_the_work_are_the_callers() -> None:
    """A callback of a crew may set one that the code behind the kickoff reads."""

    def work() -> str:
        variable.set("set in the work")
        return "done"

    assert Scope(StandaloneControl()).run(work) == "done"
    assert variable.get() == "set in the work"
    assert current_scope() is None
