"""The elements inside the lines of a page: links, emphasis, exponents and the marks of footnotes.

Decides what each leaves in its paragraph, and where two that touch are two words: links and labels
beside each other are, half a word in bold is not. Refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from docsum_nb.documents.html_inline import BREAK, MARKS, Inline, cleaned, note, script
from docsum_nb.documents.html_names import (
    ANCHORS,
    Attributes,
    emphasis,
    is_note,
    script_kind,
)
from docsum_nb.documents.markdown import as_signs, literal

__all__ = ["Spans"]

_LONGEST_ATTRIBUTE = 10_000
_LONGEST_NOTE = 12
# Elements that stand for text before and after their own. A script that is read is TeX.
_MARKED = {"br": (BREAK, ""), "q": ('"', '"'), "script": ("$", "$")}
_SEPARATE = frozenset(("a", "label", "time", "address", "output", "legend"))
"""Elements that hold whole words."""


@dataclass(slots=True)
class _Script:
    """A superscript, subscript or mark of a footnote that is being read."""

    kind: str
    start: int
    """The index of its first piece."""
    before: str
    is_note: bool


class Spans:
    """The open elements of a paragraph, and what they left in it."""

    def __init__(self, inline: Inline) -> None:
        self._inline = inline
        self._in_note_link = self._has_ruby_marks = self._in_tex = False
        self._links: list[int] = []
        """For each open link, the index of its first piece."""
        self._script: _Script | None = None
        self._ended = self._between = ""
        """The element that ended last with nothing behind it, and whether words begin there."""

    def data(self, text: str) -> None:
        """Add a piece of text."""
        text = cleaned(text) if self._in_tex else literal(cleaned(text))
        if self._between:
            self._separate(text)
        self._ended = self._between = ""
        self._inline.add(text)
        if self._links:
            self._inline.link_characters += len(text)

    def blank(self, text: str) -> None:
        """Add white space, which is none at the beginning of a paragraph."""
        self._ended = self._between = ""
        if self._inline.pieces or self._links or self._in_tex:
            self.data(text)

    def start(self, name: str, attributes: Attributes) -> str:
        """Open an element; returns what ``end`` is to be called with."""
        if self._ended:
            whole = name in _SEPARATE and self._ended in _SEPARATE
            self._between = "whole" if whole else self._between or "part"
        self._in_tex = name == "script"
        if name in _MARKED:
            before, undo = _MARKED[name]
            self._inline.add(before)
            return undo
        if text := _replaced(name, attributes):
            self._inline.add(text)
        elif "-" in name or name in ("meter", "progress"):
            # An element of the page's own mostly stands apart, and so does a bar.
            self._inline.add(" ")
            return " "
        elif name == "a":
            return self._start_link(attributes)
        elif name in ("ruby", "rp"):
            self._has_ruby_marks = name == "rp"
        elif name == "rt" and not self._has_ruby_marks:
            self._inline.add("(")
            return ")"
        elif kind := script_kind(name, attributes):
            return self._start_script(kind, is_note=self._in_note_link or is_note(attributes))
        elif kind := emphasis(name):
            self._inline.add(MARKS[kind][0])
            return kind
        return ""

    def end(self, name: str, undo: str) -> None:
        """Close an element."""
        self._ended = name
        self._in_tex = False
        if undo == "script":
            self._end_script()
        elif undo.startswith("link"):
            self._end_link()
            if undo == "link note":
                self._end_script()
        elif undo in MARKS:
            self._inline.add(MARKS[undo][1])
        elif undo:
            self._inline.add(undo)

    def forget(self) -> None:
        """Forget the elements inside the paragraph that ends: they go on in the next."""
        self._end_script()
        self._links = [0] * len(self._links)
        self._ended = self._between = ""

    def _separate(self, text: str) -> None:
        """Put a blank between two words that the page sets apart by elements alone."""
        before, after = self._inline.tail()[-1:], text[:1]
        if not (before.isalnum() and after.isalnum()) or self._inline.in_code():
            return
        if self._between == "whole" or (before.islower() and (after.isupper() or after.isdigit())):
            self._inline.add(" ")

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
        plain = as_signs(content)
        if current.is_note and 0 < len(plain.strip()) <= _LONGEST_NOTE:
            content = literal(note(plain, current.before))
        elif current.kind != "note":
            content = literal(script(plain, current.before, raised=current.kind == "sup"))
        self._inline.add(content)


def _replaced(name: str, attributes: Attributes) -> str:
    """Return the words of a picture, and what a reader sees in a field of a form."""
    if name == "img":
        return f" {_attribute(attributes, 'alt')} "
    if name != "input":
        return ""
    kind = attributes.get("type", "text").lower()
    if kind in ("checkbox", "radio"):
        return " [x] " if "checked" in attributes else " [ ] "
    shown = kind in ("text", "number", "date", "email", "tel", "url", "time", "month")
    return f" {_attribute(attributes, 'value')} " if shown else " "


def _attribute(attributes: Attributes, name: str) -> str:
    return literal(cleaned(attributes.get(name, "")[:_LONGEST_ATTRIBUTE]))
