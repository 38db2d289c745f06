"""Read LaTeX as Markdown.

Decides what of the markup is text: comments, the preamble, pictures and labels are dropped,
sections become ``#`` headings, listings and displayed mathematics fenced blocks, tables rows;
commands leave the words in their arguments, accents and ligatures become characters, and the
file's own macros are filled in. Nothing is run; files that are put in are counted, not read, and so
are the entries of a bibliography. Takes linear time. Refuses only bytes that are not text.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from docsum_nb.documents.tex_macros import CODE, braces, expanded
from docsum_nb.documents.tex_names import (
    ACCENTS,
    ARGUMENTS,
    DROPPED,
    GONE,
    HEADED,
    KNOWN,
    LETTERS,
    LEVELS,
    LISTS,
    MATH,
    PLACED,
    POINTERS,
    RAISED,
    STATEMENTS,
    TABLES,
)
from docsum_nb.documents.text import pictures_note, read_marked_up

if TYPE_CHECKING:
    from pathlib import Path

    from docsum_nb.documents.reading import Reading

__all__ = ["read", "to_markdown"]

_CELL_END = re.compile(r"(?<!\\)&")
_ROW_END = re.compile(r"\\\\(?:\s{0,9}\[[^\]\n]{0,20}\])?|\\tabularnewline(?![a-zA-Z])")
_RULES = re.compile(r"\s*\\(?:cmidrule\s?\([^)\n]{0,9}\)|[a-z]{1,6}rule(?:\[[^\]\n]{0,20}\])?)")
_SPAN = re.compile(r"\s*\\multicolumn\s{0,9}\{\s{0,9}([0-9]{1,2})\s{0,9}\}")
_PUT_IN = re.compile(r"\\(?:input|include)\{")
_COMMENT = re.compile(
    r"\\verb\*?([^\w\s*])[^\n]{0,300}?\1|\\begin\{([\w*]{1,20})\}|\\(iffalse|if0)(?![a-zA-Z0-9])"
    r"|\\(?:.|\n)|(%).*\n?"
)
_VERB = re.compile(r"([^\w\s*])([^\n]{0,300}?)\1")
_TOKEN = re.compile(
    r"\\(?:begin|end)\s{0,9}\{([\w*@-]{1,40})\}|\\([a-zA-Z@]{1,60}\*?)\s?|\\(.|\n)|(\$\$?)|([{}~])|(``|''|---?|!`|\?`)"
)
_THEOREM = re.compile(
    r"\\newtheorem\*?\s{0,9}\{([\w*-]{1,40})\}\s{0,9}(?:\[[\w*-]{1,40}\])?\s{0,9}\{([^{}\n]{1,60})\}"
)
_OPTIONAL = re.compile(r"\s{0,9}\[[^\]\n]{0,500}\]")
_ARGUMENT = re.compile(r"\s{0,9}\{")
_ACCENTED = re.compile(r"\s?(?:\{\s?\\?([a-zA-Z])\}|\\([ij])(?![a-zA-Z])|([a-zA-Z]))")
_SIGNS = {"``": "“", "''": "”", "--": "–", "---": "—", "!`": "¡", "?`": "¿"}
_HEAD = (
    (re.compile(r"\\title(?![a-zA-Z])"), "# "),
    (re.compile(r"\\subtitle(?![a-zA-Z])"), ""),
    (re.compile(r"\\author(?![a-zA-Z])"), ""),
    (re.compile(r"\\date(?![a-zA-Z])"), ""),
)
_ENTRY = re.compile(r"\\bibitem(?![a-zA-Z])")
_INDEX = re.compile(r"[+-]?\w{0,9}[0-9]\w{0,9}")
_WIDEST = 20
_WIDEST_TABLE = 100  # columns, to which shorter rows are filled up
_DEEPEST_LIST = 6
_BLANK = re.compile(r"\n(?:[ \t]*\n){2,}")


def read(path: Path) -> Reading:
    """Read a LaTeX file as Markdown.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    return read_marked_up(path, to_markdown)


