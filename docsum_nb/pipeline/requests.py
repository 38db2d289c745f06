"""Summaries and merges as CrewAI tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from docsum_nb.crew.agent import lean_agent, perform
from docsum_nb.documents import sentence_spans
from docsum_nb.models import ModelClient, SummaryStream
from docsum_nb.pipeline.planning import Prepared
from docsum_nb.pipeline.sizes import (
    EXTRACT_WORDS,
    LABEL_TOKENS,
    answer_tokens,
    extract_text_tokens,
)
from docsum_nb.prompts import TAG_TOKENS, AgentText, TaskText, as_name
from docsum_nb.records import Answer, Chunk, Omission, Request, Syntax
from docsum_nb.run import in_thread

__all__ = ["RequestBuilder"]


class RequestBuilder:
    """Writes the summaries of one run: two agents, shared by all of its tasks."""

    def __init__(self, prepared: Prepared, asker: ModelClient) -> None:
        self.prepared = prepared
        self._asker = asker
        # Documents are merged beside one another, and each merge has calls beside one another.
        self._slots = asyncio.Semaphore(prepared.options.max_concurrency)
        self._counting = asyncio.Semaphore(2)
        agents = prepared.prompts.agents
        self._agents = {
            name: lean_agent(agents[name], asker.ask) for name in ("summarizer", "combiner")
        }

    async def summarize(
        self, chunk: Chunk, *, words: int, telling: SummaryStream | None = None
    ) -> Answer:
        """Summarize one chunk; ``telling`` is told the text as it is written."""
        asked = self._to_summarize(chunk, words)
        request = self._to_send(chunk, asked, words)
        return await self._perform("summarizer", asked, chunk.label, request, telling)

    async def stored(self, chunks: Sequence[tuple[Chunk, int]]) -> dict[int, Answer]:
        """Look up the summaries of chunks, of so many words each, that are stored already.

        Returns:
            The answers by the places of their chunks, in order.
        """
        return await self._asker.stored(
            lambda: [
                self._to_send(chunk, self._to_summarize(chunk, words), words)
                for chunk, words in chunks
            ]
        )

    def _to_send(self, chunk: Chunk, asked: TaskText, words: int) -> Request:
        parts = [(self._label(chunk.label), chunk.text)]
        return self._request("summarizer", asked, parts, words, chunk.syntax)

    def _to_summarize(self, chunk: Chunk, words: int) -> TaskText:
        return self.prepared.prompts.tasks["summarize"].fill(
            question=self.prepared.options.question,
            words=words,
        )

    async def combine(
        self,
        label: str,
        summaries: Sequence[tuple[str, str]],
        *,
        words: int,
        telling: SummaryStream | None = None,
    ) -> tuple[Answer, list[Omission]]:
        """Merge named summaries into one; ``telling`` is told the text as it is written.

        Returns:
            The answer, and what was left out of the summaries that were too long to be merged.
        """
        asked = self.prepared.prompts.tasks["combine"].fill(
            question=self.prepared.options.question,
            words=words,
            count=len(summaries),
        )
        # Counting the tokens of many summaries takes a while: not on the loop, and not in many
        # threads, which would take turns on Python's lock.
        async with self._counting:
            request, cut = await in_thread(self._to_combine, asked, summaries, words)
            stored = await self._asker.stored(lambda: [request])
        answer = stored.get(0)
        if answer is None:
            answer = await self._perform("combiner", asked, label, request, telling)
        return answer, cut

    async def extract(self, text: str, parts: Sequence[tuple[str, str]], schema: Any) -> Answer:
        """Put what was found into a form.

        Args:
            text: The final summary.
            parts: The summaries of the documents, by name; as many as fit are shown as well.
            schema: A pydantic model class.

        Returns:
            An answer whose text is JSON that fits the schema.
        """
        asked = self.prepared.prompts.tasks["extract"].fill(question=self.prepared.options.question)
        most = extract_text_tokens(
            self.prepared.window,
            self.prepared.sizes,
            schema_tokens=self.prepared.schema_tokens,
        )
        count = self.prepared.model.count
        shown = [("the summary", text)]
        left = most - count(text)
        for name, summary in parts if len(parts) > 1 else []:
            label = self._label(name)
            left -= count(label) + count(summary) + TAG_TOKENS
            if left < 0:
                break
            shown.append((label, summary))
        request = self._request("combiner", asked, shown, EXTRACT_WORDS, "summaries")
        request = replace(request, schema=schema)
        return await self._perform("combiner", asked, "extract", request)

    def _to_combine(
        self, asked: TaskText, summaries: Sequence[tuple[str, str]], words: int
    ) -> tuple[Request, list[Omission]]:
        cut: list[Omission] = []
        parts = [(self._label(name), self._fitting(name, text, cut)) for name, text in summaries]
        return self._request("combiner", asked, parts, words, "summaries"), cut

    def _request(
        self,
        agent: str,
        asked: TaskText,
        parts: Sequence[tuple[str, str]],
        words: int,
        syntax: Syntax,
    ) -> Request:
        who: AgentText = self.prepared.prompts.agents[agent]
        return Request(
            role=str(who),
            instructions=f"{asked.description}\n\nExpected: {asked.expected_output}",
            text=_labelled(parts) if syntax == "summaries" else parts[0][1],
            max_words=words,
            max_tokens=answer_tokens(words),
            question=self.prepared.options.question,
            syntax=syntax,
            parts=tuple(parts),
        )

    async def _perform(
        self,
        agent: str,
        asked: TaskText,
        name: str,
        request: Request,
        telling: SummaryStream | None = None,
    ) -> Answer:
        who = self._agents[agent]
        if telling is not None:
            ask = partial(self._asker.ask, telling=telling)
            who = lean_agent(self.prepared.prompts.agents[agent], ask)
        async with self._slots:
            return await perform(who, asked, name=name, request=request)

    def _label(self, name: str) -> str:
        """Shorten a name to the tokens that the plan gives it; of a path, the end tells most."""
        count = self.prepared.model.count
        label = as_name(name)
        # No token is shorter than a byte, and short names are by far the most.
        while len(label.encode("utf-8", "replace")) > LABEL_TOKENS and count(label) > LABEL_TOKENS:
            label = "…" + label[len(label) // 4 + 1 :]
        return label

    def _fitting(self, name: str, text: str, cut: list[Omission]) -> str:
        """Keep a summary to the size that the plan gives it, whole sentences at a time."""
        count = self.prepared.model.count
        most = answer_tokens(self.prepared.sizes.document_words)
        if count(text) <= most:
            return text
        kept, end = "", 0
        for _, end in sentence_spans(text):
            if count(text[:end]) > most:
                break
            kept = text[:end]
        kept = kept or text[:most]
        cut.append(
            Omission(name, f"the last {len(text) - len(kept)} characters of its summary: too long")
        )
        return kept


def _labelled(parts: Sequence[tuple[str, str]]) -> str:
    """Return named summaries as one text, in sections: what the extractive model reads."""
    return "\n\n".join(f"## {name}\n\n{text}" for name, text in parts)
