"""The example notebooks, executed in real kernels and opened in a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: str(path.stem))
def test_notebook_is_kept_without_outputs(notebook: Path) -> None:
    """What is in version control is what a person wrote."""
    content = nbformat.read(notebook, as_version=4)
    nbformat.validate(content)
    assert "widgets" not in content.metadata
    for cell in content.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.browser
@pytest.mark.timeout(600)
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: str(path.stem))
def test_exported_page_opens_offline_and_shows_the_result(
    notebook: Path, chromium_page: Page, tmp_path: Path
) -> None:
    """The page asks for nothing, has no blank widget or stale bar, and shows the summary."""
    page_file = tmp_path / "page.html"
    subprocess.run(
        [sys.executable, ROOT / "notebooks" / "export.py", notebook, page_file],
        cwd=tmp_path,
        check=True,
        timeout=500,
    )
    requests: list[str] = []
    chromium_page.on("request", lambda request: requests.append(request.url))

    chromium_page.goto(page_file.as_uri())

    assert requests == [page_file.as_uri()]
    shown = chromium_page.inner_text("body")
    assert not re.search(r"(?<!\d)0%", shown)
    assert "running when this page was saved" not in shown
    assert "Related documentation".lower() in shown.lower()
    assert chromium_page.locator(".docsum sup a").count() > 3
    assert chromium_page.locator(".jp-OutputArea-output").last.bounding_box() is not None
