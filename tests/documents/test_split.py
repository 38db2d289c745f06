from __future__ import annotations

import pydoc_data.topics
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docsum_nb.documents.split import split
from docsum_nb.documents.tokens import token_counter
from docsum_nb.records import Chunk, Document

_TOKENS = token_counter("gpt-4o")
_COUNTS: dict[str, Callable[[str], int]] = {
    "tokens": _TOKENS,
    "characters": len,
    "fours": lambda text: len(text) // 4,
    "words": lambda text: len(text.split()),
}
_PIECES = st.sampled_from(
    [
        *("# Head\n", "## Sub\n\n", "Under\n===\n", "A sentence. ", "Another one!\n", "\n", "\n\n"),
        *("- item\n", "  - inner\n", "```\n", "x = 1\n", "> quote\n", "|a|b|\n|-|-|\n|1|2|\n"),
        *("a" * 90, "word " * 30, "中文。", "😀", "\r\n", "\f", "\t", " ", "\u2028", "<div>\n"),
    ]
)
_TEXTS = st.one_of(
    st.lists(_PIECES, max_size=80).map("".join), st.text(st.characters(), max_size=400)
)


def _check(document: Document, limit: int, count: Callable[[str], int]) -> list[Chunk]:
    chunks = split(document, max_tokens=limit, count=count)
    assert "".join(chunk.text for chunk in chunks) == document.text
    offset = 0
    for index, chunk in enumerate(chunks):
        assert (chunk.index, chunk.start, chunk.document) == (index, offset, document.name)
        assert chunk.text
        assert chunk.text == document.text[chunk.start : chunk.end]
        assert chunk.tokens == count(chunk.text) <= limit
        assert chunk.page == document.page_at(chunk.start)
        offset = chunk.end
    return chunks


