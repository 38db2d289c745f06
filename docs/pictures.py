"""Make the documentation's pictures: runs in a real JupyterLab, seen in Chromium.

Usage: python docs/pictures.py

The model is scripted, on loopback, so that its answers come one by one: it returns the first
sentences of its text. The documents are Python's own, which every machine has.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_client.blocking.client import BlockingKernelClient
from PIL import Image

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from docsum_nb.testing import Call, Reply, ScriptedServer  # noqa: E402
from tests.browser.gate import Gate  # noqa: E402
from tests.browser.lab import LONG_S, Lab, running_lab  # noqa: E402
from tests.browser.notebook import Notebook, Visitor  # noqa: E402
from tests.support.chromium import running_chromium  # noqa: E402
from tests.support.kernels import Kernel  # noqa: E402

CHUNKS = 12
SETUP = """
import docsum_nb as ds
from pydoc_data.topics import topics
names = sorted(topics, key=lambda name: (-len(topics[name]) // 400, name))[20:20 + {chunks}]
reports = {{name: topics[name] for name in sorted(names)}}
ds.Library("handbook").add({{name: text for name, text in topics.items() if name not in reports}})
model = ds.Model("openai/gpt-4o-mini", base_url={url!r}, api_key="any", max_retries=0)
ds.summarize({{"warm": "up"}}, model=model, ledger=False, show=False).result()
"""
RUN = """\
summary = await ds.summarize(reports, model=model, library="handbook", deadline=600)
summary"""
FAILS = """\
await ds.summarize(reports, model=model, ledger=False)"""
FORM = """\
ds.app(source="reports/", model="openai/gpt-4o-mini", max_cost=0.50)"""


def first_sentences(call: Call) -> Reply:
    """Answer with the beginning of each text that is to be summarized."""
    text = str(call.messages[-1]["content"])
    if "Librarian" in call.prompt:
        names = re.findall(r"^- ([\w-]+):", text, re.MULTILINE)[:3]
        why = "It goes into what the summary only touches."
        return Reply(json.dumps([{"name": name, "why": why} for name in names]))
    # What is to be summarized stands between tags; a merge is sent several texts.
    parts = re.findall(r"<(?:text|summary)-[0-9]+[^>]*>\n(.*?)\n</", text, re.DOTALL)
    most = 2 if len(parts) < 2 else 1
    sentence = r"(?:^|\s)([A-Z][^.:*\n|]{40,}(?:\n[^.:*\n|]+)*\.)(?=\s|$)"
    chosen = [each for part in parts for each in re.findall(sentence, part)[:most]]
    distinct = dict.fromkeys(" ".join(each.split()) for each in chosen)
    return Reply(" ".join(list(distinct)[:6]) or "Nothing is said.")


@contextmanager
def warm_kernel(lab: Lab, setup: str) -> Iterator[str]:
    """Start a kernel in which everything is imported and made; yields its id."""
    kernel_id = lab.start_kernel()
    client = BlockingKernelClient(connection_file=str(lab.connection_file(kernel_id)))
    client.load_connection_file()
    client.start_channels(hb=False)
    try:
        client.wait_for_ready(timeout=LONG_S)
        for statement in setup.strip().splitlines():
            done = Kernel(None, client).run(statement)
            assert done.status == "ok", done.traceback
        yield kernel_id
    finally:
        client.stop_channels()


def seen(notebook: Notebook) -> Image.Image:
    """Return a picture of the page."""
    notebook.page.mouse.move(0, 0)
    return Image.open(io.BytesIO(notebook.page.screenshot())).convert("RGB")


def recorded(notebook: Notebook, gate: Gate) -> list[Image.Image]:
    """Run the first cell, releasing the answers one by one; return a picture of each state."""
    notebook.start(0)
    frames = []
    for done in range(CHUNKS):
        notebook.see_state(0, f"{done} of {CHUNKS} chunks")
        frames.append(seen(notebook))
        gate.let()
    notebook.see_state(0, f"{CHUNKS} of {CHUNKS} chunks")
    frames.append(seen(notebook))
    gate.open()
    notebook.wait(0)
    notebook.page.wait_for_timeout(500)
    frames.append(seen(notebook))
    return frames


def save(picture: Image.Image, name: str) -> None:
    """Write a picture in few colors: a page has no more."""
    path = HERE / "images" / f"{name}.png"
    picture.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")


def save_recording(frames: list[Image.Image], name: str) -> None:
    """Write an animation; the last picture stays, and is shown where animations cannot play."""
    path = HERE / "images" / f"{name}.png"
    both = Image.new("RGB", (frames[0].width, 2 * frames[0].height))
    both.paste(frames[len(frames) // 2], (0, 0))
    both.paste(frames[-1], (0, frames[0].height))
    palette = both.quantize(160, dither=Image.Dither.NONE)
    few = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    times = [600] * (len(few) - 1) + [5000]
    few[-1].save(
        path,
        save_all=True,
        default_image=True,
        append_images=few,
        duration=times,
        loop=0,
        optimize=True,
    )
    print(f"{path}: {len(few)} frames, {path.stat().st_size / 1e3:.0f} kB")


def main() -> None:
    """Make all of them."""
    (HERE / "images").mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="lab-") as folder,
        ScriptedServer() as server,
        running_lab(Path(folder)) as lab,
        running_chromium() as browser,
        warm_kernel(lab, SETUP.format(url=server.base_url, chunks=CHUNKS)) as kernel,
    ):
        server.calls.clear()
        context = browser.new_context(viewport={"width": 880, "height": 620})
        notebook = Notebook(lab, Visitor(context), "reports.ipynb").write([RUN])
        notebook.open(kernel=kernel)
        frames = recorded(notebook, Gate(server, first_sentences))
        save_recording(frames, "run")
        save(frames[-1], "result")
        notebook.close()

        server.script = lambda call: Reply("Your key is not valid.", status=401)
        notebook = Notebook(lab, Visitor(context), "fails.ipynb").write([FAILS])
        notebook.open(kernel=kernel)
        notebook.run(0)
        notebook.page.wait_for_timeout(500)
        save(seen(notebook), "error")
        notebook.close()

        (lab.root / "reports").mkdir()
        notebook = Notebook(lab, Visitor(context), "form.ipynb").write([FORM])
        notebook.open(kernel=kernel)
        notebook.run(0)
        notebook.see(0, "Documents")
        notebook.page.wait_for_timeout(1000)
        save(seen(notebook), "form")
        notebook.close()


if __name__ == "__main__":
    main()
