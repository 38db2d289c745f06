"""What displays itself as a table: plans, libraries' hits, what was added, runs, diagnoses."""

from __future__ import annotations

import os
import pickle
import struct

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.findings import Diagnosis
from docsum_nb.ledger import Runs
from docsum_nb.library.contents_table import table_of as library_table
from docsum_nb.records import Hit, Omission
from docsum_nb.render.table import Column, Row, Table, part, table_html, table_text
from docsum_nb.render.wrapping import columns_of
from docsum_nb.results import Added, Hits, Plan
from tests.results.result_samples import ATTACK, record, shown

ESCAPES = set("\x00\x07\x1b\x9b\r\u202b\u202e\u202c\u2066\u2069\ud800")
NAMES = list(shown(""))


def test_a_plan_is_a_row_of_figures() -> None:
    """Documents, chunks, calls, levels, tokens and cost at most, model, and what is left out."""
    plan = Plan(12, 345, 360, 1_200_000, 3, 0.00123, "openai/m", (Omission("a.pdf", "locked"),))

    assert plan.to_text().splitlines() == [
        "documents  chunks  calls  levels  tokens at most  cost at most  model",
        "       12     345    360       3       1,200,000       $0.0012  openai/m",
        "Left out (1):",
        "- a.pdf: locked",
    ]
    free = Plan(1, 1, 1, 0, 1, 0.0, "extractive").to_text()
    assert "free" in free
    assert "prices=" not in free
    unknown = Plan(1, 1, 1, 10, 1, None, "x/y").to_text()
    assert "price not known" in unknown
    assert "Give Model(..., prices=...)" in unknown


def test_what_was_added_is_a_row_and_what_was_not_read_is_listed() -> None:
    """Twenty of many unread files are named, and how many more there are."""
    text = Added(3, 1, 2, 40, tuple(Omission(f"{i}.pdf", "locked") for i in range(25))).to_text()

    assert text.splitlines()[:3] == [
        "added  updated  unchanged  passages written",
        "    3        1          2                40",
        "Not read (25):",
    ]
    assert text.endswith("- 19.pdf: locked\n- … and 5 more")


def test_hits_are_a_list_that_displays_itself() -> None:
    """What a search gives is a list in every way, and a table in a cell and in print."""
    hit = Hit("late.md", "Pay  on day 14.", 0.25, {"page": 2, "headings": ["A", "Pay"]}, "It says.")
    hits = Hits([hit], "payday")

    assert hits == [hit]
    assert hits[:1] == [hit]
    assert isinstance(hits, list)
    assert repr(hits) == repr([hit])
    copy = pickle.loads(pickle.dumps(hits))
    assert (copy, copy.query) == ([hit], "payday")
    assert str(hits).splitlines() == [
        "1 document found for “payday”",
        "   document  place        score",
        "1  late.md   page 2, Pay  0.250",
        "    Why: It says.",
        "    “Pay on day 14.”",
    ]
    assert Hits([], "zebra").to_text() == "0 documents found for “zebra”"


def test_odd_metadata_of_a_document_does_not_break_a_table() -> None:
    """A document's own ``page`` or ``headings`` may be anything."""
    hits = Hits([Hit("a", "p", 1.0, {"page": "x", "headings": {"a": 1}}), Hit("b", "", 1.0)])
    assert "x" not in hits.to_text()
    assert hits.to_html()


def test_runs_say_why_they_failed() -> None:
    """The reason stands beneath its run, in text and in HTML."""
    runs = Runs([record("failed", "HTTP status 401"), record("done", "")], "ledger.db")

    lines = repr(runs).splitlines()
    assert lines[0].split() == ["id", "began", "what", "model", "state", "chunks", "calls", "cost"]
    assert lines[1].endswith("failed  7/1,200      9  $0.00042")
    assert lines[2] == "    HTTP status 401"
    page = BeautifulSoup(runs.to_html(), "html.parser")
    assert [cell.get_text() for cell in page.select("tr.docsum-below td")] == ["HTTP status 401"]
    assert repr(Runs([], "ledger.db")) == "no runs in ledger.db"


@pytest.mark.parametrize(
    ("width", "heads"),
    [
        (40, "id what state"),
        (50, "id what state cost"),
        (60, "id what state chunks cost"),
        (78, "id began what state chunks cost"),
        (120, "id began what model state chunks calls cost"),
    ],
)
def test_a_narrow_terminal_has_fewer_columns_of_the_runs(width: int, heads: str) -> None:
    """Which run it is, what of and how it ended stay; no line is wider than the terminal."""
    runs = Runs([record("interrupted", "HTTP status 401 of a server"), record("done", "")], "l.db")
    lines = table_text(runs._table(), width=width).splitlines()
    assert lines[0].split() == heads.split()
    assert max(map(columns_of, lines)) <= width