@settings(max_examples=3 * settings().max_examples, deadline=None)
@given(_TEXTS, st.integers(16, 90), st.sampled_from(sorted(_COUNTS)))
def test_chunks_are_exact(text: str, limit: int, name: str) -> None:
    """Chunks join to the text, fit the limit by their own count, and are the same every time."""
    document = Document("d", text, pages=(0, len(text) // 2))
    chunks = _check(document, limit, _COUNTS[name])
    assert chunks == split(document, max_tokens=limit, count=_COUNTS[name])
    if text and _COUNTS[name](text) <= limit:
        assert len(chunks) == 1


@pytest.mark.parametrize("limit", [64, 512, 4000])
def test_real_text_is_packed_well(limit: int) -> None:
    """Python's language reference needs few more chunks than its tokens ask for."""
    text = "\n\n".join(
        f"# {name}\n\n{topic}" for name, topic in sorted(pydoc_data.topics.topics.items())
    )[:150_000]
    chunks = _check(Document("topics", text), limit, _TOKENS)
    assert len(chunks) <= 1.3 * _TOKENS(text) / limit + 1


def test_chunks_begin_at_headings() -> None:
    """Sections of two thirds of the limit become a chunk each, with their heading path."""
    sections = [f"## Section {n}\n\n" + f"Sentence {n} here. " * 20 + "\n\n" for n in range(6)]
    text = "# Book\n\nIntro.\n\n" + "".join(sections)
    chunks = _check(Document("book", text), 150, _TOKENS)
    assert [chunk.headings[-1] for chunk in chunks[1:]] == [f"Section {n}" for n in range(1, 6)]
    assert all(chunk.text.startswith("## ") for chunk in chunks[1:])
    assert all(chunk.headings[0] == "Book" for chunk in chunks)


def test_the_last_chunk_is_not_tiny() -> None:
    """A text a little longer than the limit is cut near its middle."""
    chunks = _check(Document("d", "A short sentence here.\n\n" * 22), 5 * 21, _TOKENS)
    assert len(chunks) == 2
    assert min(chunk.tokens for chunk in chunks) > 40


def test_a_heading_is_not_left_alone() -> None:
    """No chunk ends with a heading where the text below it fits into the next one."""
    section = "## Heading\n\n" + "word " * 40 + "\n\n"
    chunks = _check(Document("d", section * 20), 100, _TOKENS)
    assert not any(chunk.text.rstrip().endswith("Heading") for chunk in chunks)


@pytest.mark.parametrize("limit", [60, 90, 120])
def test_fenced_code_stays_whole(limit: int) -> None:
    """A fenced block that fits the limit is never cut, inside a list neither."""
    code = "```python\n" + "x = 1\n\n" * 8 + "```\n"
    nested = "- item\n\n" + "".join(f"  {line}\n" for line in code.splitlines())
    text = ("Some prose here. " * 6 + "\n\n" + code + "\n" + nested + "\n") * 4
    chunks = _check(Document("d", text), limit, _TOKENS)
    assert all(chunk.text.count("```") % 2 == 0 for chunk in chunks)


def test_fenced_code_that_is_too_long_is_cut_at_lines() -> None:
    """A fenced block above the limit is cut between its lines."""
    text = "```\n" + "value = compute(1, 2)\n" * 100 + "```\n"
    chunks = _check(Document("d", text), 100, _TOKENS)
    assert all(chunk.text.endswith("\n") for chunk in chunks)


def test_long_prose_is_cut_after_sentences() -> None:
    """Hard-wrapped prose without a blank line is cut where sentences end, not where lines do."""
    text = "This sentence is wrapped\nover two lines of text. " * 60
    chunks = _check(Document("d", text), 80, _TOKENS)
    assert all(chunk.text.rstrip().endswith("text.") for chunk in chunks)


def test_chunks_know_their_page() -> None:
    """The page is that of the chunk's first character."""
    pages = [f"Page {n}. " + "It tells something. " * 20 for n in range(1, 5)]
    starts = [sum(len(page) + 2 for page in pages[:n]) for n in range(4)]
    document = Document("d", "\n\n".join(pages), pages=tuple(starts))
    chunks = _check(document, 90, _TOKENS)
    assert [chunk.page for chunk in chunks] == [1, 2, 3, 4]


def test_an_empty_document_has_no_chunks() -> None:
    """Nothing gives no chunk; white space gives one, so that no character is lost."""
    assert split(Document("d", ""), max_tokens=16, count=len) == []
    assert len(_check(Document("d", " \n"), 16, len)) == 1


def test_limits_that_cannot_be_kept_are_refused() -> None:
    """A limit below 16 tokens, or below a single character, raises ValueError."""
    with pytest.raises(ValueError, match="max_tokens=15: give at least 16"):
        split(Document("d", "text"), max_tokens=15, count=len)
    with pytest.raises(ValueError, match="a single character counts 99"):
        split(Document("d", "text"), max_tokens=16, count=lambda text: 99)


@pytest.mark.timeout(600)  # a machine on which much else runs
@pytest.mark.parametrize(
    "text",
    [
        *("a" * 5_000_000, "> " * 100_000, "```\n" + "x\n" * 50_000, "[\n" * 30_000),
        *("# h\n" * 20_000, "1. a\n" * 20_000, "\n" * 100_000, "|a|b|\n" * 20_000, "- " * 50_000),
    ],
    ids=lambda text: repr(text[:4]),
)
def test_long_rubbish_does_not_hang(text: str) -> None:
    """Five million characters without a space, and Markdown made to be slow, are split."""
    _check(Document("d", text), 2000, _TOKENS)


def test_short_lines_are_cut_near_the_limit() -> None:
    """Very short lines are joined to larger atoms: chunks are as full as those of long lines."""
    text = "- a\n" * 4_000
    chunks = split(Document("a", text), max_tokens=640, count=len)
    assert "".join(chunk.text for chunk in chunks) == text
    assert all(chunk.text.startswith("- a") for chunk in chunks)
    assert min(chunk.tokens for chunk in chunks) > 600
