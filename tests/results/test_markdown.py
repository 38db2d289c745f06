"""A Summary as Markdown, read back by a Markdown parser."""

from __future__ import annotations

from dataclasses import replace

from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from docsum_nb.results.markdown import escape_markdown, to_markdown
from tests.results.result_samples import EMPTY, HOSTILE, ORDINARY


def read(markdown: str) -> BeautifulSoup:
    """Render Markdown as generously as a front-end may: tables, strikethrough, raw HTML."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return BeautifulSoup(parser.render(markdown), "html.parser")


def test_markdown_numbers_its_sources() -> None:
    """Marks in the text, and a list of sources with document, page, heading and passage."""
    page = read(to_markdown(ORDINARY))

    assert "12 %.[1][2]" in page.get_text()
    assert [h.get_text() for h in page.find_all("h3")] == [
        "Sources",
        "Documents",
        "Related documentation",
        "Left out",
    ]
    first = page.find_all("li")[0]
    assert first.get_text(" ", strip=True).startswith("[1] review.pdf , page 3, Numbers")
    assert first.blockquote is not None
    assert first.blockquote.get_text(strip=True) == "Passage 1 of review.pdf."


def test_hostile_text_cannot_break_the_layout() -> None:
    """No tag, link, picture, code or table comes out of names and texts."""
    page = read(to_markdown(HOSTILE))

    tags = {tag.name for tag in page.select("*")}
    assert tags <= {
        *("div", "p", "strong", "em", "h3", "ul", "li", "blockquote", "br", "pre", "code")
    }
    assert len(page.find_all("pre")) == 1, "the data asked for, as JSON"
    assert page.h3 is not None
    assert len(page.find_all("h3")) == 5
    assert "<script>window.hacked=1</script>" in page.get_text()


@given(
    st.lists(
        st.text(r"a1 \`*_{}[]()<>#+-.!|~$&:;=%@^" + "'\"/", min_size=1, max_size=30), max_size=4
    )
)
def test_any_text_reads_as_it_is_written(lines: list[str]) -> None:
    """Escaped text is paragraphs only, and its letters and signs are the original ones."""
    page = read(escape_markdown("\n".join(lines)))

    assert {tag.name for tag in page.select("*")} <= {"p", "br"}
    assert page.get_text().split() == "\n".join(lines).split()


def test_bare_addresses_do_not_become_links() -> None:
    """The colon or dot that makes a bare address a link on many sites is escaped."""
    assert escape_markdown("https://evil.example WWW.evil.example") == (
        r"https\://evil.example WWW\.evil.example"
    )


def test_a_mark_before_an_address_in_parentheses_is_no_link() -> None:
    """Texts may go on right behind a mark, as they do where sentences end without a blank."""
    text = "结果。(http://evil.example/x) and so on"
    citation = replace(ORDINARY.citations[0], number=1, start=0, end=3)
    page = read(to_markdown(replace(ORDINARY, text=text, citations=(citation,))))

    assert not page.find_all("a")
    assert "结果。[1](http://evil.example/x)" in page.get_text()


def test_an_empty_result_has_markdown() -> None:
    """A result without a text says so."""
    assert "No final summary yet" in to_markdown(EMPTY)
