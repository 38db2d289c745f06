"""Read reStructuredText as Markdown.

Decides what of the markup is text: titles become ``#`` headings, admonitions keep their text, code
and literal blocks become fenced blocks, roles and links leave their words. Directives are never
carried out: nothing is included, run or fetched, and what they would have put in is named. Takes
linear time. Refuses only bytes that are not text.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from typing import TYPE_CHECKING

from docsum_nb.documents.replacements import Replacements
from docsum_nb.documents.tables import markdown_table
from docsum_nb.documents.text import pictures_note, read_marked_up

if TYPE_CHECKING:
    from pathlib import Path

    from docsum_nb.documents.reading import Reading

__all__ = ["read", "to_markdown"]

_OPTION = re.compile(r"\s*:(alt|caption|subtitle|attribution):\s+(\S.*)$")
_MOST_OPTIONS = 20
"""Lines of a directive's options."""
_INLINE_SIGN = re.compile(r"[`_|\\]")
_RULE = re.compile(r"([!-/:-@\[-`{-~])\1{2,}\s*$")
_DIRECTIVE = re.compile(r"(\s*)\.\.\s+(?:\|([^|\n]{1,80})\|\s+)?([\w:+.-]{1,50}?)::(?:\s+(.*))?$")
_COMMENT = re.compile(r"\s*\.\.(?:\s|$)")
_FIELD = re.compile(r"\s*:[\w -]{1,40}:(?:\s.*)?$")
_SIMPLE_RULE = re.compile(r"\s*=+(?:\s+=+)+\s*$")
_GRID_RULE = re.compile(r"\s*\+(?:[-=]+\+)+\s*$")
_TARGET = re.compile(r"\s*\.\. _([^:\n]{1,200}):")
_NOTE = re.compile(r"(\s*)\.\.\s+(?:\[(?:#[\w.-]{0,40}|\*)\]\s+(?=\S)|(?=\[[\w.-]{1,40}\]\s+\S))")
_DOCTEST = re.compile(r"\s*>{3} ")
_TEXTS = frozenset(
    (
        *("attention", "caution", "danger", "error", "hint", "important", "note", "tip"),
        *("warning", "seealso", "epigraph", "highlights", "pull-quote", "todo", "details"),
        *("container", "compound", "class", "only", "glossary", "rst-class", "toggle", "dropdown"),
        *("deprecated", "versionadded", "versionchanged", "versionremoved", "line-block"),
        *(
            "header",
            "footer",
            "tab-set",
            "tab-item",
            "grid",
            "card",
            "grid-item-card",
            "tabs",
            "tab",
        ),
    )
)
_TITLED = frozenset(("admonition", "topic", "sidebar", "rubric", "centered", "centred"))
_VERSIONS = {
    "versionadded": "New in version",
    "versionchanged": "Changed in version",
    "versionremoved": "Removed in version",
    "deprecated": "Deprecated since version",
}
_DEFINING = re.compile(
    r"(?:\w+:)?(?:function|class|method|attribute|data|module|exception|option)$"
)
_CODES = frozenset(
    (
        "code",
        "code-block",
        "sourcecode",
        "parsed-literal",
        "literal",
        "highlight",
        "math",
        "ipython",
        *("doctest", "testcode", "testoutput", "plot", "graphviz", "digraph", "graph"),
        *("mermaid", "uml", "productionlist", "prompt", "code-cell", "console", "sourceinclude"),
    )
)
_WITHOUT_TEXT = frozenset(
    (
        *("toctree", "contents", "index", "highlight", "module", "currentmodule", "meta", "role"),
        *("default-role", "replace", "unicode", "date", "sectnum", "section-numbering", "program"),
        *("target-notes", "tabularcolumns", "title", "default-domain", "bibliography"),
        *("sectionauthor", "codeauthor", "moduleauthor", "namespace", "testsetup"),
        *("testcleanup", "minigallery", "currentmodule", "inheritance-diagram", "label"),
    )
)
_ELSEWHERE = re.compile(r"\s*:(?:file|url):")
_HEADER = re.compile(r"\s*:header:\s+(\S.*)$")
_PUTS_IN = frozenset(("include", "literalinclude", "csv-table", "raw", "video"))
_OF_AUTHORS = frozenset(("sectionauthor", "codeauthor", "moduleauthor", "meta"))
_ROLE = re.compile(r"(?<![\w`]):[\w:+.-]{1,40}:`([^`<]{0,300}+)(?:<([^`>]{0,500}+)>)?+`")
_LINK = re.compile(r"(?<!`)`([^`<\n]{1,300}+)(?:<[^`>]{0,500}+>)?`_{1,2}")
_LITERAL = re.compile(r"``([^`]{1,500}+)``")
_REFERENCE = re.compile(r"\b([A-Za-z][\w-]{0,60})_(?![\w_*`])")
_FOOTNOTE = re.compile(r"(?:\s?\[(?:#[\w.-]{0,40}|\*)\]_|(\[[\w.-]{1,40}\])_)(?!\w)")
_MARKS = frozenset("*_`[]<>#|\\")
_CODE_SPAN = re.compile(r"(`[^`\n]{0,500}`)")
_ESCAPED = re.compile(r"\\(?:\s|(.)|$)")
_SUBSTITUTION = re.compile(r"(?<![\w|])\|([^|\s][^|\n]{0,80})\|_{0,2}(?![\w|])")
_CODE_POINT = re.compile(r"(?:0x|x|\\x|U\+|u|\\u)([0-9a-fA-F]{2,6})\b")
_TITLE = re.compile(r"(?<![\w`])`([^`<>\n]{1,200}+)`(?![\w_`])")


