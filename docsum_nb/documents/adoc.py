"""Read AsciiDoc as Markdown.

Decides what of the markup is text: section titles become ``#`` headings, listings become fenced
blocks, tables become rows, attributes that the file sets are filled in, macros leave their words.
Nothing is included. Takes linear time. Refuses only bytes that are not text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docsum_nb.documents.line_index import LineIndex
from docsum_nb.documents.replacements import Replacements
from docsum_nb.documents.text import pictures_note, read_marked_up

if TYPE_CHECKING:
    from pathlib import Path

    from docsum_nb.documents.reading import Reading

__all__ = ["read", "to_markdown"]

_TITLE = re.compile(r"(={1,6}|#{1,6})\s+(\S.*)$")
_ATTRIBUTE = re.compile(r":(!?[\w-]{1,60}!?):(?:\s+(.*))?$")
_BLOCK_LINE = re.compile(r"\[[^\]\n]{0,300}\]\s*$|\[\[[^\]\n]{0,100}\]\]\s*$")
_FENCE = re.compile(r"(-{4,}|\.{4,}|\+{4,}|/{4,}|`{3,})(\w*)\s*$")
_FRAME = re.compile(r"(={4,}|\*{4,}|_{4,}|--)\s*$")
_TABLE = re.compile(r"[|,:!]={3,}\s*$")
_CONDITION = re.compile(r"(?:ifdef|ifndef|ifeval|endif)::")
_INCLUDE = re.compile(r"include::([^\[\n]{1,500})\[")
_PICTURE = re.compile(
    r"(image|video|audio)::?[^\s\[][^\[\n]{0,1000}\[([^\]\n]{0,500})\]|toc::\[[^\]\n]{0,500}\]"
)
_BLOCK_TITLE = re.compile(r"\.(?=[^\s.])(.*)$")
_LINK = re.compile(
    r"(?:link:|xref:|mailto:)([^\s\[\]]{1,1000})\[([^\]\n]{0,500})\]|(https?://[^\s\[\]]{1,1000})\[([^\]\n]{0,500})\]"
)
_CROSS = re.compile(r"<<([^<>\n,]{1,200})(?:,\s*([^<>\n]{1,300}))?>>")
_FOOTNOTE = re.compile(
    r"footnote(?:ref)?:[\w-]{0,40}\[((?:[^\[\]\n]{1,500}+|\[[^\[\]\n]{0,300}+\]){0,40}+)\]"
)
_MENU = re.compile(r"menu:([^\s\[\]]{1,100})\[([^\]\n]{0,300})\]")
_MACRO = re.compile(
    r"(?:kbd|btn|icon|pass|stem|latexmath|indexterm2?):([^\s\[\]]{0,100})\[([^\]\n]{0,300})\]"
)
_INDEXED = re.compile(r"(?<!\()\(\(([^()\n]{1,200})\)\)(?!\))")
_ANCHOR = re.compile(r"\[\[[^\]\n]{1,100}\]\]|\(\(\([^()\n]{1,200}\)\)\)")
_USED = re.compile(r"\{([\w-]{1,60})\}")
_ROLE = re.compile(r"\[[.#%\w-]{1,60}\](?=[#*_`])")
_STRONG = re.compile(r"(?<![\w*])\*{1,2}(\S(?:[^*\n]{0,300}\S)?)\*{1,2}(?![\w*])")
_HASHED = re.compile(r"(?<![\w#])#(\S(?:[^#\n]{0,300}\S)?)#(?![\w#])")
_ADMONITION = re.compile(r"(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION):\s+(?=\S)")
_LIST = re.compile(r"(\*{1,5}|-|\.{1,5})\s+(?=\S)")
_TERM = re.compile(r"(\S.{0,200}?):{2,4}(?:\s+(.*))?$")
_VALUE = re.compile(
    r"\s*(?:([\w-]{1,40})\s*=\s*)?(?:\"([^\"\n]{0,1000})\"|'([^'\n]{0,1000})'|([^,\n]{0,1000}))\s*(?:,|$)"
)
_QUOTED = frozenset(("quote", "verse"))
_STYLE_END = re.compile(r"[.#%]")
_CELL = re.compile(r"(?<!\\)(?:(?:(?<=\s)|^)[\d.+*]{0,8}[<^>.]{0,4}[a-z]?)?\|")


def read(path: Path) -> Reading:
    """Read a file of AsciiDoc as Markdown.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    return read_marked_up(path, to_markdown)


