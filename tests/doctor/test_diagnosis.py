"""A diagnosis as a record, as text, as HTML and as data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup

from docsum_nb.findings import Diagnosis, Finding

if TYPE_CHECKING:
    from playwright.sync_api import Page

FINE = Finding("ok", "python", "Python 3.11", "in range")
NOTE = Finding("note", "verbose", "the crew", "prints", "It is loud.", "verbose=False")
BAD = Finding("problem", "shared-agent", "agent 'a'", "shared", "It fails.", "ds.kickoff(crew)")
HOSTILE = Finding(
    "warning", "same-key", "<script>alert(1)</script>", "\x1b[31mred\u202e", "<b>&", "x" * 500
)


def test_worst_comes_first_and_only_a_problem_is_not_ok() -> None:
    """Findings are sorted by level and kept in order within one; ok means no problem."""
    second = Finding("note", "telemetry", "t", "on")
    diagnosis = Diagnosis.of([FINE, NOTE, BAD, second])
    assert list(diagnosis) == [BAD, NOTE, second, FINE]
    assert (len(diagnosis), diagnosis[0], diagnosis[1:3]) == (4, BAD, (NOTE, second))
    assert not diagnosis.ok
    assert Diagnosis.of([NOTE, FINE]).ok
    assert diagnosis.about("verbose") == (NOTE,)
    assert repr(diagnosis) == "<Diagnosis: 1 problem, 0 warning, 2 note, 1 ok>"


def test_text_says_what_to_do_and_folds_what_is_fine() -> None:
    """Problems are printed in full, what is fine in a line, within 88 columns."""
    lines = str(Diagnosis.of([FINE, NOTE, BAD, HOSTILE])).splitlines()
    assert lines[0] == "docsum_nb doctor: 1 problem, 1 warning, 1 note, 1 check fine."
    assert "PROBLEM: agent 'a'" in lines
    assert "    -> ds.kickoff(crew)" in lines
    assert lines[-1] == "  ok  Python 3.11: in range"
    assert all(len(line) <= 88 for line in lines)
    assert "\x1b" not in "\n".join(lines)


def test_healthy_diagnosis_is_short() -> None:
    """Where all is fine there is a headline and a line for each check."""
    assert str(Diagnosis.of([FINE, FINE])).splitlines() == [
        "docsum_nb doctor: 2 checks fine.",
        "",
        *["  ok  Python 3.11: in range"] * 2,
    ]
    page = BeautifulSoup(Diagnosis.of([FINE]).to_html(), "html.parser")
    assert page.find("table") is None


def test_html_is_escaped_and_needs_nothing() -> None:
    """Strangers' texts are no markup; there is no script and nothing to fetch."""
    bundle = Diagnosis.of([FINE, BAD, HOSTILE])._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    page = BeautifulSoup(bundle["text/html"], "html.parser")
    assert not page.find_all(["script", "link", "img", "iframe", "b"])
    assert "url(" not in str(page.style)
    assert "prefers-color-scheme: dark" in str(page.style)
    cells = [row.find("td").get_text() for row in page.select("tbody tr")]  # type: ignore[union-attr]
    assert cells == ["problem", "warning"]
    assert "<script>alert(1)</script>" in page.get_text()
    assert page.details is not None
    assert page.details.li is not None
    assert page.details.li.get_text() == "Python 3.11: in range"


def test_json_has_every_field() -> None:
    """As data, all fields of all findings are there, and whether it is ok."""
    data = json.loads(Diagnosis.of([BAD, FINE]).to_json())
    assert data["ok"] is False
    assert data["findings"][0] == {
        "level": "problem",
        "check": "shared-agent",
        "subject": "agent 'a'",
        "seen": "shared",
        "why": "It fails.",
        "do": "ds.kickoff(crew)",
    }


@pytest.mark.browser
def test_table_is_readable_in_a_browser(chromium_page: Page) -> None:
    """Levels stand on one line, long texts stay inside, and what is fine opens on a click."""
    long = Finding("warning", "same-key", "t" * 300, "x" * 900, "y " * 300, "z" * 400)
    chromium_page.set_content(Diagnosis.of([FINE, BAD, long]).to_html())
    heights = chromium_page.locator("td.docsum-label > div").evaluate_all(
        "cells => cells.map(cell => { const range = document.createRange();"
        " range.selectNodeContents(cell); return range.getClientRects().length; })"
    )
    assert heights == [1, 1]
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert chromium_page.evaluate(wide) is False
    assert not chromium_page.get_by_text("Python 3.11: in range").is_visible()
    chromium_page.get_by_text("1 check fine", exact=True).click()
    assert chromium_page.get_by_text("Python 3.11: in range").is_visible()
