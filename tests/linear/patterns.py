"""Every compiled pattern of the package, found by looking: a new one is among them by itself."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import docsum_nb
from tests.support.source import parsed

__all__ = ["anchored", "compiled_patterns", "modules", "uncompiled_uses"]

PACKAGE = Path(docsum_nb.__file__).parent


def modules() -> Iterator[ModuleType]:
    """Import all modules of the package, in order of their names."""
    for found in pkgutil.walk_packages(docsum_nb.__path__, "docsum_nb."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


@cache
def compiled_patterns() -> dict[str, re.Pattern[str]]:
    """Return the patterns that modules and classes hold, also in tuples and mappings, by name."""
    found: dict[str, re.Pattern[str]] = {}
    for module in modules():
        for name, value in vars(module).items():
            if isinstance(value, type) and value.__module__ != module.__name__:
                continue
            held = _own(value) if isinstance(value, type) else {"": value}
            for part in held.values():
                for number, pattern in enumerate(_in(part)):
                    mark = f"[{number}]" if isinstance(part, list | tuple | Mapping) else ""
                    found[f"{module.__name__.removeprefix('docsum_nb.')}.{name}{mark}"] = pattern
    return found


def _own(kind: type) -> dict[str, Any]:
    """Return what a class holds itself, and not by a library's class that it extends."""
    inherited = [vars(base).get(name) for base in kind.__mro__[1:] for name in vars(base)]
    return {
        name: value
        for name, value in vars(kind).items()
        if not (name.startswith("__") or any(value is each for each in inherited))
    }


def _in(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _in(part)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _in(part)


def anchored() -> set[str]:
    """Return the names of patterns that are only ever matched at a given place, not searched."""
    found: set[str] = set()
    for module in modules():
        tree = parsed(Path(module.__file__ or ""))
        uses: dict[str, set[str]] = {}
        parents = {id(each): node for node in ast.walk(tree) for each in ast.iter_child_nodes(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                parent = parents[id(node)]
                how = parent.attr if isinstance(parent, ast.Attribute) else "as a value"
                uses.setdefault(node.id, set()).add(how)
        short = module.__name__.removeprefix("docsum_nb.")
        found |= {f"{short}.{name}" for name, how in uses.items() if how <= {"match", "fullmatch"}}
    return found


OF_LITERALS = ("secrets.py",)
"""Modules that compile what a run knows, escaped; the functions that use it are measured."""


def uncompiled_uses() -> list[str]:
    """Return the places where the package uses a pattern that ``compiled_patterns`` cannot find.

    A pattern is found if a module compiles it as it is imported: not in a function, and not by
    ``re.sub`` or the like, which take it as a text.
    """
    found: list[str] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = parsed(path)
        inside = {
            id(node)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for node in ast.walk(function)
        }
        for node in ast.walk(tree):
            where = f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.ImportFrom) and node.module in ("re", "regex", "fnmatch"):
                found.append(f"{where}: from {node.module} import")
            if isinstance(node, ast.Import) and any(
                each.name in ("regex", "fnmatch") for each in node.names
            ):
                found.append(f"{where}: import")
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = node.func.value
            if not (isinstance(owner, ast.Name) and owner.id == "re") or node.func.attr == "escape":
                continue
            if node.func.attr == "compile" and path.name in OF_LITERALS:
                continue
            if node.func.attr != "compile" or id(node) in inside:
                found.append(f"{where}: re.{node.func.attr}")
    return found
