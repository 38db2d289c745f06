"""How large chunks, summaries and merges may be, so that every plan is known and ends.

All sizes follow from the model's window and from the length that was asked for, before the first
call. The texts of a level hold half as many words again as the final summary, divided among them in
steps, so that a few texts more change no prompt and paid answers stay valid. A merge takes as many
of them as fit at their largest, at least two; every level therefore has fewer texts than the one
before, and the number of levels and calls depends on counts alone. Quotations of the sources take
only the room that a merge leaves, so they change no count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

from docsum_nb.errors import InputError
from docsum_nb.options import DetailLevel, Strategy
from docsum_nb.prompts import TAG_TOKENS

__all__ = [
    "CONTEXT_TOKENS",
    "EXTRACT_WORDS",
    "MARK_TOKENS",
    "ROOMY_WINDOW",
    "Level",
    "Merging",
    "Sizes",
    "agent_answer_tokens",
    "agent_context_tokens",
    "agent_found_tokens",
    "agent_text_tokens",
    "answer_tokens",
    "extract_text_tokens",
    "groups",
    "sizes_for",
]

T = TypeVar("T")

CHUNK_WORDS = 120
DOCUMENT_WORDS = 160
"""The least a summary of a chunk or a document holds if it is merged with others."""
FINAL_WORDS = 300
_DETAIL = {"low": (1.0, 12_000), "medium": (1.5, 6_000), "high": (3.0, 3_000)}
"""Words of the texts of a level to those of the final summary, as a merge has to have a choice; and
tokens of a chunk. Longer chunks lose detail from their middle; 6 to 8 thousand tokens keep it
(summarising.md)."""
CONTEXT_TOKENS = 120
"""Of the headings and the lines before a chunk, which are sent with it."""
MARK_TOKENS = 400
"""Of the numbers of a chunk's passages, at most."""
ROOMY_WINDOW = 4_000
"""In a smaller window, none of these is sent, nor are quotations of the sources."""
_MOST_EVIDENCE, _LEAST_EVIDENCE = 160, 48
"""Tokens of the sentences that are quoted beside a summary: about four; of less, none are."""
LABEL_TOKENS = 48
"""Of the name under which a summary is merged; a longer one is cut there."""
NAMED_TOKENS = LABEL_TOKENS + TAG_TOKENS
"""Of a summary's name and the tags around it."""
_REMEMBERED = 512
"""Counts of texts whose merging is kept."""
_TOKENS_A_WORD = 3
"""Generous: English takes 1.3, German 2, languages with other scripts more."""
LEAST_ANSWER = 128
_LEAST_CHUNK = 256
_LEAST_PART = 80
"""Words of a summary that is merged, in the smallest window."""
_SAFETY = 0.9
"""Tokens are counted with OpenAI's encodings; others differ by some percent."""


EXTRACT_WORDS = 600
"""The longest extracted ``data``, in words; JSON takes more tokens than its content."""
_MOST_EXTRACT = 12_000
AGENT_CALLS = 3
"""Calls of the evaluating agent at most; commonly it makes one."""
LEAST_AGENT_WINDOW = 6_000
"""In a smaller window there is no room for an agent's prompt and what it is to judge."""
_AGENT_PROMPT = 1_000
"""What CrewAI puts around a task: who the agent is, how to use the tool, how to answer."""


