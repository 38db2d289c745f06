"""Rules of markdown-it, tried only on lines that can begin a block.

Decides by a line's first character whether any rule can end the paragraph above it. The tokens are
those of markdown-it itself; a paragraph of many lines takes a third of the time. Refuses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.parser_block import RuleFuncBlockType
    from markdown_it.rules_block import StateBlock

__all__ = ["quicken"]

_FIRST = frozenset("`~>*-_+#<0123456789")
"""What a fence, quotation, rule, list, heading or HTML block begins with."""
_BELOW_HEADER = frozenset("|-:")
"""What the second line of a table begins with."""
_CHAINS = ("paragraph", "reference")


def quicken(parser: MarkdownIt) -> MarkdownIt:
    """Change the rules that may end a paragraph, so that most lines are passed over at once.

    Args:
        parser: A parser with the block rules of markdown-it, on or off.

    Returns:
        The same parser.
    """
    ruler = parser.block.ruler
    names = dict(zip(ruler.getRules(""), ruler.get_active_rules(), strict=True))
    chains = {chain: ruler.getRules(chain) for chain in (*_CHAINS, "blockquote", "list")}
    ending = chains["paragraph"]
    if ending != chains["reference"]:
        return parser  # a version with other rules: its own are right, if slower
    for rule in ending:
        kept = [chain for chain in ("blockquote", "list") if rule in chains[chain]]
        ruler.at(names[rule], rule, {"alt": kept})
    ruler.push("ending", _Ending(ending), {"alt": list(_CHAINS)})
    return parser


class _Ending:
    """The rules that may end a paragraph, as one."""

    def __init__(self, rules: Sequence[RuleFuncBlockType]) -> None:
        self._rules = rules

    def __call__(self, state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001
        """Check whether a block begins at a line; as a rule that only looks."""
        if not silent:
            return False
        source, begins, shifts = state.src, state.bMarks, state.tShift
        at = begins[line] + shifts[line]
        if source[at : at + 1] not in _FIRST:
            below = line + 1
            if below >= end:
                return False
            at = begins[below] + shifts[below]
            if source[at : at + 1] not in _BELOW_HEADER:
                return False
        return any(rule(state, line, end, True) for rule in self._rules)  # noqa: FBT003