def to_markdown(text: str) -> tuple[str, tuple[str, ...]]:
    """Return AsciiDoc as Markdown, and notes on what was omitted."""
    lines = text.split("\n")
    index = LineIndex(map(str.rstrip, lines))
    out: list[str] = []
    attributes = Replacements()
    included: list[str] = []
    quotation = _Quotation()
    at = 0
    while at < len(lines):
        line = lines[at].rstrip()
        at += 1
        out += quotation.end_at(line)
        if fence := _FENCE.match(line):
            at = _listing(lines, at, fence, out, index)
        elif _TABLE.match(line) and (end := index.next(line, at)) is not None:
            at = _table(lines, at, end, out, attributes)
        elif title := _TITLE.match(line):
            out += ("", f"{'#' * len(title[1])} {_plain(title[2], attributes)}", "")
        elif attribute := _ATTRIBUTE.match(line):
            attributes[attribute[1]] = attribute[2] or ""
        elif include := _INCLUDE.match(line):
            included.append(include[1])
        elif line.startswith("//") or _CONDITION.match(line):
            continue
        elif (words := quotation.words_of(line, attributes)) is not None:
            out += ("", *words)
        elif block_title := _BLOCK_TITLE.match(line):
            out += ("", f"**{_plain(block_title[1], attributes)}**", "")
        else:
            out += _text_line(line, attributes)
    out += quotation.end()
    notes = (
        (f"files that it includes are not read: {', '.join(included)[:300]}",) if included else ()
    )
    pictures = sum(1 for each in _PICTURE.finditer(text) if each[1] in ("image", "video", "audio"))
    return "\n".join(out), (*notes, *pictures_note(pictures))


class _Quotation:
    """Whom a quotation is of, which stands above it and is written below."""

    def __init__(self) -> None:
        self._of = ""
        self._frame = ""
        self._begun = False

    def words_of(self, line: str, attributes: Replacements) -> tuple[str, ...] | None:
        """Return what of the attributes above a block, or of its frame, is text.

        Keeps whom the block quotes. ``None`` if the line is neither.
        """
        if not _BLOCK_LINE.match(line):
            return () if _FRAME.match(line) or line in ("+", "'''", "<<<") else None
        places, names = _values(line.strip()[1:-1])
        if places and _STYLE_END.split(places[0])[0] in _QUOTED:
            of = [*places[1:], names.get("attribution", ""), names.get("citetitle", "")]
            self._of = ", ".join(_plain(each, attributes) for each in of if each)
            self._frame, self._begun = "", False
        title = names.get("title", "")
        return (f"**{_plain(title, attributes)}**", "") if title else ()

    def end_at(self, line: str) -> tuple[str, ...]:
        """Return whom the quotation is of if it ends before a line, or with it."""
        if not self._of:
            return ()
        if not self._begun:
            self._begun = bool(line) and not _BLOCK_TITLE.match(line)
            self._frame = line if _FRAME.match(line) or _FENCE.match(line) else ""
            return ()
        return self.end() if line == self._frame else ()

    def end(self) -> tuple[str, ...]:
        """Return whom the quotation is of, if one is open."""
        of, self._of = self._of, ""
        return ("", f"— {of}", "") if of else ()


def _values(inner: str) -> tuple[list[str], dict[str, str]]:
    """Return the values of attributes by place and by name."""
    places: list[str] = []
    names: dict[str, str] = {}
    at = 0
    while at < len(inner) and (found := _VALUE.match(inner, at)) and found.end() > at:
        at = found.end()
        value = (found[2] or found[3] or found[4] or "").strip()
        if found[1]:
            names[found[1]] = value
        else:
            places.append(value)
    return places, names


