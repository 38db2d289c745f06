"""Read LaTeX as Markdown.

Decides what of the markup is text: comments, the preamble, pictures and labels are dropped,
sections become ``#`` headings, listings and displayed mathematics fenced blocks, tables rows;
commands leave the words in their arguments, accents and ligatures become characters, and macros
of the file without arguments are filled in. Nothing is run, and files that are put in are counted,
not read. Takes linear time. Refuses only bytes that are not text.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from docsum_nb.documents.replacements import Replacements
from docsum_nb.documents.text import pictures_note, read_marked_up

if TYPE_CHECKING:
    from pathlib import Path

    from docsum_nb.documents.reading import Reading

__all__ = ["read", "to_markdown"]

_COLUMNS = re.compile(r"^\s*(?:\[[^\]]{0,20}\])?(?:\{[^\n]{0,200}\})")
_CELL_END = re.compile(r"(?<!\\)&")
_BRACE = re.compile(r"\\.|[{}]")
_PUT_IN = re.compile(r"\\(?:input|include)\{")
_COMMENT = re.compile(
    r"\\verb\*?([^\w\s*])[^\n]{0,300}?\1|\\begin\{([\w*]{1,20})\}|\\(iffalse|if0)(?![a-zA-Z0-9])"
    r"|\\(?:.|\n)|(%).*\n?"
)
_VERB = re.compile(r"([^\w\s*])([^\n]{0,300}?)\1")
_TOKEN = re.compile(
    r"\\(?:begin|end)\s{0,9}\{([\w*@-]{1,40})\}|\\([a-zA-Z@]{1,60}\*?)\s?|\\(.|\n)|(\$\$?)|([{}~])|(``|''|---?|!`|\?`)"
)
_DEFINED = re.compile(
    r"\\(?:re)?newcommand\*?\s{0,9}\{?\\([a-zA-Z]{1,60})\}?\s{0,9}\{([^{}\\]{0,300})\}"
    r"|\\def\\([a-zA-Z]{1,60})\{([^{}\\]{0,300})\}"
)
_OPTIONAL = re.compile(r"\s{0,9}\[[^\]\n]{0,500}\]")
_ARGUMENT = re.compile(r"\s{0,9}\{")
_LEVELS = {
    "part": 1,
    "chapter": 1,
    "section": 2,
    "subsection": 3,
    "subsubsection": 4,
    "paragraph": 5,
    "subparagraph": 6,
}
_DROPPED = {
    **dict.fromkeys(
        (
            *("label", "nocite", "index"),
            *("includegraphics", "bibliography", "bibliographystyle", "usepackage", "hspace"),
            *("vspace", "pagestyle", "thispagestyle", "documentclass", "input", "include"),
            *("RequirePackage", "addbibresource", "hypersetup", "graphicspath", "pagenumbering"),
            *("todo", "tableofcontents", "author*", "thanks", "email", "affil"),
            *("color", "fontsize", "vspace*", "hspace*", "phantom", "hphantom", "vphantom"),
        ),
        1,
    ),
    **dict.fromkeys(
        ("newcommand", "renewcommand", "providecommand", "setlength", "setcounter", "def"), 2
    ),
    **dict.fromkeys(("addcontentsline", "newenvironment", "renewenvironment"), 3),
    **dict.fromkeys(("href", "textcolor", "colorbox", "begin"), 1),
}
_CODE = frozenset(("verbatim", "verbatim*", "lstlisting", "minted", "Verbatim", "alltt"))
_MATH = frozenset(
    (
        *("equation", "align", "gather", "multline", "eqnarray", "displaymath", "math", "flalign"),
        *("alignat", "split"),
    )
)
_GONE = frozenset(("tikzpicture", "comment", "thebibliography", "pspicture", "filecontents"))
_TABLES = frozenset(("tabular", "tabular*", "tabularx", "longtable", "array"))
_POINTERS = frozenset(
    (
        *("ref", "eqref", "pageref", "autoref", "cref", "Cref", "cite", "citep", "citet"),
        *("citeauthor", "citeyear", "parencite", "textcite", "gls"),
    )
)
_LETTERS = {
    **{"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "aa": "å"},
    **{"AA": "Å", "l": "ł", "L": "Ł", "i": "i", "j": "j", "ldots": "…", "dots": "…", "S": "§"},
    **{"P": "¶", "pounds": "£", "euro": "€", "copyright": "©", "textregistered": "®"},
    **{"texttrademark": "™", "textdegree": "°", "degree": "°", "LaTeX": "LaTeX", "TeX": "TeX"},
    **{"textbackslash": "\\", "textasciitilde": "~", "textless": "<", "textgreater": ">"},
    **{"quad": " ", "qquad": " ", "newline": "\n", "par": "\n\n", "textquoteright": "’"},
    **{"today": "", "item": "\n- ", "newpage": "\n\n", "clearpage": "\n\n", "and": ", "},
    **{"BibTeX": "BibTeX", "textendash": "–", "textemdash": "—", "linebreak": "\n"},
}
_ACCENTS = dict(
    zip("`'^\"~=.uvHcdbkr", "\u0300\u0301\u0302\u0308\u0303\u0304\u0307", strict=False)
) | {"u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323", "k": "\u0328"}
_ACCENTED = re.compile(r"\s?(?:\{\s?\\?([a-zA-Z])\}|\\([ij])(?![a-zA-Z])|([a-zA-Z]))")
_SIGNS = {"``": "“", "''": "”", "--": "–", "---": "—", "!`": "¡", "?`": "¿"}
_CLEAN_CELL = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|cline\{[^}]{0,20}\}|cmidrule(?:\([^)]{0,9}\))?\{[^}]{0,20}\})"
    r"|\\multi(?:column|row)\{[^{}]{0,9}\}\{[^{}]{0,20}\}|\\[a-zA-Z]+\*?|[{}]"
)
_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")


def read(path: Path) -> Reading:
    """Read a LaTeX file as Markdown.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    return read_marked_up(path, to_markdown)


