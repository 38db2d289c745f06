"""What of a text is cited, what has no source, and the passage in its document."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.records import Chunk, ChunkSummary, Citation
from docsum_nb.render.one_line import clean
from docsum_nb.results import Summary
from docsum_nb.results.paragraphs import paragraphs
from docsum_nb.results.reading import ChunkTexts

FIRST, SECOND, THIRD = "Ships are fast.", "Whales sing at night.", "Harbors are deep."


def cited(text: str, *passages: str, start: int = 0) -> tuple[Citation, ...]:
    """Cite sentences of a text, each from a document that is nothing but it."""
    return tuple(
        Citation(n, at, at + len(each), "d", each, start, start + len(each), 1.0)
        for n, each in enumerate(passages, 1)
        for at in (text.index(each),)
    )


def chunk(text: str, start: int = 0, document: str = "d") -> ChunkSummary:
    """Make a chunk of a document."""
    return ChunkSummary(Chunk(document, 0, text, start, start + len(text), 9), "", "m")


def marked(text: str, citations: tuple[Citation, ...]) -> str:
    """Return a text with its marks."""
    return "|".join(
        "".join(
            piece.text
            + "".join(f"[{mark.number}]" for mark in piece.marks)
            + ("" if piece.supported else "[?]")
            for piece in paragraph
        )
        for paragraph in paragraphs(text, citations)
    )


@pytest.mark.parametrize(
    ("text", "sentences", "shown"),
    [
        (f"{FIRST} {SECOND} {THIRD}", (FIRST, THIRD), f"{FIRST}[1] {SECOND}[?] {THIRD}[2]"),
        (f"{SECOND} {FIRST} {THIRD}", (FIRST,), f"{SECOND}[?] {FIRST}[1] {THIRD}[?]"),
        (f"# Ships\n{FIRST}\n\nOn whales:\n\n{SECOND}", (FIRST,), None),
        (f"- {FIRST}\n- {SECOND}\n1. {THIRD}", (FIRST, THIRD), None),
        (f"{FIRST} {SECOND}", (), f"{FIRST} {SECOND}"),
        (f"{FIRST} 12.5 % …", (FIRST,), f"{FIRST}[1] 12.5 % …"),
        ("船は速い。鯨は歌う。", ("船は速い。",), "船は速い。[1]鯨は歌う。[?]"),
    ],
)
def test_sentences_without_a_source_are_marked(
    text: str, sentences: tuple[str, ...], shown: str | None
) -> None:
    """Headings, labels, bullets and figures alone are none; without any citation, nothing is."""
    expected = shown or (
        text.replace(FIRST, f"{FIRST}[1]")
        .replace(SECOND, f"{SECOND}[?]")
        .replace(THIRD, f"{THIRD}[2]")
    ).replace("\n\n", "|")

    assert marked(text, cited(text, *sentences)) == expected


SPANS = st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)), max_size=5)


@given(st.text("ab. \n#", max_size=50), SPANS)
def test_pieces_joined_are_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    """Wherever the citations point to."""
    citations = tuple(Citation(n, s, e, "d", "p", 0, 1, 1.0) for n, (s, e) in enumerate(spans))
    plain = paragraphs(text)
    found = paragraphs(text, citations)

    assert ["".join(p.text for p in each) for each in found] == [each[0].text for each in plain]
    assert all(each[0].text == clean(each[0].text.strip()) for each in plain)


def test_every_rendering_marks_them_and_says_what_the_mark_means() -> None:
    """In plain text, Markdown and HTML; with no source at all, one line says so."""
    text = f"{FIRST} {SECOND}"
    some = Summary(text, "m", cited(text, FIRST), chunks=(chunk(FIRST),))
    none = replace(some, citations=())

    for shown in (some.to_text(), some.to_markdown().replace("\\", "")):
        assert f"{FIRST}[1] {SECOND}[?]" in shown
        assert "[?] No passage of the sources was found" in shown
    page = BeautifulSoup(some.to_html(), "html.parser")
    assert [each.get_text() for each in page.select(".docsum-unsupported")] == [SECOND]
    for shown in (none.to_text(), none.to_markdown(), none.to_html()):
        assert "supports a sentence of this" in " ".join(shown.split())
        assert "[?]" not in shown
    assert "No passage" not in Summary(text, "m").to_text()


def test_a_passage_is_shown_in_the_text_of_its_chunk() -> None:
    """Word for word, with what is before and after, cut where words end."""
    before, after = "Long ago. " * 200, " And so on." * 200
    whole = before + FIRST + after
    [citation] = cited(FIRST, FIRST, start=500 + len(before))
    reading = ChunkTexts([chunk("x" * 500), chunk(whole, 500)]).reading(citation)

    assert reading is not None
    assert reading.passage == FIRST
    assert reading.before.startswith("… ")
    assert reading.after.endswith(" …")
    assert before.endswith(reading.before.removeprefix("… "))
    assert after.startswith(reading.after.removesuffix(" …"))
    assert 1000 < len(reading.before) < 1300


@pytest.mark.parametrize("change", [{"document": "e"}, {"source_start": 3}, {"passage": "other"}])
def test_without_its_text_a_passage_is_not_opened(change: dict[str, object]) -> None:
    """A result from JSON may hold other chunks; then the link to the source is all there is."""
    [citation] = cited(FIRST, FIRST)
    wrong = replace(citation, **change)  # type: ignore[arg-type]

    assert ChunkTexts([chunk(FIRST)]).reading(citation) is not None
    assert ChunkTexts([chunk(FIRST)]).reading(wrong) is None
    html = Summary(FIRST, "m", (wrong,), chunks=(chunk(FIRST),)).to_html()
    page = BeautifulSoup(html, "html.parser")
    assert page.select("sup a")
    assert not page.select("button, .docsum-plain")
