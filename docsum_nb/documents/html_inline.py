"""Assemble the text of one paragraph of a page from the pieces that its markup leaves.

Decides how marks inside a line are written: emphasis as Markdown if it begins and ends with whole
words, code between backticks, exponents as ``10^6``, marks of footnotes as ``[1]``, so that neither
becomes part of the number before it. White space is one blank; soft hyphens and characters without
width are removed. Takes linear time. Refuses nothing.
"""

from __future__ import annotations

import re

from docsum_nb.documents.markdown import SPAN, as_signs, written

__all__ = ["BREAK", "MARKS", "Inline", "cleaned", "note", "script"]

# Characters that Unicode keeps out of texts stand for marks until the paragraph is whole.
BREAK = "\ufdd8"
"""A line break."""
MARKS = {
    "strong": ("\ufdd0", "\ufdd1"),
    "em": ("\ufdd2", "\ufdd3"),
    "del": ("\ufdd4", "\ufdd5"),
    "code": ("\ufdd6", "\ufdd7"),
}
_WRITTEN = {"\ufdd0": "**", "\ufdd2": "*", "\ufdd4": "~~"}
_CODE, _CODE_END = MARKS["code"]
_ANY_MARK = re.compile("([\ufdd0-\ufdd7])")
_BREAKS = re.compile(f" ?{BREAK} ?")
_TICKS = re.compile(r"`+")
_REMOVED = dict.fromkeys([0xAD, 0x200B, 0x2060, 0xFEFF, *range(0xFDD0, 0xFDF0)])

_SIGNED = re.compile(r"[-−–+]?\d{1,4}(?:[.,/]\d{1,3})?")
_NUMBERS = re.compile(r"\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*")
_YEAR = re.compile(r"(?<![\d.,])1[0-9]\d\d$|(?<![\d.,])20\d\d$")
_ORDINAL = re.compile(r"st|nd|rd|th|e|er|re|ère|ers|ème|eme|o|os|a|as|ª|º|do|ta|te|de", re.I)
_TRADE = {"tm": "™", "sm": "℠", "(r)": "®", "r": "®"}
_VARIABLE = re.compile(r"(?:^|[\W\d_])[^\W\d_]$")
_SIMPLE = re.compile(r"[-−–+]?[\w.,′'∗*/]+")


def cleaned(text: str) -> str:
    """Return a text without soft hyphens, characters of no width and those that stand for marks."""
    return text if text.isascii() else text.translate(_REMOVED)


def note(mark: str, before: str) -> str:
    """Return the mark of a footnote in brackets.

    Args:
        mark: The mark as it stands on the page, such as ``1`` or ``[1]``.
        before: What stands before it.
    """
    bare = mark.strip().strip("[]()")
    # Two marks without a blank would be a link of Markdown.
    return f"{' ' if before.endswith(']') else ''}[{bare}]" if bare else ""


def script(content: str, before: str, *, raised: bool) -> str:
    """Return a superscript or subscript in the form that it has on a line.

    Args:
        content: What is raised or lowered.
        before: The end of what it is attached to.
        raised: Whether it is a superscript.
    """
    bare = " ".join(content.split())
    if not bare or not before or before[-1].isspace():
        return content
    if not raised:
        # H2O and CO2 are read so, log_10 and x_i are not.
        joined = bare.isdigit() and before[-1].isalpha() and not _ends_in_word(before)
        return bare if joined and not before.endswith("log") else f"_{_grouped(bare)}"
    if bare.lower() in _TRADE:
        return _TRADE[bare.lower()]
    if bare.startswith("["):
        return note(bare, before)
    if _is_exponent(bare, before):
        return f"^{_grouped(bare)}"
    if _NUMBERS.fullmatch(bare) or (len(bare) == 1 and _ends_in_word(before)):
        return note(bare, before)
    return bare


def _is_exponent(bare: str, before: str) -> bool:
    last = before[-1]
    if _SIGNED.fullmatch(bare):
        if last.isdigit():
            return not _YEAR.search(before)
        return (last.isalpha() and not _ends_in_word(before)) or last in ")]}|′"
    if last.isdigit():
        return not _ORDINAL.fullmatch(bare)
    # x^n, but Mme, no.
    return _VARIABLE.search(before) is not None and (
        len(bare) > 3 or not (bare.isalpha() and (last.isupper() or bare in ("o", "os")))
    )


def _ends_in_word(before: str) -> bool:
    """Return whether a word stands before it, rather than a variable, a unit or an element."""
    return len(before) >= 4 and before[-4:].isalpha()


