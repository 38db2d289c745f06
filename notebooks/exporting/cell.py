"""One cell as plain Python: magics, awaits, the value that is displayed, the error that is meant.

What awaits runs alone waits by ``result()``. From the first statement that needs an event loop to
the last, a cell becomes one coroutine, as a notebook makes it one; its names stay global.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Sequence
from dataclasses import dataclass

from notebooks.exporting.magics import ScriptError
from notebooks.exporting.source import Edit, Source, indented, outer_nodes
from notebooks.exporting.waiting import Waiting, waited_for

__all__ = ["Cell"]

_SILENT = {"display", "print"}


@dataclass(frozen=True)
class Cell:
    """A code cell of a notebook, without its magics."""

    number: int
    """Counted from 1 over the cells of code."""
    text: str
    raises: str = ""
    """The name of the error that it ends with; empty where it ends well."""

    def as_script(self, waiting: Waiting) -> str:
        """Return it as statements of a script.

        Raises:
            ScriptError: if that cannot be done.
        """
        source = Source(self.text)
        plain = self._statements(source, waiting)
        return _failing(plain, self.raises) if self.raises else plain

    def _statements(self, source: Source, waiting: Waiting) -> str:
        statements = source.statements
        looped = [at for at, each in enumerate(statements) if waiting.needs_loop(each)]
        if not looped:
            edits = [edit for each in statements for edit in _edits(source, each)]
            return source.edited(edits).strip()
        first, last = _whole_lines(statements, looped[0], looped[-1])
        start, end = _with_comments(source, statements[first], statements[last])
        inner = [edit for each in statements[first : last + 1] for edit in _inner(source, each)]
        before = [edit for each in statements[:first] for edit in _edits(source, each)]
        after = [edit for each in statements[last + 1 :] for edit in _edits(source, each)]
        parts = [
            source.edited(before, end=start).strip(),
            self._coroutine(source.edited(inner, start=start, end=end)),
            source.edited(after, start=end).strip(),
        ]
        return "\n".join(part for part in parts if part)

    def _coroutine(self, text: str) -> str:
        name = f"cell_{self.number}"
        body = f"async def {name}() -> None:\n{indented(text)}\n"
        try:
            bound = _bound(body)
        except SyntaxError as error:
            raise ScriptError(f"it awaits, and {error.msg}; put that into a cell apart") from None
        if bound:
            body = f"async def {name}() -> None:\n    global {', '.join(bound)}\n{indented(text)}\n"
        return f"\n{body}\n\n_loop.run({name}())"


def _edits(source: Source, statement: ast.stmt) -> list[Edit]:
    """Change a statement for the outermost level of a script."""
    waits = waited_for(source, statement)
    return [*waits, *_shown(source, statement), *_import(source, statement)]


def _inner(source: Source, statement: ast.stmt) -> list[Edit]:
    """Change a statement for the coroutine."""
    bare = _bare(source, statement)
    return [*bare, *_shown(source, statement), *_import(source, statement)]


def _whole_lines(statements: Sequence[ast.stmt], first: int, last: int) -> tuple[int, int]:
    """Widen a range of statements by those that share a line with its ends."""
    while first and statements[first - 1].end_lineno == statements[first].lineno:
        first -= 1
    while last + 1 < len(statements) and statements[last].end_lineno == statements[last + 1].lineno:
        last += 1
    return first, last


def _with_comments(source: Source, first: ast.stmt, last: ast.stmt) -> tuple[int, int]:
    """Return where statements begin and end with the comments above and behind them."""
    lines = source.text[: source.start(first)].split("\n")
    while len(lines) > 1 and lines[-2].startswith("#"):
        del lines[-2]
    end = source.text.find("\n", source.end(last))
    return sum(len(line) + 1 for line in lines[:-1]), len(source.text) if end < 0 else end


def _shown(source: Source, statement: ast.stmt) -> list[Edit]:
    """Display the last expression, as a notebook does, unless a semicolon keeps it from it."""
    if statement is not source.statements[-1] or not isinstance(statement, ast.Expr):
        return []
    start, end = source.start(statement), source.end(statement)
    match statement.value:
        case ast.Call(func=ast.Name(id=name)) if name in _SILENT:
            return []
    if source.text[end:].lstrip().startswith(";"):
        return []
    call = f"display({source.text[start:end]})"
    # A bare tuple would be several arguments.
    several = len(ast.parse(f"({call})", mode="eval").body.args) != 1  # type: ignore[attr-defined]
    opening, closing = ("display((", "))") if several else ("display(", ")")
    return [Edit(start, start, opening), Edit(end, end, closing)]


def _import(source: Source, statement: ast.stmt) -> list[Edit]:
    """Remove the import of IPython's ``display``: a script defines its own."""
    if not isinstance(statement, ast.ImportFrom):
        return []
    if (statement.module or "").partition(".")[0] != "IPython":
        return []
    names = [each for each in statement.names if (each.name, each.asname) != ("display", None)]
    if len(names) == len(statement.names):
        return []
    kept = ast.unparse(ast.ImportFrom(statement.module, names, 0)) if names else "pass"
    return [Edit(source.start(statement), source.end(statement), kept)]


def _bare(source: Source, statement: ast.stmt) -> list[Edit]:
    """Remove the annotations of variables: globals of a function cannot have any."""
    edits = []
    for node in outer_nodes(statement):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if node.value is None:
                edits.append(Edit(source.start(node), source.end(node), "pass"))
            else:
                rest = source.text[source.end(node.annotation) :]
                equals = len(source.text) - len(rest.lstrip(" )\n"))
                edits.append(Edit(source.end(node.target), equals, " "))
    return edits


def _bound(function: str) -> list[str]:
    """List the names that a function binds."""
    scope = symtable.symtable(function, "cell", "exec").get_children()[0]
    return sorted(symbol.get_name() for symbol in scope.get_symbols() if symbol.is_local())


def _failing(plain: str, error: str) -> str:
    """Wrap statements that should fail, so that the script continues."""
    return (
        f"try:\n{indented(plain)}\n"
        "except Exception as meant:\n"
        f"    if type(meant).__name__ != {error!r}:\n"
        "        raise\n"
        "    print(*traceback.format_exception_only(meant), sep='', end='')\n"
        "else:\n"
        f"    raise AssertionError({f'this was to end with {error}'!r})"
    )
