"""What a caller asked for, checked before anything begins."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from docsum_nb.budget import Budget
from docsum_nb.errors import InputError, check_follow_links, check_on_error
from docsum_nb.models import Model, check_schema

__all__ = ["SETTLE_S", "OnError", "Options", "StrPath"]

SETTLE_S = 5.0
"""How long calls in flight may still land, and be stored, after a run was stopped."""

OnError = Literal["raise", "collect", "skip"]
StrPath: TypeAlias = "str | os.PathLike[str]"


@dataclass(frozen=True, kw_only=True)
class Options:
    """The arguments of ``summarize`` and ``plan``, whose docstrings explain them.

    Raises:
        InputError: if one of them cannot be used; nothing has been read or asked by then.
    """

    source: Any
    model: Model
    library: Any = None
    question: str | None = None
    length: int | None = None
    on_error: OnError = "raise"
    follow_links: bool = False
    max_concurrency: int = 32
    ledger: StrPath | bool | None = None
    chunk_tokens: int | None = None
    prompts: StrPath | None = None
    max_calls: int | None = None
    max_tokens: int | None = None
    max_cost: float | None = None
    response_model: Any = None

    def __post_init__(self) -> None:
        check_on_error(self.on_error)
        check_follow_links(self.follow_links)
        _check("max_concurrency", self.max_concurrency, least=1)
        if self.length is not None:
            _check("length (words)", self.length, least=10)
        if self.question is not None and not (
            isinstance(self.question, str) and self.question.strip()
        ):
            raise InputError(
                f"question is a text, not {self.question!r}; leave it out to summarize everything"
            )
        self.budget()
        if self.response_model is not None:
            check_schema(self.response_model)
            if self.model.embedded:
                raise InputError(
                    "response_model needs a language model: the extractive one only quotes"
                )
        if self.ledger is True:
            raise InputError("ledger is a path, None for the default place, or False for none")

    def budget(self, *, within: Budget | None = None) -> Budget:
        """Make the bounds of one run."""
        return Budget(
            max_calls=self.max_calls,
            max_tokens=self.max_tokens,
            max_cost=self.max_cost,
            within=within,
        )


def _check(name: str, value: Any, *, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{name} is a whole number of at least {least}, not {value!r}")
