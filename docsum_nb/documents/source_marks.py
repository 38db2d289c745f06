"""Numbers of passages that a model is asked to set behind its sentences, and what it made of them.

A chunk is shown with a number before each passage: ``[#3]``. The marks of an answer are read and
taken out of its text. Other forms that models write, such as ``[3]``, ``(3)``, ``【3†source】`` and
``^3``, are marks if the material does not have the very same, and they look like no code, exponent
or clause: what may be the text's own stays.

Invariant: nothing but marks, and the blanks before them, is taken out of an answer. A mark is a
claim of the model, no proof: ``support`` decides whether the passage holds the sentence. Refuses
nothing. Linear time.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.records import Chunk, SourceSpan

__all__ = ["Mark", "Unmarked", "numbered", "numbers_of", "unmarked", "with_marks"]

_MOST = 64  # passages of a chunk
_LEAST_CHARS = 400  # of a passage, but for the last
_MOST_NUMBERS = 999  # of one request
_LONGEST_RANGE = 10  # numbers of a mark such as [3-7]
_FIRST_YEAR = 1000  # from which a number in brackets is rather one of the text
_WEAK_SHARE = 0.5  # of the sentences that have a mark in a form that may be the text's own
_LIST = r"#?\d{1,4}(?:[ ]?(?:[,;&\u2013-]|and)[ ]?#?\d{1,4}){0,19}+"
_WORDS = r"(?:(?:[Ss]ources?|[Pp]assages?|[Nn]os?\.)[ ])?"
_FORMS = re.compile(
    rf"\[\^?{_WORDS}(?P<square>{_LIST})\](?!\()"
    r"|【(?P<lens>\d{1,4})(?::\d{1,4})?(?:†[^】\n]{0,40}+)?】"
    rf"|\({_WORDS}(?P<round>{_LIST})\)"
    r"|\^(?P<caret>\d{1,3})(?!\d|\.\d)"
    "|(?P<raised>[⁰¹²³⁴-⁹]{1,3})"
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_NUMBER = re.compile(r"\d{1,4}")
_RANGE = re.compile(r"(\d{1,4})[ ]?[\u2013-][ ]?#?(\d{1,4})")
_BLANKS = re.compile(r"[ \t]*+")
_SPACE = re.compile(r"\s*+")
_OWN = re.compile(r"\[#\d")
_ENDS = ".!?…。！？"
_MAY_FOLLOW = f"{_ENDS}\n^(⁰¹²³⁴⁵⁶⁷⁸⁹"  # a mark at the end of a sentence: its sign, other marks
_BULLETS = " \t\n-*•>"
_CODE = re.compile(r"`[^`\n]++`|(?<=\n)```.*?(?:\n```|\Z)", re.DOTALL)
_LAST_WORD = re.compile(r"\w{1,4}\Z")
_SYMBOL = 3  # letters of a unit or a variable, at most: what is raised behind it is an exponent


@dataclass(frozen=True)
class Mark:
    """The passages that a model named for a sentence."""

    start: int
    end: int
    """The span of the sentence, in the text without marks."""
    places: tuple[SourceSpan, ...]

    def moved(self, by: int) -> Mark:
        """Return it in a text that begins that much earlier."""
        return replace(self, start=self.start + by, end=self.end + by)


@dataclass(frozen=True)
class Unmarked:
    """An answer without its marks."""

    text: str
    marks: tuple[Mark, ...] = ()
    """In the order of the text, one for a sentence that has any."""
    unknown: int = 0
    """Numbers in marks that no passage has."""


def numbered(chunk: Chunk) -> tuple[str, tuple[SourceSpan, ...]]:
    """Return a chunk's text with a number before each passage, and the passages.

    Args:
        chunk: A chunk.

    Returns:
        The text unchanged and no passages, if it has such numbers of its own.
    """
    text = chunk.text
    if _OWN.search(text):
        return text, ()
    starts = list(_passage_starts(text))
    shown = "".join(
        f"[#{number}] {text[start:end]}"
        for number, (start, end) in enumerate(pairwise([*starts, len(text)]), start=1)
    )
    places = tuple(
        SourceSpan(chunk.document, chunk.start + start, chunk.start + end)
        for start, end in pairwise([*starts, len(text)])
    )
    return text[: starts[0]] + shown if starts else text, places


def _passage_starts(text: str) -> Iterator[int]:
    """Yield where passages begin: at sentences, and rather at the first of a paragraph."""
    least = max(_LEAST_CHARS, len(text) // _MOST + 1)
    begun = None
    for start, end in sentence_spans(text):
        low = start + len(text[start:end]) - len(text[start:end].lstrip())
        if begun is None or low - begun >= (least if _begins_paragraph(text, low) else 2 * least):
            begun = low
            yield low


def _begins_paragraph(text: str, at: int) -> bool:
    return "\n" in text[max(0, at - 2) : at]


def numbers_of(marks: Iterable[Iterable[Mark]]) -> dict[SourceSpan, int]:
    """Return the passages that texts name, each with its number, in order."""
    places = dict.fromkeys(place for own in marks for each in own for place in each.places)
    return {place: number for number, place in enumerate(islice(places, _MOST_NUMBERS), start=1)}


def with_marks(text: str, marks: Sequence[Mark], numbers: Mapping[SourceSpan, int]) -> str:
    """Return a text with marks behind its sentences, as a model was asked to set them.

    Args:
        text: The text, or the beginning of it.
        marks: Its marks, in order.
        numbers: Of the passages; a passage without one is left out.
    """
    pieces, at = [], 0
    for mark in marks:
        shown = ", ".join(f"#{numbers[each]}" for each in mark.places if each in numbers)
        if shown and mark.end <= len(text):
            end = mark.end - 1 if text[mark.end - 1 : mark.end] in _ENDS else mark.end
            pieces += [text[at:end], f" [{shown}]"]
            at = end
    return "".join([*pieces, text[at:]])


def unmarked(answer: str, places: Sequence[SourceSpan], material: str) -> Unmarked:
    """Return an answer without its marks.

    Args:
        answer: What the model wrote.
        places: The passages it was shown, the first of number 1; empty if it was not asked.
        material: What it was shown, without the numbers.
    """
    found = _marks_in(answer, min(len(places), _MOST_NUMBERS), material) if places else []
    if not found:
        return Unmarked(answer)
    text, at = _without(answer, found)
    before = not answer[: found[0].start()].strip(_BULLETS)
    named: dict[tuple[int, int], dict[SourceSpan, None]] = {}
    unknown = 0
    spans = [(a, b) for a, b in sentence_spans(text) if text[a:b].strip()]
    starts = [start for start, _ in spans]
    for match, place in zip(found, at, strict=True):
        # A mark stands behind its sentence, unless the answer begins with one.
        named_at = _SPACE.match(text, place).end() if before else max(0, place - 1)  # type: ignore[union-attr]
        which = bisect_right(starts, named_at) - 1
        numbers = _numbers(match)
        known = [places[each - 1] for each in numbers if 1 <= each <= len(places)]
        unknown += len(numbers) - len(known)
        if which >= 0 and known:
            named.setdefault(spans[which], {}).update(dict.fromkeys(known))
    marks = (Mark(*_trimmed(text, *span), tuple(named[span])) for span in sorted(named))
    return Unmarked(text, tuple(marks), unknown)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    bare = text[start:end].strip()
    low = start + text[start:end].index(bare)
    return low, low + len(bare)


def _without(answer: str, found: Sequence[re.Match[str]]) -> tuple[str, list[int]]:
    """Return an answer without marks, and where in it each of them stood."""
    pieces: list[str] = []
    places, at, length = [], 0, 0
    for match in found:
        piece = answer[at : match.start()]
        at = match.end()
        opens = not (piece.strip(_BULLETS) or length) or piece.rstrip(" \t-*•>").endswith("\n")
        if opens:
            at = _BLANKS.match(answer, at).end()  # type: ignore[union-attr]  # may be empty
        bare = piece if opens else piece.rstrip(" \t")
        pieces.append(bare)
        length += len(bare)
        places.append(length)
        if not opens and _needs_blank(answer[at : at + 1], apart=bare != piece):
            pieces.append(" ")
            length += 1
    return "".join([*pieces, answer[at:]]), places


def _needs_blank(after: str, *, apart: bool) -> bool:
    """Return whether a blank belongs before what follows a mark; scripts without case have none."""
    return after.isalnum() and (apart or after.isdigit() or after.lower() != after.upper())


def _marks_in(answer: str, count: int, material: str) -> list[re.Match[str]]:
    """Return the marks of an answer, in order."""
    code = [match.span() for match in _CODE.finditer(answer)]
    found = [
        each
        for each in _FORMS.finditer(answer)
        if each[0].startswith("[#")
        or not (each[0] in material or _is_of_the_text(answer, each) or _is_in(code, each.start()))
    ]
    strong = [each for each in found if _is_strong(each, count)]
    if strong:
        return strong
    weak = [
        each
        for each in found
        if _ends_sentence(answer, each) and all(1 <= n <= count for n in _numbers(each))
    ]
    sentences = sum(bool(answer[a:b].strip()) for a, b in sentence_spans(answer))
    return weak if len(weak) >= _WEAK_SHARE * sentences else []


def _is_in(spans: Sequence[tuple[int, int]], at: int) -> bool:
    which = bisect_right(spans, at, key=lambda span: span[0]) - 1
    return which >= 0 and at < spans[which][1]


def _is_of_the_text(answer: str, match: re.Match[str]) -> bool:
    """Return whether a form is an index, a call, a clause, a score, an exponent or a link's end."""
    start = match.start()
    attached = _LAST_WORD.search(answer[max(0, start - _SYMBOL - 1) : start])
    word = attached[0] if attached else ""
    if match["caret"] is not None or match["raised"] is not None:
        return bool(word) and (len(word) <= _SYMBOL or word[-1].isdigit())
    if match["round"] is not None:
        ranges = _RANGE.findall(match["round"])
        return bool(word) or any(int(first) >= int(last) for first, last in ranges)
    if match["square"] is None:
        return False
    begins_line = answer[max(0, start - 1) : start] in ("", "\n")
    return len(word) == 1 or (begins_line and answer.startswith(":", match.end()))


