"""What is asked of a model, what it answers, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from docsum_nb.records.sources import Syntax

__all__ = ["Answer", "Price", "Request", "SourceText", "Usage", "UsageRow"]


@dataclass(frozen=True)
class Usage:
    """What was asked of the model and what it cost. Answers from the ledger cost nothing."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    """In US dollars; ``None`` if the price of any of the calls is unknown."""
    counted: int = 0
    """Calls whose provider reported no usage: their tokens are counted here, approximately."""

    def __add__(self, other: Usage) -> Usage:
        known = self.cost_usd is not None and other.cost_usd is not None
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            (self.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
            self.counted + other.counted,
        )


@dataclass(frozen=True)
class UsageRow:
    """What one agent took for one task."""

    task: str
    """The CrewAI task; of a call outside of tasks, the step of the flow or ``"planning"``; without
    a crew, the stage. What a coworker took counts for the task that delegated to it."""
    agent: str
    """The role of the agent; empty if a model was asked without one, as by memory or by a step."""
    usage: Usage
    """Of the answers that came."""
    unanswered: int = 0
    """Requests that failed and, while the run goes on, those in flight."""


@dataclass(frozen=True)
class Price:
    """The price of a model, in US dollars a token."""

    prompt: float
    completion: float
    cache_read: float | None = None
    """Of prompt tokens that the provider's cache held; ``None`` if like any other."""
    cache_write: float | None = None
    """Of prompt tokens that the provider put into its cache; ``None`` if like any other."""
    most_output: int | None = None
    """Tokens of its longest answer; ``None`` if that is not known."""
    reasoning: float | None = None
    """Of tokens of the answer that are thought; ``None`` if like any other."""
    above: tuple[tuple[int, Price], ...] = ()
    """Prices of longer prompts: each holds for a whole call if its prompt has more tokens than
    the number beside it. In ascending order."""

    def of(
        self,
        prompt_tokens: int,
        completion_tokens: int,
        *,
        read: int = 0,
        written: int = 0,
        reasoning: int = 0,
    ) -> float:
        """Return what a call cost; a negative number of tokens counts as none.

        Args:
            prompt_tokens: All of them, cached ones included.
            completion_tokens: Of the answer, thinking included.
            read: Prompt tokens that came from the provider's cache.
            written: Prompt tokens that went into it.
            reasoning: Tokens of the answer that were thought.
        """
        price = self.for_prompt(prompt_tokens)
        prompt, completion = max(0, prompt_tokens), max(0, completion_tokens)
        # Parts of the whole: more of them than there is would make the rest cheaper than nothing.
        read = min(max(0, read), prompt)
        written = min(max(0, written), prompt - read)
        reasoning = min(max(0, reasoning), completion)
        cost = price.prompt * prompt + price.completion * completion
        if price.cache_read is not None:
            cost -= (price.prompt - price.cache_read) * read
        if price.cache_write is not None:
            cost += (price.cache_write - price.prompt) * written
        if price.reasoning is not None:
            cost += (price.reasoning - price.completion) * reasoning
        return cost

    def at_most(
        self, prompt_tokens: int, completion_tokens: int, *, largest: int | None = None
    ) -> float:
        """Return what calls can cost at most: all of a prompt may be written to the cache.

        Args:
            prompt_tokens: Of all calls together.
            completion_tokens: Of all answers together.
            largest: Tokens of the longest prompt among them; ``None`` for a single call.
        """
        price = self.for_prompt(prompt_tokens if largest is None else largest)
        dearest = max(price.prompt, price.cache_write or 0.0)
        answered = max(price.completion, price.reasoning or 0.0)
        return dearest * prompt_tokens + answered * completion_tokens

    def for_prompt(self, tokens: int) -> Price:
        """Return the price that holds for a prompt of this length."""
        held = self
        for over, price in self.above:
            if tokens > over:
                held = price
        return held


class SourceText(NamedTuple):
    """A text that summaries were made from."""

    name: str
    text: str
    syntax: Syntax


@dataclass(frozen=True)
class Request:
    """One thing asked of a model."""

    role: str
    """Who the model is to be: the agent's role, goal and backstory."""
    instructions: str
    """What it is to do with the text."""
    text: str = field(repr=False)
    """What it is to work on; never interpreted as a template."""
    max_words: int
    """The length asked for."""
    max_tokens: int
    """The length at which the answer is cut off by the provider."""
    question: str | None = None
    """What the reader wants to know; ``None`` for a summary of everything."""
    focus: str | None = None
    """What the reader wants dwelt on; ``None`` for nothing."""
    schema: Any = None
    """A pydantic model class that the answer, as JSON, is to fit; ``None`` for plain text."""
    syntax: Syntax = "markdown"
    """How the text is written; for models that quote it."""
    parts: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """The names and texts that ``text`` is made of, each of which a provider is sent between tags
    of its own; empty if the text has no name."""
    sources: tuple[SourceText, ...] = field(default=(), repr=False)
    """What the text is summaries of, for a model that quotes: it selects from all of it. Empty if
    the text itself is to be quoted."""


@dataclass(frozen=True)
class Answer:
    """What a model answered, and what it took."""

    text: str
    model: str
    """The model that wrote it, which is a fallback if the first one failed."""
    usage: Usage = field(default_factory=Usage)
    finish_reason: str = "stop"
    """``"length"`` if the answer was cut off, and so was that of the retry."""
    cached: bool = False
    """Taken from the ledger, or from another request for the same that was in flight; its usage is
    that of the call that was paid for."""
    counted: bool = False
    """The provider reported no usage, or one that cannot be: its tokens are counted here, with the
    nearest vocabulary."""
    ended: str | None = None
    """The provider's own word for why it ended, empty if it gave none; ``None`` if that is not
    known, as of an answer that an earlier version stored."""
    flaws: tuple[str, ...] = ()
    """What is wrong with it although it was asked for again, each as a reason for an omission."""
    words: tuple[int, int] = (0, 0)
    """Of a model that quotes: the words of the text that it cannot quote, and all of them; both 0
    for other models."""

    @property
    def paid(self) -> Usage:
        """What this run paid for it: nothing if it was there already."""
        return Usage() if self.cached else self.usage
