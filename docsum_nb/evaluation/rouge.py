"""ROUGE: how much of a reference is in a text, by words, pairs of words, and order (Lin 2004).

Decides as ROUGE-1.5.5 with ``-m`` and the package ``rouge-score`` do: words of ASCII letters and
digits in lower case, those of more than three letters by their Porter stem; a test compares the
figures with those of that package, which is not needed here. Lines are taken for sentences. A text
without a word has 0. Refuses what is no text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.errors import InputError

__all__ = ["Rouge", "checked_references", "rouge"]

_WORD = re.compile(r"[a-z0-9]+")
_STEMMED_FROM = 4  # letters
_MOST_WORDS = 5_000  # of each text, for the longest common subsequence, which takes their product


@dataclass(frozen=True)
class Rouge:
    """F1 of three measures, each from 0 to 1."""

    rouge1: float
    """Words in common."""
    rouge2: float
    """Pairs of neighbouring words in common."""
    rouge_l: float
    """Words in common in the same order, sentence by sentence (``rougeLsum``)."""


def rouge(text: str, references: str | Sequence[str]) -> Rouge:
    """Compare a text with references.

    Args:
        text: The summary.
        references: One good summary or several; of several, the one that is most alike counts.

    Raises:
        InputError: if a text is no ``str``.
    """
    given = checked_references(references)
    if not isinstance(text, str):
        raise InputError(f"rouge compares texts, not a value of type {type(text).__name__}")
    scores = [_compared(text, each) for each in given]
    return max(scores, key=lambda each: each.rouge1, default=Rouge(0.0, 0.0, 0.0))


def checked_references(references: object) -> list[str]:
    """Return references as a list.

    Raises:
        InputError: if they are neither a text nor several.
    """
    if isinstance(references, str):
        return [references]
    given: list[object] = [references]
    if isinstance(references, Iterable) and not isinstance(references, Mapping):
        given = list(references)
    texts = [each for each in given if isinstance(each, str)]
    if len(texts) < len(given):
        kind = next(type(each).__name__ for each in given if not isinstance(each, str))
        raise InputError(f"references are a text or a list of texts, not a value of type {kind}")
    return texts


def _compared(text: str, reference: str) -> Rouge:
    made, wanted = _sentences(text), _sentences(reference)
    ours, theirs = [w for each in made for w in each], [w for each in wanted for w in each]
    return Rouge(
        _common(Counter(ours), Counter(theirs)),
        _common(
            Counter(pairwise(ours)),
            Counter(pairwise(theirs)),
        ),
        _in_order(made, wanted),
    )


def _sentences(text: str) -> list[list[str]]:
    lines = [text[start:end] for start, end in sentence_spans(text)]
    return [_words(line) for line in lines]


def _words(text: str) -> list[str]:
    found = _WORD.findall(text.lower())
    stem = _stemmer().stemWord
    return [stem(word) if len(word) >= _STEMMED_FROM else word for word in found]


@cache
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("porter")


def _common(made: Counter[Any], wanted: Counter[Any]) -> float:
    return _f1((made & wanted).total(), made.total(), wanted.total())


def _f1(hits: int, made: int, wanted: int) -> float:
    return 2 * hits / (made + wanted) if hits else 0.0


def _in_order(made: list[list[str]], wanted: list[list[str]]) -> float:
    """Return the F1 of the union of longest common subsequences, by sentences of the reference."""
    sizes = sum(map(len, made)), sum(map(len, wanted))
    if max(sizes) > _MOST_WORDS:
        made, wanted = [_first(made)], [_first(wanted)]
    left = Counter(w for each in made for w in each)
    owed = Counter(w for each in wanted for w in each)
    hits = 0
    for sentence in wanted:
        union = sorted({at for each in made for at in _subsequence(sentence, each)})
        for at in union:
            word = sentence[at]
            if left[word] > 0 and owed[word] > 0:
                hits += 1
                left[word] -= 1
                owed[word] -= 1
    return _f1(hits, *sizes)


def _first(sentences: list[list[str]]) -> list[str]:
    return [word for each in sentences for word in each][:_MOST_WORDS]


def _subsequence(wanted: list[str], made: list[str]) -> list[int]:
    """Return the indexes in ``wanted`` of a longest common subsequence of both."""
    rows = _rows(wanted, made)
    found: list[int] = []
    i, j = len(wanted), len(made)
    while i and j:
        if wanted[i - 1] == made[j - 1]:
            found.append(i - 1)
            i, j = i - 1, j - 1
        elif _length(rows[i], j - 1) > _length(rows[i - 1], j):
            j -= 1
        else:
            i -= 1
    return found


def _rows(wanted: list[str], made: list[str]) -> list[int]:
    """Return the table of lengths, a row for each number of words of ``wanted``.

    A bit of a row is 0 where the length grows by one, so that a row is one step of arithmetic
    (Hyyrö, "Bit-Parallel LCS-length Computation Revisited", 2004).
    """
    places: dict[str, int] = {}
    for at, word in enumerate(made):
        places[word] = places.get(word, 0) | 1 << at
    whole = (1 << len(made)) - 1
    rows = [whole]
    for word in wanted:
        row = rows[-1]
        hits = row & places.get(word, 0)
        rows.append(((row + hits) | (row - hits)) & whole)
    return rows


def _length(row: int, words: int) -> int:
    return words - (row & ((1 << words) - 1)).bit_count()
