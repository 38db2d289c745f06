"""Read Rich Text Format (.rtf) as Markdown.

Decides what is text: paragraphs, headings by their style, tables, notes, the numbers of lists,
results of fields. Pictures, running heads, comments, deleted and hidden text are left out and
counted. Takes linear time, however deep groups stand in one another. Refuses files that are not
RTF.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from docsum_nb.documents.markdown import escaped, heading, joined
from docsum_nb.documents.omissions import counted
from docsum_nb.documents.reading import Reading
from docsum_nb.documents.rtf_codes import CHARSETS, LEFT_OUT, SIGNS, SKIPPED, codec
from docsum_nb.documents.runs import Paragraph
from docsum_nb.documents.symbols import plain
from docsum_nb.documents.tables import Cell, Table
from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["read"]

_TOKEN = re.compile(
    r"\\(?:([a-zA-Z]{1,32})(-?\d{1,10})? ?|'([0-9a-fA-F]{2})|([^a-zA-Z]))|([{}])|([^\\{}\r\n]+)",
    re.DOTALL,
)
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)


@dataclass(frozen=True)
class _State:
    """What holds in a group, and ends with it."""

    target: str = "text"
    """``"text"``, ``"skip"``, ``"fonts"``, ``"styles"``, ``"note"`` or what is only counted."""
    hidden: str = ""
    """Why text is not shown: ``"hidden"``, ``"deleted"``, or nothing."""
    raised: str = ""
    font: int = 0
    after_unicode: int = 1
    """Characters that stand for a character of Unicode, for programs that know none."""


@dataclass
class _Block:
    """The paragraph that is being read."""

    found: Paragraph = field(default_factory=Paragraph)
    style: int = 0
    outline: int = 0
    in_table: bool = False


def read(path: Path) -> Reading:
    """Read an RTF file as Markdown.

    Raises:
        LoadError: The file is not RTF.
        OSError: The file cannot be opened or read.
    """
    data = path.read_bytes()
    start = data[:1024].find(b"{\\rtf")
    if start < 0:
        raise LoadError(str(path), "is not an RTF file; save it again as .rtf or .docx")
    reader = _Reader(data[start:].decode("latin-1"))
    reader.run()
    text = joined(reader.blocks + reader.notes)
    return Reading(text, (), counted(reader.left, LEFT_OUT))


class _Reader:
    """Reads one file token by token."""

    def __init__(self, text: str) -> None:
        self.blocks: list[str] = []
        self.notes: list[str] = []
        self.left: Counter[str] = Counter()
        self._text = text
        self._stack: list[_State] = []
        self._state = _State()
        self._block = _Block()
        self._outside = _Block()
        """The paragraph around the note that is being read."""
        self._bytes = bytearray()
        """Text whose encoding is that of its font."""
        self._units: list[int] = []
        """Text in units of UTF-16."""
        self._passing = 0
        """Characters to pass over after one of Unicode."""
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._symbol_fonts: dict[int, str] = {}
        self._headings: dict[int, int] = {}
        self._name = ""
        self._number = 0
        """What the entry of a table of fonts or styles has said so far."""
        self._star = False
        self._cells: list[Cell] = []
        self._cell: list[str] = []
        self._table = Table()

    def run(self) -> None:
        """Read the whole text."""
        at = 0
        while match := _TOKEN.search(self._text, at):
            at = match.end()
            word, number, code, sign, brace, text = match.groups()
            if brace:
                self._brace(brace)
            elif word == "bin":
                at = self._pass_binary(at, min(max(int(number or 0), 0), len(self._text)))
            elif word:
                self._word(word, None if number is None else int(number))
            elif code:
                self._take(bytes((int(code, 16),)))
            elif sign:
                self._sign(sign)
            else:
                self._take(text.encode("latin-1"))
        while self._stack:
            self._brace("}")
        self._end_paragraph()
        self._end_table()

    def _pass_binary(self, at: int, size: int) -> int:
        """Return where binary data ends; what of it belongs to no picture is counted."""
        end = min(at + size, len(self._text))
        if self._state.target != "skip" or size > end - at:
            self.left["binary"] += end - at
        return end

    def _brace(self, brace: str) -> None:
        self._flush()
        self._passing = 0
        if brace == "{":
            self._stack.append(self._state)
            return
        before = self._state
        if before.target in ("fonts", "styles"):
            self._end_entry(before.target)
        if self._stack:
            self._state = self._stack.pop()
        if before.target == "note" and self._state.target != "note":
            self._end_note()

    def _sign(self, sign: str) -> None:
        if sign == "*":
            self._star = True
        elif sign in "\n\r":
            self._word("par", None)
        elif sign in SIGNS:
            self._flush()
            self._put(SIGNS[sign])
        elif sign in "\\{}":
            self._take(sign.encode("latin-1"))

    def _word(self, word: str, number: int | None) -> None:
        star, self._star = self._star, False
        if word == "u" and number is not None:
            self._unicode(number)
            return
        if self._passing:
            self._passing -= 1
            return
        self._flush()
        act = _ACTIONS.get(word)
        if word in SKIPPED:
            self.left[SKIPPED[word]] += self._state.target != "skip"
            self._state = replace(self._state, target="skip")
        elif act is not None:
            act(self, number)
        elif word in SIGNS:
            self._put(SIGNS[word])
        elif star:
            self._state = replace(self._state, target="skip")

    # --- text -----------------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        self._star = False
        if self._passing:
            passed = min(self._passing, len(data))
            self._passing -= passed
            data = data[passed:]
        if not data or self._state.target == "skip":
            return
        if self._units:
            self._flush()
        self._bytes += data

    def _unicode(self, number: int) -> None:
        if self._bytes:
            self._flush()
        if self._state.target != "skip":
            self._units.append(number & 0xFFFF)
        self._passing = self._state.after_unicode

    def _flush(self) -> None:
        """Put the text that was gathered where it belongs."""
        if self._bytes:
            coded = self._fonts.get(self._state.font, self._codec)
            text = bytes(self._bytes).decode(coded, "replace")
            self._bytes.clear()
            self._put(text)
        if self._units:
            raw = b"".join(unit.to_bytes(2, "little") for unit in self._units)
            self._units.clear()
            self._put(raw.decode("utf-16-le", "replace"))

    def _put(self, text: str) -> None:
        target = self._state.target
        if target in ("fonts", "styles"):
            self._name += text[:200]
            if text.endswith(";"):
                self._end_entry(target)
        elif target in LEFT_OUT or self._state.hidden:
            self.left[self._state.hidden or target] += len(text.split())
        elif target != "skip":
            text = plain(text, self._symbol_fonts.get(self._state.font, ""))
            self._block.found.pieces.append((text, self._state.raised))

    # --- blocks ---------------------------------------------------------------------------------

    def _end_paragraph(self, _number: int | None = None) -> None:
        if self._state.target in ("skip", *LEFT_OUT):
            return
        block = self._block
        text = escaped(block.found.text)
        self._block = _Block(style=block.style, outline=block.outline, in_table=block.in_table)
        if block.in_table:
            self._cell.append(text)
            return
        if self._state.target == "text":
            self._end_table()
        level = block.outline or self._headings.get(block.style, 0)
        if text:
            self.blocks.append(heading(level, text) if level else text)

    def _end_cell(self, _number: int | None = None) -> None:
        self._block.in_table = True
        self._end_paragraph()
        self._cells.append(Cell(tuple(filter(None, self._cell))))
        self._cell = []

    def _end_row(self, _number: int | None = None) -> None:
        if any(self._cell):
            # Text behind the last cell, or of a cell that is not closed.
            self._cells.append(Cell(tuple(filter(None, self._cell))))
            self._cell = []
        if self._cells:
            self._table.add(self._cells)
        self._cells = []

    def _end_table(self) -> None:
        self._end_row()
        if self._table.rows:
            self.blocks += self._table.markdown()
            self._table = Table()

    def _begin_note(self, _number: int | None) -> None:
        if self._state.target == "text":
            self._state = replace(self._state, target="note", raised="")
            self._outside, self._block = self._block, _Block()

    def _end_note(self) -> None:
        text = " ".join(self._block.found.text.split())
        self._block = self._outside
        if text:
            mark = f"[^{len(self.notes) + 1}]"
            self._block.found.pieces.append((mark, ""))
            self.notes.append(f"{mark}: {text}")

    def _note_paragraph(self) -> None:
        self._block.found.pieces.append((" ", ""))

    # --- what control words do ------------------------------------------------------------------

    def _paragraph_word(self, number: int | None) -> None:
        if self._state.target == "note":
            self._note_paragraph()
        else:
            self._end_paragraph(number)

    def _reset_paragraph(self, _number: int | None) -> None:
        self._block.style = self._block.outline = 0
        self._block.in_table = False

    def _set_style(self, number: int | None) -> None:
        if self._state.target == "styles":
            self._number = number or 0
        else:
            self._block.style = number or 0

    def _set_outline(self, number: int | None) -> None:
        self._block.outline = (number or 0) + 1 if (number or 0) < 9 else 0

    def _set_in_table(self, _number: int | None) -> None:
        self._block.in_table = self._state.target == "text"

    def _set_font(self, number: int | None) -> None:
        if self._state.target == "fonts":
            self._number = number or 0
        self._state = replace(self._state, font=number or 0)

    def _set_charset(self, number: int | None) -> None:
        if self._state.target == "fonts" and (coded := CHARSETS.get(number or 0)):
            self._fonts[self._number] = coded

    def _set_codepage(self, number: int | None) -> None:
        if self._state.target != "fonts":
            self._codec = codec(number) or self._codec
        elif coded := codec(number):
            self._fonts[self._number] = coded

    def _end_entry(self, target: str) -> None:
        name, self._name = self._name.strip(" ;"), ""
        if target == "fonts":
            if name.lower() in ("symbol", "wingdings", "wingdings 2"):
                self._symbol_fonts[self._number] = name
        elif found := _HEADING.match(name):
            self._headings[self._number] = int(found[1])
        elif name.lower() == "title":
            self._headings[self._number] = 1

    def _set_target(self, target: str) -> None:
        if self._state.target != "skip":
            self._state = replace(self._state, target=target)

    def _show_again(self, _number: int | None) -> None:
        """Read the text of a box or a field, though what stands around it is passed over."""
        if not any(state.target in LEFT_OUT for state in self._stack):
            around = "note" if any(state.target == "note" for state in self._stack) else "text"
            self._state = replace(self._state, target=around)

    def _hide(self, kind: str, number: int | None) -> None:
        self._state = replace(self._state, hidden="" if number == 0 else kind)

    def _raise(self, raised: str, number: int | None) -> None:
        self._state = replace(self._state, raised="" if number == 0 else raised)

    def _plain(self, _number: int | None) -> None:
        self._state = replace(self._state, raised="", hidden="")

    def _set_after_unicode(self, number: int | None) -> None:
        self._state = replace(self._state, after_unicode=min(max(number or 0, 0), 100))


_ACTIONS: dict[str, Callable[[_Reader, int | None], None]] = {
    **dict.fromkeys(("par", "sect", "page"), _Reader._paragraph_word),
    **dict.fromkeys(("cell", "nestcell"), _Reader._end_cell),
    **dict.fromkeys(("row", "nestrow"), _Reader._end_row),
    **dict.fromkeys(
        ("shptxt", "dptxbxtext", "fldrslt", "listtext", "pntext", "result"), _Reader._show_again
    ),
    "pard": _Reader._reset_paragraph,
    "shppict": lambda _reader, _: None,
    "plain": _Reader._plain,
    "s": _Reader._set_style,
    "outlinelevel": _Reader._set_outline,
    "intbl": _Reader._set_in_table,
    "f": _Reader._set_font,
    "fcharset": _Reader._set_charset,
    "ansicpg": _Reader._set_codepage,
    "cpg": _Reader._set_codepage,
    "uc": _Reader._set_after_unicode,
    "footnote": _Reader._begin_note,
    "fonttbl": lambda reader, _: reader._set_target("fonts"),
    "stylesheet": lambda reader, _: reader._set_target("styles"),
    **dict.fromkeys(
        (
            *("header", "headerl", "headerr", "headerf"),
            *("footer", "footerl", "footerr", "footerf"),
        ),
        lambda reader, _: reader._set_target("heads"),
    ),
    "annotation": lambda reader, _: reader._set_target("comments"),
    "v": lambda reader, number: reader._hide("hidden", number),
    "deleted": lambda reader, number: reader._hide("deleted", number),
    "super": lambda reader, number: reader._raise("superscript", number),
    "sub": lambda reader, number: reader._raise("subscript", number),
    "nosupersub": lambda reader, _: reader._raise("", None),
    "mac": lambda reader, _: reader._set_codepage(10000),
    "pc": lambda reader, _: reader._set_codepage(437),
}