def read(path: Path) -> Reading:
    """Read a file of reStructuredText as Markdown.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    return read_marked_up(path, to_markdown)


def to_markdown(text: str) -> tuple[str, tuple[str, ...]]:
    """Return reStructuredText as Markdown, and notes on what was omitted."""
    reader = _Reader(text.expandtabs(8).split("\n"))
    reader.run()
    notes = [
        f"{count} {name} directive{'s' * (count > 1)} not carried out"
        for name, count in reader.left_out.items()
    ]
    return "\n".join(reader.out), (*notes, *pictures_note(reader.pictures))


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.out: list[str] = []
        self.left_out: Counter[str] = Counter()
        self.pictures = 0
        self._levels: list[str] = []
        """The kinds of rules of titles, outermost first."""
        self._words = Replacements()
        """What substitutions stand for."""
        self._targets: set[str] = set()

    def run(self) -> None:
        """Read all lines."""
        for line in self.lines:
            match = _DIRECTIVE.match(line)
            if match and match[2]:
                self._words[match[2]] = _replacement(match[3], (match[4] or "").strip())
            elif target := _TARGET.match(line):
                self._targets.add(target[1].strip("`").lower())
        at = 0
        while at < len(self.lines):
            at = self._step(at)

    def _step(self, at: int) -> int:
        """Read what begins at a line; return the line behind it."""
        line = self.lines[at]
        if not line.strip():
            self.out.append("")
            return at + 1
        if title := self._title(at):
            return title
        if _GRID_RULE.match(line) or _SIMPLE_RULE.match(line):
            return self._set_as_it_stands(at, "")
        if _DOCTEST.match(line):
            return self._set_as_it_stands(at, "python")
        if line.lstrip().startswith(".."):
            return self._explicit(at)
        if line.rstrip().endswith("::"):
            return self._literal(at)
        below = at + 1
        # A role or a link may go on in the next line.
        while line.count("`") % 2 and below < min(at + 5, len(self.lines)):
            if not self.lines[below].strip():
                break
            line = f"{line.rstrip()} {self.lines[below].strip()}"
            below += 1
        field = _FIELD.match(line) and _indent(line) == 0
        self.out += ("", self._plain(line), "") if field else (self._plain(line),)
        return below

    def _explicit(self, at: int) -> int:
        """Read a footnote, a directive or a comment."""
        line = self.lines[at]
        if note := _NOTE.match(line):
            self.out += ("", self._plain(line[note.end() :]))
            return at + 1
        if directive := _DIRECTIVE.match(line):
            return self._directive(at, directive)
        if _COMMENT.match(line):
            return self._behind_body(at, _indent(line))
        self.out.append(self._plain(line))
        return at + 1

    def _title(self, at: int) -> int:
        """Read a title with a rule below, and perhaps above; 0 if there is none."""
        first, over = self.lines[at], _RULE.match(self.lines[at])
        below = at + 2 if over else at + 1
        if below >= len(self.lines) or first[:1] == " ":
            return 0
        title = self.lines[at + 1].strip() if over else first.strip()
        under = _RULE.match(self.lines[below])
        if not under or not title or _RULE.match(title) or (over and over[1] != under[1]):
            return 1 + at if over and not self.lines[at + 1].strip() else 0
        if len(self.lines[below].strip()) < min(len(title), 3):
            return 0
        kind = under[1] * (2 if over else 1)
        if kind not in self._levels:
            self._levels.append(kind)
        level = min(6, self._levels.index(kind) + 1)
        self.out += ("", f"{'#' * level} {self._plain(title)}", "")
        return below + 1

    def _set_as_it_stands(self, at: int, language: str) -> int:
        """Keep a table or a session as it was set."""
        end = at
        while end < len(self.lines) and self.lines[end].strip():
            end += 1
        self._code(self.lines[at:end], language)
        return end

    def _code(self, lines: list[str], language: str) -> None:
        shift = min((_indent(line) for line in lines if line.strip()), default=0)
        if lines:
            self.out += ("", f"````{language}", *(line[shift:] for line in lines), "````", "")

    def _literal(self, at: int) -> int:
        line = self.lines[at].rstrip()
        words = line.rstrip(":").rstrip()
        if words.strip() and words.strip() != "..":
            self.out.append(self._plain(words) + ":")
        end = self._behind_body(at, _indent(line))
        self._code(_trimmed(self.lines[at + 1 : end]), "")
        return end

    def _directive(self, at: int, match: re.Match[str]) -> int:
        indent, name, argument = len(match[1]), match[3].lower(), (match[4] or "").strip()
        end = self._behind_body(at, indent)
        name = name.rpartition(":")[2] if name.startswith(("py:", "c:", "std:")) else name
        options = self._options(at, end)
        self._option(options, "caption")
        if name in _CODES:
            body = [line for line in self.lines[at + 1 : end] if not _FIELD.match(line)]
            if argument and (name == "math" or " " in argument):
                # It is no language, but the first line.
                body, argument = [argument, "", *_trimmed(body)], ""
            self._code(_trimmed(body), argument or ("math" if name == "math" else ""))
            return end
        if name in _TITLED or name in _TEXTS or _DEFINING.match(name):
            self._text_of(at, name, argument)
            self._option(options, "subtitle")
            self._option(options, "attribution")
            return self._body(at, end)
        if name in ("image", "figure"):
            self.pictures += 1
            alt = options.get("alt", "")
            self.out += ("", _described(alt) if alt and not match[2] else "", "")
            return self._body(at, end) if name == "figure" else end
        if name in ("table", "list-table"):
            self.out += ("", self._plain(argument), "")
            return self._body(at, end)
        if name == "csv-table" and not any(map(_ELSEWHERE.match, self.lines[at + 1 : end])):
            self.out += ("", self._plain(argument), "", self._csv_table(at, end), "")
        elif name in _PUTS_IN or name in _OF_AUTHORS:
            self.left_out[name] += 1
        elif name not in _WITHOUT_TEXT and not match[2] and not name.startswith("auto"):
            # One of an extension or of a project: what stands in it may be text.
            self._text_of(at, name, argument)
            return self._body(at, end)
        return end

    def _option(self, options: dict[str, str], name: str) -> None:
        """Write an option whose value is text, if there is one."""
        if name in options:
            self.out += ("", self._plain(options[name]), "")

    def _options(self, at: int, end: int) -> dict[str, str]:
        """Return those options of a directive that are text."""
        found: dict[str, str] = {}
        below = at + 1
        last = min(end, at + _MOST_OPTIONS)
        while below < last and _FIELD.match(self.lines[below]):
            option = _OPTION.match(self.lines[below])
            indent = _indent(self.lines[below])
            below += 1
            words = [option[2]] if option else []
            while (
                below < last and self.lines[below].strip() and _indent(self.lines[below]) > indent
            ):
                words.append(self.lines[below].strip())
                below += 1
            if option:
                found[option[1]] = " ".join(words)
        return found

    def _csv_table(self, at: int, end: int) -> str:
        """Return a table whose rows are lines of a CSV file, with the header that is an option."""
        lines = self.lines[at + 1 : end]
        header = next(filter(None, map(_HEADER.match, lines)), None)
        rows = [header[1]] if header else []
        rows += [line.strip() for line in lines if line.strip() and not _FIELD.match(line)]
        try:
            cells = list(csv.reader(rows, skipinitialspace=True))
        except csv.Error:
            return "\n".join(rows)
        return markdown_table([[self._plain(cell) for cell in row] for row in cells])

    def _text_of(self, at: int, name: str, argument: str) -> None:
        """Write the words on the line of a directive that holds text."""
        if name.startswith(("version", "deprecated")):
            version, _, argument = argument.partition(" ")
            argument = f"{_VERSIONS.get(name, name)} {version}: {argument}".rstrip()
        elif name in ("container", "class", "only", "compound", "rst-class"):
            argument = ""
        if name in _TITLED:
            self.out += ("", f"**{self._plain(argument)}**", "")
        elif _DEFINING.match(name):
            self.out += ("", f"`{argument}`", "")
        else:
            self.out += ("", self._plain(argument))

    def _body(self, at: int, end: int) -> int:
        """Move the body of a directive to its own indentation, to be read next."""
        indent = _indent(self.lines[at])
        below = at + 1
        while below < end and self.lines[below].strip() and _FIELD.match(self.lines[below]):
            below += 1
        shift = min(
            (_indent(line) for line in self.lines[below:end] if line.strip()), default=indent
        )
        for place in range(below, end):
            self.lines[place] = self.lines[place][max(0, shift - indent) :]
        return below

    def _behind_body(self, at: int, indent: int) -> int:
        end = at + 1
        while end < len(self.lines):
            line = self.lines[end]
            if line.strip() and _indent(line) <= indent:
                break
            end += 1
        return end

    def _plain(self, line: str) -> str:
        """Return a line without roles, references and substitutions."""
        if not _INLINE_SIGN.search(line):
            return line
        line = _LITERAL.sub(r"`\1`", _ROLE.sub(_words_of_role, line)) if "`" in line else line
        line = _FOOTNOTE.sub(r"\1", _LINK.sub(lambda each: each[1].rstrip(), line))
        line = _SUBSTITUTION.sub(lambda each: self._words.fill(each[1], each[0]), line)
        line = _REFERENCE.sub(
            lambda each: each[1] if each[1].lower() in self._targets else each[0], line
        )
        if "\\" not in line:
            return line
        parts = _CODE_SPAN.split(line)
        parts[::2] = [_ESCAPED.sub(_unescaped, part) for part in parts[::2]]
        return "".join(parts)


def _replacement(directive: str, argument: str) -> str:
    """Return what a substitution stands for; a picture has no words."""
    if directive == "replace":
        return argument
    if directive != "unicode":
        return ""
    return _CODE_POINT.sub(_character, argument.partition(" ..")[0])


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if code < 0x110000 else match.group()


def _unescaped(match: re.Match[str]) -> str:
    """Return an escaped character, as Markdown needs it; an escaped space is none."""
    return f"\\{match[1]}" if (match[1] or " ") in _MARKS else match[1] or ""


def _words_of_role(match: re.Match[str]) -> str:
    words = match[1].strip() or (match[2] or "")
    return words.lstrip("~!.").rpartition(".")[2] if words.startswith("~") else words


def _trimmed(lines: list[str]) -> list[str]:
    full = [at for at, line in enumerate(lines) if line.strip()]
    return lines[full[0] : full[-1] + 1] if full else []


def _described(words: str) -> str:
    return f"![{words.replace('[', '(').replace(']', ')')}]()"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
