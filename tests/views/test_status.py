"""A run's state as text and as static HTML."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from docsum_nb.events import (
    BudgetSet,
    MergeFinished,
    MergesPlanned,
    Notice,
    Outcome,
    RunEnded,
    RunState,
    StageStarted,
    Throttled,
    WaitEnded,
    WaitStarted,
    Warned,
    fold,
)
from docsum_nb.records import Usage
from docsum_nb.render.formats import refusal_text
from docsum_nb.run import Pace
from docsum_nb.views import state_html, state_text

ATTACK = "<img src=x onerror=alert(1)>\x1b[2J\u202e</div>"
RUNNING = RunState(
    stage="summarizing",
    queued=20,
    running=7,
    done=12,
    failed=1,
    cached=3,
    calls=17,
    usage=Usage(17, 20_000, 3_000, 0.0123),
    started_at=1000.0,
)


def ended(outcome: Outcome, **changes: object) -> RunState:
    """End the run after 12.3 seconds."""
    state = replace(RUNNING, outcome=outcome, ended_at=1012.3)
    return replace(state, **changes)  # type: ignore[arg-type]


def test_text_holds_counts_cost_and_time() -> None:
    """One line names outcome, chunks, calls, tokens, cost and duration."""
    assert state_text(ended("done"), "Summarize") == (
        "Summarize: done · 12/40 chunks (27 not finished, 1 failed, 3 from the ledger)"
        " · 17 calls · 23,000 tokens · $0.0123 · 12 s"
    )


def test_text_of_a_run_without_chunks_is_stage_and_time() -> None:
    """Where no model was asked, no zeros are shown."""
    state = RunState(stage="working", outcome="done", started_at=5.0, ended_at=7.5)

    assert state_text(state, "start") == "start: done · 2.5 s"
    assert state_text(RunState(), "start") == "start: starting"


def test_an_unknown_cost_is_said_to_be_unknown() -> None:
    """``None`` is not shown as zero, in either form."""
    state = ended("done", usage=Usage(1, 1, 1, None))

    assert "price not known" in state_text(state, "t")
    assert "price not known" in state_html(state, "t")


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_hostile_title_warning_and_error_stay_text(outcome: Outcome) -> None:
    """No element comes out of a title, a warning or an error; escapes are visible."""
    state = ended(outcome, error=ATTACK, warnings=("first", ATTACK))
    html = state_html(state, ATTACK)
    page = BeautifulSoup(html, "html.parser")

    assert {tag.name for tag in page.select("*")} <= {"div", "style", "span", "progress"}
    assert not set(html + state_text(state, ATTACK)) & set("\x1b\u202e")
    error = page.select_one(".docsum-error")
    assert error is not None
    assert error.get_text() == "<img src=x onerror=alert(1)>␛[2J</div>"
    warning = page.select_one(".docsum-warning")
    assert warning is not None
    assert warning.get_text().endswith("(and 1 more)")


def test_html_has_a_bar_only_where_chunks_are_known() -> None:
    """The bar holds what is done or failed; without chunks there is none."""
    bar = BeautifulSoup(state_html(RUNNING, "t"), "html.parser").progress

    assert bar is not None
    assert (bar["value"], bar["max"]) == ("13", "40")
    assert "<progress" not in state_html(RunState(started_at=1.0), "t")


def test_a_running_clock_counts_whole_seconds() -> None:
    """Two ticks within one second give the same HTML, so that the second costs no message."""
    state = RunState(stage="working", started_at=1.0, ended_at=3.2)

    assert state_html(state, "t") == state_html(replace(state, ended_at=3.4), "t")


def test_a_very_long_error_is_bounded() -> None:
    """An error with a document in it does not fill the notebook."""
    assert len(state_html(ended("failed", error="x" * 10**6), "t", with_style=False)) < 5000


def test_the_reason_of_a_cancellation_is_said_in_both_forms() -> None:
    """Where no cell shows the error, the panel and its text do."""
    state = ended("cancelled", error="job: enough")

    assert "enough" in state_text(state, "t")
    assert "enough" in state_html(state, "t")


def test_what_goes_on_is_told_beside_its_bounds_and_pace() -> None:
    """A running state tells retries, what is left of each bound, the rate and the time left."""
    state = replace(
        RUNNING, retried=2, budget=BudgetSet(max_cost=2.0, max_calls=100, max_tokens=50_000)
    )
    text = state_text(state, "t", Pace(per_second=0.5, left_s=130.0))

    assert "12/40 chunks (7 running, 20 queued, 1 failed, 3 from the ledger)" in text
    assert "17 calls (2 retried) of 100 · 23,000 tokens of 50,000 · $0.0123 of $2.00" in text
    assert "30 chunks/min · about 2 min left" in text
    assert "left" not in state_text(state, "t", Pace())


def test_merging_has_its_own_progress() -> None:
    """How many merges of how many, as text, as a bar, and as a pace; chunks stay as they were."""
    state = fold(replace(RUNNING, queued=0, running=0, done=39), StageStarted("combining"))
    state = fold(fold(state, MergesPlanned(7)), MergeFinished("a", cached=False))
    state = fold(state, MergeFinished("a piece of a chunk", cached=False, place=3))
    bar = BeautifulSoup(state_html(state, "t"), "html.parser").progress

    assert "combining, 1 of 7 merges · 39/40 chunks" in state_text(state, "t")
    assert "30 merges/min" in state_text(state, "t", Pace(per_second=0.5, left_s=12.0))
    assert bar is not None
    assert (bar["value"], bar["max"], bar["aria-label"]) == ("1", "7", "Merges finished")
    assert "merges" not in state_text(replace(state, outcome="done"), "t")


def test_a_provider_that_has_no_room_is_shown_once_and_not_when_it_is_over() -> None:
    """While requests wait, as what goes on; afterwards as a warning, in the past tense."""
    held = Throttled("m", "slow down", time.time() + 60, 429)
    state = fold(fold(replace(RUNNING, running=1), held), WaitStarted("m"))
    state = fold(
        state,
        Warned(
            f"{refusal_text('m', 429, 'slow down')}; what it was asked was held back for 60.0 s"
        ),
    )

    for text in (state_text(state, "t"), state_html(state, "t", with_style=False)):
        assert text.count("slow down") == 1
        assert "next try at" in text
    over = fold(fold(state, WaitEnded("m")), RunEnded("done"))
    for text in (state_text(over, "t"), state_html(over, "t", with_style=False)):
        assert text.count("slow down") == 1
        assert "turned a request away" in text
        assert "next try" not in text


def test_what_a_model_writes_is_shown_as_text() -> None:
    """A streamed text is escaped and cleaned like any other."""
    html = state_html(RUNNING, "t", writing=ATTACK)
    page = BeautifulSoup(html, "html.parser")
    writing = page.select_one(".docsum-writing")

    assert not page.find_all("img")
    assert writing is not None
    assert writing.get_text() == "<img src=x onerror=alert(1)>␛[2J</div>"


def test_equal_warnings_are_one_with_a_count_and_the_tasks() -> None:
    """The state, the text and the HTML show one warning, how often it came, and where."""
    state = RUNNING
    for task in ("part 1", "part 2", "part 2"):
        state = fold(state, Warned("tool 'look' failed: disk gone", task, "expert"))
    state = fold(state, Warned("memory could not be read"))
    said = "tool 'look' failed: disk gone (task 'part 1' and 1 more, agent 'expert', 3 times)"

    assert state.warnings == (said, "memory could not be read")
    assert state.notices[0] == Notice(
        "tool 'look' failed: disk gone", 3, ("part 1", "part 2"), ("expert",)
    )
    state = fold(state, Warned("tool 'look' failed: disk gone", "part 3", "expert"))
    assert "4 times" in state.warnings[0]
    only = replace(state, warnings=state.warnings[:1])
    assert "warning: tool 'look' failed: disk gone (task 'part 1' and 2" in state_text(only, "t")
    assert "4 times" in BeautifulSoup(state_html(only, "t"), "html.parser").get_text()
