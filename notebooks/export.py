"""Execute notebooks, and write each as a notebook with outputs, as a page and as a script.

    python notebooks/export.py NOTEBOOK.ipynb|.py ... --to build/notebooks
    python notebooks/export.py --pair NOTEBOOK.py ...

The page opens offline and shows final states. The script runs: ``python NAME-script.py``. With
``--pair``, nothing is executed: the ``.ipynb`` beside each text is rewritten.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from notebooks.exporting.execute import executed, read
from notebooks.exporting.page import to_page
from notebooks.exporting.pairing import paired, texts
from notebooks.exporting.script import companions, to_script

__all__ = ["export"]


def export(notebook: Path, to: Path) -> None:
    """Execute a notebook, and write ``NAME.ipynb``, ``NAME.html`` and ``NAME-script.py``.

    Args:
        notebook: An ``.ipynb`` or its text.
        to: The folder; it also gets the modules beside the notebook that the script imports.

    Raises:
        ScriptError: if a cell cannot be written as a script; then nothing is executed.
        CellExecutionError: if a cell fails that should not fail; then nothing is written.
        OutcomeError: if a cell fails in another way than it declares; then nothing is written.
    """
    content = read(notebook)
    script = to_script(content, notebook.name)
    modules = companions(content, notebook.parent)
    content = executed(notebook)
    page = to_page(content, notebook.stem)
    to.mkdir(parents=True, exist_ok=True)
    for module in modules:
        shutil.copy(module, to)
    (to / f"{notebook.stem}-script.py").write_text(script, encoding="utf-8")
    (to / f"{notebook.stem}.html").write_text(page, encoding="utf-8")
    nbformat.write(content, to / f"{notebook.stem}.ipynb")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="all, if none")
    parser.add_argument("--to", type=Path, default=Path("build/notebooks"), metavar="FOLDER")
    parser.add_argument("--pair", action="store_true", help="rewrite the .ipynb of each text")
    given = parser.parse_args()
    for notebook in given.notebooks or texts(ROOT / "notebooks"):
        if given.pair:
            notebook.with_suffix(".ipynb").write_text(paired(notebook), encoding="utf-8")
            continue
        began = time.monotonic()
        export(notebook, given.to)
        print(f"{given.to / notebook.stem}.html: {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