def _text_line(line: str, attributes: Replacements) -> list[str]:
    bare = _ADMONITION.sub("", line) if line[:1] in "NTIWC" else line
    if item := _LIST.match(bare.lstrip()):
        mark = item[1]
        bullet = "1. " if mark[0] == "." else "- "
        indent = "   " * (len(mark) - 1 if mark[0] in "*." else 0)
        return [indent + bullet + _plain(bare.lstrip()[item.end() :], attributes)]
    if (term := _TERM.match(bare)) and "://" not in term[1]:
        return ["", f"**{_plain(term[1], attributes)}**", "", _plain(term[2] or "", attributes)]
    return [_plain(bare, attributes)]


def _listing(
    lines: list[str], at: int, fence: re.Match[str], out: list[str], index: LineIndex
) -> int:
    """Read a listing, a literal block or a comment; one that never ends is text."""
    end = index.next(fence[1], at)
    if end is None:
        return at
    if fence[1][0] == "+":
        out += ("", *lines[at:end], "")
    elif fence[1][0] != "/":
        out += ("", f"````{fence[2]}", *lines[at:end], "````", "")
    return end + 1


def _table(lines: list[str], at: int, end: int, out: list[str], attributes: Replacements) -> int:
    """Read a table: a line of cells is a row, and lines of one cell each are rows of as many."""
    rows: list[list[str]] = []
    for line in map(str.strip, lines[at:end]):
        if "|" in line:
            cells = (cell.strip().replace("\\|", "|") for cell in _CELL.split(line)[1:])
            rows.append([_plain(cell, attributes) for cell in cells])
        elif line and rows:
            rows[-1][-1:] = [" ".join([*rows[-1][-1:], _plain(line, attributes)])]
    width = max(map(len, rows), default=0)
    if width == 0:
        return end + 1
    if len(rows[0]) > 1:
        singles = [cell for row in rows[1:] if len(row) == 1 for cell in row]
        if len(singles) == len(rows) - 1 and len(rows[0]) > 1:
            wide = len(rows[0])
            rows[1:] = [singles[n : n + wide] for n in range(0, len(singles), wide)]
    out.append("")
    for number, row in enumerate(rows):
        out.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
        if number == 0:
            out.append("|" + " --- |" * width)
    out.append("")
    return end + 1


def _plain(line: str, attributes: Replacements) -> str:
    """Return a line without macros, links and marks, with its attributes filled in."""
    if "{" in line:
        line = _USED.sub(lambda each: attributes.fill(each[1], each[0]), line)
    if "[" in line:
        line = _FOOTNOTE.sub(_words_of_note, _PICTURE.sub(_words_of_picture, line))
        line = _MENU.sub(r"\1 > \2", line)
        line = _ROLE.sub("", _ANCHOR.sub("", _MACRO.sub(r"\2", _LINK.sub(_words_of_link, line))))
    if "((" in line:
        line = _INDEXED.sub(r"\1", _ANCHOR.sub("", line))
    if "<<" in line:
        line = _CROSS.sub(lambda each: each[2] or each[1], line)
    if "#" in line:
        line = _HASHED.sub(r"\1", line)
    return _STRONG.sub(r"\1", line).removesuffix(" +")


def _words_of_picture(match: re.Match[str]) -> str:
    places, names = _values(match[2] or "")
    words = names.get("alt") or (places[0] if places else "")
    picture = f"![{words}]()" if words else ""
    return f"{picture} {names['title']}".strip() if "title" in names else picture


def _words_of_note(match: re.Match[str]) -> str:
    return f" ({match[1]})" if match[1] else ""


def _words_of_link(match: re.Match[str]) -> str:
    target, words = (match[1], match[2]) if match[1] else (match[3], match[4])
    return words.rstrip("^").partition(",")[0].strip('"') or target