def _is_strong(match: re.Match[str], count: int) -> bool:
    """Return whether nothing but a mark looks so."""
    if match[0].startswith("[#") or match["lens"] is not None:
        return True
    numbers = _numbers(match)
    if "#" in match[0]:
        return all(1 <= each <= count for each in numbers)
    if match["square"] is None or min(numbers) == 0:
        return False
    return max(numbers) < _FIRST_YEAR or any(1 <= each <= count for each in numbers)


def _ends_sentence(answer: str, match: re.Match[str]) -> bool:
    after = answer[match.end() : match.end() + 3].lstrip(" \t")
    before = answer[max(0, match.start() - 3) : match.start()].rstrip(" \t")
    at_end = not answer[match.end() :].strip(" \t") if len(after) == 0 else after[0] in _MAY_FOLLOW
    return at_end or before[-1:] in tuple(_ENDS)


def _numbers(match: re.Match[str]) -> list[int]:
    """Return the numbers of a mark, those of a range one by one."""
    shown = next(each for each in match.groups() if each is not None).translate(_RAISED)
    found = dict.fromkeys(int(each) for each in _NUMBER.findall(shown))
    for first, last in _RANGE.findall(shown):
        if 0 < int(last) - int(first) < _LONGEST_RANGE:
            found |= dict.fromkeys(range(int(first), int(last) + 1))
    return list(found)
