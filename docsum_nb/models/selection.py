"""Which of the ranked sentences make the summary, so that it has the length that was asked for.

They are selected one by one by maximal marginal relevance (Carbonell & Goldstein 1998, "The Use of
MMR, Diversity-Based Reranking"): λ · score − (1 − λ) · likeness to what is selected already. Of
several texts, those take turns unless one is clearly more central than others. No paragraph of the
summary begins with a sentence that points back to one that is not in it.

The length is within a tenth of that asked for if the sentences allow it. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from docsum_nb.models.candidates import Candidate, depends
from docsum_nb.models.ranking import Coverage, Ranking

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from docsum_nb.models.lexrank import Vector

__all__ = ["select"]

_RELEVANCE = 0.7  # the λ of MMR
_CROWDING = 0.15  # cost of each sentence more than the least used text has
_DUPLICATE = 0.75  # cosine from which a sentence says nothing new
_TOLERANCE = 0.1  # of the length asked for


def select(pool: Sequence[Candidate], ranking: Ranking, limit: int) -> list[int]:
    """Return the indexes of the sentences of a summary, in order; empty if none fits.

    Args:
        pool: The candidates, in the order of the texts.
        ranking: Their scores.
        limit: The words asked for.
    """
    selection = _Selection(pool, ranking, limit)
    selection.fill()
    while (opening := selection.dangling()) is not None:
        selection.drop(opening)
        selection.fill()
    selection.fit()
    return sorted(selection.chosen)


class _Selection:
    def __init__(self, pool: Sequence[Candidate], ranking: Ranking, limit: int) -> None:
        import numpy as np

        self._pool = pool
        self._ranking = ranking
        self._coverage = Coverage(pool, ranking.coverage) if ranking.coverage else None
        self._limit = limit
        self._left = limit
        self._lengths = np.array([each.length for each in pool])
        _, self._source = np.unique([each.source for each in pool], return_inverse=True)
        self._taken = np.zeros(int(self._source.max()) + 1)
        self._open = np.ones(len(pool), dtype=bool)
        self._alike = np.zeros(len(pool))
        self.chosen: list[int] = []

    def fill(self) -> None:
        """Select what fits, the best first, until nothing does."""
        while True:
            fits = self._open & (self._lengths <= self._left)
            if not fits.any():
                return
            self._choose(int(self._best(fits)))

    def dangling(self) -> int | None:
        """Return a selected sentence that begins a paragraph and points back; ``None`` if none."""
        for first in self._openings():
            if depends(self._pool[first].text) and len(self.chosen) > 1:
                return first
        return None

    def drop(self, index: int) -> None:
        """Remove a sentence from the selection for good."""
        import numpy as np

        self.chosen.remove(index)
        self._left += self._pool[index].length
        self._taken[self._source[index]] -= 1
        self._alike = np.zeros(len(self._pool))
        for other in self.chosen:
            self._alike = np.maximum(self._alike, self._ranking.matrix.similar_to_row(other))

    def fit(self) -> None:
        """Add or replace one sentence, if that brings the length within a tenth of the limit."""
        import numpy as np

        spare = _TOLERANCE * self._limit
        if self._left <= spare or not self.chosen:
            return
        # A sentence that points back would perhaps begin a paragraph.
        usable = self._open & np.array([not depends(each.text) for each in self._pool])
        fits = usable & (np.abs(self._lengths - self._left) <= spare)
        if fits.any():
            self._choose(int(self._best(fits)))
            return
        for index in reversed(self.chosen):
            room = self._left + self._pool[index].length
            fits = usable & (np.abs(self._lengths - room) <= spare)
            if fits.any() and not self._opens(index):
                self.drop(index)
                self._choose(int(self._best(fits)))
                return

    def _best(self, among: NDArray[Any]) -> int:
        import numpy as np

        crowding = self._taken[self._source] - self._taken[self._source[among]].min()
        gain: Vector = _RELEVANCE * self._ranking.scores - (1 - _RELEVANCE) * self._alike
        gain = gain - _CROWDING * crowding
        if self._coverage is not None:
            gain = gain + self._coverage.gains()
        return int(np.where(among, gain, -np.inf).argmax())

    def _choose(self, index: int) -> None:
        import numpy as np

        self.chosen.append(index)
        self._left -= self._pool[index].length
        self._taken[self._source[index]] += 1
        alike = self._ranking.matrix.similar_to_row(index)
        self._alike = np.maximum(self._alike, alike)
        self._open &= alike < _DUPLICATE
        self._open[index] = False
        if self._coverage is not None:
            self._coverage.select(index)

    def _openings(self) -> Iterator[int]:
        """Yield the first selected sentence of each text."""
        seen: set[int] = set()
        for index in sorted(self.chosen):
            source = int(self._source[index])
            if source not in seen:
                seen.add(source)
                yield index

    def _opens(self, index: int) -> bool:
        return index in self._openings()
