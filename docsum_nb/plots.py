"""Plots of a run: when each chunk or task ran, and what was paid for.

Drawn by matplotlib, which many notebooks have and this package does not demand. What is drawn is
drawn on the given axes, or on a figure of its own that notebooks show by themselves.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from docsum_nb.errors import InputError
from docsum_nb.records import UsageRow
from docsum_nb.render.one_line import one_line
from docsum_nb.results import Summary
from docsum_nb.run import Duration, Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

__all__ = ["cost", "timeline"]

# Distinct for color-blind people as well: Okabe and Ito, https://jfly.uni-koeln.de/color/
_COLORS = {"running": "#0072B2", "waiting": "#CC79A7", "retrying": "#E69F00", "queued": "#999999"}
_MOST_NAMES = 40
"""Beyond these, names beside the axis would run into one another."""
_MOST_BARS = 30


def timeline(run: Run[Any], *, ax: Axes | None = None) -> Axes:
    """Draw when each chunk, or task of a crew, was running, waiting for its turn or retried.

    Args:
        run: A run, which may be going on.
        ax: Where to draw; ``None`` for a new figure.

    Returns:
        The axes: seconds since the run began, and a line for each chunk in input order.

    Raises:
        InputError: if nothing has run yet, as if everything came from the ledger, or matplotlib
            is not installed.
    """
    if not isinstance(run, Run):
        raise InputError(
            f"timeline draws a run, which summarize, kickoff and start return, not a "
            f"{type(run).__name__}; get_run(id) returns one that has ended"
        )
    spans = run.timeline()
    if not spans:
        raise InputError("no chunk or task of this run has run, so there is nothing to draw")
    ax = ax or _axes(rows=len({span.place for span in spans}))
    began = run.state.started_at or spans[0].started_at
    by_state = sorted(spans, key=lambda span: list(_COLORS).index(span.state))
    for state, group in groupby(by_state, key=lambda span: span.state):
        _lines(ax, list(group), began, state)
    _name(ax, {span.place: span.label for span in spans})
    ax.set(xlabel="seconds since the run began", title=_plain(f"{run.title}, run {run.id}"))
    ax.yaxis.set_inverted(True)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return ax


def cost(of: Summary | Run[Any], *, ax: Axes | None = None) -> Axes:
    """Draw what each document of a result cost, or each task and agent of a run; dearest first.

    Args:
        of: A result, of which what came from the ledger cost nothing; or a run, over or not.
        ax: Where to draw; ``None`` for a new figure.

    Returns:
        The axes: US dollars for each document, or for each task and agent; tokens if the price of
        any is not known or nothing was paid. Beyond thirty, the others are one bar.

    Raises:
        InputError: if no document is summarized or no model was asked, or matplotlib is not
            installed.
    """
    if isinstance(of, Run):
        usages = [(_asker(row), row.usage) for row in of.usage]
        what, title = "no model was asked in this run", "by task and agent"
    elif not isinstance(of, Summary):
        raise InputError(f"cost draws a result or a run, not a {type(of).__name__}")
    else:
        usages = [(document.name, document.usage) for document in of.documents]
        what, title = "no document of this result is summarized", "by document"
    if not usages:
        raise InputError(f"{what}, so there is nothing to draw")
    priced = all(usage.cost_usd is not None for _, usage in usages)
    if priced and any(usage.cost_usd for _, usage in usages):
        unit, bars = "US dollars", [(name, usage.cost_usd or 0.0) for name, usage in usages]
    else:
        unit = "tokens"
        bars = [(name, usage.prompt_tokens + usage.completion_tokens) for name, usage in usages]
    bars.sort(key=lambda bar: -bar[1])
    others = bars[_MOST_BARS:]
    if others:
        bars = [
            *bars[:_MOST_BARS],
            (f"{len(others)} others", sum(amount for _, amount in others)),
        ]
    ax = ax or _axes(rows=len(bars))
    ax.barh(range(len(bars)), [amount for _, amount in bars], color=_COLORS["running"])
    ax.set_yticks(range(len(bars)), [_plain(name) for name, _ in bars])
    ax.yaxis.set_inverted(True)
    ax.set(xlabel=unit, title=title)
    return ax


def _asker(row: UsageRow) -> str:
    return ", ".join(filter(None, (row.task, row.agent))) or "outside of tasks"


def _lines(ax: Axes, spans: Sequence[Duration], began: float, state: str) -> None:
    ax.hlines(
        [span.place for span in spans],
        [span.started_at - began for span in spans],
        [span.ended_at - began for span in spans],
        colors=_COLORS[state],
        linewidth=5 if len(spans) <= _MOST_NAMES else 1,
        label=state,
    )


def _name(ax: Axes, labels: dict[int, str]) -> None:
    if len(labels) <= _MOST_NAMES:
        ax.set_yticks(list(labels), [_plain(label) for label in labels.values()])
    else:
        ax.set_ylabel("chunk")


def _plain(name: str) -> str:
    """Escape a name: between two dollar signs, matplotlib would read a formula."""
    return one_line(name, max_chars=80).replace("$", r"\$")


def _axes(*, rows: int) -> Axes:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise InputError(
            f"drawing needs matplotlib, which cannot be imported ({error}): install it, with "
            "'pip install matplotlib'"
        ) from error
    height = 1.5 + 0.25 * min(rows, _MOST_NAMES)
    _, axes = plt.subplots(figsize=(9, height), layout="constrained")
    return axes


def __dir__() -> list[str]:
    return __all__
