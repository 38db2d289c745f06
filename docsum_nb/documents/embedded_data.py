"""Data within a text that is not for readers: pictures and fonts in base64, dumps, minified code.

Decides by form alone what is data, and puts a short mark with its size in its place, such as
``[image data, 150 kB]``: a model is not paid for reading it. What a person may have written stays:
a word counts as data from 256 characters, lines only in blocks, a table of numbers from 200 lines.
Takes linear time. Refuses nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

__all__ = ["without_data"]

_LONG_WORD = re.compile(r"(?<!\S)\S{256,}+")
_URI = re.compile(r"data:([\w.+-]{1,60}/[\w.+-]{1,60})?[;,]", re.IGNORECASE)
_URI_END = re.compile(r"[\"'<>()\[\]\s]")
_DRAWING_END = re.compile(r"[\"<>()\[\]\s]")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{256,}+={0,2}")
_REFERENCE = re.compile(r"\[[^\]\n]{1,200}\]:\s{0,5}<?$")
_IMAGE = re.compile(r"!\[([^\]\n]{0,300})\]\($")
_LONGEST_WORD = 1_000
_PEM_BEGIN = re.compile(r"\s*-{5}BEGIN ([A-Z0-9 ]{1,60})-{5}\s*$")
_PEM_END = re.compile(r"\s*-{5}END [A-Z0-9 ]{1,60}-{5}\s*$")
_UU_BEGIN = re.compile(r"begin(?:-base64)? [0-7]{3,4} \S")
_UU_LINE = re.compile(r"[ -`]{1,62}$")
_BASE64_LINE = re.compile(r"[>\s]{0,20}([A-Za-z0-9+/]{40,}+={0,2})\s{0,9}$")
_HEX_LINE = re.compile(
    r"\s{0,20}(?:0x)?[0-9a-fA-F]{4,16}:?\s{1,4}(?:\|?(?:0x)?[0-9a-fA-F]{2,8}[\s,|-]{1,3}){4,}"
    r"|\s{0,20}(?:(?:0x)?[0-9a-fA-F]{2}[\s,:]{1,2}){8,}\s{0,9}$"
)
_NUMBER_LINE = re.compile(r"[\s\d.,;:|+\-eE%()/$*]{3,}$")
_MINIFIED = 1_000  # characters of a line of code that no person wrote
_SIGNS = re.compile(r"[{}()\[\];:,=<>!&|?\"'+]")
_FEWEST = {"base64 data": 4, "hex dump": 6, "table of numbers": 200, "minified code": 1}
_SHOWN = 3  # lines of a table of numbers that stay


def without_data(text: str) -> tuple[str, tuple[str, ...]]:
    """Replace the data in a text by short marks.

    Args:
        text: Any text, its lines ended by a line feed.

    Returns:
        The text, and what is to be said of the data, if there is any.
    """
    found: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    text = _without_long_words(text, found, sizes)
    kept: list[str] = []
    for kind, lines in _blocks(text.split("\n")):
        shown = _SHOWN if kind == "table of numbers" else 0
        if not kind:
            kept += lines
            continue
        size = sum(map(len, lines[shown:])) + len(lines) - shown
        found[kind] += 1
        sizes[kind] += size
        kept += (*lines[:shown], f"[{kind}, {_size(size)}]")
    if not found:
        return text, ()
    kinds = ", ".join(f"{kind} {_size(sizes[kind])}" for kind in found)
    pieces = f"{found.total():,} pieces" if found.total() > 1 else "1 piece"
    return "\n".join(kept), (f"{pieces} of data replaced by short marks ({kinds})",)


def _without_long_words(text: str, found: Counter[str], sizes: Counter[str]) -> str:
    parts: list[str] = []
    last = 0
    for match in _LONG_WORD.finditer(text):
        word = match.group()
        for start, end, kind in _data_in(word):
            before = text[last : match.start() + start]
            mark = f"[{kind}, {_size(end - start)}]"
            if _REFERENCE.search(before[-250:]):
                # A definition in Markdown stays one.
                mark = "#" + mark[1:-1].replace(",", "").replace(" ", "-")
            elif image := _IMAGE.search(before[-350:]):
                before = (
                    before[: len(before) - len(image.group())] + image[1] + " " * bool(image[1])
                )
                end += word[end : end + 1] == ")"
            parts += (before, mark)
            last = match.start() + end
            found[kind] += 1
            sizes[kind] += end - start
    return "".join(parts) + text[last:]


def _data_in(word: str) -> Iterator[tuple[int, int, str]]:
    """Yield the spans of a long word that are data, with their kind."""
    at = 0
    while uri := _URI.search(word, at):
        drawing = "svg" in (uri[1] or "") and ";base64" not in word[uri.start() : uri.end() + 40]
        closing = (_DRAWING_END if drawing else _URI_END).search(word, uri.end())
        end = closing.start() if closing else len(word)
        if end - uri.start() >= 200:
            yield uri.start(), end, _kind_of((uri[1] or "").lower())
        at = end
    if at:
        return
    runs = [(m.start(), m.end(), _kind_of_run(m.group())) for m in _RUN.finditer(word)]
    known = [(start, end, kind) for start, end, kind in runs if kind]
    if known:
        yield from known
    elif len(word) >= _LONGEST_WORD and word.isascii():
        yield 0, len(word), "minified code" if _is_code(word) else "data without spaces"


def _kind_of(mime: str) -> str:
    kind = mime.partition("/")[0]
    if kind in ("image", "font", "audio", "video"):
        return f"{kind} data"
    return "font data" if "font" in mime else "embedded data"


def _kind_of_run(run: str) -> str:
    sample = run[:2_000]
    if all(each in "0123456789abcdefABCDEF" for each in sample):
        return "hex data"
    return "base64 data" if _is_mixed(sample) else ""


def _is_mixed(run: str) -> bool:
    """Check whether capitals, small letters and digits mix as they do in base64."""
    digits = sum(each.isdigit() for each in run)
    capitals = sum(each.isupper() for each in run)
    small = sum(each.islower() for each in run)
    return 30 * digits > len(run) and 6 * capitals > len(run) and 6 * small > len(run)


def _blocks(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the lines in groups, each with the kind of data that it is; empty for text."""
    at = 0
    kinds = _kinds(lines)
    for kind, group in groupby(kinds):
        count = sum(1 for _ in group)
        block = lines[at : at + count]
        at += count
        known = kind if kind in _FEWEST else kind.partition(":")[0]
        if kind == "base64 data":
            widths = {len(line.strip()) for line in block[:-1]}
            known = kind if len(widths) <= 1 and len(block) >= _FEWEST[kind] else ""
        elif known in _FEWEST and len(block) < _FEWEST[known]:
            known = ""
        yield known, block


