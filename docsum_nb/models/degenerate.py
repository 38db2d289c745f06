"""Whether an answer is no summary although it is a text: a loop, a copy of the prompt, nothing.

Small and heavily quantized models do so. The rules ask no model, take one pass over the text each,
and are made to stay silent on every text that a person would call a summary: one that repeats a
sentence, lists figures or quotes its source at length is left alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Kept", "echoes", "is_blank", "unlooped"]

_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"[^.!?。！？\n]+")
_NUMBERING = "0123456789.)-*•# \t"
_NOTHING = frozenset(
    ("none", "null", "n", "a", "na", "nil", "empty", "json", "undefined", "nan", "tbd", "todo")
)
# Words of what stands for a summary that was not written: "[Insert summary here]".
_PLACEHOLDER = frozenset(("insert", "summary", "text", "here", "your", "the", "of", "placeholder"))
_MARKED = ("[", "(", "【", "^")
_LONGEST_NOTHING = 40
"""Characters of an answer that says nothing in words."""
_MOST_WORDS = 20_000
"""Of an answer that are looked at, from its end: a loop goes on to the end."""
_LEAST_LOOP = 24
"""Words that repeat themselves; fewer may be a list."""
_LEAST_NUMBERS = 256
"""Numbers that repeat themselves; fewer may be a table or a matrix."""
_LEAST_TIMES = 4
_LEAST_COUNTED = 16
"""Times, for what differs in one number only: a list may have some equal entries."""
_LONGEST_WORD = 100
"""What is longer is looked at character by character."""
_LEAST_SIGNS = 200
"""Characters in a row that belong to no word."""
_LEAST_SENTENCE = 4
"""Words of a sentence whose repetitions are counted."""
_LEAST_REPEATED = 5
_REPEATED_SHARE = 0.5
_PROBE = 12
"""Words in a row that hardly two texts share by chance."""
_LEAST_COPIED = 120
_COPIED_SHARE = 0.8
_TOO_LONG = 1.25
"""Times the words asked for: a model that copies does not stop, and a short quotation may do as a
summary, such as a paper's own abstract."""
_SHORT = 1.3
"""Times the words asked for: a text of no more may be returned as its own summary."""
_INSTRUCTED = 8
"""Words of a run that is looked for in the instructions."""
_INSTRUCTED_SHARE = 0.5
_REMEMBERED = 32
"""Instructions whose runs are kept between answers."""
# Scripts whose words are not set apart by spaces: every character counts as a word.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True)
class Kept:
    """What can be kept of a text that runs in a loop."""

    text: str
    """Up to the end of the first time round; empty if there is no whole sentence before it."""


@dataclass(frozen=True)
class _Words:
    words: list[str]
    ends: list[int]
    """Where each word ends in the text."""


def is_blank(text: str) -> bool:
    """Return whether a text has no words, such as ``{}``, ``None``, or numbers in brackets."""
    if text.lstrip().startswith(_MARKED) and not any(map(str.isalpha, text)):
        return True
    if len(text) > _LONGEST_NOTHING:
        return _WORD.search(text) is None
    words = _WORD.findall(text.lower())
    known = _NOTHING | _PLACEHOLDER if "insert" in words or "placeholder" in words else _NOTHING
    return not words or (len(words) <= 4 and known.issuperset(words))


def unlooped(text: str, *, cut: bool) -> Kept | None:
    """Return what to keep of a text that repeats itself to its end; ``None`` if it does not.

    Args:
        text: An answer.
        cut: Whether it was cut off at the length limit: then its last word may be half of one.
    """
    found = _words_of(text)
    end = found.ends[-1] if found.ends else 0
    if len("".join(text[end:].split())) >= _LEAST_SIGNS:
        return Kept(_whole_sentences(text, end))
    count = len(found.words) - (1 if cut else 0)
    if count < _LEAST_LOOP:
        return None
    first = max(0, count - _MOST_WORDS)
    words = found.words[first:count]
    loop = _loop(words, _LEAST_TIMES)
    if loop is not None and loop[0] < _LEAST_NUMBERS and all(map(str.isdigit, words[-loop[1] :])):
        return None  # a row of a table, or a matrix
    if loop is None:
        loop = _counted_loop(words)
    if loop is not None:
        length, period = loop
        return Kept(_whole_sentences(text, found.ends[first + len(words) - length + period - 1]))
    return _often_said(text)


