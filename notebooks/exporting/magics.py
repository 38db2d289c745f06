"""What is in a cell and is not Python: magics, shell commands, help.

Magics that only concern the notebook are removed; of magics that only measure, the code is kept.
All others are refused: a script needs Python in place of them.
"""

from __future__ import annotations

import ast
import re

from IPython.core.inputtransformer2 import TransformerManager

from notebooks.exporting.source import Edit, Source, outer_nodes

__all__ = ["ScriptError", "without_magics"]

_NOTEBOOK_ONLY = {
    *("autoreload", "config", "load_ext", "matplotlib", "pinfo", "pinfo2", "reload_ext"),
}
_MEASURING = {"capture", "prun", "time", "timeit"}
_CELL_MAGIC = re.compile(r"\s*%%(?P<name>\w+)(?P<rest>.*)\n?(?P<body>[\s\S]*)")


class ScriptError(ValueError):
    """A cell cannot be written as a script; the message says what to write instead."""


def without_magics(text: str) -> str:
    """Return a cell's text as plain Python.

    Raises:
        ScriptError: if it holds a magic that has no meaning in a script.
    """
    found = _CELL_MAGIC.fullmatch(text)
    if found:
        if found["name"] not in _MEASURING:
            raise ScriptError(f"%%{found['name']} has no meaning in a script; write it in Python")
        return without_magics(found["body"])
    source = Source(TransformerManager().transform_cell(text))
    edits = [
        Edit(source.start(node), source.end(node), _plain(node.value))
        for statement in source.statements
        for node in outer_nodes(statement)
        if isinstance(node, ast.Expr) and _is_of_ipython(node.value)
    ]
    plain = source.edited(edits)
    if any(_names_ipython(node) for node in ast.walk(ast.parse(plain))):
        raise ScriptError("get_ipython() and what it gives exist in a notebook only")
    return plain


def _names_ipython(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "get_ipython"


def _is_of_ipython(call: ast.expr) -> bool:
    """Return whether it is a call of ``get_ipython().something``, as IPython writes magics."""
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Call)
        and _names_ipython(call.func.value.func)
    )


def _plain(call: ast.expr) -> str:
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Attribute)
    given = [each.value for each in call.args if isinstance(each, ast.Constant)]
    if call.func.attr != "run_line_magic" or len(given) != 2:
        raise ScriptError("a shell command has no place in a script; use subprocess.run([...])")
    name, rest = map(str, given)
    if name in _MEASURING:
        return without_magics(rest).strip()
    if name in _NOTEBOOK_ONLY:
        return f"pass  # %{name} {rest}".rstrip()
    raise ScriptError(f"%{name} has no meaning in a script; write it in Python")
