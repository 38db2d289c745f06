"""The embedder of a library: what makes the vectors of passages and queries.

It is MiniLM, which runs on this machine, a model of LiteLLM's, or a function of the user's own. Its
name is kept with the vectors, because those of two embedders cannot be compared. Refuses vectors
that are not numbers, or are not one for each text.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from docsum_nb.errors import InputError
from docsum_nb.library.entries import encodable
from docsum_nb.models.model import Model

if TYPE_CHECKING:
    from docsum_nb.models.embedding import EmbeddingModel

__all__ = ["Embedder", "embedder_of"]

LOCAL = "local"
Floats = np.ndarray[Any, np.dtype[np.float32]]
Embed = Callable[[list[str]], Any]


@dataclass(frozen=True)
class Embedder:
    """What makes vectors."""

    name: str
    """Kept with the vectors."""
    function: Embed | None
    """``None`` for MiniLM, which is loaded at its first use."""
    model: EmbeddingModel | None = None
    """The model of LiteLLM's; ``None`` for MiniLM and for a function of the user's."""

    @property
    def reads(self) -> str:
        """What of a passage and its headings the vector is made of."""
        if self.function is None:
            return "the first 256 tokens"
        return "the whole" if self.model is None else "the first 8,000 characters"

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return one vector for each text, in order, each of length 1.

        Raises:
            InputError: If MiniLM is not installed, or the function returns something else.
            Exception: The function's own error, unchanged.
        """
        if self.function is None:
            from docsum_nb.library.minilm import minilm

            return minilm().embed(texts)
        found = self.function([*texts])
        try:
            # A number that is too large becomes infinite, and is refused.
            with np.errstate(over="ignore"):
                vectors = np.asarray(found, np.float32)
        except (TypeError, ValueError, OverflowError):
            vectors = np.zeros(0, np.float32)
        usable = vectors.ndim == 2 and vectors.size and np.isfinite(vectors).all()
        if not usable or len(vectors) != len(texts):
            raise InputError(
                f"the embedder {self.name} must return one vector of numbers for each text, all of "
                f"one length: of {len(texts)} texts it returned something else"
            )
        unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return unit


def embedder_of(given: object) -> Embedder | None:
    """Return the embedder that a user gave to a library; ``None`` for none.

    Raises:
        InputError: If it is neither ``"local"``, a model or its name, nor a function with a name;
            if the function is asynchronous.
    """
    if given is None:
        return None
    if isinstance(given, str) and given == LOCAL:
        return Embedder("local:all-MiniLM-L6-v2", None)
    if isinstance(given, str) and given.strip():
        given = Model(given)
    if isinstance(given, Model):
        from docsum_nb.models.embedding import EmbeddingModel

        model = EmbeddingModel(given)
        return Embedder(model.name, model.embed, model)
    name = getattr(given, "__qualname__", None)
    if inspect.iscoroutinefunction(given):
        raise InputError(
            f"embedder={name} is asynchronous, and vectors are computed one batch after another: "
            "give a function that returns them"
        )
    if callable(given) and isinstance(name, str):
        return Embedder(encodable(f"{getattr(given, '__module__', '')}.{name}"), given)
    raise InputError(
        f'embedder={given!r:.200}: give "local", the name of an embedding model such as '
        "'openai/text-embedding-3-small', a Model, or a function that takes a list of texts and "
        "returns a vector for each"
    )
