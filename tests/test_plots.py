"""What is drawn, read back from the axes, for real runs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import pytest

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.records import DocumentSummary, Usage
from docsum_nb.results import Summary
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.models.model_samples import failing_first
from tests.run.run_samples import LONG_S

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _closed_figures() -> Iterator[None]:
    yield
    plt.close("all")


def model_at(server: ScriptedServer) -> ds.Model:
    """Name a model of the scripted server."""
    return ds.Model("openai/first", base_url=server.base_url, api_key="k")


def texts(labels: Any) -> list[str]:
    """Return what a sequence of matplotlib's texts says."""
    return [label.get_text() for label in labels]


def test_a_timeline_shows_each_chunk_and_what_it_did(server: ScriptedServer) -> None:
    """Every chunk has a line at its place, named; a retried one shows both of its states."""
    server.script = failing_first(1, status=500)
    sources = {f"doc {n}, $price$": f"Text number {n}." for n in range(3)}
    run = ds.summarize(
        sources,
        model=ds.Model("openai/first", base_url=server.base_url, api_key="k"),
        ledger=False,
        show=False,
    )
    run.result()
    run.title = r"$\nonsense$"
    ax = ds.plots.timeline(run, ax=ds.plots.timeline(run))

    assert ax.yaxis_inverted(), "drawn anew, it is not upside down"
    assert len(texts(ax.get_yticklabels())) == 3
    assert all(r"\$price\$" in name for name in texts(ax.get_yticklabels()))
    assert "retrying" in texts(ax.get_legend().get_texts())  # type: ignore[union-attr]
    ax.figure.canvas.draw()


def test_a_run_that_goes_on_can_be_drawn(server: ScriptedServer) -> None:
    """What is running is drawn up to now."""
    gate = threading.Event()
    reached = threading.Event()

    def script(call: Call) -> Reply:
        reached.set()
        gate.wait(LONG_S)
        return Reply("A summary.")

    server.script = script
    run = ds.summarize(
        {"a": "A text."},
        model=ds.Model("openai/first", base_url=server.base_url, api_key="k"),
        ledger=False,
        show=False,
    )
    assert reached.wait(LONG_S)
    try:
        assert ds.plots.timeline(run).collections
    finally:
        gate.set()
    run.result()


def test_nothing_to_draw_is_said() -> None:
    """A run without chunks and a result without documents have an error that says why."""
    run = ds.start(sorted, [2, 1], show=False)
    run.result()
    with pytest.raises(InputError, match="nothing to draw"):
        ds.plots.timeline(run)
    with pytest.raises(InputError, match="nothing to draw"):
        ds.plots.cost(Summary("", "m"))


def test_what_is_no_run_is_refused() -> None:
    """A result has no timeline, and a plan has cost nothing yet; the error says what is drawn."""
    with pytest.raises(InputError, match="timeline draws a run"):
        ds.plots.timeline(Summary("", "m"))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="not a Plan"):
        ds.plots.cost(ds.plan({"a": "Whales breathe air."}))  # type: ignore[arg-type]


def test_cost_is_drawn_dearest_first_and_the_rest_together() -> None:
    """Thirty documents have bars of their own, the other ten share one; nothing is lost."""
    documents = tuple(
        DocumentSummary(f"d{n}", "t", 1, "m", usage=Usage(1, 10, 1, float(n))) for n in range(40)
    )
    ax = ds.plots.cost(Summary("t", "m", documents=documents))
    widths = [bar.get_width() for bar in ax.patches]  # type: ignore[attr-defined]

    assert texts(ax.get_yticklabels())[:2] == ["d39", "d38"]
    assert texts(ax.get_yticklabels())[-1] == "10 others"
    assert sum(widths) == sum(range(40))
    assert ax.get_xlabel() == "US dollars"


@pytest.mark.parametrize("cost", [0.0, None])
def test_tokens_are_drawn_where_money_tells_nothing(cost: float | None) -> None:
    """Without a price, or for nothing, tokens are what is compared."""
    document = DocumentSummary("d", "t", 1, "m", usage=Usage(1, 10, 1, cost))

    assert ds.plots.cost(Summary("t", "m", documents=(document,))).get_xlabel() == "tokens"


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no dependency; where it is missing, the error names it."""
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    documents = (DocumentSummary("d", "t", 1, "m"),)
    with pytest.raises(InputError, match="pip install matplotlib"):
        ds.plots.cost(Summary("t", "m", documents=documents))
