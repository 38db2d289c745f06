"""The panel in a real kernel, driven from a thread as a run drives it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

from docsum_nb.events import RunState
from docsum_nb.run import Snapshot
from docsum_nb.views.panel import static_bundle
from tests.views.view_samples import Still

END = 2
"""Messages that set the last state in place of the live widgets."""
SETUP = """
import threading
from docsum_nb.events import RunState
from docsum_nb.records import Usage
from docsum_nb.results import Summary
from docsum_nb.run import PART_STATES, Detail, Snapshot
from docsum_nb.views import PanelView, choose_view
from tests.views.view_samples import Still

def state(done, **changes):
    return RunState(stage="summarizing", queued=200 - done, done=done, calls=done,
                    usage=Usage(done, done, 0, 0.5), started_at=1000.0, ended_at=1010.0, **changes)

def drive(view, last, result=None, ticks=200):
    def work():
        for done in range(1, ticks + 1):
            view.update(Snapshot(state(done)))
            view.update(Snapshot(state(done)))
        view.close(Snapshot(last), result)
    thread = threading.Thread(target=work)
    thread.start()
    return thread
"""
DONE = """
view = PanelView(Still("Summarize <reports>")).show()
drive(view, state(200, outcome="done")).join()
"""
WITH_RESULT = """
view = choose_view(Still("Summarize"))
drive(view, state(200, outcome="done"), Summary("All is well.", "m", run_id="r1")).join()
"""
UNSHOWABLE = """
class Unshowable:
    def to_html(self):
        raise ValueError("cannot be shown")

threading.excepthook = lambda hook: print(hook.exc_value)
view = choose_view(Still("Summarize"))
drive(view, state(200, outcome="done"), Unshowable()).join()
"""
FAILING = """
view = PanelView(Still("Summarize")).show()
last = state(3, outcome="failed", error="Boom: <img src=x onerror=alert(1)>")
drive(view, last, ticks=3).join()
raise RuntimeError("the cell raises")
"""
NEVER_CLOSED = """
view = PanelView(Still("Summarize")).show()
view.update(Snapshot(state(3)))
raise RuntimeError("the cell raises before the run ends")
"""
CLICKED = """
calls = []
view = PanelView(Still("Summarize", lambda: calls.append(threading.current_thread()))).show()
before = (view._button.description, view._button.disabled)
view._button.click()
view._button.click()
print(before, len(calls), view._button.description, view._button.disabled)
drive(view, state(1, outcome="cancelled"), ticks=1).join()
"""


class CountingClient(NotebookClient):
    """Runs a notebook and counts the messages the kernel publishes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.counts: Counter[str] = Counter()

    def process_message(self, msg: Any, *args: Any, **kwargs: Any) -> Any:
        """Count a message, then handle it as usual."""
        self.counts[msg["msg_type"]] += 1
        return super().process_message(msg, *args, **kwargs)


def run(tmp_path: Path, *cells: str, allow_errors: bool = False) -> CountingClient:
    """Execute cells in a fresh kernel, after the common set-up."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in (SETUP, *cells)]
    )
    client = CountingClient(
        notebook,
        timeout=150,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
        allow_errors=allow_errors,
    )
    client.execute()
    return client


def displayed(client: CountingClient, cell: int) -> dict[str, str]:
    """Return the only display of a cell, by MIME type."""
    outputs = [o for o in client.nb.cells[cell].outputs if o.output_type == "display_data"]
    assert len(outputs) == 1
    return dict(outputs[0].data)


def test_saved_output_is_static_and_messages_are_few(tmp_path: Path) -> None:
    """The end replaces the widget by HTML; 400 updates of 200 states cost 200 messages at most."""
    client = run(tmp_path, DONE)
    bundle = displayed(client, 1)
    page = BeautifulSoup(bundle["text/html"], "html.parser")

    assert set(bundle) == {"text/plain", "text/html"}
    assert page.select_one(".docsum-title").get_text() == "Summarize <reports>"  # type: ignore[union-attr]
    assert "200 of 200 chunks" in page.get_text()
    assert "done · 200/200 chunks" in bundle["text/plain"]
    assert client.counts["comm_msg"] <= 200 + END
    assert client.counts["comm_open"] <= 24
    assert client.counts["update_display_data"] == 1


def test_the_result_is_shown_beneath_where_it_is_given(tmp_path: Path) -> None:
    """A kernel gets a panel; a finished run's result follows the state in the same place."""
    bundle = displayed(run(tmp_path, WITH_RESULT), 1)

    assert "All is well." in BeautifulSoup(bundle["text/html"], "html.parser").get_text()
    assert bundle["text/plain"].splitlines()[2] == "All is well."


