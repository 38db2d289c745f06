"""Parse HTML into a tree in linear time, however broken it is.

libxml2 reads the markup, as it takes linear time for everything; Python's own parser takes hours
for a megabyte of tags that never end. Here the tree is made of what it reads, bounded in depth.

Decides what is content: scripts, navigation, page headers, footers and side bars are left out,
pictures leave their words. A comment, a tag or a quote that is never closed would take the rest of
the page with it: its mark is dropped, and what follows is read. Refuses nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bs4 import BeautifulSoup
from bs4.builder import HTMLTreeBuilder
from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["parse_html"]

_DEEPEST = 100
"""Elements in one another; what is deeper belongs to the innermost that is kept."""
_DEEPEST_INDENT = 16
"""Lists and quotations in one another: each indents all lines of what is in it."""
_INDENTING = frozenset(("blockquote", "dd", "dl", "li", "ol", "ul"))
_DROPPED = frozenset(
    ("script", "style", "nav", "footer", "aside", "template", "noscript", "svg", "iframe")
)
_WHITE_SPACE = re.compile(r"[\t\n\r ]++")
_LONGEST_ATTRIBUTE = 10_000


def parse_html(html: str) -> tuple[BeautifulSoup, str]:
    """Parse the content of a page.

    Args:
        html: Any text.

    Returns:
        The tree, and the page's title on one line, empty if it has none.
    """
    builder = _LinearBuilder()
    # Without a new line, Beautiful Soup warns of a text that looks like an address.
    soup = BeautifulSoup(html + "\n", builder=builder)
    return soup, " ".join("".join(builder.title).split())


@dataclass(frozen=True)
class _Open:
    """An element whose end has not come."""

    name: str
    in_tree: bool
    """Whether it is in the tree; else it is too deep, or left out with what is in it."""
    dropped: bool


class _LinearBuilder(HTMLTreeBuilder):
    """Builds Beautiful Soup's tree of what libxml2 reads: the target of its parser."""

    def __init__(self) -> None:
        super().__init__()
        self.title: list[str] = []
        self._open: list[_Open] = []
        self._names: Counter[str] = Counter()
        """Of the open elements."""
        self._depth = self._dropping = 0
        self._text: list[str] = []

    def prepare_markup(self, markup: Any, *_: Any, **__: Any) -> Iterator[Any]:
        """Yield the one way to read the markup: as a text."""
        yield markup, None, None, False

    def feed(self, markup: Any) -> None:
        """Build the tree."""
        parser = etree.HTMLParser(target=self, encoding="utf-8", huge_tree=True)
        parser.feed(_closed(markup).encode("utf-8", "replace"))
        parser.close()

    # --- what libxml2 calls: every element that it starts, it ends ------------------------------

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        header = name == "header" and not (self._names["article"] or self._names["main"])
        dropped = name in _DROPPED or header
        in_tree = not (dropped or self._dropping) and self._depth < _DEEPEST
        in_tree = in_tree and name not in ("html", "body", "head", "title", "img")
        if in_tree:
            self._flush()
            indents = sum(self._names[each] for each in ("blockquote", "dd", "ol", "ul"))
            shown = "div" if name in _INDENTING and indents >= _DEEPEST_INDENT else name
            values = {key: value[:_LONGEST_ATTRIBUTE] for key, value in attributes.items()}
            self._soup().handle_starttag(shown, None, None, values)
            self._depth += 1
        elif name == "img" and not self._dropping:
            self._text.append(attributes.get("alt", "")[:_LONGEST_ATTRIBUTE])
        self._dropping += dropped
        self._names[name] += 1
        self._open.append(_Open(name, in_tree, dropped))

    def end(self, name: str) -> None:
        """Close the innermost open element."""
        element = self._open.pop()
        if element.in_tree:
            self._flush()
            self._soup().endData()
            self._soup().popTag()
            self._depth -= 1
        self._names[element.name] -= 1
        self._dropping -= element.dropped

    def data(self, text: str) -> None:
        """Add a piece of text."""
        if self._names["title"] and not self._dropping:
            self.title.append(text)
        elif not self._dropping:
            self._text.append(text)

    def comment(self, text: str) -> None:
        """Leave a comment out; CDATA, which libxml2 takes for one, is text."""
        if text.startswith("[CDATA[") and text.endswith("]]"):
            self.data(text[len("[CDATA[") : -len("]]")])

    def close(self) -> None:
        """Add the last text."""
        self._flush()

    def _soup(self) -> BeautifulSoup:
        assert self.soup is not None
        return self.soup

    def _flush(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        if text:
            if not self._names["pre"]:
                text = _WHITE_SPACE.sub(_one_space, text)
            self._soup().handle_data(text)


def _closed(html: str) -> str:
    """Drop the mark of every comment, tag and quote that is never closed; its content is text."""
    comment = html.find("<!--", html.rfind("-->") + 1)
    if comment >= 0:
        html = html[:comment] + html[comment:].replace("<!--", "")
    last = html.rfind(">") + 1
    html = html[:last] + html[last:].replace("<", "&lt;")
    for quote in "\"'":
        at = _opening_quote(html, quote)
        html = html if at is None else html[:at] + html[at + 1 :]
    return html


def _opening_quote(html: str, quote: str) -> int | None:
    """Return where the last quote is that opens an attribute's value; ``None`` if it closes one."""
    at = html.rfind(quote)
    tag = html.rfind("<", 0, max(at, 0))
    opens = at >= 0 and html[:at].rstrip(" \t\n\r\f").endswith("=")
    in_tag = tag >= 0 and html.find(">", tag, at) < 0
    return at if opens and in_tag and html.count(quote, tag, at) % 2 == 0 else None


def _one_space(match: re.Match[str]) -> str:
    space = match.group()
    return "\n" if "\n" in space or "\r" in space else " "
