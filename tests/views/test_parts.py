"""The chunks of a run that has ended, as static HTML."""

from __future__ import annotations

import re
import struct
from base64 import b64decode
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from docsum_nb.events import RunState
from docsum_nb.results import Summary
from docsum_nb.run import PART_STATES, Detail, Snapshot
from docsum_nb.views.map_image import COLORS, map_image
from docsum_nb.views.panel import static_bundle
from docsum_nb.views.parts import parts_html
from tests.views.view_samples import Still

ATTACK = "</div><img src=x onerror=alert(1)>\x1b[2J\u202e"
VIEWS = Path(__file__).parents[2] / "docsum_nb" / "views"
LIVE_CSS = VIEWS / "static" / "chunk_map.css"
SAVED_CSS = VIEWS / "templates" / "state.css"


def cells(*states: str) -> bytes:
    """Make a map."""
    return bytes(PART_STATES.index(state) for state in states)


def entries(html: str) -> list[Tag]:
    """Return the listed chunks."""
    return list(BeautifulSoup(html, "html.parser").select(".docsum-part"))


def test_failed_chunks_come_first_with_error_and_text_of_the_others_the_summary() -> None:
    """A text that was not looked at is not saved; the open chunk stays open, before all."""
    details = {n: Detail(f"text {n}", f"summary {n}") for n in range(4)}
    details[2] = Detail("text 2", "", "refused here")
    shown = Still("t", labels=["a", "b", "c", "d"], details=details)
    html = parts_html(shown, cells("done", "done", "failed", "running"), "chunks", opened=1)
    opened, failed, other = entries(html)

    assert [tag.has_attr("open") for tag in (opened, failed, other)] == [True, False, False]
    assert re.findall(r"\w+ \d", opened.get_text()) == ["summary 1", "text 1"]
    assert "refused here" in failed.get_text()
    assert "text 2" in failed.get_text()
    assert "summary 0" in other.get_text()
    assert "text 0" not in html
    assert "text 3" not in html
    assert "not finished" in html
    assert BeautifulSoup(html, "html.parser").details.has_attr("open")  # type: ignore[union-attr]


def test_it_is_folded_away_if_nothing_was_open() -> None:
    """And there is nothing at all without chunks."""
    html = parts_html(Still("t", details={0: Detail("x", "y")}), cells("done"), "tasks")

    assert "open" not in BeautifulSoup(html, "html.parser").details.attrs  # type: ignore[union-attr]
    assert "Look at the tasks" in html
    assert parts_html(Still("t"), b"", "chunks") == ""


def test_many_and_long_ones_are_bounded_and_it_is_stated() -> None:
    """Ten thousand failed chunks of a megabyte each take less than a picture."""
    details = {n: Detail("x" * 10**6, "", "e" * 10**6) for n in range(100)}
    html = parts_html(Still("t", details=details), cells(*["failed"] * 10_000), "chunks")

    assert len(html) < 150_000
    assert len(entries(html)) == 20
    assert "The other 9,980 are not listed here" in html
    assert "and 998,000 more characters" in html


def test_hostile_names_texts_and_errors_stay_text() -> None:
    """Nothing of a document or a provider becomes an element."""
    shown = Still("t", labels=[ATTACK], details={0: Detail(ATTACK, ATTACK, ATTACK)})
    html = parts_html(shown, cells("failed"), "chunks", opened=0)
    page = BeautifulSoup(html, "html.parser")

    assert [tag["class"] for tag in page.find_all("img")] == [["docsum-map-image"]]
    assert not set(html) & set("\x1b\u202e")


@pytest.mark.parametrize("count", [1, 55, 1000, 10_000, 30_000])
def test_the_picture_has_each_chunk_in_its_color(count: int) -> None:
    """It is as wide as a panel at most, and small to save."""
    image = map_image(bytes(n % len(COLORS) for n in range(count)))
    png = b64decode(image.address.partition(",")[2])

    assert struct.unpack(">II", png[16:24]) == (image.width, image.height)
    assert image.width <= 760
    assert len(png) < 40_000


def test_the_picture_has_the_colors_of_the_live_map() -> None:
    """One state, one color, in a page with a kernel and in one without."""
    for path, name in ((LIVE_CSS, r"--m-\w+"), (SAVED_CSS, "--cell")):
        assert tuple(re.findall(rf"{name}: (#\w+);", path.read_text())[: len(COLORS)]) == COLORS


def test_each_fact_of_a_summary_is_shown_once() -> None:
    """Calls, tokens and time are the summary's to show, if it stands beneath."""
    state = RunState(done=2, calls=3, outcome="done", started_at=1.0, ended_at=3.5)
    alone = static_bundle(Still("t"), Snapshot(state))
    both = static_bundle(Still("t"), Snapshot(state), Summary("A text.", "m", seconds=2.5))

    for kind in ("text/plain", "text/html"):
        assert "3 calls" in alone[kind]
        assert "3 calls" not in both[kind]
        assert both[kind].count("2.5 s") == 1


def test_an_error_that_the_cell_shows_is_one_line_in_the_panel() -> None:
    """Beneath stands all of it; where no cell waits, the panel has all of it."""
    state = RunState(outcome="failed", error="ModelError: refused\nrun x: resume it")

    assert "resume it" in static_bundle(Still("t"), Snapshot(state))["text/html"]
    waited = static_bundle(Still("t"), Snapshot(state, waited="awaiting"))["text/html"]
    assert "ModelError: refused" in waited
    assert "resume it" not in waited
