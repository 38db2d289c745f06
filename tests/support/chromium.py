"""Chromium for tests: the one of this machine, with nothing of the user's and no network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["LONG_MS", "SharedChromium", "running_chromium"]

LONG_MS = 60_000
"""What is not on the page by then never will be. Playwright waits 5 s, which is not always enough
on a machine that has other work."""

_QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--no-first-run", "--disable-sync"),
)
_LOOPBACK_ONLY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Start a Chromium that reaches nothing but loopback; skips where there is none, except in CI.

    Playwright runs an event loop in the calling thread until the end: nothing else may, and no
    second one of these.
    """
    from playwright.sync_api import expect, sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        assert os.environ.get("CI") != "true", "CI must have Chromium; install it"
        pytest.skip("needs Chromium")
    expect.set_options(timeout=LONG_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*_QUIET, _LOOPBACK_ONLY], timeout=LONG_MS
        )
        try:
            yield browser
        finally:
            browser.close()


class SharedChromium:
    """The Chromium of tests that follow each other; the first of them that asks for it starts it.

    It must be closed before a test that does not use it: Playwright's event loop would be in its
    way.
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self._browser: Browser | None = None

    def browser(self) -> Browser:
        """Return the running Chromium; skips if there is none, except in CI."""
        if self._browser is None or not self._browser.is_connected():
            self.close()
            self._browser = self._open.enter_context(running_chromium())
        return self._browser

    def close(self) -> None:
        """End it, if it runs; it can be started again."""
        self._browser = None
        self._open.close()
