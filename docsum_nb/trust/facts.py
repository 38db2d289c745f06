"""What the documents of a summary have: words, numbers, and what is said of each number.

Decides whether a number that a passage lacks, but its document has, is said of the same thing
elsewhere: the words around it there are compared with those of the sentence. What another number
of the same form would pass as well proves nothing, so the chance of that is bounded. Each document
is read when it is first asked for, in linear time. Refuses nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import chain
from math import log
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.claims import bare_term, has_name
from docsum_nb.documents.quantities import Quantity, quantities
from docsum_nb.documents.quantity_set import Quantities, share_of_alike
from docsum_nb.documents.source_sentences import stem
from docsum_nb.documents.stopwords import STOP_WORDS
from docsum_nb.documents.terms import term_spans, words
from docsum_nb.records import Chunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Facts"]

_BESIDE_CHARS = 50  # on each side of a number, whose words say what it is of
_AROUND_CHARS = 250  # on each side of a number, whose words say what is spoken of
_CHANCE = 0.05  # that another number of the same form would be taken as well


class Facts:
    """The quantities and words of each document, found when they are first asked for.

    Args:
        chunks: The sources.
    """

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._texts: defaultdict[str, list[str]] = defaultdict(list)
        for each in chunks:
            self._texts[each.document].append(each.text)
        for each in chunks:
            self._texts[each.document].extend((each.document, *each.headings))
        self._found: dict[str, list[tuple[Quantity, ...]]] = {}
        """The quantities of each of a document's texts."""
        self._known: dict[str, Quantities] = {}
        self._words: dict[str, set[str]] = {}
        self._places: dict[str, _Places] = {}

    def of(self, document: str) -> Quantities:
        """Return the quantities of a document."""
        if document not in self._known:
            self._known[document] = Quantities(chain.from_iterable(self._quantities(document)))
        return self._known[document]

    def says_of_it(self, document: str, quantity: Quantity, sentence: str) -> bool:
        """Return whether a document has a quantity where it speaks of what a sentence does.

        Args:
            document: Its name.
            quantity: The quantity, with its span in the sentence.
            sentence: The sentence of the summary.
        """
        if quantity.dates:
            return self.of(document).holds(quantity)
        if document not in self._places:
            found = self._quantities(document)
            self._places[document] = _Places(self._texts[document], found)
        return self._places[document].chance(quantity, sentence) <= _CHANCE

    def has_word(self, document: str, word: str) -> bool:
        """Return whether a document has a word, in its text, its name or its headings."""
        if document not in self._words:
            found = {term for text in self._texts[document] for term in words(text)}
            self._words[document] = {bare_term(term) for term in found}
        known = self._words[document]
        return all(has_name(bare_term(term), known) for term in words(word))

    def _quantities(self, document: str) -> list[tuple[Quantity, ...]]:
        if document not in self._found:
            self._found[document] = [quantities(text) for text in self._texts[document]]
        return self._found[document]


class _Places:
    """Where a document has numbers, and the words around each.

    Args:
        texts: The document's.
        quantities_of: Those of each text.
    """

    def __init__(self, texts: Sequence[str], quantities_of: Sequence[tuple[Quantity, ...]]) -> None:
        import numpy as np

        found: list[tuple[int, Quantity]] = []
        positions: defaultdict[str, list[int]] = defaultdict(list)
        begin = 0
        for text, own in zip(texts, quantities_of, strict=True):
            found += [(begin + each.start, each) for each in own if each.values]
            for start, _, term in term_spans(text):
                if _is_telling(term):
                    positions[stem(term)].append(begin + start)
            # What stands in another part is not around it.
            begin += len(text) + _AROUND_CHARS
        self._quantities = [each for _, each in found]
        self._at = np.array([start for start, _ in found], dtype=np.int64)
        self._positions: Mapping[str, NDArray[Any]] = {
            term: np.array(places, dtype=np.int64) for term, places in positions.items()
        }

    def chance(self, quantity: Quantity, sentence: str) -> float:
        """Return the share of numbers like one that its document says as well of a sentence.

        Args:
            quantity: A number, with its span in the sentence.
            sentence: The sentence.

        Returns:
            0 to 1: of the numbers with as many digits, those that stand among as many words of the
            sentence as this one; 1 if the document does not have it.
        """
        best = -1.0
        scores: dict[Decimal, float] = {}
        for each, score in zip(self._quantities, self._scores(quantity, sentence), strict=True):
            if quantity.unit and each.unit not in ("", quantity.unit):
                continue
            if score > best and _is_near(quantity, each) and Quantities([each]).holds(quantity):
                best = score
            for value in each.values:
                scores[value] = max(scores.get(value, -1.0), score)
        if best < 0:
            return 1.0
        as_well = [value for value, score in scores.items() if score >= best]
        return share_of_alike(quantity.values[0], as_well)

    def _scores(self, quantity: Quantity, sentence: str) -> list[float]:
        """Return for each number how much of a sentence stands around it, weighted by rarity.

        What stands beside the number in the sentence and beside it here counts twice.
        """
        import numpy as np

        beside = (quantity.start - _BESIDE_CHARS, quantity.end + _BESIDE_CHARS)
        own: dict[str, bool] = {}
        for start, _, term in term_spans(sentence):
            if _is_telling(term):
                near = beside[0] <= start < beside[1]
                own[stem(term)] = own.get(stem(term), False) or near
        total = np.zeros(len(self._at))
        for term, near in own.items():
            if (places := self._positions.get(term)) is not None:
                around = self._has_within(places, _AROUND_CHARS)
                also = self._has_within(places, _BESIDE_CHARS) if near else 0
                total += _rarity(len(self._at), int(around.sum())) * (around + also)
        if quantity.unit:
            same = np.array([each.unit == quantity.unit for each in self._quantities], dtype=bool)
            total += _rarity(len(self._at), int(same.sum())) * same
        return [round(each, 9) for each in total.tolist()]

    def _has_within(self, places: NDArray[Any], most: int) -> NDArray[Any]:
        """Return for each number whether one of the places is at most that many characters away."""
        import numpy as np

        low = np.searchsorted(places, self._at - most, side="left")
        high = np.searchsorted(places, self._at + most, side="right")
        found: NDArray[Any] = (high > low).astype(np.int64)  # of truth values, 1 + 1 is 1
        return found


def _is_near(quantity: Quantity, other: Quantity) -> bool:
    """Return whether two numbers are equal but for rounding: a quick look before a closer one."""
    step = quantity.half_step
    return any(abs(one - two) <= step for one in quantity.values for two in other.values)


def _is_telling(term: str) -> bool:
    return term not in STOP_WORDS and not any(map(str.isdecimal, term))


def _rarity(numbers: int, having: int) -> float:
    return log(1 + numbers / (0.5 + having))
