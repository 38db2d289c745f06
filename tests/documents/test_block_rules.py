"""The quick rules find the blocks that markdown-it finds."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from docsum_nb.documents.block_rules import quicken
from docsum_nb.documents.block_runs import (
    SHORT_HEADINGS,
    SHORT_ITEMS,
    SHORT_PARAGRAPHS,
    SHORT_QUOTES,
    words_of,
)

LINES = st.sampled_from(
    [
        *("a b", "| x |", "|--|", "---", "===", "- i", "1. z", "> q", "```", "~~~", "# h"),
        *("<div>", "<!-- c", "-->", "", "   ", "    code", "[x]: y", "'t'", ":--", "\ta"),
        *("* * *", "+ p", "a | b", "- | -", "<b>x", "2) k", "  - s", "\\# no", "7", "_ _ _"),
    ]
)
INDENTS = st.sampled_from(["", "", "  ", "> ", "    ", "- "])


def tokens(parser: MarkdownIt, text: str) -> list[Any]:
    return [token.as_dict() for token in parser.parse(text)]


@given(st.lists(st.builds(str.__add__, INDENTS, LINES), max_size=14))
def test_tokens_are_those_of_markdown_it(lines: list[str]) -> None:
    """Every token is the same, with its lines, whatever stands below whatever."""
    plain = MarkdownIt("commonmark").enable("table").disable("inline")
    quick = quicken(MarkdownIt("commonmark").enable("table").disable("inline"))
    text = "\n".join(lines)
    assert tokens(quick, text) == tokens(plain, text)


ITEMS = st.sampled_from(
    [
        *(["- a", "- b c", "-"], ["1. z", "2. y"], ["1."], ["7.", "8. a"], ["* a", "*"]),
        *(["+ a  ", "+ b"], ["- a\u00a0"], ["3. a", "4. -"], ["- a", "* b"], ["- a", "  b"]),
    ]
).flatmap(lambda kinds: st.lists(st.sampled_from(kinds), min_size=6, max_size=12))
AROUND = st.lists(st.builds(str.__add__, INDENTS, LINES), max_size=3)


@given(AROUND, st.integers(0, 2), ITEMS, st.integers(0, 2), AROUND)
def test_short_items_are_those_of_markdown_it(
    above: list[str], gap: int, items: list[str], blank: int, below: list[str]
) -> None:
    """A list of one-line items, with others around it, has the same tokens."""
    plain = MarkdownIt("commonmark").enable("table").disable("inline")
    quick = quicken(MarkdownIt("commonmark").enable("table").disable("inline"))
    text = "\n".join([*above, *[""] * gap, *items, *[""] * blank, *below])
    assert tokens(quick, text) == tokens(plain, text)


@given(AROUND, st.integers(0, 2), ITEMS, st.integers(0, 2), AROUND)
def test_a_run_of_short_items_holds_what_their_tokens_hold(
    above: list[str], gap: int, items: list[str], blank: int, below: list[str]
) -> None:
    """One token for a run stands for the same lines with the same words."""
    each = quicken(MarkdownIt("commonmark").enable("table").disable("inline"))
    run = quicken(MarkdownIt("commonmark").enable("table").disable("inline"), runs=True)
    text = "\n".join([*above, *[""] * gap, *items, *[""] * blank, *below])
    assert texts(run, text) == texts(each, text)
    assert level_of_lines(run, text) == level_of_lines(each, text)


def texts(parser: MarkdownIt, text: str) -> list[str]:
    """Return the words of all items and paragraphs."""
    lines = text.split("\n")
    found = []
    for token in parser.parse(text):
        if token.type in (SHORT_ITEMS, SHORT_QUOTES) and token.map:
            own = (words_of(token.type, line) for line in lines[slice(*token.map)])
            found += [words for words in own if words]
        elif token.type == "inline":
            found.append(token.content)
    return found


def level_of_lines(parser: MarkdownIt, text: str) -> set[int]:
    """Return the lines at which something inside of another block begins."""
    found: set[int] = set()
    lines = text.split("\n")
    for token in parser.parse(text):
        if token.map and token.type in (SHORT_ITEMS, SHORT_QUOTES):
            found.update(line for line in range(*token.map) if lines[line].strip(" \t"))
        elif token.map and token.level:
            found.add(token.map[0])
    return found


NESTED = st.sampled_from(
    [
        *(["- a", "  - b", "    - c", "- d", ""], ["1. a", "   - b", "2. c", "     - x"]),
        *(["- a", "  1. b", "  2. c", "     - d"], ["* a", "  * b", "", "+ c"]),
        *(["10. a", "    - b", "11. c", "   - d"], ["- a", "  - b", "-", "    code"]),
        *(["- a", "  - b", "      - c", "        - d", "            - e"], ["> a", "", "> b"]),
    ]
).flatmap(lambda kinds: st.lists(st.sampled_from(kinds), min_size=3, max_size=12))


@given(AROUND, NESTED, AROUND)
def test_a_run_of_lists_in_lists_or_of_quotations_holds_what_their_tokens_hold(
    above: list[str], items: list[str], below: list[str]
) -> None:
    """The same lines begin something inside another block, and hold the same words."""
    each = quicken(MarkdownIt("commonmark").enable("table").disable("inline"))
    run = quicken(MarkdownIt("commonmark").enable("table").disable("inline"), runs=True)
    text = "\n".join([*above, *items, *below])
    assert texts(run, text) == texts(each, text)
    assert level_of_lines(run, text) == level_of_lines(each, text)


PARAGRAPHS = st.lists(
    st.sampled_from(["a", "b c", "Über x ", "d\x0b", "e\n  ", "# f", "## g #", "# h\n# i | j"]),
    max_size=12,
)


@given(AROUND, st.integers(0, 2), PARAGRAPHS, st.integers(0, 2), AROUND)
def test_leaves_hold_what_their_tokens_hold(
    above: list[str], gap: int, paragraphs: list[str], blank: int, below: list[str]
) -> None:
    """One token for a paragraph or heading, or for many, stands for the same lines and words."""
    each = quicken(MarkdownIt("commonmark").enable("table").disable("inline"))
    leaves = quicken(MarkdownIt("commonmark").enable("table").disable("inline"), leaves=True)
    middle = "\n\n".join(paragraphs)
    text = "\n".join([*above, *[""] * gap, middle, *[""] * blank, *below])
    assert leaves_of(leaves, text) == leaves_of(each, text)


def leaves_of(parser: MarkdownIt, text: str) -> list[tuple[str, str, int]]:
    """Return the tag, words and first line of all paragraphs and headings."""
    found: list[tuple[str, str, int]] = []
    lines = text.split("\n")
    parsed = parser.parse(text)
    for at, token in enumerate(parsed):
        if not token.map:
            continue
        first = token.map[0]
        if token.type in (SHORT_PARAGRAPHS, SHORT_HEADINGS):
            full = [line for line in range(*token.map) if lines[line].strip(" \t")]
            found += [(tag(lines[line]), words_of(token.type, lines[line]), line) for line in full]
        elif token.type in ("paragraph_open", "heading_open"):
            words = token.content or (parsed[at + 1].content if token.nesting else "")
            found.append((token.tag, words.strip(), first))
    return found


def tag(line: str) -> str:
    """Return the tag of the heading or paragraph on a line."""
    signs = len(line) - len(line.lstrip("#"))
    return f"h{signs}" if signs else "p"


def test_short_blocks_are_one_token() -> None:
    """Ten thousand paragraphs, headings or quotations of a letter; a list has two tokens more."""
    parser = MarkdownIt("commonmark").enable("table").disable("inline")
    quicken(parser, runs=True, leaves=True)
    for unit in ("a\n\n", "# a\n", "> a\n\n"):
        assert len(parser.parse(unit * 10_000)) == 1
    assert len(parser.parse("# a\n" * 10_000 + "- b")) < 10
    for unit in ("- a\n\n", "- a\n  - b\n    - c\n", "1. a\n   - b\n"):
        assert len(parser.parse(unit * 10_000)) == 3
