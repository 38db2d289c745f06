"""Whatever is cited equals its span, and spans rebuild the text: cases of every reader."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.documents.cite import cite
from docsum_nb.documents.load import load
from docsum_nb.documents.prose import prose_sentences
from docsum_nb.documents.split import split
from docsum_nb.models.extractive import Extractive
from docsum_nb.records import Chunk, Document, Request, Syntax
from tests.documents.case import Case
from tests.documents.test_cases import CASES

_LONGEST = 10_000  # characters of a document that are looked at
KINDS = ("early", "late", "plain", "rare", "dense")
_SYNTAXES: tuple[Syntax, ...] = ("markdown", "plain")
_LINES = st.lists(
    st.sampled_from(
        [
            *(
                "# Title of it",
                "Setext title\n---",
                "Ann: hello to you all",
                "Bob: I see it",
                "---",
            ),
            *("The river rose by three meters in May.", "The bank raised its rate again.", ""),
            *(
                "Am 3. Mai 2020 kam er an. Er blieb.",
                "「はい。」と言った。彼は帰った。",
                "- an item",
            ),
            *("समिति की बैठक सोमवार को हुई।", "> A quoted line stands here.", "| a | b |", "\u200b"),
            *(
                "It has **bold** and <name> in it.",
                "    indented words are here.",
                "* * *",
                "1. One",
            ),
        ]
    ),
    max_size=25,
)


def _check(document: Document) -> None:
    chunks = split(document, max_tokens=60, count=lambda text: -(-len(text) // 4))
    assert "".join(chunk.text for chunk in chunks) == document.text
    assert all(one.end == other.start for one, other in pairwise(chunks))
    for sentence in prose_sentences(document.text, syntax=document.syntax):
        assert 0 <= sentence.start < sentence.end <= len(document.text)
    request = Request("", "", document.text, 300, 1_000, syntax=document.syntax)
    answer = Extractive().answer(request).text
    last = 0
    for citation in cite(answer, chunks):
        assert last <= citation.start < citation.end <= len(answer)
        last = citation.end
        assert citation.passage.strip() == citation.passage != ""
        assert document.text[citation.source_start : citation.source_end] == citation.passage


@pytest.mark.parametrize("case", CASES)
def test_citations_of_a_case(case: Case, tmp_path: Path) -> None:
    if case.refused:
        return
    path = tmp_path / case.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(case.data.encode() if isinstance(case.data, str) else case.data)
    for document in load(path).documents:
        _check(replace(document, text=document.text[:_LONGEST]))


@given(_LINES, st.sampled_from(["\n", "\n\n", "\r\n"]), st.sampled_from(_SYNTAXES))
def test_citations_of_any_text(lines: list[str], between: str, syntax: Syntax) -> None:
    text = between.join(["Some words stand first.", *lines])
    _check(Document("d", text, syntax=syntax))


def test_a_verbatim_sentence_is_cited_where_it_stands() -> None:
    """However alike the other sentences of its chunk are."""
    lines = [f"{word} is better than {other}." for word in KINDS for other in KINDS]
    text = "\n".join(lines)
    for line in lines[::5]:
        (citation,) = cite(line, [_chunk(text)])
        assert citation.passage == line


@pytest.mark.parametrize("own", [0, 1, 2])
def test_of_equal_sentences_the_one_in_the_same_context_is_cited(own: int) -> None:
    """Boilerplate stands in many documents: what stands around it tells which is meant."""
    subjects = ("cats in the garden", "boats on the water", "stars of the night")
    texts = [
        f"We looked at {subject}. The method is described above. Most {subject} are old."
        for subject in subjects
    ]
    chunks = [_chunk(text, name) for text, name in zip(texts, "abc", strict=True)]
    cited = cite(f"Most {subjects[own]} are old. The method is described above.", chunks)
    assert [citation.document for citation in cited] == ["abc"[own]] * 2


def test_a_heading_alone_is_no_passage() -> None:
    for text in (
        "# Results of the study",
        "Results of the study\n===",
        "## Results of the study\n\n",
    ):
        assert cite("Results of the study", [_chunk(text)]) == ()
    text = "# Results of the study\nThe study has good results."
    (citation,) = cite("The study has good results.", [_chunk(text)])
    assert citation.passage == "The study has good results."


def test_a_passage_of_another_page_is_on_its_page() -> None:
    text = "Words stand on the first page. They go on\f over the break. The second has words."
    (citation,) = cite("They go on over the break.", [_chunk(text)])
    assert citation.passage == "They go on\f over the break."


def _chunk(text: str, name: str = "d") -> Chunk:
    return Chunk(name, 0, text, 0, len(text), 9)
