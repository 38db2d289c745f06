"""Runs of short blocks, each read as one token.

Decides what a run is: blocks of one line each, of one kind, whose words begin with a letter, so
that no other block can begin there: items of a list with lists in it, quotations,
headings, or paragraphs with blank lines between them. The lines of a token are all lines of its
run, the blank ones between them too. A list is one run or none. Takes linear time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock

__all__ = [
    "SHORT_HEADINGS",
    "SHORT_ITEMS",
    "SHORT_PARAGRAPHS",
    "SHORT_QUOTES",
    "SPACE",
    "is_run_of_leaves",
    "is_run_of_lists",
    "is_run_of_quotes",
    "words_of",
]

SHORT_ITEMS = "short_items"
"""The type of the token that stands for a run of list items."""
SHORT_PARAGRAPHS = "short_paragraphs"
SHORT_QUOTES = "short_quotes"
SHORT_HEADINGS = "short_headings"

SPACE = "\t\n\v\f\r \xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""What markdown-it removes around a paragraph."""
_DEEPEST = 6
"""Lists within each other; markdown-it passes over what is deeper than ten."""
_ITEM = re.compile(r"( *)(?:([-*+])|(\d{1,9})\.) (?=[^\W\d_])")
# What begins with a letter begins no other block, and a blank line below it keeps it a paragraph.
_PARAGRAPHS = re.compile(r"^(?:[^\W\d_][^\n]*+\n(?:[ \t]*+\n)++)++", re.MULTILINE)
_QUOTES = re.compile(r"^(?:> [^\W\d_][^\n]*+\n(?:[ \t]*+\n)++)++", re.MULTILINE)
_HEADINGS = re.compile(r"^(?:#{1,6} [^\W\d_][^\n#]*+\n(?:[ \t]*+\n)*+)++", re.MULTILINE)
_MAY_BE_TABLE = frozenset("|-: \t")
"""What a line begins with that makes the one above it the header of a table."""


def words_of(kind: str, line: str) -> str:
    """Return the words of one line of a run; empty for a blank line.

    Args:
        kind: The type of the run's token.
        line: Of the text, without its end.
    """
    if kind == SHORT_PARAGRAPHS:
        return line.strip(SPACE)
    if kind == SHORT_HEADINGS:
        return line.lstrip("#").strip(SPACE)
    line = line.strip(" \t")
    if not line:
        return ""
    return line.partition("." if line[:1].isdigit() else line[:1])[2].strip(SPACE)


def is_run_of_leaves(state: StateBlock, line: int, sign: str) -> bool:
    """Read a run of headings or paragraphs that begins on a line, if one does."""
    if state.level or state.tShift[line]:
        return False
    if sign != "#":
        return sign.isalpha() and _is_read(state, line, _PARAGRAPHS, SHORT_PARAGRAPHS)
    found = _HEADINGS.match(state.src, state.bMarks[line])
    if found is None:
        return False
    run = found[0]
    if state.src[found.end() : found.end() + 1] in _MAY_BE_TABLE:
        # The last one may be the header of a table; what stands above it is read all the same, so
        # that no line is looked at for each of those above it.
        run = run[: run.rfind("\n#") + 1]
    return bool(run) and _is_written(state, line, run, SHORT_HEADINGS)


def is_run_of_quotes(state: StateBlock, line: int) -> bool:
    """Read a run of quotations that begins on a line, if one does."""
    if state.level or state.tShift[line]:
        return False
    return _is_read(state, line, _QUOTES, SHORT_QUOTES)


def _is_read(state: StateBlock, line: int, run: re.Pattern[str], kind: str) -> bool:
    found = run.match(state.src, state.bMarks[line])
    return found is not None and _is_written(state, line, found[0], kind)


def _is_written(state: StateBlock, line: int, run: str, kind: str) -> bool:
    """Write the token of a run; returns ``True``."""
    state.line = line + run.count("\n")
    _write(state, kind, line, state.line)
    return True


def is_run_of_lists(state: StateBlock, line: int, end: int) -> bool:
    """Read a list whose items, and those of the lists in it, are a line each, if it is one."""
    if state.level or state.tShift[line]:
        return False
    last = _list_end(state, line, end)
    if last is None:
        return False
    ordered = state.src[state.bMarks[line]].isdigit()
    kind, tag = ("ordered_list", "ol") if ordered else ("bullet_list", "ul")
    opened = state.push(f"{kind}_open", tag, 1)
    opened.map = [line, last]
    _write(state, SHORT_ITEMS, line, last)
    state.push(f"{kind}_close", tag, -1)
    state.line = last
    return True


def _list_end(state: StateBlock, line: int, end: int) -> int | None:
    """Return the line behind a list of one-line items, ``None`` if another block is in it."""
    source, begins = state.src, state.bMarks
    # Of each open list: where its marks stand, where the words of its items do, and the mark.
    opened: list[tuple[int, int, str]] = []
    for at in range(line, end):
        if state.isEmpty(at):
            continue
        found = _ITEM.match(source, begins[at])
        if found is None:
            # What is indented, or has no blank line above it, belongs to the item.
            return (
                None if state.sCount[at] or not state.isEmpty(at - 1) or _is_mark(state, at) else at
            )
        indent, mark = len(found[1]), found[2] or "."
        while opened and opened[-1][0] > indent:
            opened.pop()
        if not opened and at > line:
            return None
        if opened and opened[-1][0] == indent:
            if opened[-1][2] != mark:
                # Another list: after the outermost one it is none of ours.
                return at if indent == 0 else None
            opened.pop()
        elif opened and not _begins_list(opened[-1][1], indent, found[3]):
            return None
        if len(opened) == _DEEPEST:
            return None
        opened.append((indent, found.end() - begins[at], mark))
    return end


def _begins_list(content: int, indent: int, number: str | None) -> bool:
    """Return whether a mark begins a list within an item, rather than to go on with its words."""
    return content <= indent <= content + 3 and (number is None or int(number) == 1)


def _is_mark(state: StateBlock, line: int) -> bool:
    """Return whether a line may be an item of a form that runs do not have."""
    sign = state.src[state.bMarks[line]]
    return sign in "-*+" or sign.isdigit()


def _write(state: StateBlock, kind: str, line: int, last: int) -> None:
    from markdown_it.token import Token

    state.tokens.append(Token(kind, "", 0, {}, [line, last], state.level, block=True))
