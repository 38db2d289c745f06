"""Write a page as blocks of Markdown while it is parsed, each with the region it stands in.

Decides how elements are written: headings, lists, quotations, code and tables as Markdown, links by
their words. What is read becomes text at once, so memory grows with the text of a page, not with
its markup. Which regions are kept is decided at the end. Refuses nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from docsum_nb.documents.html_inline import BREAK, MARKS, Inline, as_text, cleaned, note, script
from docsum_nb.documents.html_lists import LISTS, Lists
from docsum_nb.documents.html_math import Formula
from docsum_nb.documents.html_names import (
    ANCHORS,
    BLOCKS,
    HEADINGS,
    PREFORMATTED,
    Attributes,
    code_language,
    emphasis,
    is_control,
    is_hidden,
    is_note,
    is_rendering,
    is_skipped,
    positive,
    region_kind,
    script_kind,
)
from docsum_nb.documents.html_parse import DEEPEST, TooDeepError
from docsum_nb.documents.html_regions import Region
from docsum_nb.documents.html_tables import Block, Table

__all__ = ["PageWriter"]

_MOST_REGIONS = 20_000
_MOST_TABLES = 6
"""Tables in one another."""
_LONGEST_HEADING = 200
_LONGEST_ATTRIBUTE = 10_000
_LONGEST_LABEL = 100
"""Characters of a button's label; what is longer is text that can be clicked."""
_LONGEST_NOTE = 12
_RUNNING_TEXT = 40
"""Characters of a paragraph that is more than a label."""
# Elements that stand for text before and after their own. A script that is read is TeX.
_MARKED = {"br": (BREAK, ""), "q": ('"', '"'), "script": ("$", "$")}
_TEXT = ("article", "section")
_NONE: dict[str, str] = {}
_TICKS = re.compile(r"^[ \t]{0,20}(`{3,})", re.M)


@dataclass(slots=True)
class _Script:
    """A superscript, subscript or mark of a footnote that is being read."""

    kind: str
    start: int
    """The index of its first piece."""
    before: str
    is_note: bool


@dataclass(slots=True)
class _Aside:
    """An element whose words are set aside, as it is not read."""

    kind: str
    depth: int
    """How many elements were open when it began."""
    pieces: list[str]