def to_markdown(text: str) -> tuple[str, tuple[str, ...]]:
    """Return LaTeX as Markdown, and notes on what was omitted."""
    reader = _Reader(_without_comments(text))
    markdown = _BLANK.sub("\n\n", reader.run()).strip() + "\n"
    notes = []
    if reader.put_in:
        notes.append(f"files that it puts in by \\input are not read ({reader.put_in})")
    return markdown, (*notes, *pictures_note(reader.pictures))


def _without_comments(text: str) -> str:
    """Return LaTeX without its comments; in listings a percent sign begins none."""
    out: list[str] = []
    at = copied = 0
    endless: set[str] = set()
    while match := _COMMENT.search(text, at):
        at = match.end()
        environment, unused, comment = match[2], match[3], match[4]
        closing = f"\\end{{{environment}}}" if environment in _CODE else "\\fi" if unused else ""
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
        self.put_in = self.pictures = 0
        self._out: list[str] = []
        self._closing: dict[int, str] = {}
        """What is written when the brace at a place is closed."""
        self._pairs = _braces(text)
        self._endless: set[str] = set()
        """Environments that are not closed behind where that was found."""
        self._macros = Replacements()
        for match in _DEFINED.finditer(text):
            self._macros[match[1] or match[3]] = match[2] or match[4] or ""
        self._titled = "\\maketitle" in text

    def run(self) -> str:
        """Read the text from its beginning, or from where its document begins."""
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
        for command, sign in (("\\title{", "# "), ("\\author{", ""), ("\\date{", "")):
            at = self.text.find(command, 0, limit)
            end = self._pairs.get(at + len(command) - 1, 0) if at >= 0 else 0
            if end:
                self._out.append(f"\n\n{sign}")
                self._span(at + len(command), end)
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
        """Write what a token stands for; return where reading goes on."""
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
        if sign in _ACCENTS and (accented := _ACCENTED.match(self.text, at, limit)):
            letter = accented[1] or accented[2] or accented[3]
            self._out.append(unicodedata.normalize("NFC", letter + _ACCENTS[sign]))
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
        if bare in _LEVELS:
            return self._around(self._behind_optional(at), f"\n\n{'#' * _LEVELS[bare]} ", "\n\n")
        if name in self._macros and name not in _DROPPED:
            self._out.append(self._macros.fill(name, f"\\{name} "))
            return at
        if name in _LETTERS:
            self._out.append(_LETTERS[name])
            return self._behind_optional(at) if name == "item" else at
        if len(name) == 1 and name in _ACCENTS:
            return self._sign(name, at, len(self.text))
        if bare in _DROPPED:
            self.put_in += bare in ("input", "include")
            self.pictures += bare == "includegraphics"
            return self._skip(at, _DROPPED[bare])
        if bare == "verb" and (verb := _VERB.match(self.text, at)):
            self._out.append(f"`{verb[2]}`")
            return verb.end()
        if bare in _POINTERS:
            return self._around(self._behind_optional(at), "[", "]")
        if bare == "footnote":
            return self._around(self._behind_optional(at), " (", ")")
        if bare in ("caption", "title", "author", "date"):
            return self._around(self._behind_optional(at), "\n\n", "\n\n")
        return self._behind_optional(at)

    def _environment(self, match: re.Match[str], name: str, limit: int) -> int:
        at = match.end()
        bare = name.removesuffix("*")
        raw = name in _CODE or bare in _MATH or name in _GONE or name in _TABLES
        if match.group().startswith("\\end") or not raw or name in self._endless:
            self._out.append("\n\n")
            begins = match.group().startswith("\\begin")
            return self._behind_optional(at) if begins else at
        closing = f"\\end{{{name}}}"
        end = self.text.find(closing, at, limit)
        if end < 0:
            self._endless.add(name)
            return at
        inner = self.text[at:end]
        if name in _TABLES:
            self._out += _table(inner)
        elif name not in _GONE:
            kind = "math" if bare in _MATH else ""
            self._out.append(f"\n\n````{kind}\n{inner.strip(chr(10))}\n````\n\n")
        elif name == "tikzpicture":
            self.pictures += 1
        return end + len(closing)

    def _around(self, at: int, before: str, after: str) -> int:
        """Write something before and behind the argument that begins at a place."""
        match = _ARGUMENT.match(self.text, at)
        end = self._pairs.get(match.end() - 1) if match else None
        if match is None or end is None:
            return at
        self._out.append(before)
        self._closing[end] = after
        return match.end()

    def _skip(self, at: int, arguments: int) -> int:
        for _ in range(arguments):
            at = self._behind_optional(self._behind_optional(at))
            match = _ARGUMENT.match(self.text, at)
            end = self._pairs.get(match.end() - 1) if match else None
            if end is None:
                return at
            at = end + 1
        return at

    def _behind_optional(self, at: int) -> int:
        match = _OPTIONAL.match(self.text, at)
        return match.end() if match else at


def _braces(text: str) -> dict[int, int]:
    """Return the place of the closing brace of each opening one that has one."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for match in _BRACE.finditer(text):
        if match.group() == "{":
            opened.append(match.start())
        elif match.group() == "}" and opened:
            pairs[opened.pop()] = match.start()
    return pairs


def _table(inner: str) -> list[str]:
    """Return the rows of a table."""
    rows = [
        [" ".join(_CLEAN_CELL.sub(" ", cell).split()) for cell in _CELL_END.split(row)]
        for row in _COLUMNS.sub("", inner).split("\\\\")
    ]
    rows = [row for row in rows if any(row)]
    lines = [f"| {' | '.join(row)} |\n" for row in rows]
    if lines:
        lines.insert(1, "|" + " --- |" * len(rows[0]) + "\n")
    return ["\n\n", *lines, "\n\n"]
