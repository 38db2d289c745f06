"""The exported pages, opened in a browser without a network."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from tests.notebooks.conftest import EACH, LONG_S, Exporter

SHOWS = {
    "failures_resume_budget": ("BudgetExceeded", "7 of 8 chunks"),
    "guard_your_crew": (
        "PermissionDeniedError",
        "7 of 7 tasks",
        "6 tasks that run at once share it",
    ),
    "private_library": ("green cucumber policy of this company", "3 of 3 chunks"),
    "quickstart": ("model of error handling", "5 of 5 chunks", "sources"),
    "script_and_service": ("4 of 4 chunks", "422"),
    "widgets": ("5 of 5 chunks", "model of error handling", "run the cell again to use it"),
}


@pytest.mark.browser
@pytest.mark.timeout(LONG_S)
@pytest.mark.parametrize("name", EACH)
def test_an_exported_page_opens_offline(exported: Exporter, chromium_page: Page, name: str) -> None:
    """It asks for nothing, has no error, no blank and no stale bar, and shows the final states."""
    page = exported(name).page
    requests: list[str] = []
    errors: list[str] = []
    chromium_page.on("request", lambda request: requests.append(request.url))
    chromium_page.on("pageerror", lambda error: errors.append(str(error)))
    chromium_page.on(
        "console", lambda said: errors.append(said.text) if said.type == "error" else None
    )
    chromium_page.goto(page.as_uri())
    own = [each for each in requests if not each.startswith("data:")]
    assert own == [page.as_uri()]
    assert errors == []
    shown = chromium_page.inner_text("body")
    for words in SHOWS[name]:
        assert words.lower() in shown.lower()
    assert not re.search(r"(?<!\d)0%", shown)
    assert "running when this page was saved" not in shown
    for area in chromium_page.locator(".jp-OutputArea-output").all():
        assert area.bounding_box() is not None