def _grouped(text: str) -> str:
    return text if _SIMPLE.fullmatch(text) else f"({text})"


class Inline:
    """The pieces of a paragraph that is not yet whole."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.link_characters = 0
        """Characters of it that are in links."""

    def add(self, text: str) -> None:
        """Add a piece."""
        self.pieces.append(text)

    def tail(self) -> str:
        """Return the last characters of what is there, without marks."""
        end = ""
        for piece in reversed(self.pieces[-20:]):
            end = _ANY_MARK.sub("", piece[-20:]) + end
            if len(end) >= 10:
                break
        return as_signs(end)

    def in_code(self) -> bool:
        """Return whether a span of code is open."""
        for piece in reversed(self.pieces[-20:]):
            if piece in MARKS["code"]:
                return piece == _CODE
        return False

    def cut(self, start: int) -> str:
        """Return the pieces from an index on as one text, and remove them."""
        text = "".join(self.pieces[start:])
        del self.pieces[start:]
        return text

    def take_raw(self) -> str:
        """Return the text as it stands, without marks, and start again."""
        text = "".join(self.pieces).replace(BREAK, "\n")
        self._clear()
        return as_signs(_ANY_MARK.sub("", text))

    def take(self, *, title: bool = False) -> str:
        """Return the paragraph as Markdown and start again; empty if there is no text.

        Args:
            title: Whether it is a heading, on one line.
        """
        text = " ".join("".join(self.pieces).split())
        self._clear()
        if not text:
            return ""
        code: list[str] = []
        if _ANY_MARK.search(text):
            text, code = _resolved(text)
            text = " ".join(text.split())
        text = written(_BREAKS.sub(" " if title else "\n", text).strip(), titles=title)
        if not code:
            return text
        parts = text.split(SPAN)
        return "".join(each for pair in zip(parts, [*code, ""], strict=True) for each in pair)

    def _clear(self) -> None:
        self.pieces.clear()
        self.link_characters = 0


def _resolved(text: str) -> tuple[str, list[str]]:
    """Write the marks: pairs as Markdown, and nothing for what has no partner or no words.

    Returns:
        The text with ``SPAN`` for each span of code, and the spans.
    """
    parts = _ANY_MARK.split(text)
    opened: dict[str, int] = {}
    code: list[str] = []
    for at in range(1, len(parts), 2):
        mark = parts[at]
        parts[at] = ""
        if mark == _CODE or mark in _WRITTEN:
            opened.setdefault(mark, at)
            continue
        start = opened.pop(chr(ord(mark) - 1), None)
        if start is None:
            continue
        if mark == _CODE_END:
            code += _write_code(parts, start, at)
        elif _CODE not in opened:
            _write_emphasis(parts, start, at, _WRITTEN[chr(ord(mark) - 1)])
    return "".join(parts), code


def _write_code(parts: list[str], start: int, end: int) -> list[str]:
    inner = "".join(parts[start + 1 : end])
    code = as_signs(inner.replace(BREAK, " ").strip())
    parts[start + 1 : end] = [""] * (end - start - 1)
    ticks = "`" * (1 + max((len(run) for run in _TICKS.findall(code)), default=0))
    pad = " " if code.startswith("`") or code.endswith("`") else ""
    lead, trail = " " * inner.startswith(" "), " " * inner.endswith(" ")
    parts[start] = f"{lead}{SPAN}{trail}" if code else inner
    return [f"{ticks}{pad}{code}{pad}{ticks}"] if code else []


def _write_emphasis(parts: list[str], start: int, end: int, mark: str) -> None:
    """Write emphasis around whole words; that of half a word would hide the word from search."""
    first = next((n for n in range(start + 1, end) if parts[n].strip()), None)
    if first is None:
        return
    last = next(n for n in range(end - 1, start, -1) if parts[n].strip())
    before, after = parts[start - 1][-1:], parts[end + 1][:1]
    begins, ends = parts[first].lstrip(), parts[last].rstrip()
    if mark == "~~" and after.isalnum() and parts[last] == ends:
        # What was struck out and what stands for it are two words.
        parts[end + 1] = f" {parts[end + 1]}"
        after = ""
    if (before.isalnum() and parts[first] == begins and begins[0].isalnum()) or (
        after.isalnum() and parts[last] == ends and ends[-1].isalnum()
    ):
        return
    parts[first] = parts[first][: len(parts[first]) - len(begins)] + mark + begins
    ends = parts[last].rstrip()
    parts[last] = ends + mark + parts[last][len(ends) :]
