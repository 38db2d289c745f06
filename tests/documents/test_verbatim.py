"""What is quoted and cited stands in the source, character for character."""

from __future__ import annotations

import base64
import random
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import docsum_nb as ds
from docsum_nb.documents.load import load
from docsum_nb.documents.prose import prose_sentences

HANG_S = 60.0
MARKED = {
    **{"*this*": "this", "**that**": "that", "_it_": "it", "`code`": "code", "[a](b)": "a"},
    **{"&amp;": "&", "<b>": "", "</b>": ""},
}
"""Marks of Markdown, and what a person reads there."""
ODD = st.sampled_from(
    [
        *("<name>", "Foo<Bar>", "/triggers/<id>", "x < y > z", "<a@b.example>", "a[i][j]"),
        *("2*3*4", "my_long_name", "(a)", "#5", "|x|", "“quoted”", "«cité»", "~ten", "C:\\dir"),
        *("a–b", "[^abc]", "f(x)", "<stdin>", "List<String>", "Map<K, V>", "'tis", "{id}", "50%"),
        *("[x]", "~~no~~", *MARKED),
    ]
)
WORD = st.sampled_from(["the", "harbour", "opened", "late", "and", "ships", "came", "from", "over"])
SENTENCE = st.builds(
    lambda before, odd, after: f"The {' '.join([*before, *odd, *after])} end of it.",
    st.lists(WORD, min_size=5, max_size=8),
    st.lists(ODD, max_size=2),
    st.lists(WORD, max_size=5),
)


def as_read(text: str, name: str) -> str:
    """Return a text with single spaces; in Markdown, without the marks that are drawn."""
    marked = MARKED if name.endswith(".md") else {}
    return " ".join(filter(None, (marked.get(word, word) for word in text.split())))


INDENT = st.sampled_from(["", "  ", "    ", "        ", "\t"])


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Draw paragraphs of sentences, each indented somehow."""
    sentences = draw(st.lists(SENTENCE, min_size=1, max_size=6))
    indents = [draw(INDENT) for _ in sentences]
    text = "\n\n".join(indent + each for indent, each in zip(indents, sentences, strict=True))
    return text + "\n", sentences


@given(documents())
def test_plain_sentences_are_quoted_as_they_stand(drawn: tuple[str, list[str]]) -> None:
    """Nothing of a plain text is lost, whatever signs are in it and however it is indented."""
    text, sentences = drawn
    found = prose_sentences(text, syntax="plain")
    assert all(each.text == " ".join(text[each.start : each.end].split()) for each in found)
    quoted = " ".join(each.text for each in found)
    assert all(each in quoted for each in sentences)


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents(), st.sampled_from(["a.txt", "a.md"]))
def test_summaries_quote_and_cite_what_stands_there(
    tmp_path: Path, drawn: tuple[str, list[str]], name: str
) -> None:
    """Each citation's passage is the text at its span; each quoted sentence is in the document.

    Of Markdown, a sentence is quoted as it is read: without the marks within it.
    """
    path = tmp_path / name
    path.write_text(drawn[0], encoding="utf-8")
    (document,) = load(path).documents
    summary = ds.summarize(path, length=1_000, show=False, ledger=False).result(HANG_S)
    for citation in summary.citations:
        assert citation.passage == document.text[citation.source_start : citation.source_end]
        quoted = summary.text[citation.start : citation.end]
        assert as_read(quoted, name) in as_read(document.text, name)


def test_what_is_not_prose_is_told(tmp_path: Path) -> None:
    """More than a tenth of a document that cannot be quoted is an omission, with how much."""
    path = tmp_path / "code.md"
    path.write_text("One sentence stands here.\n\n```\n" + "a = b\n" * 20 + "```\n")
    summary = ds.summarize(path, show=False, ledger=False).result(HANG_S)
    (omission,) = summary.omitted
    assert "code.md" in omission.what
    assert "of its" in omission.reason
    assert "not running text" in omission.reason


def test_what_is_not_prose_is_reported_once_for_each_document(tmp_path: Path) -> None:
    """However many chunks a document has, one omission says how much of it cannot be quoted."""
    part = "One sentence of running text stands here.\n\n```\n" + "a = b\n" * 8_000 + "```\n\n"
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("one.md", "two.md"):
        (folder / name).write_text(part * 2)
    summary = ds.summarize(folder, show=False, ledger=tmp_path / "l").result(HANG_S)
    assert len(summary.chunks) > 4
    assert sorted(each.what for each in summary.omitted) == ["one.md", "two.md"]
    again = ds.summarize(folder, show=False, ledger=tmp_path / "l").result(HANG_S)
    assert again.chunks[0].cached
    assert again.omitted == summary.omitted


def test_a_picture_costs_nothing(tmp_path: Path) -> None:
    """A document with a large embedded picture is planned as the text that it holds."""
    picture = base64.b64encode(random.Random(2).randbytes(110_000)).decode()
    path = tmp_path / "a.md"
    path.write_text(f"# T\n\nSales rose in May. ![x](data:image/png;base64,{picture})\n")
    plan = ds.plan(path, model="openai/gpt-4o-mini")
    assert plan.calls == 1
