"""The state of a run, as one line of text or as static HTML.

Invariant: titles, warnings and errors are shown cleaned and escaped; an error message is often a
piece of a document or of a provider's answer.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import NamedTuple

from docsum_nb.events import RunState
from docsum_nb.render.formats import cost_text, count_text, duration_text, refusal_text
from docsum_nb.render.one_line import clean, one_line
from docsum_nb.render.templating import fill
from docsum_nb.run import Pace

__all__ = [
    "current_warnings",
    "elapsed_s",
    "held_text",
    "pace_facts",
    "progress_facts",
    "state_html",
    "state_text",
    "status_of",
    "style_html",
]

_LONG_NAMES = {"importing": "importing CrewAI and LiteLLM, once in a process"}
"""Stages that take long and would not be understood by their name."""
_MAX_ERROR_CHARS = 2000


def status_of(state: RunState) -> str:
    """Return how the run ended, or what it is doing."""
    if state.outcome is None and state.stage == "loading" and state.fetched is not None:
        fetched = state.fetched
        return f"loading, {count_text(fetched.files, 'file')} fetched, {_size(fetched.bytes)}"
    if state.outcome is None and state.stage == "recognizing" and state.pages is not None:
        return f"recognizing, {state.pages.done:,} of {state.pages.pages:,} pages read"
    if state.outcome is None and state.stage == "combining" and state.merges:
        return f"combining, {state.merged:,} of {count_text(state.merges, 'merge')}"
    return state.outcome or _LONG_NAMES.get(state.stage, state.stage)


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1000:,.0f} kB"


def elapsed_s(state: RunState) -> float:
    """Return how long the run took or has been running, in seconds; 0 before its start."""
    if state.started_at is None:
        return 0.0
    return max(0.0, (state.ended_at or time.time()) - state.started_at)


def progress_facts(state: RunState) -> tuple[str, ...]:
    """Return calls, tokens and cost, with their bounds; empty if no model was asked."""
    if not (state.chunks or state.calls):
        return ()
    budget = state.budget
    calls = count_text(state.calls, "call")
    if state.retried:
        calls += f" ({state.retried:,} retried)"
    return (
        calls + (f" of {budget.max_calls:,}" if budget.max_calls is not None else ""),
        ("about " if state.usage.counted else "")
        + count_text(state.tokens, "token")
        + (f" of {budget.max_tokens:,}" if budget.max_tokens is not None else ""),
        cost_text(state.cost_usd)
        + (f" of {cost_text(budget.max_cost)}" if budget.max_cost is not None else ""),
    )


def held_text(state: RunState, *, max_chars: int = 200) -> str:
    """Return the words of a provider that has no room, and the next try; empty if none waits.

    Args:
        state: The state of a run. One that has ended waits for no provider.
        max_chars: The longest quotation.
    """
    held = state.throttled
    if held is None or state.outcome is not None or not state.waiting:
        return ""
    status = f" (status {held.status})" if held.status else ""
    words = f", {one_line(held.words, max_chars=max_chars)!r}" if held.words else ""
    at = time.strftime("%H:%M:%S", time.localtime(held.next_at))
    return f"{one_line(held.model)} has no room{status}{words}; next try at {at}"


def pace_facts(state: RunState, pace: Pace) -> tuple[str, ...]:
    """Return the rate and the time that is left, as far as they are known."""
    if pace.per_second is None:
        return ()
    rate, unit = pace.per_second, "merges" if state.stage == "combining" else state.unit
    per = f"{_number(rate)} {unit}/s" if rate >= 1 else f"{_number(rate * 60)} {unit}/min"
    return (per, f"about {_roughly(pace.left_s)} left") if pace.left_s is not None else (per,)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _roughly(seconds: float) -> str:
    """Write a duration no more exactly than it is known: it would jump about otherwise."""
    if seconds < 60:
        return f"{max(5, 5 * round(seconds / 5))} s"
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def current_warnings(state: RunState) -> tuple[str, ...]:
    """Return the warnings, without that of a provider whose words are shown as what goes on."""
    if not held_text(state) or state.throttled is None:
        return state.warnings
    held = state.throttled
    refusal = refusal_text(held.model, held.status, held.words)
    return tuple(each for each in state.warnings if not each.startswith(refusal))


def state_text(
    state: RunState, title: str, pace: Pace | None = None, *, with_facts: bool = True
) -> str:
    """Render as one line of text.

    Args:
        state: The state of a run, running or ended.
        title: What the run is called.
        pace: How fast it goes; ``None`` leaves it out.
        with_facts: Whether to include calls, tokens, cost and time.

    Returns:
        Title, stage or outcome, counts, cost, pace, elapsed time, why it failed or was cancelled,
        and the last warning.
    """
    parts: list[str] = [status_of(state)]
    if state.chunks:
        counts = ", ".join(f"{count} {word}" for word, count in _details(state))
        parts.append(
            f"{state.done}/{state.chunks} {state.unit}" + (f" ({counts})" if counts else "")
        )
    if with_facts:
        parts += progress_facts(state)
    if pace is not None:
        parts += pace_facts(state, pace)
    if with_facts and state.started_at is not None:
        parts.append(_duration(state))
    if held := held_text(state):
        parts.append(held)
    if state.outcome in ("failed", "cancelled") and state.error:
        parts.append(one_line(state.error, max_chars=400))
    if warnings := current_warnings(state):
        more = len(warnings) - 1
        last = one_line(warnings[-1], max_chars=400)
        parts.append(f"warning: {last}" + (f" (and {more:,} more)" if more else ""))
    return f"{one_line(title, max_chars=80)}: {' · '.join(parts)}"


def state_html(
    state: RunState,
    title: str,
    *,
    with_style: bool = True,
    status: str | None = None,
    pace: Pace | None = None,
    writing: str = "",
    with_facts: bool = True,
    brief: bool = False,
    parts: str = "",
) -> str:
    """Render as static HTML.

    Args:
        state: The state of a run, running or ended.
        title: What the run is called.
        with_style: Whether to include the style; ``False`` if the page has it already.
        status: The text in place of stage or outcome; ``None`` for these.
        pace: How fast it goes; ``None`` leaves it out.
        writing: What the model is writing; empty leaves it out.
        with_facts: Whether to include calls, tokens, cost and time.
        brief: Whether to shorten an error to its first line.
        parts: HTML of the chunks, which stands at the end; empty for none.

    Returns:
        One ``div`` with title, stage or outcome, progress bar, counts, and the last warning or
        error; without the bar if no chunks are known.
    """
    return fill(
        __package__,
        "state.html.j2",
        view=_Face.of(state, title, status or status_of(state), with_facts=with_facts, brief=brief),
        parts=parts,
        pace=pace_facts(state, pace) if pace is not None else (),
        writing=clean(writing),
        with_style=with_style,
    )


def style_html() -> str:
    """Render the style that ``state_html(..., with_style=False)`` relies on."""
    return fill(__package__, "style.html.j2")


class _Bar(NamedTuple):
    """A progress bar: of chunks that are done, failed or skipped, or of merges."""

    finished: int
    all: int
    unit: str


@dataclass(frozen=True)
class _Face:
    """What the HTML shows, cleaned."""

    title: str
    status: str
    outcome: str
    duration: str
    done: int
    bar: _Bar
    chunks: int
    unit: str
    counts: tuple[tuple[str, int], ...]
    facts: tuple[str, ...]
    held: str
    """The words of a provider that has no room; empty if nothing waits for one."""
    warning: str
    more_warnings: int
    error: str

    @classmethod
    def of(
        cls, state: RunState, title: str, status: str, *, with_facts: bool, brief: bool
    ) -> _Face:
        warnings = current_warnings(state)
        error = clean(state.error or "")
        merging = state.outcome is None and state.stage == "combining" and bool(state.merges)
        return cls(
            title=one_line(title, max_chars=120),
            status=status,
            outcome=state.outcome or "running",
            duration=_duration(state) if with_facts else "",
            done=state.done,
            bar=(
                _Bar(state.merged, state.merges, "merges")
                if merging
                else _Bar(state.done + state.failed + state.skipped, state.chunks, state.unit)
            ),
            chunks=state.chunks,
            unit=state.unit,
            counts=_details(state),
            facts=progress_facts(state) if with_facts else (),
            held=held_text(state, max_chars=400),
            warning=one_line(warnings[-1], max_chars=400) if warnings else "",
            more_warnings=max(0, len(warnings) - 1),
            error=(error.strip().partition("\n")[0] if brief else error)[:_MAX_ERROR_CHARS],
        )


def _details(state: RunState) -> tuple[tuple[str, int], ...]:
    going_on: tuple[tuple[str, int], ...] = (
        ("running", state.running),
        ("waiting", state.waiting),
        ("queued", state.queued),
    )
    if state.outcome is not None:
        # Nothing is running any more, or will be.
        going_on = (("not finished", state.running + state.queued),)
    counts = (
        *going_on,
        ("failed", state.failed),
        ("skipped", state.skipped),
        ("from the ledger", state.cached),
    )
    return tuple((word, count) for word, count in counts if count)


def _duration(state: RunState) -> str:
    if state.started_at is None:
        return ""
    seconds = elapsed_s(state)
    if state.outcome:
        return duration_text(seconds)
    # Tenths of a running clock would change the panel, and cost a message, at every tick.
    return duration_text(int(seconds)).replace(".0 s", " s")
