"""What the tests of the form share: forms that are used as a person would, without a front end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.form import App
from docsum_nb.form.fields import Fields
from docsum_nb.form.layout import FormLayout
from tests.pipeline.pipeline_samples import TEXTS

LONG_S = 90.0


def uploaded(name: str, content: bytes) -> dict[str, Any]:
    """Make what the widget for uploads hands on."""
    now = datetime.now(UTC)
    about = {"name": name, "type": "", "size": len(content), "last_modified": now}
    return {**about, "content": memoryview(content)}


def until(true: Callable[[], bool], what: str = "") -> None:
    """Wait until something is true, as a person looks at the page until it is."""
    give_up = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < give_up, what or "never so"
        time.sleep(0.01)


class User:
    """Uses a form; closes it in the end."""

    def __init__(self, **given: Any) -> None:
        self.app: App = ds.app(**given)

    @property
    def screen(self) -> FormLayout:
        """The widgets."""
        return self.app._screen

    @property
    def fields(self) -> Fields:
        """The fields."""
        return self.screen.fields

    @property
    def idle(self) -> bool:
        """Whether nothing goes on."""
        with self.screen.controller.lock:  # what has changed is shown before it is let go of
            return self.screen.controller.phase == "idle"

    @property
    def notice(self) -> str:
        """The line below the buttons."""
        return seen(self.screen.notice.value)

    @property
    def plan(self) -> str:
        """What is said of the plan."""
        return seen(self.screen.plan_text.value)

    def line(self, field: str) -> str:
        """Return the line below a field."""
        return seen(self.fields.by_name[field]._line.value)

    def faulty(self) -> list[str]:
        """Name the fields that are marked."""
        fields = self.fields.by_name.items()
        return [name for name, field in fields if "docsum-fault" in field._line.value]

    def press(self, button: str) -> None:
        """Click a button, and wait until nothing goes on."""
        getattr(self.screen, button).click()
        until(lambda: self.idle, button)

    def enabled(self) -> list[str]:
        """Name the buttons that can be clicked."""
        names = ("plan", "start", "cancel", "resume")
        return [name for name in names if not getattr(self.screen, name).disabled]


def seen(markup: str) -> str:
    """Return the text that a person sees of some HTML."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A folder with two documents."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / f"{name}.md").write_text(text)
    return folder


@pytest.fixture
def users() -> Iterator[Callable[..., User]]:
    """Users, each with a form of its own."""
    made: list[User] = []

    def user(**given: Any) -> User:
        made.append(User(**given))
        return made[-1]

    yield user
    for each in made:
        each.app.close()