def test_runs_fit_the_terminal_that_they_are_printed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 40 columns; in a pipe nothing is left out."""
    termios, fcntl = pytest.importorskip("termios"), pytest.importorskip("fcntl")
    runs = Runs([record("failed", "HTTP status 401")], "ledger.db")
    other, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    with os.fdopen(terminal, "w") as stream, monkeypatch.context() as replaced:
        replaced.setattr("sys.stdout", stream)
        fitted = repr(runs)
    os.close(other)
    assert fitted.splitlines()[0].split() == ["id", "what", "state"]
    assert runs.to_text() == table_text(runs._table())


def test_a_library_lists_its_first_documents() -> None:
    """How much there is, names, files and pages, and how many more."""
    rows = [{"document": "a", "path": "a.pdf", "pages": [0, 9]}]
    table = library_table("lib", rows, count=3, passages=7)

    assert table_text(table).splitlines() == [
        "Library lib: 3 documents, 7 passages",
        "document  file   pages",
        "a         a.pdf      2",
        "… and 2 more",
    ]


def test_columns_with_nothing_in_them_are_left_out() -> None:
    """No head stands over an empty column."""
    table = Table("T", (Column("a"), Column("b")), (Row(((part("x"),), ())),))
    assert table_text(table) == "a\nx"
    assert "b</th>" not in table_html(table)


def test_wide_characters_and_long_texts_keep_their_columns() -> None:
    """Columns stand below their heads; at most 120 columns, whatever is in a cell."""
    names = ["東京" * 40, "w" * 200, "x"]
    rows = tuple(Row(((part(name),), (part("7"),))) for name in names)
    lines = table_text(Table("T", (Column("name"), Column("n", "number")), rows)).splitlines()

    assert {columns_of(line) for line in lines} == {120}


@given(st.lists(st.tuples(st.text(max_size=150), st.text(max_size=150)), min_size=1, max_size=4))
def test_any_text_fits_a_table(cells: list[tuple[str, str]]) -> None:
    """Whatever is in the cells, no line is wider than 120 columns, and the HTML is ours."""
    rows = tuple(Row(((part(a),), (part(b),)), below=(part(a, "quote"),)) for a, b in cells)
    table = Table("T", (Column("a"), Column("b")), rows)

    assert all(columns_of(line) <= 120 for line in table_text(table).splitlines())
    tags = {tag.name for tag in BeautifulSoup(table_html(table), "html.parser").select("*")}
    assert tags <= {"div", "style", "table", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize("name", NAMES)
def test_hostile_text_stays_text_in_every_table(name: str) -> None:
    """No element comes out of a text, and no escape reaches a terminal."""
    bundle = shown(ATTACK)[name]._repr_mimebundle_()

    assert not set(bundle["text/plain"]) & ESCAPES
    bundle["text/html"].encode("utf-8")
    page = BeautifulSoup(bundle["text/html"], "html.parser")
    assert {tag.name for tag in page.select("*")} <= {
        *("div", "style", "strong", "table", "thead", "tbody", "tr", "th", "td", "mark"),
        *("details", "summary", "ul", "li"),
    }
    attributes = {name for tag in page.select("*") for name in tag.attrs}
    assert attributes <= {
        "class",
        "dir",
        "scope",
        "colspan",
        "role",
        "tabindex",
        "aria-label",
        "title",
    }
    assert "<script>window.hacked=1</script>" in page.get_text()


@pytest.mark.parametrize("name", NAMES)
def test_every_table_shows_itself_in_both_forms(name: str) -> None:
    """Text and HTML are there, and what is displayed is what the two methods give."""
    thing = shown("A text")[name]
    assert thing._repr_mimebundle_() == {
        "text/plain": thing.to_text(),
        "text/html": thing.to_html(),
    }
    assert "A text" in thing.to_text()


@pytest.mark.parametrize("name", NAMES)
def test_ipython_shows_the_table(name: str) -> None:
    """In a cell, what IPython sends is the table, also of what is a list or a dataclass."""
    from IPython.core.formatters import DisplayFormatter

    thing = shown("A text")[name]
    data, _ = DisplayFormatter().format(thing)
    assert data == thing._repr_mimebundle_()


def test_an_empty_diagnosis_is_no_table() -> None:
    """Without findings there is a headline only."""
    assert "<table" not in Diagnosis.of([]).to_html()
