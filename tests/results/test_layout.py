"""What every rendering shows, before it takes a form."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.records import Chunk, ChunkSummary, Citation, DocumentSummary, Omission, Usage
from docsum_nb.results.layout import SummaryLayout, outline
from tests.results.result_samples import EMPTY, ORDINARY, TEXT


def lay_out(**changes: object) -> SummaryLayout:
    """Lay out the ordinary result with some fields changed."""
    return outline(replace(ORDINARY, **changes), passage_chars=100)  # type: ignore[arg-type]


def marked(page: SummaryLayout) -> str:
    """Write the body with its marks."""
    return "\n\n".join(
        "".join(p.text + "".join(f"[{m.number}]" for m in p.marks) for p in paragraph)
        for paragraph in page.body
    )


def test_marks_stand_at_the_end_of_the_supported_span() -> None:
    """A mark follows the last character of its sentence, before the white space."""
    assert marked(lay_out()) == (
        "Availability met its target in three quarters.[1] Late payments fell by 12 %.[1][2]\n\n"
        "The audit is not signed.[3] Prices rose from $5 to $6 a unit."
    )


def test_sources_are_listed_once_in_order_of_number() -> None:
    """A passage that supports two sentences is one source, with page and innermost heading."""
    sources = lay_out().sources

    assert [source.number for source in sources] == [1, 2, 3]
    assert sources[0].place == ("page 3", "Numbers")


def test_only_the_first_mark_of_a_number_is_marked_as_first() -> None:
    """Each source has one place in the text to link back to."""
    firsts = [m.number for par in lay_out().body for p in par for m in p.marks if m.first]

    assert firsts == [1, 2, 3]


@given(
    st.text("ab \n.", max_size=60),
    st.lists(st.tuples(st.integers(-5, 80), st.integers(-5, 80)), max_size=8),
)
def test_any_spans_lose_no_text(text: str, spans: list[tuple[int, int]]) -> None:
    """Spans that overlap, run backwards or leave the text never change what is read."""
    citations = tuple(Citation(n, a, b, "d", "p", 0, 1, 1.0) for n, (a, b) in enumerate(spans, 1))
    page = lay_out(text=text, citations=citations)

    shown = "".join(p.text for paragraph in page.body for p in paragraph)

    assert "".join(shown.split()) == "".join(text.split())
    assert len(page.sources) == len(spans)


def test_a_partial_result_says_what_is_finished_and_shows_loose_chunks() -> None:
    """Without a final text the chunks that no document's summary covers are listed."""
    chunks = tuple(
        ChunkSummary(Chunk(name, i, "t", 0, 1, 1), f"Part {i}.", "m")
        for name in ("review.pdf", "late.pdf")
        for i in range(25)
    )
    page = lay_out(text="", citations=(), chunks=chunks)

    assert page.status == (
        "No final summary yet. Finished so far: summaries of 2 documents and 50 chunks."
    )
    assert [entry.name for entry in page.chunks[:2]] == ["late.pdf, chunk 0", "late.pdf, chunk 1"]
    assert len(page.chunks) + page.more_chunks == 25


def test_nothing_at_all_still_has_an_outline() -> None:
    """An empty result is laid out with its status and facts."""
    page = outline(EMPTY, passage_chars=100)

    assert page.status.startswith("No final summary yet")
    assert page.facts[1:] == ("0 calls", "0 tokens", "$0", "0.0 s")


def test_the_only_documents_summary_is_not_repeated() -> None:
    """Where one document's summary is the final one, it is shown once."""
    assert lay_out(documents=(DocumentSummary("review.pdf", TEXT, 3, "m"),)).documents == ()


def test_extractive_results_say_so_and_are_free() -> None:
    """No reader can take extracted sentences for a language model's."""
    page = lay_out(model="extractive", usage=Usage(3, 10, 10, 0.0))

    assert "taken from the sources as they are" in page.note
    assert "free" in page.facts


def test_an_unknown_price_is_said_to_be_unknown() -> None:
    """``None`` is not shown as zero."""
    assert "price not known" in lay_out(usage=Usage(1, 1, 1, None)).facts


def test_nameless_things_are_named_as_such() -> None:
    """A blank name leaves no hole in a list."""
    assert lay_out(omitted=(Omission(" \u202e", "why"),)).omitted[0].name == "(no name)"