def test_a_result_that_cannot_be_shown_leaves_the_state(tmp_path: Path) -> None:
    """The panel is static before the result is asked for its HTML, and its error is raised."""
    client = run(tmp_path, UNSHOWABLE)

    assert set(displayed(client, 1)) == {"text/plain", "text/html"}
    assert [o.text for o in client.nb.cells[1].outputs if o.output_type == "stream"] == [
        "cannot be shown\n"
    ]


def test_a_failed_run_shows_its_error_although_the_cell_raises(tmp_path: Path) -> None:
    """The panel of a cell that raises is static too, its error escaped."""
    client = run(tmp_path, FAILING, allow_errors=True)
    bundle = displayed(client, 1)
    page = BeautifulSoup(bundle["text/html"], "html.parser")

    assert set(bundle) == {"text/plain", "text/html"}
    assert not page.find_all("img")
    error = page.select_one(".docsum-error")
    assert error is not None
    assert error.get_text() == "Boom: <img src=x onerror=alert(1)>"


def test_a_panel_that_never_ended_is_not_blank_in_an_export(tmp_path: Path) -> None:
    """Without widget state, as after a failure, an exported page says what was going on."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in (SETUP, NEVER_CLOSED)]
    )
    client = CountingClient(notebook, timeout=150, kernel_name="python3")
    with pytest.raises(CellExecutionError, match="before the run ends"):
        client.execute(cwd=str(tmp_path))
    bundle = displayed(client, 1)

    assert bundle["text/plain"] == "Summarize: running when this page was saved"
    assert "running when this page was saved" in bundle["text/html"]
    assert "<progress" not in bundle["text/html"]
    html, _ = HTMLExporter().from_notebook_node(notebook)
    assert "running when this page was saved" in html


def test_cancel_is_called_once_and_the_button_says_so(tmp_path: Path) -> None:
    """The first click disables the button; a second one does nothing."""
    client = run(tmp_path, CLICKED)
    printed = client.nb.cells[1].outputs

    assert ["".join(o.text) for o in printed if o.output_type == "stream"] == [
        "('Cancel', False) 1 cancelling… True\n"
    ]
    assert "cancelled" in displayed(client, 1)["text/plain"]


def test_two_panels_in_one_cell_do_not_mix(tmp_path: Path) -> None:
    """Two runs at once end in two displays, each with its own outcome."""
    both = """
views = [PanelView(Still(name)).show() for name in ("one", "two")]
threads = [drive(view, state(n, outcome="done")) for n, view in enumerate(views, 7)]
[thread.join() for thread in threads][:0]
"""
    outputs = run(tmp_path, both).nb.cells[1].outputs
    texts = [o.data["text/plain"] for o in outputs if o.output_type == "display_data"]

    assert [text.split(" chunks")[0] for text in texts] == [
        "one: done · 7/200",
        "two: done · 8/200",
    ]


class Bundled:
    """Displays itself with metadata, and as text only."""

    def to_html(self) -> str:
        return "<b>whole</b>"

    def _repr_mimebundle_(self) -> tuple[dict[str, str], dict[str, str]]:
        return {"text/plain": "in short"}, {"isolated": "true"}


class Rows:
    """Has a short form for cells, as a table of pandas has."""

    def to_html(self) -> str:
        return "<p>all rows</p>"

    def _repr_html_(self) -> str:
        return "<p>some rows</p>"


def test_a_result_is_shown_as_its_cell_would_show_it() -> None:
    """Of all that objects may offer, what is meant for cells is taken, and nothing is demanded."""
    done = RunState(outcome="done")
    assert static_bundle(Still("t"), Snapshot(done), Bundled())["text/plain"].endswith("in short")
    assert "some rows" in static_bundle(Still("t"), Snapshot(done), Rows())["text/html"]
    assert "all rows" not in static_bundle(Still("t"), Snapshot(done), Rows())["text/html"]


def test_a_bundle_is_json_and_shows_no_result_of_a_failed_run() -> None:
    """What is not done has no result to show."""
    failed = RunState(outcome="failed", error="\ud800")
    bundle = static_bundle(Still("t"), Snapshot(failed), object())

    json.dumps(bundle).encode()
    assert set(bundle) == {"text/plain", "text/html"}
