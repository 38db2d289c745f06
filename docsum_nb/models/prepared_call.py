"""One way to get an answer: from which model, under which key, how large, and its check.

A call knows how it is asked, plainly or as a stream; it sends nothing by itself. The same request
has the same key either way, as the answer is the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any, TypeAlias

from docsum_nb.errors import InputError
from docsum_nb.ledger import key_of
from docsum_nb.models.base import ChatModel, Converser, Streamer
from docsum_nb.models.message_tokens import has_pictures, message_tokens
from docsum_nb.models.streaming import SummaryStream
from docsum_nb.models.structured_output import schema_instructions
from docsum_nb.models.truncated_prompt import TruncatedPrompt, unread_of
from docsum_nb.models.validation import AnswerProblem, checked, refused, repairing
from docsum_nb.prompts import material
from docsum_nb.records import Answer, Request

__all__ = ["Call", "Check", "Size", "calls_of_messages", "calls_of_request", "cut_key_of"]

_CONTEXTS = ("num_ctx", "context_length")
"""Parameters by which a user sets the size of a local server's context."""


Check: TypeAlias = Callable[[Answer], AnswerProblem | None]
"""Returns what is wrong with an answer; ``None`` if nothing is."""


@dataclass(frozen=True)
class Size:
    """Tokens of a call at most: of the prompt as the first model counts them."""

    prompt: int
    answer: int

    @property
    def tokens(self) -> int:
        """Both together."""
        return self.prompt + self.answer


@dataclass(frozen=True)
class Call:
    """One way to get an answer: which model, its key in the ledger, and how to ask it once."""

    model: ChatModel
    key_parts: Any
    ask: Callable[[], Awaitable[Answer]]
    measure: Callable[[], Size]
    request: Request | None = None
    """What is asked; ``None`` for messages, which are sent unchanged."""
    stream: SummaryStream | None = None
    """Shows the text while it is written; ``None`` asks for the whole answer at once."""
    check_text: Check | None = None
    """Checks the answer to messages; ``None`` if any text will do."""
    pictures: bool = False
    """Whether pictures are sent: not every server counts them, and no two alike."""

    @cached_property
    def key(self) -> str:
        """The key; hashing a long prompt is done once."""
        return key_of(self.key_parts)

    @cached_property
    def cut_key(self) -> str:
        """The key of an answer that was cut off and has to be asked for again."""
        return cut_key_of(self.key)

    @cached_property
    def size(self) -> Size:
        """The size; counting takes a while, and is not needed for what is stored."""
        return self.measure()

    def asked(self, *, streamed: bool) -> Awaitable[Answer]:
        """Return one request, to be awaited.

        Args:
            streamed: Ask for a stream, if the model gives one and it is shown.
        """
        if not streamed or self.stream is None or self.request is None:
            return self.ask()
        assert isinstance(self.model, Streamer)
        self.stream.begin()
        return self.model.stream(self.request, self.stream.add)

    def plain(self) -> Call:
        """Return the call that asks for the same, whole."""
        return replace(self, stream=None)

    def check(self, answer: Answer) -> tuple[Answer, AnswerProblem | None]:
        """Check an answer; the extractive model quotes, and may quote a refusal."""
        if self.model.settings.embedded:
            return answer, None
        if self.request is None:
            if refused(answer):
                return answer, AnswerProblem("refused")
            if not answer.text and answer.finish_reason == "length":
                return answer, AnswerProblem("no room")
            return answer, None if self.check_text is None else self.check_text(answer)
        return checked(answer, self.request)

    def unread(self, answer: Answer, *, longest: int = 0) -> TruncatedPrompt | None:
        """Return what the server did not read of the prompt, by the usage that it reports.

        Args:
            answer: With the usage.
            longest: Tokens of the longest prompt that it has read before.
        """
        if self.pictures:
            return None
        if self.model.settings.embedded or answer.counted or answer.usage.prompt_tokens == 0:
            return None
        request, params = self.request, self.model.settings.params
        texts = (request.role, request.instructions, request.text) if request else ()
        return unread_of(
            texts,
            read=answer.usage.prompt_tokens,
            sent=self.size.prompt,
            answer=self.size.answer,
            sizes=[each for name in _CONTEXTS if isinstance(each := params.get(name), int)],
            longest=longest,
        )

    def still_fits(self, stored: Answer) -> bool:
        """Return whether a stored answer fits its schema: its validators may be others by now."""
        if self.request is None or self.request.schema is None:
            return True
        return self.check(stored)[1] is None

    def repaired(self, problem: AnswerProblem, answer: Answer) -> Call:
        """Return the call that asks again after a bad answer."""
        if self.request is None:
            return self
        if problem.kind == "no room":
            return self.with_more_room()
        request = repairing(self.request, problem, answer)
        more = self.model.count(request.instructions) - self.model.count(self.request.instructions)
        size = replace(self.size, prompt=self.size.prompt + more)
        ask = partial(self.model.answer, request)
        return replace(self, ask=ask, measure=lambda: size, request=request)

    def with_more_room(self) -> Call:
        """Return the call for a longer answer; this one if its model allows no longer one.

        The key stays: what is asked is the same.
        """
        larger = self.model.with_more_room(self.request) if self.request is not None else None
        if larger is None:
            return self
        size = replace(self.size, answer=self.model.longest_answer(larger.max_tokens))
        ask = partial(self.model.answer, larger)
        return replace(self, ask=ask, measure=lambda: size, request=larger)


