"""Preformatted text of a page: running text becomes paragraphs, everything else a block of code.

Decides by the sentences: mail, standards and plain texts that a page shows in ``<pre>`` are read
as the plain text they are; code, listings, tables set with blanks and what says its language stay
as they stand. Takes linear time. Refuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from docsum_nb.documents.markdown import as_markdown
from docsum_nb.documents.plain import code_lines, plain_paragraphs

__all__ = ["preformatted"]

_TICKS = re.compile(r"^[ \t]{0,20}(`{3,})", re.M)
_SENTENCE = re.compile(r"[^\W\d_]{2}[\"'”’»)\]]{0,2}[.!?…。！？؟।][\"'”’»)\]]{0,2}(?:\s|$)")
_LEAST_SENTENCES = 2
_LEAST_WORDS = 20
_SAMPLE = 300  # lines that decide what a text is
_WORD = re.compile(r"[^\W\d_]{2,}")


def preformatted(text: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield the blocks of a preformatted text: ``"code"`` or ``"text"``, and Markdown.

    Args:
        text: As it stands on the page.
        language: What the page says it is written in; empty if it says nothing.
    """
    lines = text.rstrip().split("\n")
    paragraphs = [] if language or not _is_running(lines) else list(plain_paragraphs(lines))
    done = 0
    for start, end in paragraphs:
        yield from _code(lines[done:start], language)
        paragraph = "\n".join(line.strip() for line in lines[start:end])
        yield "text", as_markdown(paragraph)
        done = end
    yield from _code(lines[done:], language)


def _is_running(lines: list[str]) -> bool:
    """Return whether lines are mostly sentences, and not code with comments."""
    filled = [line for line in lines if line.strip()][:_SAMPLE]
    if 3 * code_lines(filled) > len(filled):
        return False
    text = "\n".join(filled)
    sentences = sum(1 for _ in _SENTENCE.finditer(text))
    words = sum(1 for _ in _WORD.finditer(text))
    return sentences >= _LEAST_SENTENCES and words >= _LEAST_WORDS and 8 * sentences >= len(filled)


def _code(lines: list[str], language: str) -> Iterator[tuple[str, str]]:
    while lines and not lines[0].strip():
        lines = lines[1:]
    text = "\n".join(lines).rstrip()
    if text:
        longest = max((len(run) for run in _TICKS.findall(text)), default=2)
        fence = "`" * (longest + 1)
        yield "code", f"{fence}{language}\n{text}\n{fence}"
