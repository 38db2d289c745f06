"""The rule of the language (CONTRIBUTING, "Rules"): plain English in the package, docs and tests.

The text of a Python file is its docstrings, comments and string constants; of a test, only its
docstrings. The limits of rates are the highest values in seven well-kept packages, per 1,000 lines.
"""

from __future__ import annotations

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BEGINNING = re.compile(r"(Tell|Have|Say|Give|Take|See|Let)s?\b")
NEVER = re.compile(
    r"\b(told|whoever|so many|(come|comes|came) to nothing|once more|anew|as it is|be deaf|"
    r"lets? go of)\b",
    re.IGNORECASE,
)
PLAIN_USES = re.compile(
    r"as it is (read|made|written|imported|started|streamed|sent|typed|generated|received|needed)\b"
    r"|\b(once|one) more (for|than|call|round|of|chunk|request)\b"
    r"|`[^`]*`"
    r"|(?-i:\bWHERE\b)",
    re.IGNORECASE,
)
"""The plain English uses of those words ("a line is shown as it is written"), and code."""
RATES = {
    r"where": 3.1,
    r"tell|tells|telling": 0.6,
    r"nobody": 0.3,
    r"whatever|whichever": 0.3,
    r"begun": 0.3,
}
"""Words that are plain English if they are rare, with their limits per 1,000 lines."""
LISTS_OF_WORDS = {"abbreviations.py", "stopwords.py", "language.py", "secrets.py"}
"""Modules whose strings are words that documents and answers are searched for."""


@dataclass(frozen=True)
class Text:
    """A piece of text that people read: where it is, and what it says."""

    path: Path
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {' '.join(self.words.split())[:120]}"


def python_files(folder: str) -> list[Path]:
    files = (ROOT / folder).rglob("*.py")
    return sorted(path for path in files if path.parent.name != "examples")  # copies, by Sphinx


@functools.cache
def package_texts() -> tuple[Text, ...]:
    """Return the docstrings, comments and string constants of the package, line by line."""
    return tuple(text for path in python_files("docsum_nb") for text in strings_and_comments(path))


def strings_and_comments(path: Path) -> Iterator[Text]:
    constants = path.name not in LISTS_OF_WORDS
    source = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        docstring = token.string.startswith('"""')
        middle = token.type == getattr(tokenize, "FSTRING_MIDDLE", -1)
        if token.type == tokenize.COMMENT or (
            (token.type == tokenize.STRING or middle) and (docstring or constants)
        ):
            for number, line in enumerate(token.string.split("\n")):
                yield Text(path, token.start[0] + number, line)


@functools.cache
def docstrings(folder: str) -> tuple[Text, ...]:
    """Return the docstrings of functions and classes."""
    found = []
    for path in python_files(folder):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                words = ast.get_docstring(node)
                found += [Text(path, node.lineno, words)] if words else []
    return tuple(found)


@functools.cache
def page_texts() -> tuple[Text, ...]:
    """Return the lines of README, CONTRIBUTING, CHANGELOG and documentation, without code."""
    pages = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG")]
    found = []
    for page in [*pages, *sorted((ROOT / "docs").rglob("*.md"))]:
        in_code = False
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
            in_code ^= line.startswith("```")
            if not in_code and not line.startswith("- **Plain English**"):  # names the words
                found.append(Text(page, number, line))
    return tuple(found)


@pytest.mark.parametrize("folder", ["docsum_nb", "tests", "benchmarks", "docs", "notebooks"])
def test_docstrings_begin_with_a_plain_verb(folder: str) -> None:
    """No docstring of a function or class begins Tell, Have, Say, Give, Take, See or Let."""
    assert [str(text) for text in docstrings(folder) if BEGINNING.match(text.words)] == []


def forbidden(texts: tuple[Text, ...]) -> list[str]:
    """Return the texts that have one of the words that never occur."""
    return [str(text) for text in texts if NEVER.search(PLAIN_USES.sub("", text.words))]


@pytest.mark.parametrize("texts", [package_texts, page_texts], ids=["package", "pages"])
def test_some_words_never_occur(texts: functools._lru_cache_wrapper[tuple[Text, ...]]) -> None:
    """Words of no other project's prose occur neither in the package nor on its pages."""
    assert forbidden(texts()) == []


@pytest.mark.parametrize("words", RATES)
@pytest.mark.parametrize("texts", [package_texts, page_texts], ids=["package", "pages"])
def test_some_words_are_rare(
    texts: functools._lru_cache_wrapper[tuple[Text, ...]], words: str
) -> None:
    """Words with a plain meaning and a loose one are as rare as in other projects."""
    pattern = re.compile(rf"\b({words})\b", re.IGNORECASE)
    found = [text for text in texts() if pattern.search(PLAIN_USES.sub("", text.words))]
    assert len(found) <= RATES[words] * number_of_lines(texts()) / 1000, "\n".join(map(str, found))


def number_of_lines(texts: tuple[Text, ...]) -> int:
    return sum(
        path.read_text(encoding="utf-8").count("\n") for path in {text.path for text in texts}
    )


def test_docstrings_of_tests_have_none_of_these_words() -> None:
    """What never occurs in the package does not occur in docstrings of tests."""
    assert forbidden(docstrings("tests")) == []
