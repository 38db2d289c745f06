from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.documents.cite import cite
from docsum_nb.documents.prose import prose_sentences
from docsum_nb.records import Chunk

RIVER = (
    "The river rose by three meters in May. Farmers along the Elbe lost most of their wheat. "
    "The dam at Dresden was closed for repairs. Nobody had inspected its gates since 1998."
)
BANK = (
    "The bank raised its rate to four percent. Borrowers complained about the sudden change. "
    "A new chairman was elected in the autumn."
)


def _chunk(text: str, *, document: str = "a", start: int = 0, index: int = 0) -> Chunk:
    return Chunk(document, index, text, start, start + len(text), len(text) // 4, page=2)


SOURCES = [_chunk(BANK, document="bank"), _chunk(RIVER, document="river", start=500, index=3)]


def test_a_verbatim_sentence_is_cited_exactly() -> None:
    """A sentence taken from a source points at itself, in the right document, with score 1."""
    sentence = "The dam at Dresden was closed for repairs."
    (citation,) = cite(sentence, SOURCES)
    assert (citation.document, citation.passage, citation.score) == ("river", sentence, 1.0)
    assert citation.source_start == 500 + RIVER.index(sentence)
    assert citation.source_end == citation.source_start + len(sentence)
    assert (citation.start, citation.end, citation.page) == (0, len(sentence), 2)


def test_a_sentence_made_of_two_is_cited_with_both() -> None:
    """Where a statement joins neighbors, the passage covers both of them."""
    (citation,) = cite("The Dresden dam, closed for repairs, was last inspected in 1998.", SOURCES)
    assert citation.passage.startswith("The dam at Dresden")
    assert citation.passage.endswith("since 1998.")
    assert 0.4 <= citation.score <= 1.0


def test_an_unsupported_sentence_is_not_cited() -> None:
    """A statement that no source holds stays without a citation."""
    text = "Penguins cannot fly over mountains. The bank raised its rate to four percent."
    (citation,) = cite(text, SOURCES)
    assert text[citation.start : citation.end] == "The bank raised its rate to four percent."
    assert citation.number == 1


def test_equal_passages_share_a_number() -> None:
    """Numbers count from 1 by first use, and a passage keeps its number."""
    text = (
        "A new chairman was elected in the autumn. The river rose by three meters in May. "
        "In the autumn a new chairman was elected."
    )
    assert [citation.number for citation in cite(text, SOURCES)] == [1, 2, 1]


def test_a_verbatim_sentence_is_found_among_many_alike() -> None:
    """The right one of hundreds of chunks with the same vocabulary is found."""
    chunks = [
        _chunk(
            f"Report {i} opens here. The plant at site {i} made {i * 7} tons of steel. It ends.",
            document=f"report-{i}",
        )
        for i in range(300)
    ]
    (citation,) = cite("The plant at site 123 made 861 tons of steel.", chunks)
    assert citation.document == "report-123"


def test_nothing_to_cite_or_to_be_cited_gives_nothing() -> None:
    """Empty texts, texts without words and absent sources have no citations."""
    assert cite("", SOURCES) == ()
    assert cite("!!! ... ???", SOURCES) == ()
    assert cite("Words stand here.", []) == ()
    assert cite("Words stand here.", [_chunk("")]) == ()


@given(
    st.lists(
        st.text(alphabet=st.sampled_from("abcdé 。.!?\n这是一句"), max_size=120),
        min_size=1,
        max_size=4,
    ),
    st.text(alphabet=st.sampled_from("abcdé 。.!?\n这是一句"), max_size=200),
)
def test_spans_are_true(sources: list[str], text: str) -> None:
    """Spans lie in the text, in order; passages are what stands at their place in the source."""
    chunks = [_chunk(source, document=str(i), start=7) for i, source in enumerate(sources)]
    last = 0
    for citation in cite(text, chunks):
        assert last <= citation.start < citation.end <= len(text)
        last = citation.end
        source = sources[int(citation.document)]
        assert source[citation.source_start - 7 : citation.source_end - 7] == citation.passage
        assert citation.passage
        assert 0 < citation.score <= 1


def test_own_wording_beats_chunks_that_use_the_same_words_more_often() -> None:
    """A verbatim sentence of common words is found in its source among louder chunks."""
    loud = [
        f"Python versions are supported. Version {n} supports Python versions since 3.8 and 1.2. "
        * 9
        for n in range(30)
    ]
    sentence = "Since version 1.2, only Python versions 3.8 and up are supported."
    quiet = f"A parser for all grammars. {sentence}"
    chunks = [
        Chunk(document=f"d{i}", index=0, text=text, start=0, end=len(text), tokens=1)
        for i, text in enumerate([*loud[:15], quiet, *loud[15:]])
    ]
    (citation,) = cite(sentence, chunks)
    assert (citation.document, citation.passage) == ("d15", sentence)


def test_passage_leaves_out_the_headings_above_its_sentence() -> None:
    """In a chunk of several sections, the section's own heading is no passage."""
    text = f"# Report\n\n## Rivers\n\n{RIVER}\n\n## Money\n\n{BANK}\n"
    chunk = Chunk("a", 0, text, 0, len(text), 99, headings=("Report",))
    first = "The bank raised its rate to four percent."
    (citation,) = cite(first, [chunk])
    assert citation.passage == first
    assert text[citation.source_start : citation.source_end] == first


MARKED = st.sampled_from(
    [
        *("_all_", "**harbor**", "`tide`", "[the quay](quay.md)", "[old pier][]", "*low* water"),
        *("[the new\nwarehouse of 1998](https://example.org/new/warehouse)", "**the\ngate**"),
        *("ships", "wait", "before", "night", "of stone", "~~no~~ end", "<b>cargo</b>"),
    ]
)
MARKED_SENTENCES = st.lists(
    st.lists(MARKED, min_size=4, max_size=9).map(lambda parts: f"The {' '.join(parts)} stays."),
    min_size=1,
    max_size=3,
)


@given(st.lists(MARKED_SENTENCES, min_size=2, max_size=4))
def test_a_quoted_sentence_is_cited_where_it_is_read(drawn: list[list[str]]) -> None:
    """Also if links, emphasis and line ends within it are not in what is read."""
    texts = [
        " ".join(f"Part {at}{place}: {each[4:]}" for place, each in enumerate(sentences))
        for at, sentences in enumerate(drawn)
    ]
    chunks = [_chunk(text, document=str(at)) for at, text in enumerate(texts)]
    for at, text in enumerate(texts):
        for sentence in prose_sentences(text):
            (citation,) = cite(sentence.text, chunks)
            assert (citation.document, citation.score) == (str(at), 1.0)
            assert citation.passage == text[citation.source_start : citation.source_end]


def test_a_sentence_with_a_link_over_two_lines_is_cited_in_its_document() -> None:
    """Others with more of its words once are not cited instead."""
    own = (
        "# Conduct\n\nThe project has a [Code of\nConduct](./conduct.md) that _all_ _contributors_"
        " are expected to follow.\n"
    )
    other = "All contributors are expected to follow the rules. The project has a code.\n"
    chunks = [_chunk(other, document="other"), _chunk(own, document="own")]
    sentence = "The project has a Code of Conduct that all contributors are expected to follow."
    (citation,) = cite(sentence, chunks)
    assert (citation.document, citation.score) == ("own", 1.0)
    assert citation.passage.startswith("The project has a [Code of\nConduct]")
    assert citation.passage.endswith("follow.")
