"""Hostile files of text: long lines, deep nesting, what is never closed, odd characters."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from tests.documents.hostile import Hostile

MEGABYTE = 1_000_000


def written(name: str, data: bytes | str) -> Callable[[Path], Path]:
    """Return what writes a file; a text as UTF-8."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
        return path

    return make


def repeated(name: str, unit: str, *, before: str = "", after: str = "") -> Callable[[Path], Path]:
    times = MEGABYTE // len(unit.encode("utf-8", "surrogatepass"))
    return written(name, before + unit * times + after)


DEEP_LISTS = "\n".join(f"{'  ' * depth}- deep" for depth in range(1_000))
HALF_WIDE = "The end is here. ".encode("utf-16-le") * 9_999 + b"a"
RECORD = '{"a": "A text of several words is here."}\n'

INPUTS = [
    Hostile("setext-heading", repeated("a.md", "word ", after="\n===\n"), "loaded"),
    Hostile("setext-heading-of-lines", repeated("a.md", "word\n", after="---\n"), "loaded"),
    Hostile("white-space", repeated("a.md", " ", after="The end is here."), "loaded"),
    Hostile("new-lines", repeated("a.txt", "\n", after="The end is here."), "loaded"),
    Hostile("one-line", written("a.txt", "A sentence is here. " * 250_000), "loaded"),
    Hostile("one-word", written("a.txt", "ab" * 2_500_000), "loaded", says="hex data"),
    Hostile("quotations", repeated("a.md", ">" * 50 + " deep\n"), "loaded"),
    Hostile("lists", written("a.md", DEEP_LISTS), "loaded"),
    Hostile("emphasis", repeated("a.md", "**a _b "), "loaded"),
    Hostile("brackets", repeated("a.md", "[a](b "), "loaded"),
    Hostile("tags", repeated("a.md", "<b>a <i "), "loaded"),
    Hostile("comments", repeated("a.md", "<!-- a\n\n"), "loaded"),
    Hostile("fences", repeated("a.md", "```\na\n"), "loaded"),
    Hostile("definitions", repeated("a.md", "[^a]: b\n"), "loaded"),
    Hostile("nul", written("a.txt", b"a\0\0b\n" * 100_000), "either"),
    Hostile("lone-surrogates", repeated("a.txt", "a\ud800 "), "either"),
    Hostile("overrides", repeated("a.txt", "\u202ea "), "loaded", says="reverse the direction"),
    Hostile("zero-width", repeated("a.txt", "a\u200bb "), "loaded", says="invisible characters"),
    Hostile("line-ends", repeated("a.txt", "a.\r\nb.\rc.\n"), "loaded"),
    Hostile("random-bytes", written("a.txt", random.Random(5).randbytes(MEGABYTE)), "either"),
    Hostile("escapes", repeated("a.txt", "\x1b$B"), "either"),
    Hostile(
        "half-utf-16",
        written("a.txt", HALF_WIDE),
        "loaded",
    ),
    Hostile("truncated-utf-8", written("a.txt", ("é" * 400_000).encode()[:-1]), "loaded"),
    Hostile("data-uris", repeated("a.md", "![](data:image/png;base64,"), "loaded"),
    Hostile("json-nesting", written("a.json", "[" * 100_000 + "]" * 100_000), "either"),
    Hostile("json-objects", written("a.json", '{"a":' * 100_000), "loaded"),
    Hostile("json-lines", repeated("a.jsonl", RECORD), "loaded"),
    Hostile("latex-braces", repeated("a.tex", "\\section{"), "either"),
    Hostile("latex-environments", repeated("a.tex", "\\begin{verbatim}a "), "loaded"),
    Hostile("latex-dollars", repeated("a.tex", "$a "), "loaded"),
    Hostile("rst-directives", repeated("a.rst", ".. note::\n\n   a\n"), "loaded"),
    Hostile("rst-ticks", repeated("a.rst", "`a <b"), "loaded"),
    Hostile("org-blocks", repeated("a.org", "#+begin_quote\na\n"), "loaded"),
    Hostile("org-drawers", repeated("a.org", ":a:\nb\n"), "loaded"),
    Hostile("asciidoc-fences", repeated("a.adoc", "----\na\n"), "loaded"),
    Hostile("asciidoc-tables", repeated("a.adoc", "|===\n|a\n"), "loaded"),
    Hostile("log-entries", repeated("a.log", "2024-01-01 10:00:00 INFO a\n"), "loaded"),
]
