"""The size and order of the package: files, lines, functions, injected callables, circles, words.

Prints each figure with its bound, where there is one. ``benchmarks/frames.py`` prints the frames of
a chunk's way to its request; the tests of the contracts and of the language name what is wrong.

Usage: python benchmarks/house.py
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "docsum_nb"
sys.path.insert(0, str(ROOT))

from tests.test_contracts import in_circles  # noqa: E402
from tests.test_language import forbidden, package_texts, page_texts  # noqa: E402

MOST_LINES, FEW_LINES, MOST_IN_FUNCTION = 400, 60, 60
INJECTING = ("run", "crew", "pipeline")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def main() -> None:
    """Print the figures."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
    lines = {path: text.count("\n") for path, text in texts.items()}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    longest = max(lines, key=lambda path: lines[path])
    print(f"files: {len(lines)}, lines: {sum(lines.values()):,}")
    print(f"longest: {longest.relative_to(ROOT)}, {lines[longest]} lines (at most {MOST_LINES})")
    print(f"files of under {FEW_LINES} lines: {sum(n < FEW_LINES for n in lines.values())}")
    functions = [(own_lines(each), each.name) for tree in trees.values() for each in found_in(tree)]
    size, name = max(functions)
    print(f"longest function: {name}, {size} lines without docstring (at most {MOST_IN_FUNCTION})")
    for folder in INJECTING:
        inside = [path for path in trees if path.is_relative_to(PACKAGE / folder)]
        injected = sum(callables_of(trees[path]) for path in inside)
        rate = 1_000 * injected / sum(lines[path] for path in inside)
        print(f"parameters and fields that are callables in {folder}/: {rate:.1f} per 1,000 lines")
    print(f"modules in circles: {len(in_circles())} (none)")
    print(f"words of the dialect: {len(forbidden(package_texts() + page_texts()))} (none)")


def found_in(tree: ast.Module) -> Iterator[Function]:
    """Yield all functions and methods of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def own_lines(function: Function) -> int:
    """Return the lines of a function without those of its docstring."""
    first = function.body[0]
    has_docstring = ast.get_docstring(function) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def callables_of(tree: ast.Module) -> int:
    """Return how many parameters and fields of a module are annotated as callables."""
    annotations = [
        node.annotation
        for node in ast.walk(tree)
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None
    ]
    return sum(ast.unparse(each).startswith("Callable[") for each in annotations)


if __name__ == "__main__":
    main()
