"""What cells await: runs, whose ``result()`` waits for them, and all else, which needs a loop.

Invariant: if it is not certain that something is a run, it is treated as another awaitable. Awaited
in a loop, a run has the same result.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence, Set

from notebooks.exporting.source import Edit, Source, outer_nodes

__all__ = ["RETURN_RUNS", "Waiting", "waited_for"]

RETURN_RUNS = frozenset({"compare", "get_run", "kickoff", "resume", "start", "summarize"})
"""The functions of docsum_nb that return a run."""
_LOOP_BOUND = {
    *("all_tasks", "create_task", "current_task", "ensure_future", "gather"),
    *("get_event_loop", "get_running_loop", "shield"),
}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Waiting:
    """Distinguishes runs from other awaitables, as far as a notebook's text shows it.

    Args:
        trees: All of its cells.
    """

    def __init__(self, trees: Iterable[ast.Module]) -> None:
        trees = list(trees)
        nodes = [node for tree in trees for each in tree.body for node in outer_nodes(each)]
        self._begin = _Named(nodes, "docsum_nb", RETURN_RUNS)
        self._bind = _Named(nodes, "asyncio", _LOOP_BOUND)
        begun = {
            node.targets[0]: node.targets[0].id
            for node in nodes
            if isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
            and self._begin.calls(node.value)
        }
        others = {name for node in nodes if node not in begun for name in _bound_by(node)}
        inner = {name for tree in trees for node in ast.walk(tree) for name in _globals_of(node)}
        self._runs = set(begun.values()) - others - inner

    def is_run(self, expression: ast.expr) -> bool:
        """Return whether an expression is certainly a run."""
        named = isinstance(expression, ast.Name) and expression.id in self._runs
        return named or self._begin.calls(expression)

    def needs_loop(self, statement: ast.stmt) -> bool:
        """Return whether a statement can only be run in an event loop."""
        return any(
            (isinstance(node, ast.Await) and not self.is_run(node.value))
            or isinstance(node, ast.AsyncFor | ast.AsyncWith)
            or (isinstance(node, ast.comprehension) and bool(node.is_async))
            or (isinstance(node, _COMPREHENSIONS) and _holds_await(node))
            or self._bind.calls(node)
            for node in outer_nodes(statement)
        )


class _Named:
    """Functions of a module, under the names that a notebook has for them."""

    def __init__(self, nodes: Sequence[ast.AST], module: str, functions: Set[str]) -> None:
        self._functions = functions
        self._modules = {
            each.asname or each.name
            for node in nodes
            if isinstance(node, ast.Import)
            for each in node.names
            if each.name == module
        }
        self._own_names = {
            each.asname or each.name
            for node in nodes
            if isinstance(node, ast.ImportFrom) and node.module == module
            for each in node.names
            if each.name in functions
        }

    def calls(self, node: ast.AST) -> bool:
        """Return whether a node is a call of one of them."""
        match node:
            case ast.Call(func=ast.Name(id=name)):
                return name in self._own_names
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)):
                return module in self._modules and name in self._functions
        return False


def waited_for(source: Source, statement: ast.stmt) -> list[Edit]:
    """Return the edits that make a statement wait for runs by ``result()``."""
    edits = []
    for node in outer_nodes(statement):
        if isinstance(node, ast.Await):
            start, end = source.start(node), source.end(node)
            operand = source.text[start:end].removeprefix("await").lstrip()
            edits += [Edit(start, end - len(operand), ""), Edit(end, end, ".result()")]
    return edits


def _holds_await(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Await) for part in ast.walk(node))


def _bound_by(node: ast.AST) -> Iterator[str]:
    """Return the names that a node itself binds or deletes."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from ((each.asname or each.name).partition(".")[0] for each in aliases)


def _globals_of(node: ast.AST) -> list[str]:
    return node.names if isinstance(node, ast.Global) else []
