"""What is quoted of a file of any format stands in its text, and nearly all of it can be quoted."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from docsum_nb.documents import mail
from docsum_nb.documents.cite import cite
from docsum_nb.documents.prose import prose_sentences
from docsum_nb.documents.reading import Reading, read_by
from docsum_nb.documents.sources import KINDS
from docsum_nb.models.extractive import Extractive
from docsum_nb.records import Chunk, Request
from docsum_nb.results import Summary
from tests.documents.formats import FORMATS, Format

WORDS = st.sampled_from(
    ["the", "harbour", "opened", "late", "and", "ships", "came", "from", "over", "there"]
)
NAMES = ["<branch>", "Foo<Bar>", "/triggers/<name>", "Map<K, V>", "x < y > z", "<stdin>", "(a)"]
OPENINGS = [
    *("[0002] ", "(a) ", "(iv) ", "a) ", "1. ", "2.1 ", "§ 5 ", "“", "'", "« ", "… ", "... ", "— "),
    *("- ", "* ", "> ", "£5 or ", "12 or ", "#5 or ", "@ann: ", "¿", "(", "[", "& ", "=> ", "• "),
    *("| ", ": ", "~ ", "+ ", "¶ ", "† ", "1) ", "[1] ", "(1) ", "A. ", "I. ", "Ad 1: "),
]
INDENTS = ["", "   ", "    ", "        ", "\t"]
SIGNS = [
    *("*this*", "**that**", "_it_", "`code`", "[x]", "[a](b)", "&amp;", "<b>", "</b>", "~~no~~"),
    *("2*3*4", "my_long_name", "a[i][j]", "#5", "|x|", "{id}", "50%", "C:\\dir", "$HOME", "^2"),
    *("“quoted”", "«cité»", "a–b", "\\alpha", "::", "<a@b.example>", "https://x.example/a_b"),
]


@st.composite
def paragraphs(draw: st.DrawFn, names: list[str]) -> list[str]:
    """Draw paragraphs of one sentence, each with a number and odd words."""
    count = draw(st.integers(1, 8))
    return [
        " ".join(
            [
                f"Number {at} of the list says that",
                *draw(st.lists(WORDS, min_size=4, max_size=8)),
                draw(st.sampled_from(names)),
                *draw(st.lists(WORDS, min_size=1, max_size=4)),
                draw(st.sampled_from(names)),
                "at the end of it.",
            ]
        )
        for at in range(count)
    ]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def shown(html: str) -> str:
    """Return what a reader sees of HTML, without numbers of citations."""
    parser = _Text()
    parser.feed(html)
    return flat(re.sub(r"\[\d+\]", "", "".join(parser.parts)))


def flat(text: str) -> str:
    return " ".join(text.split())


def read_and_check(
    path: Path, written: Format, paragraphs: list[str], sentences: list[str]
) -> None:
    content = written.written(paragraphs)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    if written.kind == "mail":
        reading, attached = mail.read(path)
        assert not attached
    else:
        reading = read_by(written.kind, path)
    check(reading, sentences)


def check(reading: Reading, sentences: list[str]) -> None:
    text = reading.text
    found = prose_sentences(text, syntax=reading.syntax)
    if reading.syntax == "plain":
        assert [each.text for each in found] == [flat(text[e.start : e.end]) for e in found]
    request = Request("", "", text, 10_000, 10_000, syntax=reading.syntax)
    answer = Extractive().answer(request)
    outside, total = answer.words
    assert total - outside >= sum(len(sentence.split()) for sentence in sentences)
    chunk = Chunk("a", 0, text, 0, len(text), 9, syntax=reading.syntax)
    summary = Summary(answer.text, answer.model, cite(answer.text, [chunk]))
    for citation in summary.citations:
        assert citation.passage == text[citation.source_start : citation.source_end]
    forms = (
        flat(summary.text),
        shown(summary.to_html()),
        shown(MarkdownIt().render(summary.to_markdown())),
    )
    lost = {sentence for sentence in sentences for form in forms if sentence not in form}
    assert not lost, text


@pytest.mark.parametrize("written", FORMATS, ids=lambda each: each.file)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_sentences_of_every_reader_are_quoted_as_they_stand(
    tmp_path: Path, written: Format, data: st.DataObject
) -> None:
    sentences = data.draw(paragraphs(NAMES + SIGNS if written.literal else NAMES))
    read_and_check(tmp_path / written.file, written, sentences, sentences)


@pytest.mark.parametrize("indent", INDENTS, ids=repr)
@pytest.mark.parametrize("written", FORMATS, ids=lambda each: each.file)
def test_paragraphs_are_quoted_whatever_they_begin_with(
    tmp_path: Path, written: Format, indent: str
) -> None:
    """Signs before a paragraph and its indentation take nothing of it away."""
    if indent and written.file not in ("a.txt", "a.md", "a.rst", "a.eml"):
        return
    sentences = [f"The harbour of the town number {at} opened." for at in range(len(OPENINGS))]
    begun = [indent + opening + each for opening, each in zip(OPENINGS, sentences, strict=True)]
    read_and_check(tmp_path / written.file, written, begun, sentences)


def test_every_reader_is_tried() -> None:
    """Files that hold further files, and those that are refused, have no reader of their own."""
    kinds = {*KINDS.values()} - {"archive", "mailbox", "old_office"}
    assert kinds <= {each.kind for each in FORMATS}
