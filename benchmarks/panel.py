"""What the live panel costs in a run of very many chunks, in JupyterLab in Chromium.

The same run twice in one kernel, without a panel and with it: messages on iopub, the panel's share
of the processor time, and the time between frames of the page. Needs an idle machine, Chromium and
Linux (for the clock of one thread).

Usage: python benchmarks/panel.py [CHUNKS]
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.browser.lab import running_lab
from tests.browser.meters import most_in_a_second, percentile, start_frames, stop_frames
from tests.browser.notebook import Notebook, Visitor
from tests.browser.warm import Heard, WarmKernel, running_kernel_of
from tests.support.chromium import running_chromium

CHUNKS = 10_000
WANTED = "at most 12 messages in a second, 3 % of the processor time, 95 of 100 frames within 33 ms"
LONG_MS = 3_600_000
SETUP = "from tests.browser.in_lab import *\nfrom tests.browser.measured import Meter"
RUN = """with Meter() as meter:
    await ds.summarize(texts({chunks}), ledger=False, show={show})
print(meter)"""


def measured(notebook: Notebook, kernel: WarmKernel, cell: int) -> tuple[Any, list[Heard], Any]:
    """Run a cell; returns what it printed, what the kernel sent, and the frames' milliseconds."""
    kernel.run("pass")
    kernel.heard.clear()
    start_frames(notebook.page)
    notebook.start(cell)
    notebook.wait(cell)
    frames = stop_frames(notebook.page)
    kernel.run("pass")
    printed = notebook.output(cell).locator(".jp-RenderedText pre").first.inner_text()
    return json.loads(printed), list(kernel.heard), frames


def report(name: str, meter: dict[str, float], heard: Sequence[Heard], frames: list[float]) -> None:
    """Print the figures of one run."""
    kinds = Counter(each.kind for each in heard)
    updates = [each.at for each in heard if each.kind in ("comm_msg", "update_display_data")]
    share = 100 * meter["panel_s"] / meter["process_s"]
    print(f"\n{name}: {meter['wall_s']:.1f} s, {meter['process_s']:.1f} s on the processor")
    print(f"  messages   {len(updates)} updates, {len(updates) / meter['wall_s']:.1f} a second,")
    print(f"             at most {most_in_a_second(updates)} in a second; all: {dict(kinds)}")
    print(f"  panel      {meter['panel_s']:.2f} s on the processor, {share:.1f} % of the run's")
    points = ", ".join(f"p{p} {percentile(frames, p):.1f}" for p in (50, 95, 99))
    print(f"  frames     {len(frames)}: {points}, longest {max(frames):.1f} ms", flush=True)


def main() -> None:
    """Run both, and print the measured values beside the limits."""
    chunks = int(sys.argv[1]) if len(sys.argv) > 1 else CHUNKS
    folder = Path(tempfile.mkdtemp(prefix="lab-"))
    cells = [SETUP, *(RUN.format(chunks=chunks, show=show) for show in (False, True))]
    try:
        with (
            running_chromium() as browser,
            running_lab(folder) as lab,
            running_kernel_of(lab) as kernel,
        ):
            visitor = Visitor(browser.new_context(viewport={"width": 1000, "height": 800}))
            visitor.page.set_default_timeout(LONG_MS)
            notebook = Notebook(lab, visitor, "panel.ipynb").write(cells).open(kernel=kernel.id)
            notebook.run(0)
            print(f"{chunks} chunks; wanted: {WANTED}")
            for cell, name in ((1, "without a panel"), (2, "with the panel")):
                report(name, *measured(notebook, kernel, cell))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
