"""Ten thousand chunks: what the panel sends and what the page makes of it.

``benchmarks/panel.py`` prints the times, which need an idle machine; here is what does not.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, WarmKernel
from tests.browser.meters import most_in_a_second
from tests.browser.notebook import LONG_MS

pytestmark = pytest.mark.browser

CHUNKS = 10_000
SECONDS = 6
MOST_MESSAGES = 12
"""In any second, counted where front ends listen."""
MOST_BYTES = 2 * CHUNKS


def test_ten_thousand_chunks_are_few_and_small_messages(
    open_notebook: Open, kernel: WarmKernel
) -> None:
    """At most 12 messages in any second, each about a byte a chunk; the map has every chunk."""
    notebook = open_notebook(
        "from tests.browser.measured import told",
        f"run = told({CHUNKS}, seconds={SECONDS})\nawait run",
    )
    notebook.run(1)
    kernel.run("pass")
    kernel.heard.clear()
    notebook.start(2)
    notebook.see_state(2, re.compile(rf"of {CHUNKS} chunks"))
    canvas = notebook.output(2).locator(".docsum-map canvas")
    expect(canvas).to_have_attribute("aria-label", re.compile(str(CHUNKS)), timeout=LONG_MS)
    notebook.wait(2)
    notebook.see_state(2, f"{CHUNKS} of {CHUNKS} chunks")
    kernel.run("pass")

    updates = [message for message in kernel.heard if message.kind == "comm_msg"]
    assert len(updates) > SECONDS
    assert most_in_a_second([message.at for message in updates]) <= MOST_MESSAGES
    # Names are sent once, with the first of the states.
    assert sorted(message.size for message in updates)[-2] <= MOST_BYTES
    assert sum(message.kind == "comm_open" for message in kernel.heard) < 40
