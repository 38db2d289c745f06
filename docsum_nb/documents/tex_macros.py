r"""Fill in the macros that a LaTeX file defines.

Decides which commands are macros of the file: ``\newcommand`` and its like, and ``\def`` with plain
parameters. Their calls are replaced by their bodies and the definitions are removed; listings stay
untouched. A body may call other macros, five levels deep, and a million characters are filled in
at most, so that the work is linear in the text; calls beyond that stay. Refuses nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["CODE", "braces", "expanded"]

CODE = frozenset(("verbatim", "verbatim*", "lstlisting", "minted", "Verbatim", "alltt"))
"""Environments in which nothing is a command."""
_DEFINITION = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|DeclareRobustCommand)\*?\s{0,9}"
    r"\{?\s{0,9}\\([a-zA-Z]{1,60})\s{0,9}\}?\s{0,9}"
    r"(?:\[([0-9])\]\s{0,9}(?:\[([^\]\n]{0,200})\]\s{0,9})?)?\{"
    r"|\\[gex]?def\s?\\([a-zA-Z]{1,60})\s?((?:#[1-9]){0,9})\{"
)
_BRACE = re.compile(r"\\.|[{}]")
_CALL = re.compile(
    r"\\verb\*?([^\w\s*])[^\n]{0,300}?\1|\\begin\{([\w*]{1,20})\}|\\([a-zA-Z]{1,60})|\\."
)
_OPTIONAL = re.compile(r"\s{0,9}\[([^\]\n]{0,500})\]")
_ARGUMENT = re.compile(r"\s{0,9}(?:(\{)|(\\[a-zA-Z]{1,60}|[^\s\\{}\[\]%&$#]))")
_PARAMETER = re.compile(r"#([1-9])")
_ENDS_IN_COMMAND = re.compile(r"\\[a-zA-Z]+\s*\Z")
_SPACING = "\\xspace"
_DEEPEST = 5
_MOST = 1_000_000
_LONGEST = 10_000


@dataclass(frozen=True)
class _Macro:
    """What a command stands for."""

    body: str
    arguments: int
    default: str | None
    """Of the first argument, which may then be left out; ``None`` if it may not."""


def expanded(text: str, known: frozenset[str]) -> str:
    """Return LaTeX with its own macros filled in.

    Args:
        text: LaTeX without comments.
        known: Commands that keep their meaning in a file that defines them again.
    """
    pairs = braces(text)
    macros: dict[str, _Macro] = {}
    kept: list[str] = []
    at = 0
    for match in _DEFINITION.finditer(text):
        name = match[1] or match[4]
        end = pairs.get(match.end() - 1)
        if end is None or match.start() < at:
            continue
        kept.append(text[at : match.start()])
        at = end + 1
        if name not in known and end - match.end() <= _LONGEST:
            count = int(match[2] or 0) if match[1] else len(match[5]) // 2
            macros[name] = _Macro(text[match.end() : end], count, match[3])
    text = "".join((*kept, text[at:]))
    return _Filling(macros).filled(text, 0) if macros else text


def braces(text: str) -> dict[int, int]:
    """Return the place of the closing brace of each opening one that has one."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for match in _BRACE.finditer(text):
        if match.group() == "{":
            opened.append(match.start())
        elif match.group() == "}" and opened:
            pairs[opened.pop()] = match.start()
    return pairs


class _Filling:
    def __init__(self, macros: dict[str, _Macro]) -> None:
        self._macros = macros
        self._size = 0
        """Characters that were filled in."""

    def filled(self, text: str, level: int) -> str:
        """Return a text with the macros that it calls."""
        pairs = braces(text)
        out: list[str] = []
        endless: set[str] = set()
        at = copied = 0
        while match := _CALL.search(text, at):
            at = match.end()
            if match[2] in CODE and match[2] not in endless:
                end = text.find(f"\\end{{{match[2]}}}", at)
                at = at if end < 0 else end
                endless.update([match[2]] if end < 0 else ())
            macro = self._macros.get(match[3] or "")
            if macro is None or self._size + len(macro.body) > _MOST:
                continue
            call = _arguments(macro, text, at, pairs)
            if call is None:
                continue
            value, at = self._value(macro, call[0], level), call[1]
            if not macro.arguments and text[at : at + 1].isspace():
                # A command ends with a space that is none, unless the macro sets one.
                at += not macro.body.rstrip().endswith(_SPACING)
            out += (text[copied : match.start()], value)
            copied = at
        return "".join((*out, text[copied:]))

    def _value(self, macro: _Macro, arguments: list[str], level: int) -> str:
        value = _PARAMETER.sub(
            lambda each: arguments[int(each[1]) - 1] if int(each[1]) <= len(arguments) else "",
            macro.body,
        )
        if self._size + len(value) > _MOST:
            return " ".join(arguments)
        self._size += len(value)
        value = value.rstrip().removesuffix(_SPACING)
        if _ENDS_IN_COMMAND.search(value):
            value += "{}"
        return self.filled(value, level + 1) if level < _DEEPEST and "\\" in value else value


def _arguments(
    macro: _Macro, text: str, at: int, pairs: dict[int, int]
) -> tuple[list[str], int] | None:
    """Return the arguments of a call, and the place behind them; ``None`` if some are missing."""
    found: list[str] = []
    if macro.arguments and macro.default is not None:
        given = _OPTIONAL.match(text, at)
        found.append(given[1] if given else macro.default)
        at = given.end() if given else at
    while len(found) < macro.arguments:
        match = _ARGUMENT.match(text, at)
        if match is None:
            return None
        at = match.end()
        if match[1]:
            end = pairs.get(at - 1)
            if end is None:
                return None
            found.append(text[at:end])
            at = end + 1
        else:
            found.append(match[2])
    return found, at
