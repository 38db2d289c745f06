"""Read Org (Emacs) files as Markdown.

Decides what of the markup is text: headlines become ``#`` headings without their keyword and tags,
drawers, planning lines and settings are dropped, source blocks become fenced ones, links leave
their words. Nothing is run or included. Takes linear time. Refuses only bytes that are not text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docsum_nb.documents.line_index import LineIndex
from docsum_nb.documents.text import pictures_note, read_marked_up

if TYPE_CHECKING:
    from pathlib import Path

    from docsum_nb.documents.reading import Reading

__all__ = ["read", "to_markdown"]

# What Org asks for around emphasis: a path such as /a/<b> has none.
_BEFORE = r"(?<![^\s\-–—({'\"])"
_BEHIND = r"(?![^\s\-–—.,;:!?'\")}\[\\])"
_CODE_SPAN = re.compile(r"(`[^`\n]*`)")
_HEADLINE = re.compile(
    r"(\*+)\s+(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED|CANCELED)\s+)?(?:\[#\w\]\s+)?(.*)$"
)
_TAGS = re.compile(r"(?<!\s)\s++:[\w@#%:]{1,200}:\s*$")
_COOKIE = re.compile(r"(?<!\s)\s*+\[\d*(?:/\d*|%)\]\s*$")
_DRAWER = re.compile(r"\s*:([\w-]{1,60}):\s*$")
_PLANNING = re.compile(r"\s*(?:SCHEDULED|DEADLINE|CLOSED|CLOCK):\s")
_BEGIN = re.compile(r"\s*#\+begin_(\w+)\s*([\w+-]*)", re.IGNORECASE)
_SETTING = re.compile(r"\s*#\+([\w-]+)(?:\[[^\]]*\])?:\s*(.*)$")
_COMMENT = re.compile(r"\s*#(?:\s|$)")
_TABLE_RULE = re.compile(r"\s*\|[-+]+\|?\s*$")
_LINK = re.compile(r"\[\[([^\[\]\n]{1,1000})\](?:\[([^\[\]\n]{1,1000})\])?\]")
_CODE = re.compile(rf"{_BEFORE}([=~])(\S(?:[^\n]{{0,300}}?\S)?)\1{_BEHIND}")
_EMPHASIS = re.compile(rf"{_BEFORE}([*/_+])(\S(?:[^*/_+\n]{{0,300}}\S)?)\1{_BEHIND}")
_NOTE = re.compile(r"\[fn:[\w-]{0,40}\]")
_TIMESTAMP = re.compile(r"[<\[](\d{4}-\d\d-\d\d)(?: \w+)?( \d\d?:\d\d)?[^>\]\n]{0,20}[>\]]")
_PROSE_BLOCKS = frozenset(("quote", "verse", "center", "abstract", "note", "warning", "tip"))
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|pdf|webp)$", re.IGNORECASE)


def read(path: Path) -> Reading:
    """Read an Org file as Markdown.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    return read_marked_up(path, to_markdown)


def to_markdown(text: str) -> tuple[str, tuple[str, ...]]:
    """Return an Org text as Markdown, and notes on what was omitted."""
    out: list[str] = []
    included = planned = exported = 0
    lines = text.split("\n")
    # A block or a drawer does not reach over a headline.
    index = LineIndex(
        "*" if _HEADLINE.match(line) else line.strip().lower()[:_LONGEST_END] for line in lines
    )
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if begin := _BEGIN.match(line):
            behind = _block(lines, at, begin, out, index)
            exported += behind - at - 1 if begin[1].lower() == "export" and behind > at else 0
            at = behind
        elif drawer := _DRAWER.match(line):
            end = _closing(index, ":end:", at)
            if end is not None and drawer[1].lower() != "end":
                planned += end - at
                at = end + 1
        elif setting := _SETTING.match(line):
            included += setting[1].lower() in ("include", "setupfile")
            exported += setting[1].lower() in _FORMATS
            out += _shown_setting(setting[1].lower(), _plain(setting[2]))
        elif _PLANNING.match(line):
            planned += 1
        elif not _COMMENT.match(line):
            out += _text_line(line)
    notes = [f"files that it includes are not read ({included})"] if included else []
    if planned:
        notes.append(f"{planned:,} lines of plans and properties")
    if exported:
        notes.append(f"{exported:,} lines for one format only, such as HTML or LaTeX")
    pictures = sum(_PICTURE.search(link[1]) is not None for link in _LINK.finditer(text))
    return "\n".join(out), (*notes, *pictures_note(pictures))


_LONGEST_END = 80
_FORMATS = frozenset(("html", "latex", "beamer", "ascii", "odt", "texinfo", "md"))
_DESCRIBED = re.compile(r":(?:alt|title)\s+(\"[^\"\n]{1,500}\"|[^:\n]{1,500})")


def _closing(index: LineIndex, line: str, at: int) -> int | None:
    end, headline = index.next(line, at), index.next("*", at)
    return None if end is None or (headline is not None and headline < end) else end


def _shown_setting(name: str, value: str) -> tuple[str, ...]:
    if name == "title":
        return (f"# {value}", "")
    if name.startswith("attr_"):
        words = " ".join(found.strip().strip('"') for found in _DESCRIBED.findall(value))
        return (f"![{words.replace('[', '(').replace(']', ')')}]()", "") if words else ()
    return ("", value, "") if name in ("subtitle", "author", "date", "caption") else ()


def _text_line(line: str) -> tuple[str, ...]:
    if headline := _HEADLINE.match(line):
        title = _COOKIE.sub("", _TAGS.sub("", headline[2]))
        return ("", f"{'#' * min(6, len(headline[1]))} {_plain(title)}", "")
    if _TABLE_RULE.match(line):
        return ("|" + "---|" * (line.count("+") + 1),)
    if line.lstrip().startswith(": "):
        return ("", "    " + line.lstrip()[2:])
    return (_plain(line),)


def _block(
    lines: list[str], at: int, begin: re.Match[str], out: list[str], index: LineIndex
) -> int:
    """Read a block; one that never ends is text."""
    kind = begin[1].lower()
    end = index.next(f"#+end_{kind}", at) if kind == "src" else None
    end = _closing(index, f"#+end_{kind}", at) if end is None else end
    if end is None:
        return at
    if kind in _PROSE_BLOCKS:
        out += ("", *(_plain(line.strip()) for line in lines[at:end]), "")
    elif kind not in ("comment", "export"):
        out += ("", f"````{begin[2] if kind == 'src' else ''}", *lines[at:end], "````", "")
    return end + 1


def _plain(line: str) -> str:
    """Return a line without links, emphasis and marks."""
    line = _NOTE.sub("", _LINK.sub(_words_of_link, line)) if "[" in line else line
    line = _TIMESTAMP.sub(lambda each: each[1] + (each[2] or ""), line)
    parts = _CODE_SPAN.split(_CODE.sub(r"`\2`", line))
    return "".join(part if part.startswith("`") else _EMPHASIS.sub(r"\2", part) for part in parts)


def _words_of_link(match: re.Match[str]) -> str:
    target, words = match.groups()
    return words or ("" if _PICTURE.search(target) else target.removeprefix("file:"))
