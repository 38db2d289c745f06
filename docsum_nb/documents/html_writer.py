"""Write a page as blocks of Markdown while it is parsed, each with the region it stands in.

Decides how elements are written: headings, lists, quotations, code and tables as Markdown, links by
their words. What is read becomes text at once, so memory grows with the text of a page, not with
its markup. Which regions are kept is decided at the end. Refuses nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from docsum_nb.documents.html_inline import BREAK, Inline, cleaned
from docsum_nb.documents.html_lists import LISTS, Lists
from docsum_nb.documents.html_math import Formula
from docsum_nb.documents.html_names import (
    ANCHORS,
    BLOCKS,
    HEADINGS,
    PREFORMATTED,
    SAYING,
    Attributes,
    aside_kind,
    code_language,
    is_hidden,
    is_skipped,
    region_kind,
)
from docsum_nb.documents.html_parse import DEEPEST, TooDeepError, parse_within
from docsum_nb.documents.html_pre import preformatted
from docsum_nb.documents.html_regions import Region
from docsum_nb.documents.html_spans import Spans
from docsum_nb.documents.html_styles import Styles
from docsum_nb.documents.html_tables import Block, Table
from docsum_nb.documents.markdown import literal
from docsum_nb.documents.plain import hyphens_joined

__all__ = ["PageWriter"]

_MOST_REGIONS = 20_000
_MOST_TABLES = 6
"""Tables in one another."""
_LONGEST_HEADING = 200
_LONGEST_TITLE = 10_000
_LONGEST_LABEL = 100
"""Characters of a button's label; what is longer is text that can be clicked."""
_RUNNING_TEXT = 40
"""Characters of a paragraph that is more than a label."""
_TEXT = ("article", "section")
_NONE: dict[str, str] = {}
_AROUND_BOOKS = ("header", "footer", "aside", "form", "menu", "cookie")
_APART = "|"
"""At the end of what the end of an element does: it stands apart from what follows."""
_DEEPEST_FRAME = 3
"""Pages in frames of one another."""


@dataclass(slots=True)
class _Aside:
    """An element whose words are set aside, since it is not read."""

    kind: str
    depth: int
    """How many elements were open when it began."""
    pieces: list[str]


