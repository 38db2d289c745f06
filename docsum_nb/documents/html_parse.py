"""Parse HTML in linear time, however broken it is.

libxml2 reads the markup by the rules of browsers and calls a target for each tag and text; no tree
is built, so memory does not grow with nesting. A comment, a tag or a quote that is never closed
would take the rest of the page with it: its mark is dropped, and what follows is read. Refuses
nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from lxml import etree

__all__ = [
    "DEEPEST",
    "Target",
    "TooDeepError",
    "declared_encoding",
    "flattened",
    "parse",
    "parse_within",
]

DEEPEST = 2_000
"""Elements in one another; the parser takes quadratic time on what is deeper."""
_KEPT_DEPTH = 500

_PIECE = 64 * 1024
_DECLARED_IN = 8 * 1024
"""Bytes in which a page says its encoding."""
_XML = re.compile(r"""\s*<\?xml\s[^>]{0,200}?encoding\s{0,5}=\s{0,5}["']([\w.:-]{1,40})""")
_META = re.compile(
    r"""<meta\s[^>]{0,500}?charset\s{0,5}=\s{0,5}["']?\s{0,5}([\w.:-]{1,40})""", re.I
)


_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,50}+)[^<>]*+>")
_NO_FRAMES = re.compile(r"(</?)noframes(?=[\s>])", re.I)
# Elements that have no end, or that end where the next of them begins.
_ENDED = frozenset(
    ("area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta")
) | frozenset(("option", "p", "source", "td", "th", "tr", "wbr"))


class TooDeepError(Exception):
    """More than 2,000 elements stand in one another."""


class Target(Protocol):
    """What the parser calls: it ends every element that it starts."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""

    def end(self, name: str) -> None:
        """Close the innermost open element."""

    def data(self, text: str) -> None:
        """Add a piece of text."""

    def comment(self, text: str) -> None:
        """Pass by a comment."""

    def close(self) -> None:
        """End the page."""


def parse(html: str, target: Target) -> None:
    """Parse the text of a page.

    Args:
        html: Any text.
        target: What is called; an error that it raises ends the parsing.
    """
    parser = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True)
    text = _closed(html)
    for at in range(0, len(text), _PIECE):
        parser.feed(text[at : at + _PIECE].encode("utf-8", "replace"))
    if text:
        parser.close()


class _Within:
    """The target of a page within a page, which goes on after it."""

    def __init__(self, target: Target) -> None:
        self.start, self.end = target.start, target.end
        self.data, self.comment = target.data, target.comment

    def close(self) -> None:
        """Leave the page around it open."""


def parse_within(html: str, target: Target) -> None:
    """Parse a page that stands within another, such as an entry of a feed.

    Args:
        html: Any text.
        target: That of the page around it; it is not closed.
    """
    parse(html, _Within(target))


def flattened(html: str) -> str:
    """Return a page without the tags of elements that stand in more than 500 others."""
    names: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    depth = 0

    def shallow(tag: re.Match[str]) -> str:
        nonlocal depth
        name = tag[2].lower()
        if name in _ENDED:
            return "" if tag[1] else tag[0]
        if not tag[1]:
            keep = depth < _KEPT_DEPTH
            (names if keep else dropped)[name] += 1
            depth += keep
            return tag[0] if keep else " "
        if dropped[name]:
            dropped[name] -= 1
            return " "
        if not names[name]:
            return " "
        names[name] -= 1
        depth -= 1
        return tag[0]

    return _TAG.sub(shallow, html)


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that a page says it has; ``None`` if it says nothing."""
    head = data[:_DECLARED_IN].decode("latin-1")
    found = _XML.match(head) or _META.search(head)
    return found[1] if found else None


def _closed(html: str) -> str:
    """Drop the mark of every comment, tag and quote that is never closed; its content is text."""
    html = _NO_FRAMES.sub(r"\1noscript", html)  # the parser would take its markup for text
    comment = html.find("<!--", html.rfind("-->") + 1)
    if comment >= 0:
        html = html[:comment] + html[comment:].replace("<!--", "")
    last = html.rfind(">") + 1
    if "<" in html[last:]:
        html = html[:last] + html[last:].replace("<", "&lt;")
    for quote in "\"'":
        at = _opening_quote(html, quote)
        html = html if at is None else html[:at] + html[at + 1 :]
    return html


def _opening_quote(html: str, quote: str) -> int | None:
    """Return where the last quote is that opens an attribute's value; ``None`` if it closes one."""
    at = html.rfind(quote)
    tag = html.rfind("<", 0, max(at, 0))
    if at < 0 or tag < 0 or html.find(">", tag, at) >= 0:
        return None
    opens = html[max(tag, at - 1_000) : at].rstrip(" \t\n\r\f").endswith("=")
    return at if opens and html.count(quote, tag, at) % 2 == 0 else None
