"""The sentences of texts that a summary may quote, each with the words that it is compared by.

Decides what is worth quoting: no sentence twice, and the short and the very long ones only if there
would be too few others. The words of all sentences are numbers of one vocabulary, so that memory
grows with the text only. Refuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from docsum_nb.documents.prose import Sentence
from docsum_nb.documents.stopwords import STOP_WORDS
from docsum_nb.documents.terms import words

__all__ = ["Candidate", "Vocabulary", "candidates", "depends", "word_count", "worth_quoting"]

# Chosen on QMSum (validation) and SciSummNet: benchmarks/extractive_quality.py.
_MIN_CONTENT_WORDS = 6  # shorter ones are mostly fillers; meetings would go below chance with them
_MAX_WORDS = 80  # longer ones are mostly lists, and spend the answer on one thought
_SUFFIXES = ("ing", "ed", "es", "s")
# What a reader could not understand without the sentence before it.
_DEPENDS = re.compile(
    r"[\"'“‘«(]?(?:this|these|that|those|it|they|he|she|such|so|thus|hence|therefore|however"
    r"|moreover|furthermore|also|but|and|then|otherwise|nevertheless|instead|consequently"
    r"|in\ addition|for\ this\ reason|as\ a\ result|dies|diese[rs]?|er|aber|und|dabei|dadurch"
    r"|daher|deshalb|jedoch|cela|cette|ceci|ils?|elles?|mais|donc|ainsi|cependant|esto|esta|este"
    r"|pero|sin\ embargo|además)\b",
    re.IGNORECASE,
)


class Vocabulary(dict[str, int]):
    """From a word to its number; a word that is new gets the next one."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number

    def like(self, text: str) -> dict[int, str]:
        """Return the numbers of all words with the stem of a word of a text, each with the stem."""
        stems = {_stem(word) for word in words(text) if word not in STOP_WORDS}
        return {number: stem for word, number in self.items() if (stem := _stem(word)) in stems}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of one of the texts."""

    text: str
    source: int
    """The text it stands in, counted from 0."""
    section: int
    """How many headings of the first two levels stand above it."""
    length: int
    """Its words, see ``word_count``."""
    terms: tuple[int, ...]
    """Its words but for stop words, in order."""
    label: str = ""
    """What names its speaker, see ``Sentence``."""
    speech: int = -1
    """The turns of one speaker that it is in, -1 if in none."""


def candidates(
    texts: Iterable[tuple[str, Sequence[Sentence]]],
    vocabulary: Vocabulary,
    *,
    sections: bool = False,
) -> list[Candidate]:
    """Return the sentences of texts, in order, each of those that are equal only once.

    Args:
        texts: The name and the sentences of each text; those of one name that follow one another
            are parts of one text.
        vocabulary: Grows by the words of the sentences.
        sections: Each section is a text of its own, as in a list of summaries.
    """
    found: dict[str, Candidate] = {}
    source, section, last = -1, 0, None
    for name, sentences in texts:
        if name != last:
            source, section, last = source + 1, 0, name
        for each in sentences:
            if each.text not in found:
                terms = tuple(vocabulary[w] for w in words(each.text) if w not in STOP_WORDS)
                found[each.text] = Candidate(
                    each.text,
                    each.section if sections else source,
                    section + each.section,
                    word_count(each.text),
                    terms,
                    each.label,
                    each.speech,
                )
        section += sentences[-1].section if sentences else 0
    return list(found.values())


def worth_quoting(found: Sequence[Candidate], limit: int) -> list[int]:
    """Return the indexes of sentences worth quoting; weaker ones only if there are too few.

    Args:
        found: All sentences.
        limit: The words of the summary.
    """
    for least, most in ((_MIN_CONTENT_WORDS, _MAX_WORDS), (_MIN_CONTENT_WORDS // 2, limit)):
        kept = [
            index
            for index, each in enumerate(found)
            if each.length <= min(most, limit) and len(set(each.terms)) >= least
        ]
        if sum(found[index].length for index in kept) >= limit:
            return kept
    return list(range(len(found)))


def depends(sentence: str) -> bool:
    """Return whether a sentence points back to one before it, such as by "This" or "However"."""
    return _DEPENDS.match(sentence) is not None


def word_count(text: str) -> int:
    """Return the number of words; of pairs of characters in scripts that use no spaces."""
    spaced = len(text.split())
    return spaced if text.isascii() else max(spaced, len(words(text)))


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word