class PageWriter:
    """The target of the parser."""

    def __init__(self) -> None:
        self.regions = [Region("page", 0)]
        self.runs: list[tuple[int, str]] = []
        """The page's text in order: the region, and text that begins with its line ends."""
        self.title = ""
        self.set_aside: Counter[str] = Counter()
        """Words of ``"control"`` and ``"hidden"`` elements inside lines."""
        self._pieces: list[str] = []
        """Of the run that is being written."""
        self._region = self._run_region = 0
        self._outer_regions: list[int] = []
        self._open: list[tuple[str, str]] = []
        """The open elements, each with what its end does."""
        self._inline = Inline()
        self._lists = Lists()
        self._tables: list[tuple[Table, Lists]] = []
        self._heading = 0
        self._in_pre = self._in_title = self._in_note_link = self._has_ruby_marks = False
        self._links: list[int] = []
        """For each open link, the index of its first piece."""
        self._script: _Script | None = None
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
        if is_skipped(name, attributes):
            self._skipping = 1
        elif name == "math":
            self._formula = Formula(attributes)
        elif self._is_aside(name, attributes):
            self._aside = _Aside(_aside_kind(name, attributes), len(self._open), [])
        elif name in BLOCKS or (attributes and region_kind(name, attributes)):
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
            self._skipping -= 1
        elif self._formula is not None:
            self._end_formula(name)
        elif self._aside is not None:
            self._end_aside()
        elif undo.startswith("block"):
            self._end_block(name, undo)
        elif undo:
            self._end_inline(undo)

    def data(self, text: str) -> None:
        """Add a piece of text."""
        if self._skipping:
            return
        if self._formula is not None:
            self._formula.data(text)
        elif self._in_title:
            self.title = f"{self.title}{text}"[:_LONGEST_ATTRIBUTE]
        elif self._aside is not None:
            self._aside.pieces.append(text)
        else:
            text = cleaned(text)
            self._inline.add(text)
            if self._links:
                self._inline.link_characters += len(text)

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

    def _is_aside(self, name: str, attributes: Attributes) -> bool:
        if is_control(name, attributes):
            return not (name == "button" and self._heading)
        if not attributes:
            return False
        return is_rendering(attributes) or (name not in BLOCKS and is_hidden(attributes))

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
        # A label stands apart from the words around it.
        self._inline.add(" ")
        if aside.kind == "control" and sum(map(len, words)) > _LONGEST_LABEL:
            self._inline.add(cleaned(" ".join(words) + " "))
        elif aside.kind != "rendering":
            self.set_aside[aside.kind] += sum(word not in ANCHORS for word in words)

    def _end_formula(self, name: str) -> None:
        assert self._formula is not None
        if name != "math":
            self._formula.end(name)
            return
        text, self._formula = cleaned(self._formula.text()), None
        self._inline.add(f" {text} " if text.startswith("$$") else text)

    # --- inside a line --------------------------------------------------------------------------

    def _start_inline(self, name: str, attributes: Attributes) -> str:
        if name in _MARKED:
            before, undo = _MARKED[name]
            self._inline.add(before)
            return undo
        if name == "title":
            self._in_title = not self.title
            return "title"
        if text := _replaced(name, attributes):
            self._inline.add(text)
        elif "-" in name:
            # An element of the page's own, which mostly stands apart.
            self._inline.add(" ")
            return " "
        elif self._in_pre:
            self._language = code_language(attributes) or self._language
        elif name == "a":
            return self._start_link(attributes)
        else:
            return self._start_marked(name, attributes)
        return ""

    def _start_marked(self, name: str, attributes: Attributes) -> str:
        if name == "rp":
            self._has_ruby_marks = True
        elif name == "rt" and not self._has_ruby_marks:
            self._inline.add("(")
            return ")"
        elif kind := script_kind(name, attributes):
            return self._start_script(kind, is_note=self._in_note_link or is_note(attributes))
        elif kind := emphasis(name):
            self._inline.add(MARKS[kind][0])
            return kind
        return ""

    def _end_inline(self, undo: str) -> None:
        if undo == "title":
            self._in_title = False
        elif undo == "script":
            self._end_script()
        elif undo.startswith("link"):
            self._end_link()
            if undo == "link note":
                self._end_script()
        elif undo in MARKS:
            self._inline.add(MARKS[undo][1])
        else:
            self._inline.add(undo)

    def _start_link(self, attributes: Attributes) -> str:
        self._links.append(len(self._inline.pieces))
        inner = attributes.get("href", "").startswith("#")
        marks_note = is_note(attributes)
        self._in_note_link = inner or marks_note
        if self._script is not None:
            self._script.is_note = self._script.is_note or self._in_note_link
        elif marks_note:
            return f"link{self._start_script('note', is_note=True) and ' note'}"
        return "link"

    def _end_link(self) -> None:
        start = self._links.pop()
        self._in_note_link = False
        pieces = self._inline.pieces
        if len(pieces) - start <= 3 and "".join(pieces[start:]).strip() in ANCHORS:
            del pieces[start:]

    def _start_script(self, kind: str, *, is_note: bool) -> str:
        if self._script is not None:
            return ""
        start = len(self._inline.pieces)
        self._script = _Script(kind, start, self._inline.tail(), is_note)
        return "script"

    def _end_script(self) -> None:
        current, self._script = self._script, None
        if current is None:
            return
        content = self._inline.cut(current.start)
        if current.is_note and 0 < len(content.strip()) <= _LONGEST_NOTE:
            content = note(content, current.before)
        elif current.kind != "note":
            content = script(content, current.before, raised=current.kind == "sup")
        self._inline.add(content)

    def _forget_inline(self) -> None:
        """Forget the elements inside the paragraph that ends: they go on in the next."""
        self._end_script()
        self._links = [0] * len(self._links)

    # --- blocks ---------------------------------------------------------------------------------

    def _start_block(self, name: str, attributes: Attributes) -> str:
        if self._in_pre:
            self._inline.add(BREAK)
            return "block in pre"
        self._flush()
        undo = "block"
        kind = region_kind(name, attributes)
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
            table = self._tables[-1][0]
            if name == "thead":
                table.has_head = True
            elif name == "tr":
                table.start_row()
            else:
                columns, rows = (positive(attributes.get(f"{each}span")) for each in ("col", "row"))
                table.start_cell(columns=columns, rows=rows, head=name == "th")
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
        self._forget_inline()
        text = self._inline.take_raw().rstrip()
        blank = len(text) - len(text.lstrip(" \n"))
        text = text[text.rfind("\n", 0, blank) + 1 :]
        language, self._language = self._language, ""
        if text.strip():
            longest = max((len(run) for run in _TICKS.findall(text)), default=2)
            fence = "`" * (longest + 1)
            self._emit(("code", f"{fence}{language}\n{text}\n{fence}", self._region), links)

    def _end_table(self) -> None:
        table, self._lists = self._tables.pop()
        for block in table.blocks():
            self._emit(block, counted=False)

    def _flush(self) -> None:
        """Write the paragraph that ends here."""
        if not self._inline.pieces:
            return
        links = self._inline.link_characters
        self._forget_inline()
        text = self._inline.take()
        if self._heading and len(text) <= _LONGEST_HEADING:
            line = text.replace("\n", " ").rstrip("¶ ")
            if line:
                self._emit(("heading", f"{'#' * self._heading} {line}", self._region), links)
            return
        for paragraph in text.split("\n\n") if text else ():
            if lines := paragraph.strip():
                self._emit(("text", as_text(lines), self._region), links)
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


def _aside_kind(name: str, attributes: Attributes) -> str:
    if is_rendering(attributes):
        return "rendering"
    return "control" if is_control(name, attributes) else "hidden"


def _replaced(name: str, attributes: Attributes) -> str:
    """Return the words of a picture, and what a reader sees in a field of a form."""
    if name == "img":
        return f" {cleaned(attributes.get('alt', '')[:_LONGEST_ATTRIBUTE])} "
    if name != "input":
        return ""
    kind = attributes.get("type", "text").lower()
    if kind in ("checkbox", "radio"):
        return "[x] " if "checked" in attributes else "[ ] "
    shown = kind in ("text", "number", "date", "email", "tel", "url", "time", "month")
    return f" {cleaned(attributes.get('value', '')[:_LONGEST_ATTRIBUTE])} " if shown else " "
