"""The package's own source, parsed once for all tests that look at it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

__all__ = ["parsed"]


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file; it is shared, and must not be changed."""
    return ast.parse(path.read_text(encoding="utf-8"))
