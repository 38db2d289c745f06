"""The HTML fragment in a real browser without a network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.render.render_samples import HOSTILE, ORDINARY

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
    source = chromium_page.locator("#docsum-a1b2c3-source-1")
    assert not _in_view(chromium_page, "docsum-a1b2c3-source-1")

    chromium_page.keyboard.press("Tab")
    chromium_page.keyboard.press("Enter")
    chromium_page.wait_for_function("location.hash == '#docsum-a1b2c3-source-1'")

    assert _in_view(chromium_page, "docsum-a1b2c3-source-1")
    source.get_by_role("link").click()
    assert _in_view(chromium_page, "docsum-a1b2c3-mark-1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_legible_in_either_scheme(chromium_page: Page, tmp_path: Path, scheme: str) -> None:
    """Text, muted text and links stand out from their ground by 4.5 to 1, as WCAG AA asks."""
    chromium_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    open_fragment(chromium_page, tmp_path / "scheme.html", ORDINARY.to_html())

    ratios = chromium_page.evaluate(_CONTRASTS, [".docsum-text p", ".docsum-facts", "sup a"])

    assert min(ratios) >= 4.5, ratios


_CONTRASTS = """selectors => {
  const light = color => {
    const [r, g, b] = color.match(/[0-9.]+/g).slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const back = light(getComputedStyle(document.querySelector('.docsum')).backgroundColor);
  return selectors.map(selector => {
    const text = light(getComputedStyle(document.querySelector(selector)).color);
    return (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
  });
}"""


def _in_view(page: Page, element: str) -> bool:
    box = page.locator(f"#{element}").bounding_box()
    return box is not None and 0 <= box["y"] < 700
