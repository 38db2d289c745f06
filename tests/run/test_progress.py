"""How each part of a run stands, as the events of a run say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from docsum_nb.events import (
    CallStarted,
    ChunkFailed,
    ChunksPlanned,
    ChunkStarted,
    ChunkSummarized,
    Event,
    MergeFinished,
    RunState,
    StageStarted,
    TextStreamed,
    Throttled,
    WaitEnded,
    WaitStarted,
)
from docsum_nb.run import PART_STATES, PartState
from docsum_nb.run.progress import Pace, Progress


def board_after(*events: Event) -> Progress:
    """Apply the plan of four parts, then some events."""
    board = Progress()
    for event in (ChunksPlanned(4, 5, ("a", "b", "c", "d"), at=100.0), *events):
        board.record(event)
    return board


def state_of(board: Progress, place: int) -> PartState:
    return PART_STATES[board.cells()[place]]


def story(*, at: float = 100.0) -> list[tuple[Event, PartState]]:
    """Return how a part of the work fares, and what state each event leaves it in."""
    return [
        (ChunkStarted("b", place=1, at=at), "running"),
        (WaitStarted("m", place=1, at=at + 1), "waiting"),
        (WaitEnded("m", place=1, at=at + 2), "running"),
        (CallStarted("m", 1, place=1, at=at + 2), "running"),
        (CallStarted("m", 2, place=1, at=at + 5), "retrying"),
        (WaitStarted("m", place=1, at=at + 6), "waiting"),
        (WaitEnded("m", place=1, at=at + 7), "retrying"),
        (ChunkSummarized("b", cached=False, place=1, at=at + 9), "done"),
    ]


def test_each_event_leaves_its_part_in_the_state_it_means() -> None:
    """A part waits, is retried, waits again and is done; the others stay queued."""
    board = board_after()
    seen = []
    for event, _ in story():
        board.record(event)
        seen.append(state_of(board, 1))

    assert seen == [state for _, state in story()]
    assert [state_of(board, place) for place in (0, 2, 3)] == ["queued"] * 3
    assert board.labels == ["a", "b", "c", "d"]


def test_what_is_underway_is_begun_and_not_over() -> None:
    """Running, waiting for a turn or tried again: named in input order, until it is over."""
    board = board_after(ChunkStarted("c", place=2), ChunkStarted("b", place=1))
    board.record(WaitStarted("m", place=2))
    assert board.underway() == ["b", "c"]
    board.record(ChunkFailed("b", "no", place=1))
    assert board.underway() == ["c"]


def test_the_timeline_is_gapless_and_ends_with_the_part() -> None:
    """Stretches follow one another without gap or overlap, named and in order."""
    spans = board_after(*(event for event, _ in story())).spans(now=200.0)

    assert [(s.state, s.started_at, s.ended_at) for s in spans] == [
        ("running", 100.0, 101.0),
        ("waiting", 101.0, 102.0),
        ("running", 102.0, 105.0),
        ("retrying", 105.0, 106.0),
        ("waiting", 106.0, 107.0),
        ("retrying", 107.0, 109.0),
    ]
    assert {span.label for span in spans} == {"b"}


def test_a_stretch_that_has_not_ended_ends_now() -> None:
    """What is running is in the timeline up to the moment it is asked for."""
    board = board_after(ChunkStarted("c", place=2, at=110.0))

    assert [(s.place, s.ended_at) for s in board.spans(now=130.0)] == [(2, 130.0)]


def test_what_lands_late_changes_nothing() -> None:
    """A part that is over stays so, whatever its stray calls tell; only a new start changes it."""
    board = board_after(
        ChunkStarted("a", place=0),
        ChunkFailed("a", "boom", place=0),
        CallStarted("m", 2, place=0),
        ChunkSummarized("a", cached=False, place=0),
    )
    assert state_of(board, 0) == "failed"
    board.record(ChunkStarted("a", place=0))
    assert state_of(board, 0) == "running"


def test_parts_beyond_the_plan_and_events_about_none_are_no_error() -> None:
    """A crew's plan grows as it runs; what is about no part leaves the board unchanged."""
    board = board_after(ChunkStarted("late", place=9), CallStarted("m", 2))

    assert len(board.cells()) == 10
    assert board.labels[9] == "late"
    assert board.cells().count(0) == 9


