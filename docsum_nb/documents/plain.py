"""Paragraphs of plain text: which of its lines belong together and read as running text.

Decides by what stands in the lines: a listing of code, a table set with blanks, a rule and a title
above one are no paragraph; everything else is, with whatever it begins and however it is indented.
Each paragraph is a run of whole lines. Refuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

__all__ = ["code_lines", "hyphens_joined", "is_listing", "plain_paragraphs"]

_RULE = re.compile(r"\s*([-=~*_#^\"'.+:`])(?:\s?\1){2,}\s*$")
_BULLET = re.compile(r"\s*[-*•‣◦▪·+–—]\s+(?=\S)")
_NUMBERED = re.compile(
    r"\s*(?:\(?\d{1,3}[.)]|\(?[A-Za-z]{1,4}\)|\[\d{1,5}\]|§{1,2}\s?\d{1,4}\.?)\s+\S"
)
_LONGEST_NUMBER = 12  # characters of a number or letter that an item begins with
_GAP = re.compile(r"(?<=\S)(?: {3,}| ?\t[ \t]*+| +\| +)(?=\S)")
_DOTS = re.compile(r"(?:\. ?){5}\s{0,20}[\divxlc]{1,5}\s{0,20}$")
_ENDED = re.compile(r"[.!?…。！？｡؟।۔][\"'”’»›」』)\]]*$")
_STARTS = re.compile(
    r"(?:\$\s|>>>|\.\.\.\s|//|/\*|\*/|#!|#\s*(?:include|define|if|endif)\b|#\s|--\s|@\w+\s*[({]?$"
    r"|\"\"\"|'''|<[/!?]?\w[^>]{0,200}>|import\s+[\w.{*]+|from\s+[\w.]+\s+import\b"
    r"|(?:async\s+)?def\s+\w+\s*\(|class\s+\w+\s*[(:{]|(?:el)?if\b.{0,200}[:{]\s*$"
    r"|(?:for|while|with|try|else|except|switch|case)\b.{0,200}[:{]\s*$"
    r"|(?:var|let|const|function|public|private|static|void|int|return)\s.{0,200}[;{(]\s*$"
    r"|(?:sudo|pip|npm|apt|apt-get|git|cd|docker|curl|brew|conda)\s+[\w./-]+)"
)
_CODE_SIGNS = frozenset("{}[]<>=+*/\\|$#@%^&~_`()")
_HYPHEN = re.compile(
    r"(?<=[^\W\d_])-[ \t]{0,9}\n[ \t]{0,99}"
    r"(?!(?:and|or|to|und|oder|bis|sowie|et|ou|y|o|e|en|of|och|og)\b)(?=[^\W_])"
)
_EDGES = "\"'“”‘’«»‹›„‚()[]¿¡.,;:!?…–—-*_`<>"
_MANY = 200  # lines of a block that decide what it is


def plain_paragraphs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Find the paragraphs of plain text.

    Args:
        lines: The text's lines, without their ends.

    Yields:
        The first line of each paragraph and the one behind its last, in order.
    """
    start = 0
    for at in range(len(lines) + 1):
        # A lone full stop is how files of Debian write a blank line.
        if at == len(lines) or lines[at].strip() in ("", "."):
            if at > start:
                yield from _of_block(lines, start, at)
            start = at + 1


def hyphens_joined(text: str) -> str:
    """Return a text in which a word with a hyphen at the end of a line goes on behind it.

    The hyphen stays, as nothing says whether it is the word's own: ``long-term``. That of ``short-
    and long-term`` keeps the blank behind it.
    """
    return _HYPHEN.sub("-", text) if "-" in text and "\n" in text else text


def _of_block(lines: Sequence[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Find the paragraphs of lines without a blank one between them."""
    sample = lines[start : min(end, start + _MANY)]
    if _is_table(sample) or is_listing(sample):
        return
    first = start
    long = _has_a_paragraph_in_each_line(sample)
    for at in range(start, end):
        if not lines[at][:1].isalnum() and _RULE.match(lines[at]):
            titled = at == first + 1 and not _ENDED.search(lines[first].rstrip())
            if first < at and not titled:
                yield first, at
            first = at + 1
        elif first < at and (long or _begins(lines[at - 1], lines[at])):
            yield first, at
            first = at
        elif at == first + 1 and at == start + 1 and _is_title(lines[first]):
            first = at
    if first < end:
        yield first, end


def _begins(above: str, line: str) -> bool:
    """Check whether a paragraph begins with a line, though the line above is not blank."""
    if line[:1].isalpha() and ")" not in line[:_LONGEST_NUMBER]:
        return False
    if _BULLET.match(line):
        return True
    if line.startswith(">") and not above.startswith(">"):
        # A quotation in a mail, below the line that says whose it is.
        return True
    above, ended = above.rstrip(), bool(_ENDED.search(above.rstrip()))
    if _NUMBERED.match(line):
        return ended or above.endswith((":", ";", ",")) or bool(_NUMBERED.match(above))
    return ended and _indent(line) >= _indent(above) + 2


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_title(line: str) -> bool:
    """Check whether the first line of a block is the title of what follows."""
    bare = line.strip()
    if _ENDED.search(bare) or len(bare) > 80 or bare.endswith((",", ";")):
        return False
    return bare.isupper() and len(bare) > 3


def _has_a_paragraph_in_each_line(sample: Sequence[str]) -> bool:
    return sorted(map(len, sample))[len(sample) // 2] > 160


def _is_table(sample: Sequence[str]) -> bool:
    """Check whether most lines have columns, or end in the page of a table of contents."""
    gaps = [len(_GAP.findall(line)) for line in sample]
    dotted = sum(bool(_DOTS.search(line)) for line in sample)
    if 2 * dotted > len(sample):
        return True
    wide = sum(count >= 2 for count in gaps)
    some = sum(count >= 1 for count in gaps)
    ended = sum(bool(_ENDED.search(line.rstrip())) for line in sample)
    return 5 * wide > 3 * len(sample) or (5 * some > 4 * len(sample) and 3 * ended < len(sample))


def is_listing(sample: Sequence[str]) -> bool:
    """Check whether most lines are code or data rather than words."""
    return 2 * code_lines(sample) > sum(bool(line.strip()) for line in sample)


def code_lines(sample: Sequence[str]) -> int:
    """Return the number of lines that are code or data rather than words."""
    return sum(_is_code(line.strip()) for line in sample)


def _is_code(line: str) -> bool:
    if not line:
        return False
    if _STARTS.match(line) and not _ENDED.search(line.removeprefix("# ")):
        return True
    tokens = line[:1_000].split()
    words = sum(map(_is_word, tokens))
    if line.endswith(("{", "}", "\\", ");", "];", "};")):
        return words <= max(4, len(tokens) // 2)
    return 5 * words < 3 * len(tokens) and len(tokens) + len(line) > 6


def _is_word(token: str) -> bool:
    bare = token.strip(_EDGES)
    return bool(bare) and not bare[0].isdigit() and _CODE_SIGNS.isdisjoint(bare)
