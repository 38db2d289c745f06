"""What the Markdown pages of the documentation promise: their code blocks, as things to run.

A page is read as CommonMark. Its ```python blocks are cells of one notebook, its ```console blocks
are typed into a shell, and a ```text block is what the block before it prints (``...`` stands for
anything). Comments, which readers do not see, say what a test must know of the next block:

    <!-- setup: CODE -->      a cell that runs first
    <!-- raises: TEXT -->     the block ends with an error that contains this
    <!-- skip: REASON -->     the block cannot be run
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

__all__ = ["ROOT", "Block", "blocks_of", "pages"]

ROOT = Path(__file__).parents[2]
_COMMENT = re.compile(r"<!--\s*(setup|raises|skip):(.*?)-->", re.DOTALL)
_PROSE = {"none", "toml", "yaml", "mermaid"}
"""Languages of blocks that nothing is to be done with."""


@dataclass
class Block:
    """One block of code, and what is to come of it."""

    language: str
    code: str
    line: int
    raises: str = ""
    skip: str = ""
    prints: str | None = None
    """``None`` where the page does not say."""


def pages() -> list[Path]:
    """List the pages that people write."""
    docs = ROOT / "docs"
    written = [page for page in docs.rglob("*.md") if page.parent.name != "examples"]
    return [ROOT / "README.md", *sorted(written)]


def blocks_of(page: Path) -> Iterator[Block]:
    """Read the blocks of a page, in order; a setup is a block like any other."""
    last: Block | None = None
    told: dict[str, str] = {}
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        line = (token.map or [0])[0] + 1
        language = token.info.strip() if token.type == "fence" else ""
        if token.type == "html_block":
            for kind, text in _COMMENT.findall(token.content):
                told[kind] = text.strip()
        if language == "text":
            assert last, f"{page.name}:{line} is the output of no block"
            last.prints = token.content
        elif language and language not in _PROSE and not language.startswith("{"):
            assert language in ("python", "console"), f"{page.name}:{line} is in {language!r}"
            if last:
                yield last
            if "setup" in told:
                yield Block("python", told.pop("setup"), line)
            last, told = Block(language, token.content, line, **told), {}
    if last:
        yield last
