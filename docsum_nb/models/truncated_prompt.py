"""Whether a server read less of a prompt than was sent: some cut it without a word.

Decides by the usage that the server reports, against the least number of tokens that any vocabulary
makes of the text, and against the sizes that context windows have. Stays silent if the difference
may be one of vocabularies: an English text never takes fewer than an eighth of its letters, and a
server that has read a longer prompt has no such window.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["TruncatedPrompt", "unread_of"]

_LETTERS_A_TOKEN = 8
_SIGNS_A_TOKEN = 4
"""Of scripts in which a character is a syllable or a word."""
_WIDE = 0x2E80
_SIZES = frozenset(2**power for power in range(9, 21))
_NEAR = 2
"""Tokens that a server may keep free."""
_SURELY_LESS = 0.87
"""Of the count made here: a report of exactly a window's size below that is no coincidence."""


@dataclass(frozen=True)
class TruncatedPrompt:
    """A prompt of which a part was not read."""

    read: int
    """Tokens, as the server reports them."""
    sent: int
    """Tokens, counted here."""
    needed: int
    """A size of the context with room for the prompt and the answer."""

    def warning(self, name: str) -> str:
        """Return the warning for the first such answer."""
        return (
            f"{name} read only about {self.read:,} of the {self.sent:,} tokens of a prompt: its "
            "server cuts what is longer without an error, so the summary lacks the rest; set the "
            f"context size of the server (with Ollama: params={{'num_ctx': {self.needed}}}, or "
            f"OLLAMA_CONTEXT_LENGTH), or context_window={self.read} for shorter chunks"
        )

    @property
    def reason(self) -> str:
        """Why the answer is among the omissions."""
        return (
            f"the server read only about {self.read:,} of the {self.sent:,} tokens of its prompt: "
            f"its context size (num_ctx of Ollama) is too small, {self.needed:,} would do"
        )


def unread_of(
    texts: Iterable[str],
    *,
    read: int,
    sent: int,
    answer: int,
    sizes: Iterable[int] = (),
    longest: int = 0,
) -> TruncatedPrompt | None:
    """Return what was not read of a prompt; ``None`` if all of it may have been.

    Args:
        texts: What the prompt consists of; empty if only its count is known.
        read: Tokens of the prompt as the server reports them.
        sent: Tokens of the prompt, counted here.
        answer: Tokens of the longest answer.
        sizes: Further sizes that the context may have, such as one that the user set.
        longest: Tokens of the longest prompt that the server is known to have read.
    """
    if not 0 < read < sent:
        return None
    near = any(size - _NEAR <= read <= size and longest <= size for size in (*_SIZES, *sizes))
    if not (near and read < _SURELY_LESS * sent):
        sought = tuple(texts)
        if read >= _least_tokens_at_most(sought) or read >= _least_tokens(sought):
            return None
    needed = 1 << (sent + answer).bit_length()
    return TruncatedPrompt(read, sent, needed)


def _least_tokens_at_most(texts: Iterable[str]) -> int:
    """Return a bound of ``_least_tokens`` for which no character has to be looked at."""
    sizes = [(len(text), text.isascii()) for text in texts]
    ascii_only = all(each for _, each in sizes)
    return sum(size for size, _ in sizes) // (_LETTERS_A_TOKEN if ascii_only else _SIGNS_A_TOKEN)


def _least_tokens(texts: Iterable[str]) -> int:
    letters = signs = 0
    for text in texts:
        # Of thousands of characters, some dozens are different.
        for character, times in Counter(text).items():
            if character.isalpha():
                if ord(character) >= _WIDE:
                    signs += times
                else:
                    letters += times
    return letters // _LETTERS_A_TOKEN + signs // _SIGNS_A_TOKEN
