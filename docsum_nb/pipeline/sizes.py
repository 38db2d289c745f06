"""How large chunks, summaries and merges may be, so that every plan is known and ends.

All sizes follow from the model's window before the first call. A merge takes as many summaries as
fit at their largest, at least two; every level therefore has fewer texts than the one before, and
the number of levels and calls depends on counts alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from docsum_nb.errors import InputError
from docsum_nb.prompts import TAG_TOKENS

__all__ = [
    "EXTRACT_WORDS",
    "Sizes",
    "agent_answer_tokens",
    "agent_context_tokens",
    "agent_found_tokens",
    "agent_text_tokens",
    "answer_tokens",
    "extract_text_tokens",
    "groups",
    "merge_calls",
    "merge_depth",
    "sizes_for",
]

T = TypeVar("T")

CHUNK_WORDS = 120
DOCUMENT_WORDS = 160
FINAL_WORDS = 300
LABEL_TOKENS = 48
"""Of the name under which a summary is merged; a longer one is cut there."""
NAMED_TOKENS = LABEL_TOKENS + TAG_TOKENS
"""Of a summary's name and the tags around it."""
_TOKENS_A_WORD = 3
"""Generous: English takes 1.3, German 2, languages with other scripts more."""
LEAST_ANSWER = 128
_BEST_CHUNK = 6_000
"""Longer chunks lose detail from their middle; 6 to 8 thousand tokens keep it (summarising.md)."""
_LEAST_CHUNK = 256
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
class Sizes:
    """All sizes of a run, in words and tokens."""

    chunk_tokens: int
    """Longest chunk."""
    chunk_words: int
    document_words: int
    final_words: int
    fan_in: int
    """Summaries that fit into one merge; at least 2."""
    prompt_tokens: int
    """Role and instructions of a request, at most, with what the model takes besides."""


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
) -> Sizes:
    """Choose all sizes of a run.

    Args:
        window: The model's tokens of prompt and answer together.
        prompt_tokens: What a request takes besides its text and its answer, at most.
        final_words: Length of the final summary; ``None`` for 300 words.
        chunk_tokens: Length of a chunk; ``None`` for 6,000, or what fits.

    Raises:
        InputError: if the window is too small for a chunk, or for a merge of two summaries.
    """
    final = final_words or FINAL_WORDS
    room = int(window * _SAFETY) - prompt_tokens
    summary = answer_tokens(max(CHUNK_WORDS, DOCUMENT_WORDS)) + NAMED_TOKENS
    fan_in = (room - answer_tokens(final)) // summary
    most = room - max(answer_tokens(CHUNK_WORDS), answer_tokens(final))
    wanted = min(_BEST_CHUNK, most) if chunk_tokens is None else chunk_tokens
    if most < _LEAST_CHUNK or fan_in < 2:
        raise InputError(
            f"a window of {window:,} tokens is too small for a summary of {final} words: choose a "
            "model with a larger one, or a smaller length"
        )
    if not 16 <= wanted <= most:
        raise InputError(f"chunk_tokens must be from 16 to {most:,} here, not {wanted:,}")
    return Sizes(wanted, CHUNK_WORDS, DOCUMENT_WORDS, final, fan_in, prompt_tokens)


def groups(items: Sequence[T], fan_in: int) -> list[Sequence[T]]:
    """Cut items into the fewest groups of at most ``fan_in``, in order and of nearly equal size."""
    count = -(-len(items) // fan_in)
    cuts = [round(i * len(items) / count) for i in range(count + 1)]
    return [items[start:end] for start, end in pairwise(cuts)]


def merge_calls(count: int, fan_in: int) -> int:
    """Return the calls that merge ``count`` summaries into one; 0 for one."""
    calls = 0
    while count > 1:
        level = groups(range(count), fan_in)
        calls += sum(len(group) > 1 for group in level)
        count = len(level)
    return calls


def merge_depth(count: int, fan_in: int) -> int:
    """Return the levels of merging that wait for one another; 0 for one summary."""
    depth = 0
    while count > 1:
        count = -(-count // fan_in)
        depth += 1
    return depth
