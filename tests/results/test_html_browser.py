"""The HTML fragment in a real browser without a network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from tests.results.result_samples import HOSTILE, ORDINARY

pytestmark = pytest.mark.browser


def open_fragment(page: Page, path: Path, html: str) -> list[str]:
    """Open a page that holds a fragment.

    Returns:
        The addresses the page asks for, growing.
    """
    path.write_text(f'<!doctype html><meta charset="utf-8"><body>{html}', encoding="utf-8")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    return requests


def test_hostile_fragment_runs_nothing_and_asks_for_nothing(
    chromium_page: Page, tmp_path: Path
) -> None:
    """No script or handler of a document runs, and only the page itself is fetched."""
    path = tmp_path / "hostile.html"
    requests = open_fragment(chromium_page, path, HOSTILE.to_html())
    chromium_page.locator("summary").first.click()
    chromium_page.locator("sup a").first.hover()

    assert requests == [path.as_uri()]
    assert chromium_page.evaluate("window.hacked") is None
    assert chromium_page.evaluate("document.title") == ""


def test_citation_jumps_to_its_source_by_keyboard(chromium_page: Page, tmp_path: Path) -> None:
    """Tab reaches the first mark, Enter shows its source, and the way back is a link too."""
    tall = replace(ORDINARY, text=ORDINARY.text + "\n\nMore." * 200)
    open_fragment(chromium_page, tmp_path / "tall.html", tall.to_html())
    source = chromium_page.locator("[id$=-source-1]")
    mark = chromium_page.locator("[id$=-mark-1]")
    assert not _in_view(source)

    chromium_page.keyboard.press("Tab")
    chromium_page.keyboard.press("Enter")
    chromium_page.wait_for_function("location.hash.endsWith('-source-1')")

    assert _in_view(source)
    assert not _in_view(mark)
    source.get_by_role("link").click()
    assert _in_view(mark)


def _in_view(element: Locator) -> bool:
    box = element.bounding_box()
    return box is not None and 0 <= box["y"] < 700
