"""Execute a notebook in a real kernel and export it to one HTML page that opens offline.

Usage: python notebooks/export.py NOTEBOOK.ipynb PAGE.html
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from traitlets.config import Config


def export(notebook: Path, page: Path) -> None:
    """Execute ``notebook`` from the current folder and write it to ``page``.

    Raises:
        CellExecutionError: if a cell fails; nothing is written then.
    """
    content = nbformat.read(notebook, as_version=4)
    # Sockets of the file system: over TCP the kernel warns that it is not encrypted.
    config = Config({"KernelManager": {"transport": "ipc"}})
    client = NotebookClient(
        content, timeout=600, resources={"metadata": {"path": "."}}, config=config
    )
    client.execute()
    # Live views have replaced themselves by static HTML; their state would make the page fetch
    # scripts from the network to draw widgets that are gone.
    content.metadata.pop("widgets", None)
    exporter = HTMLExporter(template_name="lab", mathjax_url="", require_js_url="", jquery_url="")
    body, _ = exporter.from_notebook_node(content)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(body, encoding="utf-8")
    print(f"{page}: {len(body) / 1e6:.1f} MB, opens offline")


if __name__ == "__main__":
    export(Path(sys.argv[1]), Path(sys.argv[2]))
