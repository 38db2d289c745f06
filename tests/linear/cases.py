"""Which text is tried on which reader and pattern; ``python -m tests.linear.cases`` measures them.

Usage: python -m tests.linear.cases SKIP patterns|readers some|all
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from functools import lru_cache, partial

from tests.linear.growth import LONGEST, Case, serve
from tests.linear.hostile import FAMILIES, may_repeat, pattern_texts
from tests.linear.patterns import anchored, compiled_patterns
from tests.linear.readers import READERS

__all__ = ["pattern_cases", "reader_cases"]

_ENOUGH_S = {"some": 0.01, "all": 2.0}
_PLAIN = (*("'a'", "' '", "'a. '", "'['", "one long word and a slash", "mixture 0"),)
_TELLING = {
    "text": _PLAIN,
    "json": (*_PLAIN, "'[1,'", "'{\"a\":'", "quotes escaped", "number", "'- - '", "'&a '", "'[['"),
    "markdown": (
        *_PLAIN,
        *("'!['", "'[a]('", "'*a_ '", "'- a\\n'", "'## a\\n'", "'a\\n=\\n'", "'::\\n\\n'"),
        *("'|a|b|\\n'", "':a:`'", "'`a <b'", "'.. a::\\n'", "'.. note:: '", "front matter"),
        *("a heading of many lines", "'[' in a heading of many lines", "lists in lists"),
        *("'<' in a heading of many lines", "quotes in quotes", "fence of blank lines", "[[]]"),
        *("distinct headings", "distinct sentences", "link definitions", "'[' in a quotation"),
        *("'<!--' in an HTML block", "'|' in a table", "'&#'", "words at the end of white space"),
    ),
    "html": (
        *_PLAIN,
        *("'<a '", "'<a b=\"'", "'<a b='", "'<!--'", "'<?xml '", "'<!['", "'</a'"),
        *("'<p>'", "'<li>'", "'<ol><li>'", "'<tr>'", "'<b>'", "'<pre>'", "'<script>'", "'&#'"),
        *("attribute never closed", "attribute never closed, tags", "comment never closed, tags"),
        *("declaration of white space", "white space and <?xml", "white space in a tag"),
        *("script of end tags", "<article><div> with headers", "<div><p> never closed"),
        *("words at the end of white space", "'a ' in <pre>", "rows of a head", "items of a list"),
        *("quotations around lines", "bodies of a table", "mixture of HTML 7"),
    ),
}
"""The families that are tried if not all are, by what a function reads."""


def pattern_cases(*, every: bool) -> Iterator[Case]:
    """Yield the cases of all compiled patterns, with texts made from each.

    One that repeats nothing does no more at any place of a text than its own length allows.
    """
    only_matched = anchored()
    # A module that imports another's pattern holds the same one.
    seen: set[tuple[re.Pattern[str], bool]] = set()
    for name, pattern in compiled_patterns().items():
        matched = name in only_matched
        if (pattern, matched) in seen or not (every or may_repeat(pattern)):
            continue
        seen.add((pattern, matched))
        use = pattern.match if matched else partial(pattern.sub, "")
        texts = pattern_texts(pattern)
        if every:
            texts |= FAMILIES
        for text, make in texts.items():
            yield Case(f"{name} on {text}", use, make)


def reader_cases(*, every: bool) -> Iterator[Case]:
    """Yield the cases of all reading functions."""
    for name, reader in READERS.items():
        for family in FAMILIES if every else _TELLING[reader.reads]:
            if family in FAMILIES:
                yield Case(f"{name} on {family}", reader.call, partial(_made, family))


@lru_cache(maxsize=256)
def _made(family: str, size: int) -> str:
    return FAMILIES[family](size)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    skip, kind, extent = sys.argv[1:4]
    make = {"patterns": pattern_cases, "readers": reader_cases}[kind]
    cases = list(make(every=extent == "all"))
    only = sys.argv[4:]
    if only:
        cases = [each for each in cases if any(part in each.name for part in only)]
    serve(cases, skip=int(skip), longest=LONGEST, enough_s=_ENOUGH_S[extent])
