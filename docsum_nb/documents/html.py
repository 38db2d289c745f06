"""Read HTML as Markdown: what a reader of the page would read.

Decides how elements are written: headings become ``#`` headings, links leave their words; a page
without any heading gets its title. Takes linear time. Refuses nothing but bytes that are not text:
markup that is broken is read as far as it goes.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from bs4.dammit import EncodingDetector
from markdownify import MarkdownConverter

from docsum_nb.documents.html_tree import parse_html
from docsum_nb.documents.text import decode
from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read", "to_markdown"]

_DECLARED_IN = 8 * 1024
"""Bytes in which a page says its encoding; looking for it takes quadratic time."""
_WIDEST = 100
"""Columns of a cell that spans several."""
_BLANK_LINES = re.compile(r"\n[^\S\n]*+(?:\n[^\S\n]*+){2,}+")
_LANGUAGE = re.compile(r"\blanguage-([\w+#-]{1,40})")
_LINE = re.compile(r"^(.+)$", re.MULTILINE)


def read(path: Path) -> str:
    """Read an HTML file as Markdown.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    data = path.read_bytes()
    declared = EncodingDetector.find_declared_encoding(
        data[:_DECLARED_IN], is_html=True, search_entire_document=True
    )
    html = decode(data, declared=declared)
    if html is None:
        raise LoadError(str(path), "is not text in any known encoding; save it as UTF-8")
    return to_markdown(html)


def to_markdown(html: str) -> str:
    """Return HTML as Markdown with ``#`` headings."""
    soup, title = parse_html(html)
    converter = _LinearConverter(
        heading_style="ATX",
        bullets="-",
        strip=["a"],
        escape_asterisks=False,
        escape_underscores=False,
    )
    markdown = _BLANK_LINES.sub("\n\n", str(converter.convert_soup(soup))).strip()
    has_heading = soup.find(["h1", "h2"]) is not None
    return f"# {title}\n\n{markdown}".strip() if title and not has_heading else markdown


class _LinearConverter(MarkdownConverter):
    """Writes lists, tables and code without looking at all siblings of each element."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._items: Counter[int] = Counter()
        """How many items of each ordered list were written."""
        self._rows: dict[int, int] = {}
        """How many rows are in each head of a table."""
        self._with_head: dict[int, bool] = {}
        """Whether each table has a head."""

    def convert_li(self, el: Any, text: str, parent_tags: Any) -> str:
        parent = el.parent
        bullet = "- "
        if parent.name == "ol":
            start = str(parent.get("start", "1"))
            first = int(start) if start.isdecimal() and len(start) < 10 else 1
            bullet = f"{first + self._items[id(parent)]}. "
            self._items[id(parent)] += 1
        text = text.strip()
        if not text:
            return "\n"
        indented = _LINE.sub(" " * len(bullet) + r"\1", text)
        return f"{bullet}{indented[len(bullet) :]}\n"

    def convert_pre(self, el: Any, text: str, parent_tags: Any) -> str:
        text = text.rstrip(" \n")
        blank = len(text) - len(text.lstrip(" \n"))
        text = text[text.rfind("\n", 0, blank) + 1 :]
        return f"\n\n```{_language(el)}\n{text}\n```\n\n" if text else ""

    def convert_td(self, el: Any, text: str, parent_tags: Any) -> str:
        line = text.strip().replace("\n", " ")
        return f" {line}{' |' * _columns(el)}"

    convert_th = convert_td

    def convert_tr(self, el: Any, text: str, parent_tags: Any) -> str:
        cells = [cell for cell in el.children if cell.name in ("td", "th")]
        columns = sum(map(_columns, cells))
        rule = f"| {' | '.join(['---'] * columns)} |\n"
        if el.find_previous_sibling() is not None:
            return f"|{text}\n"
        if all(cell.name == "th" for cell in cells) or self._is_head(el.parent):
            return f"|{text}\n{rule}"
        if self._is_first(el.parent):
            return f"| {' | '.join([''] * columns)} |\n{rule}|{text}\n"
        return f"|{text}\n"

    def _is_head(self, parent: Any) -> bool:
        if parent.name != "thead":
            return False
        if id(parent) not in self._rows:
            self._rows[id(parent)] = sum(row.name == "tr" for row in parent.children)
        return self._rows[id(parent)] == 1

    def _is_first(self, parent: Any) -> bool:
        """Whether the first row of a part of a table is the first of the table."""
        if parent.name != "tbody" or parent.find_previous_sibling() is None:
            return True
        table = parent.parent
        if id(table) not in self._with_head:
            self._with_head[id(table)] = any(part.name == "thead" for part in table.children)
        return not self._with_head[id(table)]


def _columns(cell: Any) -> int:
    span = str(cell.get("colspan", "1"))
    return min(_WIDEST, max(1, int(span))) if span.isdecimal() and len(span) < 5 else 1


def _language(pre: Any) -> str:
    """Return the language of a code block, as highlighters mark it: ``class="language-x"``."""
    inner = next((child for child in pre.children if child.name == "code"), None)
    for element in filter(None, (pre, inner)):
        if found := _LANGUAGE.search(" ".join(element.get("class", ()))[:200]):
            return str(found[1])
    return ""
