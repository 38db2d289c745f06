"""Parse HTML into a tree in linear time, however broken it is.

Python's own parser looks for the end of a tag, a comment or a quote that is never closed again and
again, and Beautiful Soup climbs to the root with every text; a megabyte takes hours. Here every
character is looked at a bounded number of times, and the tree is bounded in depth.

Decides what is content: scripts, navigation, page headers, footers and side bars are left out,
pictures leave their words. What is never closed is read as text rather than lost. Refuses nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bs4 import BeautifulSoup
from bs4.builder import HTMLTreeBuilder

from docsum_nb.documents.markup import plain_references

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["parse_html"]

_DEEPEST = 100
"""Elements in one another; what is deeper belongs to the innermost that is kept."""
_DEEPEST_INDENT = 16
"""Lists and quotations in one another: each indents all lines of what is in it."""
_INDENTING = frozenset(("blockquote", "dd", "dl", "li", "ol", "ul"))
_DROPPED = frozenset(
    ("script", "style", "nav", "footer", "aside", "template", "noscript", "svg", "iframe")
)
_RAW = frozenset(("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"))
"""In these, only their own end tag is markup."""
_ENDED_BY = {
    "li": ("li", "p"),
    **dict.fromkeys(("dt", "dd"), ("dt", "dd", "p")),
    **dict.fromkeys(("td", "th"), ("td", "th", "p")),
    "tr": ("tr", "td", "th", "p"),
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre"), ("p",)),
}
"""Elements whose end tag may be left out, and what the start of each ends."""

# Possessive: nothing is read in a second way. A quote that nothing closes is a mere character.
_START = re.compile(r"""<([a-zA-Z][^\s/>]*+)((?:[^>"'=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+|["'])*+)>""")
_SIMPLE_START = re.compile(r"<([a-zA-Z][^\s/>]*+)([^>]*+)>")
_END = re.compile(r"</([a-zA-Z][^\s/>]*+)[^>]*+>")
_ATTRIBUTE = re.compile(
    r"""([^\s=>"'/][^\s=>/]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"']*+)))?+"""
)
_WHITE_SPACE = re.compile(r"[\t\n\r ]+")
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
    return soup, builder.title


@dataclass
class _Open:
    """An element whose end has not come."""

    name: str
    in_tree: bool
    """Whether it is in the tree; else it is too deep, or left out with what is in it."""
    dropped: bool = False


class _LinearBuilder(HTMLTreeBuilder):
    """Builds Beautiful Soup's tree from the tokens of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self._open: list[_Open] = []
        self._names: Counter[str] = Counter()
        """Of the open elements."""
        self._depth = self._dropping = 0
        self._text: list[str] = []

    def prepare_markup(self, markup: Any, *_: Any, **__: Any) -> Iterator[Any]:
        """Yield the one way to read the markup: as the text that it is."""
        yield markup, None, None, False

    def feed(self, markup: Any) -> None:
        """Build the tree."""
        for kind, name, value in _Tokens(markup):
            if kind == "text":
                self._add_text(value)
            elif kind == "start":
                self._start(name, value)
            elif kind == "end":
                self._end(name)
            else:
                self._raw(name, value)
        self._flush()

    def _soup(self) -> BeautifulSoup:
        assert self.soup is not None
        return self.soup

    def _add_text(self, text: str) -> None:
        if not self._dropping:
            self._text.append(text)

    def _flush(self) -> None:
        text = plain_references("".join(self._text))
        self._text.clear()
        if text:
            if not self._names["pre"]:
                text = _WHITE_SPACE.sub(_one_space, text)
            self._soup().handle_data(text)

    def _start(self, name: str, written: str) -> None:
        while self._open and self._open[-1].name in _ENDED_BY.get(name, ()):
            self._pop()
        if name in (self.empty_element_tags or ()):
            self._empty(name, written)
            return
        header = name == "header" and not (self._names["article"] or self._names["main"])
        dropped = name in _DROPPED or header
        in_tree = not (dropped or self._dropping) and self._depth < _DEEPEST
        closed = written.endswith("/")
        if dropped and closed:
            return
        self._push(name, written, in_tree=in_tree, dropped=dropped)
        if closed:
            self._pop()

    def _push(self, name: str, written: str, *, in_tree: bool, dropped: bool = False) -> None:
        if in_tree:
            self._flush()
            shown = name
            if name in _INDENTING and self._indents() >= _DEEPEST_INDENT:
                shown = "div"
            self._soup().handle_starttag(shown, None, None, _attributes(written))
            self._depth += 1
        self._dropping += dropped
        self._names[name] += 1
        self._open.append(_Open(name, in_tree, dropped))

    def _indents(self) -> int:
        return sum(self._names[each] for each in ("blockquote", "dd", "ol", "ul"))

    def _pop(self) -> None:
        element = self._open[-1]
        if element.in_tree:
            self._flush()
            self._soup().endData()
            self._soup().popTag()
            self._depth -= 1
        self._open.pop()
        self._names[element.name] -= 1
        self._dropping -= element.dropped

    def _end(self, name: str) -> None:
        if self._names[name]:
            while self._open[-1].name != name:
                self._pop()
            self._pop()

    def _empty(self, name: str, written: str) -> None:
        if self._dropping:
            return
        if name == "img":
            self._text.append(str(_attributes(written).get("alt", "")))
        elif name in ("br", "hr"):
            self._flush()
            self._soup().handle_starttag(name, None, None, {})
            self._soup().endData()
            self._soup().popTag()

    def _raw(self, name: str, text: str) -> None:
        """Add an element of which only the text counts."""
        if name == "title" and not self._dropping:
            self.title = self.title or " ".join(plain_references(text).split())
        elif name not in _DROPPED:
            self._add_text(text)


class _Tokens:
    """The tags, texts and raw elements of a page, in order, as (kind, name, content)."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._start = _START
        self._last_end = html.rfind(">")
        """Behind it, no tag ends."""
        self._missing: set[str] = set()
        """Ends that were looked for, and are in the rest of the page no more."""

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        html, at = self._html, 0
        while (tag := html.find("<", at)) >= 0:
            if tag > at:
                yield "text", "", html[at:tag]
            if tag > self._last_end:
                at = tag
                break
            follower = html[tag + 1 : tag + 2]
            if follower in ("!", "?"):
                at = yield from self._declaration(tag)
            elif follower == "/":
                at = yield from self._end_tag(tag)
            else:
                at = yield from self._start_tag(tag)
        if at < len(html):
            yield "text", "", html[at:]

    def _find(self, end: str, at: int) -> int:
        """Find the end of a construct; what is missing once is not looked for again."""
        if end in self._missing:
            return -1
        found = self._html.find(end, at)
        if found < 0:
            self._missing.add(end)
        return found

    def _declaration(self, at: int) -> Any:
        """Leave out a comment or a declaration; of one that never ends, its mark only."""
        html = self._html
        if html.startswith("<!--", at):
            # "<!-->" is a comment as well.
            end = self._find("-->", at + 2)
            return end + 3 if end >= 0 else at + 4
        if html.startswith("<![CDATA[", at):
            end = self._find("]]>", at)
            if end < 0:
                return at + 9
            yield "text", "", html[at + 9 : end].replace("&", "&amp;")
            return end + 3
        if html[at + 2 : at + 3].isspace():
            yield "text", "", html[at : at + 2]
            return at + 2
        return self._find(">", at) + 1

    def _end_tag(self, at: int) -> Any:
        found = _END.match(self._html, at)
        if found is None:
            yield "text", "", self._html[at : at + 2]
            return at + 2
        yield "end", found[1].lower(), ""
        return found.end()

    def _start_tag(self, at: int) -> Any:
        found = self._start.match(self._html, at)
        if found is None and self._html[at + 1 : at + 2].isalpha():
            # All ends of tags are within quotes from here on: none of them is trusted any more.
            self._start = _SIMPLE_START
            found = self._start.match(self._html, at)
        if found is None:
            yield "text", "", "<"
            return at + 1
        name = found[1].lower()
        if name in _RAW and not found[2].endswith("/"):
            end = self._raw_end(name, found.end())
            if end is not None:
                yield "raw", name, self._html[found.end() : end.start()]
                return end.end()
            if name in _DROPPED:
                return len(self._html)
        yield "start", name, found[2]
        return found.end()

    def _raw_end(self, name: str, at: int) -> re.Match[str] | None:
        if name in self._missing:
            return None
        found = _RAW_ENDS[name].search(self._html, at, self._last_end + 1)
        if found is None:
            self._missing.add(name)
        return found


_RAW_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])[^>]*+>", re.IGNORECASE) for name in _RAW}


def _attributes(written: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(written):
        value = next(filter(None, values), "")[:_LONGEST_ATTRIBUTE]
        found[name.lower()] = plain_references(value)
    return found


def _one_space(match: re.Match[str]) -> str:
    space = match.group()
    return "\n" if "\n" in space or "\r" in space else " "
