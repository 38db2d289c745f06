"""The CrewAI tasks of a run, with the requests they stand for: summaries, merges and forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.documents.source_marks import Mark, numbered, numbers_of, with_marks
from docsum_nb.pipeline.evidence import clipped_to, with_evidence
from docsum_nb.pipeline.preparation import Prepared
from docsum_nb.pipeline.sizes import (
    CONTEXT_TOKENS,
    EXTRACT_WORDS,
    LABEL_TOKENS,
    MARK_TOKENS,
    ROOMY_WINDOW,
    answer_tokens,
    extract_text_tokens,
)
from docsum_nb.prompts import TAG_TOKENS, AgentText, TaskSpec, TaskText, as_name
from docsum_nb.records import Chunk, Omission, Request, SourceSpan, SourceText, Syntax

__all__ = ["RequestBuilder"]

_BEFORE = "before the text"
_SO_FAR = "the summary so far"
_CONTEXT_CHARS = 300


class RequestBuilder:
    """Builds the tasks of one run; sends nothing."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self._wishes = prepared.options.wishes
        self._texts = {each.name: each.text for each in prepared.documents}

    def summary(
        self, chunk: Chunk, words: int, *, so_far: str = "", final: bool = False
    ) -> TaskSpec:
        """Return the task to summarize a chunk in at most ``words`` words.

        Args:
            chunk: The chunk.
            words: Length of the summary.
            so_far: The summary of the document before the chunk, which is rewritten to be one of
                both; empty to summarize the chunk alone.
            final: Whether it is the final text of the run.
        """
        task = self.prepared.prompts.tasks["refine" if so_far else "summarize"]
        before = self._before(chunk) if task.has("context") else ""
        shown, places = self._numbered(chunk, task)
        text = task.fill(self._wishes, context=bool(before), sources=bool(places), words=words)
        parts = [(self._label(chunk.label), shown)]
        if so_far:
            parts.insert(0, (_SO_FAR, self._beginning(so_far, answer_tokens(words))))
        if before:
            parts.insert(0, (_BEFORE, before))
        request = self._request("summarizer", text, parts, words, chunk.syntax)
        whole = "\n\n".join(filter(None, (so_far, chunk.text)))
        request = replace(request, text=whole)
        return TaskSpec("summarizer", chunk.label, text, request, final, places)

    def places(self, chunk: Chunk) -> tuple[SourceSpan, ...]:
        """Return the passages that the task to summarize a chunk has numbers for."""
        return self._numbered(chunk, self.prepared.prompts.tasks["summarize"])[1]

    def merge(
        self,
        label: str,
        summaries: Sequence[tuple[str, str]],
        words: int,
        *,
        part_words: int,
        evidence: Sequence[Sequence[str]] = (),
        evidence_tokens: int = 0,
        marks: Sequence[Sequence[Mark]] = (),
        final: bool = False,
        sources: Sequence[SourceText] = (),
    ) -> tuple[TaskSpec, list[Omission]]:
        """Return the task to merge named summaries, and what was cut off those that are too long.

        Counts tokens, which takes a while: call it in a worker thread.

        Args:
            label: What they are summaries of.
            summaries: Their names and texts.
            words: Length of the merge.
            part_words: The length that each of them was asked for.
            evidence: For each of them, sentences of the text that it rests on; empty for none.
            evidence_tokens: The most that these may take beside one of them.
            marks: For each of them, the passages that its sentences name; empty for none.
            final: Whether the merge is the final text of the run.
            sources: What they are summaries of, in order: a model that quotes selects from all of
                it. Empty if that is not known.
        """
        most, count = answer_tokens(part_words), self.prepared.model.count
        fitted = [(name, whole, self._beginning(whole, most)) for name, whole in summaries]
        task = self.prepared.prompts.tasks["combine"]
        places = numbers_of(marks) if task.has("sources") else {}
        named = marks or [()] * len(fitted)
        parts = [
            (self._label(name), self._marked(kept, own, places, most))
            for (name, _, kept), own in zip(fitted, named, strict=True)
        ]
        plain = parts
        if evidence_tokens:
            parts = [
                (name, with_evidence(kept, found, most=evidence_tokens, count=count))
                for (name, kept), found in zip(parts, evidence, strict=True)
            ]
        quoted = any(sent != kept for (_, sent), (_, kept) in zip(parts, plain, strict=True))
        text = task.fill(
            self._wishes,
            evidence=quoted,
            sources=bool(places),
            words=words,
            count=len(summaries),
        )
        request = self._request("combiner", text, parts, words, "summaries")
        if self.prepared.model.settings.embedded:
            request = replace(request, sources=tuple(sources))
        omissions = [
            Omission(name, f"the last {len(whole) - len(kept)} characters of its summary: too long")
            for name, whole, kept in fitted
            if kept != whole
        ]
        return TaskSpec("combiner", label, text, request, final, tuple(places)), omissions

    def form(self, text: str, parts: Sequence[tuple[str, str]], schema: Any) -> TaskSpec:
        """Return the task to write the result as JSON that fits a schema.

        Args:
            text: The final summary.
            parts: The summaries of the documents, by name; the first that fit are sent as well.
            schema: A pydantic model class.
        """
        asked = self.prepared.prompts.tasks["extract"].fill(self._wishes)
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
        return TaskSpec("combiner", "extract", asked, replace(request, schema=schema))

    def _request(
        self,
        agent: str,
        asked: TaskText,
        parts: Sequence[tuple[str, str]],
        words: int,
        syntax: Syntax,
    ) -> Request:
        role: AgentText = self.prepared.prompts.agents[agent]
        return Request(
            role=str(role),
            instructions=f"{asked.description}\n\nExpected: {asked.expected_output}",
            text=_labelled(parts) if syntax == "summaries" else parts[0][1],
            max_words=words,
            max_tokens=answer_tokens(words),
            question=self.prepared.options.question,
            focus=self.prepared.options.focus,
            syntax=syntax,
            parts=tuple(parts),
        )

    def _before(self, chunk: Chunk) -> str:
        """Return the headings above a chunk and the last lines before it; empty if none count."""
        if self.prepared.model.settings.embedded or self.prepared.window < ROOMY_WINDOW:
            return ""
        count, most = self.prepared.model.count, CONTEXT_TOKENS - TAG_TOKENS
        above = " > ".join(chunk.headings) if len(chunk.headings) > 1 else ""
        above = clipped_to(above[-_CONTEXT_CHARS:], most // 2, count)
        text = self._texts.get(chunk.document, "")
        lines = " ".join(text[max(0, chunk.start - _CONTEXT_CHARS) : chunk.start].split())
        if chunk.start > _CONTEXT_CHARS:
            lines = lines.partition(" ")[2]
        lines = clipped_to(lines, most - count(f"{above}\n… "), count)
        return "\n".join(filter(None, (above, lines and f"… {lines}")))

    def _numbered(self, chunk: Chunk, task: TaskText) -> tuple[str, tuple[SourceSpan, ...]]:
        """Return a chunk's text with numbers, and its passages, if they are asked for and fit."""
        if not self.prepared.asks_citations or not task.has("sources"):
            return chunk.text, ()
        shown, places = numbered(chunk)
        count = self.prepared.model.count
        fits = places and count(shown) <= count(chunk.text) + MARK_TOKENS
        return (shown, places) if fits else (chunk.text, ())

    def _marked(
        self, text: str, marks: Sequence[Mark], numbers: Mapping[SourceSpan, int], most: int
    ) -> str:
        """Return a summary with the numbers of its passages, if it has at most ``most`` tokens."""
        shown = with_marks(text, marks, numbers) if marks else text
        return shown if shown == text or self.prepared.model.count(shown) <= most else text

    def _label(self, name: str) -> str:
        """Return a name shortened to the tokens that the plan gives it; of a path, the end."""
        count = self.prepared.model.count
        label = as_name(name)
        # No token is shorter than a byte, and short names are by far the most.
        while len(label.encode("utf-8", "replace")) > LABEL_TOKENS and count(label) > LABEL_TOKENS:
            label = "…" + label[len(label) // 4 + 1 :]
        return label

    def _beginning(self, text: str, most: int) -> str:
        """Return the first sentences of a summary that have at most ``most`` tokens together."""
        count = self.prepared.model.count
        if count(text) <= most:
            return text
        kept = ""
        for _, end in sentence_spans(text):
            if count(text[:end]) > most:
                break
            kept = text[:end]
        return kept or text[:most]


def _labelled(parts: Sequence[tuple[str, str]]) -> str:
    """Return named summaries as one text, in sections: what the extractive model reads."""
    return "\n\n".join(f"## {name}\n\n{text}" for name, text in parts)