def cut_key_of(key: str) -> str:
    """Return the key under which an answer that was cut off is stored."""
    return key_of([key, "cut off"])


def calls_of_request(
    models: Sequence[ChatModel], request: Request, stream: SummaryStream | None = None
) -> list[Call]:
    """Return how to ask each of the models for a request.

    Args:
        models: In the order in which they are asked.
        request: The request.
        stream: Shows the text while it is written; ``None`` for no stream. JSON is never shown.
    """
    first = models[0]
    shown = None if request.schema is not None else stream

    @cache
    def prompt() -> int:
        texts = [request.role, request.instructions, material(request)]
        if request.schema is not None:
            texts.append(schema_instructions(request.schema))
        return sum(map(first.count, texts)) + first.overhead

    return [
        Call(
            each,
            each.key_parts(request),
            partial(each.answer, request),
            partial(_size, each, prompt, request.max_tokens),
            request,
            shown if isinstance(each, Streamer) and each.streams else None,
        )
        for each in models
    ]


def calls_of_messages(
    models: Sequence[ChatModel],
    messages: Sequence[dict[str, Any]],
    *,
    max_tokens: int,
    stop: Sequence[str] | None = None,
    check: Check | None = None,
) -> list[Call]:
    """Return how to send messages unchanged to each of the models that takes messages.

    Raises:
        InputError: if none of them does.
    """
    first, talking = models[0], [each for each in models if isinstance(each, Converser)]
    if not talking:
        raise InputError(f"{first.name} takes no messages; choose a language model")

    @cache
    def prompt() -> int:
        names = [each.name for each in talking] if pictures else [first.name]
        counted = max(message_tokens(messages, first.count, name=name) for name in names)
        return counted + first.overhead

    pictures = has_pictures(messages)
    options: dict[str, Any] = {"max_tokens": max_tokens, "stop": stop}
    return [
        Call(
            each,
            each.key_of_messages(messages, **options),
            partial(each.complete, messages, **options, may_be_empty=check is not None),
            partial(_size, each, prompt, max_tokens),
            check_text=check,
            pictures=pictures,
        )
        for each in talking
    ]


def _size(model: ChatModel, prompt: Callable[[], int], max_tokens: int) -> Size:
    """Return the size of a call; a model in this process takes nothing of a provider's limits."""
    sent = 0 if model.settings.embedded else prompt()
    return Size(sent, model.longest_answer(max_tokens))