def _kinds(lines: list[str]) -> list[str]:
    """Return the kind of each line."""
    kinds = [_kind_of_line(line) if len(line) > 2 else "" for line in lines]
    begins = [at for at, line in enumerate(lines) if "-----BEGIN" in line or line[:5] == "begin"]
    limit = 0
    for begin in begins:
        if begin < limit:
            continue
        end = _end_of_block(lines, begin)
        if end:
            name = "PEM block" if "BEGIN" in lines[begin] else "uuencoded data"
            kinds[begin:end] = [f"{name}:{begin}"] * (end - begin)
            limit = end
    # The last line of base64 is a short one.
    for at in range(1, len(kinds)):
        if kinds[at - 1] == "base64 data" and not kinds[at] and lines[at].strip().endswith("="):
            kinds[at] = kinds[at - 1] if " " not in lines[at].strip() else ""
    return kinds


def _end_of_block(lines: list[str], begin: int) -> int:
    """Return the line behind a PEM or uuencoded block; 0 if none begins there."""
    pem = _PEM_BEGIN.match(lines[begin])
    if not pem and not _UU_BEGIN.match(lines[begin]):
        return 0
    for at in range(begin + 1, len(lines)):
        line = lines[at].rstrip()
        if _PEM_END.match(line) if pem else line in ("end", "===="):
            return at + 1
        if pem and " " in line.strip() and ":" not in line:
            return 0
        if not pem and line and not _UU_LINE.match(line):
            return 0
    return 0


def _kind_of_line(line: str) -> str:
    if len(line) >= _MINIFIED:
        return "minified code" if _is_code(line) else ""
    if (match := _BASE64_LINE.match(line)) and _is_mixed(match[1] * 2):
        return "base64 data"
    if _HEX_LINE.match(line):
        return "hex dump"
    number = _NUMBER_LINE.match(line) is not None and any(map(str.isdigit, line[:40]))
    return "table of numbers" if number else ""


def _is_code(line: str) -> bool:
    """Check whether a long line has as many signs, and as few blanks, as minified code has."""
    sample = line[:4_000]
    return 10 * len(_SIGNS.findall(sample)) > len(sample) and 12 * sample.count(" ") < len(sample)


def _size(characters: int) -> str:
    if characters < 1_000:
        return f"{characters} B"
    if characters < 1_000_000:
        return f"{characters / 1_000:.0f} kB"
    return f"{characters / 1_000_000:.1f} MB"
