"""Which sentences of a text are central, and how alike any two are.

Sentences are rows of TF-IDF weights of unit length. LexRank (Erkan & Radev 2004, "LexRank:
Graph-based Lexical Centrality as Salience in Text Summarization", the continuous form) is the
stationary distribution of a walk over S = X Xᵀ. S is never formed: every product with it is two
products with the sparse X, so that memory and time grow with the words, not with the square of the
sentences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

__all__ = ["TfIdf", "lexrank", "tf_idf"]

_DAMPING = 0.85
_ROUNDS = 50
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class TfIdf:
    """Rows of unit length, one for each sentence, as the entries that are not zero."""

    count: int
    """How many rows; a row without a word is zero."""
    rows: NDArray[np.intp]
    terms: NDArray[np.intp]
    values: Vector
    bounds: NDArray[np.intp]
    """Row ``i`` holds the entries from ``bounds[i]`` up to ``bounds[i + 1]``."""
    width: int
    """How many terms."""

    def similar_to(self, weights: Vector) -> Vector:
        """Multiply S = X Xᵀ by a vector.

        Args:
            weights: One for each row.

        Returns:
            For each row, the sum of its cosines with all rows, each times that row's weight.
        """
        import numpy as np

        weighted = self.values * weights[self.rows]
        return self._sums(np.bincount(self.terms, weights=weighted, minlength=self.width))

    def similar_to_row(self, row: int) -> Vector:
        """Return every row's cosine with one of them."""
        import numpy as np

        own = slice(self.bounds[row], self.bounds[row + 1])
        profile = np.zeros(self.width)
        profile[self.terms[own]] = self.values[own]
        return self._sums(profile)

    def _sums(self, profile: NDArray[Any]) -> Vector:
        """Multiply X by a vector of terms."""
        import numpy as np

        products = self.values * profile[self.terms]
        sums: Vector = np.bincount(self.rows, weights=products, minlength=self.count).astype(
            np.float64
        )
        return sums

    def only(self, rows: Sequence[int]) -> TfIdf:
        """Return the same weights for some rows, which must be in ascending order."""
        import numpy as np

        position = np.full(self.count, -1, dtype=np.intp)
        position[rows] = np.arange(len(rows))
        kept = position[self.rows] >= 0
        at = position[self.rows][kept]
        bounds = np.searchsorted(at, np.arange(len(rows) + 1))
        return TfIdf(len(rows), at, self.terms[kept], self.values[kept], bounds, self.width)


def tf_idf(sentences: Sequence[Sequence[int]]) -> TfIdf:
    """Weigh the words of sentences: (1 + ln tf) · ln((1 + n) / (0.5 + df)), rows of unit length.

    Args:
        sentences: The content words of each sentence, with repeats.

    Returns:
        The weights; a sentence without content words has a row of zeros.
    """
    import numpy as np

    vocabulary: dict[int, int] = {}
    rows: list[int] = []
    terms: list[int] = []
    counts: list[int] = []
    for row, found in enumerate(sentences):
        for word, times in Counter(found).items():
            rows.append(row)
            terms.append(vocabulary.setdefault(word, len(vocabulary)))
            counts.append(times)
    at = np.array(rows, dtype=np.intp)
    of = np.array(terms, dtype=np.intp)
    frequency = np.bincount(of, minlength=len(vocabulary))
    idf = np.log((1 + len(sentences)) / (0.5 + frequency))
    values: Any = (1 + np.log(np.array(counts, dtype=float))) * idf[of]
    norms = np.sqrt(np.bincount(at, weights=values**2, minlength=len(sentences)))
    values = values / np.maximum(norms, 1e-12)[at]
    bounds = np.searchsorted(at, np.arange(len(sentences) + 1))
    return TfIdf(len(sentences), at, of, values, bounds, len(vocabulary))


def lexrank(matrix: TfIdf) -> Vector:
    """Rank sentences by their centrality.

    Returns:
        A score for each row, the most central 1; zeros if no row has a word.
    """
    import numpy as np

    ones = np.ones(matrix.count)
    degrees = np.maximum(matrix.similar_to(ones), 1e-12)
    rank = ones / max(matrix.count, 1)
    for _ in range(_ROUNDS):
        last = rank
        rank = (1 - _DAMPING) / matrix.count + _DAMPING * matrix.similar_to(rank / degrees)
        if np.abs(rank - last).sum() < _TOLERANCE:
            break
    top = float(rank.max(initial=0.0))
    return rank / top if top > 0 else rank
