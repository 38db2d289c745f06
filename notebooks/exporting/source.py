"""Python text that is edited by the places of its syntax tree, so that comments and layout stay."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

__all__ = ["Edit", "Node", "Source", "indented", "outer_nodes"]

Node: TypeAlias = ast.stmt | ast.expr
_INDENT = "    "


@dataclass(frozen=True)
class Edit:
    """Put a text in the place of ``[start, end)``; before a place where both are the same."""

    start: int
    end: int
    text: str


class Source:
    """A text and its syntax tree.

    Raises:
        SyntaxError: if it is not valid Python.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self._lines = text.split("\n")
        self._starts = [0, *accumulate(len(line) + 1 for line in self._lines)]

    @property
    def statements(self) -> list[ast.stmt]:
        """The statements of the outermost level."""
        return self.tree.body

    def start(self, node: Node) -> int:
        """Return where a node begins; for a decorated definition, where its decorators do."""
        decorators = getattr(node, "decorator_list", [])
        if decorators:
            return self.text.rindex("@", 0, self.start(decorators[0]))
        return self._place(node.lineno, node.col_offset)

    def end(self, node: Node) -> int:
        """Return the place behind a node."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._place(node.end_lineno, node.end_col_offset)

    def of(self, node: Node) -> str:
        """Return a node's text."""
        return self.text[self.start(node) : self.end(node)]

    def edited(self, edits: Iterable[Edit], *, start: int = 0, end: int | None = None) -> str:
        """Return the text, or a part of it, with edits made; at one place, in the given order."""
        made, at = [], start
        for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
            made += [self.text[at : edit.start], edit.text]
            at = edit.end
        return "".join([*made, self.text[at:end]])

    def _place(self, line: int, column: int) -> int:
        # The tree counts columns in bytes of UTF-8.
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


def outer_nodes(statement: ast.AST) -> Iterator[ast.AST]:
    """Walk what is run by a statement itself: not the bodies of functions and classes in it."""
    pending = [statement]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.Lambda):
            pending += [node.args]
        elif isinstance(node, ast.ClassDef):
            pending += [*node.decorator_list, *node.bases, *node.keywords]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            pending += [*node.decorator_list, node.args]
        else:
            pending += ast.iter_child_nodes(node)


def indented(text: str) -> str:
    """Indent Python by one level; text within string literals stays unchanged."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        if literal or isinstance(node, ast.JoinedStr):
            assert isinstance(node, ast.expr)
            inside.update(range(node.lineno, node.end_lineno or node.lineno))
    lines = text.split("\n")
    return "\n".join(
        line if at in inside or not line.strip() else _INDENT + line
        for at, line in enumerate(lines)
    )
