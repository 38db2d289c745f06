"""The embedded extractive model as a model that can be asked like any other."""

from __future__ import annotations

import dataclasses
from typing import Any

from docsum_nb.documents.tokens import token_counter
from docsum_nb.errors import InputError
from docsum_nb.models.extractive import VERSION, Extractive
from docsum_nb.models.model import Model
from docsum_nb.records import Answer, Request
from docsum_nb.run import in_thread

__all__ = ["ExtractiveModel"]


class ExtractiveModel:
    """Answers in a worker thread of this process, for nothing, always the same."""

    window = 32_768
    """Far more than a document's gist needs; bounds the memory of the ranking."""
    overhead = 0
    no_key: str | None = None
    doubt: str | None = None

    def __init__(self, settings: Model) -> None:
        self.settings = settings
        self.name = settings.name
        self.account: tuple[str, ...] = (settings.name,)
        self.count = token_counter(settings.name)
        self._extractive = Extractive()

    async def answer(self, request: Request) -> Answer:
        """Ask once; see ``ChatModel``."""
        if request.schema is not None:
            raise InputError(
                "'extractive' takes sentences from the text, it cannot fill a schema; choose a "
                "language model"
            )
        return await in_thread(self._extractive.answer, request)

    def with_more_room(self, request: Request) -> None:
        """Return ``None``: it thinks nothing."""

    def key_parts(self, request: Request) -> Any:
        """Return everything that decides the answer; roles and wording of instructions do not."""
        parts = dataclasses.asdict(request)
        decisive = ("text", "max_words", "question", "syntax")
        return [self.name, VERSION, *(parts[name] for name in decisive)]

    def longest_answer(self, max_tokens: int) -> int:
        """Return how long an answer may become: nothing of it is a model's, so nothing counts."""
        return 0

    def price(
        self, prompt_tokens: int, completion_tokens: int, *, largest: int | None = None
    ) -> float | None:
        """Return what so many tokens cost: nothing."""
        return 0.0
