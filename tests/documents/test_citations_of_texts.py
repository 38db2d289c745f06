"""What is cited equals its span, and spans rebuild the text: of any text, and of alike sentences.

The same is checked of each file of ``cases/`` (``test_cases.py``).
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.documents.cite import cite
from docsum_nb.records import Chunk, Document, Syntax
from tests.documents.cited import check_citations

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


@given(_LINES, st.sampled_from(["\n", "\n\n", "\r\n"]), st.sampled_from(_SYNTAXES))
def test_citations_of_any_text(lines: list[str], between: str, syntax: Syntax) -> None:
    text = between.join(["Some words stand first.", *lines])
    check_citations(Document("d", text, syntax=syntax))


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