class PageWriter:
    """The target of the parser."""

    def __init__(self, *, book: bool = False) -> None:
        """Begin a page; nothing stands around the text of a chapter of a ``book``."""
        self.regions = [Region("page", 0)]
        self.runs: list[tuple[int, str]] = []
        """The page's text in order: the region, and text that begins with its line ends."""
        self.title = ""
        self.set_aside: Counter[str] = Counter()
        """Words of elements inside lines that are not read, by ``aside_kind``."""
        self._book = book
        self._pieces: list[str] = []
        """Of the run that is being written."""
        self._region = self._run_region = 0
        self._outer_regions: list[int] = []
        self._open: list[tuple[str, str]] = []
        """The open elements, each with what its end does."""
        self._inline = Inline()
        self._spans = Spans(self._inline)
        self._styles = Styles()
        self._sheet: list[str] | None = None
        """The pieces of the style sheet that is being read."""
        self._frames = 0
        """How many pages in frames are open."""
        self._lists = Lists()
        self._tables: list[tuple[Table, Lists]] = []
        self._heading = 0
        self._in_pre = self._in_title = False
        self._formula: Formula | None = None
        self._aside: _Aside | None = None
        self._skipping = 0
        """How many of the open elements belong to one that leaves no text."""
        self._language = ""

    @property
    def in_formula(self) -> bool:
        """Whether a formula is being read."""
        return self._formula is not None

    # --- what the parser calls ------------------------------------------------------------------

    def start(self, name: str, attributes: Attributes) -> None:
        """Open an element.

        Raises:
            TooDeepError: Too many elements stand in one another.
        """
        if len(self._open) >= DEEPEST:
            raise TooDeepError
        # What the parser gives is slow to look into.
        attributes = dict(attributes) if attributes else _NONE
        if self._skipping or self._formula is not None or self._aside is not None:
            self._open.append((name, ""))
            self._start_unread(name, attributes)
            return
        undo = ""
        says = _NONE if SAYING.isdisjoint(attributes) else attributes
        if is_skipped(name, says):
            self._skip(name, attributes)
        elif name == "math":
            self._formula = Formula(attributes)
        elif kind := self._aside_kind(name, says):
            self._aside = _Aside(kind, len(self._open), [])
        elif name == "iframe":
            self._read_frame(attributes["srcdoc"])
            self._skipping = 1
        elif name in BLOCKS or (attributes and self._region_kind(name, says)):
            undo = self._start_block(name, attributes)
        else:
            undo = self._start_inline(name, attributes)
        self._open.append((name, undo))

    def end(self, name: str) -> None:
        """Close the innermost open element."""
        if not self._open:
            return
        name, undo = self._open.pop()
        if self._skipping:
            self._end_skipped()
        elif self._formula is not None:
            self._end_formula(name)
        elif self._aside is not None:
            self._end_aside()
        elif undo.startswith("block"):
            self._end_block(name, undo)
        elif undo == "title":
            self._in_title = False
        else:
            self._spans.end(name, undo.removesuffix(_APART))
            if undo.endswith(_APART):
                self._inline.add(" ")

    def data(self, text: str) -> None:
        """Add a piece of text."""
        if self._skipping:
            if self._sheet is not None:
                self._sheet.append(text)
        elif self._formula is not None:
            self._formula.data(text)
        elif self._in_title:
            self.title = f"{self.title}{text}"[:_LONGEST_TITLE]
        elif self._aside is not None:
            self._aside.pieces.append(text)
        elif self._in_pre:
            self._spans.data(text)
        elif not text.isspace():
            self._spans.data(hyphens_joined(text))
        else:
            self._spans.blank(text)

    def comment(self, text: str) -> None:
        """Leave a comment out; CDATA, which the parser takes for one, is text."""
        if text.startswith("[CDATA[") and text.endswith("]]"):
            self.data(text[len("[CDATA[") : -len("]]")])

    def close(self) -> None:
        """Write what was read last."""
        if self._formula is not None:
            self._end_formula("math")
        if self._aside is not None:
            self._end_aside()
        if self._in_pre:
            self._end_pre()
        self._flush()
        while self._tables:
            self._end_table()
        self._end_run()

    # --- what is not read -----------------------------------------------------------------------

    def _skip(self, name: str, attributes: Attributes) -> None:
        self._skipping = 1
        if name == "style" and "print" not in attributes.get("media", ""):
            self._sheet = []

    def _end_skipped(self) -> None:
        self._skipping -= 1
        if not self._skipping and self._sheet is not None:
            self._styles.read("".join(self._sheet))
            self._sheet = None

    def _aside_kind(self, name: str, attributes: Attributes) -> str:
        if kind := aside_kind(name, attributes):
            return "" if name == "button" and self._heading else kind
        if name in BLOCKS:
            return ""
        hidden = attributes and is_hidden(name, attributes)
        return "hidden" if hidden or self._styles.hides(name, attributes) else ""

    def _region_kind(self, name: str, attributes: Attributes) -> str:
        kind = region_kind(name, attributes)
        if name in ("html", "body", "main", "article"):
            return kind
        if kind != "hidden" and self._styles.hides(name, attributes):
            return "hidden"
        return "" if self._book and kind in _AROUND_BOOKS else kind

    def _read_frame(self, page: str) -> None:
        """Read a page that stands in an attribute of its frame."""
        if self._frames >= _DEEPEST_FRAME:
            self.set_aside["frame"] += len(page.split())
            return
        self._frames += 1
        parse_within(page, self)
        self._frames -= 1

    def _start_unread(self, name: str, attributes: Attributes) -> None:
        if self._skipping:
            self._skipping += 1
        elif self._formula is not None:
            self._formula.start(name, attributes)
        elif self._aside is not None:
            if name == "math" and self._aside.kind == "hidden":
                # What is drawn for the eye repeats it: this is the formula itself.
                self._formula = Formula(attributes)
            elif is_skipped(name, attributes):
                self._skipping = 1
            else:
                self._aside.pieces.append(" ")

    def _end_aside(self) -> None:
        aside = self._aside
        assert aside is not None
        if len(self._open) > aside.depth:
            aside.pieces.append(" ")
            return
        self._aside = None
        words = "".join(aside.pieces).split()
        if aside.kind in ("control", "rendering"):
            # A label stands apart from the words around it.
            self._inline.add(" ")
        if aside.kind == "control" and sum(map(len, words)) > _LONGEST_LABEL:
            self._inline.add(literal(cleaned(" ".join(words) + " ")))
        elif aside.kind != "rendering":
            self.set_aside[aside.kind] += sum(word not in ANCHORS for word in words)

    def _end_formula(self, name: str) -> None:
        assert self._formula is not None
        if name != "math":
            self._formula.end(name)
            return
        text, self._formula = cleaned(self._formula.text()), None
        self._inline.add(f" {text} " if text.startswith("$$") else text)

    def _start_inline(self, name: str, attributes: Attributes) -> str:
        if name == "title":
            self._in_title = not self.title
            return "title"
        if self._in_pre and name not in ("br", "script", "sup", "sub"):
            self._language = code_language(attributes) or self._language
            return ""
        if self._styles.sets_apart(name, attributes):
            self._inline.add(" ")
            return self._spans.start(name, attributes) + _APART
        return self._spans.start(name, attributes)

    # --- blocks ---------------------------------------------------------------------------------

    def _start_block(self, name: str, attributes: Attributes) -> str:
        if self._in_pre:
            self._inline.add(BREAK)
            return "block in pre"
        self._flush()
        undo = "block"
        kind = self._region_kind(name, attributes)
        if (kind == "footer" and self._lists.quotes) or (kind in _TEXT and self._tables):
            kind = ""
        if kind and len(self.regions) < _MOST_REGIONS:
            self._outer_regions.append(self._region)
            self.regions.append(Region(kind, self._region))
            self._region = len(self.regions) - 1
            undo = "block region"
        if name in HEADINGS:
            self._heading = HEADINGS[name]
        elif name in PREFORMATTED:
            self._in_pre = True
            self._language = code_language(attributes) or self._language
        elif name in LISTS or name in ("li", "blockquote"):
            self._lists.start(name, attributes)
        elif name == "hr":
            self._emit(("text", "---", self._region))
        elif name == "div" and "highlight-" in attributes.get("class", ""):
            self._language = code_language(attributes)
        elif name in ("table", "thead", "tr", "td", "th"):
            undo += self._start_in_table(name, attributes)
        return undo

    def _start_in_table(self, name: str, attributes: Attributes) -> str:
        if name == "table":
            if len(self._tables) >= _MOST_TABLES:
                return ""
            layout = attributes.get("role", "").lower() in ("presentation", "none")
            self._tables.append((Table(self._region, presentation=layout), self._lists))
            self._lists = Lists()
            return " table"
        if self._tables:
            self._tables[-1][0].start(name, attributes)
        return ""

    def _end_block(self, name: str, undo: str) -> None:
        if undo == "block in pre":
            self._inline.add(BREAK)
            return
        if name in PREFORMATTED:
            self._end_pre()
        else:
            self._flush()
        if name in HEADINGS:
            self._heading = 0
        elif name in LISTS or name in ("li", "blockquote"):
            self._lists.end(name)
        elif undo.endswith("table"):
            self._end_table()
        elif name in ("td", "th", "tr") and self._tables:
            self._tables[-1][0].end_cell()
        if undo.startswith("block region"):
            self._region = self._outer_regions.pop()

    def _end_pre(self) -> None:
        links = self._inline.link_characters
        self._in_pre = False
        self._spans.forget()
        language, self._language = self._language, ""
        for kind, text in preformatted(self._inline.take_raw(), language):
            self._emit((kind, text, self._region), links)
            links = 0

    def _end_table(self) -> None:
        table, self._lists = self._tables.pop()
        for block in table.blocks():
            self._emit(block, counted=False)

    def _flush(self) -> None:
        """Write the paragraph that ends here."""
        if not self._inline.pieces:
            return
        links = self._inline.link_characters
        self._spans.forget()
        text = self._inline.take(title=bool(self._heading))
        if self._heading and len(text) <= _LONGEST_HEADING:
            if line := text.rstrip("¶ "):
                self._emit(("heading", f"{'#' * self._heading} {line}", self._region), links)
            return
        for paragraph in text.split("\n\n") if text else ():
            if lines := paragraph.strip():
                self._emit(("text", lines, self._region), links)
                links = 0

    def _emit(self, block: Block, links: int = 0, *, counted: bool = True) -> None:
        """Write a block into the cell that is being read, or into the page."""
        kind, text, region = block
        if counted:
            self.regions[region].count(len(text), links, running=len(text) >= _RUNNING_TEXT)
        if self._tables:
            self._tables[-1][0].add((kind, self._lists.written(text), region))
            return
        if region != self._run_region:
            self._end_run()
            self._run_region = region
        if kind == "heading" and text.startswith(("# ", "## ")):
            self.regions[region].headings += 1
        self._pieces += (self._lists.lead(), self._lists.written(text))

    def _end_run(self) -> None:
        if self._pieces:
            self.runs.append((self._run_region, "".join(self._pieces)))
            self._pieces.clear()
