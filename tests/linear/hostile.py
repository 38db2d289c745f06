"""Texts on which a reader may take more than linear time, or too deep a stack, made to any length.

Each is a rule for making a text of about a given number of characters. ``FAMILIES`` are generic:
every class of character repeated, beginnings that never end, nesting, long lines, mixtures.
``pattern_texts`` makes such rules for a regular expression, from its own parts.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

__all__ = ["FAMILIES", "Make", "may_repeat", "pattern_texts", "repeated"]

Make = Callable[[int], str]
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)


def repeated(unit: str, *, before: str = "", after: str = "") -> Make:
    """Return the rule that repeats a unit between two texts."""
    return lambda size: before + unit * max(1, size // len(unit)) + after


_CHARACTERS = [
    *"a1 \n\t\r_-*`#><[](){}&\\|~:.\"'/!?=+@$%^,;",
    *("é", "語", "\u0301", "\u0e01", "\x00", "\x1b", "\x0b", "\u200b", "\u2028", "\xa0"),
    *("\ud800", "😀"),
]  # fmt: skip
_UNITS = [
    # words and sentences
    *("a ", "a\n", "a. ", "A. b. ", "Mr. ", "U.S. ", "a.b", "a-", "a'", "a/", "語。", "?! "),
    *("Why? ",),
    *("Sorry, ", "I can't ", "aaaa bbbb. ", "e\u0301", "किताब ", "ab\u00ad", "www."),
    *("http://a/ ",),
    # Markdown and reStructuredText
    *("[a](", "![", "[a]", "[[", "](", "[a](b) ", "[^a]", "[a]: b\n", "**a", "*a_ ", "`a", "``"),
    *("<!", "<a>"),
    *("# a\n", "## a\n", "###### a\n", "a\n=\n", "=\n", "---\n", "a\n---\n", "```\n", "~~~\n"),
    *("```a\n```\n",),
    *("> ", ">\n", "> a\n", ">- ", "- ", "- a\n", "* * ", "1. ", "1. a\n", "-\n", "    a\n"),
    *("\ta\n", "\n \n", " \n"),
    *("|a", "|a|b|\n", "|-|-|\n", "a|b\n", "| a |\n|---|\n", ":-", "$$", "\\[", "\\\\"),
    *(".. a::\n", ".. note:: ", "::\n\n", "a::\n", ":a:`", ":a:", "`a <b", "`a`_ ", "a\n===\n"),
    *("|a|_",),
    # HTML
    *("<a ", "<a", "</", "</a", "</a>", '<a b="', "<a b='", '<a b="c" ', "<a b=", "<!--", "-->"),
    *("<!-- -->", "<?", "<?xml ", "<![", "<!a "),
    *("<p>", "<div>", "<b>", "<i><b>", "<ul><li>", "<li>", "<ol><li>", "<ol><li>a</ol>"),
    *("<table><tr><td>", "<tr>", "<td>", "<dl><dt>"),
    *("<pre>", "<code>", "<blockquote>", "<h1>", "<h2>a</h2>", "<br>", "<br/>", "</br>"),
    *("<img>", "<a/>", "<p></div>", "</p>", "<article><header>"),
    *("<script>", "<style>", "<title>", "<textarea>", "<nav>", "&amp", "&amp;", "&", "&#"),
    *("&#x", "&a;", "&#1;", "<p>a</p>\n", "<td>a</td>"),
    # JSON, YAML, templates, terminals
    *('{"a":', '["a",', "[1,", "{}", '"a\\', "a: ", "a:\n", "- - ", "&a ", "*a ", "{a}", "{a"),
    *("{{", "{%", "{#", "\x1b[", "\x1b[1;", "\x1b]0;", "\r\n"),
    *("[dry run 1]", "sk-a", "Thought:\n", "Action: "),
]  # fmt: skip


def _nested_lists(size: int) -> str:
    """Return lists in lists, as deep as the length allows: each line is indented further."""
    lines: list[str] = []
    while size > 0:
        lines.append("  " * len(lines) + "- a")
        size -= len(lines[-1]) + 1
    return "\n".join(lines)


def _mixed(seed: int, units: list[str]) -> Make:
    def make(size: int) -> str:
        chosen = random.Random(seed)
        return "".join(chosen.choices(units, k=max(1, size // 4)))[:size]

    return make


_SHAPES: dict[str, Make] = {
    "[[]]": lambda size: "[" * (size // 2) + "]" * (size // 2),
    "(())": lambda size: "(" * (size // 2) + ")" * (size // 2),
    "<div></div> nested": lambda size: "<div>" * (size // 11) + "a" + "</div>" * (size // 11),
    "<div><p> never closed": lambda size: "<div>" * (size // 10) + "</p>" * (size // 8),
    "<article><div> with headers": lambda size: (
        "<article>" + "<div>" * (size // 10) + "<header>a</header>" * (size // 36)
    ),
    "lists in lists": _nested_lists,
    "quotes in quotes": lambda size: "\n".join(
        ">" * n + " a" for n in range(int((2 * size) ** 0.5))
    ),
    "a heading of many lines": repeated("a\n", after="===\n"),
    "a heading of one line": repeated("a ", after="\n===\n"),
    "a # heading": repeated("a", before="# "),
    "a # heading of links": repeated("[a](b", before="# "),
    "a # heading of tags": repeated("<", before="# "),
    "front matter": repeated("a: b\n", before="---\n"),
    "one long word and a slash": repeated("a", after="/"),
    "one long word and two slashes": repeated("a", after="/b/"),
    "a slash and one long word": repeated("a", before="/"),
    "fence of blank lines": repeated("\n", before="```\n"),
    "fence of blank lines, closed": repeated("\n", before="```json\n", after="```"),
    "attribute never closed": repeated("a ", before='<a href="'),
    "attribute never closed, tags": repeated("<p>a</p>", before="<a href='"),
    "comment never closed": repeated("a ", before="<!--"),
    "comment never closed, tags": repeated("<p>a</p>", before="<!--"),
    "declaration of white space": repeated(" ", before="<?xml"),
    "declaration never closed": repeated("<p>a</p>", before="<?xml "),
    "white space and <?xml": repeated(" ", after="<?xml ?>"),
    "white space in a tag": repeated(" ", before="<a"),
    "white space in an end tag": repeated(" ", before="</a"),
    "script never closed": repeated("<p>a</p>", before="<script>"),
    "script of end tags": repeated("</", before="<script>"),
    "quotes escaped": repeated("\\", before='["'),
    "number": repeated("1", before='{"a": '),
    "words at the end of white space": repeated(" ", before="a", after="a"),
    "lines of 2,000": lambda size: ("a" * 1_999 + "\n") * max(1, size // 2_000),
    "every line one word longer": lambda size: "\n".join(
        "ab " * n for n in range(int((size / 1.5) ** 0.5))
    ),
    "rows of a head": repeated("<tr><td>a", before="<table><thead>"),
    "items of a list": repeated("<li>a</li> ", before="<ol>", after="</ol>"),
    "bodies of a table": repeated("<tbody><tr><td>a</tbody>", before="<table>"),
    "quotations around lines": repeated("a<br>", before="<blockquote>" * 200),
    "lists around lines": repeated("a<br>", before="<ul><li>" * 200),
    "cells of many columns": repeated("<td colspan=1000>a"),
    "hidden parts": repeated("<nav>a</nav>b<img alt=c>"),
    "distinct words": lambda size: " ".join(f"w{n}" for n in range(size // 8)),
    "distinct sentences": lambda size: " ".join(
        f"The word w{n} is said of v{n}." for n in range(size // 35)
    ),
    "distinct headings": lambda size: "\n".join(f"## h{n}\n" for n in range(size // 10)),
    "link definitions": lambda size: "\n".join(f"[a{n}]: b" for n in range(size // 11)),
    "links": lambda size: " ".join(f"[a{n}]" for n in range(size // 9)),
}

_INNER = [
    *("a ", "[", "![", "[a](", "[a](b) ", "](", "<", "<a ", "<!--", "*", "*a_ ", "`", "`a", "&"),
    *("|", "a|", "_", "\\", "a/", ":", ":a:`", "(", '"', "~~", "a. ", "http://a/b ", "語"),
]
_PLACES: dict[str, tuple[str, str, str]] = {
    "in a # heading": ("# ", "", ""),
    "in a heading of one line": ("", "", "\n===\n"),
    "in a heading of many lines": ("", "\n", "===\n"),
    "in a quotation": ("> ", "", ""),
    "in a list": ("- ", "\n  ", ""),
    "in a table": ("|a|\n|-|\n|", "|\n|", ""),
    "in an HTML block": ("<div>", "\n", "</div>"),
    "in an attribute": ('<a b="', "", '">c</a>'),
    "in a table cell": ("<td>", "", "</td>"),
    "in <pre>": ("<pre>", "\n", "</pre>"),
}
"""What stands before all, after each and after all of what is repeated."""


def _placed(place: str, unit: str) -> Make:
    before, each, after = _PLACES[place]
    return repeated(unit + each, before=before, after=after)


FAMILIES: dict[str, Make] = {
    **{repr(each): repeated(each) for each in [*_CHARACTERS, *_UNITS]},
    **_SHAPES,
    **{f"{each!r} {place}": _placed(place, each) for place in _PLACES for each in _INNER},
    **{f"mixture {seed}": _mixed(seed, _UNITS) for seed in range(3)},
    **{f"mixture of HTML {seed}": _mixed(seed, [u for u in _UNITS if "<" in u]) for seed in (7, 8)},
}
"""By what they are made of."""


def may_repeat(pattern: re.Pattern[str]) -> bool:
    """Return whether any part of a pattern may match more than once in a row."""
    return next(_pumps(_parsed(pattern)), None) is not None


def pattern_texts(pattern: re.Pattern[str]) -> dict[str, Make]:
    """Return the rules made from a pattern's own parts.

    Every part that may repeat is repeated alone, with the rest of a match, and with a character in
    its place that ends no match; a match, and all but its end, are repeated as a whole.
    """
    tree = _parsed(pattern)
    texts: dict[str, Make] = {}
    for whole in _examples(tree):
        texts[f"{whole!r}, repeated"] = repeated(whole or "a")
        texts[f"{whole[:-1]!r}, repeated"] = repeated(whole[:-1] or "a", after="\x01")
    for before, unit, after in _pumps(tree):
        shown = f"{before!r} + {unit!r} * n"
        texts[shown] = repeated(unit, before=before, after="\x01")
        if after:
            texts[f"{shown} + {after!r}"] = repeated(unit, before=before, after=after)
        texts[f"{before + unit!r} * n"] = repeated(before + unit, after="\x01")
    return texts


def _parsed(pattern: re.Pattern[str]) -> Any:
    return _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)


def _examples(tree: Any) -> list[str]:
    """Return short texts that a pattern matches, one for each branch at its top."""
    return list(dict.fromkeys("".join(parts) for parts in _ways(tree)))


def _ways(tree: Any) -> Iterator[list[str]]:
    shortest = [_shortest(item) for item in tree]
    yield shortest
    for at, (op, value) in enumerate(tree):
        branches = value[1] if op is sre.BRANCH else ()
        if op is sre.SUBPATTERN and len(value[3]) == 1 and value[3][0][0] is sre.BRANCH:
            branches = value[3][0][1][1]
        for branch in branches:
            yield [*shortest[:at], "".join(map(_shortest, branch)), *shortest[at + 1 :]]


def _shortest(item: Any) -> str:
    """Return a short text that one part of a pattern matches."""
    op, value = item
    if op is sre.LITERAL:
        return chr(value)
    if op is sre.IN:
        return _member(value)
    if op is sre.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if op is sre.ANY:
        return "a"
    if op in _REPEATS:
        return "".join(map(_shortest, value[2])) * max(1, int(value[0]))
    if op is sre.SUBPATTERN:
        return "".join(map(_shortest, value[3]))
    if op is sre.ATOMIC_GROUP:
        return "".join(map(_shortest, value))
    if op is sre.BRANCH:
        return "".join(map(_shortest, value[1][0]))
    if op is sre.GROUPREF:
        return "a"
    return ""


def _member(members: Any) -> str:
    negated = members[0][0] is sre.NEGATE
    if not negated:
        op, value = members[0]
        if op is sre.LITERAL:
            return chr(value)
        if op is sre.RANGE:
            return chr(value[0])
        return {sre.CATEGORY_DIGIT: "1", sre.CATEGORY_SPACE: " "}.get(value, "a")
    pattern = re.compile("[" + "".join(_written(each) for each in members[1:]) + "]")
    return next((each for each in "a1 -\n." if not pattern.match(each)), "é")


def _written(member: Any) -> str:
    op, value = member
    if op is sre.LITERAL:
        return re.escape(chr(value))
    if op is sre.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    names = {sre.CATEGORY_DIGIT: r"\d", sre.CATEGORY_SPACE: r"\s", sre.CATEGORY_WORD: r"\w"}
    negated = {
        sre.CATEGORY_NOT_DIGIT: r"\D", sre.CATEGORY_NOT_SPACE: r"\S", sre.CATEGORY_NOT_WORD: r"\W"
    }  # fmt: skip
    return str({**names, **negated}[value])


def _pumps(tree: Any, before: str = "", after: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield each part that may repeat, with a match of what stands before and after it."""
    for at, (op, value) in enumerate(tree):
        left = before + "".join(map(_shortest, tree[:at]))
        right = "".join(map(_shortest, tree[at + 1 :])) + after
        if op in _REPEATS and value[1] > 1:
            for unit in [*_examples(value[2]), *_members(value[2])]:
                if unit:
                    yield left, unit, right
        for part in _parts(op, value):
            yield from _pumps(part, left, right)


def _parts(op: Any, value: Any) -> list[Any]:
    """Return the trees within one item of a tree."""
    if op in _REPEATS:
        return [value[2]]
    if op is sre.SUBPATTERN:
        return [value[3]]
    if op is sre.ATOMIC_GROUP:
        return [value]
    if op is sre.BRANCH:
        return list(value[1])
    return [value[1]] if op in (sre.ASSERT, sre.ASSERT_NOT) else []


def _members(tree: Any) -> list[str]:
    """Return other characters of a class: white space and letters may both be in it."""
    if len(tree) != 1 or tree[0][0] not in (sre.IN, sre.NOT_LITERAL, sre.ANY):
        return []
    op, value = tree[0]
    if op is sre.ANY:
        return [" ", "-"]
    if op is sre.NOT_LITERAL:
        return [each for each in " -a" if each != chr(value)]
    inside = "".join(_written(each) for each in value if each[0] is not sre.NEGATE)
    pattern = re.compile(f"[{'^' if value[0][0] is sre.NEGATE else ''}{inside}]")
    return [each for each in " a1-/<\n" if pattern.match(each)]
