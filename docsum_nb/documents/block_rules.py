"""Rules of markdown-it, tried only on lines that can begin their block.

Decides by a line's first character which rules can match it. Paragraphs and the headings that are
underlined are read by one rule, which looks at each line once, and long lists of one-line items by
another; ``block_runs`` says what else is read as one token if the caller wants that. The tokens are
those of markdown-it itself, in a tenth of the time for paragraphs of many lines. Refuses nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docsum_nb.documents.block_runs import (
    SHORT_ITEMS,
    SPACE,
    is_run_of_leaves,
    is_run_of_lists,
    is_run_of_quotes,
)

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.parser_block import RuleFuncBlockType
    from markdown_it.rules_block import StateBlock

__all__ = ["quicken"]

_FIRST = {
    "fence": "`~",
    "blockquote": ">",
    "hr": "*-_",
    "list": "*-+0123456789",
    "reference": "[",
    "html_block": "<",
    "heading": "#",
}
"""What the blocks of a rule begin with; those of other rules may begin with anything."""
_BELOW_HEADER = frozenset("|-:")
"""What the second line of a table begins with."""
# At least eight items of one line, each of which holds words that begin no other block, or nothing.
_ITEMS = {
    **{
        mark: re.compile(
            rf"^(?:{re.escape(mark)}(?: [^\W\d_][^\n]*+|(?=\n{re.escape(mark)}|\n?\Z))\n?+){{8,}}+",
            re.MULTILINE,
        )
        for mark in "-*+"
    },
    **dict.fromkeys(
        "0123456789",
        re.compile(
            r"^(?:\d{1,9}\.(?: [^\W\d_][^\n]*+|(?=\n\d{1,9}\.|\n?\Z))\n?+){8,}+", re.MULTILINE
        ),
    ),
}
_NUMBER_SIGNS = re.compile(r"(#{1,6})(?:[ \t]|\Z)")
_UNDERLINES = {"=": 1, "-": 2}
"""The level of a heading by what underlines it."""
_CHAINS = ("paragraph", "reference", "blockquote", "list")
"""What other blocks may end."""


def quicken(parser: MarkdownIt, *, runs: bool = False, leaves: bool = False) -> MarkdownIt:
    """Change the block rules of a parser, so that most lines pass most of them at once.

    Args:
        parser: A parser; rules that are on stay on.
        runs: Write one token ``SHORT_ITEMS`` for a long list of items of one line each, and
            ``SHORT_QUOTES`` for many quotations of one line.
        leaves: Write one token for a paragraph or heading, instead of three: the opening one,
            which holds the content. And one token ``SHORT_PARAGRAPHS`` or ``SHORT_HEADINGS`` for
            many of one line each.

    Returns:
        The same parser.
    """
    ruler = parser.block.ruler
    names = dict(zip(ruler.getRules(""), ruler.get_active_rules(), strict=True))
    chains = {chain: _Dispatch(ruler.getRules(chain), names) for chain in _CHAINS}
    rules = [rule for rule, name in names.items() if name not in ("lheading", "paragraph")]
    paragraphs = _Paragraphs(chains["paragraph"], leaves=leaves)
    every = _Dispatch([*rules, paragraphs], names, runs=runs, leaves=leaves)
    ruler.disable([name for name in names.values() if name != "code"])
    # The parser looks whether a rule "code" is on, so that name stands for all of them.
    ruler.at("code", every)
    for chain, rule in chains.items():
        ruler.push(f"ends_{chain}", rule, {"alt": [chain]})
    return parser


class _Dispatch:
    """Some rules as one."""

    def __init__(
        self,
        rules: list[RuleFuncBlockType],
        names: dict[RuleFuncBlockType, str],
        *,
        runs: bool = False,
        leaves: bool = False,
    ) -> None:
        self._runs = runs
        self._leaves = leaves
        named = [(rule, names.get(rule, "paragraph")) for rule in rules]
        first = [(rule, _FIRST.get(name)) for rule, name in named if name != "table"]
        self._table = next((rule for rule, name in named if name == "table"), None)
        self._others = tuple(rule for rule, signs in first if signs is None)
        self._by_first = {
            sign: tuple(rule for rule, signs in first if signs is None or sign in signs)
            for sign in {sign for signs in _FIRST.values() for sign in signs}
        }

    def __call__(self, state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001
        """Try the rules on a line, in their order."""
        source, begins, shifts = state.src, state.bMarks, state.tShift
        below = line + 1
        if self._table is not None and below < end:
            at = begins[below] + shifts[below]
            if source[at : at + 1] in _BELOW_HEADER and self._table(state, line, end, silent):
                return True
        at = begins[line] + shifts[line]
        sign = source[at : at + 1]
        if not silent and sign in _ITEMS:
            if self._short_items(state, line, end, sign):
                return True
            if self._runs and is_run_of_lists(state, line, end):
                return True
        if not silent and self._runs and sign == ">" and is_run_of_quotes(state, line):
            return True
        if not silent and self._leaves and _leaf(state, line, sign):
            return True
        for rule in self._by_first.get(sign, self._others):
            if rule(state, line, end, silent):
                return True
        return False

    def _short_items(self, state: StateBlock, line: int, end: int, sign: str) -> bool:
        """Read a list of one-line items, unless it goes on with others behind them."""
        source, begins = state.src, state.bMarks
        if state.level or state.tShift[line]:
            return False
        found = _ITEMS[sign].match(source, begins[line])
        if found is None:
            return False
        last = line + found[0].count("\n") + (not found[0].endswith("\n"))
        after = state.skipEmptyLines(last)
        if after < end and (
            after == last or state.sCount[after] or source[begins[after]] in _ITEMS
        ):
            return False
        _write_items(state, line, last, after, run=self._runs)
        state.line = after
        return True


def _write_items(state: StateBlock, line: int, last: int, after: int, *, run: bool) -> None:
    """Write the tokens of a list whose items are a line each; the last has the blank lines too."""
    source = state.src
    ordered = source[state.bMarks[line]].isdigit()
    mark = "." if ordered else source[state.bMarks[line]]
    kind, tag = ("ordered_list", "ol") if ordered else ("bullet_list", "ul")
    opened = state.push(f"{kind}_open", tag, 1)
    opened.markup, opened.map = mark, [line, after]
    from markdown_it.token import Token

    level = state.level
    if run:
        state.tokens.append(Token(SHORT_ITEMS, "", 0, {}, [line, last], level, block=True))
    for at in range(line, line if run else last):
        text = source[state.bMarks[at] : state.eMarks[at]]
        number, _, content = text.partition(mark)
        if ordered and at == line and int(number) != 1:
            opened.attrs = {"start": int(number)}
        own = [at, after if at == last - 1 else at + 1]
        add = state.tokens.append
        add(Token("list_item_open", "li", 1, {}, own, level, None, "", mark, number, block=True))
        if content := content.strip(SPACE):
            line_of_it, deeper = [at, at + 1], level + 1
            add(Token("paragraph_open", "p", 1, {}, line_of_it, deeper, block=True, hidden=True))
            inline = Token("inline", "", 0, {}, [at, at + 1], level + 2, [], content, block=True)
            add(inline)
            add(Token("paragraph_close", "p", -1, level=deeper, block=True, hidden=True))
        add(Token("list_item_close", "li", -1, level=level, markup=mark, block=True))
    state.push(f"{kind}_close", tag, -1).markup = mark


class _Paragraphs:
    """Reads a paragraph, or the heading that its last line underlines."""

    def __init__(self, ends: _Dispatch, *, leaves: bool = False) -> None:
        self._ends = ends
        self._leaves = leaves
        self._signs = frozenset(sign for signs in _FIRST.values() for sign in signs)

    def __call__(self, state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001
        """Read the block that begins on a line which begins no other block."""
        last, level = self._end(state, line, end)
        content = _content(state, line, last)
        state.line = last + 1 if level else last
        kind, tag = ("heading", f"h{level}") if level else ("paragraph", "p")
        if self._leaves:
            _write_leaf(state, f"{kind}_open", tag, content, line)
            return True
        markup = "=-"[level - 1] if level else ""
        opened = state.push(f"{kind}_open", tag, 1)
        opened.markup, opened.map = markup, [line, state.line]
        inline = state.push("inline", "", 0)
        inline.content, inline.map, inline.children = content, [line, last], []
        state.push(f"{kind}_close", tag, -1).markup = markup
        return True

    def _end(self, state: StateBlock, line: int, end: int) -> tuple[int, int]:
        """Return the line behind a paragraph, and the level of the heading that it underlines."""
        source, begins, ends, shifts = state.src, state.bMarks, state.eMarks, state.tShift
        counts, indent, signs = state.sCount, state.blkIndent, self._signs
        before, state.parentType = state.parentType, "paragraph"
        below = line + 1
        at = begins[below] + shifts[below]
        while below < end and at < ends[below]:
            sign = source[at]
            next_at = begins[below + 1] + shifts[below + 1]
            # A line that is indented by four goes on with the paragraph, whatever it is.
            if counts[below] - indent <= 3:
                if (
                    sign in _UNDERLINES
                    and counts[below] >= indent
                    and state.skipSpaces(state.skipCharsStr(at, sign)) >= ends[below]
                ):
                    state.parentType = before
                    return below, _UNDERLINES[sign]
                # A negative count is a line that a quotation has looked at already.
                if (
                    counts[below] >= 0
                    and (sign in signs or source[next_at : next_at + 1] in _BELOW_HEADER)
                    and self._ends(state, below, end, True)  # noqa: FBT003
                ):
                    break
            below, at = below + 1, next_at
        return below, 0


def _leaf(state: StateBlock, line: int, sign: str) -> bool:
    """Read a heading that begins with number signs, or a run of one-line leaves."""
    return is_run_of_leaves(state, line, sign) or (sign == "#" and _heading(state, line))


def _heading(state: StateBlock, line: int) -> bool:
    """Read a heading that begins with number signs, if the line is one."""
    if state.is_code_block(line):
        return False
    at = state.bMarks[line] + state.tShift[line]
    found = _NUMBER_SIGNS.match(state.src, at, state.eMarks[line])
    if found is None:
        return False
    words = state.src[found.end() : state.eMarks[line]].rstrip(" \t")
    without = words.rstrip("#")
    # Signs at the end belong to the words, unless a space stands before them.
    if not without or without[-1] in " \t":
        words = without
    state.line = line + 1
    _write_leaf(state, "heading_open", f"h{len(found[1])}", words.strip(SPACE), line)
    return True


def _write_leaf(state: StateBlock, kind: str, tag: str, content: str, line: int) -> None:
    """Write the only token of a paragraph or heading that ends before ``state.line``."""
    from markdown_it.token import Token

    lines = [line, state.line]
    state.tokens.append(Token(kind, tag, 0, {}, lines, state.level, None, content))


def _content(state: StateBlock, first: int, last: int) -> str:
    """Return lines without the indentation of their block, and without space around them."""
    if state.level == 0:
        return state.src[state.bMarks[first] : state.eMarks[last - 1]].strip(SPACE)
    return state.getLines(first, last, state.blkIndent, False).strip(SPACE)  # noqa: FBT003
