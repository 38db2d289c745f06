"""The table of typical mistakes shows what is raised."""

from __future__ import annotations

from tests.support.mistakes import GROUPS, PAGE, page


def test_the_table_of_mistakes_shows_what_is_raised() -> None:
    """Run every line again; `python -m tests.support.mistakes` writes the page."""
    assert sum(map(len, GROUPS.values())) >= 30
    assert PAGE.read_text(encoding="utf-8") == page()