def test_the_pace_is_that_of_what_was_paid_for() -> None:
    """Stored answers come in a moment and say nothing of the rest; few finished say nothing yet."""
    state = RunState(stage="summarizing", queued=20, running=2, done=8, planned_calls=31)
    stored = [
        event
        for place in range(10)
        for event in (
            ChunkStarted("", place=place, at=100.0),
            ChunkSummarized("", cached=True, place=place, at=100.0),
        )
    ]
    board = board_after(*stored)
    assert board.pace(state, now=110.0).per_second is None

    for place in range(10, 15):
        board.record(ChunkStarted("", place=place, at=100.0))
        board.record(ChunkSummarized("", cached=False, place=place, at=100.0 + place))
    pace = board.pace(state, now=120.0)

    assert pace.per_second == pytest.approx(5 / 20)
    assert pace.left_s == pytest.approx((20 + 2 + 1) / (5 / 20))


def chunks_done(times: Iterable[float], *, begun: float) -> list[Event]:
    """Return the events of chunks that are started together and finished one by one."""
    places = list(enumerate(times))
    return [
        StageStarted("summarizing", at=begun),
        *(ChunkStarted("", place=place, at=begun) for place, _ in places),
        *(ChunkSummarized("", cached=False, place=place, at=at) for place, at in places),
    ]


def test_merges_have_a_pace_of_their_own_and_that_of_chunks_does_not_sink() -> None:
    """Once merging begins, merges count: not those of pieces of a chunk, nor stored ones."""
    board = board_after(*chunks_done((101.0, 102.0, 103.0, 104.0), begun=100.0))
    board.record(StageStarted("combining", at=104.0))
    state = RunState(stage="combining", done=4, merges=9, merged=3)
    assert board.pace(state, now=110.0) == Pace()

    board.record(MergeFinished("", cached=False, place=2, at=105.0))
    board.record(MergeFinished("", cached=True, at=105.0))
    for at in (106.0, 108.0, 110.0):
        board.record(MergeFinished("", cached=False, at=at))
    assert board.pace(state, now=110.0) == Pace(3 / 6, 6 / (3 / 6))
    assert board.pace(replace(state, outcome="done"), now=110.0) == Pace()


def test_a_pause_of_the_provider_slows_no_pace_and_is_part_of_the_time_left() -> None:
    """Neither while it lasts nor afterwards; pauses that overlap are one."""
    state = RunState(stage="summarizing", queued=10)
    board = board_after(*chunks_done((101.0, 102.0, 103.0, 104.0), begun=100.0))
    before = board.pace(state, now=104.0)
    board.record(Throttled("m", "slow down", 124.0, 429, at=104.0))
    board.record(Throttled("m", "slow down", 134.0, 429, at=110.0))

    assert before == Pace(1.0, 10.0)
    assert board.pace(state, now=114.0) == Pace(1.0, 20.0 + 10.0)
    assert board.pace(state, now=134.0) == Pace(1.0, 10.0)
    board.record(ChunkStarted("", place=9, at=134.0))
    board.record(ChunkSummarized("", cached=False, place=9, at=135.0))
    assert board.pace(state, now=135.0) == Pace(1.0, 10.0)
    board.record(Throttled("m", "slow down", 145.0, 429, at=135.0))
    assert board.pace(state, now=140.0) == Pace(1.0, 5.0 + 10.0)


def test_why_a_part_failed_is_known() -> None:
    """For those who look at it; of others nothing."""
    board = board_after(ChunkStarted("b", place=1), ChunkFailed("b", "refused", place=1))

    assert (board.error(1), board.error(0)) == ("refused", "")


def test_what_is_written_last_is_shown_from_its_end() -> None:
    """Of several texts the one that grew last is shown, and of a long one the end."""
    board = board_after(TextStreamed("a", "one"), TextStreamed("b", "two"))
    assert board.writing() == "two"
    board.record(TextStreamed("a", "x" * 5000 + "end"))

    assert len(board.writing()) == 4000
    assert board.writing().endswith("xend")


def test_text_that_begins_anew_replaces_what_was_written() -> None:
    """A broken or repaired answer is void once the next one is written."""
    board = board_after(TextStreamed("a", "A broken", begins=True), TextStreamed("a", " half"))
    board.record(TextStreamed("a", "The whole", begins=True))
    board.record(TextStreamed("a", " text."))
    assert board.writing() == "The whole text."
