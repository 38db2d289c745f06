"""A run that is used as if it were its result says how to wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.run.loop_errors import run_in

USES: dict[str, Callable[[Any], object]] = {
    r"no attribute 'text'.*\(await run\)\.text.*run\.result\(\)\.text": lambda run: run.text,
    r"no attribute 'to_markdown'.*\.to_markdown": lambda run: run.to_markdown(),
    r"no attribute 'summary'.*await run in.*run\.result\(\) any": lambda run: run.summary,
    r"no attribute 'results'; did you mean 'result'": lambda run: run.results,
    r"no items.*\(await run\)\['text'\]": lambda run: run["text"],
    r"cannot be iterated.*await run": list,
    r"contains nothing.*await run": lambda run: "a" in run,
    r"no items.*\(await run\)\[:3\]": lambda run: run[:3],
    r"no length.*await run": len,
    r"cannot be added.*await run": lambda run: "Result: " + run,
    r"cannot be added to anything.*await run": lambda run: sum([run, run]),
    r"is no number.*await run": lambda run: run * 2,
    r"is no number.* in a notebook": float,
    r"cannot be compared.*await run": lambda run: sorted([run, run]),
}


def test_a_result_may_be_awaited_again() -> None:
    """As a framework does that awaits all that it is given; a plan says what was meant."""
    # Type checkers report what is done here.
    summary: Any = ds.summarize({"a": "The harbor froze."}, ledger=False, show=False).result()

    async def gathered() -> Any:
        return await asyncio.gather(summary, summary)

    assert asyncio.run(gathered()) == [summary, summary]
    assert ds.start(lambda: summary, show=False).result() is summary
    plan: Any = ds.plan({"a": "The harbor froze."})
    assert ds.start(lambda: plan, show=False).result() is plan
    with pytest.raises(InputError, match=r"nothing was summarized; write summarize\("):
        plan.__await__()
    with pytest.raises(InputError, match="not Summary; give the function itself"):
        ds.start(summary)


def test_run_is_found_in_an_error_of_asyncio(run: ds.Run[int]) -> None:
    """The error of a loop that is running already has the run in a frame of asyncio's."""

    async def cell(wrong: Callable[[Any], object]) -> BaseException | None:
        try:
            wrong(run)
        except (RuntimeError, ValueError) as error:
            return error
        return None

    def on_this_loop(given: Any) -> object:
        return asyncio.get_running_loop().run_until_complete(given)

    assert run_in(asyncio.run(cell(asyncio.run))) is run
    assert run_in(asyncio.run(cell(on_this_loop))) is run
    assert run_in(RuntimeError("event loop is already running")) is None
    assert run_in(ValueError("x")) is None


@pytest.fixture(scope="module")
def run() -> ds.Run[int]:
    return ds.start(lambda: 42, show=False)


@pytest.mark.parametrize("message", USES)
def test_what_a_run_is_not(run: ds.Run[int], message: str) -> None:
    """The error is of the kind that Python raises, and short in a cell."""
    with pytest.raises((AttributeError, TypeError), match=message) as raised:
        USES[message](run)
    assert isinstance(raised.value, InputError)
    _, place, *_, last = raised.value._render_traceback_()
    assert "test_not_awaited.py" in place
    assert last.startswith("NotAwaitedError: a run ")


def test_a_run_answers_questions_of_python_plainly(run: ds.Run[int]) -> None:
    """Displays and copies ask for names; a run is true; its text says how to wait."""
    assert not hasattr(run, "text")
    assert not hasattr(run, "_repr_html_")
    assert bool(run)
    assert repr(run).endswith("; for its result: await run, or run.result()>")
    assert run.result() == 42