def to_markdown(text: str) -> tuple[str, tuple[str, ...]]:
    """Return LaTeX as Markdown, and notes on what was omitted."""
    reader = _Reader(expanded(_without_comments(text), KNOWN))
    markdown = _BLANK.sub("\n\n", reader.run()).strip() + "\n"
    notes = []
    if reader.put_in:
        notes.append(f"files that it puts in by \\input are not read ({reader.put_in})")
    if reader.entries:
        notes.append(f"{reader.entries:,} entries of its bibliography")
    if reader.remarks:
        notes.append(f"{reader.remarks:,} remarks of its authors (\\todo)")
    return markdown, (*notes, *pictures_note(reader.pictures))


def _without_comments(text: str) -> str:
    """Return LaTeX without its comments; in listings a percent sign begins none."""
    out: list[str] = []
    at = copied = 0
    endless: set[str] = set()
    while match := _COMMENT.search(text, at):
        at = match.end()
        environment, unused, comment = match[2], match[3], match[4]
        closing = f"\\end{{{environment}}}" if environment in CODE else "\\fi" if unused else ""
        if closing and closing not in endless:
            end = text.find(closing, at)
            if end < 0:
                endless.add(closing)
                continue
            at = end + len(closing)
        if comment or (unused and closing not in endless):
            out.append(text[copied : match.start()])
            copied = at
    return "".join((*out, text[copied:]))


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.put_in = self.pictures = self.entries = self.remarks = 0
        self._out: list[str] = []
        self._closing: dict[int, str] = {}
        """What is written when the brace at a place is closed."""
        self._pairs = braces(text)
        self._endless: set[str] = set()
        """Environments that are not closed behind the place at which that was found."""
        self._statements = {**STATEMENTS, **dict(_THEOREM.findall(text))}
        self._lists: list[int] = []
        """The numbers of the next items of the lists around; 0 if they have none, and -1 if they
        have terms."""
        self._titled = "\\maketitle" in text

    def run(self) -> str:
        """Read the text from its beginning, or from that of its document."""
        begin = self.text.find("\\begin{document}")
        at = 0
        if begin >= 0:
            self.put_in += len(_PUT_IN.findall(self.text[:begin]))
            self._head(begin)
            at = begin + len("\\begin{document}")
        end = self.text.find("\\end{document}", at)
        self._span(at, len(self.text) if end < 0 else end)
        return "".join(self._out)

    def _head(self, limit: int) -> None:
        """Write the title, the authors and the date that stand before the document."""
        for command, sign in _HEAD:
            match = command.search(self.text, 0, limit)
            argument = match and self._argument(self._behind_optional(match.end()))
            if argument:
                self._out.append(f"\n\n{sign}")
                self._span(*argument)
        self._out.append("\n\n")

    def _span(self, at: int, end: int) -> None:
        while at < end:
            match = _TOKEN.search(self.text, at, end)
            if match is None:
                break
            self._out.append(self.text[at : match.start()])
            at = max(match.end(), self._token(match, end))
        self._out.append(self.text[at:end])

    def _token(self, match: re.Match[str], limit: int) -> int:
        """Write what a token stands for; return the place behind it."""
        environment, command, sign, math, brace, ligature = match.groups()
        at = match.end()
        if environment:
            return self._environment(match, environment, limit)
        if command:
            return self._command(command, at)
        if math:
            end = self.text.find(math, at, min(limit, at + 5_000))
            stop = at if end < 0 else end + len(math)
            self._out.append(self.text[match.start() : stop])
            return stop
        if brace:
            self._out.append(" " if brace == "~" else self._closing.pop(match.start(), ""))
            return at
        if ligature:
            self._out.append(_SIGNS[ligature])
            return at
        return self._sign(sign, at, limit)

    def _sign(self, sign: str, at: int, limit: int) -> int:
        if sign in ACCENTS and (accented := _ACCENTED.match(self.text, at, limit)):
            letter = accented[1] or accented[2] or accented[3]
            self._out.append(unicodedata.normalize("NFC", letter + ACCENTS[sign]))
            return accented.end()
        if sign in "([":
            closing = "\\)" if sign == "(" else "\\]"
            end = self.text.find(closing, at, min(limit, at + 5_000))
            if end >= 0:
                dollar = "$" if sign == "(" else "$$"
                self._out.append(f"{dollar}{self.text[at:end].strip()}{dollar}")
                return end + 2
        self._out.append(
            {"\\": "\n", "-": "", "/": "", ",": " ", ";": " ", ":": " ", "\n": " "}.get(
                sign, "" if sign in "!@)]" else sign
            )
        )
        return self._behind_optional(at) if sign == "\\" else at

    def _command(self, name: str, at: int) -> int:
        bare = name.removesuffix("*")
        if bare in LEVELS:
            return self._around(self._behind_optional(at), f"\n\n{'#' * LEVELS[bare]} ", "\n\n")
        if name in LETTERS:
            self._out.append(LETTERS[name])
            return at
        if bare == "item":
            return self._item(at)
        if len(name) == 1 and name in ACCENTS:
            return self._sign(name, at, len(self.text))
        if bare in DROPPED:
            self.put_in += bare in ("input", "include")
            self.remarks += bare == "todo"
            self.pictures += bare == "includegraphics"
            return self._skip(at, DROPPED[bare])
        if bare == "verb" and (verb := _VERB.match(self.text, at)):
            self._out.append(f"`{verb[2]}`")
            return verb.end()
        return self._words(bare, at)

    def _words(self, bare: str, at: int) -> int:
        """Write the signs around the words of a command's argument."""
        if bare in POINTERS:
            return self._around(self._behind_optional(at), "[", "]")
        if bare in RAISED and (argument := self._argument(at)):
            raised = _INDEX.fullmatch(self.text, *argument)
            return self._around(at, RAISED[bare] if raised and self._behind_digit(bare) else "", "")
        if bare in ("footnote", "thanks", "footnotetext"):
            return self._around(self._behind_optional(at), " (", ")")
        if bare in ("caption", "title", "author", "date"):
            return self._around(self._behind_optional(at), "\n\n", "\n\n")
        return self._behind_optional(at)

    def _environment(self, match: re.Match[str], name: str, limit: int) -> int:
        at = match.end()
        bare = name.removesuffix("*")
        raw = name in CODE or bare in MATH or name in GONE or name in TABLES
        if match.group().startswith("\\end") or not raw or name in self._endless:
            self._out.append("\n\n")
            begins = match.group().startswith("\\begin")
            return self._begin(bare, at) if begins else self._end(bare, at)
        closing = f"\\end{{{name}}}"
        end = self.text.find(closing, at, limit)
        if end < 0:
            self._endless.add(name)
            return at
        inner = self.text[at:end]
        if name in TABLES:
            self._table(self._skip(at, TABLES[name] + 1), end)
        elif name not in GONE:
            kind = "math" if bare in MATH else ""
            self._out.append(f"\n\n````{kind}\n{inner.strip(chr(10))}\n````\n\n")
        elif name != "comment":
            self.pictures += 1
        return end + len(closing)

    def _begin(self, name: str, at: int) -> int:
        """Read the arguments of an environment that holds text."""
        if name in LISTS:
            self._lists.append(-1 if name == "description" else int("enum" in name))
            return self._behind_optional(at)
        if name in self._statements:
            label = self._statements[name]
            given = _OPTIONAL.match(self.text, at)
            self._out.append(f"**{label}" + (" (" if given else ".** "))
            if given:
                self._span(given.start() + given.group().index("[") + 1, given.end() - 1)
                self._out.append(").** ")
            return given.end() if given else at
        if name in PLACED or name in ARGUMENTS:
            at = self._behind_optional(at)
        if name in HEADED:
            return self._around(self._behind_optional(at), "\n\n### ", "\n\n")
        if name == "thebibliography":
            end = self.text.find("\\end{thebibliography}", at)
            end = len(self.text) if end < 0 else end
            self.entries += len(_ENTRY.findall(self.text, at, end))
            return end
        return self._skip(at, ARGUMENTS.get(name, 0))

    def _end(self, name: str, at: int) -> int:
        if name in LISTS and self._lists:
            self._lists.pop()
        return at

    def _item(self, at: int) -> int:
        """Write the mark of an item, with its label if it has one of its own."""
        indent = "   " * (min(len(self._lists), _DEEPEST_LIST) - 1)
        label = _OPTIONAL.match(self.text, at)
        kind = self._lists[-1] if self._lists else 0
        number = 0 if label else max(0, kind)
        self._out.append(f"\n{indent}{number}. " if number else f"\n{indent}- ")
        if number:
            self._lists[-1] += 1
        if label is None:
            return at
        strong = "**" if kind < 0 else ""
        self._out.append(strong)
        self._span(label.start() + label.group().index("[") + 1, label.end() - 1)
        self._out.append(f"{strong} ")
        return label.end()

    def _table(self, at: int, end: int) -> None:
        """Write the rows between two places."""
        rows: list[list[str]] = []
        while at < end:
            match = _ROW_END.search(self.text, at, end)
            stop = match.start() if match else end
            rows.append(self._cells(at, stop))
            at = match.end() if match else end
        rows = [row for row in rows if any(row)]
        width = min(max(map(len, rows), default=0), _WIDEST_TABLE)
        lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |\n" for row in rows]
        if lines:
            lines.insert(1, "|" + " --- |" * max(width, len(rows[0])) + "\n")
        self._out += ["\n\n", *lines, "\n\n"]

    def _cells(self, at: int, end: int) -> list[str]:
        """Return the cells of a row: one that spans several columns, and empty ones behind it."""
        while rule := _RULES.match(self.text, at, end):
            at = rule.end() if "(" not in rule.group() else self._skip(rule.end(), 1)
        cells: list[str] = []
        while at <= end:
            match = _CELL_END.search(self.text, at, end)
            stop = match.start() if match else end
            span = _SPAN.match(self.text, at, stop)
            before = len(self._out)
            self._span(at, stop)
            words = " ".join("".join(self._out[before:]).split()).replace("|", "\\|")
            del self._out[before:]
            cells += (words, *[""] * (min(int(span[1]), _WIDEST) - 1 if span else 0))
            at = stop + 1
        return cells

    def _behind_digit(self, name: str) -> bool:
        """Check whether a raised or lowered index would run into what stands before it."""
        before = self._out[-1][-1:] if self._out else ""
        return before.isdigit() if name == "textsubscript" else not before.isspace()

    def _argument(self, at: int) -> tuple[int, int] | None:
        """Return the span within the braces of the argument at a place."""
        match = _ARGUMENT.match(self.text, at)
        end = self._pairs.get(match.end() - 1) if match else None
        return None if match is None or end is None else (match.end(), end)

    def _around(self, at: int, before: str, after: str) -> int:
        """Write something before and behind the argument that begins at a place."""
        argument = self._argument(at)
        if argument is None:
            return at
        self._out.append(before)
        self._closing[argument[1]] = after
        return argument[0]

    def _skip(self, at: int, arguments: int) -> int:
        for _ in range(arguments):
            at = self._behind_optional(self._behind_optional(at))
            argument = self._argument(at)
            if argument is None:
                return at
            at = argument[1] + 1
        return at

    def _behind_optional(self, at: int) -> int:
        match = _OPTIONAL.match(self.text, at)
        return match.end() if match else at