def agent_answer_tokens(window: int) -> int:
    """Return the longest answer of the evaluating agent's model."""
    return min(2_000, window // 8)


def agent_found_tokens(window: int) -> int:
    """Return the most that one of its searches may add."""
    return min(2_000, window // 10)


def agent_context_tokens(window: int) -> int:
    """Return its longest first prompt; with all searches and answers it stays in the window."""
    return min(12_000, int(0.4 * window))


def agent_text_tokens(window: int) -> int:
    """Return the room in its first prompt for what it is to judge."""
    return agent_context_tokens(window) - _AGENT_PROMPT


@dataclass(frozen=True)
class Level:
    """One level of merging."""

    count: int
    """The texts that it merges, at least 2."""
    words: int
    """Length of each of them, at most."""
    groups: int
    """The merges of the level, some of which may hold a single text; 1 on the last level."""
    merged_words: int
    """Length of what each of them makes, at most."""
    evidence_tokens: int = 0
    """Of the quotations beside each of them, at most; 0 for none."""

    @property
    def calls(self) -> int:
        """The merges that a model is asked for: a single text needs none."""
        return sum(len(group) > 1 for group in groups(range(self.count), self.groups))

    @property
    def largest(self) -> int:
        """The most texts in one merge."""
        return -(-self.count // self.groups)

    @property
    def text_tokens(self) -> int:
        """Tokens of each text with its name and its quotations, at most."""
        return _named(self.words) + self.evidence_tokens


@dataclass(frozen=True)
class Merging:
    """How texts are merged into one, level by level, each with fewer texts than the one before."""

    part_words: int
    """Length of each text on the first level; of a single text, that of the whole."""
    levels: tuple[Level, ...]
    """In order; empty for a single text."""

    @property
    def calls(self) -> int:
        """The calls of all levels."""
        return sum(level.calls for level in self.levels)

    @property
    def sent_tokens(self) -> int:
        """The tokens of all texts that are merged, with their names, at most."""
        return sum(level.count * level.text_tokens for level in self.levels)

    @property
    def largest_prompt(self) -> int:
        """The tokens of the texts of one merge, at most."""
        return max((level.largest * level.text_tokens for level in self.levels), default=0)

    @property
    def answers(self) -> list[int]:
        """The length of each answer, in tokens, at most."""
        return [
            answer_tokens(level.merged_words) for level in self.levels for _ in range(level.calls)
        ]


@dataclass(frozen=True)
class Sizes:
    """All sizes of a run, in words and tokens."""

    chunk_tokens: int
    """Longest chunk."""
    final_words: int
    room: int
    """Tokens that the texts and the answer of one request share."""
    prompt_tokens: int
    """Role and instructions of a request, at most, with what the model takes besides."""
    surplus: float = 1.5
    """Words of the texts of a level to those of the final summary."""
    quotes: bool = False
    """Whether sentences of the sources are quoted in merges."""

    def of_documents(self, count: int) -> Merging:
        """Return how the summaries of documents become the final one."""
        return _merging(self, count, self.final_words, DOCUMENT_WORDS)

    def of_chunks(self, count: int, words: int) -> Merging:
        """Return how the summaries of a document's chunks become one of ``words`` words."""
        return _merging(self, count, words, CHUNK_WORDS)

    def evidence_tokens(self, level: Level, words: int) -> int:
        """Return the tokens of quotations that fit beside each text of a merge."""
        spare = (self.room - _room_for_answer(words)) // level.largest - level.text_tokens
        return min(spare, _MOST_EVIDENCE) if self.quotes and spare >= _LEAST_EVIDENCE else 0

    def part_words(self, count: int, words: int, least: int) -> int:
        """Return the length of texts that are merged: together half as long again, or longer.

        The same for 2 and 3 texts, for 4 to 7, and so on: a prompt names it, and each new prompt
        has to be paid for.
        """
        step = 1 << (count.bit_length() - 1)
        even = min(-(-int(self.surplus * words) // step), words)
        most = ((self.room - _room_for_answer(words)) // 2 - NAMED_TOKENS) // _TOKENS_A_WORD
        return min(max(least, even), most)


@lru_cache(_REMEMBERED)
def _merging(sizes: Sizes, count: int, words: int, least: int) -> Merging:
    """Return how texts become one; asked for every document and chunk, with few different counts.

    Args:
        sizes: The run's.
        count: The number of texts.
        words: Length of what they become.
        least: Words of a text on the first level.
    """
    if count < 2:
        return Merging(words, ())
    levels: list[Level] = []
    length = part_words = sizes.part_words(count, words, least)
    while count > 1:
        # At least two fit, so every level has at most half as many texts, rounded up.
        fan_in = (sizes.room - _room_for_answer(words)) // _named(length)
        parts = -(-count // fan_in)
        longest = words if parts == 1 else sizes.part_words(parts, words, DOCUMENT_WORDS)
        level = Level(count, length, parts, longest)
        levels.append(replace(level, evidence_tokens=sizes.evidence_tokens(level, words)))
        count, length = parts, longest
    return Merging(part_words, tuple(levels))


def _room_for_answer(words: int) -> int:
    """Return the room for any answer on the way to a text of ``words`` words, in tokens."""
    return answer_tokens(max(words, DOCUMENT_WORDS))


def _named(words: int) -> int:
    """Return the tokens of a summary with its name, at most."""
    return answer_tokens(words) + NAMED_TOKENS


def answer_tokens(words: int) -> int:
    """Return the limit in tokens of an answer of ``words`` words."""
    return max(LEAST_ANSWER, _TOKENS_A_WORD * words)


def extract_text_tokens(window: int, sizes: Sizes, *, schema_tokens: int) -> int:
    """Return the longest text from which ``data`` is extracted: the final summary always fits."""
    taken = sizes.prompt_tokens + schema_tokens + answer_tokens(EXTRACT_WORDS)
    room = int(window * _SAFETY) - taken
    return max(answer_tokens(sizes.final_words), min(_MOST_EXTRACT, room))


def sizes_for(
    *,
    window: int,
    prompt_tokens: int,
    final_words: int | None = None,
    chunk_tokens: int | None = None,
    detail: DetailLevel = "medium",
    strategy: Strategy = "auto",
    quotes: bool = False,
) -> Sizes:
    """Choose all sizes of a run.

    Args:
        window: The model's tokens of prompt and answer together.
        prompt_tokens: What a request takes besides its text and its answer, at most.
        final_words: Length of the final summary; ``None`` for 300 words.
        chunk_tokens: Length of a chunk; ``None`` for 6,000, as ``detail`` has it, or what fits.
        detail: How much of the texts is kept on the way to the final summary.
        strategy: As asked for: ``"single"`` takes chunks as long as fit, and ``"refine"`` sends a
            summary with each.
        quotes: Whether sentences of the sources are quoted in merges.

    Raises:
        InputError: if the window is too small for a chunk, or for a merge of two summaries.
    """
    final = final_words or FINAL_WORDS
    room = int(window * _SAFETY) - prompt_tokens
    answer = answer_tokens(max(final, DOCUMENT_WORDS))
    surplus, best = _DETAIL[detail]
    most = room - answer
    if strategy == "refine":
        most -= answer + NAMED_TOKENS
    if strategy == "single":
        best = most
    wanted = min(best, most) if chunk_tokens is None else chunk_tokens
    if most < max(_LEAST_CHUNK, 2 * _named(_LEAST_PART)):
        raise InputError(
            f"a window of {window:,} tokens is too small for a summary of {final} words: choose a "
            "model with a larger one, or a smaller length"
        )
    if not 16 <= wanted <= most:
        raise InputError(f"chunk_tokens must be from 16 to {most:,} here, not {wanted:,}")
    return Sizes(wanted, final, room, prompt_tokens, surplus, quotes)


def groups(items: Sequence[T], count: int) -> list[Sequence[T]]:
    """Cut items into ``count`` groups, in order and of nearly equal size."""
    cuts = [round(i * len(items) / count) for i in range(count + 1)]
    return [items[start:end] for start, end in pairwise(cuts)]