def echoes(text: str, *, instructions: str, source: str, max_words: int) -> bool:
    """Return whether an answer repeats its instructions, or a long piece of its source, verbatim.

    Args:
        text: The answer.
        instructions: What the model was to do.
        source: What it was to do it with.
        max_words: How long the answer was to be.
    """
    words = _words_of(text).words
    if len(words) < _INSTRUCTED:
        return False
    if _share_of_runs(words, _runs_of(instructions)) >= _INSTRUCTED_SHARE:
        return True
    if len(words) < max(_LEAST_COPIED, _TOO_LONG * max_words):
        return False
    given = _words_of(source).words
    if len(given) <= _SHORT * max_words:
        return False
    needed = max(_LEAST_COPIED, int(_COPIED_SHARE * len(words)))
    joined = f" {' '.join(given)} "
    # A run of that length always holds the words in the middle.
    middle = len(words) // 2 - _PROBE // 2
    if not _is_in(words[middle : middle + _PROBE], joined):
        return False
    step = max(1, len(words) // 40)
    starts = range(0, len(words) - needed + 1, step)
    return any(_is_in(words[start : start + needed], joined) for start in starts)


def _words_of(text: str) -> _Words:
    words: list[str] = []
    ends: list[int] = []
    for match in _WORD.finditer(text.lower() if text.isascii() else text):
        word = match.group()
        if len(word) > _LONGEST_WORD or _UNSPACED.search(word):
            words += word
            ends += range(match.start() + 1, match.end() + 1)
        else:
            words.append(word.lower())
            ends.append(match.end())
    return _Words(words, ends)


def _loop(words: Sequence[str], times: int) -> tuple[int, int] | None:
    """Return the words of the longest loop at the end, and of one round; ``None`` without one.

    The smallest period of every ending comes from the failure function of Knuth, Morris and Pratt.
    """
    reverse = words[::-1]
    border = [0] * len(reverse)
    matched, longest = 0, None
    for index in range(1, len(reverse)):
        while matched and reverse[index] != reverse[matched]:
            matched = border[matched - 1]
        if reverse[index] == reverse[matched]:
            matched += 1
        border[index] = matched
        length, period = index + 1, index + 1 - matched
        if length >= _LEAST_LOOP and length >= times * period:
            longest = (length, period)
    return longest


def _counted_loop(words: Sequence[str]) -> tuple[int, int] | None:
    """Return a loop, as ``_loop`` does, whose rounds differ in one number that counts them."""
    numbered = ["0" if word.isdigit() else word for word in words]
    loop = _loop(numbered, _LEAST_COUNTED)
    if loop is None:
        return None
    length, period = loop
    # What has only a word or two beside its numbers is a list of names, such as of sections.
    if sum(word != "0" for word in numbered[-period:]) < _LEAST_SENTENCE:
        return None
    rounds = words[-(length // period * period) :]
    columns = {tuple(rounds[at::period]) for at in range(period)}
    # With two numbers that change, it is a series of figures.
    return loop if sum(len(set(column)) > 1 for column in columns) <= 1 else None


def _often_said(text: str) -> Kept | None:
    """Return what to keep of a text that consists of the same few sentences."""
    found: Counter[str] = Counter()
    sizes: dict[str, int] = {}
    again: int | None = None
    total = 0
    for match in _SENTENCE.finditer(text):
        words = match.group().lower().lstrip(_NUMBERING).split()
        total += len(words)
        if len(words) < _LEAST_SENTENCE:
            continue
        sentence = " ".join(words)
        found[sentence] += 1
        sizes[sentence] = len(words)
        if found[sentence] == 2 and again is None:
            again = match.start()
    repeated = sum((count - 1) * sizes[each] for each, count in found.items())
    if again is None or max(found.values()) < _LEAST_REPEATED:
        return None
    if repeated <= _REPEATED_SHARE * total:
        return None
    # As many others as repetitions: a refrain, or one answer to many questions.
    once = sum(count == 1 for count in found.values())
    if sum(count - 1 for count in found.values()) <= once:
        return None
    return Kept(text[:again].rstrip("0123456789)-*•# \t\n"))


def _whole_sentences(text: str, end: int) -> str:
    """Return a text up to a position, or up to its last whole sentence before that."""
    while end < len(text) and text[end] in ".!?。！？\"'”’)":
        end += 1
    kept = text[:end]
    last = max(kept.rfind(mark) for mark in (".", "!", "?", "。", "！", "？", "\n"))
    return kept[: last + 1].rstrip() if last > 0 else kept


@lru_cache(_REMEMBERED)
def _runs_of(instructions: str) -> frozenset[tuple[str, ...]]:
    """Return the runs of words of instructions, which are the same for all chunks of a run."""
    words = _words_of(instructions).words
    return frozenset(
        tuple(words[at : at + _INSTRUCTED]) for at in range(len(words) - _INSTRUCTED + 1)
    )


def _share_of_runs(words: Sequence[str], known: frozenset[tuple[str, ...]]) -> float:
    """Return the share of words that stand in runs which are known."""
    covered, upto = 0, 0
    for at in range(len(words) - _INSTRUCTED + 1):
        if tuple(words[at : at + _INSTRUCTED]) in known:
            covered += at + _INSTRUCTED - max(upto, at)
            upto = at + _INSTRUCTED
    return covered / len(words)


def _is_in(words: Sequence[str], joined: str) -> bool:
    return f" {' '.join(words)} " in joined
