"""Read XML by its text: DocBook, JATS, TEI, FictionBook and files of unknown vocabularies.

Decides what elements mean by their names, whatever namespace they are in: titles become headings as
deep as their sections, and paragraphs, lists, tables, code and formulas are written as those of a
page. An unknown element is part of a line if text stands before it, else a line of its own. An
attribute of several words is a paragraph, or counted if it stands within a line. In feeds (RSS,
Atom) the entries are sections, and HTML that stands in their fields as text is read as HTML.
Entities that a file declares itself are replaced within bounds; nothing else is opened. Refuses
entities that unfold without bound; what is not well-formed is read by its tags, and that is said.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from lxml import etree

from docsum_nb.documents.encodings import decoded, is_wrongly_declared
from docsum_nb.documents.html import Page, finished
from docsum_nb.documents.html_names import BLOCKS, Attributes
from docsum_nb.documents.html_parse import TooDeepError, declared_encoding, parse, parse_within
from docsum_nb.documents.html_writer import PageWriter
from docsum_nb.documents.reading import Reading
from docsum_nb.documents.terms import words
from docsum_nb.documents.xml_mending import mended
from docsum_nb.errors import LoadError
from docsum_nb.records import Omission

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read"]

_PIECE = 64 * 1024
_SECTIONS = frozenset(
    (
        *("part", "chapter", "section", "sec", "div", "appendix", "preface", "abstract", "ack"),
        *("app", "refsection", "refentry", "simplesect", "bibliography", "glossary", "ref-list"),
        *(f"{name}{level}" for name in ("sect", "div", "refsect") for level in range(1, 7)),
    )
)
_TITLES = frozenset(("title", "article-title", "head", "subtitle"))
_UNTITLED = frozenset(
    (
        *("figure", "fig", "table", "table-wrap", "informaltable", "example", "note", "tip"),
        *("warning", "caution", "important", "formalpara", "caption", "bibl", "biblstruct", "ref"),
        *("monogr", "element-citation", "mixed-citation", "biblioentry", "analytic", "series"),
    )
)
"""Elements whose title is no heading."""
_HTML = {
    **dict.fromkeys(("p", "para", "simpara", "ab", "l", "v", "subtitle", "stanza", "verse"), "p"),
    **dict.fromkeys(("italic", "emphasis", "hi", "emph", "citetitle", "em", "i"), "em"),
    **dict.fromkeys(("bold", "b", "strong"), "strong"),
    **dict.fromkeys(("superscript", "sup"), "sup"),
    **dict.fromkeys(("subscript", "sub"), "sub"),
    **dict.fromkeys(("literal", "code", "monospace", "filename", "command", "function"), "code"),
    **dict.fromkeys(("option", "varname", "codeph", "userinput", "computeroutput"), "code"),
    **dict.fromkeys(("programlisting", "screen", "literallayout", "preformat"), "pre"),
    **dict.fromkeys(("codeblock", "eg"), "pre"),
    **dict.fromkeys(("itemizedlist", "list", "simplelist", "ul"), "ul"),
    **dict.fromkeys(("orderedlist", "procedure", "ol"), "ol"),
    **dict.fromkeys(("listitem", "list-item", "item", "member", "step", "li"), "li"),
    **dict.fromkeys(("blockquote", "disp-quote", "epigraph", "cit"), "blockquote"),
    **{"row": "tr", "entry": "td", "cell": "td", "quote": "q", "lb": "br"},
    **dict.fromkeys(("footnote", "fn"), "x-note"),
}
_INLINE = frozenset(
    ("em", "strong", "sup", "sub", "code", "q", "br", "x-note", "math", "a", "span", "i", "b", "u")
)
_LINES = frozenset(("p", "li", "td", "th", "pre", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6"))
_ITEMS = frozenset(("li", "td", "th", "dd"))
"""Lines in which paragraphs may stand."""
_FEEDS = frozenset(("rss", "feed", "rdf"))
_ENTRIES = frozenset(("item", "entry"))
_FEED_FIELDS = frozenset(
    ("title", "description", "content", "encoded", "summary", "subtitle", "tagline", "rights")
)
"""Elements of feeds in which HTML stands as text."""
_DRAWN = frozenset(("svg", "g", "path", "polygon", "polyline", "text", "tspan", "use"))
_NO_TEXTS = frozenset(("class", "style", "rend", "font-family"))
"""Attributes that hold several words which are no text."""
_TEXT_WORDS = 6
"""Words from which an attribute is a text."""
_LEAST_TEXT = 2 * _TEXT_WORDS - 1
_AROUND = ".,;:!?\"'()<>[]“”’/&"
_TAG = re.compile(r"<[^<>]{0,200}>")
_MARKED_UP = re.compile(r"<[a-zA-Z/!]|&#?\w{1,40};")
_LEFT_OUT = {
    **dict.fromkeys(("encodingdesc", "revisiondesc", "profiledesc", "sourcedesc"), "metadata"),
    **dict.fromkeys(("journal-meta", "permissions", "processing-meta", "article-id"), "metadata"),
    **dict.fromkeys(("indexterm", "index-term"), "index terms"),
    **dict.fromkeys(("binary", "style", "script"), "embedded data"),
}


def read(path: Path) -> Reading:
    """Read an XML file as Markdown.

    Raises:
        LoadError: The file declares entities that unfold without bound, nests too deep, or is no
            text.
        OSError: The file cannot be opened or read.
    """
    data = path.read_bytes()
    problem = ""
    try:
        walker = _walked(data)
    except etree.XMLSyntaxError as error:
        problem = " ".join(str(error).split())[:200]
        if _unfolds(problem):
            reason = "declares entities that unfold without bound; save it without them"
            raise LoadError(str(path), reason) from error
        walker, how = _mended_or_by_tags(path, data)
        problem = f"is not well-formed, so it was read {how} ({problem})"
    except TooDeepError as error:
        raise _too_deep(path) from error
    page: Page = finished(walker.writer)
    left_out = Counter(page.left_out) + walker.left_out
    omitted = [Omission(what, f"left out ({count:,} words)") for what, count in left_out.items()]
    if problem:
        omitted.append(Omission("", problem))
    return Reading(page.text, omitted=tuple(omitted))


def _walked(data: bytes) -> _Walker:
    walker = _Walker()
    parser = etree.XMLParser(
        target=walker,
        encoding="utf-8" if is_wrongly_declared(data, declared_encoding(data)) else None,
        resolve_entities="internal",
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_pis=True,
    )
    for at in range(0, len(data), _PIECE):
        parser.feed(data[at : at + _PIECE])
    parser.close()
    return walker


def _mended_or_by_tags(path: Path, data: bytes) -> tuple[_Walker, str]:
    found = decoded(data, declared=declared_encoding(data))
    if found is None:
        raise LoadError(str(path), "is not text in any known encoding; save it as UTF-8")
    try:
        how = "with the signs and entities that it does not declare as text"
        return _walked(mended(found.text).encode("utf-8", "replace")), how
    except etree.XMLSyntaxError:
        return _by_tags(path, found.text), "by its tags"
    except TooDeepError as error:
        raise _too_deep(path) from error


def _by_tags(path: Path, text: str) -> _Walker:
    walker = _Walker()
    try:
        parse(text, walker)
    except TooDeepError as error:
        raise _too_deep(path) from error
    return walker


def _too_deep(path: Path) -> LoadError:
    return LoadError(str(path), "nests its elements too deep to be a document; save it as text")


def _unfolds(problem: str) -> bool:
    problem = problem.lower()
    return "amplification" in problem or "entity reference loop" in problem or "loop" in problem


class _Walker:
    """The target of the parser: it calls the writer of pages by the names of HTML."""

    def __init__(self) -> None:
        self.writer = PageWriter()
        self.left_out: Counter[str] = Counter()
        """Words that are not read, by what they are."""
        self._open: list[tuple[str, str]] = []
        """For each open element its name here and in HTML; the latter is empty if it has none."""
        self._depth = self._in_line = self._in_note = 0
        self._text_before = False
        """Whether text stands before in the line."""
        self._feed = ""
        """The root of a feed; empty if it is none."""
        self._field: list[str] | None = None
        """The pieces of a field that is HTML, while nothing else stands in it."""
        self._skipped: list[str] = []
        self._skipping = ""
        self._skip_depth = 0

    def start(self, tag: str, attributes: Attributes) -> None:
        """Open an element."""
        name = tag.rpartition("}")[2].rpartition(":")[2].lower()
        if self._skip_depth:
            self._skip_depth += 1
            return
        if name in _LEFT_OUT:
            self._skipping, self._skip_depth = _LEFT_OUT[name], 1
            return
        self._end_field(as_html=False)
        if not self._open and name in _FEEDS:
            self._feed = name
        html = self._html(name, attributes)
        self._depth += self._is_section(name)
        self._in_line += html in _LINES
        self._in_note += html == "x-note"
        self._open.append((name, html))
        if html:
            self.writer.start(html, _attributes(html, attributes))
            if html not in _INLINE:
                self._text_before = False
        if attributes and name not in _DRAWN:
            in_line = self._in_line > (html in _ITEMS) or html in _INLINE
            self._texts(attributes, in_line=in_line)
        if self._feed and name in _FEED_FIELDS and _holds_html(self._feed, attributes):
            self._field = []

    def _texts(self, attributes: Attributes, *, in_line: bool) -> None:
        """Write the attributes that are texts as paragraphs: some files hold all of theirs so."""
        for key, value in attributes.items():
            if len(value) < _LEAST_TEXT or key in _NO_TEXTS or not _is_text(value):
                continue
            if in_line or self._formula_is_open():
                self.left_out["text in attributes"] += len(words(value))
                continue
            self.writer.start("p", {})
            if _MARKED_UP.search(value):
                parse_within(value, self.writer)
            else:
                self.writer.data(value)
            self.writer.end("p")
            self._text_before = False

    def end(self, tag: str) -> None:
        """Close the innermost open element."""
        if self._skip_depth:
            self._skip_depth -= 1
            if not self._skip_depth:
                self.left_out[self._skipping] += len(words("".join(self._skipped)))
                self._skipped.clear()
            return
        if not self._open:
            return
        self._end_field(as_html=True)
        name, html = self._open.pop()
        self._depth -= self._is_section(name)
        self._in_line -= html in _LINES
        self._in_note -= html == "x-note"
        if html:
            self.writer.end(html)
            if html not in _INLINE:
                self._text_before = False

    def data(self, text: str) -> None:
        """Add a piece of text."""
        if self._skip_depth:
            self._skipped.append(text)
            return
        if self._field is not None:
            self._field.append(text)
            return
        self._text_before = self._text_before or not text.isspace()
        self.writer.data(text)

    def comment(self, text: str) -> None:
        """Leave a comment out; CDATA is text where tags alone are read."""
        if not self._skip_depth:
            self.writer.comment(text)

    def close(self) -> None:
        """Write what was read last."""
        self.writer.close()

    def _is_section(self, name: str) -> bool:
        return name in _SECTIONS or (bool(self._feed) and name in _ENTRIES)

    def _end_field(self, *, as_html: bool) -> None:
        if self._field is None:
            return
        text, self._field = "".join(self._field), None
        if as_html and _MARKED_UP.search(text):
            parse_within(text, self.writer)
        else:
            self.data(text)

    def _html(self, name: str, attributes: Attributes) -> str:
        parent = self._open[-1][0] if self._open else ""
        if name in _TITLES and parent not in _UNTITLED and name != "subtitle":
            return f"h{min(6, 1 + self._depth)}"
        if name in _TITLES:
            return "" if self._in_line else "p"
        if _refers_to_a_note(name, attributes) and parent not in ("sup", "superscript"):
            return "sup"
        html = "div" if self._feed and name in _ENTRIES else _HTML.get(name, "")
        if name in ("list", "orderedlist") and _is_numbered(name, attributes):
            html = "ol"
        if self._in_note and html == "p":
            return "x-p"
        if html or name in ("table", "thead", "tr", "td", "th", "math", "br", "caption"):
            return html or name
        if self._formula_is_open():
            return name
        if name in BLOCKS and name not in ("header", "footer", "nav", "aside", "form"):
            return "div"
        inline = self._in_line or self._text_before or name in _INLINE
        return "" if inline else "div"

    def _formula_is_open(self) -> bool:
        return self.writer.in_formula


def _holds_html(feed: str, attributes: Attributes) -> bool:
    """Return whether a field of a feed is HTML: in Atom it says so, in RSS it may be."""
    kind = attributes.get("type", "text" if feed == "feed" else "html").lower()
    return kind in ("html", "text/html") or attributes.get("mode", "") == "escaped"


def _refers_to_a_note(name: str, attributes: Attributes) -> bool:
    """Check whether an element is the mark of a note, in FictionBook and JATS."""
    if name == "a":
        return attributes.get("type", "") == "note"
    return name == "xref" and attributes.get("ref-type", "") in ("fn", "table-fn")


def _is_text(value: str) -> bool:
    """Check whether an attribute is several words rather than numbers, names or code."""
    found = _TAG.sub(" ", value).split()
    count = sum(each.strip(_AROUND).isalpha() for each in found)
    return count >= _TEXT_WORDS and 3 * count >= 2 * len(found)


def _is_numbered(name: str, attributes: Attributes) -> bool:
    kind = attributes.get("list-type", attributes.get("type", attributes.get("rend", "")))
    return name == "orderedlist" or kind.lower() in ("order", "ordered", "numbered", "decimal")


def _attributes(html: str, attributes: Attributes) -> Attributes:
    """Return those attributes that mean the same in HTML."""
    if html in ("td", "th"):
        more = attributes.get("morerows", "")
        rows = str(int(more) + 1) if more.isdecimal() and len(more) < 4 else ""
        values = {"rowspan": rows or attributes.get("rows", attributes.get("rowspan", ""))}
        return values | {"colspan": attributes.get("colspan", attributes.get("cols", ""))}
    if html == "math":
        return dict(attributes)
    if html == "annotation":
        return {"encoding": attributes.get("encoding", "")}
    return {}
