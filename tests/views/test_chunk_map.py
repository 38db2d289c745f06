"""The map of chunks in a real kernel: what it sends, and what it answers."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

from tests.support.kernels import OLD_IPYKERNEL, running_kernel
from tests.views.test_panel import END, run

MANY = """
labels = [f"doc {n // 50}, chunk {n % 50} (<b>Heading</b>)" for n in range(10_000)]
view = PanelView(Still("Summarize", labels=labels)).show()

def work():
    for tick in range(1, 101):
        cells = bytes(4 if n < 100 * tick else 1 for n in range(10_000))
        view.update(Snapshot(state(tick), cells=cells))
    view.close(Snapshot(state(200, outcome="done")), None)

thread = threading.Thread(target=work)
thread.start()
thread.join()
print(len(view._map.labels), len(view._map.cells))
"""
IN_TURNS = """
view = PanelView(Still("Summarize")).show()
sent = []
for widget, name in ((view._html, "value"), (view._map, "cells")):
    widget.observe(lambda change: sent.append(change["name"]), name)
for tick in range(6):
    view.update(Snapshot(state(tick), cells=bytes([tick % 5] * 3)))
for _ in range(3):
    view.update(Snapshot(state(5), cells=bytes([1] * 3)))
print(*sent)
"""
INSPECTED = """
still = Still("t", labels=["one", "two\\x1b[2J"] + [""] * 12,
              details={1: Detail("the <text>\\u202e", "its summary", "refused")})
view = PanelView(still).show()
view.update(Snapshot(state(1), cells=bytes([4] * 14)))
view.update(Snapshot(state(1), cells=bytes([4] * 14)))
answers = []
view._map.send = answers.append
for message in ({"inspect": 1}, {"inspect": 0}, {"inspect": 99}, {"inspect": "1"}, {}, "rubbish"):
    view._map._asked(None, message, [])
print(answers)
"""
REACH = """
from docsum_nb.views.widgets import clicks_arrive
print([clicks_arrive(waited) for waited in (None, "awaiting", "blocking")])
"""


def text_of(tmp_path: Path, cell: str) -> str:
    """Run a cell and return what it printed."""
    outputs = run(tmp_path, cell).nb.cells[1].outputs
    return "".join(output.text for output in outputs if output.output_type == "stream").strip()


def test_ten_thousand_chunks_are_one_widget_and_a_message_a_tick(tmp_path: Path) -> None:
    """However many chunks, no more widgets are made, and 100 ticks send 100 messages and a name."""
    client = run(tmp_path, MANY)
    printed = [o.text for o in client.nb.cells[1].outputs if o.output_type == "stream"]

    assert printed == ["10000 10000\n"]
    assert client.counts["comm_open"] <= 24
    assert client.counts["comm_msg"] <= 100 + END


def test_state_and_map_are_sent_in_turns(tmp_path: Path) -> None:
    """A tick sends one of both; where only one has changed, that one."""
    assert text_of(tmp_path, IN_TURNS) == "value cells value cells value cells value cells"


def test_what_is_asked_of_a_chunk_is_answered_cleanly(tmp_path: Path) -> None:
    """A chunk's text and summary come clean; unknown ones are empty, and rubbish has no answer."""
    assert text_of(tmp_path, INSPECTED) == str(
        [
            {
                "place": 1,
                "label": "two␛[2J",
                "text": "the <text>",
                "result": "its summary",
                "error": "refused",
            },
            {"place": 0, "label": "one", "text": "", "result": "", "error": ""},
        ]
    )


@pytest.mark.parametrize("ipykernel", [None, OLD_IPYKERNEL], ids=["newest", "6.31"])
def test_whether_a_click_arrives_is_known(ipykernel: Path | None) -> None:
    """While a cell awaits, ipykernel 7.4 hears clicks; while one blocks, only a subshell does."""
    if ipykernel is not None and not ipykernel.exists():
        pytest.skip("needs make ipykernel6")
    if ipykernel is None and Version(version("ipykernel")) < Version("7.4"):
        pytest.skip("the ipykernel that is installed is an old one")
    with running_kernel(ipykernel=ipykernel) as kernel:
        alone = kernel.run(REACH).text.strip()
        if ipykernel is not None:
            assert alone == "[True, False, False]"
            return
        kernel.make_subshell()

        assert alone == "[True, True, False]"
        assert kernel.run(REACH).text.strip() == "[True, True, True]"
